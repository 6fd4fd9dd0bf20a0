//! A literal value of any text: a value or problems with places, never a panic; a value that is
//! written and read again is that value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use overlay_ast::literal;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let (_, problems) = literal::parse(&text);
    for problem in &problems {
        assert!(text.get(problem.span.start..problem.span.end).is_some());
    }
    match literal::from_str::<Value>(&text) {
        Ok(value) => {
            assert!(problems.is_empty());
            let written = literal::to_string(&value).expect("it came from Nix");
            let again = literal::from_str::<Value>(&written);
            assert_eq!(again.as_ref(), Ok(&value), "{written}");
        }
        Err(error) => {
            if let Some(span) = error.span() {
                assert!(text.get(span.start..span.end).is_some());
            }
        }
    }
});
