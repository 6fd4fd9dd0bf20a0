//! Laws of editing over whole files: functions, `let`, nested sets, lists and strings of many
//! lines, in the styles that people and formatters have, with comments and blank lines anywhere.

use std::fmt::Write as _;

use overlay_ast::{Document, Error, Found, KeyPath, Patch, Place};
use proptest::prelude::*;

/// A value as it is drawn.
#[derive(Clone, Debug)]
enum Value {
    /// On one line, whatever surrounds it.
    Plain(&'static str),
    /// An indented string of some lines.
    Text(usize),
    /// Elements, each with what stands before it; on one line, or one on each line.
    List(Vec<(Trivia, &'static str)>, bool),
    /// Entries, and what stands before the closer; on one line, or one on each line.
    Set(Vec<Entry>, Trivia, bool),
}

#[derive(Clone, Debug)]
struct Entry {
    before: Trivia,
    key: KeyKind,
    value: Value,
    behind: bool,
}

#[derive(Clone, Copy, Debug)]
enum Trivia {
    Nothing,
    Blank,
    Comment,
    Floating,
    Block,
    TwoBlanks,
}

#[derive(Clone, Copy, Debug)]
enum KeyKind {
    Name,
    Quoted,
    Dotted,
    Computed,
}

const PLAIN: [&str; 10] = [
    "1",
    "true",
    "\"text\"",
    "./file.nix",
    "lib.mkForce (f { x = 1; })",
    "pkgs.hello",
    "x: x + 1",
    "if c then { } else [ ]",
    "let y = 2; in y",
    "[ ]",
];

const ELEMENTS: [&str; 7] = [
    "./module.nix",
    "pkgs.tool",
    "(import ./overlay.nix hw)",
    "\"word\"",
    "{ a = 1; }",
    "name",
    "(f [ 1 2 ])",
];

fn trivia() -> impl Strategy<Value = Trivia> {
    prop_oneof![
        6 => Just(Trivia::Nothing),
        2 => Just(Trivia::Blank),
        2 => Just(Trivia::Comment),
        1 => Just(Trivia::Floating),
        1 => Just(Trivia::Block),
        1 => Just(Trivia::TwoBlanks),
    ]
}

fn key() -> impl Strategy<Value = KeyKind> {
    prop_oneof![
        6 => Just(KeyKind::Name),
        2 => Just(KeyKind::Dotted),
        1 => Just(KeyKind::Quoted),
        1 => Just(KeyKind::Computed),
    ]
}

fn entries(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Vec<Entry>> {
    let entry = (trivia(), key(), value, any::<bool>());
    let entry = entry.prop_map(|(before, key, value, behind)| Entry {
        before,
        key,
        value,
        behind,
    });
    prop::collection::vec(entry, 0..6)
}

fn value() -> impl Strategy<Value = Value> {
    let element = (trivia(), prop::sample::select(ELEMENTS.to_vec()));
    let leaf = prop_oneof![
        4 => prop::sample::select(PLAIN.to_vec()).prop_map(Value::Plain),
        1 => (1_usize..4).prop_map(Value::Text),
        2 => (prop::collection::vec(element, 0..5), any::<bool>())
            .prop_map(|(elements, lines)| Value::List(elements, lines)),
    ];
    leaf.prop_recursive(3, 40, 6, |inner| {
        (entries(inner), trivia(), prop::bool::weighted(0.8))
            .prop_map(|(entries, last, lines)| Value::Set(entries, last, lines))
    })
}

/// A file, what it defines, and where its lists are.
#[derive(Clone, Debug)]
struct Sample {
    file: String,
    /// Paths and the values as they are written, of what has a value of its own.
    bindings: Vec<(String, String)>,
    /// Paths of lists, with the number of their elements.
    lists: Vec<(String, usize)>,
}

/// Writes a file; every name in it is used once.
struct Writer {
    out: String,
    unit: &'static str,
    /// A blank line stands between every two entries.
    spaced: bool,
    names: usize,
    bindings: Vec<(String, String)>,
    lists: Vec<(String, usize)>,
}

impl Writer {
    fn line(&mut self, depth: usize, text: &str) {
        self.out.push_str(&self.unit.repeat(depth));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn trivia(&mut self, depth: usize, trivia: Trivia) {
        self.names += 1;
        let comment = format!("# comment {}", self.names);
        match trivia {
            Trivia::Nothing => {}
            Trivia::Blank => self.out.push('\n'),
            Trivia::TwoBlanks => self.out.push_str("\n\n"),
            Trivia::Comment => self.line(depth, &comment),
            Trivia::Floating => {
                self.line(depth, &comment);
                self.out.push('\n');
            }
            Trivia::Block => {
                let block = format!("/* block {}\n{}   of two lines */", self.names, self.unit);
                self.line(depth, &block);
            }
        }
    }

    fn key(&mut self, kind: KeyKind) -> String {
        self.names += 1;
        let n = self.names;
        match kind {
            KeyKind::Name => format!("name{n}"),
            KeyKind::Quoted => format!("\"quoted {n}\""),
            KeyKind::Dotted => format!("outer{n}.inner{n}"),
            KeyKind::Computed => format!("${{user{n}}}"),
        }
    }

    /// One entry, on lines of its own.
    fn entry(&mut self, path: &str, depth: usize, entry: &Entry) {
        if self.spaced && !self.out.ends_with("{\n") {
            self.out.push('\n');
        }
        self.trivia(depth, entry.before);
        let key = self.key(entry.key);
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        let _ = write!(self.out, "{}{key} = ", self.unit.repeat(depth));
        let start = self.out.len();
        self.value(&path, depth, &entry.value);
        self.bindings.push((path, self.out[start..].to_owned()));
        self.out.push(';');
        if entry.behind {
            let _ = write!(self.out, " # behind {}", self.names);
        }
        self.out.push('\n');
    }

    fn value(&mut self, path: &str, depth: usize, value: &Value) {
        match value {
            Value::Plain(text) => self.out.push_str(text),
            Value::Text(lines) => {
                self.out.push_str("''\n");
                for line in 0..*lines {
                    self.line(
                        depth + 1,
                        &format!("line {line} of ''${{text}} # no comment"),
                    );
                }
                self.out.push_str(&self.unit.repeat(depth));
                self.out.push_str("''");
            }
            Value::List(elements, lines) => {
                self.lists.push((path.to_owned(), elements.len()));
                self.out.push('[');
                if *lines {
                    self.out.push('\n');
                    for (before, element) in elements {
                        self.trivia(depth + 1, *before);
                        self.line(depth + 1, element);
                    }
                    self.out.push_str(&self.unit.repeat(depth));
                } else {
                    for (_, element) in elements {
                        let _ = write!(self.out, " {element}");
                    }
                    self.out.push(' ');
                }
                self.out.push(']');
            }
            Value::Set(entries, last, true) => {
                self.out.push_str("{\n");
                for entry in entries {
                    self.entry(path, depth + 1, entry);
                }
                self.trivia(depth + 1, *last);
                self.out.push_str(&self.unit.repeat(depth));
                self.out.push('}');
            }
            Value::Set(entries, ..) => {
                self.out.push('{');
                for (at, _) in entries.iter().enumerate() {
                    let key = self.key(KeyKind::Name);
                    let _ = write!(self.out, " {key} = {at};");
                    self.bindings
                        .push((format!("{path}.{key}"), at.to_string()));
                }
                self.out.push_str(" }");
            }
        }
    }
}

fn sample() -> impl Strategy<Value = Sample> {
    let frames = prop::sample::select(vec![
        ("", ""),
        ("{ config, lib, pkgs, ... }:\n\n", "\n"),
        (
            "# what this is for\nhardwareProfile: final: prev:\n",
            "\n# end\n",
        ),
        (
            "{ lib }:\nlet\n  inherit (lib) mkIf; # used below\n\n  cfg = { on = true; };\nin\nmkIf cfg.on ",
            "\n",
        ),
        ("with import ./lib.nix;\nassert true;\nrec ", ""),
    ]);
    let units = prop::sample::select(vec!["  ", "    ", "\t"]);
    let body = (entries(value()), trivia());
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.3));
    (frames, units, body, flags).prop_map(
        |((head, tail), unit, (entries, last), (windows, mark, spaced))| {
            let mut writer = Writer {
                out: head.to_owned(),
                unit,
                spaced,
                names: 0,
                bindings: Vec::new(),
                lists: Vec::new(),
            };
            writer.value("", 0, &Value::Set(entries, last, true));
            let mut file = writer.out + tail;
            let mut bindings = writer.bindings;
            if windows {
                file = file.replace('\n', "\r\n");
                for (_, value) in &mut bindings {
                    *value = value.replace('\n', "\r\n");
                }
            }
            if mark {
                file.insert(0, '\u{feff}');
            }
            Sample {
                file,
                bindings,
                lists: writer.lists,
            }
        },
    )
}

fn read(sample: &Sample) -> Document {
    let (document, problems) = Document::parse(&sample.file);
    assert_eq!(problems, [], "{}", sample.file);
    document
}

fn path(text: &str) -> KeyPath {
    text.parse().unwrap()
}

/// The document after a change that has to be possible, can be taken back, and touches no byte
/// outside of its patch.
fn after(document: &Document, change: Result<Patch, Error>) -> Document {
    let patch = change.unwrap_or_else(|error| panic!("{error}: {}", document.text()));
    let (edited, inverse) = document
        .apply(&patch)
        .unwrap_or_else(|error| panic!("{error}\n{patch:?}\n{}", document.text()));
    let back = edited.apply(&inverse).expect("it was a file before").0;
    assert_eq!(back.to_file(), document.to_file());
    assert_eq!(edited.has_byte_order_mark(), document.has_byte_order_mark());
    assert_eq!(edited.has_final_newline(), document.has_final_newline());
    assert_eq!(edited.line_end(), document.line_end(), "{}", edited.text());
    edited
}

fn value_of(document: &Document, path: &KeyPath) -> Option<String> {
    match document.get(path) {
        Ok(Found::Value { value, .. }) => Some(value.text(document.text()).to_owned()),
        _ => None,
    }
}

fn comments(text: &str) -> Vec<String> {
    let tokens = rnix::tokenize(text).filter(|(kind, _)| *kind == rnix::SyntaxKind::TOKEN_COMMENT);
    let mut comments: Vec<String> = tokens.map(|(_, text)| text.trim_end().to_owned()).collect();
    comments.sort();
    comments
}

/// Whether one of the two is, or is within, the other.
fn overlap(a: &str, b: &str) -> bool {
    let within =
        |a: &str, b: &str| a == b || b.strip_prefix(a).is_some_and(|rest| rest.starts_with('.'));
    within(a, b) || within(b, a)
}

/// One of `all`, if there is one.
fn pick<T>(all: &[T], index: prop::sample::Index) -> Option<&T> {
    (!all.is_empty()).then(|| index.get(all))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_read_is_what_is_written(sample in sample()) {
        let document = read(&sample);
        for (name, value) in &sample.bindings {
            prop_assert_eq!(value_of(&document, &path(name)), Some(value.clone()), "{}", name);
        }
        for (name, count) in &sample.lists {
            let lists = document.lists(Some(&path(name)))?;
            let enabled = lists[0].elements.iter().filter(|element| element.enabled).count();
            prop_assert_eq!((lists.len(), enabled), (1, *count));
        }
    }

    #[test]
    fn setting_leaves_all_else(sample in sample(), index: prop::sample::Index) {
        let document = read(&sample);
        let Some((name, old)) = pick(&sample.bindings, index) else { return Ok(()) };
        let new = "g [ 8 ]".parse()?;
        let edited = after(&document, document.set(&path(name), &new));
        prop_assert_eq!(value_of(&edited, &path(name)), Some("g [ 8 ]".to_owned()));
        prop_assert!(edited.set(&path(name), &new)?.is_empty());
        for (other, value) in sample.bindings.iter().filter(|(other, _)| !overlap(name, other)) {
            prop_assert_eq!(value_of(&edited, &path(other)), Some(value.clone()), "{}", other);
        }
        let mut kept = comments(edited.text());
        kept.extend(comments(old));
        kept.sort();
        prop_assert_eq!(kept, comments(document.text()));
        // What was there can be written again.
        let back = edited.set(&path(name), &old.parse()?);
        prop_assert_eq!(value_of(&after(&edited, back), &path(name)).map(|v| v.split_whitespace().map(str::to_owned).collect::<Vec<_>>()),
            Some(old.split_whitespace().map(str::to_owned).collect()));
    }

    #[test]
    fn a_new_name_comes_and_goes(sample in sample(), index: prop::sample::Index) {
        let document = read(&sample);
        let sets: Vec<_> = sample.bindings.iter().filter(|(_, value)| value.starts_with('{')).collect();
        let within = pick(&sets, index).map_or(String::new(), |(name, _)| format!("{name}."));
        let new = path(&format!("{within}brand-new.name"));
        let edited = after(&document, document.set(&new, &"[ 9 ]".parse()?));
        prop_assert_eq!(value_of(&edited, &new), Some("[ 9 ]".to_owned()));
        prop_assert_eq!(comments(edited.text()), comments(document.text()));
        for (other, value) in sample.bindings.iter().filter(|(other, _)| !overlap(within.trim_end_matches('.'), other)) {
            prop_assert_eq!(value_of(&edited, &path(other)), Some(value.clone()), "{}", other);
        }
        let without = after(&edited, edited.remove(&new));
        prop_assert_eq!(without.to_file(), document.to_file(), "{}", edited.text());
    }

    #[test]
    fn removing_takes_one_definition(sample in sample(), index: prop::sample::Index) {
        let document = read(&sample);
        let Some((name, old)) = pick(&sample.bindings, index) else { return Ok(()) };
        let edited = after(&document, document.remove(&path(name)));
        prop_assert!(edited.remove(&path(name))?.is_empty());
        for (other, value) in sample.bindings.iter().filter(|(other, _)| !overlap(name, other)) {
            prop_assert_eq!(value_of(&edited, &path(other)), Some(value.clone()), "{}\n{}", other, edited.text());
        }
        // Those in it, the one behind it, and those directly above it.
        let gone = comments(document.text()).len() - comments(edited.text()).len();
        let own = comments(old).len();
        prop_assert!((own..=own + 3).contains(&gone), "{gone} comments went\n{}", edited.text());
    }

    #[test]
    fn edits_of_two_places_commute(
        sample in sample(),
        one: prop::sample::Index,
        two: prop::sample::Index,
        removing: bool,
    ) {
        let document = read(&sample);
        let (Some((a, _)), Some((b, _))) = (pick(&sample.bindings, one), pick(&sample.bindings, two)) else {
            return Ok(());
        };
        prop_assume!(!overlap(a, b));
        let new = "h { }".parse()?;
        let first = |document: &Document| after(document, document.set(&path(a), &new));
        let second = |document: &Document| {
            let change = if removing { document.remove(&path(b)) } else { document.set(&path(b), &new) };
            after(document, change)
        };
        let both = second(&first(&document)).to_file();
        prop_assert_eq!(&both, &first(&second(&document)).to_file());
        // Worked out for the same text, they are one edit.
        let change = if removing { document.remove(&path(b))? } else { document.set(&path(b), &new)? };
        let patches = [document.set(&path(a), &new)?, change];
        prop_assert_eq!(after(&document, Patch::join(patches)).to_file(), both);
    }

    #[test]
    fn an_element_comes_and_goes(sample in sample(), index: prop::sample::Index, last: bool) {
        let document = read(&sample);
        let Some((name, count)) = pick(&sample.lists, index) else { return Ok(()) };
        let list = path(name);
        let place = if last { Place::Last } else { Place::First };
        let edited = after(&document, document.insert(Some(&list), &"./brand-new.nix".parse()?, &place, None));
        let lists = edited.lists(Some(&list))?;
        let enabled: Vec<_> = lists[0].elements.iter().filter(|element| element.enabled).collect();
        prop_assert_eq!(enabled.len(), count + 1);
        let at = if last { enabled.last() } else { enabled.first() };
        prop_assert_eq!(at.map(|element| &*element.text), Some("./brand-new.nix"));
        let off = after(&edited, edited.disable(Some(&list), "brand-new"));
        let on = after(&off, off.enable(Some(&list), "brand-new"));
        prop_assert_eq!(on.to_file(), edited.to_file());
        let without = after(&edited, edited.remove_element(Some(&list), "brand-new"));
        prop_assert_eq!(without.to_file(), document.to_file(), "{}", edited.text());
        for (other, value) in sample.bindings.iter().filter(|(other, _)| !overlap(name, other)) {
            prop_assert_eq!(value_of(&edited, &path(other)), Some(value.clone()), "{}", other);
        }
    }
}
