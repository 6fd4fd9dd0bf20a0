//! What was asked of a cache, in order.

mod catalogue;
mod csv;
mod error;
mod logged_demand;
mod path_metadata;

use std::collections::hash_map::Entry;
use std::hash::Hash;

use drv_graph::Bytes;
use rustc_hash::FxHashMap;

pub use catalogue::{BadReferences, Catalogue, Object};
pub use csv::read_csv;
pub use error::TraceError;
pub use logged_demand::LoggedDemand;
pub use path_metadata::{MetadataError, PathMetadata, PathRecord};

/// Dense number of a key in its [`Trace`], in the order of first requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

impl KeyId {
    /// The number as an index into a slice with one element per key.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One request for one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Seconds since any fixed instant; never less than that of the request before.
    pub time: u64,
    /// What is asked for.
    pub key: KeyId,
    /// Its size at this time, at least one byte.
    pub size: Bytes,
}

/// Requests in order. Keys are numbers here, whatever they are outside: see [`TraceBuilder`].
///
/// Invariants: times never decrease, sizes are positive, and every key from 0 to
/// [`key_count`](Self::key_count) is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    requests: Vec<Request>,
    keys: u32,
}

impl Trace {
    /// The requests.
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// How many different keys are asked for.
    pub fn key_count(&self) -> usize {
        self.keys as usize
    }

    /// For each request the index of the next one for the same key; `None` when there is none.
    /// O(n).
    pub fn next_requests(&self) -> Vec<Option<u32>> {
        let mut later = vec![None; self.key_count()];
        let mut next = vec![None; self.requests.len()];
        for (i, request) in self.requests.iter().enumerate().rev() {
            next[i] = later[request.key.index()].replace(i as u32);
        }
        next
    }

    /// Bytes of all objects, each once and at its first size: what a cache that never evicts
    /// holds in the end.
    pub fn unique_bytes(&self) -> Bytes {
        let mut seen = vec![false; self.key_count()];
        self.requests
            .iter()
            .filter(|request| !std::mem::replace(&mut seen[request.key.index()], true))
            .map(|request| request.size)
            .sum()
    }
}

/// Why a request cannot be added to a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadRequest {
    /// It is earlier than the one before.
    #[error("its time {time} is before {before}, the time of the request before it")]
    TimeGoesBack {
        /// Its time, in seconds.
        time: u64,
        /// That of the request before.
        before: u64,
    },
    /// An object of no bytes.
    #[error("its size is zero")]
    NoSize,
    /// There are 2³² − 1 keys or requests already.
    #[error("a trace has at most 4,294,967,295 requests")]
    TooMany,
}

/// Builds a [`Trace`] from requests for keys of any kind, such as
/// [`StorePath`](drv_graph::StorePath)s.
///
/// ```
/// use cache_policy::trace::{KeyId, TraceBuilder};
/// use drv_graph::Bytes;
///
/// let mut builder = TraceBuilder::new();
/// builder.push(0, "zlib", Bytes(60_000))?;
/// builder.push(0, "git", Bytes(9_000_000))?;
/// builder.push(3600, "zlib", Bytes(60_000))?;
/// let (trace, keys) = builder.finish();
/// assert_eq!(keys, ["zlib", "git"]);
/// assert_eq!(trace.requests()[2].key, KeyId(0));
/// # Ok::<(), cache_policy::trace::BadRequest>(())
/// ```
#[derive(Clone, Debug)]
pub struct TraceBuilder<K> {
    requests: Vec<Request>,
    ids: FxHashMap<K, KeyId>,
}

impl<K> Default for TraceBuilder<K> {
    fn default() -> Self {
        Self {
            requests: Vec::new(),
            ids: FxHashMap::default(),
        }
    }
}

impl<K: Eq + Hash> TraceBuilder<K> {
    /// A trace without requests.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a request; `time` in seconds. O(1).
    ///
    /// # Errors
    /// When it goes back in time, has no size, or is one too many; the trace is unchanged then.
    pub fn push(&mut self, time: u64, key: K, size: Bytes) -> Result<(), BadRequest> {
        let before = self.requests.last().map_or(0, |request| request.time);
        if time < before {
            return Err(BadRequest::TimeGoesBack { time, before });
        }
        if size.0 == 0 {
            return Err(BadRequest::NoSize);
        }
        // Keys are at most as many as requests, and one number stays free to mean none.
        if self.requests.len() >= u32::MAX as usize {
            return Err(BadRequest::TooMany);
        }
        let fresh = KeyId(self.ids.len() as u32);
        let key = match self.ids.entry(key) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => *entry.insert(fresh),
        };
        self.requests.push(Request { time, key, size });
        Ok(())
    }

    /// The trace, and the key of each [`KeyId`]. O(number of keys · log).
    pub fn finish(self) -> (Trace, Vec<K>) {
        let mut keys: Vec<(KeyId, K)> = self.ids.into_iter().map(|(k, id)| (id, k)).collect();
        keys.sort_unstable_by_key(|&(id, _)| id);
        let trace = Trace {
            requests: self.requests,
            keys: keys.len() as u32,
        };
        (trace, keys.into_iter().map(|(_, key)| key).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(keys: &[u32]) -> Trace {
        let mut builder = TraceBuilder::new();
        for (time, &key) in (0..).zip(keys) {
            let size = Bytes(u64::from(key) + 1);
            builder.push(time, key, size).expect("a good request");
        }
        builder.finish().0
    }

    #[test]
    fn the_next_request_is_the_next_for_the_same_key() {
        let next = trace(&[7, 8, 7, 9, 8, 7]).next_requests();
        assert_eq!(next, [Some(2), Some(4), Some(5), None, None, None]);
    }

    #[test]
    fn each_object_has_its_bytes_once() {
        assert_eq!(trace(&[7, 8, 7]).unique_bytes(), Bytes(17));
    }

    #[test]
    fn bad_requests_are_refused_and_change_nothing() {
        let mut builder = TraceBuilder::new();
        builder.push(5, 'a', Bytes(1)).expect("a good request");
        let back = BadRequest::TimeGoesBack { time: 4, before: 5 };
        assert_eq!(builder.push(4, 'b', Bytes(1)), Err(back));
        assert_eq!(builder.push(5, 'b', Bytes(0)), Err(BadRequest::NoSize));
        let (trace, keys) = builder.finish();
        assert_eq!((trace.requests().len(), keys), (1, vec!['a']));
    }
}
