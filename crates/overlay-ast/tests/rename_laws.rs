//! Laws of renaming: the value stays the same, whatever the scopes.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests write files and ask Nix"
)]

mod oracle;

use std::fmt::Write as _;

use overlay_ast::{Document, Error, Scope};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

/// Asserts that each of the expressions is true, with `head` before the list of them.
fn nix_finds_true(head: &str, expressions: &[String]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let all = folder.path().join("all.nix");
    let text = format!("{head} [\n{}\n]\n", expressions.join("\n"));
    std::fs::write(&all, text).expect("it can be written");
    let values = oracle::evaluate(&all).expect("Nix evaluates it");
    let values = values.as_array().expect("a list");
    assert_eq!(values.len(), expressions.len());
    for (value, expression) in values.iter().zip(expressions) {
        assert_eq!(value, true, "{expression}");
    }
}

const NAMES: [&str; 4] = ["a", "b", "c", "map"];

/// Draws what an expression is made of.
struct Draw<'a> {
    rest: std::slice::Iter<'a, u8>,
}

impl Draw<'_> {
    fn below(&mut self, most: usize) -> usize {
        usize::from(self.rest.next().copied().unwrap_or(0)) % most
    }

    /// Some names, in the order in which they may refer to each other.
    fn names(&mut self) -> Vec<&'static str> {
        let mask = self.below(16).max(1);
        let named = NAMES.iter().enumerate();
        named
            .filter(|(at, _)| mask & (1 << at) != 0)
            .map(|(_, name)| *name)
            .collect()
    }

    /// Definitions of names as numbers; each may refer to those before it, and to those of
    /// `bound` that it does not hide.
    fn definitions(&mut self, bound: &[&'static str], depth: usize) -> (String, Vec<&'static str>) {
        let names = self.names();
        let mut seen: Vec<&str> = bound.to_vec();
        seen.retain(|name| !names.contains(name));
        let mut out = String::new();
        for name in &names {
            let inherited = bound.contains(name) && self.below(5) == 0;
            if inherited {
                let _ = write!(out, " inherit {name};");
            } else {
                let value = self.number(&seen, depth);
                let _ = write!(out, " {name} = {value};");
            }
            seen.push(name);
        }
        (out, seen)
    }

    /// An expression that is a number, and ends.
    fn number(&mut self, bound: &[&'static str], depth: usize) -> String {
        let name = |draw: &mut Self| match bound.len() {
            0 => "1".to_owned(),
            count => bound[draw.below(count)].to_owned(),
        };
        if depth == 0 {
            return name(self);
        }
        match self.below(11) {
            0 => "7".to_owned(),
            1 | 2 => name(self),
            3 => {
                let left = self.number(bound, depth - 1);
                format!("({left} + {})", self.number(bound, depth - 1))
            }
            4 => {
                let (definitions, inner) = self.definitions(bound, depth - 1);
                format!("(let{definitions} in {})", self.number(&inner, depth - 1))
            }
            5 => {
                let (definitions, inner) = self.definitions(bound, depth - 1);
                let picked = inner[inner.len() - 1];
                format!("(rec {{{definitions} }}).{picked}")
            }
            6 => {
                let argument = NAMES[self.below(NAMES.len())];
                let value = self.number(bound, depth - 1);
                let inner = [bound, &[argument]].concat();
                format!("(({argument}: {}) {value})", self.number(&inner, depth - 1))
            }
            7 => {
                let argument = NAMES[self.below(NAMES.len())];
                let mut seen = bound.to_vec();
                seen.retain(|name| *name != argument);
                let default = self.number(&seen, depth - 1);
                seen.push(argument);
                let body = self.number(&seen, depth - 1);
                format!("(({{ {argument} ? {default}, ... }}: {body}) {{ }})")
            }
            8 => {
                // Any name that is bound would not be taken from the set.
                let inner = [bound, &["w"]].concat();
                let body = self.number(&inner, depth - 1);
                format!("(with {{ w = 3; }}; {body})")
            }
            9 if !bound.is_empty() => {
                let name = name(self);
                format!("({{ inherit {name}; }}).{name}")
            }
            _ => {
                let condition = self.number(bound, depth - 1);
                let text = self.number(bound, depth - 1);
                format!(
                    "(if {condition} == 1 then 2 else builtins.stringLength \"${{toString {text}}}\")"
                )
            }
        }
    }
}

/// What an overlay may select: each attribute, and one that it does not give itself.
const ATTRIBUTES: [&str; 4] = ["a", "b", "c", "d"];

impl Draw<'_> {
    /// An overlay that gives some of `a`, `b` and `c` as numbers; each may refer to those before it.
    fn overlay(&mut self) -> String {
        let mut out = String::new();
        let mut known = vec!["d"];
        for name in ["a", "b", "c"] {
            if self.below(4) > 0 {
                let value = match self.below(6) {
                    0 => format!("inherit (prev) {name};"),
                    _ => format!("{name} = {};", self.selecting(&known, 3)),
                };
                let _ = write!(out, " {value}");
            }
            // Where it is not given, it is that of before.
            known.push(name);
        }
        let with = if self.below(4) == 0 {
            "with final; "
        } else {
            ""
        };
        format!("final: prev: {with}{{{out} }}")
    }

    /// A number that is made of `known` attributes of all packages, and of those before.
    fn selecting(&mut self, known: &[&str], depth: usize) -> String {
        let name = known[self.below(known.len())];
        let other = ATTRIBUTES[self.below(4)];
        if depth == 0 {
            return format!("final.{name}");
        }
        match self.below(19) {
            0 => format!("prev.{other}"),
            1 => format!("(final: final.{other}) {{ a = 1; b = 2; c = 3; d = 4; }}"),
            2 => format!("(let inherit (final) {name}; in {name})"),
            3 => {
                let second = known[self.below(known.len())];
                let both = if second == name {
                    name.to_owned()
                } else {
                    format!("{name} {second}")
                };
                format!("(let set = {{ inherit (final) {both}; }}; in set.{name} + set.{second})")
            }
            4 => format!("(final.\"{name}\" or 7)"),
            5 => format!(
                "(if final ? {other} then {} else 8)",
                self.selecting(known, depth - 1)
            ),
            6 => format!(
                "(with {{ {other} = 9; }}; {})",
                self.selecting(known, depth - 1)
            ),
            7 => format!("(with final; {name})"),
            8 => format!("builtins.stringLength \"final.{name} ${{toString final.{name}}}\""),
            9 => format!("(let {name} = 5; in {name} + final.{name})"),
            10 => format!("(final.callPackage ({{ {name} }}: {name}) {{ }})"),
            11 => format!("(let f = {{ {name} }}: {name}; in final.callPackage f {{ }})"),
            12 => format!(
                "(final.callPackage (let v = 1; in {{ {name} }}: {name} + v) {{ {name} = final.{name}; }})"
            ),
            13 => format!("final.pkgs.{name}"),
            14 => {
                format!("(let inherit (final) pkgs; in with final; pkgs.{name} + pkgs.pkgs.{name})")
            }
            15 => format!("final.buildPackages.{name}"),
            _ => {
                let left = self.selecting(known, depth - 1);
                format!("({left} + {})", self.selecting(known, depth - 1))
            }
        }
    }
}

#[test]
fn what_an_overlay_gives_stays() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let seeds = prop::collection::vec(any::<u8>(), 30..60);
    let mut pairs = Vec::new();
    let (mut renamed, mut refused) = (0, 0);
    for _ in 0..400 {
        let seed = seeds.new_tree(&mut runner).expect("a seed").current();
        let text = Draw { rest: seed.iter() }.overlay();
        let (document, problems) = Document::parse(&text);
        assert_eq!(problems, [], "{text}");
        for package in document.packages().expect("it is an overlay") {
            let old = package.path;
            for new in ["z", "d"] {
                match document.rename(&old, new) {
                    Ok(patch) => {
                        let (after, _) = document.apply(&patch).expect("it is read");
                        let after = after.text();
                        pairs.push(format!("(same \"{old}\" \"{new}\" ({text}) ({after}))"));
                        renamed += 1;
                    }
                    Err(error) => {
                        assert!(error.span().is_some(), "{error}");
                        refused += 1;
                    }
                }
            }
        }
    }
    assert!(
        renamed > 500 && refused > 100,
        "{renamed} renamed, {refused} refused"
    );
    if !oracle::nix_is_there("what_an_overlay_gives_stays") {
        return;
    }
    let head = "let
        prev = { a = 10; b = 200; c = 3000; d = 40000; };
        given = overlay:
          let
            own = overlay final prev;
            final = prev // own // {
              pkgs = final;
              buildPackages = final;
              callPackage = f: args: f (builtins.intersectAttrs (builtins.functionArgs f) final // args);
            };
          in own;
        same = old: new: one: other:
          let before = given one; after = given other; in
          removeAttrs before [ old ] // { ${new} = before.${old}; } == after;
      in";
    nix_finds_true(head, &pairs);
}

fn file(seed: &[u8]) -> String {
    let mut draw = Draw { rest: seed.iter() };
    let (definitions, bound) = draw.definitions(&[], 3);
    format!(
        "let{definitions} in [ {} {} ]",
        draw.number(&bound, 4),
        draw.number(&bound, 3)
    )
}

#[test]
fn the_value_stays() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let seeds = prop::collection::vec(any::<u8>(), 40..120);
    let mut pairs = Vec::new();
    let (mut renamed, mut refused) = (0, 0);
    for _ in 0..300 {
        let seed = seeds.new_tree(&mut runner).expect("a seed").current();
        let text = file(&seed);
        let (document, problems) = Document::parse(&text);
        assert_eq!(problems, [], "{text}");
        for old in NAMES {
            let path = old.parse().expect("a path");
            for new in ["z", "a", "b", "map", "w", "toString"] {
                match document
                    .within(&Scope::Let)
                    .and_then(|part| part.rename(&path, new))
                {
                    Ok(patch) => {
                        let (after, inverse) = document.apply(&patch).expect("it is read");
                        assert_eq!(
                            after.apply(&inverse).expect("it is taken back").0.text(),
                            text
                        );
                        let again = after.within(&Scope::Let).expect("there is a `let`");
                        assert!(
                            again.rename(&path, new).is_ok_and(|patch| patch.is_empty())
                                || old == new
                        );
                        pairs.push(format!("(({text}) == ({}))", after.text()));
                        renamed += 1;
                    }
                    Err(Error::NotFound { .. } | Error::Ambiguous { .. }) => {}
                    Err(error) => {
                        assert_ne!(new, "z", "nothing is in its way: {text}: {error}");
                        assert!(error.span().is_some(), "{error}");
                        refused += 1;
                    }
                }
            }
        }
    }
    assert!(
        renamed > 500 && refused > 100,
        "{renamed} renamed, {refused} refused"
    );
    if !oracle::nix_is_there("the_value_stays") {
        return;
    }
    nix_finds_true("", &pairs);
}
