//! The definitions in some sets by what they define, so that many can be asked for.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use rnix::SyntaxKind::*;
use rnix::{SyntaxNode, TextRange};

use crate::scope::{self, Hit};
use crate::{Key, KeyPath};

/// The definitions in some sets and `let`s.
///
/// Reading them takes time linear in the number of entries, an answer time linear in itself and in
/// how many values the path leads through. [`scope::in_sets`] gives the same answers by looking
/// through all entries for each.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    /// What defines a path as a whole.
    whole: HashMap<Vec<Key>, Vec<Defining>>,
    /// What defines something in a path: `path.more = value;`.
    parts: HashMap<Vec<Key>, Vec<Defining>>,
    /// What the values define, by where they stand; each is read when it is first asked for.
    values: RefCell<HashMap<TextRange, Rc<Self>>>,
}

#[derive(Clone, Debug)]
struct Defining {
    /// Its place among all entries.
    at: usize,
    hit: Hit,
}

impl Definitions {
    /// Reads the sets.
    pub(crate) fn of(sets: &[SyntaxNode]) -> Self {
        let mut read = Self::default();
        let entries = sets.iter().flat_map(SyntaxNode::children);
        for (at, entry) in entries.enumerate() {
            match entry.kind() {
                NODE_INHERIT => {
                    let names = entry.children().filter(|n| n.kind() != NODE_INHERIT_FROM);
                    for name in names {
                        let Some(key) = Key::of(&name) else { continue };
                        let inherit = entry.clone();
                        let hit = Hit::Inherited { name, inherit };
                        push(&mut read.whole, vec![key], Defining { at, hit });
                    }
                }
                NODE_ATTRPATH_VALUE => {
                    let Some(keys) = entry.first_child().and_then(|path| KeyPath::of(&path)) else {
                        continue;
                    };
                    for length in 1..keys.len() {
                        let hit = Hit::Part(entry.clone());
                        push(
                            &mut read.parts,
                            keys[..length].to_vec(),
                            Defining { at, hit },
                        );
                    }
                    let hit = Hit::Binding(entry);
                    push(&mut read.whole, keys, Defining { at, hit });
                }
                // The body of a `let`.
                _ => {}
            }
        }
        read
    }

    /// The definitions of `path`, in the order of the sets and then of the text.
    pub(crate) fn hits(&self, path: &[Key]) -> Vec<Hit> {
        let mut found: Vec<Defining> = Vec::new();
        for length in 1..path.len() {
            let (known, rest) = path.split_at(length);
            for Defining { at, hit } in self.whole.get(known).into_iter().flatten() {
                if let Hit::Binding(entry) = hit {
                    let inner = self.value(&scope::value(entry)).hits(rest);
                    found.extend(inner.into_iter().map(|hit| Defining { at: *at, hit }));
                }
            }
        }
        found.extend(self.whole.get(path).into_iter().flatten().cloned());
        found.extend(self.parts.get(path).into_iter().flatten().cloned());
        found.sort_by_key(|defining| defining.at);
        found.into_iter().map(|defining| defining.hit).collect()
    }

    fn value(&self, value: &SyntaxNode) -> Rc<Self> {
        let mut values = self.values.borrow_mut();
        let read = values.entry(value.text_range());
        Rc::clone(read.or_insert_with(|| Rc::new(Self::of(&scope::sets(value)))))
    }
}

fn push(to: &mut HashMap<Vec<Key>, Vec<Defining>>, path: Vec<Key>, defining: Defining) {
    to.entry(path).or_default().push(defining);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Document, Span};

    fn set() -> impl Strategy<Value = String> {
        let value = prop::sample::select(vec!["1", "f x", "x: { a = 1; }"]).prop_map(str::to_owned);
        let name = || prop::sample::select(vec!["a", "b", "\"c\"", "${d}", "\"${d}\"", "c"]);
        let path = prop::collection::vec(name(), 1..4).prop_map(|names| names.join("."));
        value.prop_recursive(4, 60, 6, move |inner| {
            let entry = (path.clone(), inner.clone());
            let entry = entry.prop_map(|(path, value)| format!("{path} = {value};"));
            let inherited = prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 0..3);
            let inherit = (any::<bool>(), inherited).prop_map(|(from, names)| {
                let from = if from { "(x) " } else { "" };
                format!("inherit {from}{};", names.join(" "))
            });
            let entries = prop::collection::vec(prop_oneof![4 => entry, 1 => inherit], 0..6);
            let set = entries.prop_map(|entries| format!("{{ {} }}", entries.join(" ")));
            prop_oneof![
                6 => set.clone(),
                1 => (set.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} // ({b})")),
                1 => (set, inner).prop_map(|(a, b)| format!("lib.mkMerge [ {a} (mkIf x ({b})) ]")),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn the_answers_are_those_of_looking_through_all(file in set()) {
            // Names that are given twice are no matter here.
            let root = crate::parse::syntax(&file).expect("the parser takes it");
            let body = root.first_child().expect("there is a value");
            let sets = scope::sets(&body);
            let read = Definitions::of(&sets);
            for path in [
                "a", "b", "c", "${d}", "a.a", "a.b", "b.a", "c.c", "${d}.a", "a.${d}", "a.a.a",
                "a.b.c", "a.a.b.b", "c.b.a.c", "a.a.a.a.a",
            ] {
                let path: KeyPath = path.parse().expect("a path");
                let shown = |hits: Vec<Hit>| -> Vec<(bool, Span)> {
                    let hit = |hit: &Hit| (matches!(hit, Hit::Part(_)), hit.definition());
                    hits.iter().map(hit).collect()
                };
                let expected = shown(scope::in_sets(&sets, path.keys()));
                prop_assert_eq!(shown(read.hits(path.keys())), expected, "{} in {}", path, file);
            }
        }
    }

    #[test]
    fn the_parts_of_a_path_are_found_wherever_they_stand() {
        let (document, _) = Document::parse("{ a.b = 1; x = 0; a = { c.d = 2; inherit e; }; }");
        let body = document.root().ok().and_then(|root| root.first_child());
        let read = Definitions::of(&scope::sets(&body.expect("there is a set")));
        let found = |path: &str| -> Vec<String> {
            let path: KeyPath = path.parse().expect("a path");
            let hits = read.hits(path.keys());
            let text = |hit: &Hit| hit.definition().text(document.text()).to_owned();
            hits.iter().map(text).collect()
        };
        assert_eq!(found("a"), ["a.b = 1;", "a = { c.d = 2; inherit e; };"]);
        assert_eq!(found("a.c"), ["c.d = 2;"]);
        assert_eq!(found("a.c.d"), ["c.d = 2;"]);
        assert_eq!(found("a.e"), ["e"]);
        assert_eq!(found("a.c.d.e"), [""; 0]);
    }
}
