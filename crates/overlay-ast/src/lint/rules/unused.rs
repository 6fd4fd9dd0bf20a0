//! Names that are bound and not used.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::collections::{HashMap, HashSet};

use rnix::SyntaxKind::*;
use rnix::{NodeOrToken, SyntaxNode, TextSize};
use rowan::Direction;

use crate::lint::context::{Context, file_lambda, has_ellipsis};
use crate::lint::rules::{Check, Run, rule};
use crate::lint::{Applicability, FileKind, Finding, Fix, Rule};
use crate::names::{Binding, BindingId, BindingKind};
use crate::{Span, TextEdit, layout};

pub(super) static CHECKS: &[Check] = &[
    Check {
        rule: rule!(
            "unused-formal",
            Note,
            "an argument that is named and not used"
        ),
        run: Run::File(unused_formals),
    },
    Check {
        rule: rule!(
            "unused-let",
            Warning,
            "a name that a `let` binds and nothing uses"
        ),
        run: Run::File(unused_lets),
    },
];

fn unused_lets(rule: &'static Rule, context: &Context<'_>, findings: &mut Vec<Finding>) {
    // What takes each `let` away as a whole, by where it starts.
    let mut whole = HashMap::new();
    let mut entries = Entries::new();
    for (id, binding) in unneeded(context, BindingKind::Let) {
        let name = &binding.name;
        let mut finding = Finding::new(
            rule,
            binding.places[0].text_range(),
            format!("`{name}` is bound and not used"),
        );
        if let Some(user) = context.names.references_to(id).next() {
            let by = match user.within {
                Some(owner) if owner != id => format!("`{}`", context.names.binding(owner).name),
                _ => "itself".to_owned(),
            };
            finding.message = format!("`{name}` is used by {by} alone, which is not used");
            finding = finding.label(user.node.text_range(), "used here");
        }
        let Some(scope) = binding.places[0]
            .ancestors()
            .find(|n| n.kind() == NODE_LET_IN)
        else {
            continue;
        };
        let start = scope.text_range().start();
        let whole = whole
            .entry(start)
            .or_insert_with(|| remove_let(context, &scope));
        let fix = whole
            .clone()
            .or_else(|| remove_binding(context, id, &mut entries));
        findings.push(finding.fix(fix));
    }
}

/// The bindings of that kind that nothing needs, but for those whose name says that it is meant
/// so, and for those in a definition that nothing needs: they go with it.
fn unneeded<'c, 't>(
    context: &'c Context<'t>,
    kind: BindingKind,
) -> impl Iterator<Item = (BindingId, &'c Binding<'t>)> {
    let unneeded = context.unneeded();
    context.names.bindings().filter(move |(id, binding)| {
        binding.kind == kind
            && unneeded.contains(id)
            && !binding.name.starts_with('_')
            && binding
                .within
                .is_none_or(|owner| !unneeded.contains(&owner))
    })
}

/// What is known of an entry of a `let`, which may bind many names.
struct Entry {
    /// Whether nothing needs any of what it binds, so that all of it can go.
    dead: bool,
    /// What goes then.
    cut: Cut,
}

/// Entries by where they start, so that each is looked at once.
type Entries = HashMap<TextSize, Entry>;

/// Takes a binding out of its `let`; none if what uses it has to go first.
fn remove_binding(context: &Context<'_>, id: BindingId, entries: &mut Entries) -> Option<Fix> {
    if !may_go(context, &[id]) {
        return None;
    }
    let binding = context.names.binding(id);
    let mut comments = false;
    let mut edits = Vec::new();
    for place in &binding.places {
        let node = place.ancestors().find(is_entry)?;
        let entry = entries
            .entry(node.text_range().start())
            .or_insert_with(|| Entry {
                dead: is_dead(context, &node),
                cut: cut(context.text, &node),
            });
        comments |= entry.cut.comments;
        if node.kind() == NODE_INHERIT && !entry.dead {
            let span = Span::from(place.text_range());
            let before = place.prev_sibling_or_token();
            let blank = before.filter(|part| part.kind() == TOKEN_WHITESPACE);
            let start = blank.map_or(span.start, |blank| Span::from(blank.text_range()).start);
            edits.push(TextEdit::delete(Span::new(start, span.end)));
        } else {
            edits.push(TextEdit::delete(entry.cut.span));
        }
    }
    Fix::new(
        format!("remove `{}`", binding.name),
        applicability(!comments),
        edits,
    )
}

fn is_dead(context: &Context<'_>, entry: &SyntaxNode) -> bool {
    let names = bound_by(entry);
    let ids: Option<Vec<_>> = names.iter().map(|n| context.names.bound_at(n)).collect();
    ids.is_some_and(|ids| may_go(context, &ids))
}

fn is_entry(node: &SyntaxNode) -> bool {
    matches!(node.kind(), NODE_INHERIT | NODE_ATTRPATH_VALUE)
}

/// The name nodes that an entry of a `let` binds.
fn bound_by(entry: &SyntaxNode) -> Vec<SyntaxNode> {
    if entry.kind() == NODE_INHERIT {
        let names = entry.children();
        names
            .filter(|part| part.kind() != NODE_INHERIT_FROM)
            .collect()
    } else {
        let key = entry.first_child().and_then(|path| path.first_child());
        key.into_iter().collect()
    }
}

/// Whether nothing needs any of these bindings, nor uses it outside of their own definitions.
fn may_go(context: &Context<'_>, ids: &[BindingId]) -> bool {
    let names = &context.names;
    let ids: HashSet<BindingId> = ids.iter().copied().collect();
    let within = |mut owner: Option<BindingId>| {
        while let Some(id) = owner {
            if ids.contains(&id) {
                return true;
            }
            owner = names.binding(id).within;
        }
        false
    };
    ids.iter().all(|&id| {
        let meant = names.binding(id).name.starts_with('_');
        let unneeded = !meant && context.unneeded().contains(&id);
        unneeded && names.references_to(id).all(|user| within(user.within))
    })
}

/// Takes a whole `let` away and leaves its body, if nothing of it is used and no comment is in
/// between.
fn remove_let(context: &Context<'_>, scope: &SyntaxNode) -> Option<Fix> {
    let entries = scope.children().filter(is_entry);
    let names = entries.flat_map(|entry| bound_by(&entry));
    let all: Option<Vec<_>> = names.map(|name| context.names.bound_at(&name)).collect();
    if !may_go(context, &all?) {
        return None;
    }
    let body = scope.last_child()?;
    let start = Span::from(scope.text_range()).start;
    let end = Span::from(body.text_range()).start;
    let mut head = scope
        .descendants_with_tokens()
        .take_while(|part| Span::from(part.text_range()).start < end);
    if head.any(|part| part.kind() == TOKEN_COMMENT) {
        return None;
    }
    let edit = TextEdit::delete(Span::new(start, end));
    Fix::new("remove the `let`", Applicability::Safe, vec![edit])
}

fn applicability(safe: bool) -> Applicability {
    if safe {
        Applicability::Safe
    } else {
        Applicability::Unsafe
    }
}

fn has_comment(node: &SyntaxNode) -> bool {
    let mut parts = node.descendants_with_tokens();
    parts.any(|part| part.kind() == TOKEN_COMMENT)
}

/// What goes with an entry of a set or `let`.
struct Cut {
    span: Span,
    /// Whether a comment goes with it.
    comments: bool,
}

/// The entry, the comments directly above it and the one behind it on its line, and the lines
/// that nothing is left on.
fn cut(text: &str, entry: &SyntaxNode) -> Cut {
    let own = Span::from(entry.text_range());
    let (mut start, mut end) = (own.start, own.end);
    let mut comments = has_comment(entry);
    let mut after = entry.next_sibling_or_token();
    if let Some(blank) = after.as_ref().and_then(NodeOrToken::as_token)
        && blank.kind() == TOKEN_WHITESPACE
        && !blank.text().contains('\n')
    {
        after = blank.next_sibling_or_token();
    }
    if let Some(comment) = after.filter(|part| part.kind() == TOKEN_COMMENT) {
        let span = Span::from(comment.text_range());
        if span.start < layout::next_line(text, own.end) {
            end = layout::trim_end(text, span).end;
            comments = true;
        }
    }
    let mut before = entry.prev_sibling_or_token();
    while let Some(NodeOrToken::Token(blank)) = &before
        && blank.kind() == TOKEN_WHITESPACE
        && blank.text().matches('\n').count() == 1
        && let Some(NodeOrToken::Token(comment)) = blank.prev_sibling_or_token()
        && comment.kind() == TOKEN_COMMENT
        && layout::starts_line(text, Span::from(comment.text_range()).start)
    {
        start = Span::from(comment.text_range()).start;
        comments = true;
        before = comment.prev_sibling_or_token();
    }
    if layout::starts_line(text, start) && layout::ends_line(text, end) {
        start = layout::line_start(text, start);
        end = layout::next_line(text, end);
        let blank_before = start == 0 || {
            let previous = layout::line_start(text, start - 1);
            let line = &text[previous..start];
            layout::is_blank(line) || line.trim_end().ends_with("let")
        };
        // Between two blank lines, one of them goes along.
        if blank_before && end < text.len() {
            let next = layout::next_line(text, end);
            if layout::is_blank(&text[end..next]) {
                end = next;
            }
        }
    } else if let Some(NodeOrToken::Token(blank)) = entry.next_sibling_or_token()
        && end == own.end
        && blank.kind() == TOKEN_WHITESPACE
    {
        end = Span::from(blank.text_range()).end;
    }
    Cut {
        span: Span::new(start, end),
        comments,
    }
}

fn unused_formals(rule: &'static Rule, context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut patterns: HashMap<TextSize, Option<bool>> = HashMap::new();
    for (_, binding) in unneeded(context, BindingKind::Formal) {
        let entry = binding.places[0].parent();
        let Some((entry, pattern)) = entry.and_then(|entry| Some((entry.clone(), entry.parent()?)))
        else {
            continue;
        };
        let safe = *patterns
            .entry(pattern.text_range().start())
            .or_insert_with(|| removable(context, &pattern));
        let Some(safe) = safe else { continue };
        let name = &binding.name;
        let place = binding.places[0].text_range();
        let finding = Finding::new(rule, place, format!("the argument `{name}` is not used"));
        findings.push(finding.fix(remove_formal(name, &entry, safe)));
    }
    for (_, binding) in unneeded(context, BindingKind::Whole) {
        let name = &binding.name;
        let finding = Finding::new(
            rule,
            binding.places[0].text_range(),
            format!("`{name}`, the whole argument, is not used"),
        );
        findings.push(finding.fix(remove_whole(binding)));
    }
}

/// Whether names of a pattern that are not used can go, and if so, whether it is safe.
fn removable(context: &Context<'_>, pattern: &SyntaxNode) -> Option<bool> {
    let file = file_lambda(context.root).and_then(|lambda| lambda.first_child());
    let of_file = file.as_ref() == Some(pattern);
    let open = has_ellipsis(pattern);
    // A closed pattern names what its callers pass, needed or not; only `callPackage` passes what
    // is named.
    if !(open || of_file && context.kind == FileKind::Package) {
        return None;
    }
    // What the module system and `callPackage` put in the whole depends on what is named.
    let whole = pattern.children().find(|part| part.kind() == NODE_PAT_BIND);
    let whole = whole.and_then(|bind| context.names.bound_at(&bind.first_child()?));
    if whole.is_some_and(|id| !context.unneeded().contains(&id)) {
        return None;
    }
    Some(open && of_file && context.kind == FileKind::Module)
}

/// Takes a name out of a set pattern.
fn remove_formal(name: &str, entry: &SyntaxNode, safe: bool) -> Option<Fix> {
    let own = Span::from(entry.text_range());
    let mut comments = has_comment(entry);
    let (mut next, mut end) = (None, own.end);
    for part in entry.siblings_with_tokens(Direction::Next).skip(1) {
        if matches!(part.kind(), NODE_PAT_ENTRY | TOKEN_ELLIPSIS) {
            next = Some(Span::from(part.text_range()));
            break;
        }
        comments |= part.kind() == TOKEN_COMMENT;
        if part.kind() == TOKEN_COMMA {
            end = Span::from(part.text_range()).end;
        }
    }
    // What the lines above it say may be about it.
    let mut before = entry.siblings_with_tokens(Direction::Prev).skip(1);
    comments |= before
        .by_ref()
        .take_while(|part| matches!(part.kind(), TOKEN_WHITESPACE | TOKEN_COMMENT))
        .any(|part| part.kind() == TOKEN_COMMENT);
    let previous = before.find(|part| part.kind() == NODE_PAT_ENTRY);
    let span = match (next, previous) {
        (Some(next), _) => Span::new(own.start, next.start),
        (None, Some(previous)) => Span::new(Span::from(previous.text_range()).end, own.end),
        // A comma may stand behind the last name, but not alone.
        (None, None) => Span::new(own.start, end),
    };
    Fix::new(
        format!("remove the argument `{name}`"),
        applicability(safe && !comments),
        vec![TextEdit::delete(span)],
    )
}

/// Takes `args@` away.
fn remove_whole(binding: &Binding<'_>) -> Option<Fix> {
    let bind = binding.places[0].parent()?;
    let own = Span::from(bind.text_range());
    let mut end = own.end;
    let mut start = own.start;
    let mut seen = bind.next_sibling_or_token();
    if bind
        .first_child_or_token()
        .is_some_and(|first| first.kind() == TOKEN_AT)
    {
        seen = bind.prev_sibling_or_token();
    }
    if let Some(blank) = seen.filter(|part| part.kind() == TOKEN_WHITESPACE) {
        let blank = Span::from(blank.text_range());
        start = start.min(blank.start);
        end = end.max(blank.end);
    }
    let edit = TextEdit::delete(Span::new(start, end));
    let title = format!("remove `{}`", binding.name);
    Fix::new(title, applicability(!has_comment(&bind)), vec![edit])
}
