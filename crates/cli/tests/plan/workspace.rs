//! A small workspace of its own: three derivations whose times are given, so that no estimate
//! changes what is expected.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// Hash parts, by a letter.
pub(crate) fn path(letter: char, name: &str) -> String {
    format!("/nix/store/{}-{name}", letter.to_string().repeat(32))
}

/// A folder with a graph, its roots, a history and a configuration.
pub(crate) struct Workspace {
    folder: TempDir,
}

impl Workspace {
    /// `app` needs `lib` needs `base`.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let this = Self { folder };
        let drv = |letter, name: &str, input: Option<(char, &str)>| {
            let inputs = match input {
                Some((letter, name)) => {
                    format!("{:?}: [\"out\"]", path(letter, &format!("{name}.drv")))
                }
                None => String::new(),
            };
            format!(
                "{:?}: {{\"outputs\": {{\"out\": {{\"path\": {:?}}}}}, \"inputSrcs\": [], \"inputDrvs\": {{{inputs}}}, \
                 \"system\": \"x86_64-linux\", \"builder\": \"/bin/sh\", \"args\": [], \
                 \"env\": {{\"enableParallelBuilding\": \"1\", \"name\": {name:?}}}}}",
                path(letter, &format!("{name}.drv")),
                path(letter, name),
            )
        };
        let graph = [
            drv('a', "base-1.0", None),
            drv('b', "lib-2.0", Some(('a', "base-1.0"))),
            drv('c', "app-3.0", Some(('b', "lib-2.0"))),
        ];
        this.write("graph.json", &format!("{{{}}}", graph.join(",\n")));
        this.write("roots", &path('c', "app-3.0.drv"));
        this.write(
            "history.csv",
            "hostname,derivation name,utc time,build seconds\n\
             ,base-1.0,2026-01-01 00:00:00,600\n\
             ,lib-2.0,2026-01-01 00:00:00,1200\n\
             ,app-3.0,2026-01-01 00:00:00,60\n",
        );
        this.write(
            "hmtool.toml",
            "[machines.desk]\n\
             profile = \"desk.toml\"\n\
             graph = \"graph.json\"\n\
             roots = \"roots\"\n",
        );
        this.write(
            "desk.toml",
            "[cpu]\nthreads = 8\n[memory]\ntotal = \"16\"\n",
        );
        this
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.path().join(name);
        fs::write(&file, text).expect("the folder is ours");
        file
    }

    /// Configures the machine anew: without roots, and with `more` for it and behind it.
    pub(crate) fn configure(&self, more: &str) {
        let machine = "[machines.desk]\nprofile = \"desk.toml\"\ngraph = \"graph.json\"\n";
        self.write("hmtool.toml", &format!("{machine}{more}"));
    }

    /// Runs `hmtool plan` in the folder.
    pub(crate) fn plan(&self, args: &[&str]) -> Run {
        Run::of(self.command().arg("plan").args(args))
    }

    /// `hmtool` in the folder, with nothing of the user's environment that it heeds.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hmtool"));
        command.current_dir(self.path()).env("COLUMNS", "100");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("HMTOOL_") {
                command.env_remove(name);
            }
        }
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RUST_LOG"] {
            command.env_remove(name);
        }
        command
    }
}

/// How a command ended and what it wrote.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Runs the command.
    pub(crate) fn of(command: &mut Command) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().expect("hmtool runs");
        Self {
            code: status.code(),
            stdout: String::from_utf8(stdout).expect("hmtool writes UTF-8"),
            stderr: String::from_utf8(stderr).expect("hmtool writes UTF-8"),
        }
    }

    /// Its result as JSON, once it has ended with `code`.
    #[track_caller]
    pub(crate) fn json(&self, code: i32) -> serde_json::Value {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        serde_json::from_str(&self.stdout).expect("JSON")
    }

    /// Checks that it ended with 2, without a result, and says all of `words`.
    #[track_caller]
    pub(crate) fn fails_saying(&self, words: &[&str]) {
        assert_eq!(self.code, Some(2), "{self:?}");
        assert_eq!(self.stdout, "");
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in {}", self.stderr);
        }
    }
}
