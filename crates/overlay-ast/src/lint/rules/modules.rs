//! Definitions that a module loses, repeats or may not make.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::collections::HashMap;

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use crate::lint::context::{Context, MODULE_ATTRIBUTES, file_lambda, keys, result, unwrap_parens};
use crate::lint::derivation::{is_update, last_name};
use crate::lint::rules::{Check, Run, rule};
use crate::lint::{FileKind, Finding, Rule};
use crate::{Key, KeyPath};

pub(super) static CHECKS: &[Check] = &[
    Check {
        rule: rule!(
            "defined-twice",
            Note,
            "a list of packages that two parts of one module define"
        ),
        run: Run::Node(&[NODE_APPLY], defined_twice),
    },
    Check {
        rule: rule!(
            "listed-twice",
            Note,
            "a package that stands twice in one list of packages"
        ),
        run: Run::Node(&[NODE_ATTRPATH_VALUE], listed_twice),
    },
    Check {
        rule: rule!(
            "lost-in-update",
            Warning,
            "an attribute that the set behind `//` replaces"
        ),
        run: Run::Node(&[NODE_BIN_OP], lost_in_update),
    },
    Check {
        rule: rule!(
            "option-beside-config",
            Error,
            "an option set beside `config` or `options`, where the module system refuses it"
        ),
        run: Run::File(option_beside_config),
    },
];

/// The entries of a set that give an attribute a value, by the known names of their paths.
fn entries(set: &SyntaxNode) -> impl Iterator<Item = (Vec<Key>, SyntaxNode)> {
    let entries = set.children().filter(|n| n.kind() == NODE_ATTRPATH_VALUE);
    entries.filter_map(|entry| Some((KeyPath::of(&entry.first_child()?)?, entry)))
}

fn path_text(path: &[Key]) -> String {
    let names: Vec<String> = path.iter().map(ToString::to_string).collect();
    names.join(".")
}

/// The sets that are always part of a value of `//`.
fn certain_sets(node: &SyntaxNode) -> Vec<SyntaxNode> {
    let mut found = Vec::new();
    let mut rest = vec![node.clone()];
    while let Some(node) = rest.pop() {
        match node.kind() {
            NODE_ATTR_SET => found.push(node),
            NODE_PAREN => rest.extend(node.first_child()),
            NODE_BIN_OP if is_update(&node) => rest.extend(node.children()),
            _ => {}
        }
    }
    found
}

fn lost_in_update(
    rule: &'static Rule,
    _: &Context<'_>,
    node: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    if !is_update(node) {
        return;
    }
    let (Some(left), Some(right)) = (node.first_child(), node.last_child()) else {
        return;
    };
    let left = unwrap_parens(left);
    if left.kind() != NODE_ATTR_SET {
        return;
    }
    let mut replaced: HashMap<Key, (Vec<Key>, SyntaxNode)> = HashMap::new();
    for set in certain_sets(&right) {
        for (path, entry) in entries(&set) {
            replaced.entry(path[0].clone()).or_insert((path, entry));
        }
    }
    for (path, entry) in entries(&left) {
        let Some((by, place)) = replaced.get(&path[0]) else {
            continue;
        };
        let (lost, by) = (path_text(&path), path_text(by));
        let message = if path.len() == 1 && lost == by {
            format!("`{lost}` is lost: the set behind `//` has its own")
        } else {
            format!(
                "`{lost}` is lost: `//` replaces all of `{}` by `{by}`",
                path[0]
            )
        };
        let Some(name) = entry.first_child() else {
            continue;
        };
        findings.push(
            Finding::new(rule, name.text_range(), message)
                .label(place.text_range(), "this replaces it")
                .hint("`lib.recursiveUpdate` goes deeper; in a module, `lib.mkMerge` merges"),
        );
    }
}

fn defined_twice(
    rule: &'static Rule,
    _: &Context<'_>,
    node: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    let (Some(function), Some(list)) = (node.first_child(), node.last_child()) else {
        return;
    };
    if list.kind() != NODE_LIST || last_name(&function).as_deref() != Some("mkMerge") {
        return;
    }
    let mut first: HashMap<String, SyntaxNode> = HashMap::new();
    for part in list.children().map(unwrap_parens) {
        if part.kind() != NODE_ATTR_SET {
            continue;
        }
        for (path, place) in options(&part) {
            let path = path_text(&path);
            if !is_package_list(&path) {
                continue;
            }
            let Some(earlier) = first.get(&path) else {
                first.insert(path, place);
                continue;
            };
            let message = format!("`{path}` is defined in two parts that both apply");
            findings.push(
                Finding::new(rule, place.text_range(), message)
                    .label(earlier.text_range(), "the other part is here")
                    .hint("write one list, so that what is installed can be read in one place"),
            );
        }
    }
}

/// The options that a set defines, through the sets in it, and where.
fn options(set: &SyntaxNode) -> Vec<(Vec<Key>, SyntaxNode)> {
    let mut found = Vec::new();
    let mut rest = vec![(Vec::new(), set.clone())];
    while let Some((before, set)) = rest.pop() {
        for (path, entry) in entries(&set) {
            let (Some(name), Some(value)) = (entry.first_child(), entry.last_child()) else {
                continue;
            };
            let path = [&before[..], &path[..]].concat();
            if value.kind() == NODE_ATTR_SET {
                rest.push((path, value));
            } else {
                found.push((path, name));
            }
        }
    }
    found.sort_by_key(|(_, place)| place.text_range().start());
    found
}

/// Options whose lists are packages to install.
const PACKAGE_LISTS: [&str; 3] = [
    "environment.systemPackages",
    "fonts.packages",
    "home.packages",
];

fn is_package_list(option: &str) -> bool {
    PACKAGE_LISTS.iter().any(|list| {
        let before = option.strip_suffix(list);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

fn listed_twice(
    rule: &'static Rule,
    context: &Context<'_>,
    node: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    let (Some(path), Some(value)) = (node.first_child(), node.last_child()) else {
        return;
    };
    let Some(option) = option_path(&path) else {
        return;
    };
    if !is_package_list(&option) || context.kind != FileKind::Module {
        return;
    }
    let mut first: HashMap<&str, SyntaxNode> = HashMap::new();
    for element in lists(&value).iter().flat_map(SyntaxNode::children) {
        if !matches!(element.kind(), NODE_IDENT | NODE_SELECT) {
            continue;
        }
        let text = context.text_of(&element);
        let name = text.strip_prefix("pkgs.").unwrap_or(text);
        if let Some(earlier) = first.get(name) {
            findings.push(
                Finding::new(
                    rule,
                    element.text_range(),
                    format!("`{name}` is in this list twice"),
                )
                .label(earlier.text_range(), "it is here already"),
            );
        } else {
            first.insert(name, element);
        }
    }
}

/// The last two names of the option that is defined, where a set around it gives the first.
fn option_path(path: &SyntaxNode) -> Option<String> {
    let mut names = keys(path);
    if names.len() == 1 {
        let set = path.parent()?.parent()?;
        let around = set.parent().filter(|n| n.kind() == NODE_ATTRPATH_VALUE);
        names.insert(0, keys(&around?.first_child()?).pop()?);
    }
    Some(names.join("."))
}

/// The lists that are always part of a value of `++`.
fn lists(node: &SyntaxNode) -> Vec<SyntaxNode> {
    let mut found = Vec::new();
    let mut rest = vec![node.clone()];
    while let Some(node) = rest.pop() {
        match node.kind() {
            NODE_LIST => found.push(node),
            NODE_PAREN => rest.extend(node.first_child()),
            NODE_WITH => rest.extend(node.last_child()),
            NODE_BIN_OP if crate::lint::types::operator(&node) == Some(TOKEN_CONCAT) => {
                rest.extend(node.children());
            }
            _ => {}
        }
    }
    found.sort_by_key(|list| list.text_range().start());
    found
}

/// What a module may have at its top beside `config` and `options`, of [`MODULE_ATTRIBUTES`].
const BESIDE_CONFIG: [&str; 4] = ["config", "imports", "meta", "options"];

fn option_beside_config(rule: &'static Rule, context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.kind != FileKind::Module {
        return;
    }
    let body = file_lambda(context.root)
        .and_then(|lambda| lambda.last_child())
        .or_else(|| context.root.first_child())
        .map(result);
    let Some(set) = body.filter(|body| body.kind() == NODE_ATTR_SET) else {
        return;
    };
    let is = |entry: &SyntaxNode, names: &[&str]| {
        let key = entry.first_child().and_then(|path| path.first_child());
        key.is_some_and(|key| names.contains(&&*key.to_string()))
    };
    let all: Vec<SyntaxNode> = entries(&set).map(|(_, entry)| entry).collect();
    let Some(explicit) = all.iter().find(|entry| is(entry, &["config", "options"])) else {
        return;
    };
    let beside = all
        .iter()
        .filter(|entry| is(entry, &MODULE_ATTRIBUTES) && !is(entry, &BESIDE_CONFIG));
    for entry in beside {
        let (Some(name), Some(other)) = (entry.first_child(), explicit.first_child()) else {
            continue;
        };
        let message = format!(
            "`{}` beside `{}`: the module system refuses the module",
            context.text_of(&name),
            context.text_of(&other)
        );
        findings.push(
            Finding::new(rule, name.text_range(), message)
                .label(
                    other.text_range(),
                    "so everything it sets belongs in `config`",
                )
                .hint("move it into `config`"),
        );
    }
}
