//! What holds of the rules and their fixes on every text: the fixtures, with pieces of them cut
//! out, doubled and put elsewhere.

#![allow(clippy::disallowed_methods, reason = "tests read the fixtures")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use overlay_ast::lint::{Applicability, Options, RuleSet, combine};
use overlay_ast::{Document, Span};
use proptest::prelude::*;

/// The inputs of the fixtures of all rules.
static CORPUS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lint")];
    let mut inputs = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(path).expect("it can be read");
            let input = text.split_once("== input\n").expect("it has an input").1;
            inputs.push(input.split("== found\n").next().unwrap_or(input).to_owned());
        }
    }
    inputs.sort();
    inputs
});

/// The tokens of a text, and its blanks.
fn pieces(text: &str) -> Vec<&str> {
    rnix::tokenize(text).map(|(_, token)| token).collect()
}

/// A fixture with a few pieces cut out, doubled, or replaced by pieces of another one.
fn mutant() -> impl Strategy<Value = String> {
    let index = any::<prop::sample::Index>;
    let change = (index(), index(), 0..3_u8, 1..6_usize);
    let changes = proptest::collection::vec(change, 0..4);
    (index(), index(), changes).prop_map(|(base, other, changes)| {
        let mut text = base.get(CORPUS.as_slice()).clone();
        let other: &String = other.get(CORPUS.as_slice());
        let other = pieces(other);
        for (at, from, kind, length) in changes {
            let mut all: Vec<&str> = pieces(&text);
            if all.is_empty() || other.is_empty() {
                break;
            }
            let at = at.index(all.len());
            let end = (at + length).min(all.len());
            let from = from.index(other.len());
            match kind {
                0 => drop(all.drain(at..end)),
                1 => {
                    let again = all[at..end].to_vec();
                    drop(all.splice(at..at, again));
                }
                _ => {
                    let piece = &other[from..(from + length).min(other.len())];
                    drop(all.splice(at..end, piece.iter().copied()));
                }
            }
            text = all.concat();
        }
        text
    })
}

fn comments(text: &str) -> Vec<&str> {
    let tokens = rnix::tokenize(text);
    let comments = tokens.filter(|(kind, _)| *kind == rnix::SyntaxKind::TOKEN_COMMENT);
    comments.map(|(_, comment)| comment.trim_end()).collect()
}

/// The names of a document that mean nothing.
fn unbound(document: &Document) -> BTreeSet<String> {
    let mut options = Options::default();
    options.rules = RuleSet::NONE.with("not-in-scope");
    let findings = document.lint(&options).into_iter();
    findings.map(|finding| finding.message).collect()
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let (document, _) = Document::parse(text);
    let options = Options::default();
    let findings = document.lint(&options);
    prop_assert_eq!(&document.lint(&options), &findings, "not the same again");
    let there = |span: Span| document.text().get(span.start..span.end).is_some();
    for finding in &findings {
        prop_assert!(there(finding.span), "{}", finding.message);
        prop_assert!(finding.labels.iter().all(|label| there(label.span)));
        let starts = finding.message.chars().next();
        prop_assert!(
            starts.is_some_and(|c| !c.is_uppercase()),
            "{}",
            finding.message
        );
    }
    let unbound_before = unbound(&document);
    for finding in &findings {
        if let Some(fix) = &finding.fix {
            let fixed = document.apply(&fix.patch)?.0;
            let unbound = unbound(&fixed);
            prop_assert!(unbound.is_subset(&unbound_before), "{}", fix.title);
        }
    }
    for allowed in [Applicability::Safe, Applicability::Unsafe] {
        let Ok(patch) = document.fix(&options, allowed) else {
            prop_assert!(findings.is_empty());
            return Ok(());
        };
        let (fixed, undo) = document.apply(&patch)?;
        prop_assert!(
            fixed.fix(&options, allowed)?.is_empty(),
            "more is fixed again"
        );
        let back = fixed.apply(&undo)?.0;
        prop_assert_eq!(back.text(), document.text());
        prop_assert!(unbound(&fixed).is_subset(&unbound_before));
        if allowed == Applicability::Safe {
            prop_assert_eq!(comments(fixed.text()), comments(document.text()));
            let patch = combine(&findings, allowed);
            prop_assert!(
                document.apply(&patch).is_ok(),
                "Nix does not read what is safely fixed"
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_keeps_the_laws(text in mutant()) {
        check(&text)?;
    }
}

#[test]
fn every_fixture_keeps_the_laws() {
    for text in CORPUS.iter() {
        check(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}
