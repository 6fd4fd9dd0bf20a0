//! A profile's file, and where in it an attribute is.

use hw_profile::Profile;
use overlay_ast::literal::{self, Literal, Value};
use overlay_ast::{Document, Key, KeyPath, Span};

use super::super::subject::Subject;
use crate::dto::findings::{Finding, Place};
use crate::failure::{Failure, Problem};
use crate::findings::{NixFile, Source, nix_files, unchecked};
use crate::input;

/// A profile's file.
pub(crate) struct ProfileFile {
    file: NixFile,
    text: Text,
}

enum Text {
    /// Its places are known.
    Nix(Document),
    /// JSON or TOML: only the file is known.
    Other(String),
}

impl ProfileFile {
    /// Reads the file of a machine, or says why it cannot be checked.
    pub(super) fn read(subject: &Subject) -> Result<Self, Vec<Finding>> {
        let file = match nix_files(std::slice::from_ref(&subject.file)) {
            (files, problems) if problems.is_empty() && files.len() == 1 => files,
            (_, problems) if !problems.is_empty() => return Err(problems),
            // A directory: the system says so.
            _ => {
                let name = subject.file.display().to_string();
                let error = std::io::Error::from(std::io::ErrorKind::IsADirectory);
                return Err(vec![unchecked::unreadable(&name, &error)]);
            }
        };
        let [file] = &file[..] else {
            return Err(Vec::new());
        };
        let text = if input::profile::is_nix(&file.path) {
            Text::Nix(unchecked::read(file)?)
        } else {
            let text = std::fs::read_to_string(&file.path);
            Text::Other(text.map_err(|error| vec![unchecked::unreadable(&file.name, &error)])?)
        };
        Ok(Self {
            file: file.clone(),
            text,
        })
    }

    /// The profile in it, or why there is none.
    pub(super) fn profile(&self) -> Result<Profile, Vec<Finding>> {
        let failure = match input::profile::parse(&self.file.path, self.text()) {
            Ok(profile) => return Ok(profile),
            Err(failure) => failure,
        };
        let problems = match failure {
            Failure::Text { problems, .. } => problems,
            other => vec![Problem::new(0..0, other.to_string())],
        };
        Err(unchecked::not_a_profile(problems, &self.source()))
    }

    /// The file, where it is Nix.
    pub(crate) fn nix(&self) -> Option<(&NixFile, &Document)> {
        match &self.text {
            Text::Nix(document) => Some((&self.file, document)),
            Text::Other(_) => None,
        }
    }

    fn text(&self) -> &str {
        match &self.text {
            Text::Nix(document) => document.text(),
            Text::Other(text) => text,
        }
    }

    fn source(&self) -> Source<'_> {
        match &self.text {
            Text::Nix(document) => Source::of(&self.file.name, document),
            Text::Other(text) => Source::new(&self.file.name, text, 0),
        }
    }

    /// The place of the attribute `path`, or of the file where it is not written down; and whether
    /// it is the attribute's.
    pub(crate) fn place(&self, path: &str) -> (Place, bool) {
        let source = self.source();
        match self.span(path) {
            Some(span) => (source.place(span.into()), true),
            None => (source.whole(), false),
        }
    }

    fn span(&self, path: &str) -> Option<Span> {
        let Text::Nix(document) = &self.text else {
            return None;
        };
        let path: KeyPath = path.parse().ok()?;
        let (literal, _) = literal::parse(document.text());
        find(&literal?, path.keys())
    }
}

/// Where the value is, keys from the outside in.
fn find(literal: &Literal, keys: &[Key]) -> Option<Span> {
    let Some((first, rest)) = keys.split_first() else {
        return Some(literal.span);
    };
    let (Key::Static(name), Value::Attrs(attrs)) = (first, &literal.value) else {
        return None;
    };
    find(&attrs.get(name)?.value, rest)
}
