//! Matching the derivations of two graphs.
//!
//! From the certain to the likely; what one step matches, the next leaves alone:
//!
//! 1. the two that somebody asks about;
//! 2. the same `.drv` file, or the same outputs;
//! 3. the same attribute; the only root of either graph;
//! 4. the only ones left of a name ([`by_name`]);
//! 5. the same recipe over inputs that are matched, from the sources up ([`sweep`]), and where
//!    none has the same, the most alike of one name ([`likeness`]);
//! 6. the same place in the recipe of a pair: both are its `src` ([`places`]);
//! 7. the most alike of one name, then of one package.
//!
//! Every step treats both graphs alike, so that comparing them the other way round matches the
//! same pairs.

mod likeness;
mod places;
mod sweep;

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::MatchedBy;
use super::both::{Both, End};
use super::pairs::Pairs;
use super::side::Side;
use super::view::Views;
use crate::{Derivation, DrvId};

/// `asked` are two that are a pair whatever speaks for others.
pub(super) fn pair(
    views: &Views<'_>,
    before: &Side<'_>,
    after: &Side<'_>,
    asked: Option<(DrvId, DrvId)>,
) -> Pairs {
    let graphs = Both::from_fn(|end| views.graph(end));
    let mut pairs = Pairs::new(graphs.before.len(), graphs.after.len());
    if let Some((before, after)) = asked {
        let (a, b) = (&graphs.before[before], &graphs.after[after]);
        let by = if a.path() == b.path() {
            MatchedBy::Path
        } else if same_outputs(a, b) {
            MatchedBy::Outputs
        } else {
            MatchedBy::Root
        };
        pairs.add(before, after, by);
    }
    by_path(views, &mut pairs);
    by_outputs(views, &mut pairs);
    by_attribute(views, &mut pairs, before, after);
    by_root(views, &mut pairs, before, after);
    by_name(views, &mut pairs);
    sweep::sweep(views, &mut pairs);
    places::match_places(views, &mut pairs);
    likeness::match_groups(views, &mut pairs, MatchedBy::Likeness, Derivation::name);
    likeness::match_groups(views, &mut pairs, MatchedBy::Package, Derivation::pname);
    twins(views, &mut pairs);
    pairs
}

fn free<'v>(views: &'v Views<'_>, pairs: &'v Pairs, end: End) -> impl Iterator<Item = DrvId> {
    let scope = views.scope(end);
    scope.filter(move |&id| pairs.is_free(end, id))
}

fn by_path(views: &Views<'_>, pairs: &mut Pairs) {
    let after = views.graph(End::After);
    for id in free(views, pairs, End::Before).collect::<Vec<_>>() {
        let same = after.id(views.derivation(End::Before, id).path());
        if let Some(same) = same.filter(|&same| is_open(views, pairs, End::After, same)) {
            pairs.add(id, same, MatchedBy::Path);
        }
    }
}

/// Whether both make the same paths. Where a path is not known they do not, as far as one can
/// tell.
fn same_outputs(a: &Derivation, b: &Derivation) -> bool {
    a.outputs().len() == b.outputs().len()
        && a.outputs()
            .iter()
            .zip(b.outputs())
            .all(|(a, b)| a.name == b.name && a.path.is_some() && a.path == b.path)
}

/// Derivations by the path of their first output.
struct Makers<'v> {
    first: FxHashMap<&'v str, DrvId>,
    /// Of few paths there are several makers; those behind the first, ascending.
    more: FxHashMap<&'v str, Vec<DrvId>>,
}

impl<'v> Makers<'v> {
    /// `ids` must ascend.
    fn new(views: &'v Views<'_>, end: End, ids: impl Iterator<Item = DrvId>) -> Self {
        let mut makers = Self {
            first: FxHashMap::default(),
            more: FxHashMap::default(),
        };
        for id in ids {
            let Some(path) = first_output(views.derivation(end, id)) else {
                continue;
            };
            match makers.first.entry(path) {
                Entry::Vacant(entry) => {
                    entry.insert(id);
                }
                Entry::Occupied(_) => makers.more.entry(path).or_default().push(id),
            }
        }
        makers
    }

    /// Those whose first output is that of `derivation`, ascending.
    fn of(&self, derivation: &Derivation) -> impl Iterator<Item = DrvId> {
        let path = first_output(derivation);
        let first = path.and_then(|path| self.first.get(path));
        let more = path.and_then(|path| self.more.get(path));
        first.into_iter().chain(more.into_iter().flatten()).copied()
    }
}

fn first_output(derivation: &Derivation) -> Option<&str> {
    let path = derivation.outputs().first()?.path.as_ref()?;
    Some(path.as_str())
}

/// Several derivations can fetch one fixed output. Those of one name are matched first, then the
/// first with the first.
fn by_outputs(views: &Views<'_>, pairs: &mut Pairs) {
    let makers = Makers::new(views, End::After, free(views, pairs, End::After));
    for same_name in [true, false] {
        for id in free(views, pairs, End::Before).collect::<Vec<_>>() {
            let derivation = views.derivation(End::Before, id);
            let same = makers.of(derivation).find(|&other| {
                let maker = views.derivation(End::After, other);
                pairs.is_free(End::After, other)
                    && same_outputs(derivation, maker)
                    && (!same_name || derivation.name() == maker.name())
            });
            if let Some(same) = same {
                pairs.add(id, same, MatchedBy::Outputs);
            }
        }
    }
}

fn by_attribute(views: &Views<'_>, pairs: &mut Pairs, before: &Side<'_>, after: &Side<'_>) {
    for &(name, id) in &before.attributes {
        let same = after
            .attributes
            .binary_search_by_key(&name, |named| named.0);
        let Ok(at) = same else { continue };
        let same = after.attributes[at].1;
        if is_open(views, pairs, End::Before, id) && is_open(views, pairs, End::After, same) {
            pairs.add(id, same, MatchedBy::Attribute);
        }
    }
}

fn is_open(views: &Views<'_>, pairs: &Pairs, end: End, id: DrvId) -> bool {
    let known = id.index() < views.graph(end).len();
    known && views.in_scope(end, id) && pairs.is_free(end, id)
}

fn by_root(views: &Views<'_>, pairs: &mut Pairs, before: &Side<'_>, after: &Side<'_>) {
    let only = |end: End, side: &Side<'_>| {
        let roots = side.roots.clone().unwrap_or_else(|| side.graph.roots());
        match roots[..] {
            [root] if is_open(views, pairs, end, root) => Some(root),
            _ => None,
        }
    };
    if let (Some(before), Some(after)) = (only(End::Before, before), only(End::After, after)) {
        pairs.add(before, after, MatchedBy::Root);
    }
}

/// Groups of what is free, by a name; fetches and builds apart.
fn groups<'v>(
    views: &'v Views<'_>,
    pairs: &Pairs,
    name: fn(&Derivation) -> &str,
) -> Vec<Both<Vec<DrvId>>> {
    let mut groups: FxHashMap<(&str, bool), Both<Vec<DrvId>>> = FxHashMap::default();
    for end in End::BOTH {
        for id in free(views, pairs, end) {
            let derivation = views.derivation(end, id);
            let key = (name(derivation), derivation.is_fixed_output());
            groups.entry(key).or_default()[end].push(id);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.retain(|(_, group)| !group.before.is_empty() && !group.after.is_empty());
    groups.sort_unstable_by_key(|(key, _)| *key);
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Those of which nothing else of their name is left on either side; fetches and builds apart.
fn by_name(views: &Views<'_>, pairs: &mut Pairs) {
    let mut left: FxHashMap<(&str, bool), Both<Left>> = FxHashMap::default();
    for end in End::BOTH {
        for id in free(views, pairs, end) {
            let derivation = views.derivation(end, id);
            let key = (derivation.name(), derivation.is_fixed_output());
            left.entry(key).or_default()[end].add(id);
        }
    }
    for left in left.values() {
        if let (Some(before), Some(after)) = (left.before.only(), left.after.only()) {
            pairs.add(before, after, MatchedBy::Name);
        }
    }
}

/// How many there are of something, and which, when there is only one.
#[derive(Clone, Copy, Debug, Default)]
struct Left {
    count: u32,
    /// All ids in one, by exclusive or: taking one away needs no list.
    ids: u32,
}

impl Left {
    fn add(&mut self, id: DrvId) {
        self.count += 1;
        self.ids ^= id.0;
    }

    fn remove(&mut self, id: DrvId) {
        self.count -= 1;
        self.ids ^= id.0;
    }

    fn only(self) -> Option<DrvId> {
        (self.count == 1).then_some(DrvId(self.ids))
    }
}

/// What makes the same as a pair does, one of several that fetch it.
fn twins(views: &Views<'_>, pairs: &mut Pairs) {
    for (end, other) in [(End::Before, End::After), (End::After, End::Before)] {
        let fetches = free(views, pairs, end)
            .filter(|&id| views.derivation(end, id).is_fixed_output())
            .collect::<Vec<_>>();
        if fetches.is_empty() {
            continue;
        }
        let makers = Makers::new(views, other, views.scope(other));
        for id in fetches {
            let derivation = views.derivation(end, id);
            let same = makers.of(derivation).find(|&maker| {
                !pairs.is_free(other, maker)
                    && same_outputs(derivation, views.derivation(other, maker))
            });
            if let Some(same) = same {
                pairs.add_twin(end, id, same);
            }
        }
    }
}
