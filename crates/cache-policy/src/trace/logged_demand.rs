//! Traces from the logs of a cache's web server.

use drv_graph::RequestLog;
use rustc_hash::FxHashMap;

use super::{PathMetadata, Trace, TraceBuilder};

/// What a log says was asked for.
///
/// Each `GET` of a narinfo is a request for its path, whether the cache had it or not: a 404 is
/// demand all the same. A log has no sizes, so that what is not among the metadata is left out.
/// Servers write a line when an answer is sent, so lines may be out of order; requests are not,
/// and times count from the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedDemand<'a> {
    /// The requests.
    pub trace: Trace,
    /// The id of each key, as the metadata has it.
    pub keys: Vec<&'a str>,
    /// Requests for paths of which the metadata knows nothing.
    pub unknown: usize,
    /// Requests that ended neither well nor with 404.
    pub failed: usize,
}

impl<'a> LoggedDemand<'a> {
    /// The demand of a log for the paths of the metadata, whose ids are store paths, names with
    /// their hash, or hashes alone. O(n log n).
    pub fn new(log: &RequestLog, metadata: &'a PathMetadata) -> Self {
        let records = metadata.records().iter();
        let by_hash: FxHashMap<&str, usize> = records
            .enumerate()
            .filter_map(|(place, record)| Some((hash_part(&record.id)?, place)))
            .collect();
        let mut requests: Vec<_> = log.requests.iter().collect();
        requests.sort_by_key(|request| request.time);
        let first = requests.first().map_or(0, |request| request.time);
        let mut builder = TraceBuilder::new();
        let (mut unknown, mut failed) = (0, 0);
        for request in requests {
            if !matches!(request.status, 200..400 | 404) {
                failed += 1;
                continue;
            }
            let Some(&place) = by_hash.get(&*request.hash_part) else {
                unknown += 1;
                continue;
            };
            let record = &metadata.records()[place];
            let time = request.time.abs_diff(first);
            // Times are sorted and sizes positive; beyond 2³² requests there is no more to learn.
            if builder.push(time, &*record.id, record.file_size).is_err() {
                break;
            }
        }
        let (trace, keys) = builder.finish();
        Self {
            trace,
            keys,
            unknown,
            failed,
        }
    }
}

/// The hash of `/nix/store/HASH-name`, `HASH-name` or `HASH`.
fn hash_part(id: &str) -> Option<&str> {
    let base = id.rsplit('/').next()?;
    let (hash, rest) = base.split_at_checked(32)?;
    (rest.is_empty() || rest.starts_with('-')).then_some(hash)
}

#[cfg(test)]
mod tests {
    use drv_graph::{Bytes, request_log};

    use super::*;

    const ZLIB: &str = "8vh17lfiabqfl2bd2rasxrh94g9pf9dd";
    const GIT: &str = "9krlzvny65gdc8s7kpb6lkx8cd02c25b";
    const CURL: &str = "43p8ynfn99y2s3iisnvzh1a21mpd5sjg";

    #[test]
    fn narinfos_asked_for_are_the_demand() {
        let line = |second: u32, hash: &str, status: u16| {
            format!(
                "h - - [24/Nov/2025:10:51:{second:02} +0100] \"GET /{hash}.narinfo HTTP/1.1\" {status} 5\n"
            )
        };
        let log = [
            line(7, GIT, 404),
            line(5, ZLIB, 200),
            line(9, "00000000000000000000000000000000", 200),
            line(9, ZLIB, 304),
            line(9, CURL, 503),
            line(9, CURL, 200),
        ]
        .concat();
        let path = |id: &str, size: u64| {
            format!(r#"{{"id": "{id}", "name": "x", "fileSize": {size}, "refs": [], "cost": 1}}"#)
        };
        let paths = [
            path(&format!("/nix/store/{ZLIB}-zlib"), 60),
            path(&format!("{GIT}-git"), 900),
            path(CURL, 80),
            path("other", 1),
        ];
        let metadata = format!("{{\"paths\": [{}]}}", paths.join(","));
        let metadata = PathMetadata::read(metadata.as_bytes()).expect("metadata");
        let demand = LoggedDemand::new(&request_log::read(log.as_bytes()), &metadata);
        let requests = demand.trace.requests().iter();
        let requests: Vec<_> = requests
            .map(|r| (r.time, demand.keys[r.key.index()].len(), r.size))
            .collect();
        assert_eq!(
            requests,
            [
                (0, 48, Bytes(60)),
                (2, 36, Bytes(900)),
                (4, 48, Bytes(60)),
                (4, 32, Bytes(80)),
            ]
        );
        assert_eq!((demand.unknown, demand.failed), (1, 1));
    }
}
