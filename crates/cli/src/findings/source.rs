//! Places in a text, as documents give them.

use std::ops::Range;

use overlay_ast::Document;

use crate::dto::findings::{Applicability, Edit, Excerpt, Fix, Place, Region};

/// Lines of an excerpt at most. A longer region can be understood from its beginning.
const MOST_LINES: usize = 12;
/// Bytes of an excerpt at most: some files are one line.
const MOST_BYTES: usize = 4000;

/// A file whose findings are being written down.
#[derive(Clone, Debug)]
pub(crate) struct Source<'t> {
    file: String,
    text: &'t str,
    /// Bytes of the file before `text`: its byte order mark.
    before: usize,
    line_starts: Vec<usize>,
    /// Then a column is an offset.
    is_ascii: bool,
}

impl<'t> Source<'t> {
    /// The file of that name whose text, after `before` bytes, is `text`. Takes time linear in
    /// the text.
    pub(crate) fn new(file: impl Into<String>, text: &'t str, before: usize) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self {
            file: file.into(),
            text,
            before,
            line_starts: std::iter::once(0)
                .chain(ends.map(|(at, _)| at + 1))
                .collect(),
            is_ascii: text.is_ascii(),
        }
    }

    /// The file of that name, which is `document`.
    pub(crate) fn of(file: &str, document: &'t Document) -> Self {
        let mark = if document.has_byte_order_mark() { 3 } else { 0 };
        Self::new(file, document.text(), mark)
    }

    /// The file as a whole.
    pub(crate) fn whole(&self) -> Place {
        Place {
            file: self.file.clone(),
            region: None,
            source: None,
        }
    }

    /// The place of a byte range of the text.
    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        let span = self.inside(span);
        Place {
            file: self.file.clone(),
            region: Some(self.region(span.clone())),
            source: self.excerpt(span),
        }
    }

    /// A change to this file, given in the order of the file.
    pub(crate) fn fix<'e>(
        &self,
        title: &str,
        applicability: Applicability,
        edits: impl IntoIterator<Item = (Range<usize>, &'e str)>,
    ) -> Fix {
        let mut touched: Option<Range<usize>> = None;
        let edits = edits
            .into_iter()
            .map(|(span, insert)| {
                let span = self.inside(span);
                let start = touched.as_ref().map_or(span.start, |all| all.start);
                touched = Some(start..span.end);
                Edit {
                    region: self.region(span),
                    insert: insert.to_owned(),
                }
            })
            .collect();
        // Half of a change would mislead.
        let source = touched.and_then(|span| {
            let excerpt = self.excerpt(span.clone())?;
            let end = excerpt.byte as usize - self.before + excerpt.text.len();
            let last_line = self.lines(span.end..span.end).end;
            (end == last_line).then_some(excerpt)
        });
        Fix {
            title: title.to_owned(),
            applicability,
            edits,
            source,
        }
    }

    /// The nearest range that cuts no character in two and lies within the text.
    fn inside(&self, span: Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(span.start);
        let end = self.text.ceil_char_boundary(span.end.max(start));
        start..end
    }

    fn region(&self, span: Range<usize>) -> Region {
        let (start_line, start_column) = self.line_column(span.start);
        let (end_line, end_column) = self.line_column(span.end);
        Region {
            start_byte: (self.before + span.start) as u64,
            end_byte: (self.before + span.end) as u64,
            start_line,
            start_column,
            end_line,
            end_column,
        }
    }

    fn line_column(&self, at: usize) -> (u64, u64) {
        let line = self.line(at);
        let start = self.line_starts[line];
        let column = if self.is_ascii {
            at - start
        } else {
            self.text[start..at].chars().count()
        };
        (line as u64 + 1, column as u64 + 1)
    }

    /// The line of `at`, counted from 0.
    fn line(&self, at: usize) -> usize {
        self.line_starts.partition_point(|&start| start <= at) - 1
    }

    /// The whole lines that `span` touches, without the end of the last.
    fn lines(&self, span: Range<usize>) -> Range<usize> {
        let start = self.line_starts[self.line(span.start)];
        let last = self.line(span.end);
        let end = match self.line_starts.get(last + 1) {
            Some(next) => {
                let line = &self.text[..next - 1];
                line.strip_suffix('\r').unwrap_or(line).len()
            }
            None => self.text.len(),
        };
        // A place between CR and LF is behind the line.
        start..end.max(start)
    }

    /// As many of the lines of `span` as are shown; none if the first is too long already.
    fn excerpt(&self, span: Range<usize>) -> Option<Excerpt> {
        let first = self.line(span.start);
        let mut last = self.line(span.end).min(first + MOST_LINES - 1);
        loop {
            let end = self.line_starts[last].max(span.start);
            let lines = self.lines(span.start..end);
            if lines.len() <= MOST_BYTES {
                return Some(Excerpt {
                    line: first as u64 + 1,
                    byte: (self.before + lines.start) as u64,
                    text: self.text[lines].to_owned(),
                });
            }
            if last == first {
                return None;
            }
            last -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_columns_and_bytes() {
        let source = Source::new("a.nix", "{\r\n  é = 1;\r\n}\n", 3);
        let place = source.place(10..11);
        let region = place.region.unwrap();
        assert_eq!((region.start_byte, region.end_byte), (13, 14));
        assert_eq!((region.start_line, region.start_column), (2, 7));
        assert_eq!((region.end_line, region.end_column), (2, 8));
        let excerpt = place.source.unwrap();
        assert_eq!(
            (excerpt.line, excerpt.byte, &*excerpt.text),
            (2, 6, "  é = 1;")
        );
        let end = source.place(17..17);
        assert_eq!(end.region.unwrap().start_line, 4);
        assert_eq!(end.source.unwrap().text, "");
    }

    #[test]
    fn a_long_region_is_shown_from_its_beginning_and_a_long_change_not_at_all() {
        let text = "line\n".repeat(100);
        let source = Source::new("a.nix", &text, 0);
        let shown = source.place(7..450).source.unwrap();
        assert_eq!((shown.line, shown.text.lines().count()), (2, MOST_LINES));
        let change = |span| source.fix("x", Applicability::Safe, [(span, "y")]).source;
        assert_eq!(change(7..450), None);
        assert_eq!(change(7..12).unwrap().text, "line\nline");
        let text = "x".repeat(MOST_BYTES + 1);
        assert_eq!(Source::new("a.nix", &text, 0).place(0..1).source, None);
    }

    proptest! {
        #[test]
        fn any_range_of_any_text_has_a_place(text in "[aé\t \r\n]{0,40}", start in 0..50_usize, end in 0..50_usize) {
            let source = Source::new("a.nix", &text, 0);
            let place = source.place(start..end);
            let region = place.region.expect("it was given a range");
            let excerpt = place.source.expect("the text is short");
            prop_assert!(region.end_byte as usize <= text.len());
            prop_assert!(excerpt.byte <= region.start_byte);
            prop_assert_eq!(excerpt.line, region.start_line);
            prop_assert!(text[excerpt.byte as usize..].starts_with(&excerpt.text));
            let fix = source.fix("x", Applicability::Safe, [(start..end, "y")]);
            prop_assert_eq!(fix.edits[0].region, region);
        }
    }
}
