//! Caches that the real Nix wrote, as they are and with one thing spoiled.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use drv_graph::{NarInfo, narinfo};

use crate::nix::{Nix, packages};
use crate::run::{hmtool, text};
use crate::schema;

/// `app` refers to `lib`, `lib` to `base` and to itself; `one` and `another` have the same content.
const PACKAGES: &str = r#"
rec {
  base = make { name = "base"; } "i=0; while [ $i -lt 3000 ]; do echo line $i of base; i=$((i + 1)); done > $out";
  lib = make { name = "lib"; } "echo ${base} $out > $out";
  app = make { name = "app"; } "echo runs ${lib} > $out";
  one = make { name = "one"; } "echo same > $out";
  another = make { name = "another"; } "echo same > $out";
}
"#;
const PATHS: u64 = 5;

/// A store in which they are built.
pub(crate) struct Built {
    pub(crate) nix: Nix,
    pub(crate) paths: Vec<String>,
}

impl Built {
    pub(crate) fn new(test: &str) -> Option<Self> {
        let nix = Nix::building(test)?;
        let folder = nix.folder();
        fs::write(folder.join("default.nix"), packages(PACKAGES)).expect("it is ours");
        let drvs = nix.run("nix-instantiate", &[utf8(folder)]);
        let drvs: Vec<&str> = drvs.split_whitespace().collect();
        let outputs = nix.run("nix-store", &[&["--realise"], &drvs[..]].concat());
        let key = nix.run("nix", &["key", "generate-secret", "--key-name", "test-1"]);
        fs::write(folder.join("key"), key).expect("it is ours");
        let paths = outputs.split_whitespace().map(str::to_owned).collect();
        Some(Self { nix, paths })
    }

    /// A signed cache of them all, packed like that; as usual where nothing is said.
    pub(crate) fn cache(&self, compression: Option<&str>) -> Cache {
        let dir = self.nix.folder().join(compression.unwrap_or("usual"));
        let key = self.nix.folder().join("key");
        let packed = compression.map_or(String::new(), |method| format!("&compression={method}"));
        let url = format!("file://{}?secret-key={}{packed}", utf8(&dir), utf8(&key));
        let paths: Vec<&str> = self.paths.iter().map(String::as_str).collect();
        let copy = ["copy", "--no-check-sigs", "--to", &url];
        self.nix.run("nix", &[&copy, &paths[..]].concat());
        Cache { dir }
    }
}

pub(crate) fn utf8(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

pub(crate) struct Cache {
    pub(crate) dir: PathBuf,
}

impl Cache {
    /// Its narinfo of the path with that name.
    pub(crate) fn narinfo(&self, name: &str) -> (PathBuf, NarInfo) {
        for entry in fs::read_dir(&self.dir).expect("a directory") {
            let file = entry.expect("an entry").path();
            if file.extension().is_some_and(|end| end == "narinfo") {
                let info = narinfo::read(&fs::read(&file).expect("it is there"));
                let info = info.expect("Nix wrote it");
                if info.info.path.name() == name {
                    return (file, info);
                }
            }
        }
        panic!("{name} is not in the cache");
    }

    /// The file of its NAR.
    fn nar(&self, name: &str) -> PathBuf {
        let (_, info) = self.narinfo(name);
        self.dir.join(info.info.url.expect("a narinfo has one"))
    }

    /// With a line of a narinfo replaced by what is made of its value.
    pub(crate) fn edit(&self, name: &str, key: &str, edit: impl Fn(&str) -> String) {
        let (file, _) = self.narinfo(name);
        let text = fs::read_to_string(&file).expect("it is there");
        let prefix = format!("{key}: ");
        assert!(text.contains(&format!("\n{prefix}")), "{text}");
        let lines = text.lines().map(|line| match line.strip_prefix(&prefix) {
            Some(value) => edit(value) + "\n",
            None => format!("{line}\n"),
        });
        fs::write(file, lines.collect::<String>()).expect("it is ours");
    }

    /// With the value of a line replaced.
    pub(crate) fn set(&self, name: &str, key: &str, value: &str) {
        self.edit(name, key, |_| format!("{key}: {value}"));
    }

    /// With the bytes of a NAR changed.
    fn spoil(&self, name: &str, change: impl Fn(&mut Vec<u8>)) {
        let file = self.nar(name);
        let mut bytes = fs::read(&file).expect("it is there");
        change(&mut bytes);
        fs::write(file, bytes).expect("it is ours");
    }

    pub(crate) fn copy(&self) -> Self {
        let dir = self.dir.with_extension("spoiled");
        let _ = fs::remove_dir_all(&dir);
        let copied = Command::new("cp")
            .arg("-r")
            .args([&self.dir, &dir])
            .status();
        assert!(copied.expect("cp runs").success());
        Self { dir }
    }

    /// The codes of what is found, and what the name of each path that they are about is.
    pub(crate) fn found(&self, args: &[&str]) -> Vec<String> {
        let args = [&["cache", "verify", ".", "--format", "json"], args].concat();
        let output = hmtool(&self.dir, &args);
        let document = schema::document(&output);
        let findings = document["findings"].as_array().expect("a list");
        let is_violated = findings.iter().any(|it| it["severity"] == "error");
        assert_eq!(output.status.code(), Some(i32::from(is_violated)));
        let found = findings.iter().map(|it| {
            let code = it["code"].as_str().expect("a text");
            let path = it["path"].as_str().and_then(|path| path.split_once('-'));
            path.map_or(code.to_owned(), |(_, name)| format!("{code} {name}"))
        });
        found.collect()
    }

    #[track_caller]
    fn check(&self, what: &str, spoil: impl FnOnce(&Self), expected: &[&str]) {
        let spoiled = self.copy();
        spoil(&spoiled);
        assert_eq!(spoiled.found(&[]), expected, "{what}");
    }
}

#[test]
fn what_nix_copies_is_in_order() {
    let Some(built) = Built::new("what_nix_copies_is_in_order") else {
        return;
    };
    for method in [
        None,
        Some("xz"),
        Some("zstd"),
        Some("bzip2"),
        Some("gzip"),
        Some("br"),
        Some("none"),
    ] {
        let cache = built.cache(method);
        let output = hmtool(&cache.dir, &["cache", "verify", ".", "--format", "json"]);
        let document = schema::document(&output);
        assert_eq!(document["findings"], serde_json::json!([]), "{method:?}");
        let summary = &document["summary"];
        // Two of the same content are one file.
        assert_eq!(summary["paths"], PATHS, "{method:?}");
        assert_eq!(summary["hashedFiles"], PATHS - 1, "{method:?}");
        assert_eq!(summary["unpackedFiles"], PATHS - 1, "{method:?}");
        assert_eq!(output.status.code(), Some(0));
    }
    // What libarchive can do besides is said not to be unpacked.
    let cache = built.cache(Some("lz4"));
    let output = hmtool(&cache.dir, &["cache", "verify", "."]);
    let screen = text(&output.stdout);
    for said in [
        "not unpacked: 4 files, packed with lz4",
        "the cache keeps what it promises, as far as it was unpacked",
    ] {
        assert!(screen.contains(said), "{screen}");
    }
}

#[test]
fn damaged_nars_are_found_however_they_are_packed() {
    let Some(built) = Built::new("damaged_nars_are_found_however_they_are_packed") else {
        return;
    };
    for method in ["xz", "zstd", "bzip2", "gzip", "br", "none"] {
        let cache = built.cache(Some(method));
        let flip = |bytes: &mut Vec<u8>| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        };
        let spoiled = cache.copy();
        spoiled.spoil("base", flip);
        let found = spoiled.found(&[]);
        assert_eq!(found[0], "file-hash base", "{method}");
        // Without it only what comes out can tell.
        spoiled.edit("base", "FileHash", |_| String::new());
        let rest = spoiled.found(&[]);
        assert_eq!(found[1..], rest, "{method}");
        assert!(
            rest == ["nar-packing base"] || rest == ["nar-content base"],
            "{method}: {rest:?}"
        );
        let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 1);
        let of_nar = match method {
            "none" => "nar-content base",
            _ => "nar-packing base",
        };
        cache.check(
            method,
            |it| it.spoil("base", cut),
            &["file-size base", "file-hash base", of_nar],
        );
        cache.check(
            method,
            |it| fs::remove_file(it.nar("base")).expect("it is there"),
            &["missing-nar base"],
        );
    }
}

#[test]
fn each_line_of_a_narinfo_is_held_to() {
    let Some(built) = Built::new("each_line_of_a_narinfo_is_held_to") else {
        return;
    };
    let cache = built.cache(None);
    let (_, app) = cache.narinfo("app");
    let (_, base) = cache.narinfo("base");
    assert_eq!(app.compression, "xz", "what Nix does where nothing is said");
    let another = base.info.nar_hash.expect("a narinfo has one").to_base32();
    let another = format!("sha256:{another}");
    cache.check(
        "the NAR's hash",
        |it| it.set("app", "NarHash", &another),
        &["nar-content app"],
    );
    for size in ["1", "1000000000000"] {
        cache.check(
            "the NAR's size",
            |it| it.set("app", "NarSize", size),
            &["nar-content app"],
        );
    }
    cache.check(
        "the file's hash",
        |it| it.set("app", "FileHash", &another),
        &["file-hash app"],
    );
    cache.check(
        "the file's size",
        |it| it.set("app", "FileSize", "17"),
        &["file-size app"],
    );
    cache.check(
        "the compression",
        |it| it.set("app", "Compression", "zstd"),
        &["nar-packing app"],
    );
    cache.check(
        "no reference",
        |it| it.edit("app", "References", |_| "References: ".to_owned()),
        &["unsaid-reference app"],
    );
    cache.check(
        "another reference",
        |it| it.set("app", "References", base.info.path.base_name()),
        &["unsaid-reference app"],
    );
    cache.check(
        "a reference to nothing",
        |it| {
            it.edit("app", "References", |value| {
                format!("References: {value} 00000000000000000000000000000000-gone")
            });
        },
        &["missing-reference gone"],
    );
    cache.check(
        "a signature",
        |it| it.edit("app", "Sig", |value| format!("Sig: {value}\nSig: {value}")),
        &["repeated-signature app"],
    );
    cache.check(
        "a narinfo that others need",
        |it| fs::remove_file(it.narinfo("base").0).expect("it is there"),
        &["missing-reference base", "orphan-nar"],
    );
    // Its file is that of another path still.
    cache.check(
        "a narinfo that nobody needs",
        |it| fs::remove_file(it.narinfo("one").0).expect("it is there"),
        &[],
    );
    cache.check(
        "a line twice",
        |it| {
            it.edit("app", "NarSize", |value| {
                format!("NarSize: {value}\nNarSize: {value}")
            });
        },
        &["narinfo", "orphan-nar"],
    );
}

#[test]
fn room_and_leftovers_are_counted() {
    let Some(built) = Built::new("room_and_leftovers_are_counted") else {
        return;
    };
    let cache = built.cache(None);
    let nars = fs::read_dir(cache.dir.join("nar")).expect("a directory");
    let sizes = nars.map(|entry| {
        entry
            .expect("an entry")
            .metadata()
            .expect("it is there")
            .len()
    });
    let occupied: u64 = sizes.sum();
    let found = |capacity: u64, buffer: u64| {
        let kilobytes = |bytes: u64| format!("{}.{:03} kB", bytes / 1_000, bytes % 1_000);
        let (capacity, buffer) = (kilobytes(capacity), kilobytes(buffer));
        cache.found(&["--capacity", &capacity, "--buffer", &buffer])
    };
    assert_eq!(found(occupied, 0), Vec::<String>::new());
    assert_eq!(found(occupied, 1), ["into-buffer"]);
    assert_eq!(found(occupied - 1, 0), ["over-capacity"]);
    // As Nix calls what it writes until it is whole.
    cache.check(
        "what Nix was writing",
        |it| {
            fs::write(it.nar("base").with_extension("xz.tmp.12.0"), "half").expect("it is ours");
            let narinfo = it.narinfo("base").0;
            fs::write(narinfo.with_extension("narinfo.tmp.12.1"), "half").expect("it is ours");
        },
        &["leftover", "leftover"],
    );
}
