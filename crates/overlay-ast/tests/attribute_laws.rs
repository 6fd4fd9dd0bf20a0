//! Laws of setting attributes, over whole files with odd trivia.

use overlay_ast::{Document, Error, Found, KeyPath, Patch, Scope};
use proptest::prelude::*;

const ENTRIES: [&str; 8] = [
    "alpha = 1;",
    "bravo.charlie = \"x\";",
    "bravo = { delta = [ ]; };",
    "inherit (pkgs) echo foxtrot;",
    "${user}.golf = true;",
    "\"hotel india\" = {\n    juliett = ''\n      text\n    '';\n  };",
    "kilo = if c then { } else lima;",
    "inherit mike;",
];

const PATHS: [&str; 9] = [
    "alpha",
    "bravo.charlie",
    "bravo.delta",
    "bravo.new",
    "echo",
    "\"${user}\".golf",
    "\"hotel india\".juliett",
    "mike",
    "new.\"in\".deep",
];

fn gap() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        " ",
        "\n  ",
        "\n\n  ",
        "\n\t",
        "\n",
        " # behind\n  ",
        "\n  # above\n  ",
        "\n  # floating\n\n  ",
        " /* between */ ",
        "\n  /* own\n  lines */\n  ",
    ])
}

fn file() -> impl Strategy<Value = String> {
    let frames = prop::sample::select(vec![
        ("{ pkgs, ... }:\n", "\n"),
        ("hw: final: prev: rec ", ""),
        ("let\n  cfg = { x = 1; };\nin\nlib.mkIf cfg.x ", "\n# end\n"),
    ]);
    let entries = prop::sample::subsequence(ENTRIES.to_vec(), 0..=6).prop_shuffle();
    (
        frames,
        entries,
        prop::collection::vec(gap(), 7),
        any::<bool>(),
    )
        .prop_map(|((head, tail), entries, gaps, windows)| {
            let mut set = "{".to_owned();
            for (entry, gap) in entries.iter().zip(&gaps) {
                set.push_str(gap);
                set.push_str(entry);
            }
            set.push_str(gaps[entries.len()]);
            let file = format!("{head}{set}}}{tail}");
            if windows {
                file.replace('\n', "\r\n")
            } else {
                file
            }
        })
}

fn after(document: &Document, change: Result<Patch, Error>) -> Document {
    let patch = change.unwrap_or_else(|error| panic!("{error}: {}", document.text()));
    let (edited, inverse) = document.apply(&patch).unwrap_or_else(|error| {
        panic!("{error}\n{patch:?}\n{}", document.text());
    });
    assert_eq!(
        edited.apply(&inverse).unwrap().0.to_file(),
        document.to_file()
    );
    edited
}

fn comments(document: &Document) -> Vec<String> {
    let mut comments: Vec<String> = rnix::tokenize(document.text())
        .filter(|(kind, _)| *kind == rnix::SyntaxKind::TOKEN_COMMENT)
        .map(|(_, text)| text.trim_end().to_owned())
        .collect();
    comments.sort();
    comments
}

/// The text of what defines `path`, if something does.
fn value(document: &Document, path: &KeyPath) -> Option<String> {
    match document.get(path) {
        Ok(Found::Value { value, .. }) => Some(value.text(document.text()).to_owned()),
        Ok(Found::Inherited { .. }) => Some("inherited".to_owned()),
        Ok(_) => Some("merged".to_owned()),
        Err(error) => {
            assert_eq!(error.code(), "not-found");
            None
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn what_is_set_is_there(file in file()) {
        let (document, problems) = Document::parse(&file);
        prop_assert_eq!(problems, []);
        let new = "f [ 7 ]".parse()?;
        let paths: Vec<KeyPath> = PATHS.iter().map(|path| path.parse().unwrap()).collect();
        for path in &paths {
            let set = after(&document, document.set(path, &new));
            prop_assert_eq!(value(&set, path), Some("f [ 7 ]".to_owned()), "{}\n{}", path, set.text());
            prop_assert!(set.set(path, &new)?.is_empty());
            prop_assert_eq!(comments(&set), comments(&document));
            for other in paths.iter().filter(|other| *other != path) {
                prop_assert_eq!(value(&set, other), value(&document, other), "{}\n{}", other, set.text());
            }
            let without = after(&set, set.remove(path));
            prop_assert_eq!(value(&without, path), None);
            prop_assert!(without.remove(path)?.is_empty());
            if value(&document, path).is_none() {
                prop_assert_eq!(without.to_file(), &*file, "{}\n{}", path, set.text());
            }
        }
    }

    #[test]
    fn a_part_that_was_asked_before_answers_alike(file in file(), lets in any::<bool>()) {
        let (document, _) = Document::parse(&file);
        let scope = if lets { Scope::Let } else { Scope::File };
        let asked = document.within(&scope)?;
        let new = "f [ 7 ]".parse()?;
        let paths = PATHS.iter().chain(&["bravo", "cfg.x", "cfg.y", "bravo.new.deep", "new.\"in\".other"]);
        let paths: Vec<KeyPath> = paths.map(|path| path.parse().unwrap()).collect();
        for path in &paths {
            let fresh = || document.within(&scope);
            prop_assert_eq!(asked.get(path), fresh()?.get(path), "{}", path);
            prop_assert_eq!(asked.set(path, &new), fresh()?.set(path, &new), "{}", path);
            prop_assert_eq!(asked.remove(path), fresh()?.remove(path), "{}", path);
            prop_assert_eq!(asked.rename(path, "zulu"), fresh()?.rename(path, "zulu"), "{}", path);
        }
    }

    #[test]
    fn what_is_removed_is_gone(file in file()) {
        let (document, _) = Document::parse(&file);
        let paths: Vec<KeyPath> = PATHS.iter().map(|path| path.parse().unwrap()).collect();
        for path in &paths {
            let without = after(&document, document.remove(path));
            prop_assert_eq!(value(&without, path), None);
            for other in paths.iter().filter(|other| *other != path) {
                prop_assert_eq!(value(&without, other), value(&document, other), "{}", without.text());
            }
        }
    }
}
