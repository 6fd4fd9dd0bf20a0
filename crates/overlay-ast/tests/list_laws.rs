//! Laws of editing lists, over whole files with odd trivia.

use overlay_ast::{Document, Error, Expression, KeyPath, Patch, Place};
use proptest::prelude::*;

/// Elements none of which is part of the name of another.
const ELEMENTS: [&str; 9] = [
    "./alpha.nix",
    "(import ./bravo.nix hw)",
    "pkgs.charlie",
    "\"delta\"",
    "echo",
    "(foxtrot.override {\n      a = 1;\n    })",
    "{ golf = 1; }",
    "<hotel>",
    "[ india ]",
];

const NEW: &str = "./new-one.nix";

fn gap() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        " ",
        "  ",
        "\n    ",
        "\n\n    ",
        "\n\t\t",
        "\n",
        " # note of the line\n    ",
        "\n    # a word above\n    ",
        "\n    # floating prose\n\n    ",
        "\n    #vim {{{\n    # (import ./off.nix hw)\n    ",
        " /* between */ ",
        "\n    /* on its\n     own lines */\n    ",
        " \n      ",
        "\n    #\n  ",
        "\n    # (foo\n    #   bar)\n    ",
    ])
}

#[derive(Clone, Debug)]
struct Sample {
    file: String,
    elements: Vec<&'static str>,
}

fn sample() -> impl Strategy<Value = Sample> {
    let frames = prop::sample::select(vec![
        ("{ pkgs, ... }:\n{\n  imports =", ";\n}\n"),
        (
            "{\n  # of the list\n  imports = with pkgs; lib.mkIf on",
            "; # end\n}",
        ),
        (
            "hw: final: prev: rec {\n\timports = (x: x) ++",
            ";\n\n  other = [ juliett ];\n}\n",
        ),
        (
            "let\n  imports =",
            " ++ lib.optionals c [ kilo ];\nin\nimports\n",
        ),
    ]);
    let elements = prop::sample::subsequence(ELEMENTS.to_vec(), 0..=5).prop_shuffle();
    (
        frames,
        elements,
        prop::collection::vec(gap(), 6),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|((head, tail), elements, gaps, windows, mark)| {
            let mut list = "[".to_owned();
            for (element, gap) in elements.iter().zip(&gaps) {
                list.push_str(gap);
                list.push_str(element);
            }
            list.push_str(gaps[elements.len()]);
            let mut file = format!("{head} {list}]{tail}");
            if windows {
                file = file.replace('\n', "\r\n");
            }
            if mark {
                file.insert(0, '\u{feff}');
            }
            Sample { file, elements }
        })
}

fn read(file: &str) -> Document {
    let (document, problems) = Document::parse(file);
    assert_eq!(problems, [], "{file}");
    document
}

fn imports() -> KeyPath {
    "imports".parse().unwrap()
}

/// The document after a change that has to be possible; the change can be taken back.
fn after(document: &Document, change: Result<Patch, Error>) -> Document {
    let patch = change.unwrap_or_else(|error| panic!("{error}: {}", document.text()));
    let (edited, inverse) = document.apply(&patch).unwrap_or_else(|error| {
        panic!("{error}\n{patch:?}\n{}", document.text());
    });
    let back = edited.apply(&inverse).expect("it was a file before").0;
    assert_eq!(back.to_file(), document.to_file());
    edited
}

fn elements(document: &Document) -> Vec<(String, bool)> {
    let lists = document.lists(Some(&imports())).unwrap();
    let elements = lists.into_iter().flat_map(|list| list.elements);
    elements
        .map(|e| {
            (
                e.text.split_whitespace().collect::<Vec<_>>().join(" "),
                e.enabled,
            )
        })
        .collect()
}

/// Every comment, sorted; none of the sample's elements holds one.
fn comments(document: &Document) -> Vec<String> {
    let mut comments: Vec<String> = rnix::tokenize(document.text())
        .filter(|(kind, _)| *kind == rnix::SyntaxKind::TOKEN_COMMENT)
        .map(|(_, text)| text.trim_end().to_owned())
        .collect();
    comments.sort();
    comments
}

fn places(elements: &[&str]) -> Vec<Place> {
    let beside = elements.iter().flat_map(|e| {
        [
            Place::Before((*e).to_owned()),
            Place::After((*e).to_owned()),
        ]
    });
    [Place::First, Place::Last]
        .into_iter()
        .chain(beside)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn enabling_undoes_disabling(sample in sample()) {
        let document = read(&sample.file);
        for element in &sample.elements {
            let off = after(&document, document.disable(Some(&imports()), element));
            prop_assert!(off.disable(Some(&imports()), element)?.is_empty());
            let states = elements(&off);
            prop_assert_eq!(states.iter().filter(|(_, on)| *on).count() + 1,
                elements(&document).iter().filter(|(_, on)| *on).count());
            let on = after(&off, off.enable(Some(&imports()), element));
            prop_assert_eq!(on.to_file(), &*sample.file);
            prop_assert!(on.enable(Some(&imports()), element)?.is_empty());
        }
    }

    #[test]
    fn removing_undoes_inserting(sample in sample()) {
        let document = read(&sample.file);
        let new: Expression = NEW.parse()?;
        let list = imports();
        for place in places(&sample.elements) {
            let with = after(&document, document.insert(Some(&list), &new, &place, None));
            prop_assert!(with.insert(Some(&list), &new, &place, None)?.is_empty());
            prop_assert_eq!(comments(&with), comments(&document));
            let mut expected = elements(&document);
            let at = match &place {
                Place::First => 0,
                Place::Last => expected.len(),
                Place::Before(name) | Place::After(name) => {
                    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
                    let index = expected.iter().position(|(e, _)| *e == name).unwrap();
                    index + usize::from(matches!(place, Place::After(_)))
                }
            };
            // `++` with a list that counts under a condition: the last one that counts always.
            let conditional = elements(&document).iter().filter(|(e, _)| e == "kilo").count();
            let at = if place == Place::Last { at - conditional } else { at };
            expected.insert(at, (NEW.to_owned(), true));
            prop_assert_eq!(elements(&with), expected);
            let without = after(&with, with.remove_element(Some(&list), NEW));
            prop_assert_eq!(without.to_file(), &*sample.file, "{:?}\n{}", place, with.text());
            prop_assert!(without.remove_element(Some(&list), NEW)?.is_empty());
        }
    }

    #[test]
    fn removing_takes_one_element(sample in sample()) {
        let document = read(&sample.file);
        for element in &sample.elements {
            let without = after(&document, document.remove_element(Some(&imports()), element));
            let name = element.split_whitespace().collect::<Vec<_>>().join(" ");
            let mut expected = elements(&document);
            expected.retain(|(e, _)| *e != name);
            prop_assert_eq!(elements(&without), expected, "{}", without.text());
        }
    }

    #[test]
    fn moving_keeps_everything(sample in sample()) {
        let document = read(&sample.file);
        for element in &sample.elements {
            for place in places(&sample.elements) {
                let moved = match document.move_element(Some(&imports()), element, &place) {
                    Err(Error::Conflict { .. }) => continue,
                    change => after(&document, change),
                };
                prop_assert_eq!(comments(&moved), comments(&document));
                let (mut now, mut before) = (elements(&moved), elements(&document));
                now.sort();
                before.sort();
                prop_assert_eq!(now, before, "{:?}\n{}", place, moved.text());
                let again = moved.move_element(Some(&imports()), element, &place)?;
                prop_assert!(again.is_empty(), "{:?} {:?}\n{}", element, place, moved.text());
            }
        }
    }

    #[test]
    fn nothing_panics(
        sample in sample(),
        cut in any::<prop::sample::Index>(),
        length in 0_usize..12,
        put in prop::sample::select(vec!["", "[", "]", "# (", "/*", "''", "${", "\r", "é", "\0"]),
    ) {
        let mut file: Vec<char> = sample.file.chars().collect();
        let at = cut.index(file.len());
        let end = (at + length).min(file.len());
        file.splice(at..end, put.chars());
        let file: String = file.into_iter().collect();
        let (document, problems) = Document::parse(&file);
        prop_assert_eq!(document.to_file(), &*file);
        let new: Expression = NEW.parse()?;
        for element in sample.elements.iter().copied().chain(["off", ""]) {
            let place = Place::After(element.to_owned());
            for change in [
                document.enable(None, element),
                document.disable(None, element),
                document.remove_element(None, element),
                document.move_element(None, element, &Place::First),
                document.insert(None, &new, &place, Some("why")),
            ] {
                prop_assert!(problems.is_empty() || change.is_err());
                if let Ok(patch) = change {
                    // A comment ends at a lone carriage return, so that the edit can be refused.
                    let applied = document.apply(&patch).is_ok();
                    prop_assert!(applied || put == "\r", "{:?}\n{}", patch, file);
                }
            }
        }
    }
}
