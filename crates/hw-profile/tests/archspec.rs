//! The table of microarchitectures is archspec's with the mends of `data/mends.txt`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use hw_profile::arch::{Feature, Microarchitecture, VersionRange};
use serde_json::Value;

static ARCHSPEC: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("fixtures/archspec/microarchitectures.json")).unwrap()
});

/// A line of `mends.txt` about an entry of archspec.
struct Mend<'a> {
    name: &'a str,
    added: BTreeSet<&'a str>,
    removed: BTreeSet<&'a str>,
    parents: Vec<&'a str>,
}

/// All of `mends.txt`.
#[derive(Default)]
struct Mends<'a> {
    entries: Vec<Mend<'a>>,
    /// Entry, compiler, archspec's range, ours.
    ranges: Vec<[&'a str; 4]>,
    new: BTreeSet<&'a str>,
}

fn mends(text: &str) -> Mends<'_> {
    let mut mends = Mends::default();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (what, why) = line.split_once(" # ").expect("a reason");
        assert!(!why.is_empty());
        if let Some(name) = what.strip_prefix("new ") {
            assert!(mends.new.insert(name), "{name} is new twice");
            continue;
        }
        if let Some((old, range)) = what.split_once(" -> ") {
            let words: Vec<_> = old.split(' ').collect();
            mends.ranges.push([words[0], words[1], words[2], range]);
            continue;
        }
        let (changes, parents) = what.split_once(" <").unwrap_or((what, ""));
        let mut words = changes.split_whitespace();
        let name = words.next().expect("a name");
        let (added, removed): (Vec<_>, Vec<_>) = words.partition(|word| word.starts_with('+'));
        mends.entries.push(Mend {
            name,
            added: added.into_iter().map(|word| &word[1..]).collect(),
            removed: removed.into_iter().map(|word| &word[1..]).collect(),
            parents: parents.split_whitespace().collect(),
        });
    }
    mends
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array()
        .expect("a list")
        .iter()
        .map(|it| it.as_str().expect("a text"))
        .collect()
}

#[test]
fn archspec_with_the_mends_is_our_table() {
    let archspec = ARCHSPEC["microarchitectures"].as_object().unwrap();
    let Mends {
        entries: mends,
        mut ranges,
        new,
    } = mends(include_str!("../data/mends.txt"));

    let mut features = BTreeMap::new();
    let mut parents = BTreeMap::new();
    for (name, it) in archspec {
        let own: BTreeSet<_> = texts(&it["features"])
            .into_iter()
            .map(|feature| if feature == "sse3" { "pni" } else { feature })
            .collect();
        features.insert(name.as_str(), own);
        parents.insert(name.as_str(), texts(&it["from"]));
    }
    for mend in &mends {
        let own = features.get_mut(mend.name).expect(mend.name);
        for &feature in &mend.added {
            assert!(
                own.insert(feature),
                "{}: +{feature} is not needed",
                mend.name
            );
        }
        for feature in &mend.removed {
            assert!(
                own.remove(feature),
                "{}: -{feature} is not needed",
                mend.name
            );
        }
        if !mend.parents.is_empty() {
            let old = parents.insert(mend.name, mend.parents.clone());
            assert_ne!(old.as_ref(), Some(&mend.parents), "{}", mend.name);
        }
    }

    let ours: BTreeMap<_, _> = Microarchitecture::all()
        .iter()
        .map(|it| (it.name(), it))
        .collect();
    let names: BTreeSet<_> = features
        .keys()
        .copied()
        .chain(new.iter().copied())
        .collect();
    assert_eq!(names, ours.keys().copied().collect(), "entries");
    for (name, own) in &features {
        let it = ours[name];
        // What a parent gained, its children have too.
        let inherited: BTreeSet<_> = it.parents().flat_map(|it| it.features().iter()).collect();
        let mut expected = own.clone();
        expected.extend(inherited.into_iter().map(Feature::name));
        let found: BTreeSet<_> = it.features().iter().map(Feature::name).collect();
        assert_eq!(found, expected, "features of {name}");
        let found: Vec<_> = it.parents().map(Microarchitecture::name).collect();
        assert_eq!(found, parents[name], "parents of {name}");

        let theirs = &archspec[*name];
        assert_eq!(it.vendor(), theirs["vendor"], "{name}");
        let number = |value: &Value| value.as_u64().map(|number| number as u32);
        assert_eq!(it.generation(), number(&theirs["generation"]), "{name}");
        let part = theirs["cpupart"]
            .as_str()
            .and_then(|text| text.strip_prefix("0x"));
        let part = part.map(|digits| u32::from_str_radix(digits, 16).unwrap());
        assert_eq!(it.part(), part, "{name}");
        assert_eq!(
            options(it),
            archspec_options(name, theirs, &mut ranges),
            "options for {name}"
        );
    }
    assert!(ranges.is_empty(), "not needed: {ranges:?}");
    for mend in &mends {
        let above: BTreeSet<_> = ours[mend.name]
            .parents()
            .flat_map(|it| it.features().iter())
            .collect();
        for feature in &mend.added {
            let inherited = above.iter().any(|it| it.name() == *feature);
            assert!(!inherited, "{}: +{feature} is inherited", mend.name);
        }
    }
}

fn options(it: &Microarchitecture) -> Vec<(String, VersionRange, String)> {
    it.support()
        .iter()
        .map(|it| (it.compiler.to_string(), it.versions, it.options.to_owned()))
        .collect()
}

fn archspec_options(
    name: &str,
    theirs: &Value,
    mends: &mut Vec<[&str; 4]>,
) -> Vec<(String, VersionRange, String)> {
    let mut found = Vec::new();
    for compiler in ["gcc", "clang"] {
        for it in theirs["compilers"][compiler]
            .as_array()
            .into_iter()
            .flatten()
        {
            let text = |key: &str| it[key].as_str();
            let options = text("flags")
                .expect("flags")
                .replace("{name}", text("name").unwrap_or(name));
            let options = options.replace("{family}", "arm");
            let versions = text("versions").unwrap();
            let mend = mends
                .iter()
                .position(|it| it[..3] == [name, compiler, versions]);
            let versions = mend.map_or(versions, |index| mends.remove(index)[3]);
            found.push((compiler.to_owned(), versions.parse().unwrap(), options));
        }
    }
    found
}
