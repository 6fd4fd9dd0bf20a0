//! What the rules find in the files of `fixtures/lint/RULE`, and what their fixes make of them.
//!
//! `UPDATE_EXPECT=1 cargo test -p overlay-ast --test lint_fixtures` writes down what is found.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests read files and ask Nix"
)]

mod oracle;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use overlay_ast::Document;
use overlay_ast::lint::{
    Applicability, FileKind, Options, UpstreamAttribute, ValueType, combine, rules,
};

struct Fixture {
    file: PathBuf,
    /// The rule that it is about.
    rule: String,
    /// Options: `kind: module`, `upstream: zlib NIX_CFLAGS_COMPILE string env`,
    /// `dependents: zlib 12`, `value: memory.total string`.
    head: String,
    input: String,
    expected: String,
}

fn fixtures() -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lint");
    let list = |folder: &Path| {
        let entries = std::fs::read_dir(folder).expect("the folder is there");
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.expect("it can be read").path())
            .collect();
        paths.sort();
        paths
    };
    let mut fixtures = Vec::new();
    for folder in list(&folder) {
        let rule = folder.file_name().expect("it has a name");
        let rule = rule.to_string_lossy().into_owned();
        for file in list(&folder) {
            let text = std::fs::read_to_string(&file).expect("it can be read");
            let (head, rest) = text.split_once("== input\n").expect("it has an input");
            let (input, expected) = rest.split_once("== found\n").unwrap_or((rest, ""));
            fixtures.push(Fixture {
                rule: rule.clone(),
                head: head.to_owned(),
                input: input.to_owned(),
                expected: expected.to_owned(),
                file,
            });
        }
    }
    fixtures
}

fn value_type(name: &str) -> ValueType {
    match name {
        "bool" => ValueType::Bool,
        "number" => ValueType::Number,
        "string" => ValueType::String,
        "list" => ValueType::List,
        "set" => ValueType::Set,
        other => panic!("{other} is no type"),
    }
}

impl Fixture {
    fn options(&self) -> Options {
        let mut options = Options::default();
        for line in self.head.lines() {
            let (name, value) = line.split_once(": ").expect("an option and its value");
            let words: Vec<&str> = value.split(' ').collect();
            match (name, &words[..]) {
                ("kind", [kind]) => {
                    options.kind = Some(match *kind {
                        "module" => FileKind::Module,
                        "overlay" => FileKind::Overlay,
                        "package" => FileKind::Package,
                        "other" => FileKind::Other,
                        kind => panic!("{kind} is no kind of file"),
                    });
                }
                ("upstream", [package, attribute, kind, rest @ ..]) => {
                    let key = ((*package).to_owned(), (*attribute).to_owned());
                    let known = UpstreamAttribute {
                        value: value_type(kind),
                        in_env: *rest == ["env"],
                    };
                    options.facts.upstream.insert(key, known);
                }
                ("dependents", [package, count]) => {
                    let count = count.parse().expect("a number");
                    options
                        .facts
                        .dependents
                        .insert((*package).to_owned(), count);
                }
                ("value", [path, kind]) => {
                    let path = (*path).to_owned();
                    options.facts.values.insert(path, value_type(kind));
                }
                ("without", rules) => {
                    for rule in rules {
                        options.rules = options.rules.without(rule);
                    }
                }
                _ => panic!("{}: {line} is no option", self.file.display()),
            }
        }
        options
    }

    fn document(&self) -> Document {
        let (document, problems) = Document::parse(&self.input);
        assert_eq!(problems, [], "{}", self.file.display());
        document
    }

    fn fixed(&self, allowed: Applicability) -> Option<String> {
        let document = self.document();
        let patch = document.fix(&self.options(), allowed).expect("it is fixed");
        let edited = document.apply(&patch).expect("Nix reads it").0;
        (!patch.is_empty()).then(|| edited.text().to_owned())
    }

    /// What is written down.
    fn outcome(&self) -> String {
        let document = self.document();
        let mut out = String::new();
        for finding in document.lint(&self.options()) {
            let place = |span: overlay_ast::Span| {
                let (line, column) = span.line_column(document.text());
                format!("{line}:{column}")
            };
            let severity = finding.rule.severity.as_str();
            let (id, message) = (finding.rule.id, &finding.message);
            let at = place(finding.span);
            let _ = writeln!(out, "{at} {severity}[{id}]: {message}");
            for label in &finding.labels {
                let _ = writeln!(out, "  {}: {}", place(label.span), label.message);
            }
            if let Some(hint) = &finding.hint {
                let _ = writeln!(out, "  hint: {hint}");
            }
            if let Some(fix) = &finding.fix {
                let _ = writeln!(out, "  {:?} fix: {}", fix.applicability, fix.title);
            }
        }
        let safely = self.fixed(Applicability::Safe);
        let wholly = self.fixed(Applicability::Unsafe);
        if let Some(text) = &safely {
            let _ = write!(out, "== fixed\n{text}");
        }
        if let Some(text) = wholly.filter(|text| Some(text) != safely.as_ref()) {
            let _ = write!(out, "== fixed unsafely\n{text}");
        }
        out
    }
}

#[test]
fn what_is_found_is_what_is_expected() {
    let update = updating();
    let mut wrong = String::new();
    for fixture in fixtures() {
        let found = fixture.outcome();
        if update {
            let text = format!(
                "{}== input\n{}== found\n{found}",
                fixture.head, fixture.input
            );
            std::fs::write(&fixture.file, text).expect("it can be written");
        } else if found != fixture.expected {
            let (file, expected) = (fixture.file.display(), &fixture.expected);
            let _ = writeln!(wrong, "{file}: expected\n{expected}\nfound\n{found}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Whether the files are being written, so that other tests have nothing to go by.
fn updating() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some()
}

#[test]
fn every_rule_has_a_page_and_fixtures() {
    if updating() {
        return;
    }
    let fixtures = fixtures();
    for rule in rules() {
        let page = rule.explanation;
        let title = format!("# {}\n", rule.id);
        assert!(
            page.starts_with(&title),
            "rules/{}.md has no title",
            rule.id
        );
        for heading in ["## What it costs", "## Instead", "## When to allow it"] {
            let there = page.contains(&format!("\n{heading}\n"));
            assert!(there, "rules/{}.md does not say `{heading}`", rule.id);
        }
        assert!(
            page.contains("```nix\n"),
            "rules/{}.md has no example",
            rule.id
        );
        let own = || fixtures.iter().filter(|fixture| fixture.rule == rule.id);
        let fires = |fixture: &Fixture| {
            let findings = fixture.document().lint(&fixture.options());
            findings.iter().any(|finding| finding.rule == *rule)
        };
        assert!(own().any(fires), "nothing fires {}", rule.id);
        assert!(
            own().any(|fixture| !fires(fixture)),
            "nothing is silent to {}",
            rule.id
        );
    }
    let ids: BTreeSet<&str> = rules().iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), rules().len(), "two rules have one id");
    for fixture in &fixtures {
        assert!(ids.contains(&*fixture.rule), "{} is no rule", fixture.rule);
    }
}

#[test]
fn fixes_come_to_an_end_and_keep_comments() {
    if updating() {
        return;
    }
    for fixture in fixtures() {
        let (document, options) = (fixture.document(), fixture.options());
        let name = fixture.file.display();
        for allowed in [Applicability::Safe, Applicability::Unsafe] {
            let patch = document.fix(&options, allowed).expect("it is fixed");
            let (edited, undo) = document.apply(&patch).expect("Nix reads it");
            let again = edited
                .fix(&options, allowed)
                .expect("it can be asked again");
            assert!(again.is_empty(), "{name}: a second run finds more to fix");
            assert_eq!(
                edited.apply(&undo).expect("it is undone").0.text(),
                document.text()
            );
            if allowed == Applicability::Safe {
                assert_eq!(comments(&edited), comments(&document), "{name}");
            }
        }
        for finding in document.lint(&options) {
            let Some(fix) = &finding.fix else { continue };
            let patch = combine([&finding], Applicability::Unsafe);
            assert_eq!(patch, fix.patch, "{name}");
            assert!(document.apply(&patch).is_ok(), "{name}: {}", fix.title);
        }
    }
}

/// The comments of a document, in the order of the text.
fn comments(document: &Document) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    for (kind, token) in rnix::tokenize(document.text()) {
        if kind == rnix::SyntaxKind::TOKEN_COMMENT {
            found.push(document.text()[start..start + token.len()].trim_end());
        }
        start += token.len();
    }
    found
}

#[test]
fn nix_reads_what_the_fixes_make() {
    if updating() || !oracle::nix_is_there("nix_reads_what_the_fixes_make") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file.nix");
    // Names that are not in scope are an error of parsing to Nix.
    let parses = |text: &str| {
        std::fs::write(&file, text).expect("it can be written");
        let output = Command::new("nix-instantiate")
            .arg("--parse")
            .arg(&file)
            .env("NIX_STATE_DIR", folder.path())
            .env("NIX_STORE_DIR", folder.path().join("store"))
            .output()
            .expect("nix-instantiate runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        output.status.success().then_some(()).ok_or(said)
    };
    let mut fixed = 0;
    for fixture in fixtures() {
        let name = fixture.file.display();
        let before = parses(&fixture.input);
        let findings = fixture.document().lint(&fixture.options());
        let refused = findings
            .iter()
            .any(|finding| ["not-in-scope", "or-without-dot"].contains(&finding.rule.id));
        assert_eq!(before.is_err(), refused, "{name}: {before:?}");
        for allowed in [Applicability::Safe, Applicability::Unsafe] {
            if let Some(text) = fixture.fixed(allowed)
                && before.is_ok()
            {
                fixed += 1;
                assert_eq!(parses(&text), Ok(()), "{name}");
            }
        }
    }
    assert!(fixed > 20, "only {fixed} files were fixed");
}

#[test]
fn safe_fixes_do_not_change_what_nix_evaluates() {
    if updating() || !oracle::nix_is_there("safe_fixes_do_not_change_what_nix_evaluates") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file.nix");
    let mut evaluated = 0;
    for fixture in fixtures() {
        let Some(fixed) = fixture.fixed(Applicability::Safe) else {
            continue;
        };
        let evaluate = |text: &str| {
            std::fs::write(&file, text).expect("it can be written");
            oracle::evaluate(&file)
        };
        if let Ok(before) = evaluate(&fixture.input) {
            evaluated += 1;
            let after = evaluate(&fixed);
            assert_eq!(after, Ok(before), "{}", fixture.file.display());
        }
    }
    assert!(evaluated > 3, "only {evaluated} fixtures can be evaluated");
}
