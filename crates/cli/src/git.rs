//! The one place where Git is called.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
use tier_planner::Millis;

use crate::failure::Failure;
use crate::interruption::Folder;
use crate::process::Call;
use crate::progress::Progress;

/// What takes longer than this waits for something: the largest repositories are checked out sooner.
const LIMIT: Millis = Millis(10 * 60_000);

/// Git writes nothing into the repository and runs none of its hooks and monitors. A split index would
/// have a part of the new one beside the repository's own.
const UNTOUCHED: [&str; 6] = [
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.splitIndex=false",
];

/// A commit of the repository that a directory is in.
pub(crate) struct Commit {
    top: PathBuf,
    below: PathBuf,
    id: String,
    is_shallow: bool,
}

impl Commit {
    /// The one that `rev` names in the repository that `dir` is in.
    pub(crate) fn find(dir: &Path, rev: &str, progress: &Progress) -> Result<Self, Failure> {
        let asked = |args: &[&str]| asked(dir, args, progress);
        let hint =
            "--since is for Git repositories; else give both graphs with --before and --after";
        let top = asked(&["rev-parse", "--show-toplevel"]).map_err(|e| e.hinted(hint))?;
        let below = asked(&["rev-parse", "--show-prefix"])?;
        // An object's name cannot be taken for an option.
        let id = format!("{rev}^{{commit}}");
        let hint = "give a commit, branch or tag that `git log --all` shows; one that was never fetched is not there";
        let id = asked(&["rev-parse", "--verify", "--end-of-options", &id])
            .map_err(|e| e.hinted(hint))?;
        let is_shallow = asked(&["rev-parse", "--is-shallow-repository"])? == "true";
        Ok(Self {
            top: PathBuf::from(top),
            below: PathBuf::from(below.trim_end_matches('/')),
            id,
            is_shallow,
        })
    }

    /// The top of the work tree.
    pub(crate) fn top(&self) -> &Path {
        &self.top
    }

    /// The directory that was asked for, seen from the top; empty for the top itself.
    pub(crate) fn below(&self) -> &Path {
        &self.below
    }

    /// The name of the commit.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Whether commits before it may be missing.
    pub(crate) fn is_shallow(&self) -> bool {
        self.is_shallow
    }

    /// Whether it has a file of that path, seen from the top.
    pub(crate) fn has(&self, path: &Path, progress: &Progress) -> Result<bool, Failure> {
        let path = path.to_string_lossy();
        let args = [
            "--literal-pathspecs",
            "ls-tree",
            "--name-only",
            &self.id,
            "--",
            &path,
        ];
        Ok(!asked(&self.top, &args, progress)?.is_empty())
    }

    /// Checks it out in a folder of its own. Neither the work tree, the index, HEAD, any ref nor the stash
    /// is touched.
    ///
    /// Not by `git archive`: that leaves out what attributes say is not for a release, and a
    /// `src = ./.` takes all files there are. Files are as old as the commit, so that the age of a
    /// flake is the same each time: Nix takes the newest file for it.
    pub(crate) fn check_out(&self, progress: &Progress) -> Result<CheckedOut, Failure> {
        let failed = |path: &Path, source| Failure::File {
            doing: "write",
            path: path.to_owned(),
            source,
        };
        let time = ["log", "-1", "--no-show-signature", "--format=%ct", &self.id];
        let time = asked(&self.top, &time, progress)?;
        let folder = Folder::new().map_err(|e| failed(&std::env::temp_dir(), e))?;
        // Nix names the store path of `./.` after its directory: the name must be the same.
        let name = self.top.file_name().unwrap_or("repository".as_ref());
        let top = folder.path().join(name);
        fs::create_dir(&top).map_err(|e| failed(&top, e))?;
        let index = folder.path().join("index of the revision");
        let index = [("GIT_INDEX_FILE", index.as_os_str())];
        let read = ["read-tree", "--no-sparse-checkout", &self.id];
        git(&self.top, &index, &read, progress)?;
        let prefix = format!("--prefix={}/", top.display());
        let write = ["checkout-index", "--all", "--quiet", &prefix];
        git(&self.top, &index, &write, progress)?;
        make_as_old(&top, time.parse().unwrap_or_default()).map_err(|e| failed(&top, e))?;
        Ok(CheckedOut {
            _folder: folder,
            top,
        })
    }
}

/// A commit's files, for as long as this lives.
pub(crate) struct CheckedOut {
    _folder: Folder,
    top: PathBuf,
}

impl CheckedOut {
    /// Where they are.
    pub(crate) fn top(&self) -> &Path {
        &self.top
    }
}

/// Gives all that is at `path` one time, what links lead to aside.
fn make_as_old(path: &Path, seconds: i64) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            make_as_old(&entry?.path(), seconds)?;
        }
    }
    let time = Timespec {
        tv_sec: seconds,
        tv_nsec: 0,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    Ok(utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

fn git(
    dir: &Path,
    env: &[(&str, &OsStr)],
    args: &[&str],
    progress: &Progress,
) -> Result<Vec<u8>, Failure> {
    let call = Call {
        tool: "git",
        program: "git",
        dir,
        env,
        limit: LIMIT,
        doing: "git reads the revision",
        when_missing: "install git, or give both graphs with --before and --after",
        when_slow: None,
    };
    call.run(&[&UNTOUCHED[..], args].concat(), progress)
}

/// The text that Git answers with.
fn asked(dir: &Path, args: &[&str], progress: &Progress) -> Result<String, Failure> {
    let printed = git(dir, &[], args, progress)?;
    let text = String::from_utf8(printed).map_err(|_| Failure::Tool {
        tool: "git",
        message: "git printed a path that is not UTF-8".to_owned(),
        stderr: String::new(),
        hint: Some("Nix takes no such paths; move the repository to another".to_owned()),
    })?;
    Ok(text.trim_end_matches('\n').to_owned())
}
