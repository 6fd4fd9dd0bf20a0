//! Signatures, as the real Nix makes them and takes them.

use std::collections::BTreeSet;
use std::fs;

use drv_graph::NarInfo;

use crate::real_nix::{Built, Cache, utf8};
use crate::run::{hmtool, text};
use crate::schema;

/// What is known by its content: text that refers to something, a file, a folder and a flat file.
const BY_CONTENT: &str = r#"
let
  file = builtins.toFile "file" "content";
in {
  text = builtins.toFile "text" "refers to ${file}";
  folder = builtins.path { name = "folder"; path = ./folder; };
  flat = derivation {
    name = "flat";
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-c" "printf flat > $out" ];
    outputHashMode = "flat";
    outputHashAlgo = "sha256";
    outputHash = "cf3a9143cdc2ef06f2e8e4dbfe3d3fe7c1a2fb1a2e0fd39e5ccb4e1a39f5a1f3";
  };
}
"#;

/// A secret key in a file of that name, and the public one.
fn key(built: &Built, file: &str, name: &str) -> String {
    let secret = built
        .nix
        .run("nix", &["key", "generate-secret", "--key-name", name]);
    fs::write(built.nix.folder().join(file), secret).expect("it is ours");
    public(built, file)
}

fn public(built: &Built, file: &str) -> String {
    let secret = built.nix.folder().join(file);
    let script = format!("nix key convert-secret-to-public < {}", utf8(&secret));
    built.nix.run("sh", &["-c", &script]).trim().to_owned()
}

/// What Nix itself does not trust, by name.
fn untrusted_by_nix(built: &Built, cache: &Cache, keys: &[&str]) -> BTreeSet<String> {
    let url = format!("file://{}", utf8(&cache.dir));
    let output = built
        .nix
        .command("nix")
        .args([
            "store",
            "verify",
            "--all",
            "--no-contents",
            "--sigs-needed",
            "1",
        ])
        .args([
            "--store",
            &url,
            "--option",
            "trusted-public-keys",
            &keys.join(" "),
        ])
        .output()
        .expect("it runs");
    let said = text(&output.stderr);
    let lines = said
        .lines()
        .filter_map(|line| line.strip_suffix("' is untrusted"));
    let names = lines
        .filter_map(|line| line.split_once('-'))
        .map(|(_, name)| name.to_owned());
    let names: BTreeSet<String> = names.collect();
    assert_eq!(output.status.success(), names.is_empty(), "{said}");
    names
}

/// What is found of signatures. The real Nix does not trust the same paths.
#[track_caller]
fn check(built: &Built, cache: &Cache, keys: &[&str], expected: &[&str]) {
    let mut args = vec!["--fast"];
    for key in keys {
        args.extend(["--trusted-public-keys", key]);
    }
    let found: BTreeSet<String> = cache.found(&args).into_iter().collect();
    let expected: BTreeSet<String> = expected.iter().map(|&it| it.to_owned()).collect();
    assert_eq!(found, expected);
    let names = found.iter().filter_map(|it| it.split_once(' '));
    let names: BTreeSet<String> = names.map(|(_, name)| name.to_owned()).collect();
    assert_eq!(untrusted_by_nix(built, cache, keys), names);
}

fn all(code: &str) -> Vec<String> {
    let names = ["another", "app", "base", "lib", "one"];
    names.map(|name| format!("{code} {name}")).to_vec()
}

fn words(owned: &[String]) -> Vec<&str> {
    owned.iter().map(String::as_str).collect()
}

#[test]
fn what_a_trusted_key_signed_is_taken_and_nothing_else() {
    let test = "what_a_trusted_key_signed_is_taken_and_nothing_else";
    let Some(built) = Built::new(test) else {
        return;
    };
    let cache = built.cache(None);
    let good = public(&built, "key");
    let (namesake, other) = (
        key(&built, "namesake", "test-1"),
        key(&built, "other", "other-1"),
    );
    check(&built, &cache, &[&good], &[]);
    check(&built, &cache, &[&other, &good], &[]);
    check(&built, &cache, &[&namesake], &words(&all("bad-signature")));
    check(&built, &cache, &[&other], &words(&all("untrusted-key")));
    // Several of them in one, as in nix.conf.
    let both = format!("{other} {good}");
    check(&built, &cache, &[&both], &[]);

    let spoiled = |spoil: &dyn Fn(&Cache)| {
        let spoiled = cache.copy();
        spoil(&spoiled);
        spoiled
    };
    // What is signed is size, hash and references of the NAR; where its file is, is not.
    let smaller = spoiled(&|it| it.set("app", "NarSize", "1"));
    check(&built, &smaller, &[&good], &["bad-signature app"]);
    let fewer = spoiled(&|it| it.edit("app", "References", |_| "References: ".to_owned()));
    check(&built, &fewer, &[&good], &["bad-signature app"]);
    let (_, base) = cache.narinfo("base");
    let hash = base.info.nar_hash.expect("a narinfo has one").to_base32();
    let another = spoiled(&|it| it.set("app", "NarHash", &format!("sha256:{hash}")));
    check(&built, &another, &[&good], &["bad-signature app"]);
    let elsewhere = spoiled(&|it| it.set("app", "FileSize", "17"));
    assert_eq!(
        elsewhere.found(&["--fast", "--trusted-public-keys", &good]),
        ["file-size app"]
    );
    assert_eq!(
        untrusted_by_nix(&built, &elsewhere, &[&good]),
        BTreeSet::new()
    );
    let unsigned = spoiled(&|it| it.edit("app", "Sig", |_| "Was: signed".to_owned()));
    check(&built, &unsigned, &[&good], &["unsigned app"]);
    // One good one is enough.
    let bad = format!("test-1:{}==", "A".repeat(86));
    let one_of_two =
        spoiled(&|it| it.edit("app", "Sig", |value| format!("Sig: {bad}\nSig: {value}")));
    check(&built, &one_of_two, &[&good], &[]);
}

#[test]
fn what_nix_signs_afterwards_is_taken() {
    let Some(built) = Built::new("what_nix_signs_afterwards_is_taken") else {
        return;
    };
    let cache = built.cache(None);
    let late = key(&built, "late", "late-1");
    check(&built, &cache, &[&late], &words(&all("untrusted-key")));
    let (url, file) = (
        format!("file://{}", utf8(&cache.dir)),
        built.nix.folder().join("late"),
    );
    let sign = [
        "store",
        "sign",
        "--all",
        "--store",
        &url,
        "--key-file",
        utf8(&file),
    ];
    built.nix.run("nix", &sign);
    check(&built, &cache, &[&late], &[]);
    check(&built, &cache, &[&public(&built, "key")], &[]);
}

#[test]
fn what_is_known_by_its_content_needs_no_signature() {
    let Some(built) = Built::new("what_is_known_by_its_content_needs_no_signature") else {
        return;
    };
    let folder = built.nix.folder().join("by-content");
    fs::create_dir_all(folder.join("folder")).expect("it is ours");
    fs::write(folder.join("folder/file"), "in a folder").expect("it is ours");
    let flat = built
        .nix
        .run("sh", &["-c", "printf flat | sha256sum | cut -d' ' -f1"]);
    let said = "cf3a9143cdc2ef06f2e8e4dbfe3d3fe7c1a2fb1a2e0fd39e5ccb4e1a39f5a1f3";
    let expression = BY_CONTENT.replace(said, flat.trim());
    fs::write(folder.join("default.nix"), expression).expect("it is ours");
    let file = folder.join("default.nix");
    let drv = built
        .nix
        .run("nix-instantiate", &[utf8(&file), "-A", "flat"]);
    let mut paths = vec![built.nix.run("nix-store", &["--realise", drv.trim()])];
    for name in ["text", "folder"] {
        let value = built.nix.run(
            "nix-instantiate",
            &["--eval", "--read-write-mode", utf8(&file), "-A", name],
        );
        paths.push(value.trim().trim_matches('"').to_owned());
    }
    let dir = built.nix.folder().join("unsigned");
    let url = format!("file://{}", utf8(&dir));
    let paths: Vec<&str> = paths.iter().map(|path| path.trim()).collect();
    let copy = ["copy", "--no-check-sigs", "--to", &url];
    let all = [&copy[..], &paths, &[&built.paths[0]]].concat();
    built.nix.run("nix", &all);
    let cache = Cache { dir };
    let key = public(&built, "key");
    let name = built.paths[0].rsplit_once('-').expect("a name").1;
    let mut closure: Vec<String> = match name {
        "app" => vec!["app", "lib", "base"],
        "lib" => vec!["lib", "base"],
        name => vec![name],
    }
    .iter()
    .map(|name| format!("unsigned {name}"))
    .collect();
    check(&built, &cache, &[&key], &words(&closure));
    let addresses: BTreeSet<String> = ["text", "file", "folder", "flat"]
        .iter()
        .map(|name| {
            let (_, NarInfo { info, .. }) = cache.narinfo(name);
            let address = info.ca.expect("it is known by its content");
            address.rsplit_once(':').expect("a hash").0.to_owned()
        })
        .collect();
    let kinds = ["fixed:r:sha256", "fixed:sha256", "text:sha256"];
    assert_eq!(addresses, kinds.map(str::to_owned).into());
    // One that says so of another content.
    let (_, flat) = cache.narinfo("flat");
    cache.set("folder", "CA", &flat.info.ca.expect("it has one"));
    closure.push("unsigned folder".to_owned());
    check(&built, &cache, &[&key], &words(&closure));
}

#[test]
fn keys_of_the_configuration_are_used() {
    let Some(built) = Built::new("keys_of_the_configuration_are_used") else {
        return;
    };
    let cache = built.cache(None);
    let (good, other) = (public(&built, "key"), key(&built, "other", "other-1"));
    let workspace = tempfile::tempdir().expect("a folder");
    let write = |keys: &str| {
        let config = format!(
            "[cache]\nname = \"ours\"\nkind = \"file\"\ndir = \"{}\"\ntrusted-public-keys = [{keys}]\n",
            utf8(&cache.dir)
        );
        fs::write(workspace.path().join("hmtool.toml"), config).expect("it is ours");
    };
    let verify = |more: &[&str]| {
        let args = [&["cache", "verify", "--fast", "--format", "json"], more].concat();
        hmtool(workspace.path(), &args)
    };
    write(&format!("\"{good}\""));
    let document = schema::document(&verify(&[]));
    assert_eq!(document["findings"], serde_json::json!([]));
    assert_eq!(
        document["summary"]["trustedKeys"],
        serde_json::json!(["test-1"])
    );
    assert_eq!(document["summary"]["trustedPaths"], 5);
    let screen = hmtool(workspace.path(), &["cache", "verify", "--fast"]);
    let screen = text(&screen.stdout);
    assert!(
        screen.contains("5 paths signed by test-1, or known by their content"),
        "{screen}"
    );
    // The command line has the last word.
    let document = schema::document(&verify(&["--trusted-public-keys", &other]));
    assert_eq!(document["findings"].as_array().map(Vec::len), Some(5));
    assert_eq!(document["summary"]["trustedPaths"], 0);
    write("");
    let document = schema::document(&verify(&[]));
    assert!(document["summary"]["trustedPaths"].is_null());
    for (args, keys, expected) in [
        (
            vec!["--trusted-public-keys", "nonsense"],
            "",
            "it is not NAME:KEY",
        ),
        (
            vec![],
            "\"test-1:***\"",
            "what follows the name is not base 64",
        ),
    ] {
        write(keys);
        let output = verify(&args);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains(expected) && said.contains("convert-secret-to-public"),
            "{said}"
        );
    }
}
