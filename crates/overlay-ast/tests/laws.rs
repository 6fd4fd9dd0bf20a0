//! Laws of the literal reader, on generated values and on texts that went wrong.

#![allow(
    clippy::format_push_string,
    reason = "reads better, and tests may be slow"
)]

mod oracle;

use overlay_ast::literal::{Literal, Value, parse};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

/// A value without places, to compare with.
#[derive(Clone, Debug, PartialEq)]
enum Plain {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(String),
    List(Vec<Plain>),
    Attrs(Vec<(String, Plain)>),
}

fn plain(literal: &Literal) -> Plain {
    match &literal.value {
        Value::Null => Plain::Null,
        Value::Bool(value) => Plain::Bool(*value),
        Value::Int(value) => Plain::Int(*value),
        Value::Float(value) => Plain::Float(*value),
        Value::String(value) | Value::Path(value) => Plain::String(value.clone()),
        Value::List(elements) => Plain::List(elements.iter().map(plain).collect()),
        Value::Attrs(attrs) => Plain::Attrs(
            attrs
                .iter()
                .map(|attr| (attr.name.clone(), plain(&attr.value)))
                .collect(),
        ),
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z ]{0,8}",
        "[\\\\\"$'{}\n\t a]{0,12}",
        any::<String>().prop_map(|text| text.replace('\0', "")),
    ]
}

fn value() -> impl Strategy<Value = Plain> {
    let leaf = prop_oneof![
        Just(Plain::Null),
        any::<bool>().prop_map(Plain::Bool),
        // The least integer cannot be written.
        (-i64::MAX..=i64::MAX).prop_map(Plain::Int),
        (-1.0e12..1.0e12_f64).prop_map(Plain::Float),
        text().prop_map(Plain::String),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Plain::List),
            prop::collection::btree_map(text(), inner, 0..6)
                .prop_map(|attrs| Plain::Attrs(attrs.into_iter().collect())),
        ]
    })
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' | '$' => out.extend(['\\', c]),
            // A bare carriage return would be read as a line feed.
            '\r' => out.push_str("\\r"),
            _ => out.push(c),
        }
    }
    out + "\""
}

/// Prints `value` as Nix, with trivia that `seed` chooses.
fn print(value: &Plain, seed: &mut impl Iterator<Item = u8>, out: &mut String) {
    let mut gap = |out: &mut String| {
        out.push_str(match seed.next().unwrap_or(0) % 6 {
            0 => " /* } ] */ ",
            1 => " # \" ''\n",
            2 => "\r\n\t",
            _ => " ",
        });
    };
    gap(out);
    match value {
        Plain::Null => out.push_str("null"),
        Plain::Bool(value) => out.push_str(&value.to_string()),
        // Parentheses, since the value may stand in a list.
        Plain::Int(value) if *value < 0 => *out += &format!("({value})"),
        Plain::Int(value) => out.push_str(&value.to_string()),
        Plain::Float(value) => {
            let digits = format!("{:?}", value.abs());
            let digits = if digits.contains('e') {
                format!("{:.20}", value.abs())
            } else {
                digits
            };
            *out += &if *value < 0.0 {
                format!("(-{digits})")
            } else {
                digits
            };
        }
        Plain::String(value) => out.push_str(&quoted(value)),
        Plain::List(elements) => {
            out.push('[');
            for element in elements {
                print(element, seed, out);
            }
            out.push_str(" ]");
        }
        Plain::Attrs(attrs) => {
            out.push('{');
            for (name, value) in attrs {
                out.push(' ');
                out.push_str(&quoted(name));
                out.push_str(" =");
                print(value, seed, out);
                out.push(';');
            }
            out.push_str(" }");
        }
    }
}

/// Spans lie within the text, and those of children within their parents'.
fn check_spans(literal: &Literal, text: &str) {
    assert!(text.get(literal.span.start..literal.span.end).is_some());
    if let Value::List(elements) = &literal.value {
        for element in elements {
            assert!(literal.span.start <= element.span.start);
            assert!(element.span.end <= literal.span.end);
            check_spans(element, text);
        }
    }
    if let Value::Attrs(attrs) = &literal.value {
        for attr in attrs {
            assert!(text.get(attr.name_span.start..attr.name_span.end).is_some());
            check_spans(&attr.value, text);
        }
    }
}

fn check_total(text: &str) {
    let (value, diagnostics) = parse(text);
    assert!(
        value.is_some() || !diagnostics.is_empty(),
        "neither a value nor a problem: {text:?}"
    );
    for found in &diagnostics {
        assert!(
            text.get(found.span.start..found.span.end).is_some(),
            "{found:?} in {text:?}"
        );
        assert!(!found.message.is_empty());
    }
    assert!(
        diagnostics
            .windows(2)
            .all(|pair| pair[0].span <= pair[1].span)
    );
    if let Some(value) = value {
        check_spans(&value, text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn printed_values_read_back(value in value(), seed in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut text = String::new();
        print(&value, &mut seed.into_iter(), &mut text);
        let (read, diagnostics) = parse(&text);
        prop_assert_eq!(diagnostics, vec![], "{}", text);
        prop_assert_eq!(plain(&read.unwrap()), value, "{}", text);
    }

    #[test]
    fn damaged_texts_do_not_panic(
        value in value(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0usize..3), 1..6),
    ) {
        const PIECES: [&str; 27] = [
            "", "{", "}", "[", "]", "(", ")", "\"", "''", "${", "'", "$", "\\", "=", ";", ".", "-",
            ":", "/", "./", "<", "or", "rec", "inherit", "\r", "\u{a0}", "\0",
        ];
        let mut text = String::new();
        print(&value, &mut std::iter::empty(), &mut text);
        for (place, piece, cut) in damage {
            let mut start = place.index(text.len() + 1);
            while !text.is_char_boundary(start) {
                start -= 1;
            }
            let end = text[start..].char_indices().nth(cut).map_or(text.len(), |(at, _)| start + at);
            text.replace_range(start..end, PIECES[piece.index(PIECES.len())]);
        }
        check_total(&text);
    }

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        check_total(&text);
    }

    #[test]
    fn any_tokens_are_read(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", "(", ")", "\"", "''", "${", "a", "b", ".", "=", ";", "1", "2.5", ".5",
            "-", "!", ":", "@", ",", "?", "or", "let", "in", "with", "rec", "inherit", "if", "then",
            "else", "assert", "...", "//", "++", "+", "/", "./x", "~/", "<x>", "a:b", "# c\n", "/* c */",
            " ", "\n", "\\", "$", "'", "__curPos", "|>", "null",
        ]), 0..60),
    ) {
        check_total(&tokens.concat());
    }
}

/// A thread has 2 MB of stack here, a quarter of a program's main thread.
#[test]
fn depth_costs_no_stack() {
    for unit in [
        "[",
        "(",
        "{ a = ",
        "{a.b=",
        "-",
        "!",
        "x: ",
        "a ++ ",
        "a // ",
        "a + ",
        "1+",
        "f ",
        "a or ",
        "a.b or ",
        "let a = 1; in ",
        "with a; ",
        "assert a; ",
        "if a then b else ",
        "if ",
        "a.",
        "\"${",
        "''${",
        "{ x ? ",
        "{ inherit (",
        "a -> ",
        "a <| ",
        "a |> ",
        "a@{}: ",
        "(-",
        "(!(",
        "[(x: ",
        "let { a = ",
        "${",
        "./a${",
    ] {
        for count in [100, 240, 500, 100_000] {
            check_total(&unit.repeat(count));
        }
        let closer = unit
            .chars()
            .rev()
            .filter_map(|c| match c {
                '[' => Some(']'),
                '(' => Some(')'),
                '{' => Some('}'),
                '"' => Some('"'),
                _ => None,
            })
            .collect::<String>();
        for count in [100, 240] {
            let closers = if closer.contains('}') {
                format!("; {closer}")
            } else {
                closer.clone()
            };
            check_total(&format!("{}1{}", unit.repeat(count), closers.repeat(count)));
        }
    }
}

/// What reaches as far to the right as it can, below what was before.
#[test]
fn depth_that_multiplies_costs_no_stack() {
    for before in ["a ++ ", "a // ", "!", "-", "f ", "a -> "] {
        for head in [
            "x: let b = 1; in ",
            "x: with b; ",
            "x: assert b; ",
            "x: if b then c else ",
            "x: if b then c else y: ",
            "x: ",
            "{ a }: let { b = ",
        ] {
            for (many, few) in [(250, 250), (500, 500), (30, 500), (500, 30), (5, 80)] {
                let unit = format!("{}{head}", before.repeat(many));
                check_total(&format!("{}1", unit.repeat(few)));
            }
        }
    }
}

/// One file with many generated values, since starting Nix takes longer than reading them.
#[test]
#[allow(clippy::disallowed_methods, reason = "Nix reads files")]
fn generated_values_read_as_nix_reads_them() {
    if !oracle::nix_is_there("generated_values_read_as_nix_reads_them") {
        return;
    }
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let cases = (
        value(),
        prop::collection::vec(any::<u8>(), 0..64),
        indented_text(),
    );
    let mut text = String::from("[\n");
    for _ in 0..300 {
        let (value, seed, indented) = cases.new_tree(&mut runner).expect("a value").current();
        print(&value, &mut seed.into_iter(), &mut text);
        text += &format!("\n''{indented}''\n");
    }
    text += "]\n";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("values.nix");
    std::fs::write(&file, &text).expect("the file can be written");
    let nix = oracle::evaluate(&file).expect("Nix reads the values");
    let ours: serde_json::Value = overlay_ast::literal::from_str(&text).expect("so do we");
    for (ours, nix) in ours
        .as_array()
        .expect("a list")
        .iter()
        .zip(nix.as_array().expect("a list"))
    {
        assert!(oracle::same(ours, nix), "ours {ours}\nNix  {nix}");
    }
    assert_eq!(ours.as_array().map(Vec::len), Some(600));
    assert!(oracle::same(&ours, &nix));
}

/// What may stand between two `''`, with everything that has a meaning there.
fn indented_text() -> impl Strategy<Value = String> {
    let pieces = [
        " ", "  ", "\n", "\n  ", "\n    ", "a", "b", "$x", "$$", "'x", "''$", "'''", "''\\n",
        "''\\t", "''\\ ", "\t", "\r\n", "{", "\\", "\"", "é",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..14)
        .prop_map(|pieces| pieces.concat())
        // A dollar sign before a brace would be an interpolation.
        .prop_map(|text| text.replace("${", "$ {"))
}
