//! Edits of files in `fixtures/edit`: an operation, the file, and what becomes of it.
//!
//! `UPDATE_EXPECT=1 cargo test -p overlay-ast --test edit_fixtures` writes down what is done.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests read files and ask Nix"
)]

mod oracle;

use std::fmt::Write as _;
use std::path::PathBuf;

use overlay_ast::{Document, Error, Patch, Place, Scope};

struct Fixture {
    file: PathBuf,
    /// What to do, then options: `in: let`, `in: overrideAttrs NAME`, `in: override NAME`,
    /// `comment: …`, `lines: crlf`, `mark: bom`, `end: missing`.
    head: String,
    input: String,
    expected: String,
}

fn fixtures() -> Vec<Fixture> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/edit");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    files.sort();
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).expect("it can be read");
        let (head, rest) = text.split_once("== input\n").expect("it has an input");
        let (input, expected) = rest.split_once("\n== ").expect("it has an expectation");
        Fixture {
            head: head.to_owned(),
            input: format!("{input}\n"),
            expected: format!("== {expected}"),
            file,
        }
    };
    files.into_iter().map(read).collect()
}

impl Fixture {
    fn option(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1);
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The part of the file that attributes are meant in.
    fn scope(&self) -> Scope {
        let name = |name: &str| name.parse().expect("a name");
        match self.option("in").map(|part| part.split_once(' ')) {
            None => Scope::File,
            Some(None) => Scope::Let,
            Some(Some(("overrideAttrs", package))) => Scope::OverrideAttrs(name(package)),
            Some(Some((_, package))) => Scope::Override(name(package)),
        }
    }

    /// The file as the options want it.
    fn input(&self) -> String {
        let mut text = self.input.clone();
        if self.option("end") == Some("missing") {
            text.truncate(text.trim_end().len());
        }
        if self.option("lines") == Some("crlf") {
            text = text.replace('\n', "\r\n");
        }
        if self.option("mark") == Some("bom") {
            text.insert(0, '\u{feff}');
        }
        text
    }

    fn change(&self, document: &Document) -> Result<Patch, Error> {
        let operation = self.head.lines().next().unwrap_or_default();
        if let Some((path, value)) = operation
            .strip_prefix("set ")
            .and_then(|rest| rest.split_once(" = "))
        {
            return document
                .within(&self.scope())?
                .set(&path.parse()?, &value.parse()?);
        }
        if let Some((path, flags)) = operation
            .strip_prefix("append ")
            .and_then(|rest| rest.split_once(' '))
        {
            return document
                .within(&self.scope())?
                .append(&path.parse()?, &flags.parse()?);
        }
        if let Some((path, name)) = operation
            .strip_prefix("rename ")
            .and_then(|rest| rest.split_once(" to "))
        {
            return document.within(&self.scope())?.rename(&path.parse()?, name);
        }
        if let Some(path) = operation.strip_prefix("unset ") {
            return document.within(&self.scope())?.remove(&path.parse()?);
        }
        let (operation, list) = match operation.rsplit_once(" in ") {
            Some((operation, list)) => (operation, Some(list.parse()?)),
            None => (operation, None),
        };
        let (verb, rest) = operation
            .split_once(' ')
            .expect("a verb and what it is about");
        let (element, place) = place(rest);
        match verb {
            "enable" => document.enable(list.as_ref(), element),
            "disable" => document.disable(list.as_ref(), element),
            "remove" => document.remove_element(list.as_ref(), element),
            "move" => document.move_element(list.as_ref(), element, &place),
            "insert" => {
                let comment = self.option("comment");
                document.insert(list.as_ref(), &element.parse()?, &place, comment)
            }
            other => panic!("{other} is no operation"),
        }
    }

    /// What is written down of the outcome.
    fn outcome(&self) -> (Option<Document>, String) {
        let input = self.input();
        let (document, problems) = Document::parse(&input);
        let edited = self
            .change(&document)
            .and_then(|patch| Ok((document.apply(&patch)?.0, patch)));
        match edited {
            Ok((edited, patch)) => {
                assert!(problems.is_empty());
                let again = self.change(&edited).expect("it can be asked again");
                assert!(again.is_empty(), "{}: not idempotent", self.file.display());
                if self.option("lines") == Some("crlf") {
                    let ends = edited.text().matches("\r\n").count();
                    assert_eq!(ends, edited.text().matches('\n').count());
                }
                assert_eq!(edited.has_byte_order_mark(), document.has_byte_order_mark());
                assert_eq!(edited.has_final_newline(), document.has_final_newline());
                let shown = if patch.is_empty() {
                    "== unchanged\n".to_owned()
                } else {
                    let text = edited.text().replace('\r', "");
                    let end = if text.ends_with('\n') { "" } else { "\n" };
                    format!("== expected\n{text}{end}")
                };
                (Some(edited), shown)
            }
            Err(error) => {
                let mut shown = format!("== refused\n{}: {error}\n", error.code());
                for candidate in error.candidates() {
                    let (line, _) = candidate.span.line_column(document.text());
                    let _ = writeln!(shown, "line {line}: {}", candidate.message);
                }
                (None, shown)
            }
        }
    }
}

fn place(text: &str) -> (&str, Place) {
    if let Some((element, name)) = text.split_once(" before ") {
        (element, Place::Before(name.to_owned()))
    } else if let Some((element, name)) = text.split_once(" after ") {
        (element, Place::After(name.to_owned()))
    } else if let Some(element) = text.strip_suffix(" first") {
        (element, Place::First)
    } else {
        (text.strip_suffix(" last").unwrap_or(text), Place::Last)
    }
}

#[test]
fn files_become_what_is_expected() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let fixtures = fixtures();
    assert!(!fixtures.is_empty());
    for fixture in fixtures {
        let (_, shown) = fixture.outcome();
        if update {
            let text = format!("{}== input\n{}{shown}", fixture.head, fixture.input);
            std::fs::write(&fixture.file, text).expect("it can be written");
        } else {
            assert_eq!(shown, fixture.expected, "{}", fixture.file.display());
        }
    }
}

#[test]
fn nix_reads_what_the_edits_make() {
    // The files are being written then.
    if std::env::var_os("UPDATE_EXPECT").is_some()
        || !oracle::nix_is_there("nix_reads_what_the_edits_make")
    {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut files = Vec::new();
    for fixture in fixtures() {
        let Some(edited) = fixture.outcome().0 else {
            continue;
        };
        let (document, _) = Document::parse(&fixture.input());
        let name = fixture.file.file_stem().expect("it has a name");
        for (kind, text) in [("input", document.text()), ("edited", edited.text())] {
            let file = folder.path().join(format!("{}.{kind}.nix", name.display()));
            // Names that are not in scope are an error of parsing to Nix.
            std::fs::write(&file, format!("with {{ }}; {text}")).expect("it can be written");
            files.push(file);
        }
    }
    assert_eq!(oracle::parse(&files), Ok(()));
}
