//! Values that are not what they look like.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::sync::LazyLock;

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use crate::lint::context::{Context, keys, unwrap_parens};
use crate::lint::derivation::last_name;
use crate::lint::rules::{Check, Run, rule};
use crate::lint::table::Patterns;
use crate::lint::types::{Typed, operator, type_of};
use crate::lint::{Applicability, Finding, Fix, Rule, ValueType};
use crate::scope::excerpt;
use crate::{Span, TextEdit};

pub(super) static CHECKS: &[Check] = &[
    Check {
        rule: rule!(
            "arithmetic-typo",
            Warning,
            "numbers joined by `-` or `/` that are not what they seem"
        ),
        run: Run::Node(&[NODE_BIN_OP, NODE_PATH_REL], arithmetic_typo),
    },
    Check {
        rule: rule!(
            "number-as-string",
            Error,
            "a number compared with one that is kept as a string"
        ),
        run: Run::Node(&[NODE_BIN_OP], number_as_string),
    },
    Check {
        rule: rule!(
            "placeholder-hash",
            Error,
            "a hash that still has to be filled in"
        ),
        run: Run::Node(&[NODE_ATTRPATH_VALUE], placeholder_hash),
    },
];

fn arithmetic_typo(
    rule: &'static Rule,
    context: &Context<'_>,
    node: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    if node.kind() == NODE_PATH_REL {
        path_for_quotient(rule, context, node, findings);
        return;
    }
    let number = |side: Option<SyntaxNode>| {
        let side = side.filter(|side| side.kind() == NODE_LITERAL)?;
        context.text_of(&side).parse::<i64>().ok()
    };
    if operator(node) != Some(TOKEN_SUB) {
        return;
    }
    let (Some(left), Some(right)) = (number(node.first_child()), number(node.last_child())) else {
        return;
    };
    let text = context.text_of(node);
    let spaced = text.contains(|c: char| c.is_ascii_whitespace());
    let result = left.saturating_sub(right);
    // `0 - 20` is how a negative number was written before Nix had them.
    if spaced && (result >= 0 || left == 0) {
        return;
    }
    findings.push(
        Finding::new(
            rule,
            node.text_range(),
            format!("`{text}` is a subtraction: its value is {result}"),
        )
        .hint("Nix has no ranges: write a string, two numbers, or the result"),
    );
}

/// `6/2` and `cores/2` are paths.
fn path_for_quotient(
    rule: &'static Rule,
    context: &Context<'_>,
    node: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    let text = context.text_of(node);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let Some((left, right)) = text.split_once('/') else {
        return;
    };
    if !digits(right) || !(digits(left) || context.binds(left)) {
        return;
    }
    let quotient = format!("{left} / {right}");
    // A path is an element of a list, or an argument, without parentheses; a division is none.
    let bare = node.parent().is_some_and(|around| {
        let whole = [
            NODE_ATTRPATH_VALUE,
            NODE_IF_ELSE,
            NODE_INTERPOL,
            NODE_LAMBDA,
            NODE_PAREN,
        ];
        whole.contains(&around.kind())
    });
    let replacement = if bare {
        quotient.clone()
    } else {
        format!("({quotient})")
    };
    findings.push(
        Finding::new(
            rule,
            node.text_range(),
            format!("`{text}` is a path, not a division"),
        )
        .hint(format!("write `{quotient}`"))
        .fix(Fix::new(
            "divide",
            Applicability::Unsafe,
            vec![TextEdit::replace(node.text_range().into(), replacement)],
        )),
    );
}

fn number_as_string(
    rule: &'static Rule,
    context: &Context<'_>,
    node: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    let ordered = match operator(node) {
        Some(TOKEN_LESS | TOKEN_LESS_OR_EQ | TOKEN_MORE | TOKEN_MORE_OR_EQ) => true,
        Some(TOKEN_EQUAL | TOKEN_NOT_EQUAL) => false,
        _ => return,
    };
    let (Some(left), Some(right)) = (node.first_child(), node.last_child()) else {
        return;
    };
    let typed = |side: &SyntaxNode| type_of(context, side);
    let (Some(a), Some(b)) = (typed(&left), typed(&right)) else {
        return;
    };
    let (string, typed) = match (a.is, b.is) {
        (ValueType::String, ValueType::Number) => (&left, [a, b]),
        (ValueType::Number, ValueType::String) => (&right, [a, b]),
        _ => return,
    };
    let text = excerpt(context.text_of(&unwrap_parens(string.clone())));
    let outcome = if ordered {
        "Nix refuses to compare it with a number"
    } else {
        "no number equals it"
    };
    let mut message = format!("`{text}` is a string: {outcome}");
    if typed.iter().any(|Typed { by_default, .. }| *by_default) {
        message.push_str(", where the default is taken");
    }
    findings.push(
        Finding::new(rule, node.text_range(), message)
            .hint("write the number without quotes, or convert it with `lib.toInt`"),
    );
}

static HASHES: LazyLock<Patterns> =
    LazyLock::new(|| Patterns::read(include_str!("../../../data/hash-attributes.tsv")));

fn placeholder_hash(
    rule: &'static Rule,
    context: &Context<'_>,
    node: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    let (Some(path), Some(value)) = (node.first_child(), node.last_child()) else {
        return;
    };
    let Some(name) = keys(&path).pop().filter(|name| HASHES.find(name).is_some()) else {
        return;
    };
    let value = unwrap_parens(value);
    let placeholder = match value.kind() {
        NODE_STRING => {
            let text = context.text_of(&value).trim_matches('"');
            is_placeholder(text) || text.is_empty() && is_fetched(context, node)
        }
        NODE_SELECT | NODE_IDENT => {
            let fake = last_name(&value);
            fake.is_some_and(|n| matches!(&*n, "fakeHash" | "fakeSha256" | "fakeSha512"))
        }
        _ => false,
    };
    if !placeholder || is_no_fetch(node) {
        return;
    }
    let span = Span::from(value.text_range());
    findings.push(
        Finding::new(
            rule,
            span,
            format!("`{name}` is a placeholder: what is fetched does not have this hash"),
        )
        .hint("the failing build prints the hash; `nix-prefetch-url` gets it without a build"),
    );
}

/// Whether a hash is one character again and again, or a word that says that it is to come.
fn is_placeholder(hash: &str) -> bool {
    let body = ["sha1-", "sha256-", "sha512-", "sha256:", "sha512:"]
        .into_iter()
        .find_map(|prefix| hash.strip_prefix(prefix))
        .unwrap_or(hash)
        .trim_end_matches('=');
    let mut chars = body.chars();
    let first = chars.next();
    let same = first.is_some() && chars.all(|c| Some(c) == first);
    same || ["todo", "fixme", "changeme", "change-me", "placeholder"]
        .contains(&&*body.to_ascii_lowercase())
}

/// Whether nothing is fetched by the hash: it is in an option's example, or only converted.
fn is_no_fetch(entry: &SyntaxNode) -> bool {
    let mut around = entry.ancestors().skip(1);
    around.any(|node| match node.kind() {
        NODE_ATTRPATH_VALUE => {
            let path = node.first_child();
            path.is_some_and(|path| path.to_string() == "example")
        }
        NODE_APPLY => {
            let function = node.first_child().and_then(|function| last_name(&function));
            function.as_deref() == Some("convertHash")
        }
        _ => false,
    })
}

/// Whether the set that an entry is in is what a fetcher or a builder is called with.
fn is_fetched(context: &Context<'_>, entry: &SyntaxNode) -> bool {
    let Some(set) = entry.parent() else {
        return false;
    };
    let call = set.parent().filter(|around| around.kind() == NODE_APPLY);
    let function = call.and_then(|call| last_name(&call.first_child()?));
    function.is_some_and(|name| {
        name.starts_with("fetch")
            || context
                .derivation(&set)
                .is_some_and(|new| new.overridden.is_none())
    })
}
