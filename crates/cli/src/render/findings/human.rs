//! Findings with their source lines, for people.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use similar::{ChangeTag, TextDiff};

use crate::dto::findings::{
    Applicability, Cost, Excerpt, Finding, Fix, Place, Region, Report, Severity,
};
use crate::quantity::{bytes, duration, plural, size};
use crate::render::style::{self, paint};
use crate::render::untrusted::{for_terminal, line_for_terminal};

/// Every finding that counts, and a line with their number.
pub(crate) fn findings(document: &Report, columns: usize) -> String {
    let renderer = Renderer::styled().term_width(columns);
    let mut out = String::new();
    for found in document.counted() {
        one(found, &renderer, &mut out);
        out.push('\n');
    }
    out.push_str(&summary(document));
    out
}

fn one(found: &Finding, renderer: &Renderer, out: &mut String) {
    let message = match &found.subject {
        Some(subject) => format!("{subject}: {}", found.message),
        None => found.message.clone(),
    };
    let level = match found.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .primary_title(for_terminal(&message).into_owned())
        .id(for_terminal(&found.rule).into_owned());
    let mut group = Group::with_title(title);
    for view in views(found) {
        group = view.add_to(group);
    }
    let cost = found.cost.as_ref().map(cost).unwrap_or_default();
    if !cost.is_empty() {
        group = group.element(Level::NOTE.message(format!("costs {cost}")));
    }
    if let Some(hint) = &found.hint {
        group = group.element(Level::HELP.message(for_terminal(hint).into_owned()));
    }
    out.push_str(&renderer.render(&[group]));
    out.push('\n');
    if let Some(fix) = &found.fix {
        describe(fix, out);
    }
}

/// `3 h 20 min, 12.0 GB of memory, 1.2 GB of downloads`; empty if nobody knows.
pub(super) fn cost(cost: &Cost) -> String {
    let parts = [
        cost.ms.map(duration),
        cost.memory_bytes
            .map(|memory| format!("{} of memory", bytes(memory))),
        cost.download_bytes
            .map(|download| format!("{} of downloads", size(download))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(", ")
}

/// Places of one stretch of one file, shown together.
struct View<'a> {
    file: &'a str,
    source: Option<Excerpt>,
    places: Vec<(Option<&'a Region>, AnnotationKind, &'a str)>,
}

/// The place of the finding first, then the related ones; those whose lines are the same or
/// neighbours share a view.
fn views(found: &Finding) -> Vec<View<'_>> {
    let own = found
        .place
        .iter()
        .map(|it| (it, AnnotationKind::Primary, ""));
    let related = found
        .related
        .iter()
        .map(|it| (&it.place, AnnotationKind::Context, &*it.message));
    let mut views: Vec<View<'_>> = Vec::new();
    for (place, kind, message) in own.chain(related) {
        let marked = (place.region.as_ref(), kind, message);
        let joined = views.iter_mut().find_map(|view| {
            let source = view.joined(place)?;
            Some((view, source))
        });
        match joined {
            Some((view, source)) => {
                view.source = Some(source);
                view.places.push(marked);
            }
            None => views.push(View {
                file: &place.file,
                source: place.source.clone(),
                places: vec![marked],
            }),
        }
    }
    views
}

impl<'a> View<'a> {
    /// The lines of this view and of `place` as one, if they overlap or touch.
    fn joined(&self, place: &Place) -> Option<Excerpt> {
        let (ours, theirs) = (self.source.as_ref()?, place.source.as_ref()?);
        if self.file != place.file {
            return None;
        }
        let (first, second) = if ours.byte <= theirs.byte {
            (ours, theirs)
        } else {
            (theirs, ours)
        };
        let end = first.byte + first.text.len() as u64;
        if second.byte <= end {
            let overlap = (end - second.byte) as usize;
            let rest = second.text.get(overlap..).unwrap_or("");
            return Some(Excerpt {
                text: format!("{}{rest}", first.text),
                ..first.clone()
            });
        }
        let lines = first.text.matches('\n').count() as u64;
        let line_end = match second.byte - end {
            _ if first.line + lines + 1 != second.line => return None,
            1 => "\n",
            _ => "\r\n",
        };
        Some(Excerpt {
            text: format!("{}{line_end}{}", first.text, second.text),
            ..first.clone()
        })
    }

    fn add_to(self, group: Group<'a>) -> Group<'a> {
        let file = for_terminal(self.file).into_owned();
        let Some(source) = self.source else {
            let mut group = group;
            for (region, _, message) in self.places {
                let mut origin = Origin::path(file.clone());
                if let Some(region) = region {
                    origin = origin
                        .line(region.start_line as usize)
                        .char_column(region.start_column as usize);
                }
                group = group.element(origin);
                if !message.is_empty() {
                    group = group.element(Level::NOTE.message(for_terminal(message).into_owned()));
                }
            }
            return group;
        };
        let within = |at: u64| (at.saturating_sub(source.byte) as usize).min(source.text.len());
        let ranges: Vec<Range<usize>> = self
            .places
            .iter()
            .map(|(region, ..)| {
                region.map_or(0..0, |region| {
                    within(region.start_byte)..within(region.end_byte)
                })
            })
            .collect();
        let (text, ranges) = shown(&source.text, &ranges);
        let mut snippet = Snippet::source(text)
            .path(file)
            .line_start(source.line as usize);
        for ((_, kind, message), range) in self.places.into_iter().zip(ranges) {
            let annotation = kind.span(range);
            let label = (!message.is_empty()).then(|| for_terminal(message).into_owned());
            snippet = snippet.annotation(annotation.label(label));
        }
        group.element(snippet)
    }
}

/// The text without anything a terminal might act on, and where `ranges` of it have come to lie.
fn shown(text: &str, ranges: &[Range<usize>]) -> (String, Vec<Range<usize>>) {
    let mut out = String::with_capacity(text.len());
    let mut ends: Vec<usize> = Vec::with_capacity(text.len() + 1);
    for (at, line) in text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    }) {
        let (content, end) = match line.strip_suffix('\n') {
            Some(content) => (content.strip_suffix('\r').unwrap_or(content), "\n"),
            None => (line.strip_suffix('\r').unwrap_or(line), ""),
        };
        for (offset, c) in content.char_indices() {
            ends.resize(at + offset + 1, out.len());
            out.push_str(&line_for_terminal(c.encode_utf8(&mut [0; 4])));
        }
        ends.resize(at + line.len(), out.len());
        out.push_str(end);
    }
    ends.resize(text.len() + 1, out.len());
    let moved = ranges
        .iter()
        .map(|range| ends[range.start]..ends[range.end]);
    let moved = moved.collect();
    (out, moved)
}

/// What a fix does, and the lines it changes.
fn describe(fix: &Fix, out: &mut String) {
    let kind = match fix.applicability {
        Applicability::Safe => "fix",
        Applicability::Unsafe => "unsafe fix",
    };
    let _ = writeln!(
        out,
        "{}: {}",
        paint(style::GOOD, kind),
        for_terminal(&fix.title)
    );
    let changed = fix.source.as_ref().and_then(|source| {
        let after = applied(fix, source)?;
        Some((source, after))
    });
    let Some((source, after)) = changed else {
        let (first, last) = match (fix.edits.first(), fix.edits.last()) {
            (Some(first), Some(last)) => (first.region.start_line, last.region.end_line),
            _ => return,
        };
        let _ = writeln!(out, "   (it changes lines {first} to {last})");
        return;
    };
    let diff = TextDiff::from_lines(&*source.text, &after);
    let last = source.line as usize + source.text.lines().count().max(after.lines().count());
    let width = last.to_string().len();
    for change in diff.iter_all_changes() {
        let (index, style) = match change.tag() {
            ChangeTag::Equal => continue,
            ChangeTag::Delete => (change.old_index(), style::GONE),
            ChangeTag::Insert => (change.new_index(), style::NEW),
        };
        let line = source.line as usize + index.unwrap_or(0);
        let text = change.value().trim_end_matches(['\n', '\r']);
        let sign = change.tag();
        let shown = format!("{sign} {}", line_for_terminal(text));
        let _ = writeln!(out, "{line:>width$} {}", paint(style, shown.trim_end()));
    }
}

/// The lines after the change; none if it reaches beyond them.
fn applied(fix: &Fix, source: &Excerpt) -> Option<String> {
    let mut out = String::new();
    let mut done = 0;
    for edit in &fix.edits {
        let start = edit.region.start_byte.checked_sub(source.byte)? as usize;
        let end = edit.region.end_byte.checked_sub(source.byte)? as usize;
        out.push_str(source.text.get(done..start)?);
        out.push_str(&edit.insert);
        source.text.get(start..end)?;
        done = end;
    }
    out.push_str(source.text.get(done..)?);
    Some(out)
}

fn summary(document: &Report) -> String {
    let summary = &document.summary;
    let files = plural(summary.files, "file");
    let counts: Vec<String> = [
        (Severity::Error, style::ERROR),
        (Severity::Warning, style::WARNING),
        (Severity::Note, style::NOTE),
    ]
    .into_iter()
    .filter(|(severity, _)| summary.of(*severity) > 0)
    .map(|(severity, style)| paint(style, &plural(summary.of(severity), severity.as_str())))
    .collect();
    let mut out = if counts.is_empty() {
        format!("{} in {files}", paint(style::GOOD, "nothing found"))
    } else {
        format!("{} in {files}", counts.join(", "))
    };
    if summary.suppressed > 0 {
        let _ = write!(out, "; {} suppressed", summary.suppressed);
    }
    if summary.unchecked_files > 0 {
        let _ = write!(
            out,
            "; {} not checked",
            plural(summary.unchecked_files, "file")
        );
    }
    match (summary.safe_fixes, summary.unsafe_fixes) {
        (0, 0) => {}
        (safe, 0) => {
            let _ = write!(out, "; {safe} with a fix");
        }
        (0, risky) => {
            let _ = write!(out, "; {risky} with an unsafe fix");
        }
        (safe, risky) => {
            let _ = write!(out, "; {safe} with a fix, {risky} with an unsafe one");
        }
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests;
