//! What is evaluated, as it was in a revision of the repository it is in.

use std::path::{Path, PathBuf};

use super::source::{GraphSource, Source};
use crate::failure::Failure;
use crate::git::{CheckedOut, Commit};
use crate::progress::Progress;

/// The file that makes a directory a flake.
const FLAKE: &str = "flake.nix";

impl Source {
    /// The same as it was in a revision of the repository it is in, which must be local; it can be
    /// read as long as what was checked out for that is kept.
    pub(crate) fn at_revision(
        &self,
        rev: &str,
        progress: &Progress,
    ) -> Result<(Self, Option<CheckedOut>), Failure> {
        let (graph, checked_out) = match &self.graph {
            GraphSource::Files(_) => {
                return Err(Failure::Usage {
                    message: "a captured graph has no revisions".to_owned(),
                    hint: "give a directory or an installable, or both graphs with --before and --after"
                        .to_owned(),
                });
            }
            GraphSource::DefaultNix { dir } => {
                let commit = Commit::find(dir, rev, progress)?;
                must_have(&commit, rev, commit.below(), "default.nix", progress)?;
                let files = commit.check_out(progress)?;
                let dir = files.top().join(commit.below());
                (GraphSource::DefaultNix { dir }, Some(files))
            }
            GraphSource::Installable { dir, installable } => {
                let flake = LocalFlake::read(installable)?;
                let local = dir.join(flake.path);
                if !local.is_dir() {
                    return Err(not_here(installable));
                }
                let commit = Commit::find(&local, rev, progress)?;
                let (installable, files) = if flake.is_plain {
                    must_have(
                        &commit,
                        rev,
                        &commit.below().join(flake.subdir()),
                        FLAKE,
                        progress,
                    )?;
                    let files = commit.check_out(progress)?;
                    (
                        flake.in_directory(&files.top().join(commit.below())),
                        Some(files),
                    )
                } else {
                    let dir = flake.found_in(&commit);
                    must_have(&commit, rev, &dir, FLAKE, progress)?;
                    (flake.in_commit(&commit, &dir), None)
                };
                let dir = dir.clone();
                (GraphSource::Installable { dir, installable }, files)
            }
        };
        let source = Self {
            graph,
            called: Some(format!("{} at {rev}", self.called())),
            ..self.clone()
        };
        Ok((source, checked_out))
    }
}

/// An installable whose flake is in a directory here.
#[derive(Debug, PartialEq, Eq)]
struct LocalFlake<'a> {
    path: &'a Path,
    /// What is said of it after a question mark.
    query: Vec<(&'a str, &'a str)>,
    /// Whether the directory is all of the flake, whatever repository it is in.
    is_plain: bool,
    /// From the # on, where there is one.
    attribute: &'a str,
}

impl<'a> LocalFlake<'a> {
    fn read(installable: &'a str) -> Result<Self, Failure> {
        let at = installable.find('#').unwrap_or(installable.len());
        let (flake, attribute) = installable.split_at(at);
        let (path, query) = flake.split_once('?').unwrap_or((flake, ""));
        let (path, is_plain) = match path.split_once(':') {
            Some(("path", path)) => (path, true),
            Some(("git+file", path)) => (path.strip_prefix("//").unwrap_or(path), false),
            // Other words are names in a registry, for Nix too.
            None if path.is_empty() || path.starts_with(['.', '/']) => (path, false),
            _ => return Err(not_here(installable)),
        };
        let query = query.split('&').filter(|parameter| !parameter.is_empty());
        let query: Vec<_> = query
            .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
            .collect();
        let names_content = |key: &&str| ["rev", "ref", "narHash", "allRefs"].contains(key);
        if let Some(key) = query.iter().map(|(key, _)| *key).find(names_content) {
            return Err(Failure::Usage {
                message: format!(
                    "{installable} says by `{key}` what to take, whatever the work tree is"
                ),
                hint: format!("leave `{key}` out, or give both graphs with --before and --after"),
            });
        }
        Ok(Self {
            path: Path::new(if path.is_empty() { "." } else { path }),
            query,
            is_plain,
            attribute,
        })
    }

    /// Where the flake is below its path, as far as it says so.
    fn subdir(&self) -> PathBuf {
        let dir = self.query.iter().find(|(key, _)| *key == "dir");
        dir.map_or_else(PathBuf::new, |(_, dir)| decoded(dir))
    }

    /// Where Nix finds the flake in the work tree, seen from the top: it looks upwards.
    fn found_in(&self, commit: &Commit) -> PathBuf {
        let dir = commit.below().join(self.subdir());
        let is_there = |dir: &&Path| commit.top().join(dir).join(FLAKE).is_file();
        let found = dir.ancestors().find(is_there);
        found.unwrap_or(&dir).to_owned()
    }

    /// The installable in a directory with the files of a commit.
    fn in_directory(&self, dir: &Path) -> String {
        let query = self
            .query
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        self.at("path:", dir, query.collect())
    }

    /// The installable in a commit, with the flake in `dir` of it. Nix reads it from the repository, of
    /// which it takes all, so that the flake knows of itself what it knows where that is checked out.
    fn in_commit(&self, commit: &Commit, dir: &Path) -> String {
        let others = self
            .query
            .iter()
            .filter(|(key, _)| !["dir", "shallow"].contains(key));
        let mut query: Vec<String> = others
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        if dir != Path::new("") {
            query.push(format!("dir={}", encoded(dir)));
        }
        query.push(format!("rev={}", commit.id()));
        if commit.is_shallow() {
            query.push("shallow=1".to_owned());
        }
        self.at("git+file://", commit.top(), query)
    }

    fn at(&self, scheme: &str, path: &Path, query: Vec<String>) -> String {
        let mark = if query.is_empty() { "" } else { "?" };
        let query = query.join("&");
        format!("{scheme}{}{mark}{query}{}", encoded(path), self.attribute)
    }
}

/// A path as a part of a URL.
fn encoded(path: &Path) -> String {
    let bytes = path.to_string_lossy().into_owned().into_bytes();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let encoded = bytes.iter().map(|&byte| {
        if plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    encoded.collect()
}

/// The path that a part of a URL stands for.
fn decoded(text: &str) -> PathBuf {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let coded = match after {
            [high, low, ..] if *first == b'%' => digit(*high).zip(digit(*low)),
            _ => None,
        };
        bytes.push(coded.map_or(*first, |(high, low)| (16 * high + low) as u8));
        rest = &after[if coded.is_some() { 2 } else { 0 }..];
    }
    PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
}

/// What must be there to be compared with.
fn must_have(
    commit: &Commit,
    rev: &str,
    dir: &Path,
    name: &str,
    progress: &Progress,
) -> Result<(), Failure> {
    if commit.has(&dir.join(name), progress)? {
        return Ok(());
    }
    let place = match dir.to_str() {
        Some("") => String::new(),
        _ => format!(" in {}", dir.display()),
    };
    Err(Failure::Usage {
        message: format!("{rev} has no {name}{place}"),
        hint: "compare with a revision that has it, or give both graphs with --before and --after"
            .to_owned(),
    })
}

fn not_here(installable: &str) -> Failure {
    Failure::Usage {
        message: format!("{installable} is not in a directory here"),
        hint: "--since is for local repositories; give both graphs with --before and --after"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flakes_in_directories_are_told_from_others() {
        for (installable, path, query, is_plain, attribute) in [
            (".", ".", vec![], false, ""),
            ("", ".", vec![], false, ""),
            ("#shoshin", ".", vec![], false, "#shoshin"),
            (".#a.b?c", ".", vec![], false, "#a.b?c"),
            ("../x?dir=nix#y", "../x", vec![("dir", "nix")], false, "#y"),
            ("/home/me/config#y", "/home/me/config", vec![], false, "#y"),
            ("path:.#y", ".", vec![], true, "#y"),
            ("path:/x?dir=a/b#y", "/x", vec![("dir", "a/b")], true, "#y"),
            (
                ".?submodules=1&dir=a",
                ".",
                vec![("submodules", "1"), ("dir", "a")],
                false,
                "",
            ),
            ("git+file:.#y", ".", vec![], false, "#y"),
            ("git+file:///x#y", "/x", vec![], false, "#y"),
        ] {
            let expected = LocalFlake {
                path: Path::new(path),
                query,
                is_plain,
                attribute,
            };
            assert_eq!(
                LocalFlake::read(installable).ok(),
                Some(expected),
                "{installable}"
            );
        }
        for elsewhere in [
            "nixpkgs#hello",
            "github:NixOS/nixpkgs#hello",
            "git+https://example.org/x#y",
            "git+file:.?ref=main#x",
            "tarball+file:///x",
        ] {
            assert!(LocalFlake::read(elsewhere).is_err(), "{elsewhere}");
        }
    }

    #[test]
    fn paths_are_encoded_for_urls() {
        for text in ["a b", "%", "100%é", "%4", "é%c3"] {
            assert_eq!(decoded(&encoded(Path::new(text))), Path::new(text));
        }
        assert_eq!(decoded("my%20nix/%zz%"), Path::new("my nix/%zz%"));
        assert_eq!(
            encoded(Path::new("/tmp/a b#c?d%é")),
            "/tmp/a%20b%23c%3Fd%25%C3%A9"
        );
    }
}
