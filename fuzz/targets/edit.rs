//! An edit of a file, both of any text, written as in `crates/overlay-ast/tests/fixtures/edit`:
//! refused, or a patch that applies, that is taken back byte for byte, that is empty the second
//! time, and after which the value that was set is there.
#![no_main]

use libfuzzer_sys::fuzz_target;
use overlay_ast::{Document, Error, Expression, Found, KeyPath, Patch, Place};

/// What to do.
enum Edit<'a> {
    Set(KeyPath, Expression),
    Unset(KeyPath),
    Enable(Option<KeyPath>, &'a str),
    Disable(Option<KeyPath>, &'a str),
    Remove(Option<KeyPath>, &'a str),
    Move(Option<KeyPath>, &'a str, Place),
    Insert(Option<KeyPath>, Expression, Place, Option<&'a str>),
}

fn place(text: &str) -> (&str, Place) {
    for (word, place) in [(" first", Place::First), (" last", Place::Last)] {
        if let Some(element) = text.strip_suffix(word) {
            return (element, place);
        }
    }
    if let Some((element, beside)) = text.split_once(" before ") {
        return (element, Place::Before(beside.to_owned()));
    }
    if let Some((element, beside)) = text.split_once(" after ") {
        return (element, Place::After(beside.to_owned()));
    }
    (text, Place::Last)
}

impl<'a> Edit<'a> {
    fn read(head: &'a str) -> Option<Self> {
        let mut lines = head.lines();
        let operation = lines.next()?;
        let comment = lines.find_map(|line| line.strip_prefix("comment: "));
        if let Some(rest) = operation.strip_prefix("set ") {
            let (path, value) = rest.split_once(" = ")?;
            return Some(Self::Set(path.parse().ok()?, value.parse().ok()?));
        }
        if let Some(path) = operation.strip_prefix("unset ") {
            return Some(Self::Unset(path.parse().ok()?));
        }
        let (operation, list) = match operation.rsplit_once(" in ") {
            Some((operation, list)) => (operation, Some(list.parse().ok()?)),
            None => (operation, None),
        };
        let (verb, rest) = operation.split_once(' ')?;
        let (element, place) = place(rest);
        Some(match verb {
            "enable" => Self::Enable(list, element),
            "disable" => Self::Disable(list, element),
            "remove" => Self::Remove(list, element),
            "move" => Self::Move(list, element, place),
            "insert" => Self::Insert(list, element.parse().ok()?, place, comment),
            _ => return None,
        })
    }

    fn of(&self, document: &Document) -> Result<Patch, Error> {
        match self {
            Self::Set(path, value) => document.set(path, value),
            Self::Unset(path) => document.remove(path),
            Self::Enable(list, element) => document.enable(list.as_ref(), element),
            Self::Disable(list, element) => document.disable(list.as_ref(), element),
            Self::Remove(list, element) => document.remove_element(list.as_ref(), element),
            Self::Move(list, element, place) => {
                document.move_element(list.as_ref(), element, place)
            }
            Self::Insert(list, element, place, comment) => {
                document.insert(list.as_ref(), element, place, *comment)
            }
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let input = String::from_utf8_lossy(input);
    let Some((head, rest)) = input.split_once("== input\n") else {
        return;
    };
    let file = match rest.find("\n== ") {
        Some(end) => &rest[..=end],
        None => rest,
    };
    let Some(edit) = Edit::read(head) else {
        return;
    };
    let (document, problems) = Document::parse(file);
    let patch = match edit.of(&document) {
        Ok(patch) => patch,
        Err(error) => {
            // A message is part of every refusal.
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert!(problems.is_empty(), "a file with problems is not edited");
    let (edited, inverse) = document.apply(&patch).expect("an edit applies");
    let (back, _) = edited.apply(&inverse).expect("it was a file before");
    assert_eq!(back.to_file(), document.to_file());
    if let Edit::Set(path, value) = &edit {
        match edited.get(path).expect("what was set is there") {
            Found::Value { value: span, .. } => {
                assert_eq!(span.text(edited.text()), value.to_string());
            }
            other => panic!("a value was set, and it is {other:?}"),
        }
    }
    let again = edit.of(&edited);
    // What is left may have the name in part that what was removed had as a whole.
    if !matches!(edit, Edit::Remove(..)) {
        let again = again.expect("it can be asked again");
        assert!(again.is_empty(), "{again:?}\n{}", edited.text());
    }
});
