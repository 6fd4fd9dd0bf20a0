//! The deepest files that are read do not overflow the stack of a thread, whatever is done with
//! them.

use overlay_ast::{Document, literal};

/// `open` so often that the file is as deep as is allowed, then `middle` and as many `close`.
fn deepest(open: &str, middle: &str, close: &str) -> String {
    let nested = |times: usize| format!("{}{middle}{}", open.repeat(times), close.repeat(times));
    let (mut fits, mut too_deep) = (1, literal::MAX_DEPTH + 2);
    while too_deep - fits > 1 {
        let half = fits.midpoint(too_deep);
        if Document::parse(&nested(half)).1.is_empty() {
            fits = half;
        } else {
            too_deep = half;
        }
    }
    assert!(fits >= literal::MAX_DEPTH / 8, "{open} fits {fits} times");
    nested(fits)
}

#[test]
fn no_stack_overflows() {
    let shapes = [
        ("[ ", "1", " ]"),
        ("(", "1", ")"),
        ("{ a = ", "1", "; }"),
        ("{ a = [ ", "./b.nix", " ]; }"),
        ("- ", "1", ""),
        ("! ", "true", ""),
        ("x: ", "x", ""),
        ("{ x ? ", "1", " }: x"),
        ("[ ] ++ ", "[ ]", ""),
        ("{ } // ", "{ }", ""),
        ("1 + ", "1", ""),
        ("true && ", "true", ""),
        ("true -> ", "true", ""),
        ("(f: f) ", "1", ""),
        ("if true then 1 else ", "1", ""),
        ("let a = 1; in ", "a", ""),
        ("with { }; ", "1", ""),
        ("assert true; ", "1", ""),
        ("\"${", "\"x\"", "}\""),
        ("lib.mkIf true (", "{ a = 1; }", ")"),
        ("rec { a = ", "1", "; }"),
    ];
    for (open, middle, close) in shapes {
        let text = deepest(open, middle, close);
        let (document, problems) = Document::parse(&text);
        assert_eq!(problems, []);
        document.lint(&overlay_ast::lint::Options::default());
        let path = "a".parse().unwrap();
        let _ = document.get(&path);
        let _ = document.lists(Some(&path));
        let _ = document.all_lists();
        let _ = document.enable(None, "b");
        let _ = document.insert(
            None,
            &"./c.nix".parse().unwrap(),
            &overlay_ast::Place::First,
            None,
        );
        if let Ok(patch) = document.set(&path, &"2".parse().unwrap()) {
            document.apply(&patch).unwrap();
        }
        let _ = literal::from_str::<serde_json::Value>(&text);
        if close.is_empty() {
            continue;
        }
        // Half a file is a file too.
        let _ = Document::parse(&text[..text.len() / 2]);
    }
}
