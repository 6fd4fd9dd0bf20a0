//! Which files are named by others, so that what they define can be in force.

use std::collections::{BTreeMap, BTreeSet};

use overlay_ast::{NamedPath, PathBase};

/// The files that another one names: of each file its name, with `/` between its parts, and the
/// paths in it.
///
/// A folder stands for its `default.nix`. Of a path that is not written out to its end, and of a
/// folder that is read, all files may be meant that begin so; of one below a value such as `self`,
/// all that end so.
pub(super) fn named<'f>(files: &[(&'f str, &[NamedPath])]) -> BTreeSet<&'f str> {
    let known: BTreeSet<&str> = files.iter().map(|(name, _)| *name).collect();
    let mut by_end: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in &known {
        let end = name.rsplit('/').next().unwrap_or(name);
        by_end.entry(end).or_default().push(name);
    }
    let mut found = BTreeSet::new();
    for (name, paths) in files {
        for path in *paths {
            let meant: Vec<&str> = match (path.base, path.open) {
                (PathBase::Value, false) => below_value(&by_end, &path.path),
                (PathBase::Value, true) => {
                    let all = known.iter().copied();
                    all.filter(|it| format!("/{it}").contains(&path.path))
                        .collect()
                }
                (base, false) => {
                    let file = resolved(name, base, &path.path);
                    let default = joined(&file, "default.nix");
                    let both = [known.get(&*file), known.get(&*default)];
                    both.into_iter().flatten().copied().collect()
                }
                (base, true) => {
                    let (folder, begun) = path.path.rsplit_once('/').unwrap_or((".", &path.path));
                    let begun = match resolved(name, base, &format!("{folder}/")) {
                        folder if folder.is_empty() => begun.to_owned(),
                        folder => format!("{folder}/{begun}"),
                    };
                    let all = known.iter().copied();
                    all.filter(|it| it.starts_with(&*begun)).collect()
                }
            };
            found.extend(meant.into_iter().filter(|other| other != name));
        }
    }
    found
}

fn below_value<'f>(by_end: &BTreeMap<&str, Vec<&'f str>>, path: &str) -> Vec<&'f str> {
    let ends = [path.to_owned(), joined(path, "default.nix")];
    let found = ends.iter().flat_map(|path| {
        let end = path.rsplit('/').next().unwrap_or(path);
        let files = by_end.get(end).into_iter().flatten();
        files.filter(move |file| format!("/{file}").ends_with(&**path))
    });
    found.copied().collect()
}

fn joined(folder: &str, file: &str) -> String {
    match folder.trim_end_matches('/') {
        "" => file.to_owned(),
        folder => format!("{folder}/{file}"),
    }
}

/// What a path in the file of that name leads to, without `.` and `..` where that can be.
fn resolved(file: &str, base: PathBase, path: &str) -> String {
    let mut parts: Vec<&str> = match base {
        PathBase::Root => vec![""],
        _ => file
            .rsplit_once('/')
            .map_or(Vec::new(), |(folder, _)| folder.split('/').collect()),
    };
    for part in path.split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(&last)) if last != ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use overlay_ast::Document;

    use super::*;

    /// The files named, of these with their texts.
    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let paths: Vec<Vec<NamedPath>> = files
            .iter()
            .map(|(_, text)| Document::parse(text).0.named_paths().expect("Nix reads it"))
            .collect();
        let files = files.iter().zip(&paths);
        let files: Vec<(&str, &[NamedPath])> =
            files.map(|((name, _), paths)| (*name, &**paths)).collect();
        let found: Vec<&str> = named(&files).into_iter().collect();
        assert_eq!(found, expected);
    }

    /// Which of some files in folders a text in `a/main.nix` names.
    fn names(text: &str, expected: &[&str]) {
        let others = [
            "a/zlib.nix",
            "a/over/git.nix",
            "a/over/default.nix",
            "zlib.nix",
            "b/my-zlib.nix",
        ];
        let mut files = vec![("a/main.nix", text)];
        files.extend(others.map(|name| (name, "{ }")));
        check(&files, expected);
    }

    #[test]
    fn a_path_leads_to_one_file() {
        names("(import ./zlib.nix hw)", &["a/zlib.nix"]);
        names("[ ../zlib.nix ./zlib.nix.orig ]", &["zlib.nix"]);
        names("callPackage ../a/./over/git.nix { }", &["a/over/git.nix"]);
        names("pkgs.zlib.nix", &[]);
        names("[ ./main.nix ../../zlib.nix ./lib.nix ]", &[]);
    }

    #[test]
    fn a_folder_is_its_default() {
        names("import ./over", &["a/over/default.nix"]);
        names("import ../b", &[]);
    }

    #[test]
    fn comments_and_strings_name_nothing() {
        names("[ # (import ./zlib.nix)\n ]", &[]);
        names("[ /*\n (import ./zlib.nix)\n*/ ]", &[]);
        names("[ \"./zlib.nix\" \"a/zlib.nix\" ''\n./zlib.nix\n'' ]", &[]);
        names("[ \"# \" (import ./zlib.nix) ]", &["a/zlib.nix"]);
    }

    #[test]
    fn what_is_computed_may_be_any() {
        names(
            "map (n: import (./over + \"/${n}.nix\")) [ ]",
            &["a/over/default.nix", "a/over/git.nix"],
        );
        names("import ./z${x}.nix", &["a/zlib.nix"]);
        names(
            "builtins.readDir ./over",
            &["a/over/default.nix", "a/over/git.nix"],
        );
        names(
            "readDir ./.",
            &["a/over/default.nix", "a/over/git.nix", "a/zlib.nix"],
        );
        check(&[("main.nix", "readDir ./."), ("x.nix", "{ }")], &["x.nix"]);
    }

    #[test]
    fn below_self() {
        names("import (self + \"/zlib.nix\")", &["a/zlib.nix", "zlib.nix"]);
        names("import \"${self}/over\"", &["a/over/default.nix"]);
        names(
            "import \"${self}/over/${x}\"",
            &["a/over/default.nix", "a/over/git.nix"],
        );
    }

    #[test]
    fn names_from_the_root_and_above() {
        check(
            &[
                ("/etc/main.nix", "[ ./a.nix /etc/b.nix ]"),
                ("/etc/a.nix", "1"),
                ("/etc/b.nix", "1"),
            ],
            &["/etc/a.nix", "/etc/b.nix"],
        );
        check(
            &[("../main.nix", "[ ./a.nix ]"), ("../a.nix", "1")],
            &["../a.nix"],
        );
    }
}
