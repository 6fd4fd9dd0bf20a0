//! The `.nix` files that are meant by files and directories on the command line.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use ignore::WalkBuilder;

use super::unchecked;
use crate::dto::findings::Finding;

/// A file to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NixFile {
    /// Where to open it.
    pub(crate) path: PathBuf,
    /// How it is called in documents: relative to the working directory where it is below that,
    /// with `/` between names.
    pub(crate) name: String,
}

/// The files named, and the `.nix` files below the directories named, ordered by name and each
/// once; and what of it cannot be read.
///
/// Below a directory, `.git` and what a `.gitignore` names are left out, links are not followed,
/// and what depends on the user's own configuration of git does not count, so that everyone sees
/// the same files.
pub(crate) fn nix_files(given: &[PathBuf]) -> (Vec<NixFile>, Vec<Finding>) {
    let working_directory = std::env::current_dir().unwrap_or_default();
    let mut files = BTreeMap::new();
    let mut problems = Vec::new();
    let mut take = |path: PathBuf| {
        files.insert(name(&path, &working_directory), path);
    };
    for path in given {
        if !path.is_dir() {
            take(path.clone());
            continue;
        }
        let walk = WalkBuilder::new(path)
            .standard_filters(false)
            .parents(true)
            .git_ignore(true)
            .require_git(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .build();
        for entry in walk {
            match entry {
                Ok(entry) => {
                    let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
                    let path = entry.into_path();
                    if is_file && path.extension().is_some_and(|end| end == "nix") {
                        take(path);
                    }
                }
                Err(error) => problems.extend(problem(&error, path, &working_directory)),
            }
        }
    }
    let files = files
        .into_iter()
        .map(|(name, path)| NixFile { path, name })
        .collect();
    (files, problems)
}

/// What of a walk through `root` failed; none for a line of a `.gitignore` that is no pattern,
/// which git passes over too.
fn problem(error: &ignore::Error, root: &Path, working_directory: &Path) -> Option<Finding> {
    let source = error.io_error()?;
    let mut path = root;
    let mut inner = error;
    loop {
        inner = match inner {
            ignore::Error::WithPath { path: at, err } => {
                path = at;
                err
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => err,
            _ => break,
        };
    }
    let name = name(path, working_directory);
    Some(unchecked::unreadable(&name, source))
}

fn name(path: &Path, working_directory: &Path) -> String {
    let path = path.strip_prefix(working_directory).unwrap_or(path);
    let mut parts: Vec<String> = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::RootDir => parts.push(String::new()),
            other => parts.push(other.as_os_str().to_string_lossy().into_owned()),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_relative_where_they_can_be() {
        let of = |path: &str| name(Path::new(path), Path::new("/home/a"));
        for (path, shown) in [
            ("x.nix", "x.nix"),
            ("./b/./x.nix", "b/x.nix"),
            ("../x.nix", "../x.nix"),
            ("/home/a/b/x.nix", "b/x.nix"),
            ("/etc/x.nix", "/etc/x.nix"),
        ] {
            assert_eq!(of(path), shown);
        }
    }
}
