//! Appended flags, evaluated by the real Nix: whatever the variable was before, it has what it
//! had, and then the flags.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests write files and ask Nix"
)]

mod oracle;

use std::fmt::Write as _;

use overlay_ast::{Document, KeyPath, Scope};

/// What stands for nixpkgs: packages whose variable is a string, a list, empty or absent, and
/// that can be overridden as those of nixpkgs can.
const PACKAGES: &str = r#"
let
  isFunction = builtins.isFunction;
  call = f: before: self:
    if !isFunction f then f
    else let r = f before; in if isFunction r then f self before else r;
  derivation = attrs: attrs // {
    overrideAttrs = f: let self = attrs // call f attrs self; in derivation self;
    override = _: derivation attrs;
  };
  lib = {
    toList = x: if builtins.isList x then x else [ x ];
    optionalAttrs = c: set: if c then set else { };
    optionals = c: list: if c then list else [ ];
  };
  variants = [ { } { V = "-a -b"; } { V = [ "-a" "-b" ]; } { V = ""; } { V = [ ]; } ];
  words = value: builtins.filter (w: builtins.isString w && w != "")
    (builtins.split " +" (toString value));
  rename = name: set: if set ? V then { ${name} = set.V; } else { };
  outcome = file: name: inEnv: before:
    let
      own = rename name before;
      attrs = if inEnv then { env = own; } else own;
      prev = { inherit lib; x = derivation attrs; hw.flags = own.${name} or ""; };
      final = prev // import file final prev;
      result = final.x;
    in
    [
      (words (before.V or ""))
      (words (if inEnv then result.env.${name} else result.${name}))
    ];
  ofFile = { file, name, inEnv, stringsOnly }:
    map (outcome file name inEnv)
      (builtins.filter (b: !stringsOnly || !builtins.isList (b.V or "")) variants);
in
"#;

/// Files, the variable, and whether what the author wrote holds for strings only.
const FILES: [(&str, &str, bool); 18] = [
    ("final: prev: { x = prev.x; }", "NIX_CFLAGS_COMPILE", false),
    ("final: prev: {\n}", "NIX_CFLAGS_COMPILE", false),
    (
        "final: prev: { inherit (prev) x; }",
        "NIX_CFLAGS_COMPILE",
        false,
    ),
    ("_: _: {\n}", "configureFlags", false),
    ("final: prev: { x = prev.x; }", "configureFlags", false),
    (
        "final: prev: { x = prev.x.overrideAttrs { a = 1; }; }",
        "configureFlags",
        false,
    ),
    (
        "self: super: { x = super.x.overrideAttrs (_: { a = 1; }); }",
        "NIX_LDFLAGS",
        false,
    ),
    (
        "final: prev: { x = prev.x.overrideAttrs (finalAttrs: prevAttrs: { a = prevAttrs.a or 1; }); }",
        "NIX_LDFLAGS",
        false,
    ),
    (
        "final: prev: { x = (prev.x.override { }).overrideAttrs ({ a ? 1, ... }: { b = a; }); }",
        "RUSTFLAGS",
        false,
    ),
    (
        "final: prev: { x = prev.x.overrideAttrs (old: { RUSTFLAGS = toString [ (old.RUSTFLAGS or \"\") ]; }); }",
        "RUSTFLAGS",
        false,
    ),
    (
        "final: prev: { x = prev.x.overrideAttrs (old: { RUSTFLAGS = (old.RUSTFLAGS or \"\") + \" \"; }); }",
        "RUSTFLAGS",
        true,
    ),
    (
        "final: prev: { x = prev.x.overrideAttrs (old: { RUSTFLAGS = \"${old.RUSTFLAGS or \"\"}\"; }); }",
        "RUSTFLAGS",
        true,
    ),
    (
        "final: prev: { x = prev.x.overrideAttrs (old: { RUSTFLAGS = prev.hw.flags; }); }",
        "RUSTFLAGS",
        false,
    ),
    (
        "final: prev: { x = prev.x.overrideAttrs (old: { configureFlags = prev.hw.flags; }); }",
        "configureFlags",
        false,
    ),
    (
        "final: prev: { x = prev.x.overrideAttrs (old: prev.lib.optionalAttrs (old ? V) { V = old.V; }); }",
        "V",
        false,
    ),
    (
        "final: prev: let keep = p: p.overrideAttrs (old: { a = old.a or 1; }); in { x = keep prev.x; y = keep prev.x; }",
        "NIX_LDFLAGS",
        false,
    ),
    (
        "final: prev: { x = if true then prev.x else prev.x; }",
        "makeFlags",
        false,
    ),
    (
        "pkgs: prev: with prev; { x = let a = prev.x; in a.overrideAttrs (old: rec { b = 1; }); }",
        "installFlags",
        false,
    ),
];

const FLAGS: [&str; 3] = [
    "-O3 -pipe",
    "-C opt-level=3 -C lto=thin",
    "\"-m${\"x\" + \"y\"}\"",
];
const SHOWN: [&[&str]; 3] = [
    &["-O3", "-pipe"],
    &["-C", "opt-level=3", "-C", "lto=thin"],
    &["-mxy"],
];

#[test]
fn the_value_is_right_whatever_it_was() {
    if !oracle::nix_is_there("the_value_is_right_whatever_it_was") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let package = Scope::OverrideAttrs("x".parse().expect("a path"));
    let mut cases = String::new();
    let mut asked = Vec::new();
    for (file, name, strings_only) in FILES {
        for (flags, shown) in FLAGS.iter().zip(SHOWN) {
            for in_env in [false, true] {
                // What is written out in the file is not in `env`.
                if in_env && (file.contains(name) || file.contains("V = ")) {
                    continue;
                }
                let path: KeyPath = if in_env {
                    format!("env.{name}").parse().expect("a path")
                } else {
                    name.parse().expect("a path")
                };
                let (document, _) = Document::parse(file);
                let append = |document: &Document| {
                    let flags = flags.parse().expect("flags");
                    document
                        .within(&package)
                        .and_then(|x| x.append(&path, &flags))
                };
                let patch = append(&document).expect("they can be appended");
                let (edited, _) = document.apply(&patch).expect("Nix reads it");
                assert!(
                    append(&edited).expect("again").is_empty(),
                    "{}",
                    edited.text()
                );
                let at = asked.len();
                std::fs::write(folder.path().join(format!("{at}.nix")), edited.text())
                    .expect("it can be written");
                let _ = writeln!(
                    cases,
                    "(ofFile {{ file = ./{at}.nix; name = \"{name}\"; inEnv = {in_env}; stringsOnly = {strings_only}; }})"
                );
                asked.push((edited.text().to_owned(), shown));
            }
        }
    }
    let all = folder.path().join("all.nix");
    std::fs::write(&all, format!("{PACKAGES}\n[\n{cases}]\n")).expect("it can be written");
    let outcomes = oracle::evaluate(&all).expect("Nix evaluates it");
    let outcomes = outcomes.as_array().expect("a list");
    assert_eq!(outcomes.len(), asked.len());
    for (outcomes, (file, shown)) in outcomes.iter().zip(&asked) {
        let outcomes = outcomes.as_array().expect("a list");
        assert!(outcomes.len() >= 3);
        for outcome in outcomes {
            let words = |at: usize| -> Vec<&str> {
                let words = outcome[at].as_array().expect("words");
                words
                    .iter()
                    .map(|word| word.as_str().expect("a word"))
                    .collect()
            };
            let expected: Vec<&str> = words(0).into_iter().chain(shown.iter().copied()).collect();
            assert_eq!(words(1), expected, "{file}");
        }
    }
}
