//! Changes to a text, as edits that do not overlap.

use std::collections::HashSet;

use crate::{Error, Span};

/// Replaces what stands at `span` with `insert`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextEdit {
    /// The bytes of the original text that go away; empty to insert only.
    pub span: Span,
    /// What comes in their place; empty to delete only.
    pub insert: String,
}

impl TextEdit {
    /// Replaces what stands at `span`.
    pub fn replace(span: Span, insert: impl Into<String>) -> Self {
        Self {
            span,
            insert: insert.into(),
        }
    }

    /// Inserts a text before the byte at `at`.
    pub fn insert(at: usize, insert: impl Into<String>) -> Self {
        Self::replace(Span::new(at, at), insert)
    }

    /// Deletes what stands at `span`.
    pub fn delete(span: Span) -> Self {
        Self::replace(span, "")
    }
}

/// A change to one text: edits in ascending order, none of which touches the bytes of another.
///
/// All positions are those of the original text. The empty patch changes nothing.
///
/// ```
/// use overlay_ast::{Patch, Span, TextEdit};
///
/// let text = "[ a c ]";
/// let patch = Patch::new(vec![
///     TextEdit::insert(4, "b "),
///     TextEdit::delete(Span::new(2, 4)),
/// ])?;
/// assert_eq!(patch.apply(text)?, "[ b c ]");
/// assert_eq!(patch.inverse(text)?.apply(&patch.apply(text)?)?, text);
/// # Ok::<(), overlay_ast::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Patch {
    edits: Vec<TextEdit>,
}

impl Patch {
    /// Takes edits in any order. Takes time n log n in their number.
    ///
    /// # Errors
    ///
    /// [`Error::Overlap`] if two edits share a byte, or insert at the same place, where their
    /// order would be a guess; or if one ends before it starts.
    pub fn new(mut edits: Vec<TextEdit>) -> Result<Self, Error> {
        edits.retain(|edit| edit.span.start != edit.span.end || !edit.insert.is_empty());
        edits.sort();
        if let Some(edit) = edits.iter().find(|edit| edit.span.start > edit.span.end) {
            return Err(Error::Overlap {
                first: edit.span,
                second: edit.span,
            });
        }
        for pair in edits.windows(2) {
            let (first, second) = (pair[0].span, pair[1].span);
            if second.start < first.end || first == second {
                return Err(Error::Overlap { first, second });
            }
        }
        Ok(Self { edits })
    }

    /// One patch that makes all the changes of `patches`, each of which was made for the same text,
    /// so that many edits of a file are verified by reading it once. Takes time n log n in the
    /// number of edits.
    ///
    /// The same edit in several patches is one edit. What several patches insert at one place
    /// stands there in the order of the patches.
    ///
    /// ```
    /// use overlay_ast::{Document, Patch};
    ///
    /// let (file, _) = Document::parse("{\n  a = 1;\n  b = [ ];\n}\n");
    /// let patch = Patch::join([
    ///     file.set(&"a".parse()?, &"2".parse()?)?,
    ///     file.set(&"c".parse()?, &"3".parse()?)?,
    ///     file.set(&"d".parse()?, &"4".parse()?)?,
    /// ])?;
    /// assert_eq!(
    ///     file.apply(&patch)?.0.text(),
    ///     "{\n  a = 2;\n  b = [ ];\n  c = 3;\n  d = 4;\n}\n"
    /// );
    /// let [one, other] = ["2", "3"].map(|value| file.set(&"a".parse()?, &value.parse()?));
    /// assert_eq!(Patch::join([one?, other?]).unwrap_err().code(), "overlap");
    /// # Ok::<(), overlay_ast::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Overlap`] if two of them replace the same bytes by different ones, or one inserts
    /// within what another replaces.
    pub fn join(patches: impl IntoIterator<Item = Self>) -> Result<Self, Error> {
        let mut edits: Vec<TextEdit> = patches.into_iter().flat_map(|patch| patch.edits).collect();
        // What is inserted at one place keeps its order.
        edits.sort_by_key(|edit| edit.span);
        let mut joined: Vec<TextEdit> = Vec::with_capacity(edits.len());
        let mut here: HashSet<String> = HashSet::new();
        for edit in edits {
            let last = joined.last_mut().filter(|last| last.span == edit.span);
            let Some(last) = last else {
                here.clear();
                here.insert(edit.insert.clone());
                joined.push(edit);
                continue;
            };
            if !here.insert(edit.insert.clone()) {
                continue;
            }
            if edit.span.start < edit.span.end {
                return Err(Error::Overlap {
                    first: last.span,
                    second: edit.span,
                });
            }
            last.insert.push_str(&edit.insert);
        }
        Self::new(joined)
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The edits, in ascending order.
    pub fn edits(&self) -> &[TextEdit] {
        &self.edits
    }

    /// The text with the changes made. Takes time linear in the text.
    ///
    /// # Errors
    ///
    /// [`Error::OutsideText`] if the patch was made for another text.
    pub fn apply(&self, text: &str) -> Result<String, Error> {
        let grown: usize = self.edits.iter().map(|edit| edit.insert.len()).sum();
        let mut out = String::with_capacity(text.len() + grown);
        let mut done = 0;
        for edit in &self.edits {
            let outside = || Error::OutsideText { span: edit.span };
            out.push_str(text.get(done..edit.span.start).ok_or_else(outside)?);
            out.push_str(&edit.insert);
            text.get(edit.span.start..edit.span.end)
                .ok_or_else(outside)?;
            done = edit.span.end;
        }
        out.push_str(&text[done..]);
        Ok(out)
    }

    /// The patch that takes the changed text back to `text`, byte for byte.
    ///
    /// # Errors
    ///
    /// As for [`Patch::apply`].
    pub fn inverse(&self, text: &str) -> Result<Self, Error> {
        let mut edits = Vec::with_capacity(self.edits.len());
        let (mut removed, mut inserted) = (0, 0);
        for edit in &self.edits {
            let old = text
                .get(edit.span.start..edit.span.end)
                .ok_or(Error::OutsideText { span: edit.span })?;
            let start = edit.span.start - removed + inserted;
            edits.push(TextEdit::replace(
                Span::new(start, start + edit.insert.len()),
                old,
            ));
            removed += old.len();
            inserted += edit.insert.len();
        }
        // Touching edits can become insertions at one place: they are one change then.
        let mut merged: Vec<TextEdit> = Vec::with_capacity(edits.len());
        for edit in edits {
            match merged.last_mut() {
                Some(last) if last.span.end == edit.span.start => {
                    last.span.end = edit.span.end;
                    last.insert.push_str(&edit.insert);
                }
                _ => merged.push(edit),
            }
        }
        Self::new(merged)
    }

    /// One patch that does what `self` and, on its result, `next` do. Takes time linear in both.
    ///
    /// # Errors
    ///
    /// [`Error::OutsideText`] if `next` cuts a character in two that `self` inserts.
    pub fn then(&self, next: &Self) -> Result<Self, Error> {
        let mut out = Builder::default();
        let mut first = Steps::new(&self.edits);
        let mut second = Steps::new(&next.edits);
        loop {
            match (first.peek(), second.peek()) {
                (Step::Delete(length), _) => {
                    out.delete(length);
                    first.advance(length);
                }
                (_, Step::Insert(text)) => {
                    out.insert(text);
                    second.advance(text.len());
                }
                (Step::Keep(None), Step::Keep(None)) => break,
                (Step::Insert(text), Step::Keep(length)) => {
                    let length = length.unwrap_or(text.len()).min(text.len());
                    out.insert(second.cut(text, length)?);
                    first.advance(length);
                    second.advance(length);
                }
                (Step::Insert(text), Step::Delete(length)) => {
                    let length = length.min(text.len());
                    second.cut(text, length)?;
                    first.advance(length);
                    second.advance(length);
                }
                (Step::Keep(kept), Step::Keep(wanted)) => {
                    let length = kept.unwrap_or(usize::MAX).min(wanted.unwrap_or(usize::MAX));
                    out.keep(length);
                    first.advance(length);
                    second.advance(length);
                }
                (Step::Keep(kept), Step::Delete(length)) => {
                    let length = kept.unwrap_or(usize::MAX).min(length);
                    out.delete(length);
                    first.advance(length);
                    second.advance(length);
                }
            }
        }
        Self::new(out.edits)
    }
}

/// What a patch does next; `Keep(None)` is all that is left.
#[derive(Clone, Copy)]
enum Step<'a> {
    Keep(Option<usize>),
    Delete(usize),
    Insert(&'a str),
}

/// A patch as a walk over its text.
struct Steps<'a> {
    edits: &'a [TextEdit],
    at: usize,
    /// Bytes of the current edit's insertion that are done.
    inserted: usize,
}

impl<'a> Steps<'a> {
    fn new(edits: &'a [TextEdit]) -> Self {
        Self {
            edits,
            at: 0,
            inserted: 0,
        }
    }

    fn peek(&self) -> Step<'a> {
        let Some(edit) = self.edits.first() else {
            return Step::Keep(None);
        };
        if self.at < edit.span.start {
            Step::Keep(Some(edit.span.start - self.at))
        } else if self.inserted < edit.insert.len() {
            Step::Insert(&edit.insert[self.inserted..])
        } else {
            Step::Delete(edit.span.end - self.at)
        }
    }

    fn advance(&mut self, length: usize) {
        if let Step::Insert(_) = self.peek() {
            self.inserted += length;
        } else {
            self.at += length;
        }
        if let [edit, rest @ ..] = self.edits
            && self.inserted == edit.insert.len()
            && self.at == edit.span.end
        {
            self.edits = rest;
            self.inserted = 0;
        }
    }

    fn cut<'t>(&self, text: &'t str, length: usize) -> Result<&'t str, Error> {
        text.get(..length).ok_or(Error::OutsideText {
            span: Span::new(self.at, self.at + length),
        })
    }
}

#[derive(Default)]
struct Builder {
    edits: Vec<TextEdit>,
    at: usize,
}

impl Builder {
    fn keep(&mut self, length: usize) {
        self.at += length;
    }

    fn delete(&mut self, length: usize) {
        self.at += length;
        let at = self.at;
        self.edit(at - length).span.end = at;
    }

    fn insert(&mut self, text: &str) {
        let at = self.at;
        self.edit(at).insert.push_str(text);
    }

    /// The edit that ends at `start`, or a new one.
    fn edit(&mut self, start: usize) -> &mut TextEdit {
        if self.edits.last().is_none_or(|last| last.span.end != start) {
            self.edits.push(TextEdit::delete(Span::new(start, start)));
        }
        self.edits.last_mut().expect("one was pushed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn patch_for(text: String) -> impl Strategy<Value = (String, Patch)> {
        let places: Vec<usize> = (0..=text.len())
            .filter(|&at| text.is_char_boundary(at))
            .collect();
        let cuts = proptest::collection::vec((0..places.len(), "[xyé\n]{0,3}"), 0..8);
        cuts.prop_map(move |mut cuts| {
            cuts.sort();
            cuts.dedup_by_key(|cut| cut.0);
            let edits = cuts.chunks(2).map(|pair| {
                let start = places[pair[0].0];
                let end = pair.get(1).map_or(start, |cut| places[cut.0]);
                TextEdit::replace(Span::new(start, end), pair[0].1.clone())
            });
            let patch = Patch::new(edits.collect()).expect("the edits are disjoint");
            (text.clone(), patch)
        })
    }

    proptest! {
        #[test]
        fn the_inverse_takes_back((text, patch) in "[a-eü\r\n ]{0,24}".prop_flat_map(patch_for)) {
            let changed = patch.apply(&text)?;
            prop_assert_eq!(patch.inverse(&text)?.apply(&changed)?, text);
        }

        #[test]
        fn one_after_the_other_is_one(
            (text, first, second) in "[a-eü\r\n ]{0,24}".prop_flat_map(patch_for).prop_flat_map(|(text, first)| {
                let changed = first.apply(&text).expect("it was made for this text");
                patch_for(changed).prop_map(move |(_, second)| (text.clone(), first.clone(), second))
            })
        ) {
            let stepwise = second.apply(&first.apply(&text)?)?;
            prop_assert_eq!(first.then(&second)?.apply(&text)?, stepwise);
        }
    }

    #[test]
    fn patches_of_one_text_are_joined() {
        let patch = |edits: &[(usize, usize, &str)]| {
            let edits = edits
                .iter()
                .map(|&(start, end, insert)| TextEdit::replace(Span::new(start, end), insert));
            Patch::new(edits.collect()).unwrap()
        };
        let join = |patches: &[Patch]| {
            let joined = Patch::join(patches.iter().cloned())?;
            joined.apply("abcd")
        };
        let first = patch(&[(1, 1, "x"), (3, 4, "D")]);
        assert_eq!(
            join(&[first.clone(), patch(&[(1, 1, "y"), (1, 2, "B")])]).as_deref(),
            Ok("axyBcD")
        );
        assert_eq!(
            join(&[patch(&[(1, 1, "y")]), first.clone(), first.clone()]).as_deref(),
            Ok("ayxbcD")
        );
        assert_eq!(join(&[]).as_deref(), Ok("abcd"));
        for other in [(3, 4, "E"), (2, 4, ""), (3, 3, "z")] {
            let joined = join(&[first.clone(), patch(&[other])]);
            if other == (3, 3, "z") {
                assert_eq!(joined.as_deref(), Ok("axbczD"));
            } else {
                assert_eq!(joined.unwrap_err().code(), "overlap", "{other:?}");
            }
        }
    }

    #[test]
    fn what_overlaps_is_refused() {
        let edit = |start, end| TextEdit::replace(Span::new(start, end), "x");
        assert!(Patch::new(vec![edit(0, 2), edit(2, 3)]).is_ok());
        assert!(Patch::new(vec![edit(2, 2), edit(2, 3)]).is_ok());
        for (first, second) in [((0, 2), (1, 3)), ((1, 1), (1, 1)), ((0, 4), (2, 2))] {
            let edits = vec![edit(first.0, first.1), edit(second.0, second.1)];
            assert_eq!(Patch::new(edits).unwrap_err().code(), "overlap");
        }
        assert_eq!(Patch::new(vec![edit(3, 1)]).unwrap_err().code(), "overlap");
    }

    #[test]
    fn a_patch_for_another_text_is_refused() {
        let patch = Patch::new(vec![TextEdit::insert(1, "x")]).unwrap();
        for text in ["", "é"] {
            assert_eq!(patch.apply(text).unwrap_err().code(), "outside-text");
        }
    }
}
