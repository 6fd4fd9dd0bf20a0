//! What is known of the objects of a trace, beyond their sizes.

use std::time::Duration;

use super::{KeyId, Trace};
use crate::CacheTier;

/// What is known of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// How much it matters.
    pub tier: CacheTier,
    /// What it costs to build it where the cache does not have it.
    pub rebuild: Duration,
    /// Whose version it is: objects with one number are versions of one package.
    pub package: Option<u32>,
    /// What it needs; itself possibly among them.
    pub references: Vec<KeyId>,
}

/// The objects of a trace with tier, rebuild time, package and closure.
///
/// Invariant: closures are complete, i.e. the closure of what is in a closure is in it too, and
/// smaller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    entries: Vec<Entry>,
    /// The closures of all objects, one after another.
    closures: Vec<KeyId>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entry {
    tier: CacheTier,
    rebuild: Duration,
    package: Option<u32>,
    closure: (usize, usize),
}

/// Why objects make no catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadReferences {
    /// Objects need each other.
    #[error("{} objects need each other", keys.len())]
    Cycle {
        /// The objects of one cycle, each before one that it refers to, the last before the first.
        keys: Vec<KeyId>,
    },
    /// An object needs one that is not there.
    #[error("object {} refers to {}, which is not there", key.0, reference.0)]
    Unknown {
        /// The object.
        key: KeyId,
        /// What it refers to.
        reference: KeyId,
    },
}

impl Catalogue {
    /// A catalogue for a trace of which nothing else is known: every object is of tier 2, stands
    /// alone and costs nothing to build.
    pub fn unknown(trace: &Trace) -> Self {
        Self {
            entries: vec![Entry::default(); trace.key_count()],
            closures: Vec::new(),
        }
    }

    /// A catalogue from what is known of each object, in the order of [`KeyId`]s.
    /// O(n + the sizes of the closures of what each object refers to).
    ///
    /// # Errors
    /// When objects need each other, or one that is not there. An object may refer to itself.
    pub fn new(objects: Vec<Object>) -> Result<Self, BadReferences> {
        let mut references = Vec::with_capacity(objects.len());
        for (key, object) in (0..).zip(&objects) {
            let is_unknown = |reference: &&KeyId| reference.index() >= objects.len();
            if let Some(&reference) = object.references.iter().find(is_unknown) {
                let key = KeyId(key);
                return Err(BadReferences::Unknown { key, reference });
            }
            references.push(object.references.iter().map(|key| key.0).collect());
        }
        let closures = closures(&references).map_err(|cycle| BadReferences::Cycle {
            keys: cycle.into_iter().map(KeyId).collect(),
        })?;
        let closures = closures
            .into_iter()
            .map(|closure| closure.into_iter().map(KeyId).collect());
        Ok(Self::from_closures(objects, closures))
    }

    /// A catalogue whose closures are known: `references` of the objects are not looked at.
    pub(super) fn from_closures(
        objects: Vec<Object>,
        closures: impl Iterator<Item = Vec<KeyId>>,
    ) -> Self {
        let mut all = Vec::new();
        let mut entries: Vec<Entry> = Vec::with_capacity(objects.len());
        for (object, closure) in objects.into_iter().zip(closures) {
            let start = all.len();
            all.extend(closure);
            entries.push(Entry {
                tier: object.tier,
                rebuild: object.rebuild,
                package: object.package,
                closure: (start, all.len()),
            });
        }
        // What needs another has the larger closure, so this order is a topological one.
        let size = |key: &KeyId| {
            let (start, end) = entries[key.index()].closure;
            (end - start, *key)
        };
        for entry in &entries {
            all[entry.closure.0..entry.closure.1].sort_unstable_by_key(size);
        }
        Self {
            entries,
            closures: all,
        }
    }

    /// Number of objects.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The tier of an object.
    pub fn tier(&self, key: KeyId) -> CacheTier {
        self.entries[key.index()].tier
    }

    /// What it costs to build an object.
    pub fn rebuild(&self, key: KeyId) -> Duration {
        self.entries[key.index()].rebuild
    }

    /// Whose version an object is; `None` when nobody knows.
    pub fn package(&self, key: KeyId) -> Option<u32> {
        self.entries[key.index()].package
    }

    /// All that an object needs, itself left out, each before what needs it.
    pub fn closure(&self, key: KeyId) -> &[KeyId] {
        let (start, end) = self.entries[key.index()].closure;
        &self.closures[start..end]
    }
}

/// The closure of each node without the node itself, or the nodes of a cycle.
pub(super) fn closures(references: &[Vec<u32>]) -> Result<Vec<Vec<u32>>, Vec<u32>> {
    let mut closures: Vec<Option<Vec<u32>>> = vec![None; references.len()];
    let mut is_open = vec![false; references.len()];
    // Which node a node was last put into the closure of.
    let mut member_of = vec![u32::MAX; references.len()];
    let mut path: Vec<(u32, usize)> = Vec::new();
    for root in 0..references.len() as u32 {
        if closures[root as usize].is_some() {
            continue;
        }
        path.push((root, 0));
        is_open[root as usize] = true;
        while let Some((node, edge)) = path.last_mut() {
            let node = *node;
            let targets = &references[node as usize];
            if let Some(&target) = targets.get(*edge) {
                *edge += 1;
                if target == node || closures[target as usize].is_some() {
                    continue;
                }
                if is_open[target as usize] {
                    let cycle = path.iter().map(|&(node, _)| node);
                    return Err(cycle.skip_while(|&node| node != target).collect());
                }
                is_open[target as usize] = true;
                path.push((target, 0));
                continue;
            }
            let mut closure = Vec::new();
            for &target in targets.iter().filter(|&&target| target != node) {
                let below = closures[target as usize].as_deref().unwrap_or_default();
                for &member in [target].iter().chain(below) {
                    if std::mem::replace(&mut member_of[member as usize], node) != node {
                        closure.push(member);
                    }
                }
            }
            closures[node as usize] = Some(closure);
            path.pop();
        }
    }
    Ok(closures
        .into_iter()
        .map(Option::unwrap_or_default)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closure_has_what_is_needed_at_any_depth() {
        let references = [vec![], vec![0], vec![1, 2], vec![2, 0], vec![3, 1]];
        let mut closures = closures(&references).expect("no cycle");
        for closure in &mut closures {
            closure.sort_unstable();
        }
        assert_eq!(
            closures,
            [vec![], vec![0], vec![0, 1], vec![0, 1, 2], vec![0, 1, 2, 3]]
        );
    }

    #[test]
    fn a_cycle_is_named_and_nothing_around_it() {
        let references = [vec![1], vec![2], vec![3], vec![1], vec![]];
        assert_eq!(closures(&references), Err(vec![1, 2, 3]));
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let references: Vec<Vec<u32>> = (0..3000_u32)
            .map(|i| (i + 1 < 3000).then_some(i + 1).into_iter().collect())
            .collect();
        let closures = closures(&references).expect("no cycle");
        assert_eq!(closures[0].len(), 2999);
    }

    #[test]
    fn objects_keep_what_is_said_of_them() {
        let object = |references: &[u32]| Object {
            references: references.iter().copied().map(KeyId).collect(),
            rebuild: Duration::from_secs(9),
            tier: CacheTier::Local,
            package: Some(4),
        };
        let catalogue = Catalogue::new(vec![object(&[1]), object(&[1, 2]), object(&[])]);
        let catalogue = catalogue.expect("no cycle");
        assert_eq!(catalogue.closure(KeyId(0)), [KeyId(2), KeyId(1)]);
        assert_eq!(catalogue.tier(KeyId(0)), CacheTier::Local);
        assert_eq!(catalogue.rebuild(KeyId(2)), Duration::from_secs(9));
        assert_eq!(catalogue.package(KeyId(2)), Some(4));
        assert!(catalogue.closure(KeyId(2)).is_empty());
        assert_eq!(
            Catalogue::new(vec![object(&[1])]),
            Err(BadReferences::Unknown {
                key: KeyId(0),
                reference: KeyId(1)
            })
        );
        assert_eq!(
            Catalogue::new(vec![object(&[1]), object(&[0])]),
            Err(BadReferences::Cycle {
                keys: vec![KeyId(0), KeyId(1)]
            })
        );
    }
}
