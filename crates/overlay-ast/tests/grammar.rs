//! Which texts are Nix: `fixtures/grammar/accepted.txt` and `refused.txt`, an expression a line,
//! held to what the installed Nix says.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests read fixtures and ask Nix"
)]

mod oracle;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use overlay_ast::{Document, Expression};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

/// Whether the installed Nix reads an expression, whatever binds its names.
fn nix_reads(text: &str, state: &Path) -> bool {
    let nix = Command::new("nix-instantiate")
        .args(["--parse", "--expr", &format!("with {{ }}; {text}")])
        .env("NIX_STATE_DIR", state)
        .env("NIX_STORE_DIR", state.join("store"))
        .env("HOME", state)
        .output()
        .expect("nix-instantiate runs");
    nix.status.success()
}

fn check(file: &str, accepted: bool) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/grammar");
    let text = fs::read_to_string(folder.join(file)).expect("the fixture is there");
    let with_nix = oracle::nix_is_there(file);
    let state = tempfile::tempdir().expect("a temporary folder");
    for line in text.lines() {
        let (_, problems) = Document::parse(line);
        assert_eq!(problems.is_empty(), accepted, "{line}: {problems:?}");
        if !accepted {
            assert!(line.parse::<Expression>().is_err(), "{line}");
        }
        if with_nix {
            assert_eq!(nix_reads(line, state.path()), accepted, "Nix: {line}");
        }
    }
}

#[test]
fn what_nix_reads_is_read() {
    check("accepted.txt", true);
}

#[test]
fn what_nix_refuses_is_refused() {
    check("refused.txt", false);
}

/// Names of which entries share many.
const NAMES: [&str; 4] = ["a", "b", "\"a\"", "${x}"];

/// Draws a set, and beside it the same with every definition in it on its own, `a.b.c = 1;`.
struct Draw<'a> {
    rest: std::slice::Iter<'a, u8>,
    /// How many sets were drawn: each has a name of its own in it, so that it is one if it is empty.
    sets: usize,
}

impl Draw<'_> {
    fn below(&mut self, most: usize) -> usize {
        usize::from(self.rest.next().copied().unwrap_or(0)) % most
    }

    fn set(&mut self, outer: &str, depth: usize, flat: &mut String) -> String {
        self.sets += 1;
        let own = format!("s{} = 1;", self.sets);
        let _ = write!(flat, " {outer}{own}");
        let mut out = match self.below(6) {
            0 if depth < 3 => "rec {".to_owned(),
            _ => "{".to_owned(),
        };
        let _ = write!(out, " {own}");
        for _ in 0..self.below(3) + usize::from(depth == 3) {
            if self.below(6) == 0 {
                let name = ["a", "b"][self.below(2)];
                let from = ["", "(x) "][self.below(2)];
                let _ = write!(out, " inherit {from}{name};");
                let _ = write!(flat, " {outer}{name} = 1;");
                continue;
            }
            let names: Vec<&str> = (0..=self.below(3)).map(|_| NAMES[self.below(4)]).collect();
            let path = names.join(".");
            // What is under a computed name is merged with nothing, and so cannot be taken apart.
            let value = if depth > 0 && !path.contains('$') && self.below(3) > 0 {
                let inner = self.set(&format!("{outer}{path}."), depth - 1, flat);
                if self.below(5) == 0 {
                    format!("({inner})")
                } else {
                    inner
                }
            } else {
                let _ = write!(flat, " {outer}{path} = 1;");
                "1".to_owned()
            };
            let _ = write!(out, " {path} = {value};");
        }
        out.push_str(" }");
        out
    }
}

/// The first two numbers of the installed Nix' version.
fn nix_version() -> (u32, u32) {
    let nix = Command::new("nix-instantiate").arg("--version").output();
    let text = String::from_utf8(nix.expect("it runs").stdout).expect("it is text");
    let version = text
        .split_whitespace()
        .last()
        .expect("it names its version");
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Sets that share sets are merged by Nix from 2.26 on, and refused before: `{ a.c.e = 1; a = { c = {
/// d = 2; }; }; }`. What the newer ones read is read; it is nothing but what all of them read with the
/// definitions one by one.
#[test]
fn sets_merge_as_the_newest_nix_merges_them() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let seeds = prop::collection::vec(any::<u8>(), 40);
    let with_nix = oracle::nix_is_there("sets_merge_as_the_newest_nix_merges_them");
    let state = tempfile::tempdir().expect("a temporary folder");
    let before_2_26 = with_nix && nix_version() < (2, 26);
    let (mut read, mut refused, mut by_newer) = (0, 0, 0);
    let mut samples = vec![(
        "{ a.c.e = 1; a = { c = { d = 2; }; }; }".to_owned(),
        "{ a.c.e = 1; a.c.d = 2; }".to_owned(),
    )];
    for _ in 0..240 {
        let seed = seeds.new_tree(&mut runner).expect("a seed").current();
        let mut flat = String::new();
        let mut draw = Draw {
            rest: seed.iter(),
            sets: 0,
        };
        let set = draw.set("", 3, &mut flat);
        samples.push((format!("x: {set}"), format!("x: {{{flat} }}")));
    }
    for (set, flat) in samples {
        let accepted = |text: &str| Document::parse(text).1.is_empty();
        assert_eq!(accepted(&set), accepted(&flat), "{set} and {flat}");
        if !with_nix {
            continue;
        }
        match (accepted(&set), nix_reads(&set, state.path())) {
            (false, false) => refused += 1,
            (true, true) => read += 1,
            (false, true) => panic!("Nix reads {set}"),
            (true, false) => {
                assert!(before_2_26, "Nix refuses {set}");
                assert!(nix_reads(&flat, state.path()), "Nix refuses {flat}");
                by_newer += 1;
            }
        }
    }
    assert!(
        !with_nix || read > 40 && refused > 40,
        "{read} read, {refused} refused, {by_newer} only by a newer Nix"
    );
}
