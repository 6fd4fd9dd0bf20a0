//! The text of a call that overrides, and where it goes around a package.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use super::chain::{Layer, result};
use crate::scope::takes_selection;
use crate::{Expression, Span, TextEdit, layout};

/// A call that is to be made.
pub(super) struct NewCall {
    pub(super) layer: Layer,
    /// `NAME = value;`
    pub(super) entry: String,
    /// What is before is used in it, by the name `old`.
    pub(super) uses_old: bool,
}

/// The name of what is before in calls that are made here.
pub(super) const OLD: &str = "old";

impl NewCall {
    /// `.overrideAttrs (old: { … })`; `unit` is the indentation of a line in it, or empty for one
    /// line.
    pub(super) fn text(&self, unit: &str) -> String {
        let (open, close) = match (self.layer, self.uses_old) {
            (_, true) => (format!("({OLD}: "), ")"),
            // A name that says that it is not used.
            (Layer::Attributes, false) => (format!("(_{OLD}: "), ")"),
            (Layer::Arguments, false) => (String::new(), ""),
        };
        let entry = Expression::laid_out(&self.entry, unit, "\n");
        let function = self.layer.function();
        if unit.is_empty() {
            format!(".{function} {open}{{ {entry} }}{close}")
        } else {
            format!(".{function} {open}{{\n{unit}{entry}\n}}{close}")
        }
    }

    /// The edits that put the call around the package that `value` is.
    pub(super) fn around(&self, text: &str, value: &SyntaxNode, unit: &str) -> Vec<TextEdit> {
        let package = Package::within(value, self.layer);
        let start = package.span.start;
        let indent = layout::indent(text, start);
        let line_end = layout::line_end(text, start);
        let call = Expression::laid_out(&self.text(unit), indent, line_end);
        let (mut before, mut after) = (String::new(), String::new());
        if package.is_called {
            before.push('(');
            after.push(')');
        }
        if package.is_closed {
            after.insert_str(0, &call);
        } else {
            before.push('(');
            after = format!("){call}{after}");
        }
        // The last byte is replaced by itself, so that two calls around one package are edits
        // that overlap: one behind the other, they would be no call of a call.
        let end = package.span.end;
        let last = &text[end - 1..end];
        vec![
            TextEdit::insert(start, before),
            TextEdit::replace(Span::new(end - 1, end), format!("{last}{after}")),
        ]
    }
}

/// What a call goes around.
struct Package {
    span: Span,
    /// `.name` can be put behind it as it is.
    is_closed: bool,
    /// Something is selected of it, so that what is put behind it needs parentheses.
    is_called: bool,
}

impl Package {
    /// The package in `value`: all of it, or, for arguments, what its other overrides start from.
    /// Arguments of the function come before attributes of its result.
    fn within(value: &SyntaxNode, layer: Layer) -> Self {
        let mut value = value.clone();
        while matches!(value.kind(), NODE_LET_IN | NODE_WITH | NODE_ASSERT)
            && let Some(body) = value.last_child()
        {
            value = body;
        }
        let mut package = Self {
            span: value.text_range().into(),
            is_closed: takes_selection(&value),
            is_called: false,
        };
        if layer == Layer::Attributes {
            return package;
        }
        let mut node = value;
        loop {
            let call = result(&node);
            let Some(select) = call.first_child().filter(|_| call.kind() == NODE_APPLY) else {
                return package;
            };
            let mut parts = select.children();
            let (Some(base), Some(path)) = (parts.next(), parts.next()) else {
                return package;
            };
            let overrides = path
                .last_child()
                .is_some_and(|name| name.to_string().starts_with("override"));
            if select.kind() != NODE_SELECT || !overrides {
                return package;
            }
            if path.children().count() == 1 {
                package = Self {
                    span: base.text_range().into(),
                    is_closed: takes_selection(&base),
                    is_called: true,
                };
                node = base;
            } else {
                let dots = path.children_with_tokens();
                let last = dots.filter(|part| part.kind() == TOKEN_DOT).last();
                let end = last.map_or(select.text_range().end(), |dot| dot.text_range().start());
                return Self {
                    span: Span::new(select.text_range().start().into(), end.into()),
                    is_closed: true,
                    is_called: true,
                };
            }
        }
    }
}
