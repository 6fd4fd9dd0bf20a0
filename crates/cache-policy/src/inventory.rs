//! All sources together: where a path comes from, and whether it can be had at all.

use drv_graph::StorePath;
use rustc_hash::FxHashMap;

use crate::{Holding, Holdings};

/// Index of a source in its [`Inventory`]: lower ones are asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

impl SourceId {
    /// The id as an index into a slice with one element per source.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The local store, or a binary cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name, e.g. `cache.nixos.org`.
    pub name: String,
    /// Whether it is the local store, from which nothing need be transferred.
    pub local: bool,
}

impl Source {
    /// The local store.
    pub fn local(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            local: true,
        }
    }

    /// A binary cache.
    pub fn cache(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            local: false,
        }
    }
}

/// Where a path comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// Index of the source.
    pub id: SourceId,
    /// The first source that holds the path.
    pub source: &'a Source,
    /// What that source says of it.
    pub holding: &'a Holding,
}

/// A path that a source holds and nobody can serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unservable<'a> {
    /// The path.
    pub path: &'a StorePath,
    /// The source that holds it.
    pub id: SourceId,
    /// Which of the paths it refers to cannot be had, ascending; never empty.
    pub missing: Vec<&'a StorePath>,
}

/// Sources in the order in which they are asked.
///
/// A path *can be had* from a source that holds it and knows of no reference that cannot be had
/// (from any source). Local sources are asked first whatever their place: Nix asks no cache for
/// what is valid already.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    sources: Vec<(Source, Holdings)>,
    /// The order in which they are asked: local ones, then the others as given.
    order: Vec<u32>,
    /// First source in `order` from which the path can be had.
    from: FxHashMap<StorePath, SourceId>,
}

impl Inventory {
    /// Sources with what they hold. O(n + r) for n holdings with r references.
    pub fn new(sources: Vec<(Source, Holdings)>) -> Self {
        let mut order: Vec<u32> = (0..sources.len() as u32).collect();
        order.sort_by_key(|&i| !sources[i as usize].0.local);
        let from = servable(&sources, &order);
        Self {
            sources,
            order,
            from,
        }
    }

    /// Where `path` comes from; `None` when it cannot be had. O(1).
    pub fn find(&self, path: &StorePath) -> Option<Found<'_>> {
        let &id = self.from.get(path)?;
        let (source, holdings) = &self.sources[id.index()];
        Some(Found {
            id,
            source,
            holding: holdings.get(path)?,
        })
    }

    /// Every source with what it holds, in the order in which they were given.
    pub fn sources(&self) -> impl ExactSizeIterator<Item = (SourceId, &Source, &Holdings)> {
        self.sources
            .iter()
            .enumerate()
            .map(|(i, (source, holdings))| (SourceId(i as u32), source, holdings))
    }

    /// The first thing any source, in the order in which they are asked, says of `path`, even
    /// where it cannot be had: its size is of use all the same. O(number of sources).
    pub fn held(&self, path: &StorePath) -> Option<Found<'_>> {
        self.order.iter().find_map(|&i| {
            let (source, holdings) = &self.sources[i as usize];
            Some(Found {
                id: SourceId(i),
                source,
                holding: holdings.get(path)?,
            })
        })
    }

    /// Every holding that cannot be served, by source, then path. O(n log n + r).
    pub fn unservable(&self) -> Vec<Unservable<'_>> {
        let mut out = Vec::new();
        for (id, _, holdings) in self.sources() {
            for (path, holding) in holdings.iter() {
                let mut missing: Vec<&StorePath> = holding
                    .references
                    .iter()
                    .flatten()
                    .filter(|&reference| reference != path && !self.from.contains_key(reference))
                    .collect();
                missing.sort_unstable();
                missing.dedup();
                if !missing.is_empty() {
                    out.push(Unservable { path, id, missing });
                }
            }
        }
        out
    }
}

/// The greatest set of holdings in which every reference is to a path of the set; of each path
/// the first source.
///
/// Starts from everything and takes away: a holding that refers to a path nobody (any more) has
/// falls, and with the last holding of a path fall those that refer to it. Self-references do
/// not count. Every holding and every reference is looked at once.
fn servable(sources: &[(Source, Holdings)], order: &[u32]) -> FxHashMap<StorePath, SourceId> {
    /// One path in one source.
    struct Held<'a> {
        path: u32,
        source: SourceId,
        references: &'a [StorePath],
        stands: bool,
    }
    let mut numbers: FxHashMap<&StorePath, u32> = FxHashMap::default();
    let mut held = Vec::new();
    for &i in order {
        // Order within a source does not matter: no path is in one source twice.
        for (path, holding) in sources[i as usize].1.iter() {
            let fresh = numbers.len() as u32;
            held.push(Held {
                path: *numbers.entry(path).or_insert(fresh),
                source: SourceId(i),
                references: holding.references.as_deref().unwrap_or_default(),
                stands: true,
            });
        }
    }
    let mut standing = vec![0_u32; numbers.len()];
    let mut referrers: Vec<Vec<u32>> = vec![Vec::new(); numbers.len()];
    let mut fallen = Vec::new();
    for (n, holding) in held.iter().enumerate() {
        standing[holding.path as usize] += 1;
        let mut broken = false;
        for reference in holding.references {
            match numbers.get(reference) {
                Some(&number) if number != holding.path => {
                    referrers[number as usize].push(n as u32);
                }
                Some(_) => {}
                None => broken = true,
            }
        }
        if broken {
            fallen.push(n as u32);
        }
    }
    while let Some(n) = fallen.pop() {
        let holding = &mut held[n as usize];
        if !std::mem::replace(&mut holding.stands, false) {
            continue;
        }
        let path = holding.path as usize;
        standing[path] -= 1;
        if standing[path] == 0 {
            fallen.append(&mut referrers[path]);
        }
    }
    let mut from: Vec<Option<SourceId>> = vec![None; numbers.len()];
    for holding in held.iter().filter(|h| h.stands) {
        from[holding.path as usize].get_or_insert(holding.source);
    }
    numbers
        .into_iter()
        .filter_map(|(path, number)| Some((path.clone(), from[number as usize]?)))
        .collect()
}
