//! Removing elements, and moving them.

use super::insert::{New, Side};
use super::name::{At, not_found};
use super::read::{Container, Item, Lists, Piece, PieceKind};
use crate::{Document, Error, KeyPath, Patch, Place, Span, TextEdit, layout};

impl Document {
    /// Removes an element, with the comments that belong to it: those on the lines directly above
    /// it, and the one behind it on its line.
    ///
    /// It is looked for as by [`Document::enable`]; elements that are commented out stay. The
    /// patch is empty if there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Ambiguous`] with every element of that name, and those of [`Document::lists`].
    pub fn remove_element(&self, list: Option<&KeyPath>, element: &str) -> Result<Patch, Error> {
        let lists = self.lists_for(list)?;
        match self.enabled(&lists, element)? {
            Some(at) => Patch::new(vec![cut(self.text(), at).edit]),
            None => Ok(Patch::default()),
        }
    }

    /// Moves an element within its list, with the comments that belong to it. The patch is empty
    /// if it is there already.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Ambiguous`], those of [`Document::lists`];
    /// [`Error::Conflict`] if the place is in another list, or if comments belong to an element
    /// that shares its line.
    pub fn move_element(
        &self,
        list: Option<&KeyPath>,
        element: &str,
        place: &Place,
    ) -> Result<Patch, Error> {
        let lists = self.lists_for(list)?;
        let at = self
            .enabled(&lists, element)?
            .ok_or_else(|| not_found(element))?;
        let others: Vec<&Item> = at.list.items.iter().filter(|item| item.counts()).collect();
        let index = |item: &Item| others.iter().position(|other| other.first == item.first);
        let here = index(at.item).unwrap_or_default();
        let side = match place {
            Place::First if here == 0 => return Ok(Patch::default()),
            Place::Last if here + 1 == others.len() => return Ok(Patch::default()),
            Place::First => Side::Before(others[0]),
            Place::Last => Side::After(others[others.len() - 1]),
            Place::Before(_) | Place::After(_) => {
                let (target, side) = self.place(&lists, place)?;
                if target.span != at.list.span {
                    return Err(Error::Conflict {
                        message: "the place is in another list".to_owned(),
                        span: target.span,
                        hint: "remove the element here and insert it there",
                    });
                }
                side
            }
        };
        let stays = match side {
            Side::Before(anchor) => {
                anchor.first == at.item.first || index(anchor) == Some(here + 1)
            }
            Side::After(anchor) => {
                anchor.first == at.item.first || index(anchor).map(|index| index + 1) == Some(here)
            }
            Side::Alone => true,
        };
        if stays {
            return Ok(Patch::default());
        }
        let text = self.text();
        let cut = cut(text, at);
        let insert = match line_to_move_to(text, at.list, side) {
            Some(line) if cut.whole_lines => TextEdit::insert(line, cut.own.text(text).to_owned()),
            _ if cut.comments => {
                return Err(Error::Conflict {
                    message:
                        "a comment belongs to the element, and they are not on lines of their own"
                            .to_owned(),
                    span: at.item.span,
                    hint: "put each element on a line of its own",
                });
            }
            _ => New::plain(at.item.text()).edit(text, at.list, side)?,
        };
        Patch::new(vec![cut.edit, insert])
    }

    fn enabled<'a>(&self, lists: &'a Lists, name: &str) -> Result<Option<At<'a>>, Error> {
        // Of those that count: a word above an element can be what the element is called.
        Lists::only(self, name, &lists.named_among(name, |item| item.enabled))
    }
}

/// The start of the line that whole lines can be moved to.
fn line_to_move_to(text: &str, list: &Container, side: Side<'_>) -> Option<usize> {
    match side {
        Side::Before(anchor) => layout::starts_line(text, anchor.span.start)
            .then(|| layout::line_start(text, list.leading(text, anchor).1)),
        Side::After(anchor) => {
            let (_, end) = list.trailing(text, anchor);
            (layout::starts_line(text, anchor.span.start) && layout::ends_line(text, end))
                .then(|| layout::next_line(text, end))
        }
        Side::Alone => None,
    }
}

pub(crate) struct Cut {
    pub(crate) edit: TextEdit,
    /// The element and what belongs to it, without the blank lines that go too.
    own: Span,
    whole_lines: bool,
    /// Comments go with it.
    comments: bool,
}

/// What goes when the element goes.
pub(crate) fn cut(text: &str, At { list, item }: At<'_>) -> Cut {
    let (first, start) = list.leading(text, item);
    let (last, end) = list.trailing(text, item);
    let before = list.pieces[first - 1];
    let after = list.pieces[last + 1];
    let (own_start, own_end) = (
        layout::starts_line(text, start),
        layout::ends_line(text, end),
    );
    let gap_before = before.span.end < start;
    let gap_after = end < after.span.start;
    let own = match (own_start, own_end) {
        (true, true) => Span::new(
            layout::line_start(text, start),
            layout::next_line(text, end),
        ),
        (true, false)
            if after.kind != PieceKind::Closer || text[before.span.start..].starts_with('#') =>
        {
            Span::new(start, after.span.start)
        }
        (false, true) if before.kind == PieceKind::Opener && after.kind == PieceKind::Element => {
            Span::new(start, after.span.start)
        }
        (true, false) | (false, true) => Span::new(before.span.end, end),
        (false, false) if gap_before && (gap_after || after.kind == PieceKind::Closer) => {
            Span::new(before.span.end, end)
        }
        (false, false) if gap_after && before.kind == PieceKind::Opener => {
            Span::new(start, after.span.start)
        }
        (false, false) => Span::new(start, end),
    };
    let joins = !own_start
        && !own_end
        && !gap_before
        && !gap_after
        && before.kind != PieceKind::Opener
        && after.kind != PieceKind::Closer;
    let whole_lines = own_start && own_end;
    let gone = if whole_lines {
        with_blank_lines(text, before, own, after)
    } else {
        own
    };
    Cut {
        edit: TextEdit::replace(gone, if joins { " " } else { "" }),
        own,
        whole_lines,
        comments: first != item.first || last != item.last,
    }
}

/// `lines`, and the blank lines beside them that nothing would be left to separate: those above
/// if there are some below or nothing comes after, those below if nothing comes before.
fn with_blank_lines(text: &str, before: Piece, lines: Span, after: Piece) -> Span {
    let above = Span::new(layout::next_line(text, before.span.end), lines.start);
    let below = Span::new(lines.end, layout::line_start(text, after.span.start));
    let (starts, ends) = (
        before.kind == PieceKind::Opener,
        after.kind == PieceKind::Closer,
    );
    let blank = |span: Span| span.start < span.end;
    match (blank(above), blank(below)) {
        (true, true) => Span::new(above.start, lines.end),
        (true, false) if ends && !starts => Span::new(above.start, lines.end),
        (false, true) if starts && !ends => Span::new(lines.start, below.end),
        _ => lines,
    }
}
