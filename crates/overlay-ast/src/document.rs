//! A `.nix` file that can be edited.

use rnix::{NixLanguage, SyntaxNode};

use crate::{Diagnostic, Error, Patch, Span, parse};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// A `.nix` file: its text, and the syntax of it.
///
/// Questions and edits are methods. An edit gives a [`Patch`] and changes nothing;
/// [`Document::apply`] makes the change and verifies it by reading the result.
///
/// A byte order mark, which Nix refuses and some editors write, is kept beside the text: no edit
/// adds or removes it, and no position counts it.
#[derive(Clone, Debug)]
pub struct Document {
    text: String,
    /// None if Nix does not read the text.
    green: Option<rowan::GreenNode>,
    problems: Vec<Diagnostic>,
    byte_order_mark: bool,
}

impl Document {
    /// Reads a file. Takes time linear in the text.
    ///
    /// There is a document in any case, so that its text can be shown; if there are diagnostics,
    /// every question and every edit is refused with [`Error::Unreadable`].
    pub fn parse(file: &str) -> (Self, Vec<Diagnostic>) {
        let text = file.strip_prefix(BYTE_ORDER_MARK).unwrap_or(file);
        let (green, problems) = match parse::parse(text) {
            Ok(root) => (Some(root.green().to_owned()), Vec::new()),
            Err(problems) => (None, problems),
        };
        let document = Self {
            byte_order_mark: text.len() != file.len(),
            text: text.to_owned(),
            green,
            problems: problems.clone(),
        };
        (document, problems)
    }

    /// The text that positions refer to: the file without its byte order mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The file, byte order mark included.
    pub fn to_file(&self) -> String {
        let mark = self.byte_order_mark.then_some(BYTE_ORDER_MARK);
        mark.into_iter().chain(self.text.chars()).collect()
    }

    /// Whether the file starts with a byte order mark.
    pub fn has_byte_order_mark(&self) -> bool {
        self.byte_order_mark
    }

    /// The end of most of its lines: `"\r\n"` or `"\n"`.
    pub fn line_end(&self) -> &'static str {
        let windows = self.text.matches("\r\n").count();
        if windows * 2 > self.text.matches('\n').count() {
            "\r\n"
        } else {
            "\n"
        }
    }

    /// Whether its last line is ended.
    pub fn has_final_newline(&self) -> bool {
        self.text.ends_with('\n')
    }

    /// The document after the change, and the patch that takes it back.
    ///
    /// Takes time linear in the text; about half of that of [`Document::parse`] where the edits
    /// touch few entries of sets.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] if Nix does not read the document, [`Error::WouldBreak`] if it would
    /// not read the result, [`Error::OutsideText`] if the patch is for another text.
    pub fn apply(&self, patch: &Patch) -> Result<(Self, Patch), Error> {
        let root = self.root()?;
        let text = patch.apply(&self.text)?;
        let green = parse::edited(&root, patch, &text)
            .map_err(|diagnostics| Error::WouldBreak { diagnostics })?;
        let edited = Self {
            text,
            green: Some(green),
            problems: Vec::new(),
            byte_order_mark: self.byte_order_mark,
        };
        Ok((edited, patch.inverse(&self.text)?))
    }

    /// The root of the tree.
    pub(crate) fn root(&self) -> Result<SyntaxNode, Error> {
        match &self.green {
            Some(green) => Ok(rowan::SyntaxNode::<NixLanguage>::new_root(green.clone())),
            None => Err(Error::Unreadable {
                diagnostics: self.problems.clone(),
            }),
        }
    }

    pub(crate) fn span_text(&self, span: Span) -> &str {
        span.text(&self.text)
    }
}
