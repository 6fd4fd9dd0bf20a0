//! What `nix build --dry-run`, `nix-build --dry-run` and `nix-store -r --dry-run` write to
//! stderr.
//!
//! Prose for people, and all there is: two-space indented paths below a heading. It counts
//! *derivations* to build and *paths* to fetch, and ends with exit status 0 even where some
//! paths cannot be had.

use crate::{Bytes, Error, Format, Position, StorePath};

/// What a dry run said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DryRun {
    /// Derivations that would be built, ascending.
    pub build: Vec<StorePath>,
    /// Paths that would be fetched, ascending.
    pub fetch: Vec<StorePath>,
    /// Paths that can be had in no way, ascending.
    pub unknown: Vec<StorePath>,
    /// What would be downloaded in all, as it was rounded.
    pub download_size: Option<Bytes>,
    /// What that is unpacked, as it was rounded.
    pub unpacked_size: Option<Bytes>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Build,
    Fetch,
    Unknown,
}

impl Section {
    /// The section that a line is the heading of. Nix up to 2.3 wrote "these derivations"
    /// without a number, and no sizes; some versions name the cause behind "these paths".
    fn of(line: &str) -> Option<Self> {
        let line = line.trim().strip_suffix(':')?;
        let counted = |noun: &str, plural: &str, verb: &str| {
            let rest = line
                .strip_prefix("this ")
                .and_then(|l| l.strip_prefix(noun));
            let rest = rest.or_else(|| {
                let line = line.strip_prefix("these ")?;
                let line = line.trim_start_matches(|c: char| c.is_ascii_digit());
                line.trim_start().strip_prefix(plural)
            });
            rest.is_some_and(|rest| rest.starts_with(verb))
        };
        if counted("derivation", "derivations", " will be built") {
            Some(Self::Build)
        } else if counted("path", "paths", " will be fetched") {
            Some(Self::Fetch)
        } else if line.starts_with("don't know how to build these paths") {
            Some(Self::Unknown)
        } else {
            None
        }
    }
}

/// Whether a heading of a dry run is among the lines.
pub(crate) fn looks_like(input: &[u8]) -> bool {
    input
        .split(|&c| c == b'\n')
        .filter_map(|line| std::str::from_utf8(line).ok())
        .any(|line| Section::of(line).is_some())
}

/// Reads what a dry run wrote. Other lines (warnings, progress) are read over, amid a list too;
/// nothing at all means that there is nothing to do.
///
/// # Errors
/// A line in a section that is indented and no store path, a path that stands below no heading,
/// or the first byte that is not UTF-8.
pub fn read(input: &[u8]) -> Result<DryRun, Error> {
    let text = std::str::from_utf8(input).map_err(|error| Error::NotUtf8 {
        position: Position::of(input, error.valid_up_to()),
    })?;
    let mut run = DryRun::default();
    let mut section = None;
    let mut interrupted = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        let is_heading = ["these ", "this ", "don't know "]
            .iter()
            .any(|start| content.starts_with(start))
            && content.ends_with(':');
        if let Some(path) = content.strip_prefix("  ") {
            // Counts lines, so that it must not be asked of every line.
            let position = || Position::of(input, at + 2);
            let is_path = StorePath::parse(path).is_ok();
            match section {
                Some(section) if is_path || !interrupted => run.add(section, path, position)?,
                // Where a heading is not understood, what it lists must not vanish.
                None if is_path => {
                    return Err(Error::BadValue {
                        field: path.to_owned(),
                        expected: "a heading before the paths",
                        position: position(),
                    });
                }
                _ => {}
            }
        } else if !is_heading {
            // A warning amid a list: the list may go on behind it.
            interrupted = true;
        } else {
            interrupted = false;
            section = Section::of(content);
            if section == Some(Section::Fetch) {
                (run.download_size, run.unpacked_size) = sizes(content);
            }
        }
        at += line.len();
    }
    if section.is_some() && !text.ends_with('\n') {
        return Err(Error::Truncated {
            format: Format::DryRun,
            expected: "the end of a line",
            position: Position::of(input, input.len()),
        });
    }
    for paths in [&mut run.build, &mut run.fetch, &mut run.unknown] {
        paths.sort();
        paths.dedup();
    }
    Ok(run)
}

impl DryRun {
    fn add(
        &mut self,
        section: Section,
        path: &str,
        position: impl FnOnce() -> Position,
    ) -> Result<(), Error> {
        let path = match StorePath::parse(path) {
            Ok(path) => path,
            Err(source) => {
                return Err(Error::StorePath {
                    text: path.to_owned(),
                    source,
                    position: position(),
                });
            }
        };
        if section == Section::Build && !path.is_derivation() {
            return Err(Error::BadValue {
                field: path.to_string(),
                expected: "a derivation",
                position: position(),
            });
        }
        match section {
            Section::Build => self.build.push(path),
            Section::Fetch => self.fetch.push(path),
            Section::Unknown => self.unknown.push(path),
        }
        Ok(())
    }
}

/// `(0.1 MiB download, 0.4 MiB unpacked)`
fn sizes(heading: &str) -> (Option<Bytes>, Option<Bytes>) {
    let inside = heading
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .map_or("", |(inside, _)| inside);
    let find = |what: &str| {
        inside
            .split(", ")
            .find_map(|part| size(part.strip_suffix(what)?.trim()))
    };
    (find("download"), find("unpacked"))
}

fn size(text: &str) -> Option<Bytes> {
    let (number, unit) = text.split_once(' ')?;
    let number: f64 = number.parse().ok().filter(|n: &f64| *n >= 0.0)?;
    let mut factor = 1.0;
    for name in ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
        if name == unit {
            return Some(Bytes((number * factor).round() as u64));
        }
        factor *= 1024.0;
    }
    None
}
