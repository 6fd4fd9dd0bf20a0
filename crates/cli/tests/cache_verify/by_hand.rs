//! A small cache in order, and each way to spoil it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use drv_graph::{ContentHash, HashAlgo};
use expect_test::{Expect, expect};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::http::{Server, nobody, reply};
use crate::run::{hmtool, text};
use crate::schema;

/// A cache of `app`, which refers to `lib`, which refers to `libc` and to itself.
pub(crate) struct Cache(TempDir);

const PATHS: [(&str, &str, &str, usize); 3] = [
    (
        "1111111111111111111111111111111a",
        "app",
        "2222222222222222222222222222222a-lib",
        300,
    ),
    (
        "2222222222222222222222222222222a",
        "lib",
        "2222222222222222222222222222222a-lib 3333333333333333333333333333333a-libc",
        2_000,
    ),
    ("3333333333333333333333333333333a", "libc", "", 10_000),
];

fn sha256(bytes: &[u8]) -> ContentHash {
    ContentHash::new(HashAlgo::Sha256, &Sha256::digest(bytes)).expect("its length is right")
}

impl Cache {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let cache = Self(dir);
        fs::create_dir(cache.at("nar")).expect("it is ours");
        cache.write("nix-cache-info", b"StoreDir: /nix/store\n");
        for (hash, name, references, size) in PATHS {
            let nar = vec![name.as_bytes()[0]; size];
            cache.write(&format!("nar/{name}.nar"), &nar);
            let base16 = format!("sha256:{}", sha256(&nar).to_base16());
            let base32 = format!("sha256:{}", sha256(&nar).to_base32());
            let narinfo = format!(
                "StorePath: /nix/store/{hash}-{name}\nURL: nar/{name}.nar\nCompression: none\n\
                 FileHash: {base16}\nFileSize: {size}\nNarHash: {base32}\nNarSize: {size}\n\
                 References: {references}\n"
            );
            cache.write(&format!("{hash}.narinfo"), narinfo.as_bytes());
        }
        cache
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.at(name), bytes).expect("it is ours");
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.at(name)).expect("it is there");
    }

    /// With `from` in the narinfo of `app` replaced by `to`.
    fn edit(&self, from: &str, to: &str) {
        let name = format!("{}.narinfo", PATHS[0].0);
        let text = fs::read_to_string(self.at(&name)).expect("it is there");
        assert!(text.contains(from), "{text}");
        self.write(&name, text.replace(from, to).as_bytes());
    }

    fn verify(&self, args: &[&str]) -> Output {
        hmtool(self.0.path(), &[&["cache", "verify", "."], args].concat())
    }
}

/// The codes of what is found, and the status.
fn found(cache: &Cache, args: &[&str]) -> (Vec<String>, Option<i32>) {
    let output = cache.verify(&[args, &["--format", "json"]].concat());
    let document: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)));
    let findings = document["findings"].as_array().expect("a list").iter();
    let codes = findings.map(|it| it["code"].as_str().expect("a text").to_owned());
    (codes.collect(), output.status.code())
}

fn check(spoil: impl FnOnce(&Cache), args: &[&str], codes: &[&str], status: i32) {
    let cache = Cache::new();
    spoil(&cache);
    assert_eq!(
        found(&cache, args),
        (
            codes.iter().map(|it| (*it).to_owned()).collect(),
            Some(status)
        )
    );
}

#[test]
fn a_cache_in_order_has_no_finding() {
    check(|_| {}, &[], &[], 0);
    check(|_| {}, &["--fast"], &[], 0);
    check(|_| {}, &["--capacity", "13kB", "--buffer", "0.7kB"], &[], 0);
}

#[test]
fn every_kind_of_fault_is_found() {
    let libc = "3333333333333333333333333333333a.narinfo";
    check(|it| it.remove("nix-cache-info"), &[], &["no-cache-info"], 1);
    check(
        |it| it.write("nix-cache-info", b"nonsense\n"),
        &[],
        &["cache-info"],
        1,
    );
    check(
        |it| it.write("nix-cache-info", b"StoreDir: /other\n"),
        &[],
        &["store-dir"; 3],
        1,
    );
    check(
        |it| it.write(libc, b"StorePath: nowhere\n"),
        &[],
        &["narinfo", "missing-reference", "orphan-nar"],
        1,
    );
    check(
        |it| {
            it.edit(
                "1111111111111111111111111111111a-app",
                "4444444444444444444444444444444a-app",
            );
        },
        &[],
        &["narinfo-name"],
        1,
    );
    check(
        |it| it.remove(libc),
        &[],
        &["missing-reference", "orphan-nar"],
        1,
    );
    check(|it| it.remove("nar/libc.nar"), &[], &["missing-nar"], 1);
    check(
        |it| it.edit("nar/app.nar", "../nar/app.nar"),
        &[],
        &["nar-elsewhere", "orphan-nar"],
        1,
    );
    let longer = |it: &Cache| it.write("nar/app.nar", &[b'a'; 301]);
    check(longer, &["--fast"], &["file-size"], 1);
    check(longer, &[], &["file-size", "file-hash", "nar-content"], 1);
    check(
        |it| it.write("nar/app.nar", &[b'b'; 300]),
        &[],
        &["file-hash", "nar-content"],
        1,
    );
    check(
        |it| it.write("nar/app.nar", &[b'b'; 300]),
        &["--fast"],
        &[],
        0,
    );
    for method in ["zstd", "xz", "bzip2", "gzip", "br"] {
        check(
            |it| it.edit("Compression: none", &format!("Compression: {method}")),
            &[],
            &["nar-packing"],
            1,
        );
    }
    check(|_| {}, &["--capacity", "12kB"], &["over-capacity"], 1);
}

/// Packs the NAR of `app` with gzip, and says so, but for what it says of the NAR.
fn pack(cache: &Cache, nar: &[u8]) {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(nar).expect("memory takes it");
    let packed = encoder.finish().expect("memory takes it");
    cache.write("nar/app.nar", &packed);
    let hash = |bytes: &[u8]| format!("FileHash: sha256:{}", sha256(bytes).to_base16());
    cache.edit("Compression: none", "Compression: gzip");
    cache.edit(&hash(&[b'a'; 300]), &hash(&packed));
    cache.edit("FileSize: 300", &format!("FileSize: {}", packed.len()));
}

#[test]
fn a_file_is_unpacked_to_as_much_as_its_narinfo_says() {
    check(|it| pack(it, &[b'a'; 300]), &[], &[], 0);
    check(|it| pack(it, &[b'a'; 301]), &[], &["nar-content"], 1);
    check(|it| pack(it, &[b'b'; 300]), &[], &["nar-content"], 1);
    let cache = Cache::new();
    pack(&cache, &vec![b'a'; 40 << 20]);
    let output = cache.verify(&[]);
    let said = text(&output.stdout);
    assert!(
        said.contains("unpacks to another NAR than its narinfo says, of more than 300 bytes"),
        "{said}"
    );
}

#[test]
fn paths_of_the_same_content_share_a_nar() {
    let share = |it: &Cache, compression: &str, size: usize| {
        let narinfo = fs::read_to_string(it.at(&format!("{}.narinfo", PATHS[0].0)));
        let narinfo = narinfo
            .expect("it is there")
            .replace(
                "1111111111111111111111111111111a-app",
                "0000000000000000000000000000000a-same",
            )
            .replace("Compression: gzip", compression)
            .replace("NarSize: 300", &format!("NarSize: {size}"));
        it.write(
            "0000000000000000000000000000000a.narinfo",
            narinfo.as_bytes(),
        );
    };
    let spoil = |compression: &'static str, size| {
        move |it: &Cache| {
            pack(it, &[b'a'; 300]);
            share(it, compression, size);
        }
    };
    check(spoil("Compression: gzip", 300), &[], &[], 0);
    // Each narinfo is held to what it says itself.
    check(spoil("Compression: gzip", 200), &[], &["nar-content"], 1);
    check(spoil("Compression: gzip", 400), &[], &["nar-content"], 1);
    check(spoil("Compression: xz", 300), &[], &["nar-packing"], 1);
    check(spoil("Compression: none", 300), &[], &["nar-content"], 1);
}

#[test]
fn what_is_no_file_is_not_there() {
    use std::os::unix::fs::symlink;
    let replace = |it: &Cache, by: &dyn Fn(&Path)| {
        it.remove("nar/app.nar");
        by(&it.at("nar/app.nar"));
    };
    let dangling = |place: &Path| symlink("nowhere", place).expect("it is ours");
    check(|it| replace(it, &dangling), &[], &["missing-nar"], 1);
    let dir = |place: &Path| fs::create_dir(place).expect("it is ours");
    check(|it| replace(it, &dir), &[], &["missing-nar"], 1);
    // Nobody writes to it, ever.
    let pipe = |place: &Path| {
        let made = Command::new("mkfifo").arg(place).status();
        assert!(made.expect("mkfifo runs").success());
    };
    check(|it| replace(it, &pipe), &[], &["missing-nar"], 1);
    // What a link leads to is served.
    let elsewhere = tempfile::tempdir().expect("a temporary directory");
    let target = elsewhere.path().join("app");
    fs::write(&target, [b'a'; 300]).expect("it is ours");
    let link = |place: &Path| symlink(&target, place).expect("it is ours");
    check(|it| replace(it, &link), &[], &[], 0);
}

#[test]
fn what_is_not_unpacked_is_said() {
    let cache = Cache::new();
    cache.edit("Compression: none", "Compression: lz4");
    let large_dictionary = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/packed/numbers-1g-dictionary.xz"
    );
    let packed = fs::read(large_dictionary).expect("it is in the repository");
    cache.write("nar/lib.nar", &packed);
    let lib = format!("{}.narinfo", PATHS[1].0);
    let narinfo = fs::read_to_string(cache.at(&lib)).expect("it is there");
    let hash = |bytes: &[u8]| format!("FileHash: sha256:{}", sha256(bytes).to_base16());
    let narinfo = narinfo
        .replace("Compression: none", "Compression: xz")
        .replace(&hash(&[b'l'; 2_000]), &hash(&packed))
        .replace("FileSize: 2000", &format!("FileSize: {}", packed.len()));
    cache.write(&lib, narinfo.as_bytes());
    check_screen(
        &cache,
        &[],
        &expect![[r#"
        .: 3 paths, 10.7 kB
        3 files hashed, 1 of them unpacked and hashed again
        not unpacked: 1 file, packed with lz4: nothing here unpacks that
        not unpacked: 1 file, packed with xz: it would take too much memory

        the cache keeps what it promises, as far as it was unpacked
    "#]],
    );
    let output = cache.verify(&["--format", "json"]);
    let document = schema::document(&output);
    assert_eq!(document["summary"]["hashedFiles"], 3);
    assert_eq!(document["summary"]["unpackedFiles"], 1);
}

#[test]
fn references_that_a_narinfo_leaves_out_are_doubted() {
    let libc = "3333333333333333333333333333333a";
    let nar = |it: &Cache, name: &str, references: &str| {
        let nar = format!("{:>300}", format!("/nix/store/{libc}-libc/lib/libc.so"));
        let size = |nar: &str| format!("NarSize: {}", nar.len());
        assert_eq!(size(&nar), "NarSize: 300");
        for of in ["FileHash", "NarHash"] {
            let hash = |bytes: &[u8]| match of {
                "FileHash" => format!("{of}: sha256:{}", sha256(bytes).to_base16()),
                _ => format!("{of}: sha256:{}", sha256(bytes).to_base32()),
            };
            it.edit(&hash(&[b'a'; 300]), &hash(nar.as_bytes()));
        }
        it.write("nar/app.nar", nar.as_bytes());
        it.edit("-app", name);
        it.edit("References: ", references);
    };
    check(
        |it| nar(it, "-app", "References: "),
        &[],
        &["unsaid-reference"],
        0,
    );
    check(|it| nar(it, "-app", "References: "), &["--fast"], &[], 0);
    let said = format!("References: {libc}-libc ");
    check(|it| nar(it, "-app", &said), &[], &[], 0);
    // A derivation names its outputs.
    check(|it| nar(it, "-app.drv", "References: "), &[], &[], 0);
}

#[test]
fn a_signature_is_enough_once() {
    let sign = |keys: &'static [&str]| {
        move |it: &Cache| {
            let lines: Vec<String> = keys.iter().map(|key| format!("Sig: {key}:c2ln")).collect();
            it.edit("References:", &format!("{}\nReferences:", lines.join("\n")));
        }
    };
    check(sign(&["a", "b"]), &[], &[], 0);
    check(sign(&["a", "b", "a"]), &[], &["repeated-signature"], 0);
}

#[test]
fn what_only_takes_up_room_is_no_violation() {
    check(
        |_| {},
        &["--capacity", "13kB", "--buffer", "1kB"],
        &["into-buffer"],
        0,
    );
    check(|it| it.write("nar/old.nar", b"x"), &[], &["orphan-nar"], 0);
    check(
        |it| it.write("nar/new.nar.tmp.12.0", b"x"),
        &[],
        &["leftover"],
        0,
    );
    check(
        |it| it.write("a.narinfo.tmp.12.0", b"x"),
        &[],
        &["leftover"],
        0,
    );
    // It counts as what is held all the same.
    check(
        |it| it.write("nar/old.nar", &[b'x'; 1_000]),
        &["--capacity", "13kB"],
        &["over-capacity", "orphan-nar"],
        1,
    );
}

#[test]
fn what_another_cache_has_is_not_missing() {
    let libc = "3333333333333333333333333333333a";
    let spoil = |it: &Cache| {
        it.remove(&format!("{libc}.narinfo"));
        it.remove("nar/libc.nar");
    };
    let other = Cache::new();
    let dir = other.0.path().to_str().expect("UTF-8");
    let server = Server::serving(other.0.path());
    let list = format!("{dir}/list");
    other.write("list", format!("/nix/store/{libc}-libc\n").as_bytes());
    for upstream in [dir, &format!("file://{dir}"), &server.url, &list] {
        check(spoil, &["--upstream", upstream], &[], 0);
    }
    // Only what is not there is asked for.
    assert_eq!(server.asked(), [format!("/{libc}.narinfo")]);
    // Not the same path, and so not the same thing.
    other.write("list", format!("/nix/store/{libc}-libc-2\n").as_bytes());
    let nothing = Server::new(|_, stream| reply(stream, "404 Not Found", b""));
    for upstream in [&list, &nothing.url] {
        let missing = ["missing-reference"];
        check(spoil, &["--upstream", upstream], &missing, 1);
    }
    // One that has it is enough.
    let both = ["--upstream", &nothing.url, "--upstream", &server.url];
    check(spoil, &both, &[], 0);
}

#[test]
fn another_cache_that_is_broken_is_an_error() {
    let cache = Cache::new();
    cache.remove("3333333333333333333333333333333a.narinfo");
    let fails = |upstream: &str, words: &[&str]| {
        let args = ["--fast", "--upstream", upstream, "--cache-timeout", "1s"];
        let output = cache.verify(&args);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(text(&output.stdout), "");
        let said = text(&output.stderr);
        for word in words {
            assert!(said.contains(word), "no {word:?} in {said}");
        }
    };
    fails(&nobody(), &["cannot ask http://127.0.0.1", ".narinfo"]);
    let broken = Server::new(|_, stream| reply(stream, "500 Internal Server Error", b""));
    fails(&broken.url, &["status 500"]);
    let silent = Server::new(|_, _| thread::sleep(Duration::from_secs(5)));
    fails(&silent.url, &["cannot ask", "timeout"]);
    let welcome = Server::new(|_, stream| reply(stream, "200 OK", b"<html>welcome</html>"));
    fails(&welcome.url, &["address of a binary cache?"]);
    fails(
        "s3://bucket",
        &["--upstream s3://bucket: s3:// is not understood"],
    );
}

fn check_screen(cache: &Cache, args: &[&str], expect: &Expect) {
    let output = cache.verify(args);
    assert_eq!(text(&output.stderr), "");
    expect.assert_eq(&text(&output.stdout));
}

#[test]
fn the_screen_says_what_it_costs_and_what_to_do() {
    let cache = Cache::new();
    check_screen(
        &cache,
        &["--capacity", "20kB", "--buffer", "2kB"],
        &expect![[r#"
            .: 3 paths, 12.3 kB of 20.0 kB, 2.0 kB of that to stay free
            3 files hashed, 3 of them unpacked and hashed again

            the cache keeps what it promises
        "#]],
    );
    cache.remove("3333333333333333333333333333333a.narinfo");
    cache.write("nar/\u{1b}[31m", b"red");
    check_screen(
        &cache,
        &["--fast", "--ascii"],
        &expect![[r#"
        .: 2 paths, 12.3 kB
        names and sizes were looked at, no NAR was read

        error[missing-reference]: /nix/store/3333333333333333333333333333333a-libc
          a path refers to it, and neither this cache nor another has it
          hides 2 paths of 2.3 kB together
          referred to by /nix/store/2222222222222222222222222222222a-lib
          help: push it, name the cache that has it with --upstream, or delete what refers to it

        warning[orphan-nar]: nar/\u{1b}[31m
          no narinfo names it
          costs 3 B
          help: delete it, unless something is being pushed right now

        warning[orphan-nar]: nar/libc.nar
          no narinfo names it
          costs 10.0 kB
          help: delete it, unless something is being pushed right now

        1 violation, 2 findings that only take up room
    "#]],
    );
}

#[test]
fn the_document_keeps_to_its_schema() {
    let cache = Cache::new();
    cache.remove("3333333333333333333333333333333a.narinfo");
    let output = cache.verify(&["--format", "json"]);
    assert_eq!(schema::document(&output)["summary"]["violations"], 1);
    assert_eq!(cache.verify(&["--format", "json"]).stdout, output.stdout);
}

#[test]
fn what_is_no_directory_is_said() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for (args, said) in [
        (&["nowhere"][..], "cannot read nowhere"),
        (&["https://example.org"], "https:// is not a directory"),
        (
            &[".", "--capacity", "1GB", "--buffer", "2GB"],
            "a buffer of 2.0 GB is more than the capacity of 1.0 GB",
        ),
    ] {
        let output = hmtool(dir.path(), &[&["cache", "verify"], args].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(
            text(&output.stderr).contains(said),
            "{}",
            text(&output.stderr)
        );
    }
}
