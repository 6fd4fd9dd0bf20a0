//! Finding keys that stand twice in one object, at nearly no cost.

use super::text::Text;

/// The keys of all objects that are open, the innermost last.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenKeys<'a> {
    keys: Vec<Text<'a>>,
}

/// One open object.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenObject {
    first: usize,
    /// Nix writes most objects in ascending order of key; then one comparison with the key
    /// before proves that a key is new. Only others are sorted when they close.
    ascending: bool,
}

impl<'a> OpenKeys<'a> {
    pub(super) fn open(&self) -> OpenObject {
        OpenObject {
            first: self.keys.len(),
            ascending: true,
        }
    }

    pub(super) fn add(&mut self, object: &mut OpenObject, key: Text<'a>) {
        if object.ascending {
            object.ascending = !key.escaped
                && match self.keys[object.first..].last() {
                    Some(before) => precedes(before.raw, key.raw),
                    None => true,
                };
        }
        self.keys.push(key);
    }

    /// Closes the innermost object; gives a key that stands in it twice.
    pub(super) fn close(&mut self, object: OpenObject) -> Option<Text<'a>> {
        let mut twice = None;
        if !object.ascending {
            let keys = &mut self.keys[object.first..];
            keys.sort_by(|a, b| a.decode().cmp(&b.decode()).then(a.at.cmp(&b.at)));
            twice = keys
                .windows(2)
                .find(|pair| pair[0].decode() == pair[1].decode())
                .map(|pair| pair[1]);
        }
        self.keys.truncate(object.first);
        twice
    }
}

/// `a < b`, without a call where the first eight bytes decide: of the keys of an environment,
/// nearly always.
fn precedes(a: &str, b: &str) -> bool {
    match (a.as_bytes().first_chunk(), b.as_bytes().first_chunk()) {
        (Some(x), Some(y)) if x != y => u64::from_be_bytes(*x) < u64::from_be_bytes(*y),
        _ => a < b,
    }
}
