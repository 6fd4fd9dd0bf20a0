//! Reading nix-output-monitor's record of builds.
#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tier_planner::history::History;

fn check(csv: impl AsRef<[u8]>, host: &str, expected: &Expect) {
    let (history, bad) = History::parse(csv.as_ref(), host);
    let mut text = String::new();
    for pname in history.packages() {
        let measured = history.measured(pname).expect("a package of this history");
        writeln!(
            text,
            "{pname}: {} s, {} rows, sigma {:.2}",
            measured.seconds, measured.rows, measured.sigma
        )
        .unwrap();
    }
    for row in bad {
        writeln!(text, "{} {row}", row.code()).unwrap();
    }
    expected.assert_eq(&text);
}

const TWO_HOSTS: &str = "hostname,derivation name,utc time,build seconds\n\
    ,gcc,2026-01-02 10:00:00,1800\n\
    ,gcc,2026-02-02 10:00:00,2000\n\
    ssh://builder,gcc,2026-02-03 10:00:00,600\n\
    ,ripgrep-14.1.1,2026-02-03 11:00:00,70\n";

#[test]
fn an_empty_host_is_this_machine() {
    check(
        TWO_HOSTS,
        "",
        &expect![[r#"
        gcc: 1900 s, 2 rows, sigma 0.07
        ripgrep: 70 s, 1 rows, sigma 0.00
    "#]],
    );
    check(
        TWO_HOSTS,
        "ssh://builder",
        &expect![[r#"
        gcc: 600 s, 1 rows, sigma 0.00
    "#]],
    );
}

#[test]
fn older_column_names_other_orders_and_line_ends() {
    check(
        "\u{feff}build seconds,host,end time,derivation name\r\n\
         12,,2022-05-01 00:00:00,jq\r\n\r\n14,,2022-05-02 00:00:00,jq",
        "",
        &expect![[r#"
            jq: 13 s, 2 rows, sigma 0.11
        "#]],
    );
}

#[test]
fn the_newest_ten_rows_count() {
    let mut csv = "hostname,derivation name,utc time,build seconds\n".to_owned();
    for day in 1..=12 {
        writeln!(
            csv,
            ",zlib,2026-01-{day:02} 00:00:00,{}",
            if day <= 2 { 9999 } else { day }
        )
        .unwrap();
    }
    check(
        csv,
        "",
        &expect![[r#"
        zlib: 7.5 s, 10 rows, sigma 0.46
    "#]],
    );
}

#[test]
fn bad_rows_are_told_by_line_and_left_out() {
    check(
        b"hostname,derivation name,utc time,build seconds\n\
          ,a,2026-01-01 00:00:00,soon\n\
          ,b\n\
          ,,2026-01-01 00:00:00,3\n\
          \"\",\"quoted, \"\"name\"\"\",2026-01-01 00:00:00,\"4\"\n\
          ,\"two\nlines\",2026-01-01 00:00:00,5\n\
          ,c,2026-01-01 00:00:00,-1\n\
          ,\xff,2026-01-01 00:00:00,6\n\
          ,d,2026-01-01 00:00:00,1e400\n\
          ,e,2026-01-01 00:00:00,0\n\
          ,\"open,2026-01-01 00:00:00,7\n\
          ,f,2026-01-01 00:00:00,8\n",
        "",
        &expect![[r#"
            e: 0.5 s, 1 rows, sigma 0.00
            f: 8 s, 1 rows, sigma 0.00
            quoted, "name": 4 s, 1 rows, sigma 0.00
            two
            lines: 5 s, 1 rows, sigma 0.00
            history-not-seconds line 2: "soon" is not a number of seconds
            history-too-few-fields line 3: 2 fields where the header has 4
            history-no-name line 4: no derivation name
            history-not-seconds line 8: "-1" is not a number of seconds
            history-not-utf8 line 9: not UTF-8
            history-not-seconds line 10: "1e400" is not a number of seconds
            history-unclosed-quote line 12: a quotation mark is never closed
        "#]],
    );
}

#[test]
fn a_file_that_is_something_else() {
    check("", "", &expect![[""]]);
    check(
        "name,size\nx,1\n",
        "",
        &expect![[r#"
        history-missing-column line 1: no column "build seconds"
    "#]],
    );
    check(
        "\"",
        "",
        &expect![[r#"
        history-unclosed-quote line 1: a quotation mark is never closed
    "#]],
    );
}

/// Bytes that make quotes, commas and line ends collide.
fn csv() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        &b"\""[..],
        b",",
        b"\n",
        b"\r\n",
        b"\r",
        b"a",
        b"1",
        b"\xff",
        b"\"\"",
        b"gcc",
        b"1e999",
        b"\0",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_panics_and_lines_are_in_the_file(rows in csv(), header in any::<bool>()) {
        let mut file = Vec::new();
        if header {
            file.extend_from_slice(b"hostname,derivation name,utc time,build seconds\n");
        }
        file.extend(rows);
        let lines = file.split(|b| *b == b'\n').count();
        let (history, bad) = History::parse(&file, "");
        for row in bad {
            prop_assert!((1..=lines).contains(&row.line));
        }
        for pname in history.packages() {
            prop_assert!(history.measured(pname).is_some_and(|m| m.seconds > 0.0));
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(
        (rows, shuffled) in prop::collection::vec((0_u8..3, 1_u32..99, 10_u8..30), 0..40)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
    ) {
        let parse = |rows: &[(u8, u32, u8)]| {
            let mut csv = "hostname,derivation name,utc time,build seconds\n".to_owned();
            for (name, seconds, day) in rows {
                writeln!(csv, ",p{name},2026-01-{day} 00:00:00,{seconds}").unwrap();
            }
            History::parse(csv.as_bytes(), "")
        };
        prop_assert_eq!(parse(&rows), parse(&shuffled));
    }
}
