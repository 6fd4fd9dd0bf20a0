//! What holds for every inventory.

use std::collections::BTreeSet;

use cache_policy::{HitRate, Holding, Holdings, Inventory, Source, SourceId};
use drv_graph::{Bytes, StorePath};
use proptest::collection::vec;
use proptest::prelude::*;

const PATHS: usize = 12;

fn path(n: usize) -> StorePath {
    let digit = char::from(b"0123456789abcdfghijklmnpqrsvwxyz"[n]);
    let text = format!("/nix/store/{}-p{n}", digit.to_string().repeat(32));
    StorePath::parse(&text).expect("a store path")
}

/// Any references at all, cycles and dangling ones among them: what a server says is data.
fn holdings() -> impl Strategy<Value = Holdings> {
    let references = prop_oneof![
        1 => Just(None),
        4 => vec(0..PATHS, 0..4).prop_map(|refs| Some(refs.into_iter().map(path).collect())),
    ];
    let size = prop_oneof![Just(None), (0..1000_u64).prop_map(|n| Some(Bytes(n)))];
    let holding =
        (references, size.clone(), size).prop_map(|(references, nar_size, file_size)| Holding {
            references,
            nar_size,
            file_size,
        });
    vec((0..PATHS, holding), 0..10)
        .prop_map(|all| all.into_iter().map(|(n, h)| (path(n), h)).collect())
}

fn sources() -> impl Strategy<Value = Vec<(Source, Holdings)>> {
    vec((any::<bool>(), holdings()), 0..4).prop_map(|all| {
        all.into_iter()
            .enumerate()
            .map(|(i, (local, holdings))| {
                let name = format!("s{i}");
                (Source { name, local }, holdings)
            })
            .collect()
    })
}

/// The definition, taken literally: drop what refers to a path nobody has, until nothing drops.
fn naive(sources: &[(Source, Holdings)]) -> BTreeSet<StorePath> {
    let mut all: BTreeSet<(usize, StorePath)> = sources
        .iter()
        .enumerate()
        .flat_map(|(i, (_, holdings))| holdings.iter().map(move |(p, _)| (i, p.clone())))
        .collect();
    loop {
        let have: BTreeSet<StorePath> = all.iter().map(|(_, p)| p.clone()).collect();
        let before = all.len();
        all.retain(|(i, p)| {
            let holding = sources[*i].1.get(p).expect("it is held");
            let references = holding.references.iter().flatten();
            references.into_iter().all(|r| r == p || have.contains(r))
        });
        if all.len() == before {
            return have;
        }
    }
}

proptest! {
    #[test]
    fn what_can_be_had_is_what_the_definition_says(sources in sources()) {
        let inventory = Inventory::new(sources.clone());
        let expected = naive(&sources);
        for path in (0..PATHS).map(path) {
            prop_assert_eq!(inventory.find(&path).is_some(), expected.contains(&path));
        }
    }

    #[test]
    fn what_can_be_had_is_held_there_and_closed(sources in sources()) {
        let inventory = Inventory::new(sources.clone());
        for path in (0..PATHS).map(path) {
            if let Some(found) = inventory.find(&path) {
                let holding = sources[found.id.index()].1.get(&path);
                prop_assert_eq!(holding, Some(found.holding));
                for reference in found.holding.references.iter().flatten() {
                    prop_assert!(inventory.find(reference).is_some());
                }
            }
        }
    }

    #[test]
    fn the_local_store_and_then_the_first_cache_wins(sources in sources()) {
        let inventory = Inventory::new(sources.clone());
        let bad: BTreeSet<(SourceId, StorePath)> = inventory
            .unservable()
            .into_iter()
            .map(|u| (u.id, u.path.clone()))
            .collect();
        for path in (0..PATHS).map(path) {
            let first = inventory
                .sources()
                .filter(|(id, _, held)| held.get(&path).is_some() && !bad.contains(&(*id, path.clone())))
                .min_by_key(|(id, source, _)| (!source.local, *id))
                .map(|(id, ..)| id);
            prop_assert_eq!(inventory.find(&path).map(|f| f.id), first);
        }
    }

    #[test]
    fn another_source_takes_nothing_away_and_moves_nothing_back(sources in sources(), more in holdings()) {
        let before = Inventory::new(sources.clone());
        let mut sources = sources;
        sources.push((Source::cache("more"), more));
        let after = Inventory::new(sources);
        for path in (0..PATHS).map(path) {
            if let Some(found) = before.find(&path) {
                let then = after.find(&path);
                let rank = |source: &Source, id| (!source.local, id);
                let forward = then.is_some_and(|then| rank(then.source, then.id) <= rank(found.source, found.id));
                prop_assert!(forward);
            }
        }
    }

    #[test]
    fn a_hit_rate_is_a_share(sources in sources()) {
        let inventory = Inventory::new(sources);
        let wanted: Vec<StorePath> = (0..PATHS).map(path).collect();
        let rate = HitRate::of(&inventory, &wanted, |_| None);
        prop_assert!(rate.served <= rate.wanted && rate.served_bytes <= rate.wanted_bytes);
        prop_assert_eq!(rate.wanted, PATHS as u64);
        for share in [rate.by_count(), rate.by_bytes()].into_iter().flatten() {
            prop_assert!((0.0..=1.0).contains(&share));
        }
    }
}

#[test]
fn what_is_new_fills_the_gaps_of_what_is_known() {
    let mut held: Holdings = [path(1)].into_iter().collect();
    held.insert(
        path(1),
        Holding {
            references: Some(vec![path(2)]),
            nar_size: Some(Bytes(7)),
            file_size: None,
        },
    );
    held.insert(
        path(1),
        Holding {
            nar_size: Some(Bytes(8)),
            ..Holding::default()
        },
    );
    let known = held.get(&path(1)).expect("it is held");
    assert_eq!((known.nar_size, known.file_size), (Some(Bytes(7)), None));
    assert_eq!(known.references.as_deref(), Some(&[path(2)][..]));
    assert_eq!(held.len(), 1);
}
