//! Laws of editing overrides, over overlays with odd trivia.

use overlay_ast::{Document, Error, Flags, Found, KeyPath, Patch, Scope};
use proptest::prelude::*;

/// Definitions of packages; `¶` is a line end or a blank, with a comment or without.
const PACKAGES: [&str; 14] = [
    "a = prev.a;",
    "a = prev.a.overrideAttrs (old: {¶FLAGS = \"-g\";¶});",
    "a = prev.a.overrideAttrs (_: {¶x = 1;¶});",
    "a = prev.a.overrideAttrs¶(finalAttrs: prevAttrs: rec {¶});",
    "a = (prev.a.override {¶b = 1;¶}).overrideAttrs (old: {¶FLAGS = toString [¶(old.FLAGS or \"\")¶];¶});",
    "a = if c then¶prev.a else (prev.a.override (_old: { b = 2; }));",
    "a = both prev.a;",
    "a = prev.a.overrideAttrs { inherit FLAGS;¶};",
    "a = prev.a.overrideAttrs ({ b ? 1, ... }:¶{ env = (old.env or { }) // {¶FLAGS = \"-g\"; }; });",
    "a = prev.a.overrideAttrs (alone \"-g\");",
    "a = let¶x = 1;¶in prev.a.overrideAttrs (old: {¶FLAGS = old.FLAGS;¶} // prev.lib.optionalAttrs c { a = 1; });",
    "inherit (prev) a¶z;",
    "a = f (g prev.a);",
    "",
];

const OTHERS: [&str; 3] = [
    "b = both prev.b;",
    "c = prev.c.overrideAttrs (old: { FLAGS = \"-c\"; });",
    "d = final.d;",
];

const GAPS: [&str; 7] = [
    " ",
    "\n  ",
    "\n\n  ",
    "\n\t",
    " # behind\n  ",
    "\n  # above\n  ",
    " /* between */ ",
];

fn file() -> impl Strategy<Value = String> {
    (
        prop::sample::select(PACKAGES.to_vec()),
        prop::collection::vec(prop::sample::select(GAPS.to_vec()), 16),
        prop::sample::subsequence(OTHERS.to_vec(), 0..=3),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(package, gaps, others, first, windows)| {
            let mut gaps = gaps.iter().cycle();
            let mut next = || *gaps.next().expect("they never end");
            let mut entries = others;
            entries.insert(if first { 0 } else { entries.len() }, package);
            let mut file = "\
hw: final: prev:
let
  both = pkg: pkg.overrideAttrs (old: { FLAGS = \"${old.FLAGS or \"\"} -x\"; });
  alone = flag: old: { FLAGS = flag; };
in
{"
            .to_owned();
            for entry in entries {
                file.push_str(next());
                for part in entry.split_inclusive('¶') {
                    file.push_str(part.trim_end_matches('¶'));
                    if part.ends_with('¶') {
                        file.push_str(next());
                    }
                }
            }
            file.push_str(next());
            file.push_str("}\n");
            if windows {
                file.replace('\n', "\r\n")
            } else {
                file
            }
        })
}

fn after(document: &Document, change: Result<Patch, Error>) -> Document {
    let patch = change.unwrap_or_else(|error| panic!("{error}: {}", document.text()));
    let (edited, inverse) = document
        .apply(&patch)
        .unwrap_or_else(|error| panic!("{error}\n{patch:?}\n{}", document.text()));
    assert_eq!(
        edited
            .apply(&inverse)
            .expect("it can be taken back")
            .0
            .to_file(),
        document.to_file()
    );
    let windows = edited.text().matches("\r\n").count();
    assert!(windows == 0 || windows == edited.text().matches('\n').count());
    edited
}

fn comments(text: &str) -> Vec<String> {
    let mut comments: Vec<String> = rnix::tokenize(text)
        .filter(|(kind, _)| *kind == rnix::SyntaxKind::TOKEN_COMMENT)
        .map(|(_, text)| text.trim_end().to_owned())
        .collect();
    comments.sort();
    comments
}

fn value(document: &Document, scope: &Scope, path: &KeyPath) -> Option<String> {
    match document.within(scope).and_then(|part| part.get(path)) {
        Ok(Found::Value { value, .. }) => Some(value.text(document.text()).to_owned()),
        Ok(_) => Some("otherwise".to_owned()),
        Err(error) => {
            assert_eq!(error.code(), "not-found");
            None
        }
    }
}

fn others(document: &Document) -> Vec<Option<String>> {
    let packages = ["b", "c", "d"].iter();
    let value = |package: &&str| value(document, &Scope::File, &package.parse().expect("a path"));
    packages.map(value).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn what_is_set_is_there(file in file()) {
        let (document, problems) = Document::parse(&file);
        prop_assert_eq!(problems, [], "{}", file);
        let new = "f [ 7 ]".parse()?;
        for scope in [Scope::OverrideAttrs("a".parse()?), Scope::Override("a".parse()?)] {
            for path in ["FLAGS", "x", "env.NEW", "b", "deep.new"] {
                let path: KeyPath = path.parse()?;
                let set = after(&document, document.within(&scope)?.set(&path, &new));
                let part = set.within(&scope)?;
                prop_assert_eq!(value(&set, &scope, &path), Some("f [ 7 ]".to_owned()), "{}\n{}", path, set.text());
                prop_assert!(part.set(&path, &new)?.is_empty(), "{}", set.text());
                // Those in the old value go with it.
                let mut kept = comments(document.text());
                for gone in comments(&value(&document, &scope, &path).unwrap_or_default()) {
                    kept.remove(kept.iter().position(|comment| *comment == gone).expect("it was there"));
                }
                prop_assert_eq!(comments(set.text()), kept);
                prop_assert_eq!(others(&set), others(&document), "{}", set.text());
            }
        }
    }

    #[test]
    fn what_is_appended_is_appended_once(file in file()) {
        let (document, _) = Document::parse(&file);
        let flags: Flags = "-O3 -C lto".parse()?;
        for scope in [Scope::OverrideAttrs("a".parse()?), Scope::Override("a".parse()?)] {
            for path in ["FLAGS", "makeFlags", "env.NEW"] {
                let path: KeyPath = path.parse()?;
                let more = after(&document, document.within(&scope)?.append(&path, &flags));
                let found = value(&more, &scope, &path).unwrap_or_default();
                prop_assert_eq!(found.matches("-O3").count(), 1, "{}\n{}", path, more.text());
                prop_assert!(more.within(&scope)?.append(&path, &flags)?.is_empty(), "{}", more.text());
                prop_assert_eq!(comments(more.text()), comments(document.text()));
                prop_assert_eq!(others(&more), others(&document), "{}", more.text());
            }
        }
    }
}
