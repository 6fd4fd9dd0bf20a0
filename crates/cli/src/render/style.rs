//! Colours. They repeat what the text says: without them nothing is lost.

use anstyle::{AnsiColor, Style};

/// Headings.
pub(crate) const HEADING: Style = Style::new().bold();
/// What matters less.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// The figures a reader came for.
pub(crate) const STRONG: Style = Style::new().bold();
/// Errors and what is over a limit.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Warnings.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// Notes and ways out.
pub(crate) const NOTE: Style = AnsiColor::Cyan.on_default();
/// What is well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// A line that goes.
pub(crate) const GONE: Style = AnsiColor::Red.on_default();
/// A line that comes.
pub(crate) const NEW: Style = AnsiColor::Green.on_default();

const TIERS: [AnsiColor; 6] = [
    AnsiColor::Red,
    AnsiColor::Yellow,
    AnsiColor::Green,
    AnsiColor::Cyan,
    AnsiColor::Magenta,
    AnsiColor::Blue,
];

/// The colour of the tier at that place in the document.
pub(crate) fn tier(index: usize) -> Style {
    TIERS[index % TIERS.len()].on_default()
}

/// `text` in `style`.
pub(crate) fn paint(style: Style, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("{style}{text}{style:#}")
}
