//! Graphs that are made up.

use std::fs;

use serde_json::{Map, Value, json};

/// A derivation of a graph that is made up.
pub(crate) struct Drv {
    pub(crate) hash: &'static str,
    pub(crate) name: &'static str,
    /// Hash, name and outputs of what it needs.
    pub(crate) inputs: Vec<(&'static str, &'static str, &'static [&'static str])>,
    /// Hash and name.
    pub(crate) sources: Vec<(&'static str, &'static str)>,
    pub(crate) args: Vec<&'static str>,
    pub(crate) env: Vec<(&'static str, &'static str)>,
    /// The hash of what it fetches.
    pub(crate) fetches: Option<&'static str>,
}

const OUT: &[&str] = &["out"];

impl Drv {
    pub(crate) fn new(hash: &'static str, name: &'static str) -> Self {
        Self {
            hash,
            name,
            inputs: Vec::new(),
            sources: Vec::new(),
            args: Vec::new(),
            env: Vec::new(),
            fetches: None,
        }
    }

    pub(crate) fn needs(mut self, hash: &'static str, name: &'static str) -> Self {
        self.inputs.push((hash, name, OUT));
        self
    }

    pub(crate) fn env(mut self, key: &'static str, value: &'static str) -> Self {
        self.env.push((key, value));
        self
    }
}

pub(crate) fn path(hash: &str, name: &str) -> String {
    format!("/nix/store/{}-{name}", hash.repeat(32))
}

/// What `nix derivation show` prints. The output of what is fetched follows from its content.
fn graph(drvs: &[Drv]) -> String {
    let all = drvs.iter().map(|drv| {
        let inputs = drv.inputs.iter();
        let edges = inputs
            .map(|(hash, name, outputs)| (path(hash, &format!("{name}.drv")), json!(outputs)));
        let uses = drv.inputs.iter().map(|(hash, name, _)| path(hash, name));
        let sources = drv.sources.iter().map(|(hash, name)| path(hash, name));
        let output = match drv.fetches {
            None => json!({"path": path(drv.hash, drv.name)}),
            Some(hash) => json!({
                "path": path(&hash[..1], drv.name),
                "hashAlgo": "sha256",
                "hash": hash.repeat(64),
            }),
        };
        let env = drv
            .env
            .iter()
            .map(|(key, value)| ((*key).to_owned(), json!(value)));
        let mut env: Map<String, Value> = env.collect();
        env.insert("name".to_owned(), json!(drv.name));
        if drv.fetches.is_none() {
            let uses: Vec<String> = uses.collect();
            env.insert("buildInputs".to_owned(), json!(uses.join(" ")));
            env.insert("out".to_owned(), json!(path(drv.hash, drv.name)));
        }
        let value = json!({
            "outputs": {"out": output},
            "inputSrcs": sources.collect::<Vec<_>>(),
            "inputDrvs": edges.collect::<Map<String, Value>>(),
            "system": "x86_64-linux",
            "builder": "/bin/sh",
            "args": drv.args,
            "env": env,
        });
        (path(drv.hash, &format!("{}.drv", drv.name)), value)
    });
    Value::Object(all.collect()).to_string()
}

/// A folder with graphs.
pub(crate) fn folder(graphs: &[(&str, &[Drv])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, drvs) in graphs {
        fs::write(folder.path().join(name), graph(drvs)).expect("the folder is ours");
    }
    folder
}

pub(crate) const BOTH: [&str; 5] = ["--before", "a.json", "--after", "b.json", "--no-config"];

/// `app` needs `lib`, this `base`, and both need `tool`, which has new flags.
pub(crate) fn deep() -> tempfile::TempDir {
    let set = |base, lib, app, tool, flags| {
        [
            Drv::new(tool, "tool-1.0").env("FLAGS", flags),
            Drv::new(base, "base-1.0").needs(tool, "tool-1.0"),
            Drv::new(lib, "lib-2.0").needs(base, "base-1.0"),
            Drv::new(app, "app-3.0")
                .needs(lib, "lib-2.0")
                .needs("z", "same-1"),
            Drv::new("z", "same-1"),
        ]
    };
    folder(&[
        ("a.json", &set("1", "2", "3", "4", "-O2 -pipe")),
        (
            "b.json",
            &set("5", "6", "7", "8", "-O2 -march=skylake -pipe"),
        ),
    ])
}

/// A derivation that differs itself at every place there is.
pub(crate) fn everywhere() -> tempfile::TempDir {
    let script = "set -e\ncd src\nfor dir in a b c; do\n  make -C $dir -j4 all\ndone\n\
                  make check\nmake install\necho done\n";
    let other = "set -e\ncd src\nfor dir in a b c; do\n  make -C $dir -j8 all\ndone\n\
                 make install\nmake clean\necho done\n";
    let mut before = Drv::new("1", "app-3.0")
        .needs("m", "old-1")
        .needs("n", "both-1")
        .env("buildPhase", script)
        .env("gone", "yes")
        .env("space", "a  b")
        .env("version", "3.0");
    before.args = vec!["-e", "builder.sh", "--fast"];
    before.sources = vec![("p", "builder.sh"), ("q", "old.patch")];
    before.inputs.push(("v", "multi-1", &["dev"]));
    let mut after = Drv::new("2", "app-3.0")
        .needs("n", "both-1")
        .needs("k", "new-1")
        .needs("j", "more-1")
        .env("buildPhase", other)
        .env("new", "")
        .env("space", "a b")
        .env("version", "3.1");
    after.args = vec!["-e", "builder.sh", "--slow", "--safe"];
    after.sources = vec![("r", "builder.sh"), ("s", "new.patch")];
    after.inputs.push(("v", "multi-1", &["dev", "out"]));
    let rest = || [Drv::new("n", "both-1"), Drv::new("v", "multi-1")];
    let mut a = vec![before, Drv::new("m", "old-1")];
    a.extend(rest());
    let mut b = vec![after, Drv::new("k", "new-1"), Drv::new("j", "more-1")];
    b.extend(rest());
    folder(&[("a.json", &a), ("b.json", &b)])
}
