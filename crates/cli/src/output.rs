//! Where results go, and how a command ends.

use std::io::{self, BufWriter, Write};

use crate::failure::Failure;
use crate::render::Screen;

/// How a command that did its work ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With exit code 0.
    Clean,
    /// With exit code 1: a gate is exceeded, or the plan cannot be carried out as it stands.
    Finding,
    /// With exit code 2: something could not be checked, which the output says.
    Unchecked,
}

/// Columns when nobody says: what fits a pull request's comment and a printed page.
const COLUMNS: usize = 100;

/// The screen to fill: `COLUMNS` if set, else the terminal's, else 100.
pub(crate) fn screen(ascii: bool) -> Screen {
    let said = std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok());
    let terminal =
        || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0.into());
    Screen::new(said.or_else(terminal).unwrap_or(COLUMNS), ascii)
}

/// Writes a text with ANSI styles; they are left out where they do not belong.
pub(crate) fn write(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    let done = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    done.map_err(Failure::Output)
}

/// Writes a text as it is: it is for a program.
pub(crate) fn write_plain(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let done = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    done.map_err(Failure::Output)
}

/// Writes a document as JSON, indented for people who look at it all the same.
pub(crate) fn write_json(document: &impl serde::Serialize) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let done = serde_json::to_writer_pretty(&mut out, document).map_err(io::Error::from);
    let done = done
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    done.map_err(Failure::Output)
}

/// A line on standard error. That it cannot be written is nothing to end for.
pub(crate) fn complain(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "{}", text.trim_end());
}
