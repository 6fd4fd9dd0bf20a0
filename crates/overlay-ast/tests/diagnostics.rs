//! What is said about texts that are not literal values, and about files that Nix does not read.

#![allow(
    clippy::format_push_string,
    reason = "reads better, and tests may be slow"
)]

use expect_test::{Expect, expect};
use overlay_ast::literal::{from_str, parse};
use overlay_ast::{Diagnostic, Document, Error};

/// Renders every problem of `text` with the text under each span.
fn check(text: &str, expect: &Expect) {
    let (_, diagnostics) = parse(text);
    expect.assert_eq(&shown(text, &diagnostics));
}

/// The same for a file.
fn check_file(text: &str, expect: &Expect) {
    let (_, diagnostics) = Document::parse(text);
    expect.assert_eq(&shown(text, &diagnostics));
}

fn shown(text: &str, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for found in diagnostics {
        out += &format!("{} at {:?}: {found}\n", found.code, found.span.text(text));
        for label in &found.labels {
            out += &format!(
                "  label at {:?}: {}\n",
                label.span.text(text),
                label.message
            );
        }
        if let Some(hint) = &found.hint {
            out += &format!("  hint: {hint}\n");
        }
    }
    out
}

#[test]
fn a_range_is_arithmetic() {
    check(
        "{ tier2.maxJobs = 2-3; }",
        &expect![[r#"
        operator at "2-3": tier2.maxJobs: `2-3` is arithmetic: Nix evaluates it to -1
          hint: write -1 if that is meant, one number, or "2-3" for a text
    "#]],
    );
    check(
        "(1 + 2) * -4 / 0",
        &expect![[r#"
        operator at "(1 + 2) * -4 / 0": `(1 + 2) * -4 / 0` has to be evaluated
          hint: write out its result
    "#]],
    );
    check(
        "{ a = { x = 1; } // { y = 2; }; }",
        &expect![[r#"
        operator at "{ x = 1; } // { y = 2; }": a: `{ x = 1; } // { y = 2; }` has to be evaluated
          hint: write out its result
    "#]],
    );
}

#[test]
fn functions_and_variables() {
    check(
        "# a module\n{ lib, ... }: { a = lib.mkDefault 1; }",
        &expect![[r#"
            function at "{ lib, ... }: { a = lib.mkDefault 1; }": a function, not a value
              hint: leave out what stands before the attribute set, such as `{ lib, ... }:`, and what uses it; or read the JSON that `nix-instantiate --eval --strict --json` prints
        "#]],
    );
    check(
        "hardwareProfile: final: prev: { }",
        &expect![[r#"
        function at "hardwareProfile: final: prev: { }": a function, not a value
          hint: leave out what stands before the attribute set, such as `{ lib, ... }:`, and what uses it; or read the JSON that `nix-instantiate --eval --strict --json` prints
    "#]],
    );
    check(
        "{ a = march; b = true; c = [ 1 f.x (g 2) ]; }",
        &expect![[r#"
            variable at "march": a: `march` is a variable
              hint: write out its value, in quotes if it is a string
            expression at "f.x": c[1]: a selection has to be evaluated
              hint: write out its result
            expression at "g 2": c[2]: a call has to be evaluated
              hint: write out its result
        "#]],
    );
}

#[test]
fn everything_that_has_to_be_evaluated() {
    check(
        "let a = 1; in a",
        &expect![[r#"
        expression at "let a = 1; in a": `let` has to be evaluated
          hint: write out the values
    "#]],
    );
    check(
        "with x; 1",
        &expect![[r#"
        expression at "with x; 1": `with` has to be evaluated
          hint: leave it out and write out the values
    "#]],
    );
    check(
        "rec { a = 1; }",
        &expect![[r#"
        expression at "rec { a = 1; }": `rec` has to be evaluated
          hint: leave it out and write out the values
    "#]],
    );
    check(
        "{ inherit a; inherit (b) c; d = 1; }",
        &expect![[r#"
        expression at "inherit a;": `inherit` has to be evaluated
          hint: write `name = value;`
        expression at "inherit (b) c;": `inherit` has to be evaluated
          hint: write `name = value;`
    "#]],
    );
    check(
        "if true then 1 else 2",
        &expect![[r#"
        expression at "if true then 1 else 2": `if` has to be evaluated
          hint: write out the branch that is meant
    "#]],
    );
    check(
        "{ a = \"x${y}\"; ${b} = 1; c = ./${d}; e = <nixpkgs>; f = !true; g = -null; }",
        &expect![[r#"
            interpolation at "${y}": a: `${y}` has to be evaluated
              hint: write out what it stands for; a literal dollar sign and brace are `\${` in "…" and `''${` in ''…''
            interpolation at "${b}": `${b}` has to be evaluated
              hint: write out what it stands for; a literal dollar sign and brace are `\${` in "…" and `''${` in ''…''
            interpolation at "${d}": c: `${d}` has to be evaluated
              hint: write out what it stands for; a literal dollar sign and brace are `\${` in "…" and `''${` in ''…''
            expression at "<nixpkgs>": e: a search path has to be looked up
              hint: write the path itself
            operator at "!true": f: an operator has to be evaluated
              hint: write out its result
            operator at "-null": g: a minus before something that is not a number
        "#]],
    );
    check(
        "1 2",
        &expect![[r#"
            expression at "1 2": a call has to be evaluated
              hint: write out its result
        "#]],
    );
}

#[test]
fn one_attribute_defined_twice() {
    check(
        "{ a.b = 1; \"a\".b = 2; }",
        &expect![[r#"
            duplicate-attribute at "b": a.b: the attribute is defined twice
              label at "b": first defined here
              hint: keep one of the two; only attribute sets merge
        "#]],
    );
    check(
        "{ a = 1; a.b = 2; }",
        &expect![[r#"
            duplicate-attribute at "a": a: the attribute is defined twice
              label at "a": first defined here
              hint: keep one of the two; only attribute sets merge
        "#]],
    );
    check(
        "{ a = { b = { x = 1; }; }; a.b = { x = 2; y = 3; }; }",
        &expect![[r#"
            duplicate-attribute at "x": a.b.x: the attribute is defined twice
              label at "x": first defined here
              hint: keep one of the two; only attribute sets merge
        "#]],
    );
}

#[test]
fn what_only_the_parser_beneath_accepts() {
    check(
        "(1]",
        &expect![[r#"
            syntax at "]": `)` is missing before this
              label at "(": opened here
        "#]],
    );
    check(
        "{ a = 9223372036854775808; }",
        &expect![[r#"
        integer-overflow at "9223372036854775808": a: 9223372036854775808 does not fit 64 bits
          hint: the largest integer is 9223372036854775807
    "#]],
    );
    check(
        "{ a =\u{a0}1; }",
        &expect![[r#"
        foreign-character at "\u{a0}": U+00A0 is not white space to Nix
          hint: write an ordinary blank
    "#]],
    );
    check(
        "[ 0. 1.0e999 ]",
        &expect![[r#"
        syntax at "0.": [0]: Nix does not read 0. as a number
          hint: write a digit behind the point
        float-range at "1.0e999": [1]: 1.0e999 is beyond what a 64-bit float holds
    "#]],
    );
    check(
        "[ f: 1 ]",
        &expect![[r#"
        function at "f: 1": [0]: a function, not a value
          hint: leave out what stands before the attribute set, such as `{ lib, ... }:`, and what uses it; or read the JSON that `nix-instantiate --eval --strict --json` prints
    "#]],
    );
    check(
        "{ ''a'' = 1; }",
        &expect![[r#"
        syntax at "''a''": Nix takes no indented string as an attribute name
          hint: write it between " and "
    "#]],
    );
    check(
        "# one\rtwo\n1",
        &expect![[r#"
        comment-end at "\r": Nix ends the comment at this carriage return
          label at "two": this is code to Nix
          hint: end the line with a line feed
    "#]],
    );
}

#[test]
fn syntax_errors() {
    check(
        "",
        &expect![[r#"
        syntax at "": the text ends where a value is expected
    "#]],
    );
    check(
        "{ a = 1 }",
        &expect![[r#"
        syntax at "}": unexpected `}`, expected `;`
    "#]],
    );
    check(
        "{ a = 1;; }",
        &expect![[r#"
            syntax at ";": unexpected `;`, expected a name
        "#]],
    );
    check(
        "[ 1, 2 ]",
        &expect![[r#"
            syntax at ",": unexpected `,`, expected a value
              hint: elements of a list are separated by blanks, attributes by `;`
        "#]],
    );
    check(
        "[ -1 ]",
        &expect![[r#"
            syntax at "-": unexpected `-`, expected a value
              hint: a negative number in a list needs parentheses: `(-5)`
        "#]],
    );
    check(
        "{ a = \"x; }",
        &expect![[r#"
            syntax at "\"": the end of this string is missing
        "#]],
    );
    check(
        "{ a = 1;",
        &expect![[r#"
            syntax at "{": `}` is missing
        "#]],
    );
    check(
        "1;",
        &expect![[r#"
        syntax at ";": unexpected `;`
    "#]],
    );
    check(
        "\u{feff}1",
        &expect![[r#"
            foreign-character at "\u{feff}": Nix does not accept a byte order mark
              hint: save the file as UTF-8 without it
        "#]],
    );
}

#[test]
fn nesting_beyond_the_limit() {
    check(
        &"[".repeat(100_000),
        &expect![[r#"
            too-deep at "[": nested more than 512 levels deep
              hint: operators, arguments and dots count as levels
        "#]],
    );
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only read through Debug")]
struct Machine {
    name: String,
    cores: Option<u32>,
    #[serde(default)]
    disks: Vec<Disk>,
    kind: Option<Kind>,
}

#[derive(Debug, serde::Deserialize)]
#[allow(dead_code, reason = "only read through Debug")]
struct Disk {
    size: u64,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "only read through Debug")]
enum Kind {
    Bare,
    Virtual { by: String },
    Cloud(u8, u8),
}

fn check_type(text: &str, expect: &Expect) {
    let out = match from_str::<Machine>(text) {
        Ok(machine) => format!("{machine:?}\n"),
        Err(error) => {
            let Error::Type { .. } = &error else {
                panic!("{error}")
            };
            let span = error.span().expect("an error of type has a span");
            format!("{} at {:?}: {error}\n", error.code(), span.text(text))
        }
    };
    expect.assert_eq(&out);
}

#[test]
fn errors_of_type_name_the_value() {
    check_type(
        "{ name = 1; }",
        &expect![[r#"
        type at "1": name: invalid type: integer `1`, expected a string
    "#]],
    );
    check_type(
        "{ name = \"a\"; cores = -1; }",
        &expect![[r#"
        type at "-1": cores: invalid value: integer `-1`, expected u32
    "#]],
    );
    check_type(
        "{ name = \"a\"; disks = [ { size = 1; } { size = \"2\"; } ]; }",
        &expect![[r#"
            type at "\"2\"": disks[1].size: invalid type: string "2", expected u64
        "#]],
    );
    check_type(
        "{ cores = 1; }",
        &expect![[r#"
        type at "{ cores = 1; }": missing field `name`
    "#]],
    );
    check_type(
        "{ name = \"a\"; disks = [ { } ]; }",
        &expect![[r#"
        type at "{ }": disks[0]: missing field `size`
    "#]],
    );
    check_type(
        "{ name = \"a\"; colour = 1; }",
        &expect![[r#"
        type at "colour": colour: unknown field `colour`, expected one of `name`, `cores`, `disks`, `kind`
    "#]],
    );
    check_type(
        "{ name = \"a\"; kind = \"metal\"; }",
        &expect![[r#"
        type at "\"metal\"": kind: unknown variant `metal`, expected one of `bare`, `virtual`, `cloud`
    "#]],
    );
    check_type(
        "{ name = \"a\"; kind.virtual.by = 2; }",
        &expect![[r#"
        type at "2": kind.virtual.by: invalid type: integer `2`, expected a string
    "#]],
    );
    check_type(
        "{ name = \"a\"; kind.cloud = [ 1 2 3 ]; }",
        &expect![[r#"
        type at "3": kind.cloud[2]: invalid length 3, expected fewer elements
    "#]],
    );
    check_type(
        "{ name = \"a\"; kind = { }; }",
        &expect![[r#"
        type at "{ }": kind: invalid length 0, expected a set of one attribute
    "#]],
    );
}

#[test]
fn values_of_every_type() {
    check_type(
        "{ name = ./a; cores = null; kind = \"bare\"; }",
        &expect![[r#"
            Machine { name: "./a", cores: None, disks: [], kind: Some(Bare) }
        "#]],
    );
    check_type(
        "{ name = http://a/b; cores = (4); kind.virtual = { by = ''kvm''; }; }",
        &expect![[r#"
            Machine { name: "http://a/b", cores: Some(4), disks: [], kind: Some(Virtual { by: "kvm" }) }
        "#]],
    );
    check_type(
        "{ name = \"\"; disks = [ { size = 1; } ]; kind.cloud = [ 1 2 ]; }",
        &expect![[r#"
            Machine { name: "", cores: None, disks: [Disk { size: 1 }], kind: Some(Cloud(1, 2)) }
        "#]],
    );
}

#[test]
fn files_that_nix_refuses() {
    check_file(
        "x: { a.b.c = x; a = { b.c = 1; d = [ y: y ]; }; }",
        &expect![[r#"
            duplicate-attribute at "c": a.b.c: the attribute is defined twice
              label at "c": first defined here
              hint: keep one of the two; only attribute sets merge
            syntax at "y: y": a function in a list needs parentheses
              hint: write `(x: …)`
        "#]],
    );
    check_file(
        "{ a, b ? a, a }@b: { inherit ${a}; }",
        &expect![[r#"
            duplicate-attribute at "a": the argument `a` is named twice
              label at "a": first named here
            duplicate-attribute at "b": the argument `b` is named twice
              label at "b": first named here
            syntax at "${a}": an `inherit` takes no computed name
              hint: Nix has to know its names before it evaluates anything
        "#]],
    );
    check_file(
        "x: let ${x} = 9223372036854775808; in { inherit x; x.y = 1; }",
        &expect![[r#"
            syntax at "${x}": a `let` takes no computed name
              hint: Nix has to know its names before it evaluates anything
            integer-overflow at "9223372036854775808": 9223372036854775808 does not fit 64 bits
              hint: the largest integer is 9223372036854775807
            duplicate-attribute at "x": x: the attribute is defined twice
              label at "x": first defined here
              hint: keep one of the two; only attribute sets merge
        "#]],
    );
    check_file(
        "x: { ${x}.a = { b = x; b = 1; }; ''a'' = 1.0e400; }",
        &expect![[r#"
            duplicate-attribute at "b": "${x}".a.b: the attribute is defined twice
              label at "b": first defined here
              hint: keep one of the two; only attribute sets merge
            syntax at "''a''": Nix takes no indented string as an attribute name
              hint: write it between " and "
            float-range at "1.0e400": 1.0e400 is beyond what a 64-bit float holds
        "#]],
    );
}
