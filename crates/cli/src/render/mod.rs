//! From a document to what a person or a program reads. Everything here is a pure function of
//! the document: the terminal's width and the choice of characters are parameters.

pub(crate) mod dot;
pub(crate) mod explain;
mod gantt;
pub(crate) mod human;
mod paragraph;
#[cfg(test)]
mod sample;
pub(crate) mod sh;
mod style;
mod table;
pub(crate) mod untrusted;

/// How a screen looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    /// Columns to fill, at least [`Screen::NARROWEST`].
    pub(crate) columns: usize,
    /// Only ASCII: for terminals, fonts and logs that show nothing else.
    pub(crate) ascii: bool,
}

impl Screen {
    /// Below this the tables would have to lose columns; a narrower terminal wraps.
    pub(crate) const NARROWEST: usize = 60;
    /// Beyond this a line is hard to follow, and the Gantt gains nothing.
    pub(crate) const WIDEST: usize = 160;

    /// A screen of that many columns, within what is readable.
    pub(crate) fn new(columns: usize, ascii: bool) -> Self {
        Self {
            columns: columns.clamp(Self::NARROWEST, Self::WIDEST),
            ascii,
        }
    }
}
