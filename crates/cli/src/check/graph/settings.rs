//! What `hmtool.toml` says of tiers and caches, beside the graphs.

use std::collections::BTreeSet;

use tier_planner::rule::{RuleProblem, Severity as RuleSeverity};

use super::in_config;
use super::machine::Machine;
use crate::dto::findings::{Cost, Finding, Severity};
use crate::findings::finding;
use crate::quantity::{bytes, plural};

/// What is wrong with the rules of tiers; of a rule that matches nothing only what no machine
/// builds.
pub(super) fn tier_rules(machines: &[Machine]) -> Vec<Finding> {
    let configured = |machine: &&Machine| {
        let config = machine.workspace.config.as_ref();
        config.is_some_and(|config| !config.tiers.is_empty())
    };
    let machines: Vec<&Machine> = machines.iter().filter(configured).collect();
    let mut said: BTreeSet<(u32, &'static str)> = BTreeSet::new();
    let mut out = Vec::new();
    for machine in &machines {
        for problem in &machine.rule_problems {
            let (rule, code) = (problem.rule().0, problem.code());
            let everywhere = || {
                machines.iter().all(|other| {
                    let mut theirs = other.rule_problems.iter();
                    theirs.any(|it| it.rule().0 == rule && it.code() == code)
                })
            };
            let is_absent = matches!(problem, RuleProblem::MatchesNothing { .. });
            if (is_absent && !everywhere()) || !said.insert((rule, code)) {
                continue;
            }
            let config = machine.workspace.config.iter();
            let mut rules = config.flat_map(|it| &it.tiers).flat_map(|tier| &tier.rules);
            let place = rules
                .nth(rule as usize)
                .and_then(|rule| in_config(machine, rule.span.clone()));
            let severity = match problem.severity() {
                RuleSeverity::Error => Severity::Error,
                RuleSeverity::Warning => Severity::Warning,
                RuleSeverity::Note => Severity::Note,
            };
            out.push(Finding {
                place,
                hint: Some(problem.hint()),
                ..finding(code, severity, problem.to_string())
            });
        }
    }
    out
}

/// What caches hold and cannot serve.
pub(super) fn caches(machines: &[Machine]) -> Vec<Finding> {
    let mut said = BTreeSet::new();
    let mut out = Vec::new();
    for machine in machines {
        let all = machine.inventory.unservable();
        for (id, source, holdings) in machine.inventory.sources() {
            let here: Vec<_> = all.iter().filter(|it| it.id == id).collect();
            let Some(first) = here.first() else { continue };
            if !said.insert(source.name.clone()) {
                continue;
            }
            let sizes = here
                .iter()
                .filter_map(|it| holdings.get(it.path)?.nar_size)
                .fold(0_u64, |sum, size| sum.saturating_add(size.0));
            let size = match sizes {
                0 => String::new(),
                sizes => format!(" ({})", bytes(sizes)),
            };
            out.push(Finding {
                subject: Some(source.name.clone()),
                hint: Some("push their closures again".to_owned()),
                cost: (sizes > 0).then(|| Cost {
                    download_bytes: Some(sizes),
                    ..Cost::default()
                }),
                ..finding(
                    "not-servable",
                    Severity::Warning,
                    format!(
                        "{} holds {}{size} without what they refer to: {} lacks {}",
                        source.name,
                        plural(here.len() as u64, "path"),
                        first.path.name(),
                        first.missing.first().map_or("", |path| path.name())
                    ),
                )
            });
        }
    }
    out
}
