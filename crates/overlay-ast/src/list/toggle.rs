//! Commenting elements out and in.

use super::disabled;
use super::name::{At, not_found};
use super::read::{Lists, Piece, PieceKind};
use crate::{Document, Error, KeyPath, Patch, Span, TextEdit, layout};

impl Document {
    /// Makes an element count that is commented out: only the marks of the comment go.
    ///
    /// It is looked for in the list `list`, without one in all lists of the file, by the whole of
    /// it, by its name (`x` for `(import ./x.nix pkgs)`), or by a part of its name. The patch is
    /// empty if it counts already.
    ///
    /// ```
    /// let (file, _) = overlay_ast::Document::parse("[\n  # to get xdg_utils\n  # (import ./i3.nix)\n]");
    /// let (file, _) = file.apply(&file.enable(None, "i3")?)?;
    /// assert_eq!(file.text(), "[\n  # to get xdg_utils\n  (import ./i3.nix)\n]");
    /// assert!(file.enable(None, "i3")?.is_empty());
    /// # Ok::<(), overlay_ast::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Ambiguous`] with every element of that name, and those of
    /// [`Document::lists`].
    pub fn enable(&self, list: Option<&KeyPath>, element: &str) -> Result<Patch, Error> {
        self.toggle(list, element, true)
    }

    /// Comments an element out: line by line where it has its lines to itself, else with `/*` and
    /// `*/`. [`Document::enable`] is the inverse, byte for byte.
    ///
    /// # Errors
    ///
    /// As for [`Document::enable`]; [`Error::Conflict`] if it holds `*/` and shares its lines, or
    /// touches a name or path before it.
    pub fn disable(&self, list: Option<&KeyPath>, element: &str) -> Result<Patch, Error> {
        self.toggle(list, element, false)
    }

    fn toggle(&self, list: Option<&KeyPath>, name: &str, enable: bool) -> Result<Patch, Error> {
        let lists = self.lists_for(list)?;
        let named = lists.named(name);
        if named.is_empty() {
            return Err(not_found(name));
        }
        let change: Vec<_> = named
            .into_iter()
            .filter(|at| at.item.enabled != enable)
            .collect();
        match Lists::only(self, name, &change)? {
            None => Ok(Patch::default()),
            Some(at) if enable => Patch::new(uncomment(self.text(), at)),
            Some(at) => Patch::new(comment_out(self.text(), at)?),
        }
    }

    pub(super) fn lists_for(&self, list: Option<&KeyPath>) -> Result<Lists, Error> {
        match list {
            Some(path) => Lists::at(self, path),
            None => Lists::all(self),
        }
    }
}

fn uncomment(text: &str, At { list, item }: At<'_>) -> Vec<TextEdit> {
    let mut edits = Vec::new();
    let pieces = &list.pieces[item.first..=item.last];
    let indented = indented_by(text, pieces);
    for piece in pieces {
        let Span { start, end } = piece.span;
        let comment = piece.span.text(text);
        if let Some(inner) = disabled::block(comment) {
            let open = 2 + comment[2..].len() - comment[2..].trim_start().len();
            edits.push(TextEdit::delete(Span::new(start, start + open)));
            edits.push(TextEdit::delete(Span::new(start + open + inner.len(), end)));
        } else if comment == "#" && item.first != item.last {
            // An empty line within the element.
            edits.push(TextEdit::delete(Span::new(
                layout::line_start(text, start),
                end,
            )));
        } else {
            let body = disabled::line(comment).unwrap_or(comment);
            let body = body.get(indented..).unwrap_or("");
            edits.push(TextEdit::delete(Span::new(start, end - body.len())));
        }
    }
    edits
}

/// The blanks that every line of the comment starts with: some indent what they comment out below
/// the prose about it. Where the marks stand at the start of the line, they are its indentation.
fn indented_by(text: &str, pieces: &[Piece]) -> usize {
    if pieces
        .iter()
        .any(|piece| layout::line_start(text, piece.span.start) == piece.span.start)
    {
        return 0;
    }
    let bodies = pieces
        .iter()
        .filter_map(|piece| disabled::line(piece.span.text(text)))
        .filter(|body| !layout::is_blank(body));
    let blanks =
        bodies.map(|body| &body[..body.len() - body.trim_start_matches([' ', '\t']).len()]);
    let shared = blanks.reduce(|shared, line| {
        let pairs = shared.bytes().zip(line.bytes());
        &shared[..pairs.take_while(|(a, b)| a == b).count()]
    });
    shared.map_or(0, str::len)
}

fn comment_out(text: &str, at: At<'_>) -> Result<Vec<TextEdit>, Error> {
    if let Some(edits) = by_lines(text, at) {
        return Ok(edits);
    }
    let span = at.item.span;
    if span.text(text).contains("*/") {
        return Err(Error::Conflict {
            message: "the element shares its lines with others and holds `*/`, \
                      so it cannot be commented out"
                .to_owned(),
            span,
            hint: "put it on lines of its own",
        });
    }
    if layout::may_go_on(&text[..span.start]) {
        return Err(Error::Conflict {
            message: "the element touches the one before it, so it cannot be commented out"
                .to_owned(),
            span,
            hint: "put a blank between them",
        });
    }
    Ok(vec![
        TextEdit::insert(span.start, "/* "),
        TextEdit::insert(span.end, " */"),
    ])
}

/// With `# ` on every line, if the element has its lines to itself and can be read back.
fn by_lines(text: &str, At { list, item }: At<'_>) -> Option<Vec<TextEdit>> {
    let span = item.span;
    let (_, end) = list.trailing(text, item);
    if !layout::starts_line(text, span.start)
        || !layout::ends_line(text, end)
        || text[span.end..end].contains('\n')
    {
        return None;
    }
    let from = layout::line_start(text, span.start);
    let lines: Vec<&str> = text[from..end]
        .split('\n')
        .map(|line| line.trim_end_matches('\r'))
        .collect();
    // A comment would end there, and the rest of the line be code.
    if lines.iter().any(|line| line.contains('\r')) {
        return None;
    }
    let blanks = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    // What all lines start with, so that they stay aligned.
    let first = &lines[0][..blanks(lines[0])];
    let shared = lines
        .iter()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let pairs = first.bytes().zip(line.bytes());
            pairs.take_while(|(a, b)| a == b).count()
        })
        .min()?;
    let mut edits = Vec::new();
    let mut bodies = Vec::new();
    let mut at = from;
    for line in &lines {
        if line.is_empty() {
            edits.push(TextEdit::insert(at, format!("{}#", &first[..shared])));
            bodies.push("");
        } else {
            edits.push(TextEdit::insert(at + shared, "# "));
            bodies.push(&line[shared..]);
        }
        at = layout::next_line(text, at);
    }
    // An element above that is half commented out would swallow these lines.
    let above = list.pieces[..item.first].last().is_some_and(|piece| {
        piece.kind == PieceKind::Comment
            && layout::next_line(text, piece.span.end) == from
            && !list.items.iter().any(|other| other.last + 1 == item.first)
            && piece.span.text(text).starts_with('#')
            && disabled::line(piece.span.text(text))
                .is_some_and(|body| body.trim_start().starts_with(['(', '[', '{', '"', '\'']))
    });
    let (node, count) = disabled::element(&bodies)?;
    (!above
        && count == lines.len()
        && node.to_string().lines().count() == item.text().lines().count())
    .then_some(edits)
}
