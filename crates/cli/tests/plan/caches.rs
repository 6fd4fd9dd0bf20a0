//! Binary caches that answer with narinfos: a directory as `nix copy` writes it, and the same
//! behind a server.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::http::{Server, nobody, reply};
use crate::nix::{Nix, packages};
use crate::workspace::{Run, Workspace};

/// `app` refers to `lib` refers to `base`; `tool` is only needed to build `lib`.
const PACKAGES: &str = r#"
rec {
  base = make { name = "base-1.0"; } "echo base > $out";
  tool = make { name = "tool-1.0"; } "echo tool > $out";
  lib = make { name = "lib-2.0"; } "read word < ${tool}; echo ${base} > $out";
  app = make { name = "app-3.0"; } "echo ${lib} > $out";
}
"#;

/// A cache made by the real Nix, and the graph of what is in it.
struct Cache {
    workspace: Workspace,
    dir: PathBuf,
    _nix: Nix,
}

impl Cache {
    fn new(test: &str) -> Option<Self> {
        let nix = Nix::building(test)?;
        let workspace = Workspace::new();
        let file = workspace.write("default.nix", &packages(PACKAGES));
        let file = file.to_str().expect("UTF-8");
        let drv = nix.run("nix-instantiate", &[file, "-A", "app"]);
        let drv = drv.trim().split('!').next().expect("a path");
        let app = nix.run("nix-store", &["--realise", drv]);
        let dir = workspace.path().join("cache");
        let url = format!("file://{}", dir.display());
        nix.run(
            "nix",
            &["copy", "--no-check-sigs", "--to", &url, app.trim()],
        );
        workspace.write("graph.json", &nix.show(drv));
        workspace.write("roots", drv);
        Some(Self {
            workspace,
            dir,
            _nix: nix,
        })
    }

    fn plan(&self, cache: &str) -> Value {
        let run = self.workspace.plan(&["--cache", cache, "--format", "json"]);
        run.json(0)
    }

    /// Moves a path's narinfo out of the cache, to a directory that it names.
    fn forget(&self, name: &str) -> PathBuf {
        let elsewhere = self.workspace.path().join("elsewhere");
        fs::create_dir(&elsewhere).expect("it is ours");
        for entry in fs::read_dir(&self.dir).expect("a directory") {
            let file = entry.expect("an entry").path();
            let text = fs::read_to_string(&file).unwrap_or_default();
            let path = text
                .lines()
                .next()
                .and_then(|line| line.strip_prefix("StorePath: "));
            if path.is_some_and(|path| path.ends_with(name)) {
                let to = elsewhere.join(file.file_name().expect("a file"));
                fs::rename(file, to).expect("it is ours");
                return elsewhere;
            }
        }
        panic!("{name} is not in the cache");
    }
}

fn names(plan: &Value, list: &str, key: &str) -> Vec<String> {
    let list = plan[list].as_array().expect("a list");
    let name = |path: &str| {
        path.rsplit('/')
            .next()
            .unwrap_or_default()
            .split_once('-')
            .map(|(_, n)| n.to_owned())
    };
    let mut names: Vec<String> = list.iter().filter_map(|e| name(e[key].as_str()?)).collect();
    names.sort();
    names
}

#[test]
fn a_directory_and_a_server_say_the_same() {
    let Some(cache) = Cache::new("a_directory_and_a_server_say_the_same") else {
        return;
    };
    let server = Server::serving(&cache.dir);
    let mut plans = [
        cache.plan(cache.dir.to_str().expect("UTF-8")),
        cache.plan(&server.url),
    ];
    assert_eq!(plans[0]["work"]["build"], 0);
    assert_eq!(
        names(&plans[0], "fetches", "path"),
        ["app-3.0", "base-1.0", "lib-2.0"]
    );
    assert!(plans[0]["work"]["sources"][0]["downloadBytes"].as_u64() > Some(0));
    for plan in &mut plans {
        plan["work"]["sources"][0]["name"] = "it".into();
        for fetch in plan["fetches"].as_array_mut().expect("a list") {
            fetch["source"] = "it".into();
        }
    }
    assert_eq!(plans[0], plans[1]);
    // Below what is available nothing is asked for: not for `tool`.
    assert_eq!(server.asked().len(), 3, "{:?}", server.asked());
}

#[test]
fn an_incomplete_closure_is_not_served() {
    let Some(cache) = Cache::new("an_incomplete_closure_is_not_served") else {
        return;
    };
    let elsewhere = cache.forget("base-1.0");
    let server = Server::serving(&cache.dir);
    let plan = cache.plan(&server.url);
    // app refers to lib, and lib to base.
    assert_eq!(plan["work"]["sources"][0]["notServable"], 2);
    assert_eq!(plan["work"]["build"], 4, "tool too");
    let diagnostics = plan["diagnostics"].as_array().expect("a list");
    let found = diagnostics.iter().find(|d| d["code"] == "not-servable");
    let message = found.expect("it is said")["message"]
        .as_str()
        .expect("a text");
    assert!(
        message.ends_with("lib-2.0 refers to base-1.0, which is nowhere"),
        "{message}"
    );

    // A second cache that has it makes the first one whole.
    let elsewhere = elsewhere.to_str().expect("UTF-8");
    let plan = [
        "--cache",
        &server.url,
        "--cache",
        elsewhere,
        "--format",
        "json",
    ];
    let plan = cache.workspace.plan(&plan).json(0);
    assert_eq!(plan["work"]["build"], 0);
    assert_eq!(plan["work"]["sources"][0]["notServable"], 0);
    assert_eq!(plan["work"]["sources"][1]["used"], 1);
}

#[test]
fn a_cache_of_the_configuration_is_asked_only_online() {
    let Some(cache) = Cache::new("a_cache_of_the_configuration_is_asked_only_online") else {
        return;
    };
    let server = Server::serving(&cache.dir);
    let config = fs::read_to_string(cache.workspace.path().join("hmtool.toml")).expect("a text");
    cache.workspace.write(
        "hmtool.toml",
        &format!(
            "{config}[[caches]]\nname = \"ours\"\nurl = {:?}\n",
            server.url
        ),
    );
    let builds = |args: &[&str]| {
        cache
            .workspace
            .plan(&[args, &["--format", "json"]].concat())
            .json(0)["work"]["build"]
            .clone()
    };
    assert_eq!(builds(&[]), 4);
    assert!(server.asked().is_empty());
    assert_eq!(builds(&["--online"]), 0);
}

#[test]
fn a_cache_that_is_broken_is_an_error_not_an_empty_cache() {
    let workspace = Workspace::new();
    let plan = |url: &str| workspace.plan(&["--cache", url, "--cache-timeout", "1s"]);
    let broken = Server::new(|_, stream| reply(stream, "500 Internal Server Error", b""));
    plan(&broken.url).fails_saying(&["status 500", ".narinfo"]);
    let nonsense = Server::new(|_, stream| reply(stream, "200 OK", b"<html>welcome</html>"));
    plan(&nonsense.url).fails_saying(&["address of a binary cache?"]);
    let silent = Server::new(|_, _| thread::sleep(Duration::from_secs(5)));
    plan(&silent.url).fails_saying(&["cannot ask", "timeout"]);
    plan(&nobody()).fails_saying(&["cannot ask"]);
    let empty = Server::new(|_, stream| reply(stream, "404 Not Found", b""));
    let run: Run = plan(&empty.url);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
}
