use super::*;
use crate::dto::findings::Related;
use crate::findings::{Source, finding};
use crate::render::findings::sample;
use expect_test::expect;
use proptest::prelude::*;

fn plain(styled: &str) -> String {
    anstream::adapter::strip_str(styled).to_string()
}

#[test]
fn findings_show_their_lines() {
    expect![[r#"
        error[syntax-error]: unexpected `1`
         --> modules/a.nix:2:3
          |
        2 |   a = [ 1 \u{1b}[31m;
          |   ^^^^^^^^^^^^^^

        warning[unused-binding]: `x` is bound, but\nnever used: 100% \r\u{1b}[31m
         --> modules/a.nix:4:3
          |
        4 | /   x = {
        5 | |     y = \u{202e}1;
        6 | |   };
          | |____^
        7 |     c = 日本 x; # \u{9b}
          |              ---- not this \u{1b}
          |
          = note: costs 3 h 20 min, 12.0 GB of memory, 1.5 GB of downloads
          = help: remove it
        fix: remove the binding
        4 -   x = {
        5 - 	y = \u{202e}1;
        6 -   };
        4 +   y = 2;

        note[encrypted-file]: encrypted
        --> odd,:%\n\u{1b}.nix

        warning[noop-override]: zlib: changes nothing

        1 error, 2 warnings, 1 note in 2 files; 1 suppressed; 2 files not checked; 1 with a fix
    "#]]
    .assert_eq(&plain(&findings(&sample::document(), 100)));
}

#[test]
fn nothing_that_a_terminal_acts_on_gets_through() {
    let shown = plain(&findings(&sample::document(), 100));
    for line in shown.lines() {
        let layout = line.replace('\t', " ");
        assert_eq!(for_terminal(&layout), layout);
    }
}

proptest! {
    /// Whatever the text and the places, there is something to show, and no panic.
    #[test]
    fn any_place_of_any_text_is_shown(
        text in "([a-z =;{}é日\t\u{1b}\u{202e}]|\r?\n){0,30}",
        places in proptest::collection::vec((0..40_usize, 0..12_usize), 1..4),
        insert in "[a\n\té]{0,4}",
        columns in 60..160_usize,
    ) {
        let source = Source::new("a.nix", &text, 0);
        let mut places = places.into_iter().map(|(start, length)| start..start + length);
        let own = places.next().expect("at least one");
        let related: Vec<Related> = places
            .map(|span| Related { place: source.place(span), message: "here".to_owned() })
            .collect();
        let found = Finding {
            place: Some(source.place(own.clone())),
            related,
            fix: Some(source.fix("x", Applicability::Unsafe, [(own, &*insert)])),
            ..finding("a-rule", Severity::Warning, "a message")
        };
        let mut out = String::new();
        one(&found, &Renderer::plain().term_width(columns), &mut out);
        prop_assert!(out.contains("a message"));
        prop_assert!(out.contains("--> a.nix"));
    }
}
