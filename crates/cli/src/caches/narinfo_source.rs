//! One cache that answers with narinfos.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use drv_graph::{PathInfo, StorePath, narinfo};
use tier_planner::Millis;

use crate::failure::Failure;
use crate::input::{content, narinfo_file};
use crate::progress::Progress;

/// Questions to a server under way at once: half of what Nix allows itself (`http-connections`).
const CONNECTIONS: usize = 12;

/// A cache that answers with narinfos.
pub(crate) enum NarinfoSource {
    /// `DIR/HASH.narinfo`.
    Dir(PathBuf),
    /// `URL/HASH.narinfo`.
    Http(Server),
}

/// A binary cache behind http or https.
pub(crate) struct Server {
    /// Without a slash at its end.
    url: String,
    agent: ureq::Agent,
}

impl NarinfoSource {
    /// A server that gets `limit` to answer one question.
    pub(crate) fn http(url: &str, limit: Millis) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_millis(limit.0)))
            .http_status_as_error(false)
            .max_idle_connections_per_host(CONNECTIONS)
            .user_agent(concat!("hmtool/", env!("CARGO_PKG_VERSION")))
            .build();
        Self::Http(Server {
            url: url.trim_end_matches('/').to_owned(),
            agent: config.into(),
        })
    }

    /// The narinfos of those of `paths` that the cache has, in their order.
    ///
    /// A path that it does not have is no error; an answer that cannot be understood, or none at
    /// all, is: a plan that took a broken network for an empty cache would be far off.
    pub(crate) fn ask(
        &self,
        paths: &[StorePath],
        progress: &Progress,
    ) -> Result<Vec<PathInfo>, Failure> {
        match self {
            Self::Dir(dir) => {
                let infos = paths.iter().map(|path| {
                    let file = dir.join(format!("{}.narinfo", path.hash_part()));
                    match narinfo_file::read(&file)? {
                        Some(info) => Ok((info.info.path == *path).then_some(info.info)),
                        None if dir.is_dir() => Ok(None),
                        None => Err(Failure::reading(&file, ErrorKind::NotFound.into())),
                    }
                });
                infos.filter_map(Result::transpose).collect()
            }
            Self::Http(server) => server.ask(paths, progress),
        }
    }
}

impl Server {
    /// Asks in parallel. The first failure ends the asking; which of several is reported depends
    /// on the network, the answers do not.
    fn ask(&self, paths: &[StorePath], progress: &Progress) -> Result<Vec<PathInfo>, Failure> {
        let _asking = progress.asking(&self.url);
        let next = AtomicUsize::new(0);
        let failure = Mutex::new(None);
        let mut infos: Vec<Option<PathInfo>> = vec![None; paths.len()];
        let (send, receive) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..CONNECTIONS.min(paths.len()) {
                let send = send.clone();
                let (next, failure) = (&next, &failure);
                scope.spawn(move || {
                    loop {
                        let i = next.fetch_add(1, Ordering::Relaxed);
                        let Some(path) = paths.get(i) else { break };
                        match self.narinfo(path) {
                            Ok(info) => {
                                // The receiver lives until all senders are gone.
                                let _ = send.send((i, info));
                            }
                            Err(error) => {
                                next.store(paths.len(), Ordering::Relaxed);
                                failure
                                    .lock()
                                    .unwrap_or_else(PoisonError::into_inner)
                                    .get_or_insert(error);
                                break;
                            }
                        }
                    }
                });
            }
            drop(send);
            for (i, info) in receive {
                infos[i] = info;
                progress.advance(1);
            }
        });
        match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(failure) => Err(failure),
            None => Ok(infos.into_iter().flatten().collect()),
        }
    }

    fn narinfo(&self, path: &StorePath) -> Result<Option<PathInfo>, Failure> {
        let url = format!("{}/{}.narinfo", self.url, path.hash_part());
        let failed = |problem: String| Failure::Cache {
            url: url.clone(),
            problem,
        };
        let mut response = self
            .agent
            .get(&url)
            .call()
            .map_err(|e| failed(e.to_string()))?;
        match response.status().as_u16() {
            200 => {}
            // S3 says 403 for what is not there to anybody who may not list the bucket.
            403 | 404 | 410 => return Ok(None),
            status => return Err(failed(format!("it answered with status {status}"))),
        }
        let body = response
            .body_mut()
            .with_config()
            .limit(narinfo::LONGEST as u64)
            .read_to_vec();
        let body = body.map_err(|e| failed(e.to_string()))?;
        let info = narinfo::read(&body).map_err(|e| Failure::Data {
            file: url.clone(),
            place: None,
            code: e.code(),
            message: e.to_string(),
            hint: Some("is this the address of a binary cache?".to_owned()),
        })?;
        // The hash part alone is asked for; another store directory's path can have the same.
        Ok((info.info.path == *path).then_some(info.info))
    }
}

impl std::fmt::Display for NarinfoSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dir(dir) => f.write_str(&content::shown(dir)),
            Self::Http(server) => f.write_str(&server.url),
        }
    }
}
