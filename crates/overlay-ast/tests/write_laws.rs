//! Laws of writing values: what is written reads back, here and by Nix.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests write files and ask Nix"
)]

mod oracle;

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use overlay_ast::literal::{MAX_DEPTH, from_str, to_string};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z'_-]{0,8}",
        "[\\\\\"$'{}\r\n\t a]{0,12}",
        prop::sample::select(vec!["in", "or", "rec", "__curPos", "9", "a-b", "true"])
            .prop_map(str::to_owned),
        any::<String>().prop_map(|text| text.replace('\0', "")),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-i64::MAX..=i64::MAX).prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        (-1.0e6..1.0e6_f64).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..5)
                .prop_map(|attrs| Value::Object(attrs.into_iter().collect())),
        ]
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Unit;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Named {
    Plain,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Variant {
    Plain,
    One(f32),
    Pair(i8, Option<char>),
    Fields { a: Unit, b: (u64, i128) },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    variants: Vec<Variant>,
    named: BTreeMap<Named, Vec<u8>>,
}

fn variant() -> impl Strategy<Value = Variant> {
    prop_oneof![
        Just(Variant::Plain),
        prop::num::f32::NORMAL.prop_map(Variant::One),
        (any::<i8>(), any::<char>())
            .prop_map(|(a, b)| Variant::Pair(a, Some(b).filter(|&c| c != '\0'))),
        (0..=i64::MAX as u64, any::<i32>()).prop_map(|(a, b)| Variant::Fields {
            a: Unit,
            b: (a, b.into())
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_written_reads_back(value in value()) {
        let text = to_string(&value)?;
        let read: Value = from_str(&text)?;
        prop_assert_eq!(&read, &value, "{}", text);
        prop_assert_eq!(to_string(&read)?, text);
    }

    #[test]
    fn types_read_back(
        variants in prop::collection::vec(variant(), 0..4),
        bytes in prop::collection::vec(any::<u8>(), 0..4),
    ) {
        let record = Record { variants, named: BTreeMap::from([(Named::Plain, bytes)]) };
        let text = to_string(&record)?;
        prop_assert_eq!(from_str::<Record>(&text)?, record, "{}", text);
    }
}

/// One file with many values, since starting Nix takes longer than reading them.
#[test]
fn nix_reads_what_is_written() {
    if !oracle::nix_is_there("nix_reads_what_is_written") {
        return;
    }
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut values = Vec::new();
    for _ in 0..400 {
        values.push(value().new_tree(&mut runner).expect("a value").current());
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("values.nix");
    let text = to_string(&values).expect("they can be written");
    std::fs::write(&file, text).expect("the file can be written");
    let nix = oracle::evaluate(&file).expect("Nix reads the values");
    let nix = nix.as_array().expect("a list");
    assert_eq!(nix.len(), values.len());
    for (ours, nix) in values.iter().zip(nix) {
        assert!(oracle::same(ours, nix), "ours {ours}\nNix  {nix}");
    }
}

fn check(value: &impl Serialize, expect: Expect) {
    expect.assert_eq(&match to_string(value) {
        Ok(text) => text,
        Err(error) => format!("{}: {error}", error.code()),
    });
}

#[test]
fn layout() {
    check(
        &json!({
            "a": { "in": -1, "b c": [], "d": {} },
            "one": [ "x" ],
            "two": [ -1, [ { "e": null } ] ],
        }),
        expect![[r#"
            {
              a = {
                "b c" = [ ];
                d = { };
                "in" = -1;
              };
              one = [ "x" ];
              two = [
                (-1)
                [
                  {
                    e = null;
                  }
                ]
              ];
            }"#]],
    );
    check(
        &[Variant::Fields {
            a: Unit,
            b: (1, -2),
        }],
        expect![[r#"
            [
              {
                Fields = {
                  a = null;
                  b = [
                    1
                    (-2)
                  ];
                };
              }
            ]"#]],
    );
    check(&"${a} $$ \r\n\t\"\\", expect![[r#""\${a} $$ \r\n\t\"\\""#]]);
    for (float, text) in [
        (1e300, "1.0e300"),
        (1.5e-7, "1.5e-7"),
        (-0.0, "-0.0"),
        (3.0, "3.0"),
    ] {
        assert_eq!(to_string(&float).as_deref(), Ok(text));
    }
}

struct Twice;

impl Serialize for Twice {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("a", &1)?;
        map.serialize_entry("a", &2)?;
        map.end()
    }
}

#[test]
fn what_has_no_literal_is_refused() {
    check(
        &BTreeMap::from([("a", vec![1.0, f64::NAN])]),
        expect!["unwritable: a[1]: there is no literal for NaN"],
    );
    check(
        &Variant::One(f32::INFINITY),
        expect!["unwritable: One: there is no literal for inf"],
    );
    check(
        &1e-310,
        expect!["unwritable: there is no literal for 1e-310"],
    );
    check(
        &(u64::MAX, 0),
        expect!["unwritable: [0]: 18446744073709551615 does not fit 64 bits"],
    );
    check(
        &i64::MIN,
        expect!["unwritable: there is no literal for -9223372036854775808"],
    );
    check(
        &i128::MIN,
        expect!["unwritable: -170141183460469231731687303715884105728 does not fit 64 bits"],
    );
    check(
        &"a\0",
        expect!["unwritable: a string of Nix holds no NUL byte"],
    );
    check(
        &BTreeMap::from([(1, 2)]),
        expect!["unwritable: the names of attributes are strings"],
    );
    check(
        &[Twice],
        expect!["unwritable: [0].a: the attribute is defined twice"],
    );
}

#[test]
fn depth_is_that_of_reading() {
    let nested = |levels: usize| {
        let mut value = json!(1);
        for _ in 0..levels {
            value = json!([value]);
        }
        value
    };
    let text = to_string(&nested(MAX_DEPTH)).expect("it is not too deep");
    assert!(from_str::<Value>(&text).is_ok());
    assert_eq!(
        to_string(&nested(MAX_DEPTH + 1)).unwrap_err().code(),
        "unwritable"
    );
}
