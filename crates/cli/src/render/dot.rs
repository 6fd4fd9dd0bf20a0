//! The builds as a Graphviz graph.

use std::fmt::Write as _;

use crate::dto::plan::Plan;
use crate::quantity::{bytes, duration};

use super::untrusted::for_dot;

/// Fill colours by tier: light enough for black text, told apart by most eyes (after ColorBrewer's
/// Pastel1). The label names the tier as well.
const FILLS: [&str; 6] = [
    "#fbb4ae", "#fed9a6", "#ccebc5", "#b3cde3", "#decbe4", "#f2f2f2",
];

/// A digraph whose arrows lead from what is built first to what needs it.
pub(crate) fn render(plan: &Plan) -> String {
    let mut out =
        String::from("digraph plan {\n  rankdir=LR;\n  node [shape=box, style=filled];\n");
    let critical: std::collections::HashSet<u32> = plan.critical_path.iter().copied().collect();
    for build in &plan.builds {
        let tier = plan
            .tiers
            .iter()
            .position(|t| t.name == build.tier)
            .unwrap_or(0);
        let text = format!(
            "{} | {} | {} | {}",
            build.name,
            build.tier,
            duration(build.duration_ms),
            bytes(build.memory_bytes)
        );
        let pen = if critical.contains(&build.id) {
            ", penwidth=3"
        } else {
            ""
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "  n{} [label={}, tooltip={}, fillcolor=\"{}\"{pen}];",
            build.id,
            for_dot(&text),
            for_dot(&build.drv),
            FILLS[tier % FILLS.len()],
        );
    }
    let steps: std::collections::HashSet<(u32, u32)> = plan
        .critical_path
        .windows(2)
        .map(|pair| (pair[0], pair[1]))
        .collect();
    for edge in &plan.edges {
        let pen = if steps.contains(&(edge.from, edge.to)) {
            " [penwidth=3]"
        } else {
            ""
        };
        let _ = writeln!(out, "  n{} -> n{}{pen};", edge.from, edge.to);
    }
    out.push_str("}\n");
    out
}

#[cfg(test)]
mod tests;
