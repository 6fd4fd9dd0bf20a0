//! What `--override` says without evaluating is what the real Nix evaluates for the same override,
//! for every package of the example.
//!
//! The same override is one that changes a derivation where it is made: `derivation` itself is
//! given one variable more, so that everything that needs the package gets the changed one. An
//! overlay changes an attribute of a set instead, and reaches what takes the package from there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use drv_graph::{DerivationGraph, DrvFiles, ReadOptions, StorePath};
use serde_json::Value;

use crate::example::{copy_of_example, replace};
use crate::nix::Nix;
use crate::schema;

/// The generation with one variable more in every derivation that `asked` means, a package's name or
/// a `.drv` file.
///
/// Files are imported with another `derivation`, as lazy as the one of Nix: which of the two a package is
/// turns out once its paths are asked for. A `.drv` file is that of a derivation whose inputs are as
/// they were, since none of them needs it.
const DERIVATIONS: &str = r#"
  asked:
  let
    isFile = builtins.substring 0 1 asked == "/";
    scope = {
      import = file: scopedImport scope file;
      derivation = args:
        let
          plain = builtins.derivation args;
          probed = builtins.derivation (args // { probe = "1"; });
          isMeant =
            if isFile then plain.drvPath == asked
            else (args.pname or (builtins.parseDrvName args.name).name) == asked;
          paths = [ "drvPath" "outPath" "all" ] ++ args.outputs or [ "out" ];
          path = name: { inherit name; value = (if isMeant then probed else plain).${name}; };
        in
        plain // builtins.listToAttrs (map path paths);
    };
    flake = (scopedImport scope (dir + "/flake.nix")).outputs { self = flake; };
  in
  (flake.lib.mkHome { inherit machine; }).activationPackage.drvPath
"#;

/// The generation with one more overlay, after all others, that gives the package of an attribute
/// one variable more.
const OVERLAYS: &str = r#"
  attribute:
  let
    flake = (import (dir + "/flake.nix")).outputs { self = flake; };
    probe = drv:
      if drv ? overrideAttrs then drv.overrideAttrs (_: { probe = "1"; })
      else drv // derivation (drv.drvAttrs // { probe = "1"; });
    path = builtins.filter builtins.isString (builtins.split "\\." attribute);
    first = builtins.head path;
    member = builtins.elemAt path 1;
    overlay = _: prev:
      if builtins.length path == 1 then { ${first} = probe prev.${first}; }
      else { ${first} = prev.${first}.overrideScope (_: prev: { ${member} = probe prev.${member}; }); };
  in
  (flake.lib.mkHome { inherit machine; more = [ overlay ]; }).activationPackage.drvPath
"#;

/// `.drv` files that are built again, for each package asked for.
type Rebuilt = BTreeMap<String, BTreeSet<String>>;

/// What is evaluated for overrides, and what is said of them beforehand.
struct Oracle {
    nix: Nix,
    workspace: tempfile::TempDir,
    machine: &'static str,
    /// The generation as it is captured.
    root: String,
}

impl Oracle {
    fn new(test: &str, machine: &'static str) -> Option<Self> {
        let nix = Nix::evaluating(test)?;
        let workspace = copy_of_example();
        let root = workspace
            .path()
            .join("graphs")
            .join(format!("{machine}.roots"));
        let root = fs::read_to_string(root).expect("a text");
        Some(Self {
            nix,
            workspace,
            machine,
            root: root.trim().to_owned(),
        })
    }

    fn captured(&self, end: &str) -> String {
        format!("graphs/{}.{end}", self.machine)
    }

    /// The root for each of `asked`, by one evaluation.
    fn roots(&self, asked: &BTreeSet<String>, root_of: &str) -> BTreeMap<String, StorePath> {
        let dir = self.workspace.path().canonicalize().expect("it is there");
        let list = serde_json::to_string(asked).expect("names are JSON");
        fs::write(dir.join("asked.json"), list).expect("it is ours");
        let dir = dir.to_str().expect("a path of UTF-8");
        let expr = format!(
            "let dir = /. + {dir:?}; machine = {:?}; rootOf = {root_of}; in \
             builtins.toJSON (map rootOf (builtins.fromJSON (builtins.readFile (dir + \"/asked.json\"))))",
            self.machine
        );
        let printed = self
            .nix
            .run("nix", &["eval", "--raw", "--impure", "--expr", &expr]);
        let roots: Vec<String> = serde_json::from_str(&printed).expect("a list of paths");
        assert_eq!(roots.len(), asked.len());
        let roots = roots
            .iter()
            .map(|root| StorePath::parse(root).expect("a store path"));
        asked.iter().cloned().zip(roots).collect()
    }

    /// The closures of roots, from the store's `.drv` files.
    fn graph(&self, roots: &[&StorePath]) -> DerivationGraph {
        let mut files = DrvFiles::new(ReadOptions::default());
        for root in roots {
            files.want(root);
        }
        while let Some(path) = files.next_wanted() {
            let file = self.nix.folder().join("root").join(&path.as_str()[1..]);
            let bytes = fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            files.give(&path, &bytes).expect("Nix wrote it");
        }
        files.finish().expect("it is whole")
    }

    /// What an evaluation with each override makes no more: the builds that are others.
    fn evaluated(&self, asked: &BTreeSet<String>, root_of: &str) -> Rebuilt {
        let roots = self.roots(asked, root_of);
        let before = StorePath::parse(&self.root).expect("a store path");
        // It is there: nothing is called so.
        let nothing = self.roots(&BTreeSet::from(["-".to_owned()]), DERIVATIONS);
        assert_eq!(nothing["-"], before, "run capture-graphs.sh and commit");
        let graph = self.graph(&roots.values().chain([&before]).collect::<Vec<_>>());
        let closure = |root: &StorePath| graph.closure(&[graph.id(root).expect("it was read")]);
        let closure_before = closure(&before);
        let of_root = |root: &StorePath| {
            let made = closure(root);
            let made = made.iter().flat_map(|&id| graph[id].outputs());
            let made: BTreeSet<_> = made.filter_map(|output| output.path.as_ref()).collect();
            let others = closure_before.iter().map(|&id| &graph[id]).filter(|drv| {
                let mut outputs = drv
                    .outputs()
                    .iter()
                    .filter_map(|output| output.path.as_ref());
                !outputs.all(|path| made.contains(path))
            });
            others.map(|drv| drv.path().to_string()).collect()
        };
        roots
            .iter()
            .map(|(asked, root)| (asked.clone(), of_root(root)))
            .collect()
    }

    /// What `hmtool` says of each override.
    fn said(&self, asked: &BTreeSet<String>, more: &[&str]) -> Rebuilt {
        let all: Vec<&str> = asked.iter().map(String::as_str).collect();
        let (graph, roots) = (self.captured("json.gz"), self.captured("roots"));
        let args = [
            "impact",
            "--no-config",
            "--format",
            "json",
            "--graph",
            &graph,
        ];
        let output = Command::new(env!("CARGO_BIN_EXE_hmtool"))
            .current_dir(self.workspace.path())
            .env_remove("HMTOOL_HISTORY")
            .args(
                [
                    &args[..],
                    &["--roots", &roots, "--override", &all.join(",")],
                    more,
                ]
                .concat(),
            )
            .output()
            .expect("hmtool runs");
        let document = schema::document(&output);
        let builds = list(&document["rebuilt"]);
        let drv = |id: &Value| {
            let build = &builds[id.as_u64().expect("an id") as usize];
            build["derivation"]["drv"]
                .as_str()
                .expect("a path")
                .to_owned()
        };
        let packages = list(&document["packages"]).iter().map(|package| {
            let rebuilt = list(&package["rebuilt"]);
            assert_eq!(package["rebuild"]["rebuilds"], rebuilt.len());
            let name = package["name"].as_str().expect("a name");
            (name.to_owned(), rebuilt.iter().map(drv).collect())
        });
        packages.collect()
    }

    /// The captured builds by the names of their packages.
    fn packages(&self) -> BTreeMap<String, Vec<String>> {
        let before = StorePath::parse(&self.root).expect("a store path");
        self.roots(&BTreeSet::from(["-".to_owned()]), DERIVATIONS);
        let mut packages = BTreeMap::<String, Vec<String>>::new();
        for (_, drv) in self.graph(&[&before]).iter() {
            if !drv.is_fixed_output() {
                let files = packages.entry(drv.pname().to_owned()).or_default();
                files.push(drv.path().to_string());
            }
        }
        packages
    }
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

/// Those of which not the same is evaluated and said.
fn differing(evaluated: &Rebuilt, said: &Rebuilt) -> Vec<String> {
    let asked: BTreeSet<&String> = evaluated.keys().chain(said.keys()).collect();
    let differing = asked
        .into_iter()
        .filter(|asked| evaluated.get(*asked) != said.get(*asked));
    differing.cloned().collect()
}

fn overrides_are_what_was_said(test: &str, machine: &'static str) {
    let Some(oracle) = Oracle::new(test, machine) else {
        return;
    };
    let packages = oracle.packages();
    assert!(packages.len() > 140, "{}", packages.len());
    // Each by its name, and where several have that, each of them alone.
    let several = packages.values().filter(|files| files.len() > 1).flatten();
    let asked: BTreeSet<String> = packages.keys().chain(several).cloned().collect();
    assert!(asked.len() > packages.len(), "some have one name");
    let evaluated = oracle.evaluated(&asked, DERIVATIONS);
    let mut said = oracle.said(&asked, &[]);
    assert_eq!(differing(&evaluated, &said), Vec::<String>::new());

    // The comparison would see one build too few, one too many, and another package's.
    let taken = said.get_mut("zlib").and_then(BTreeSet::pop_last);
    let taken = taken.expect("zlib is a package");
    assert_eq!(differing(&evaluated, &said), ["zlib"]);
    said.get_mut("zlib").expect("it is there").insert(taken);
    said.get_mut("jq")
        .expect("jq is a package")
        .insert(oracle.root.clone() + "0");
    assert_eq!(differing(&evaluated, &said), ["jq"]);
    let (zlib, jq) = (evaluated["zlib"].clone(), evaluated["jq"].clone());
    assert!(jq.len() > 1 && zlib.len() > jq.len());
}

#[test]
fn every_override_on_the_desktop_is_what_was_said() {
    overrides_are_what_was_said("every_override_on_the_desktop_is_what_was_said", "shoshin");
}

#[test]
fn every_override_on_the_laptop_is_what_was_said() {
    overrides_are_what_was_said(
        "every_override_on_the_laptop_is_what_was_said",
        "gyakusatsu",
    );
}

/// Attributes whose overlay reaches less than all that needs their package, as in nixpkgs: the name is
/// an alias into a set from which others take the package (`llvm`, `cargo`), an earlier overlay took
/// it from the set before (CUDA, `jemalloc`), or it is an environment whose functions hold on to it.
const REACHED_IN_PART: [&str; 15] = [
    "cargo",
    "clang",
    "cudaPackages_12_8.cuda_cudart",
    "cudaPackages_12_8.cuda_nvcc",
    "cudaPackages_12_8.cudatoolkit",
    "cudaPackages_12_8.cudnn",
    "cudaPackages_12_8.libcublas",
    "jemalloc",
    "lld",
    "llvm",
    "rustc",
    "stdenv",
    "stdenvBootstrap",
    "stdenvFoundations",
    "stdenvNoCC",
];

#[test]
fn an_overlay_never_has_more_built_again_than_was_said() {
    let test = "an_overlay_never_has_more_built_again_than_was_said";
    let Some(oracle) = Oracle::new(test, "shoshin") else {
        return;
    };
    replace(
        oracle.workspace.path(),
        "flake.nix",
        &[
            ("stock ? false,", "stock ? false, more ? [ ],"),
            (
                "stock then [ ] else overlays",
                "stock then [ ] else overlays ++ more",
            ),
        ],
    );
    let attributes = oracle.captured("attributes");
    let names = fs::read_to_string(Path::new(oracle.workspace.path()).join(&attributes));
    let names = names.expect("a text");
    let names = names.lines().filter_map(|line| line.split(' ').next());
    let names: BTreeSet<String> = names.map(str::to_owned).collect();
    assert!(names.len() > 140, "{}", names.len());
    let evaluated = oracle.evaluated(&names, OVERLAYS);
    let said = oracle.said(&names, &["--attributes", &attributes]);
    for (name, evaluated) in &evaluated {
        assert!(evaluated.is_subset(&said[name]), "{name}");
    }
    assert_eq!(differing(&evaluated, &said), REACHED_IN_PART);
}
