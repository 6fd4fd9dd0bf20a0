//! Edits of texts, with no more of what is the same than stands around a change.

use drv_graph::compare::{LineEdit, WordEdit};

use crate::dto::diff::{Line, Words};

/// The edit with `context` same lines around each change, and as many same words around each
/// change within a line.
pub(super) fn lines(edits: &[LineEdit], context: usize) -> Vec<Line> {
    let is_same: Vec<bool> = edits
        .iter()
        .map(|edit| matches!(edit, LineEdit::Same(_)))
        .collect();
    let mut out = Vec::new();
    let mut at = 0;
    for run in is_same.chunk_by(|a, b| a == b) {
        let of_run = &edits[at..at + run.len()];
        let is_first = at == 0;
        at += run.len();
        if !run[0] {
            out.extend(of_run.iter().map(|edit| line(edit, context)));
            continue;
        }
        let (head, skipped, tail) = around(run.len(), context, is_first, at == edits.len());
        out.extend(of_run[..head].iter().map(|edit| line(edit, context)));
        if skipped > 0 {
            out.push(Line {
                edit: "skipped".to_owned(),
                text: None,
                words: Vec::new(),
                count: skipped as u64,
            });
        }
        out.extend(
            of_run[run.len() - tail..]
                .iter()
                .map(|edit| line(edit, context)),
        );
    }
    out
}

/// How many of `count` same things are shown behind a change, left out, and shown before the next
/// one. What is left out is at least two.
fn around(count: usize, context: usize, is_first: bool, is_last: bool) -> (usize, usize, usize) {
    let head = if is_first { 0 } else { context.min(count) };
    let tail = if is_last { 0 } else { context.min(count) };
    match count.checked_sub(head + tail) {
        None | Some(0 | 1) => (count, 0, 0),
        Some(skipped) => (head, skipped, tail),
    }
}

fn line(edit: &LineEdit, context: usize) -> Line {
    let (name, text, words) = match edit {
        LineEdit::Same(text) => ("same", Some(text), Vec::new()),
        LineEdit::Removed(text) => ("removed", Some(text), Vec::new()),
        LineEdit::Added(text) => ("added", Some(text), Vec::new()),
        LineEdit::Changed(edits) => ("changed", None, words(edits, context)),
    };
    Line {
        edit: name.to_owned(),
        text: text.cloned(),
        words,
        count: 1,
    }
}

fn words(edits: &[WordEdit], context: usize) -> Vec<Words> {
    let shown = |edit: &str, words: &[String]| Words {
        edit: edit.to_owned(),
        text: Some(words.concat()),
        count: words.len() as u64,
    };
    let mut out = Vec::new();
    for (at, edit) in edits.iter().enumerate() {
        match edit {
            WordEdit::Removed(words) => out.push(shown("removed", words)),
            WordEdit::Added(words) => out.push(shown("added", words)),
            WordEdit::Same(words) => {
                let is_last = at + 1 == edits.len();
                let (head, skipped, tail) = around(words.len(), context, at == 0, is_last);
                let parts = [&words[..head], &words[words.len() - tail..]];
                let [head, tail] =
                    parts.map(|part| (!part.is_empty()).then(|| shown("same", part)));
                out.extend(head);
                if skipped > 0 {
                    out.push(Words {
                        edit: "skipped".to_owned(),
                        text: None,
                        count: skipped as u64,
                    });
                }
                out.extend(tail);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_worth_it() {
        for (count, context, is_first, is_last, expected) in [
            (10, 3, false, false, (3, 4, 3)),
            (10, 3, true, false, (0, 7, 3)),
            (10, 3, false, true, (3, 7, 0)),
            (10, 3, true, true, (0, 10, 0)),
            (7, 3, false, false, (7, 0, 0)),
            (6, 3, false, false, (6, 0, 0)),
            (5, 3, false, false, (5, 0, 0)),
            (1, 0, false, false, (1, 0, 0)),
            (2, 0, false, false, (0, 2, 0)),
        ] {
            assert_eq!(around(count, context, is_first, is_last), expected);
        }
    }
}
