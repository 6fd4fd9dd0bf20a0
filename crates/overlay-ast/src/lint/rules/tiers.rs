//! Packages that are in two build tiers.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::collections::HashMap;

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use crate::lint::context::{Context, keys};
use crate::lint::derivation::last_name;
use crate::lint::rules::{Check, Run, rule};
use crate::lint::{Finding, Rule};

pub(super) static CHECKS: &[Check] = &[Check {
    rule: rule!("two-tiers", Warning, "a package that is in two build tiers"),
    run: Run::Node(&[NODE_ATTR_SET, NODE_LET_IN], two_tiers),
}];

fn two_tiers(
    rule: &'static Rule,
    context: &Context<'_>,
    node: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    let mut first: HashMap<String, (usize, SyntaxNode)> = HashMap::new();
    let tiers = node.children().filter_map(|entry| {
        let path = entry
            .first_child()
            .filter(|_| entry.kind() == NODE_ATTRPATH_VALUE)?;
        let name = keys(&path).into_iter().next()?;
        is_tier(&name).then_some((name, entry.last_child()?))
    });
    for (tier, (name, value)) in tiers.enumerate() {
        for (member, place) in members(context, &value) {
            match first.get(&member) {
                Some((other, earlier)) if *other != tier => findings.push(
                    Finding::new(
                        rule,
                        place.text_range(),
                        format!("`{member}` is in `{name}` and in an earlier tier"),
                    )
                    .label(earlier.text_range(), "it is here already")
                    .hint("which of the two applies is up to the order in which they are asked"),
                ),
                Some(_) => {}
                None => {
                    first.insert(member, (tier, place));
                }
            }
        }
    }
}

/// Whether a name is that of a numbered tier: `tier1`, `tier-2`, `tier3Packages`.
fn is_tier(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.split_once("tier").is_some_and(|(_, rest)| {
        let rest = rest.trim_start_matches(['-', '_']);
        rest.starts_with(|c: char| c.is_ascii_digit())
    })
}

/// The packages that the lists of a tier name, and where.
fn members(context: &Context<'_>, value: &SyntaxNode) -> Vec<(String, SyntaxNode)> {
    let lists = value.descendants().filter(|n| n.kind() == NODE_LIST);
    let elements = lists.flat_map(|list| list.children().collect::<Vec<_>>());
    let named = elements.filter_map(|element| {
        let name = match element.kind() {
            NODE_STRING if element.first_child().is_none() => {
                context.text_of(&element).trim_matches('"').to_owned()
            }
            _ => last_name(&element)?,
        };
        Some((name, element))
    });
    named.collect()
}
