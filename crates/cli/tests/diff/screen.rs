//! What a screen shows of texts.

use crate::made_up::{BOTH, Drv, folder};
use crate::{document, fails_saying, list, shown};

#[test]
fn what_a_terminal_acts_on_is_spelled_out() {
    const HOSTILE: &str = "\u{1b}]0;title\u{7}\nnext\u{202e}line\u{9b}31m";
    let mut before = Drv::new("1", "app-1").env("PLAIN", "x");
    before.args = vec!["a"];
    let mut after = Drv::new("2", "app-1")
        .env("PLAIN", HOSTILE)
        .env("\u{1b}[31mKEY", "1");
    after.args = vec![HOSTILE];
    let folder = folder(&[("a.json", &[before]), ("b.json", &[after])]);
    for args in [&BOTH[..], &[&BOTH[..], &["--ascii"]].concat()] {
        let screen = shown(folder.path(), args);
        let is_control = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!screen.contains(is_control), "{screen:?}");
        assert!(screen.contains("\\u{1b}]0;title"), "{screen}");
        if args.contains(&"--ascii") {
            assert!(screen.is_ascii(), "{screen}");
        }
    }
    // A name can be hostile on the command line too.
    fails_saying(
        folder.path(),
        &[&["\u{1b}]0;x\u{7}"], &BOTH[..]].concat(),
        &["\\u{1b}]0;x"],
    );
}

/// A screen does not drown in a script; the document has all of it.
#[test]
fn a_long_script_is_cut_on_the_screen_only() {
    let script: &str = Box::leak("echo step\n".repeat(100).into_boxed_str());
    let folder = folder(&[
        ("a.json", &[Drv::new("1", "app-1")]),
        ("b.json", &[Drv::new("2", "app-1").env("script", script)]),
    ]);
    let screen = shown(folder.path(), &BOTH);
    assert!(
        screen.contains("69 more lines: --format json has all"),
        "{screen}"
    );
    assert_eq!(screen.matches("+ echo step").count(), 32);
    let all = document(folder.path(), &BOTH);
    let [only] = list(&list(&all["steps"])[0]["differences"]) else {
        panic!("one difference: {all}");
    };
    assert_eq!(list(&only["lines"]).len(), 101);
}
