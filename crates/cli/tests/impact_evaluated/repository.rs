//! Git repositories that Nix evaluates, in a store of their own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::example::EXAMPLE;
use crate::nix::Nix;
use crate::schema;

/// A repository, a Nix, and a folder for temporary files.
pub(crate) struct Repository {
    nix: Nix,
    dir: PathBuf,
}

impl Repository {
    /// One with these files, committed.
    pub(crate) fn with(nix: Nix, files: &[(&str, &str)]) -> Self {
        let this = Self::empty(nix);
        for (name, text) in files {
            this.write(name, text);
        }
        this.commit();
        this
    }

    /// One with the example, committed.
    pub(crate) fn of_example(nix: Nix) -> Self {
        let this = Self::empty(nix);
        let from = format!("{EXAMPLE}/.");
        this.nix
            .run("cp", &["-r", &from, this.dir.to_str().expect("UTF-8")]);
        this.commit();
        this
    }

    fn empty(nix: Nix) -> Self {
        let folder = nix.folder().canonicalize().expect("it is there");
        let dir = folder.join("repository");
        fs::create_dir(&dir).expect("it is ours");
        fs::create_dir(folder.join("tmp")).expect("it is ours");
        let this = Self { nix, dir };
        this.git(&["init", "-q"]);
        this
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where temporary files are.
    pub(crate) fn tmp(&self) -> PathBuf {
        self.dir.parent().expect("it has one").join("tmp")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let file = self.dir.join(name);
        fs::create_dir_all(file.parent().expect("it has one")).expect("it is ours");
        fs::write(file, text).expect("it is ours");
    }

    pub(crate) fn git(&self, args: &[&str]) {
        let output = self.command("git").args(args).output().expect("git runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?}: {said}");
    }

    /// All that is there.
    pub(crate) fn commit(&self) {
        self.git(&["add", "--all"]);
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        self.git(&[&who[..], &["commit", "--quiet", "--message", "all"]].concat());
    }

    /// A program in the repository.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = self.nix.command(program);
        command
            .current_dir(&self.dir)
            .env("TMPDIR", self.tmp())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env_remove("HMTOOL_HISTORY")
            .env_remove("HMTOOL_MACHINE")
            .env_remove("RUST_LOG");
        command
    }

    pub(crate) fn impact(&self, args: &[&str]) -> Output {
        self.impact_in(".", args)
    }

    pub(crate) fn impact_in(&self, dir: &str, args: &[&str]) -> Output {
        let mut command = self.command(env!("CARGO_BIN_EXE_hmtool"));
        command
            .current_dir(self.dir.join(dir))
            .arg("impact")
            .args(args);
        command.output().expect("hmtool runs")
    }

    /// The document, in which nothing of this run's own folders is.
    #[track_caller]
    pub(crate) fn document(&self, args: &[&str]) -> Value {
        self.document_in(".", args)
    }

    #[track_caller]
    pub(crate) fn document_in(&self, dir: &str, args: &[&str]) -> Value {
        let output = self.impact_in(dir, &[args, &["--format", "json"]].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(!printed.contains("hmtool-"), "{printed}");
        schema::document(&output)
    }

    /// That it ends with 2 and says all of `words`.
    #[track_caller]
    pub(crate) fn fails_saying(&self, args: &[&str], words: &[&str]) {
        let output = self.impact(args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(output.stdout.is_empty());
        for word in words {
            assert!(said.contains(word), "no {word:?} in {said}");
        }
    }

    /// Every file of the work tree and of Git's own, with what is in it.
    pub(crate) fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut contents = BTreeMap::new();
        let mut folders = vec![self.dir.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("it is there") {
                let path = entry.expect("it is there").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = fs::read(&path).expect("it is there");
                    contents.insert(path, bytes);
                }
            }
        }
        contents
    }

    /// What was left in the folder for temporary files.
    pub(crate) fn left_behind(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.tmp()).expect("it is there");
        entries
            .map(|entry| entry.expect("it is there").path())
            .collect()
    }

    /// Paths of the store that a derivation makes, and how many there are besides.
    pub(crate) fn built(&self) -> (Vec<String>, usize) {
        let all = self.nix.run("nix", &["path-info", "--all"]);
        let is_drv = |path: &&str| Path::new(path).extension() == Some("drv".as_ref());
        let (drvs, others): (Vec<&str>, Vec<&str>) = all.lines().partition(is_drv);
        let outputs = [&["--query", "--outputs"], &drvs[..]].concat();
        let outputs = self.nix.run("nix-store", &outputs);
        let outputs: Vec<&str> = outputs.lines().collect();
        assert!(!outputs.is_empty());
        let built = others.iter().filter(|path| outputs.contains(path));
        (
            built.map(|path| (*path).to_owned()).collect(),
            all.lines().count(),
        )
    }
}

/// The names of what was changed itself.
pub(crate) fn causes(document: &Value) -> Vec<&str> {
    let list = |key: &str| document[key].as_array().expect("a list");
    let change =
        |cause: &Value| &list("changes")[cause["change"].as_u64().expect("an id") as usize];
    let names = list("causes")
        .iter()
        .map(|cause| change(cause)["after"]["name"].as_str());
    names.map(|name| name.expect("a name")).collect()
}
