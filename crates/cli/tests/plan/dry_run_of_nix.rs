//! What is to be built and what to be fetched is what the real Nix says, asked about the same
//! store and the same `file://` cache.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use drv_graph::dry_run;
use serde_json::Value;

use crate::nix::{Nix, example, packages};
use crate::real_nix::uncached;

const HMTOOL: &str = env!("CARGO_BIN_EXE_hmtool");

/// One package of each kind that Nix treats in its own way.
const PACKAGES: &str = r#"
let
  fetch = how: make {
    name = "tarball";
    inherit how;
    outputHashMode = "flat";
    outputHashAlgo = "sha256";
    outputHash = builtins.hashString "sha256" "hi";
  } "printf hi > $out";
in rec {
  base = make { name = "base"; } "echo base > $out";
  tool = make { name = "tool"; } "echo tool > $out";
  # Refers to base; needs tool to be built.
  lib = make { name = "lib"; outputs = [ "out" "dev" ]; }
    "read word < ${tool}; echo ${base} > $out; echo headers > $dev";
  app = make { name = "app"; } "echo ${lib} > $out";
  compiled = make { name = "compiled"; } "read word < ${lib.dev}; echo compiled > $out";
  # What a cache has of these does not count.
  text = make { name = "text"; allowSubstitutes = false; } "echo ${base} > $out";
  structured = make {
    name = "structured";
    __structuredAttrs = true;
    allowSubstitutes = false;
  } ''
    read word < ${tool}
    # What Nix writes for Bash alone, a plain shell cannot read.
    read -r json < .attrs.json
    out=''${json##*'"out":"'}
    echo structured > "''${out%%'"'*}"
  '';
  wrapper = make { name = "wrapper"; } "echo ${text} > $out";
  viaHttp = fetch "http";
  viaFtp = fetch "ftp";
  unpacked = make { name = "unpacked"; } "read word < ${viaHttp}; read word < ${viaFtp}; echo > $out";
}
"#;

/// A store, a cache, and packages of which the cache has everything.
struct Caches {
    nix: Nix,
    dir: PathBuf,
}

impl Caches {
    fn cache(&self) -> PathBuf {
        self.dir.join("cache")
    }

    fn url(&self) -> String {
        format!("file://{}", self.cache().display())
    }

    /// Copies the outputs of all that `drvs` need to the cache, and empties the store.
    fn fill(nix: Nix, dir: PathBuf, drvs: &str) -> Self {
        let this = Self { nix, dir };
        let script = "nix-store --query --requisites $1 | grep '\\.drv$' |
            xargs nix-store --query --outputs | sort -u | xargs nix copy --no-check-sigs --to \"$2\"
            nix-store --gc --quiet >&2";
        let url = this.url();
        this.nix
            .run("sh", &["-ec", script, "sh", drvs, url.as_str()]);
        this
    }

    /// Takes what is called so out of the cache.
    fn forget(&self, names: &[&str]) {
        for entry in fs::read_dir(self.cache()).expect("a directory") {
            let file = entry.expect("an entry").path();
            let text = fs::read_to_string(&file).unwrap_or_default();
            let path = text.lines().next().unwrap_or_default();
            let name = path.rsplit('/').next().and_then(|p| p.split_once('-'));
            if path.starts_with("StorePath: ")
                && name.is_some_and(|(_, name)| names.contains(&name))
            {
                fs::remove_file(file).expect("it is ours");
            }
        }
    }

    /// What the real Nix would build and fetch for `drvs`.
    fn dry_run(&self, drvs: &str) -> dry_run::DryRun {
        let script = "nix-store --realise --dry-run $1 --option substitute true \
                      --option substituters \"$2\" 2>&1";
        let url = self.url();
        let said = self
            .nix
            .run("sh", &["-ec", script, "sh", drvs, url.as_str()]);
        dry_run::read(said.as_bytes()).expect("a dry run")
    }

    /// Checks that `hmtool plan` and `hmtool dry-run` with `args` say the same of `drvs`, and gives
    /// both numbers.
    #[track_caller]
    fn check(&self, args: &[&str], drvs: &str, what: &str) -> (usize, usize) {
        let nix = self.dry_run(drvs);
        for (verb, drv) in [("plan", "/drv"), ("dry-run", "/derivation/drv")] {
            let document = self.document(verb, args);
            let all = |list: &str, key: &str| {
                let rows: Vec<String> = document[list]
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|row| row.pointer(key).and_then(Value::as_str).expect("a path"))
                    .map(str::to_owned)
                    .collect();
                let set: BTreeSet<String> = rows.iter().cloned().collect();
                assert_eq!(rows.len(), set.len(), "{verb} {what}: each once");
                set
            };
            let set = |paths: &[drv_graph::StorePath]| -> BTreeSet<String> {
                paths.iter().map(ToString::to_string).collect()
            };
            let (builds, fetches) = (set(&nix.build), set(&nix.fetch));
            assert_eq!(all("builds", drv), builds, "{verb} {what}: builds");
            assert_eq!(all("fetches", "/path"), fetches, "{verb} {what}: fetches");
            assert_eq!(
                (&document["work"]["build"], &document["work"]["fetch"]),
                (&nix.build.len().into(), &nix.fetch.len().into()),
                "{verb} {what}"
            );
        }
        (nix.build.len(), nix.fetch.len())
    }

    /// What a verb prints as JSON.
    fn document(&self, verb: &str, args: &[&str]) -> Value {
        let cache = self.url();
        let more = ["--cache", cache.as_str(), "--format", "json"];
        // Findings of the example end a plan with 1.
        let run = ["-c", "\"$@\" || [ $? = 1 ]", "sh", HMTOOL, verb];
        let json = self.nix.run("sh", &[&run, args, &more].concat());
        serde_json::from_str(&json).expect("JSON")
    }
}

/// `asked` of the packages, once `there` of them are in the store and the cache has lost `lost`.
#[track_caller]
fn check(test: &str, asked: &str, there: &str, lost: &[&str], expected: (usize, usize)) {
    let Some(nix) = Nix::building(test) else {
        return;
    };
    let dir = nix.folder().join("packages");
    fs::create_dir(&dir).expect("it is ours");
    fs::write(dir.join("all.nix"), packages(PACKAGES)).expect("it is ours");
    let root = dir.to_str().expect("UTF-8").to_owned();
    let instantiate = |nix: &Nix, attrs: &str| {
        fs::write(
            dir.join("default.nix"),
            format!("with import ./all.nix; [ {attrs} ]"),
        )
        .expect("it is ours");
        let printed = nix.run("nix-instantiate", &[root.as_str()]);
        printed.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let everything = "app compiled text structured wrapper unpacked";
    let realise = |nix: &Nix, attrs: &str| {
        let drvs = instantiate(nix, attrs);
        nix.run("sh", &["-ec", "nix-store --realise $1", "sh", &drvs]);
        drvs
    };
    let drvs = realise(&nix, everything);
    let caches = Caches::fill(nix, dir.clone(), &drvs);
    caches.forget(lost);
    if !there.is_empty() {
        realise(&caches.nix, there);
    }
    let drvs = instantiate(&caches.nix, asked);
    let args = [root.as_str(), "--cores", "4", "--mem", "8G"];
    assert_eq!(caches.check(&args, &drvs, asked), expected, "{asked}");
}

#[test]
fn references_are_brought_along() {
    check("references_are_brought_along", "app", "", &[], (0, 3));
}

#[test]
fn what_is_in_the_store_is_not_fetched() {
    let test = "what_is_in_the_store_is_not_fetched";
    check(test, "app", "base", &[], (0, 2));
}

#[test]
fn below_what_a_cache_lost_the_inputs_are_wanted() {
    let test = "below_what_a_cache_lost_the_inputs_are_wanted";
    // app is built, lib fetched, and base with it.
    check(test, "app", "", &["app"], (1, 2));
    check(test, "app compiled", "", &["app", "compiled"], (2, 3));
}

#[test]
fn an_output_that_a_cache_lost_matters_to_those_who_want_it() {
    let test = "an_output_that_a_cache_lost_matters_to_those_who_want_it";
    // Nobody wants lib's dev.
    check(test, "app", "", &["app", "lib-dev"], (1, 2));
    // compiled does, and lib is built with tool and base, which are there.
    check(test, "compiled", "", &["compiled", "lib-dev"], (2, 2));
    check(test, "lib.dev", "", &[], (0, 1));
}

#[test]
fn what_forbids_substitutes_is_built() {
    let test = "what_forbids_substitutes_is_built";
    check(test, "text", "", &[], (1, 1));
    check(test, "structured", "", &[], (1, 1));
    check(test, "text", "text", &[], (0, 0));
    // What refers to it brings it along.
    check(test, "wrapper", "", &[], (0, 3));
    check(test, "wrapper", "", &["wrapper"], (2, 1));
}

#[test]
fn a_fixed_output_of_two_derivations_is_one_path() {
    let test = "a_fixed_output_of_two_derivations_is_one_path";
    check(test, "unpacked", "", &["unpacked"], (1, 1));
    check(test, "viaHttp viaFtp", "", &[], (0, 1));
    check(test, "unpacked", "", &["unpacked", "tarball"], (3, 0));
}

#[test]
fn the_example_with_its_cache() {
    let Some(nix) = Nix::building("the_example_with_its_cache") else {
        return;
    };
    let dir = nix.folder().join("stock");
    fs::create_dir(&dir).expect("it is ours");
    let workspace = uncached(&nix);
    let file = example().join("default.nix");
    let file = file.to_str().expect("UTF-8");
    let stock = nix.run("nix-instantiate", &[file, "--arg", "stock", "true"]);
    nix.run("nix-store", &["--realise", stock.trim()]);
    let caches = Caches::fill(nix, dir, stock.trim());
    for machine in ["shoshin", "gyakusatsu"] {
        let drv = caches
            .nix
            .run("nix-instantiate", &[file, "--argstr", "machine", machine]);
        let args = [workspace.as_str(), "--evaluate", "--machine", machine];
        let (builds, fetches) = caches.check(&args, drv.trim(), machine);
        assert!(
            builds > 20 && fetches > 20,
            "{machine}: {builds}, {fetches}"
        );
    }
}
