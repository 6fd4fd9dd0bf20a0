//! From a syntax tree to a [`Literal`].

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::{self, *};
use rnix::SyntaxNode;

use super::attrs::Name;
use super::number::{FloatProblem, float};
use super::string::decoded;
use super::{Attrs, Literal, Value};
use crate::{AttrPath, Code, Diagnostic, Segment, Span, parse};

/// See [`super::parse`].
pub(super) fn read(text: &str) -> (Option<Literal>, Vec<Diagnostic>) {
    let root = match parse::syntax(text) {
        Ok(root) => root,
        Err(found) => return (None, found),
    };
    let mut reader = Reader {
        found: Vec::new(),
        path: Vec::new(),
    };
    let value = root.children().next().and_then(|node| reader.value(&node));
    let mut found = reader.found;
    found.sort_by_key(|diagnostic| diagnostic.span);
    (value, found)
}

struct Reader {
    found: Vec<Diagnostic>,
    path: Vec<Segment>,
}

impl Reader {
    fn report(&mut self, mut diagnostic: Diagnostic) {
        diagnostic.path = AttrPath(self.path.clone());
        self.found.push(diagnostic);
    }

    fn value(&mut self, node: &SyntaxNode) -> Option<Literal> {
        let value = match node.kind() {
            NODE_PAREN => return self.value(&node.first_child()?),
            NODE_LITERAL => {
                let token = node.first_token()?;
                match scalar(token.kind(), token.text(), node.text_range().into()) {
                    Ok(value) => Some(value),
                    Err(problem) => {
                        self.report(problem);
                        None
                    }
                }
            }
            NODE_STRING => self.string(node).map(Value::String),
            NODE_PATH_ABS | NODE_PATH_REL | NODE_PATH_HOME => self.path(node),
            NODE_LIST => Some(self.list(node)),
            NODE_ATTR_SET => self.set(node),
            NODE_UNARY_OP => self.negation(node),
            NODE_IDENT => match node.to_string().as_str() {
                "null" => Some(Value::Null),
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                name => {
                    self.report(
                        Diagnostic::new(
                            Code::Variable,
                            node.text_range(),
                            format!("`{name}` is a variable"),
                        )
                        .hint("write out its value, in quotes if it is a string"),
                    );
                    None
                }
            },
            _ => {
                self.report(not_literal(node));
                None
            }
        }?;
        Some(Literal {
            span: node.text_range().into(),
            value,
        })
    }

    fn string(&mut self, node: &SyntaxNode) -> Option<String> {
        if let Some(part) = node.children().next() {
            self.report(interpolation(&part));
            return None;
        }
        Some(decoded(&node.to_string()))
    }

    fn path(&mut self, node: &SyntaxNode) -> Option<Value> {
        if let Some(part) = node.children().next() {
            self.report(interpolation(&part));
            return None;
        }
        let text = node.to_string();
        match path_problem(&text, node.text_range().into()) {
            None => Some(Value::Path(text)),
            Some(problem) => {
                self.report(problem);
                None
            }
        }
    }

    fn list(&mut self, node: &SyntaxNode) -> Value {
        let mut elements = Vec::new();
        for (index, element) in node.children().enumerate() {
            self.path.push(Segment::Index(index));
            elements.extend(self.value(&element));
            self.path.pop();
        }
        Value::List(elements)
    }

    fn set(&mut self, node: &SyntaxNode) -> Option<Value> {
        if node
            .first_token()
            .is_some_and(|token| token.kind() == TOKEN_REC)
        {
            self.report(not_literal(node));
            return None;
        }
        let mut attrs = Attrs::default();
        for entry in node.children() {
            if entry.kind() == NODE_ATTRPATH_VALUE {
                self.definition(&entry, &mut attrs);
            } else {
                self.report(not_literal(&entry));
            }
        }
        Some(Value::Attrs(attrs))
    }

    fn definition(&mut self, entry: &SyntaxNode, attrs: &mut Attrs) {
        let mut parts = entry.children();
        let (Some(attrpath), Some(value)) = (parts.next(), parts.next()) else {
            return;
        };
        let Some(names) = self.names(&attrpath) else {
            return;
        };
        let outer = self.path.len();
        self.path
            .extend(names.iter().map(|name| Segment::Name(name.text.clone())));
        let value = self.value(&value);
        self.path.truncate(outer);
        if let Some(value) = value {
            let span = entry.text_range().into();
            attrs.define(&names, value, span, &mut self.path, &mut self.found);
        }
    }

    fn names(&mut self, attrpath: &SyntaxNode) -> Option<Vec<Name>> {
        let mut names = Vec::new();
        for part in attrpath.children() {
            let text = match part.kind() {
                NODE_IDENT => part.to_string(),
                NODE_STRING if part.first_token()?.text() == "''" => {
                    self.report(
                        Diagnostic::new(
                            Code::Syntax,
                            part.text_range(),
                            "Nix takes no indented string as an attribute name",
                        )
                        .hint("write it between \" and \""),
                    );
                    return None;
                }
                NODE_STRING => self.string(&part)?,
                _ => {
                    self.report(interpolation(&part));
                    return None;
                }
            };
            names.push(Name {
                text,
                span: part.text_range().into(),
            });
        }
        Some(names)
    }

    /// `-x`, which Nix computes as `0 - x`: so `-0.0` is zero without a sign.
    fn negation(&mut self, node: &SyntaxNode) -> Option<Value> {
        if node
            .first_token()
            .is_none_or(|token| token.kind() != TOKEN_SUB)
        {
            self.report(not_literal(node));
            return None;
        }
        let operand = self.value(&node.first_child()?)?;
        match operand.value {
            // The least integer has no literal, so there is nothing to overflow.
            Value::Int(number) => Some(Value::Int(number.checked_neg()?)),
            Value::Float(number) => Some(Value::Float(0.0 - number)),
            _ => {
                self.report(Diagnostic::new(
                    Code::Operator,
                    node.text_range(),
                    "a minus before something that is not a number",
                ));
                None
            }
        }
    }
}

/// The number or URL that a token is, or why Nix does not take it.
pub(crate) fn scalar(kind: SyntaxKind, text: &str, span: Span) -> Result<Value, Diagnostic> {
    let syntax = |what: &str, hint: &str| {
        Diagnostic::new(
            Code::Syntax,
            span,
            format!("Nix does not read {text} as {what}"),
        )
        .hint(hint)
    };
    match kind {
        TOKEN_INTEGER => text.parse().map(Value::Int).map_err(|_| {
            Diagnostic::new(
                Code::IntegerOverflow,
                span,
                format!("{text} does not fit 64 bits"),
            )
            .hint(format!("the largest integer is {}", i64::MAX))
        }),
        TOKEN_FLOAT => float(text)
            .map(Value::Float)
            .map_err(|problem| match problem {
                FloatProblem::Range => Diagnostic::new(
                    Code::FloatRange,
                    span,
                    format!("{text} is beyond what a 64-bit float holds"),
                ),
                FloatProblem::Syntax => syntax("a number", "write a digit behind the point"),
            }),
        _ if is_uri(text) => Ok(Value::String(text.to_owned())),
        _ => Err(syntax("a URL", "write it in quotes")),
    }
}

/// Why Nix does not read a path; none if it does. A path with `${…}` in it is none to ask for.
pub(crate) fn path_problem(text: &str, span: Span) -> Option<Diagnostic> {
    let reads = match text
        .strip_prefix('<')
        .and_then(|text| text.strip_suffix('>'))
    {
        Some(searched) => searched.split('/').all(is_part),
        None => is_path(text),
    };
    (!reads).then(|| {
        Diagnostic::new(
            Code::Syntax,
            span,
            format!("Nix does not read {text} as a path"),
        )
    })
}

fn interpolation(node: &SyntaxNode) -> Diagnostic {
    Diagnostic::new(
        Code::Interpolation,
        node.text_range(),
        format!("`{}` has to be evaluated", excerpt(node)),
    )
    .hint("write out what it stands for; a literal dollar sign and brace are `\\${` in \"…\" and `''${` in ''…''")
}

fn not_literal(node: &SyntaxNode) -> Diagnostic {
    let span = node.text_range();
    let expression =
        |what: &str, hint: &str| Diagnostic::new(Code::Expression, span, what).hint(hint);
    match node.kind() {
        NODE_LAMBDA => Diagnostic::new(Code::Function, span, "a function, not a value").hint(
            "leave out what stands before the attribute set, such as `{ lib, ... }:`, and what uses it; \
             or read the JSON that `nix-instantiate --eval --strict --json` prints",
        ),
        NODE_BIN_OP => operator(node),
        NODE_UNARY_OP | NODE_HAS_ATTR => {
            Diagnostic::new(Code::Operator, span, "an operator has to be evaluated")
                .hint("write out its result")
        }
        NODE_LET_IN | NODE_LEGACY_LET => expression("`let` has to be evaluated", "write out the values"),
        NODE_WITH => expression("`with` has to be evaluated", "leave it out and write out the values"),
        NODE_ASSERT => expression("`assert` has to be evaluated", "leave it out"),
        NODE_IF_ELSE => expression("`if` has to be evaluated", "write out the branch that is meant"),
        NODE_INHERIT => expression("`inherit` has to be evaluated", "write `name = value;`"),
        NODE_ATTR_SET => expression("`rec` has to be evaluated", "leave it out and write out the values"),
        NODE_APPLY => {
            expression("a call has to be evaluated", "write out its result")
        }
        NODE_SELECT => expression("a selection has to be evaluated", "write out its result"),
        NODE_PATH_SEARCH => {
            expression("a search path has to be looked up", "write the path itself")
        }
        _ => expression("not a literal value", "write out the value"),
    }
}

/// An operator, with its result where that is easily told: a range such as `2-3` is a number.
fn operator(node: &SyntaxNode) -> Diagnostic {
    let text = excerpt(node);
    match arithmetic(node) {
        Some(result) => Diagnostic::new(
            Code::Operator,
            node.text_range(),
            format!("`{text}` is arithmetic: Nix evaluates it to {result}"),
        )
        .hint(format!(
            "write {result} if that is meant, one number, or \"{text}\" for a text"
        )),
        None => Diagnostic::new(
            Code::Operator,
            node.text_range(),
            format!("`{text}` has to be evaluated"),
        )
        .hint("write out its result"),
    }
}

fn arithmetic(node: &SyntaxNode) -> Option<i64> {
    match node.kind() {
        NODE_PAREN => arithmetic(&node.first_child()?),
        NODE_LITERAL => node.to_string().parse().ok(),
        NODE_UNARY_OP if node.first_token()?.kind() == TOKEN_SUB => {
            arithmetic(&node.first_child()?)?.checked_neg()
        }
        NODE_BIN_OP => {
            let mut operands = node.children();
            let left = arithmetic(&operands.next()?)?;
            let right = arithmetic(&operands.next()?)?;
            let kinds = node
                .children_with_tokens()
                .filter_map(rnix::NodeOrToken::into_token);
            match kinds
                .map(|token| token.kind())
                .find(|kind| !kind.is_trivia())?
            {
                TOKEN_ADD => left.checked_add(right),
                TOKEN_SUB => left.checked_sub(right),
                TOKEN_MUL => left.checked_mul(right),
                TOKEN_DIV => left.checked_div(right),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The text of a node, if it is short enough to be shown, else its start; on one line.
fn excerpt(node: &SyntaxNode) -> String {
    const SHOWN: usize = 40;
    let text = node.to_string();
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() > SHOWN {
        words = words.chars().take(SHOWN - 1).chain(['…']).collect();
    }
    words
}

/// Nix's token `[a-zA-Z][a-zA-Z0-9\+\-\.]*\:[a-zA-Z0-9\%\/\?\:\@\&\=\+\$\,\-\_\.\!\~\*\']+`.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        && !rest.is_empty()
        && rest
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"%/?:@&=+$,-_.!~*'".contains(&b))
}

/// Nix's tokens for paths, without the trailing slash that it refuses.
fn is_path(text: &str) -> bool {
    let Some((start, rest)) = text.split_once('/') else {
        return false;
    };
    (start == "~" || start.is_empty() || is_part(start)) && rest.split('/').all(is_part)
}

/// One name in a path.
fn is_part(part: &str) -> bool {
    !part.is_empty()
        && part
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-+".contains(&b))
}
