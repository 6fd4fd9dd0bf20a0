//! What was asked for, and what is known of it.

use std::path::Path;

use cache_policy::trace::{Catalogue, LoggedDemand, PathMetadata, Trace, read_csv};
use drv_graph::request_log;

use crate::failure::Failure;
use crate::input::content;
use crate::output;
use crate::progress::Progress;
use crate::render::style::{self, paint};
use crate::render::untrusted::for_terminal;

/// A trace with what is known of its objects.
pub(super) struct Demand {
    /// The file, as it was named.
    pub(super) file: String,
    /// The requests.
    pub(super) trace: Trace,
    /// What is known of the objects: nothing without metadata.
    pub(super) catalogue: Catalogue,
    /// Where that was read, and how many objects it does not have.
    pub(super) metadata: Option<(String, usize)>,
}

/// How the first line of a trace in CSV starts.
const CSV: &[u8] = b"time,";

impl Demand {
    /// Reads a trace, in CSV or as a web server's log, and the metadata of its paths.
    pub(super) fn read(
        trace: &Path,
        metadata: Option<&Path>,
        progress: &Progress,
    ) -> Result<Self, Failure> {
        let known = match metadata {
            Some(file) => {
                let input = content::read(file, progress)?;
                let read = PathMetadata::read(&input).map_err(|error| Failure::Data {
                    file: content::shown(file),
                    place: None,
                    code: error.code(),
                    message: error.to_string(),
                    hint: Some(error.hint().to_owned()),
                })?;
                Some((content::shown(file), read))
            }
            None => None,
        };
        let input = content::read(trace, progress)?;
        let file = content::shown(trace);
        let Some((shown, metadata)) = known else {
            let (trace, _) = csv(&input, &file)?;
            return Ok(Self {
                catalogue: Catalogue::unknown(&trace),
                metadata: None,
                trace,
                file,
            });
        };
        let (trace, catalogue, unknown) = if input.starts_with(CSV) {
            let (trace, keys) = csv(&input, &file)?;
            let (catalogue, unknown) = metadata.catalogue(&keys);
            (trace, catalogue, unknown)
        } else {
            let demand = log(&input, &file, &metadata)?;
            let (catalogue, unknown) = metadata.catalogue(&demand.keys);
            (demand.trace, catalogue, unknown)
        };
        if unknown > 0 {
            let objects = trace.key_count();
            warn(&format!(
                "{shown} says nothing about {unknown} of {objects} objects: they count as of tier \
                 2, without references, and as costing nothing to build"
            ));
        }
        Ok(Self {
            file,
            trace,
            catalogue,
            metadata: Some((shown, unknown)),
        })
    }
}

fn csv<'a>(input: &'a [u8], file: &str) -> Result<(Trace, Vec<&'a str>), Failure> {
    if !input.starts_with(CSV) && !request_log::read(input).requests.is_empty() {
        return Err(Failure::Usage {
            message: format!("{file} is a log of a cache, which says nothing of sizes"),
            hint: "give --metadata FILE with the sizes, references and build times of the paths"
                .to_owned(),
        });
    }
    let (trace, keys) = read_csv(input).map_err(|error| Failure::Data {
        file: file.to_owned(),
        place: None,
        code: error.code(),
        message: error.to_string(),
        hint: Some(error.hint().to_owned()),
    })?;
    if trace.requests().is_empty() {
        return Err(nothing(file, "the trace has no requests".to_owned()));
    }
    Ok((trace, keys))
}

fn log<'a>(
    input: &[u8],
    file: &str,
    metadata: &'a PathMetadata,
) -> Result<LoggedDemand<'a>, Failure> {
    let log = request_log::read(input);
    if let [first, ..] = log.malformed[..] {
        let lines = log.malformed.len();
        if log.requests.is_empty() && log.others == 0 {
            return Err(Failure::Data {
                file: file.to_owned(),
                place: Some(format!("line {first}")),
                code: "trace-header",
                message: "this is neither a trace in CSV nor a log in the combined log format"
                    .to_owned(),
                hint: Some("a trace starts with `time,key,size`".to_owned()),
            });
        }
        warn(&format!(
            "{file}: {lines} lines are no log lines, the first is line {first}"
        ));
    }
    let demand = LoggedDemand::new(&log, metadata);
    if demand.unknown > 0 {
        warn(&format!(
            "{file}: left out {} requests for paths that the metadata does not have",
            demand.unknown
        ));
    }
    if demand.failed > 0 {
        let failed = demand.failed;
        warn(&format!("{file}: left out {failed} requests that failed"));
    }
    if demand.trace.requests().is_empty() {
        let message = format!(
            "of {} requests for narinfos none is for a path of the metadata",
            log.requests.len()
        );
        return Err(nothing(file, message));
    }
    Ok(demand)
}

fn warn(text: &str) {
    let warning = paint(style::WARNING, "warning");
    output::complain(&format!("{warning}: {}", for_terminal(text)));
}

fn nothing(file: &str, message: String) -> Failure {
    Failure::Data {
        file: file.to_owned(),
        place: None,
        code: "trace-empty",
        message,
        hint: Some("is this the right file?".to_owned()),
    }
}
