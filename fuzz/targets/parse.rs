//! A `.nix` file of any text: a document or problems with places, never a panic; the file is kept
//! byte for byte, and what is said about it lies within it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use overlay_ast::{Document, Span};

fuzz_target!(|input: &[u8]| {
    let file = String::from_utf8_lossy(input);
    let (document, problems) = Document::parse(&file);
    assert_eq!(document.to_file(), file);
    let text = document.text();
    let is_inside = |span: Span| text.get(span.start..span.end).is_some();
    for problem in &problems {
        assert!(is_inside(problem.span), "{problem:?}");
        assert!(problem.labels.iter().all(|label| is_inside(label.span)));
        let (line, column) = problem.span.line_column(text);
        assert!(line >= 1 && column >= 1);
    }
    let lists = document.all_lists();
    if !problems.is_empty() {
        assert!(lists.is_err());
        return;
    }
    for (_, list) in lists.unwrap_or_default() {
        assert!(is_inside(list.span));
        for element in &list.elements {
            assert!(is_inside(element.span), "{element:?}");
        }
    }
});
