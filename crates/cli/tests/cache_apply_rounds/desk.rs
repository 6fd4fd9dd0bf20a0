//! A workspace whose packages the real Nix builds, and what was done to its cache.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;

use crate::nix::Nix;
use crate::run::text;
use crate::schema;

const HMTOOL: &str = env!("CARGO_BIN_EXE_hmtool");

/// Two machines of one graph, and a cache in a directory.
pub(crate) const CONFIG: &str = r#"
default-machine = "desk"
[machines.desk]
graph = "graph.json"
roots = "roots"
[machines.lap]
graph = "graph.json"
roots = "roots"
[cache]
name = "mine"
kind = "file"
dir = "cache"
capacity = "1 MB"
buffer = "0 kB"
generations = 1
compression = "xz 0"
[[cache.tiers]]
tier = 1
patterns = ["base-*"]
"#;

pub(crate) struct Desk {
    pub(crate) nix: Nix,
    pub(crate) folder: PathBuf,
}

impl Desk {
    pub(crate) fn new(test: &str) -> Option<Self> {
        let nix = Nix::building(test)?;
        let folder = nix.root();
        fs::write(folder.join("hmtool.toml"), CONFIG).expect("it is ours");
        Some(Self { nix, folder })
    }

    /// Makes a graph of packages, each with its name and a script that writes `$out`, and builds
    /// those that `is_built` says.
    pub(crate) fn packages(&self, packages: &[(&str, &str)], is_built: impl Fn(&str) -> bool) {
        let expression = |(name, script): &(&str, &str)| {
            format!(
                "(derivation {{ name = \"{name}\"; system = \"x86_64-linux\"; builder = \"/bin/sh\"; \
                 PATH = \"/usr/bin:/bin\"; args = [ \"-c\" ''{script}'' ]; }})\n"
            )
        };
        let expressions: String = packages.iter().map(expression).collect();
        let file = self.folder.join("default.nix");
        fs::write(&file, format!("[ {expressions} ]")).expect("it is ours");
        let drvs = self
            .nix
            .run("nix-instantiate", &[file.to_str().expect("UTF-8")]);
        let drvs: Vec<&str> = drvs.lines().collect();
        let show = [&["show-derivation", "--recursive"][..], &drvs].concat();
        let graph = self.nix.attempt("nix", &show).unwrap_or_else(|_| {
            let show = [&["derivation", "show", "--recursive"][..], &drvs].concat();
            self.nix.run("nix", &show)
        });
        fs::write(self.folder.join("graph.json"), graph).expect("it is ours");
        fs::write(self.folder.join("roots"), drvs.join("\n")).expect("it is ours");
        for ((name, _), drv) in packages.iter().zip(&drvs) {
            if is_built(name) {
                self.nix.run("nix-store", &["--realise", drv]);
            }
        }
    }

    pub(crate) fn attempt(&self, args: &[&str], path: Option<&str>) -> Output {
        let mut command = self.nix.command(HMTOOL);
        if let Some(path) = path {
            command.env("PATH", path);
        }
        command
            .args(args)
            .current_dir(&self.folder)
            .env_remove("HMTOOL_HISTORY")
            .output()
            .expect("hmtool runs")
    }

    #[track_caller]
    pub(crate) fn hmtool(&self, args: &[&str]) -> Output {
        let output = self.attempt(args, None);
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
        output
    }

    #[track_caller]
    pub(crate) fn apply(&self, capacity: &str) -> Value {
        let args = ["cache", "apply", "--capacity", capacity];
        schema::document(
            &self.hmtool(&[&args[..], &["--buffer", "0kB", "--format", "json"]].concat()),
        )
    }

    /// Puts a program in place of Nix whose call of that number, from 1, fails; the `PATH` that has it.
    pub(crate) fn nix_that_fails_at(&self, n: usize) -> String {
        let path = std::env::var("PATH").expect("there is one");
        let real = std::env::split_paths(&path)
            .map(|dir| dir.join("nix"))
            .find(|file| file.exists())
            .expect("Nix is there");
        let bin = self.folder.join("bin");
        fs::create_dir_all(&bin).expect("it is ours");
        let calls = bin.join("calls");
        let text = format!(
            "#!/bin/sh\necho >> {0}\nif [ $(wc -l < {0}) = {n} ]; then echo broken >&2; exit 1; fi\n\
             exec {1} \"$@\"\n",
            calls.display(),
            real.display()
        );
        let program = bin.join("nix");
        fs::write(&program, text).expect("it is ours");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let _ = fs::remove_file(&calls);
        format!("{}:{path}", bin.display())
    }

    /// The narinfo of what is called so.
    pub(crate) fn narinfo(&self, name: &str) -> PathBuf {
        let entries = fs::read_dir(self.folder.join("cache")).expect("it is there");
        let files = entries.map(|entry| entry.expect("it is there").path());
        let end = format!("-{name}\nURL: ");
        let is_it = |file: &PathBuf| fs::read_to_string(file).is_ok_and(|text| text.contains(&end));
        let mut found: Vec<PathBuf> = files.filter(is_it).collect();
        assert_eq!(found.len(), 1, "{name}");
        found.remove(0)
    }

    /// Deletes the narinfo of what is called so; the store path that it was about.
    pub(crate) fn lose(&self, name: &str) -> String {
        let file = self.narinfo(name);
        let text = fs::read_to_string(&file).expect("it is there");
        fs::remove_file(&file).expect("it is ours");
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("StorePath: "));
        line.expect("a narinfo has one").to_owned()
    }

    /// Copies a folder, or puts a copy in its place.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        let [from, to] = [from, to].map(|name| self.folder.join(name));
        let _ = fs::remove_dir_all(&to);
        let path = |path: &PathBuf| path.to_str().expect("UTF-8").to_owned();
        self.nix.run("cp", &["-r", &path(&from), &path(&to)]);
    }

    /// What all NARs in the cache take up.
    pub(crate) fn nar_bytes(&self) -> u64 {
        let entries = fs::read_dir(self.folder.join("cache/nar")).expect("it is there");
        entries
            .map(|entry| {
                entry
                    .and_then(|entry| entry.metadata())
                    .expect("it is there")
                    .len()
            })
            .sum()
    }

    /// The names of what is held, in order.
    pub(crate) fn held(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.join("cache"))
            .expect("it is there")
            .filter_map(|entry| fs::read_to_string(entry.expect("it is there").path()).ok())
            .filter_map(|text| {
                let line = text.lines().next()?.strip_prefix("StorePath: ")?;
                Some(line.rsplit_once('/')?.1[33..].to_owned())
            })
            .collect();
        names.sort();
        names
    }
}

/// The names of what a cache holds, in order, that held `before` and to which was done what a document
/// says.
pub(crate) fn after(done: &Value, before: &[&str]) -> Vec<String> {
    let mut held: BTreeSet<String> = before.iter().map(|&name| name.to_owned()).collect();
    for step in done["steps"].as_array().expect("a list") {
        let path = step["path"].as_str().expect("a path");
        let name = path.rsplit('/').next().expect("a name")[33..].to_owned();
        match step["action"].as_str() {
            Some("push") => assert!(held.insert(name)),
            Some("evict") => assert!(held.remove(&name)),
            _ => {}
        }
    }
    held.into_iter().collect()
}

pub(crate) fn number(document: &Value, key: &str) -> u64 {
    document[key].as_u64().expect("a whole number")
}

/// A script that writes so many bytes which cannot be compressed.
pub(crate) fn noise(bytes: usize) -> String {
    format!("head -c {bytes} /dev/urandom > $out")
}
