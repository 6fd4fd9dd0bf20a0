//! The rules on any text: findings that lie within it, in its order, never a panic; a fix gives a
//! file that Nix reads, and fixing twice is fixing once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use overlay_ast::lint::{Applicability, Options};
use overlay_ast::{Document, Span};

fuzz_target!(|input: &[u8]| {
    let file = String::from_utf8_lossy(input);
    let (document, problems) = Document::parse(&file);
    let options = Options::default();
    let found = document.lint(&options);
    if !problems.is_empty() {
        assert!(found.is_empty());
        return;
    }
    let text = document.text();
    let is_inside = |span: Span| text.get(span.start..span.end).is_some();
    assert!(found.is_sorted_by_key(|finding| finding.span));
    for finding in &found {
        assert!(is_inside(finding.span), "{finding:?}");
        assert!(finding.labels.iter().all(|label| is_inside(label.span)));
        if let Some(fix) = &finding.fix {
            document.apply(&fix.patch).expect("a fix applies");
        }
    }
    for allowed in [Applicability::Safe, Applicability::Unsafe] {
        let patch = document.fix(&options, allowed).expect("the file is read");
        let (fixed, _) = document.apply(&patch).expect("fixes apply");
        let again = fixed.fix(&options, allowed).expect("the file is read");
        assert!(again.is_empty(), "{again:?}\n{}", fixed.text());
    }
});
