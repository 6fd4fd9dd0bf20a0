//! The rules of graphs, caches and the configuration.

use crate::dto::findings::{Rule, Severity};

/// Id, severity, summary, explanation. `mass-rebuild` and `two-tiers` are rules of files too, with one
/// page for both.
const RULES: [(&str, Severity, &str, &str); 10] = [
    (
        "march-cross-host",
        Severity::Warning,
        "code for a processor that the machine does not have, or that the machines do not share",
        include_str!("../../rules/march-cross-host.md"),
    ),
    (
        "noop-override",
        Severity::Warning,
        "an override that changes nothing that is asked for",
        include_str!("../../rules/noop-override.md"),
    ),
    (
        "tier-too-big",
        Severity::Error,
        "a build that does not fit into memory even with one thread",
        include_str!("../../rules/tier-too-big.md"),
    ),
    (
        "cuda-on-cpu-host",
        Severity::Warning,
        "CUDA in the graph of a machine without",
        include_str!("../../rules/cuda-on-cpu-host.md"),
    ),
    (
        "override-not-layer",
        Severity::Warning,
        "two overrides of one package that are built in full, each for itself",
        include_str!("../../rules/override-not-layer.md"),
    ),
    (
        "lost-substitute",
        Severity::Warning,
        "builds that a cache has as they are without the overlays",
        include_str!("../../rules/lost-substitute.md"),
    ),
    (
        "consumer-builds-heavy",
        Severity::Warning,
        "a machine that builds what it was not meant to",
        include_str!("../../rules/consumer-builds-heavy.md"),
    ),
    (
        "pattern-among-names",
        Severity::Warning,
        "a pattern where names are compared literally",
        include_str!("../../rules/pattern-among-names.md"),
    ),
    (
        "rule-matches-nothing",
        Severity::Note,
        "a rule of a tier that matches no build",
        include_str!("../../rules/rule-matches-nothing.md"),
    ),
    (
        "not-servable",
        Severity::Warning,
        "a path that a cache holds and cannot serve",
        include_str!("../../rules/not-servable.md"),
    ),
];

/// All of them.
pub(crate) fn rules() -> Vec<Rule> {
    let rules = RULES.into_iter();
    rules
        .map(|(id, severity, summary, explanation)| Rule {
            id: id.to_owned(),
            severity,
            summary: summary.to_owned(),
            explanation: explanation.to_owned(),
        })
        .collect()
}
