//! A small workspace, and what caches say of what it needs.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use expect_test::Expect;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::run::{hmtool, text};
use crate::schema;

pub(crate) const HASH: &str = "sha256:1b9p07z77phvv2hf6gm9f28ckrdsf0nfd0xl6hpc1r4wwykmqbl3";
/// What base refers to, and nothing here makes.
pub(crate) const DATA: (char, &str) = ('d', "data");
pub(crate) const BASE: (char, &str) = ('a', "base-1.0");
pub(crate) const LIB: (char, &str) = ('b', "lib-2.0");
pub(crate) const APP: (char, &str) = ('c', "app-3.0");
pub(crate) const STALE: (char, &str) = ('f', "stale");

pub(crate) fn base_name((letter, name): (char, &str)) -> String {
    format!("{}-{name}", letter.to_string().repeat(32))
}

pub(crate) fn path(of: (char, &str)) -> String {
    format!("/nix/store/{}", base_name(of))
}

/// A narinfo: its file's name and its text.
pub(crate) fn narinfo(
    of: (char, &str),
    file_size: u64,
    references: &[(char, &str)],
) -> (String, String) {
    let references: Vec<String> = references.iter().map(|it| base_name(*it)).collect();
    let text = format!(
        "StorePath: {}\nURL: nar/{}.nar.xz\nCompression: xz\nFileHash: {HASH}\n\
         FileSize: {file_size}\nNarHash: {HASH}\nNarSize: {}\nReferences: {}\n",
        path(of),
        of.1,
        file_size * 4,
        references.join(" ")
    );
    (format!("{}.narinfo", of.0.to_string().repeat(32)), text)
}

/// Two machines that need `app`, which needs `lib`, which needs `base`; one of them fills a cache.
pub(crate) struct Workspace(pub(crate) TempDir);

impl Workspace {
    pub(crate) fn new() -> Self {
        let this = Self(tempfile::tempdir().expect("a temporary folder"));
        let drv = |of: (char, &str), input: Option<(char, &str)>| {
            let drv = |(letter, name): (char, &str)| path((letter, &format!("{name}.drv")));
            let input = input.map(|input| (drv(input), json!(["out"])));
            let definition = json!({
                "outputs": { "out": { "path": path(of) } },
                "inputSrcs": [],
                "inputDrvs": input.into_iter().collect::<serde_json::Map<_, _>>(),
                "system": "x86_64-linux",
                "builder": "/bin/sh",
                "args": [],
                "env": { "name": of.1, "pname": of.1 },
            });
            (drv(of), definition)
        };
        let graph: serde_json::Map<String, Value> =
            [drv(BASE, None), drv(LIB, Some(BASE)), drv(APP, Some(LIB))]
                .into_iter()
                .collect();
        this.write("graph.json", &Value::Object(graph).to_string());
        this.write("roots", &path((APP.0, "app-3.0.drv")));
        this.configure("kind = \"cachix\"", "");
        this
    }

    pub(crate) fn configure(&self, kind: &str, more: &str) {
        let machine = "graph = \"graph.json\"\nroots = \"roots\"\n";
        self.write(
            "hmtool.toml",
            &format!(
                "[machines.desk]\n{machine}[machines.lap]\n{machine}\
                 [cache]\nname = \"ours\"\n{kind}\ncapacity = \"1 MB\"\nproducers = [\"desk\"]\n\
                 [[cache.tiers]]\ntier = 1\npackages = [\"app-3.0\"]\n{more}"
            ),
        );
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.at(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("it is ours");
        fs::write(&file, text).expect("it is ours");
        file
    }

    /// A cache of base with what it refers to, and of lib.
    pub(crate) fn cache(&self) -> PathBuf {
        for (file, text) in [
            narinfo(DATA, 100, &[]),
            narinfo(BASE, 1_000, &[DATA]),
            narinfo(LIB, 2_000, &[BASE, LIB]),
        ] {
            self.write(&format!("cache/{file}"), &text);
        }
        self.at("cache")
    }

    pub(crate) fn run(&self, verb: &str, args: &[&str]) -> Output {
        hmtool(self.0.path(), &[&["cache", verb], args].concat())
    }

    #[track_caller]
    pub(crate) fn document(&self, verb: &str, args: &[&str]) -> Value {
        let output = self.run(verb, &[args, &["--format", "json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        schema::document(&output)
    }

    #[track_caller]
    pub(crate) fn fails(&self, args: &[&str], expect: &Expect) {
        let output = self.run("plan", args);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(text(&output.stdout), "");
        expect.assert_eq(&text(&output.stderr));
    }

    /// Checks that it cannot ask and says why.
    #[track_caller]
    pub(crate) fn fails_saying(&self, args: &[&str], words: &[&str]) {
        for verb in ["plan", "hits"] {
            if verb == "hits" && args.contains(&"--held") {
                continue;
            }
            let output = self.run(verb, &[args, &["--cache-timeout", "1s"]].concat());
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert_eq!(text(&output.stdout), "");
            for word in words {
                assert!(said.contains(word), "no {word:?} in {said}");
            }
        }
    }
}
