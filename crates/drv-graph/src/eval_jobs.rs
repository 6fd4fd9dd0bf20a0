//! Lines of nix-eval-jobs: one JSON object for each attribute that is a job.

use crate::json::{Fault, Kind, Scanner, Text};
use crate::{Error, Format, StorePath};

/// One job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalJob {
    /// The attribute path, as a dotted text.
    pub attr: String,
    /// What became of it.
    pub result: Result<EvaluatedJob, String>,
}

/// A job that evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluatedJob {
    /// The derivation.
    pub path: StorePath,
    /// Its name, without hash and `.drv`.
    pub name: String,
    /// Its system.
    pub system: String,
    /// Names and paths of its outputs, ascending; a path is missing where it is not known yet.
    pub outputs: Vec<(String, Option<StorePath>)>,
    /// Where it is, if `--check-cache-status` was given.
    pub cache: Option<CacheStatus>,
    /// What would be built for it, if that was asked for.
    pub needed_builds: Vec<StorePath>,
    /// What would be fetched for it, if that was asked for.
    pub needed_substitutes: Vec<StorePath>,
}

/// Where the outputs of a job are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheStatus {
    /// In the local store.
    Local,
    /// In a substituter, or in the store: older versions only say that it is cached.
    Cached,
    /// Nowhere.
    NotBuilt,
}

/// Reads the lines. Jobs that failed to evaluate are among the result, with their error.
///
/// # Errors
/// The first fault of any line, with its position in the input.
pub fn read(input: &[u8]) -> Result<Vec<EvalJob>, Error> {
    read_lines(input).map_err(|fault| *fault)
}

fn read_lines(input: &[u8]) -> Result<Vec<EvalJob>, Fault> {
    let mut scanner = Scanner::new(input, Format::EvalJobs)?;
    let mut jobs = Vec::new();
    // Objects that follow one another; that they stand on lines does not matter.
    while !scanner.at_end() {
        jobs.push(job(&mut scanner)?);
    }
    Ok(jobs)
}

fn job(scanner: &mut Scanner<'_>) -> Result<EvalJob, Fault> {
    scanner.kind()?;
    let at = scanner.offset();
    let mut attr = None;
    let mut attr_path = Vec::new();
    let mut error = None;
    let mut path = None;
    let (mut name, mut system) = (String::new(), String::new());
    let mut outputs = Vec::new();
    let (mut status, mut is_cached) = (None, None);
    let (mut needed_builds, mut needed_substitutes) = (Vec::new(), Vec::new());
    scanner.object("a job", |scanner, key| {
        if scanner.kind()? == Kind::Null {
            return scanner.skip();
        }
        match &*key.decode() {
            "attr" => attr = Some(scanner.string("attr")?.decode().into_owned()),
            "attrPath" => scanner.array("attrPath", |scanner| {
                attr_path.push(scanner.string("attrPath")?.decode().into_owned());
                Ok(())
            })?,
            "error" => error = Some(scanner.string("error")?.decode().into_owned()),
            "drvPath" => {
                let text = scanner.string("drvPath")?;
                path = Some(store_path(scanner, text)?);
            }
            "name" => name = scanner.string("name")?.decode().into_owned(),
            "system" => system = scanner.string("system")?.decode().into_owned(),
            "outputs" => scanner.object("outputs", |scanner, key| {
                let path = match scanner.optional_string("outputs")? {
                    Some(text) if !text.raw.is_empty() => Some(store_path(scanner, text)?),
                    _ => None,
                };
                outputs.push((key.decode().into_owned(), path));
                Ok(())
            })?,
            "cacheStatus" => {
                let text = scanner.string("cacheStatus")?;
                status = Some(match &*text.decode() {
                    "local" => CacheStatus::Local,
                    "cached" => CacheStatus::Cached,
                    "notBuilt" => CacheStatus::NotBuilt,
                    _ => {
                        let expected = "`local`, `cached` or `notBuilt`";
                        return Err(scanner.bad_value("cacheStatus", expected, text.at - 1));
                    }
                });
            }
            "isCached" => is_cached = Some(scanner.boolean("isCached")?),
            "neededBuilds" => paths(scanner, "neededBuilds", &mut needed_builds)?,
            "neededSubstitutes" => {
                paths(scanner, "neededSubstitutes", &mut needed_substitutes)?;
            }
            _ => scanner.skip()?,
        }
        Ok(())
    })?;
    let missing = |owner: &str, field| {
        Box::new(Error::MissingField {
            owner: owner.to_owned(),
            field,
            position: scanner.position(at),
        })
    };
    let attr = match attr {
        Some(attr) => attr,
        None if attr_path.is_empty() => return Err(missing("a job", "attr")),
        None => attr_path.join("."),
    };
    if let Some(error) = error {
        return Ok(EvalJob {
            attr,
            result: Err(error),
        });
    }
    let path = path.ok_or_else(|| missing(&attr, "drvPath"))?;
    outputs.sort();
    let cache = status.or(is_cached.map(|cached| {
        if cached {
            CacheStatus::Cached
        } else {
            CacheStatus::NotBuilt
        }
    }));
    Ok(EvalJob {
        attr,
        result: Ok(EvaluatedJob {
            path,
            name,
            system,
            outputs,
            cache,
            needed_builds,
            needed_substitutes,
        }),
    })
}

fn paths(scanner: &mut Scanner<'_>, field: &str, paths: &mut Vec<StorePath>) -> Result<(), Fault> {
    scanner.array(field, |scanner| {
        let text = scanner.string(field)?;
        paths.push(store_path(scanner, text)?);
        Ok(())
    })
}

fn store_path(scanner: &Scanner<'_>, text: Text<'_>) -> Result<StorePath, Fault> {
    let path = text.decode();
    StorePath::parse(&path).map_err(|source| {
        Box::new(Error::StorePath {
            text: path.into_owned(),
            source,
            position: scanner.position(text.at - 1),
        })
    })
}
