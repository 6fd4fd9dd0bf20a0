//! New elements.

use super::name::not_found;
use super::read::{Container, Item, Lists, PieceKind};
use crate::key_path::words;
use crate::{Document, Error, Expression, KeyPath, Label, Patch, TextEdit, layout, scope};

/// Where in a list an element goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before all elements, and those that are commented out.
    First,
    /// After all elements, and those that are commented out.
    Last,
    /// Before the element of this name.
    Before(String),
    /// After the element of this name.
    After(String),
}

impl Document {
    /// Inserts an element, with a comment above it if one is given.
    ///
    /// The list is `list`, or the file itself. Of several, `a ++ lib.optionals c b`, it is the one
    /// that the place names, else the first or last that counts always. Elements on lines of
    /// their own get a line with the indentation of their neighbour, and a list on one line stays
    /// on one line. What would be several elements is put in parentheses. The patch is empty if
    /// the list has the element already.
    ///
    /// ```
    /// use overlay_ast::{Document, Place};
    ///
    /// let (file, _) = Document::parse("{ imports = [ ./b.nix ]; }");
    /// let imports = "imports".parse()?;
    /// let patch = file.insert(Some(&imports), &"./a.nix".parse()?, &Place::First, None)?;
    /// assert_eq!(file.apply(&patch)?.0.text(), "{ imports = [ ./a.nix ./b.nix ]; }");
    /// # Ok::<(), overlay_ast::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Document::lists`]; [`Error::NotFound`] and [`Error::Ambiguous`] for the place;
    /// [`Error::Conflict`] if the element is there and commented out; [`Error::Invalid`] if Nix
    /// would not read the comment.
    pub fn insert(
        &self,
        list: Option<&KeyPath>,
        element: &Expression,
        place: &Place,
        comment: Option<&str>,
    ) -> Result<Patch, Error> {
        let lists = match (list, place) {
            (None, Place::First | Place::Last) => Lists::of_body(self)?,
            _ => self.lists_for(list)?,
        };
        let comment = comment.unwrap_or("").trim().replace("\r\n", "\n");
        if comment.contains(['\0', '\r']) {
            return Err(Error::Invalid {
                text: comment,
                wanted: "a comment",
                hint: "leave out what is no text, and line ends of other systems",
            });
        }
        let new = New {
            text: element.as_element(),
            comment,
        };
        let (list_node, side) = self.place(&lists, place)?;
        // Without a list, only that one is meant.
        let meant = lists
            .0
            .iter()
            .filter(|other| list.is_some() || other.span == list_node.span);
        let same = meant
            .flat_map(|list| &list.items)
            .filter(|item| item.counts() && words(&item.text()) == words(&new.text));
        let same: Vec<&Item> = same.collect();
        if same.iter().any(|item| item.enabled) {
            return Ok(Patch::default());
        }
        if let Some(item) = same.first() {
            return Err(Error::Conflict {
                message: format!("`{}` is there, commented out", scope::excerpt(&new.text)),
                span: item.span,
                hint: "enable it",
            });
        }
        Patch::new(vec![new.edit(self.text(), list_node, side)?])
    }

    /// The list and the neighbour that `place` names.
    pub(super) fn place<'a>(
        &self,
        lists: &'a Lists,
        place: &Place,
    ) -> Result<(&'a Container, Side<'a>), Error> {
        let (Place::Before(name) | Place::After(name)) = place else {
            let list = self.always(lists, *place == Place::First)?;
            let mut items = list.items.iter().filter(|item| item.counts());
            let side = match place {
                Place::First => items.next().map(Side::Before),
                _ => items.next_back().map(Side::After),
            };
            return Ok((list, side.unwrap_or(Side::Alone)));
        };
        let mut named = lists.named(name);
        // A word in a comment has no place among elements.
        named.retain(|at| at.item.counts());
        let at = Lists::only(self, name, &named)?.ok_or_else(|| not_found(name))?;
        let side = match place {
            Place::Before(_) => Side::Before(at.item),
            _ => Side::After(at.item),
        };
        Ok((at.list, side))
    }

    /// The first or last of the lists that count always; the only one if it is conditional.
    fn always<'a>(&self, lists: &'a Lists, first: bool) -> Result<&'a Container, Error> {
        let mut always = lists.0.iter().filter(|list| !list.conditional);
        let found = if first {
            always.next()
        } else {
            always.next_back()
        };
        match (found, &lists.0[..]) {
            (Some(list), _) | (None, [list]) => Ok(list),
            (None, lists) => Err(Error::Ambiguous {
                what: "the list to insert into".to_owned(),
                candidates: lists
                    .iter()
                    .map(|list| Label {
                        span: list.span,
                        message: scope::excerpt(self.span_text(list.span)),
                    })
                    .collect(),
            }),
        }
    }
}

/// Beside which element.
#[derive(Clone, Copy)]
pub(crate) enum Side<'a> {
    Before(&'a Item),
    After(&'a Item),
    /// There is none.
    Alone,
}

pub(crate) struct New {
    pub(crate) text: String,
    pub(crate) comment: String,
}

impl New {
    /// Without a comment.
    pub(crate) fn plain(text: String) -> Self {
        Self {
            text,
            comment: String::new(),
        }
    }

    pub(crate) fn edit(
        &self,
        text: &str,
        list: &Container,
        side: Side<'_>,
    ) -> Result<TextEdit, Error> {
        match side {
            Side::Before(item) => self.before(text, list, item),
            Side::After(item) => self.after(text, list, item),
            Side::Alone => self.alone(text, list),
        }
    }

    fn before(&self, text: &str, list: &Container, item: &Item) -> Result<TextEdit, Error> {
        let start = item.span.start;
        if layout::starts_line(text, start) {
            let (_, start) = list.leading(text, item);
            return Ok(self.lines(
                text,
                layout::line_start(text, start),
                layout::indent(text, item.span.start),
            ));
        }
        let before = list.pieces[item.first - 1];
        let after_opener = before.kind == PieceKind::Opener;
        if list.is_one_line(text) || !after_opener {
            let element = self.inline(text, start)?;
            // Beside what stands before it, so that the gap to `item` stays as it is.
            return Ok(match (before.span.end == start, after_opener) {
                (true, true) => TextEdit::insert(start, format!("{element} ")),
                (true, false) => TextEdit::insert(start, format!(" {element} ")),
                (false, _) => TextEdit::insert(before.span.end, format!(" {element}")),
            });
        }
        // `[ a` with `b` below it: the new one takes its place, and `a` goes below.
        let column = layout::column(text, start);
        let block = self.block(&column, layout::line_end(text, start));
        Ok(TextEdit::insert(
            start,
            format!("{}{column}", &block[column.len()..]),
        ))
    }

    fn after(&self, text: &str, list: &Container, item: &Item) -> Result<TextEdit, Error> {
        let (last, end) = list.trailing(text, item);
        let start = item.span.start;
        let own_start = layout::starts_line(text, start);
        if layout::ends_line(text, end) {
            let after_opener = list.pieces[item.first - 1].kind == PieceKind::Opener;
            let indent = if own_start {
                layout::indent(text, start).to_owned()
            } else if after_opener {
                layout::column(text, start)
            } else if last == item.last {
                return Ok(TextEdit::insert(
                    end,
                    format!(" {}", self.inline(text, end)?),
                ));
            } else {
                layout::indent(text, start).to_owned()
            };
            return Ok(self.lines(text, layout::next_line(text, end), &indent));
        }
        let before_closer = list.pieces[last + 1].kind == PieceKind::Closer;
        if own_start && before_closer {
            let line_end =
                layout::line_end(text, layout::line_start(text, start).saturating_sub(1));
            let block = self.block(layout::indent(text, start), line_end);
            let block = block.strip_suffix(line_end).unwrap_or(&block);
            return Ok(TextEdit::insert(end, format!("{line_end}{block}")));
        }
        let end = if before_closer { end } else { item.span.end };
        let element = self.inline(text, end)?;
        let gap = if text[end..].starts_with('/') && layout::may_go_on(&element) {
            " "
        } else {
            ""
        };
        Ok(TextEdit::insert(end, format!(" {element}{gap}")))
    }

    fn alone(&self, text: &str, list: &Container) -> Result<TextEdit, Error> {
        let [.., before, closer] = &list.pieces[..] else {
            return Err(Error::OutsideText { span: list.span });
        };
        if !list.is_one_line(text) {
            // Above the comments that are there: below them, they would seem to be its own.
            let mut comments = list.pieces.iter().filter(|piece| {
                piece.kind == PieceKind::Comment && layout::starts_line(text, piece.span.start)
            });
            if let Some(comment) = comments.next() {
                let at = comment.span.start;
                return Ok(self.lines(
                    text,
                    layout::line_start(text, at),
                    layout::indent(text, at),
                ));
            }
            let at = closer.span.start;
            if layout::starts_line(text, at) {
                let indent = layout::deeper(text, layout::indent(text, at));
                return Ok(self.lines(text, layout::line_start(text, at), &indent));
            }
        }
        let at = before.span.end;
        let gap = if at == closer.span.start { " " } else { "" };
        Ok(TextEdit::insert(
            at,
            format!(" {}{gap}", self.inline(text, at)?),
        ))
    }

    fn lines(&self, text: &str, at: usize, indent: &str) -> TextEdit {
        TextEdit::insert(
            at,
            self.block(indent, layout::line_end(text, at.saturating_sub(1))),
        )
    }

    /// On lines of its own, the last one ended.
    fn block(&self, indent: &str, line_end: &str) -> String {
        let mut out = String::new();
        for line in self.comment.lines() {
            out.push_str(indent);
            out.push_str(format!("# {}", line.trim()).trim_end());
            out.push_str(line_end);
        }
        out.push_str(indent);
        out.push_str(&Expression::laid_out(&self.text, indent, line_end));
        out.push_str(line_end);
        out
    }

    /// Among others on one line.
    fn inline(&self, text: &str, at: usize) -> Result<String, Error> {
        let element = Expression::laid_out(
            &self.text,
            layout::indent(text, at),
            layout::line_end(text, at),
        );
        if self.comment.is_empty() {
            return Ok(element);
        }
        let comment = words(&self.comment);
        if comment.contains("*/") {
            return Err(Error::Invalid {
                text: comment,
                wanted: "a comment for a list on one line",
                hint: "leave out `*/`",
            });
        }
        Ok(format!("/* {comment} */ {element}"))
    }
}
