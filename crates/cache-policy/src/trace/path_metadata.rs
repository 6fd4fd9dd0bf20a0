//! What is known of the paths of a trace: a JSON document beside it.

use std::fmt;
use std::time::Duration;

use drv_graph::{Bytes, split_name};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde::de::{self, Deserializer, Unexpected, Visitor};
use thiserror::Error;

use super::catalogue::{Object, closures};
use super::{Catalogue, KeyId};
use crate::CacheTier;

/// One path, as the document has it. Keys that are not listed here are passed over.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PathRecord {
    /// The key that the trace has for it; a number counts as its digits.
    #[serde(deserialize_with = "key")]
    pub id: String,
    /// Name and version, e.g. `zlib-1.3.1`.
    pub name: String,
    /// Whose version it is; what [`split_name`] makes of `name` where it is missing.
    #[serde(default, rename = "pkg")]
    pub package: Option<String>,
    /// Size of the compressed file in bytes, at least one.
    #[serde(deserialize_with = "file_size")]
    pub file_size: Bytes,
    /// Ids of the paths that it refers to, itself possibly among them.
    #[serde(rename = "refs", deserialize_with = "keys")]
    pub references: Vec<String>,
    /// Seconds that it takes to build it where the cache does not have it.
    #[serde(rename = "cost", deserialize_with = "seconds")]
    pub rebuild: Duration,
    /// 1, 2 or 3; 2 where it is missing.
    #[serde(default, deserialize_with = "tier")]
    pub tier: CacheTier,
}

#[derive(Deserialize)]
struct Document {
    paths: Vec<PathRecord>,
}

/// What is known of the paths of a trace.
///
/// The document is `{"paths": [{"id": 0, "name": "zlib-1.3.1", "pkg": "zlib", "fileSize": 60000,
/// "refs": [], "cost": 12.5, "tier": 1}, …]}`; see [`PathRecord`].
///
/// Invariants: ids are unique, references lead to paths of the document, and there is no cycle
/// save of a path with itself.
#[derive(Clone, Debug)]
pub struct PathMetadata {
    records: Vec<PathRecord>,
    /// Where each id is in `records`.
    places: FxHashMap<String, u32>,
    /// Of each record, as places in `records`.
    closures: Vec<Vec<u32>>,
}

/// Why metadata of paths cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// It is not JSON, or not this document.
    #[error("{message}, at line {line}, column {column}")]
    Json {
        /// What is wrong.
        message: String,
        /// From 1.
        line: usize,
        /// From 1, in bytes; 0 before the first character of a line.
        column: usize,
    },
    /// Two paths have one id.
    #[error("the id {id} stands twice: for {first} and for {second}")]
    DuplicateId {
        /// The id.
        id: String,
        /// Name of the first path.
        first: String,
        /// Name of the second.
        second: String,
    },
    /// A reference leads nowhere.
    #[error("{name} (id {id}) refers to {reference}, which is not among the paths")]
    Dangling {
        /// Id of the path that refers.
        id: String,
        /// Its name.
        name: String,
        /// The id that it refers to.
        reference: String,
    },
    /// Paths refer to each other.
    #[error("paths refer to each other: {}", names.join(" → "))]
    Cycle {
        /// Their names, each before one that it refers to; the first again at the end.
        names: Vec<String>,
    },
}

impl MetadataError {
    /// A stable name of the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json { .. } => "metadata-json",
            Self::DuplicateId { .. } => "metadata-duplicate-id",
            Self::Dangling { .. } => "metadata-dangling-reference",
            Self::Cycle { .. } => "metadata-cycle",
        }
    }

    /// The way out.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Json { .. } => {
                "each path has `id`, `name`, `fileSize`, `refs`, `cost` in seconds, and may have `pkg` and `tier`"
            }
            Self::DuplicateId { .. } => "give each path an id of its own",
            Self::Dangling { .. } => "add the path, or leave the reference out",
            Self::Cycle { .. } => "store paths cannot refer to each other; check the direction",
        }
    }
}

impl PathMetadata {
    /// Reads the document. O(n + sizes of the closures of what each path refers to).
    ///
    /// # Errors
    /// The first thing that is wrong: with line and column where it is JSON or a single value,
    /// with names where paths do not fit together.
    pub fn read(input: &[u8]) -> Result<Self, MetadataError> {
        let document: Document = serde_json::from_slice(input).map_err(|error| {
            let text = error.to_string();
            // serde_json ends its messages with the place.
            let message = text.split(" at line ").next().unwrap_or(&text).to_owned();
            MetadataError::Json {
                message,
                line: error.line(),
                column: error.column(),
            }
        })?;
        Self::new(document.paths)
    }

    /// Metadata from records. O(n + sizes of the closures of what each path refers to).
    ///
    /// # Errors
    /// When ids are not unique, a reference leads nowhere, or paths refer to each other.
    pub fn new(records: Vec<PathRecord>) -> Result<Self, MetadataError> {
        let mut places: FxHashMap<String, u32> = FxHashMap::default();
        for (place, record) in (0..).zip(&records) {
            if let Some(first) = places.insert(record.id.clone(), place) {
                return Err(MetadataError::DuplicateId {
                    id: record.id.clone(),
                    first: records[first as usize].name.clone(),
                    second: record.name.clone(),
                });
            }
        }
        let mut references = Vec::with_capacity(records.len());
        for record in &records {
            let mut of_record = Vec::with_capacity(record.references.len());
            for id in &record.references {
                let Some(&place) = places.get(id) else {
                    return Err(MetadataError::Dangling {
                        id: record.id.clone(),
                        name: record.name.clone(),
                        reference: id.clone(),
                    });
                };
                of_record.push(place);
            }
            references.push(of_record);
        }
        let closures = closures(&references).map_err(|cycle| MetadataError::Cycle {
            names: cycle
                .iter()
                .chain(cycle.first())
                .map(|&place| records[place as usize].name.clone())
                .collect(),
        })?;
        Ok(Self {
            records,
            places,
            closures,
        })
    }

    /// The paths, in the order of the document.
    pub fn records(&self) -> &[PathRecord] {
        &self.records
    }

    /// The path with an id. O(1).
    pub fn get(&self, id: &str) -> Option<&PathRecord> {
        let &place = self.places.get(id)?;
        self.records.get(place as usize)
    }

    /// What is known of the keys of a trace, and how many of them are not among the paths: these
    /// are of tier 2, stand alone and cost nothing to build.
    ///
    /// A path that the trace never asks for is taken for one that comes from elsewhere: it is left
    /// out of closures, but not what it refers to. O(n + sizes of the closures).
    pub fn catalogue(&self, keys: &[impl AsRef<str>]) -> (Catalogue, usize) {
        let places: Vec<Option<u32>> = keys
            .iter()
            .map(|key| self.places.get(key.as_ref()).copied())
            .collect();
        let mut key_of = vec![None; self.records.len()];
        for (key, place) in (0..).zip(&places) {
            if let Some(place) = place {
                key_of[*place as usize] = Some(KeyId(key));
            }
        }
        let mut packages: FxHashMap<&str, u32> = FxHashMap::default();
        let objects = places.iter().map(|place| {
            let Some(place) = place else {
                return Object::default();
            };
            let record = &self.records[*place as usize];
            let package = record.package.as_deref();
            let package = package.unwrap_or_else(|| split_name(&record.name).0);
            let fresh = packages.len() as u32;
            Object {
                tier: record.tier,
                rebuild: record.rebuild,
                package: Some(*packages.entry(package).or_insert(fresh)),
                references: Vec::new(),
            }
        });
        let objects: Vec<Object> = objects.collect();
        let closures = places.iter().map(|place| {
            let closure = place.map_or(&[][..], |place| &self.closures[place as usize]);
            let keys = closure.iter().filter_map(|&place| key_of[place as usize]);
            keys.collect()
        });
        let catalogue = Catalogue::from_closures(objects, closures);
        let unknown = places.iter().filter(|place| place.is_none()).count();
        (catalogue, unknown)
    }
}

/// A text, or a whole number as its digits.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a whole number from 0")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Key, E> {
                Ok(Key(text.to_owned()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Key, E> {
                Ok(Key(number.to_string()))
            }
        }
        deserializer.deserialize_any(KeyVisitor)
    }
}

fn key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Key::deserialize(deserializer).map(|key| key.0)
}

fn keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let keys: Vec<Key> = Deserialize::deserialize(deserializer)?;
    Ok(keys.into_iter().map(|key| key.0).collect())
}

fn file_size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    match u64::deserialize(deserializer)? {
        0 => Err(de::Error::invalid_value(
            Unexpected::Unsigned(0),
            &"a size of at least one byte",
        )),
        size => Ok(Bytes(size)),
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(seconds).map_err(|_| {
        de::Error::invalid_value(
            Unexpected::Float(seconds),
            &"a number of seconds from 0 to 2^64",
        )
    })
}

fn tier<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CacheTier, D::Error> {
    let number = u64::deserialize(deserializer)?;
    CacheTier::from_number(number)
        .ok_or_else(|| de::Error::invalid_value(Unexpected::Unsigned(number), &"a tier: 1, 2 or 3"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(paths: &str) -> Result<PathMetadata, MetadataError> {
        PathMetadata::read(format!("{{\"paths\": [\n{paths}\n]}}").as_bytes())
    }

    const ZLIB: &str =
        r#"{"id": 7, "name": "zlib-1.3", "fileSize": 60, "refs": [7], "cost": 12.5, "tier": 1}"#;

    #[test]
    fn keys_get_what_is_known_of_them() {
        let all = format!(
            r#"{ZLIB},
            {{"id": "mid", "name": "mid-1", "fileSize": 1, "refs": [7], "cost": 0, "week": 3}},
            {{"id": "git", "name": "git-2.50", "pkg": "git", "fileSize": 9, "refs": ["mid"], "cost": 1e3}},
            {{"id": "new", "name": "git-2.51", "fileSize": 9, "refs": ["mid", "7"], "cost": 1}}"#
        );
        let metadata = read(&all).expect("metadata");
        assert_eq!(metadata.get("7").map(|p| p.file_size), Some(Bytes(60)));
        // Nobody asks for mid: it comes from elsewhere, and what it needs is needed still.
        let (catalogue, unknown) = metadata.catalogue(&["git", "stranger", "7", "new"]);
        assert_eq!((catalogue.len(), unknown), (4, 1));
        assert_eq!(catalogue.closure(KeyId(0)), [KeyId(2)]);
        assert_eq!(catalogue.tier(KeyId(2)), CacheTier::Always);
        assert_eq!(catalogue.tier(KeyId(1)), CacheTier::WhenRoom);
        assert_eq!(catalogue.rebuild(KeyId(2)), Duration::from_millis(12_500));
        assert_eq!(catalogue.package(KeyId(0)), catalogue.package(KeyId(3)));
        assert_ne!(catalogue.package(KeyId(0)), catalogue.package(KeyId(2)));
        assert_eq!(catalogue.package(KeyId(1)), None);
    }

    #[test]
    fn errors_name_line_and_column() {
        let with = |from: &str, to: &str| ZLIB.replace(from, to);
        for (paths, message, column) in [
            (with("60", "0"), "integer `0`", 43),
            (with("12.5", "-1"), "floating point `-1.0`", 69),
            (with("12.5", "1e300"), "floating point `1e+300`", 72),
            (with("12.5", "NaN"), "expected value", 68),
            (with("\"tier\": 1", "\"tier\": 4"), "integer `4`", 83),
            (with("[7]", "[7.5]"), "floating point `7.5`", 58),
            (with("\"fileSize\": 60, ", ""), "missing field", 67),
        ] {
            let error = read(&paths).expect_err("broken");
            let MetadataError::Json {
                message: said,
                line,
                column: at,
            } = &error
            else {
                panic!("{error}");
            };
            assert!(said.contains(message), "{error}");
            assert!(!said.contains("line"), "{error}");
            assert_eq!((*line, *at), (2, column), "{error}");
        }
    }

    #[test]
    fn paths_must_fit_together() {
        let path = |id: u32, name: &str, refs: &[u32]| {
            format!(
                r#"{{"id": {id}, "name": "{name}", "fileSize": 1, "refs": {refs:?}, "cost": 1}}"#
            )
        };
        for (paths, message) in [
            (
                [path(1, "a", &[]), path(1, "b", &[])],
                "the id 1 stands twice: for a and for b",
            ),
            (
                [path(1, "a", &[]), path(2, "b", &[1, 3])],
                "b (id 2) refers to 3, which is not among the paths",
            ),
            (
                [path(1, "a", &[1, 2]), path(2, "b", &[1])],
                "paths refer to each other: a → b → a",
            ),
        ] {
            let error = read(&paths.join(",")).expect_err("broken");
            assert_eq!(error.to_string(), message);
            assert!(!error.hint().is_empty() && error.code().starts_with("metadata-"));
        }
    }
}
