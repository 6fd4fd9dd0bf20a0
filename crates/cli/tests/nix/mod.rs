//! The real Nix, in stores of its own that vanish with the test.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// What no test may take from the user's configuration: each builds without network, without
/// build users, and without a sandbox, which Debian's Nix does not set up.
const CONFIGURATION: &str = "\
experimental-features = nix-command flakes
substitute = false
sandbox = false
build-users-group =
";

/// Where a store's paths are said to be, and where its files are.
#[derive(Clone, Copy)]
enum Store {
    /// Paths begin with `/nix/store`, so hashes are those of everybody; only for evaluating,
    /// since a builder would need `/nix/store` to be there.
    Evaluating,
    /// Paths begin with the temporary folder; hashes differ, and builds need no privileges.
    Building,
}

/// A Nix whose store, state and configuration are in a temporary folder.
pub(crate) struct Nix {
    folder: TempDir,
    store: Store,
}

impl Nix {
    /// For evaluating; `None`, loudly, where Nix is neither there nor required.
    pub(crate) fn evaluating(test: &str) -> Option<Self> {
        Self::new(test, Store::Evaluating)
    }

    /// For building; `None`, loudly, where Nix is neither there nor required.
    pub(crate) fn building(test: &str) -> Option<Self> {
        Self::new(test, Store::Building)
    }

    fn new(test: &str, store: Store) -> Option<Self> {
        if Command::new("nix-instantiate")
            .arg("--version")
            .output()
            .is_err()
        {
            assert!(
                std::env::var_os("HMTOOL_REQUIRE_ORACLES").is_none_or(|value| value != "1"),
                "{test} needs Nix (apt-get install nix-bin), and HMTOOL_REQUIRE_ORACLES=1"
            );
            // Not eprintln!, which the test runner swallows where a test passes.
            writeln!(
                std::io::stderr(),
                "left out: {test}: needs Nix (apt-get install nix-bin)"
            )
            .expect("stderr is open");
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("empty")).expect("the folder is ours");
        Some(Self { folder, store })
    }

    /// A folder that lives as long as this Nix.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the program prints; its messages fail the test where it does.
    pub(crate) fn run(&self, program: &str, args: &[&str]) -> String {
        self.attempt(program, args)
            .unwrap_or_else(|stderr| panic!("{program} {}: {stderr}", args.join(" ")))
    }

    /// What the program prints, or what it says when it fails.
    pub(crate) fn attempt(&self, program: &str, args: &[&str]) -> Result<String, String> {
        let output = self
            .command(program)
            .args(args)
            .output()
            .unwrap_or_else(|error| panic!("{program} runs: {error}"));
        if output.status.success() {
            Ok(String::from_utf8(output.stdout).expect("Nix prints UTF-8"))
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// The program, to be run with this Nix.
    pub(crate) fn command(&self, program: &str) -> Command {
        let root = self.root();
        let mut command = Command::new(program);
        command
            .env("HOME", &root)
            .env("NIX_CONF_DIR", root.join("empty"))
            .env("NIX_USER_CONF_FILES", "")
            .env("NIX_CONFIG", CONFIGURATION)
            .env_remove("NIX_PATH")
            .env_remove("XDG_CACHE_HOME")
            .env_remove("IN_NIX_SHELL");
        match self.store {
            Store::Evaluating => command.env("NIX_REMOTE", root.join("root")),
            Store::Building => command
                .env("NIX_REMOTE", "local")
                .env("NIX_STORE_DIR", root.join("store"))
                .env("NIX_STATE_DIR", root.join("state"))
                .env("NIX_LOG_DIR", root.join("log")),
        };
        command
    }

    /// Its folder without links: a path that a link leads to would be another store for Nix.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("it is there")
    }

    /// What `derivation show` prints of `drv` and all it needs.
    pub(crate) fn show(&self, drv: &str) -> String {
        self.attempt("nix", &["derivation", "show", "--recursive", drv])
            .unwrap_or_else(|_| self.run("nix", &["show-derivation", "--recursive", drv]))
    }
}

/// Packages that a plain shell makes in no time: `set` is a set or list in Nix, in which
/// `make ATTRIBUTES SCRIPT` is a derivation.
pub(crate) fn packages(set: &str) -> String {
    format!(
        r#"let
  make = attributes: script: derivation ({{
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-c" script ];
  }} // attributes);
in {set}"#
    )
}

/// The example, whose files are the input of every test here.
pub(crate) fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/modular-workspace")
        .canonicalize()
        .expect("the example is in the repository")
}
