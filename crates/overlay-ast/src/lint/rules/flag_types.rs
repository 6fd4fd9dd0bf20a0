//! Strings and lists in what holds flags.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::*;
use rnix::{NodeOrToken, SyntaxNode};

use super::flag_variables::holds_flags;
use crate::lint::context::{Context, unwrap_parens};
use crate::lint::derivation::last_name;
use crate::lint::rules::{Check, Run, rule};
use crate::lint::types::{operator, type_of};
use crate::lint::{Applicability, Finding, Fix, Rule, ValueType};
use crate::scope::excerpt;
use crate::{Span, TextEdit};

pub(super) static CHECKS: &[Check] = &[
    Check {
        rule: rule!(
            "flags-as-list",
            Warning,
            "a list added with `++` to flags that most packages keep in a string"
        ),
        run: Run::Node(&[NODE_BIN_OP], flags_as_list),
    },
    Check {
        rule: rule!(
            "flags-without-space",
            Warning,
            "flags joined without a blank between them"
        ),
        run: Run::Node(&[NODE_BIN_OP, NODE_STRING], flags_without_space),
    },
    Check {
        rule: rule!(
            "string-and-list",
            Error,
            "a string joined with `++`, or a list with `+`"
        ),
        run: Run::Node(&[NODE_BIN_OP], string_and_list),
    },
];

/// A selection of a variable that holds flags, such as `old.NIX_LDFLAGS or ""`.
struct Flags {
    select: SyntaxNode,
    name: String,
    default: Option<SyntaxNode>,
}

impl Flags {
    fn of(node: &SyntaxNode) -> Option<Self> {
        let select = unwrap_parens(node.clone());
        if select.kind() != NODE_SELECT {
            return None;
        }
        let name = last_name(&select).filter(|name| holds_flags(name))?;
        let default = select.children().nth(2);
        Some(Self {
            select,
            name,
            default,
        })
    }
}

fn sides(node: &SyntaxNode) -> Option<[SyntaxNode; 2]> {
    Some([node.first_child()?, node.last_child()?])
}

fn string_and_list(
    rule: &'static Rule,
    context: &Context<'_>,
    node: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    let (wrong, wants) = match operator(node) {
        Some(TOKEN_CONCAT) => (ValueType::String, "`++` joins lists"),
        Some(TOKEN_ADD) => (ValueType::List, "`+` joins strings or adds numbers"),
        _ => return,
    };
    for side in sides(node).into_iter().flatten() {
        let Some(typed) = type_of(context, &side) else {
            continue;
        };
        if typed.is != wrong {
            continue;
        }
        let text = excerpt(context.text_of(&side));
        let what = match typed.is {
            ValueType::List => "a list",
            _ => "a string",
        };
        let message = if typed.by_default {
            format!("{wants}, and `{text}` is {what} where the default is taken")
        } else {
            format!("{wants}, and `{text}` is {what}")
        };
        findings.push(
            Finding::new(rule, side.text_range(), message)
                .hint("`toString [ a b ]` joins strings and lists of them with blanks"),
        );
    }
}

fn flags_as_list(
    rule: &'static Rule,
    context: &Context<'_>,
    node: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    if operator(node) != Some(TOKEN_CONCAT) {
        return;
    }
    for side in sides(node).into_iter().flatten() {
        let Some(flags) = Flags::of(&side) else {
            continue;
        };
        let default = flags.default.as_ref().and_then(|d| type_of(context, d));
        if default.is_some_and(|default| default.is != ValueType::List) {
            continue;
        }
        let name = &flags.name;
        let package = package_around(context, node);
        let key = (package.clone().unwrap_or_default(), name.clone());
        let message = match (context.options.facts.upstream.get(&key), &package) {
            (Some(known), _) if known.value == ValueType::List => continue,
            (Some(_), Some(package)) => {
                format!("`{name}` of `{package}` is a string, so `++` fails")
            }
            _ => format!("where the package keeps `{name}` as a string, `++` fails"),
        };
        let finding = Finding::new(rule, side.text_range(), message)
            .hint("`toString [ (old.X or \"\") … ]` takes a string, a list and nothing at all");
        findings.push(finding.fix(within_list(context, &side, &flags)));
    }
}

/// Makes a list of the old flags, where `toString` flattens what comes of it.
fn within_list(context: &Context<'_>, side: &SyntaxNode, flags: &Flags) -> Option<Fix> {
    let mut around = side.ancestors().skip(1);
    let call = around.find(|node| {
        let concat = node.kind() == NODE_BIN_OP && operator(node) == Some(TOKEN_CONCAT);
        !concat && node.kind() != NODE_PAREN
    })?;
    let function = call.first_child().filter(|_| call.kind() == NODE_APPLY)?;
    if last_name(&function).as_deref() != Some("toString") {
        return None;
    }
    let mut parts = flags.select.children();
    let (base, path) = (parts.next()?, parts.next()?);
    let text = format!(
        "[ ({}.{} or \"\") ]",
        context.text_of(&base),
        context.text_of(&path)
    );
    Fix::new(
        "take the old flags as one element",
        Applicability::Unsafe,
        vec![TextEdit::replace(side.text_range().into(), text)],
    )
}

/// The name of the package whose attributes are being overridden around `node`.
fn package_around(context: &Context<'_>, node: &SyntaxNode) -> Option<String> {
    let mut sets = node.ancestors().filter(|n| n.kind() == NODE_ATTR_SET);
    sets.find_map(|set| context.derivation(&set))?.package()
}

fn flags_without_space(
    rule: &'static Rule,
    context: &Context<'_>,
    node: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    if node.kind() == NODE_STRING {
        glued_in_string(rule, context, node, findings);
    } else if operator(node) == Some(TOKEN_ADD) {
        glued_by_plus(rule, context, node, findings);
    }
}

/// `(old.X or "") + "-O3"`, on either side.
fn glued_by_plus(
    rule: &'static Rule,
    context: &Context<'_>,
    node: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    let Some([left, right]) = sides(node) else {
        return;
    };
    let left_text = string_text(context, &left);
    let right_text = string_text(context, &right);
    if let (Some(flags), Some((span, text))) = (last_flags(&left), right_text)
        && starts_glued(text)
    {
        findings.push(glued(rule, node, &flags.name, span.start));
    } else if let (Some(flags), Some((span, text))) = (Flags::of(&right), left_text)
        && ends_glued(text)
    {
        findings.push(glued(rule, node, &flags.name, span.end));
    }
}

/// The flags that an expression ends with.
fn last_flags(node: &SyntaxNode) -> Option<Flags> {
    Flags::of(node).or_else(|| {
        let added = node.kind() == NODE_BIN_OP && operator(node) == Some(TOKEN_ADD);
        Flags::of(&node.last_child().filter(|_| added)?)
    })
}

/// `"${old.X or ""}-O3"`, on either side.
fn glued_in_string(
    rule: &'static Rule,
    context: &Context<'_>,
    string: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    for interpolation in string.children().filter(|n| n.kind() == NODE_INTERPOL) {
        let Some(flags) = interpolation.first_child().and_then(|n| Flags::of(&n)) else {
            continue;
        };
        let content = |part: Option<NodeOrToken<_, rnix::SyntaxToken>>| {
            let token = part?.into_token()?;
            (token.kind() == TOKEN_STRING_CONTENT).then(|| Span::from(token.text_range()))
        };
        let before = content(interpolation.prev_sibling_or_token());
        let after = content(interpolation.next_sibling_or_token());
        if let Some(span) = after.filter(|span| starts_glued(span.text(context.text))) {
            findings.push(glued(rule, &interpolation, &flags.name, span.start));
        } else if let Some(span) = before.filter(|span| ends_glued(span.text(context.text))) {
            findings.push(glued(rule, &interpolation, &flags.name, span.end));
        }
    }
}

fn glued(rule: &'static Rule, node: &SyntaxNode, name: &str, at: usize) -> Finding {
    let message = format!("the last flag of `{name}` and the next one become one word");
    Finding::new(rule, node.text_range(), message)
        .hint("put a blank between them")
        .fix(Fix::new(
            "insert a blank",
            Applicability::Unsafe,
            vec![TextEdit::insert(at, " ")],
        ))
}

/// The inside of a string: its place and its text, up to the first `${…}` or from the last one.
fn string_text<'t>(context: &Context<'t>, node: &SyntaxNode) -> Option<(Span, &'t str)> {
    let node = unwrap_parens(node.clone());
    if node.kind() != NODE_STRING {
        return None;
    }
    let span = Span::from(node.text_range());
    let quotes = if context.text_of(&node).starts_with("''") {
        2
    } else {
        1
    };
    let inside = Span::new(span.start + quotes, span.end - quotes);
    Some((inside, inside.text(context.text)))
}

/// Whether a text that follows flags begins with a flag.
fn starts_glued(text: &str) -> bool {
    text.starts_with('-')
}

/// Whether a text that flags follow ends within a word. An `=` or a quote before them is shell.
fn ends_glued(text: &str) -> bool {
    text.ends_with(|c: char| c.is_ascii_alphanumeric())
}
