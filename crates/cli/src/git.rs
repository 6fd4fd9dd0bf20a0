//! The one place where Git is called.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tier_planner::Millis;

use crate::failure::Failure;
use crate::process::Call;
use crate::progress::Progress;

/// Git is quick; what takes longer waits for something.
const LIMIT: Millis = Millis(60_000);

/// A directory as it was in a revision, for as long as this lives. The work tree is not touched.
pub(crate) struct Revision {
    _folder: TempDir,
    dir: PathBuf,
}

impl Revision {
    /// Extracts what `rev` has of the repository that `dir` is in.
    pub(crate) fn extract(dir: &Path, rev: &str, progress: &Progress) -> Result<Self, Failure> {
        let git = |args: &[&str]| git(dir, args, progress);
        let top = text(git(&["rev-parse", "--show-toplevel"])?);
        let below = text(git(&["rev-parse", "--show-prefix"])?);
        // An object's name cannot be taken for an option.
        let tree = text(git(&[
            "rev-parse",
            "--verify",
            "--end-of-options",
            &format!("{rev}^{{tree}}"),
        ])?);
        let archive = git(&["-C", &top, "archive", "--format=tar", &tree])?;

        let failed = |path: &Path, source| Failure::File {
            doing: "write",
            path: path.to_owned(),
            source,
        };
        let folder = tempfile::tempdir().map_err(|e| failed(&std::env::temp_dir(), e))?;
        // Nix names the store path of `./.` after its directory: the name must be the same.
        let name = Path::new(&top).file_name().unwrap_or("repository".as_ref());
        let root = folder.path().join(name);
        tar::Archive::new(Cursor::new(archive))
            .unpack(&root)
            .map_err(|e| failed(&root, e))?;
        let dir = root.join(&below);
        if !dir.is_dir() {
            return Err(Failure::Usage {
                message: format!("{rev} has no directory {}", below.trim_end_matches('/')),
                hint: "compare with a revision that has it".to_owned(),
            });
        }
        Ok(Self {
            _folder: folder,
            dir,
        })
    }

    /// The same directory in the revision.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }
}

fn git(dir: &Path, args: &[&str], progress: &Progress) -> Result<Vec<u8>, Failure> {
    let call = Call {
        tool: "git",
        program: "git",
        dir,
        limit: LIMIT,
        doing: "git reads the revision",
        when_missing: "install git, or give both graphs with --before and --after",
        when_slow: None,
    };
    call.run(args, progress)
}

fn text(printed: Vec<u8>) -> String {
    String::from_utf8_lossy(&printed)
        .trim_end_matches('\n')
        .to_owned()
}
