//! What `hmtool cache plan` and `hmtool cache hits` are told besides the graphs: what the cache holds
//! and has pinned, what others have, how large things are.

mod http;
#[allow(dead_code)]
mod nix;
mod run;
mod schema;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use expect_test::{Expect, expect};
use http::{Server, nobody, reply};
use nix::{Nix, example};
use run::{hmtool, text};
use serde_json::{Value, json};
use tempfile::TempDir;

const HASH: &str = "sha256:1b9p07z77phvv2hf6gm9f28ckrdsf0nfd0xl6hpc1r4wwykmqbl3";
/// What base refers to, and nothing here makes.
const DATA: (char, &str) = ('d', "data");
const BASE: (char, &str) = ('a', "base-1.0");
const LIB: (char, &str) = ('b', "lib-2.0");
const APP: (char, &str) = ('c', "app-3.0");
const STALE: (char, &str) = ('f', "stale");

fn base_name((letter, name): (char, &str)) -> String {
    format!("{}-{name}", letter.to_string().repeat(32))
}

fn path(of: (char, &str)) -> String {
    format!("/nix/store/{}", base_name(of))
}

/// A narinfo: its file's name and its text.
fn narinfo(of: (char, &str), file_size: u64, references: &[(char, &str)]) -> (String, String) {
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
struct Workspace(TempDir);

impl Workspace {
    fn new() -> Self {
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

    fn configure(&self, kind: &str, more: &str) {
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

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.at(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("it is ours");
        fs::write(&file, text).expect("it is ours");
        file
    }

    /// A cache of base with what it refers to, and of lib.
    fn cache(&self) -> PathBuf {
        for (file, text) in [
            narinfo(DATA, 100, &[]),
            narinfo(BASE, 1_000, &[DATA]),
            narinfo(LIB, 2_000, &[BASE, LIB]),
        ] {
            self.write(&format!("cache/{file}"), &text);
        }
        self.at("cache")
    }

    fn run(&self, verb: &str, args: &[&str]) -> Output {
        hmtool(self.0.path(), &[&["cache", verb], args].concat())
    }

    #[track_caller]
    fn document(&self, verb: &str, args: &[&str]) -> Value {
        let output = self.run(verb, &[args, &["--format", "json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        schema::document(&output)
    }

    #[track_caller]
    fn fails(&self, args: &[&str], expect: &Expect) {
        let output = self.run("plan", args);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(text(&output.stdout), "");
        expect.assert_eq(&text(&output.stderr));
    }

    /// Checks that it cannot ask and says why.
    #[track_caller]
    fn fails_saying(&self, args: &[&str], words: &[&str]) {
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

/// The names of the paths of which the document says that they are so.
fn names(document: &Value, what: &str) -> Vec<String> {
    let paths = document["paths"].as_array().expect("a list").iter();
    let are = paths.filter(|path| path[what] == true);
    are.map(|path| name(&path["path"])).collect()
}

fn name(path: &Value) -> String {
    let path = path.as_str().expect("a text");
    path["/nix/store/".len() + 33..].to_owned()
}

fn steps(document: &Value) -> Vec<String> {
    let steps = document["steps"].as_array().expect("a list").iter();
    let text = |step: &Value| {
        format!(
            "{} {}",
            step["action"].as_str().expect("a text"),
            name(&step["path"])
        )
    };
    steps.map(text).collect()
}

#[test]
fn a_server_tells_what_the_cache_holds_as_its_directory_does() {
    let workspace = Workspace::new();
    let dir = workspace.cache();
    let server = Server::serving(&dir);
    let dir = dir.to_str().expect("UTF-8");
    let held = |held: &str| workspace.document("plan", &["--held", held]);
    let from_dir = held(dir);
    assert_eq!(names(&from_dir, "isHeld"), ["base-1.0", "lib-2.0", "data"]);
    assert_eq!(from_dir["occupiedBeforeBytes"], 3_100);
    assert_eq!(steps(&from_dir), ["push app-3.0", "pin app-3.0"]);
    for other in [
        format!("file://{dir}"),
        format!("file://{dir}?compression=zstd"),
        server.url.clone(),
        format!("{}/", server.url),
    ] {
        assert_eq!(held(&other), from_dir, "{other}");
    }
    // A server can only be asked for what somebody needs, and for what that refers to.
    let letters = ["a", "b", "c", "d"].map(|letter| format!("/{}.narinfo", letter.repeat(32)));
    let mut asked = server.asked();
    asked.dedup();
    assert_eq!(asked, letters);
    let (file, narinfo) = narinfo(STALE, 500, &[]);
    workspace.write(&format!("cache/{file}"), &narinfo);
    assert_eq!(held(&server.url), from_dir);
    assert_eq!(steps(&held(dir))[0], "evict stale");
    // Of several each tells its part.
    let list = workspace.write("list", &path(APP));
    let list = list.to_str().expect("UTF-8");
    let both = workspace.document("plan", &["--held", &server.url, "--held", list]);
    assert_eq!(steps(&both), ["pin app-3.0"]);
}

#[test]
fn a_server_that_has_nothing_is_an_empty_cache() {
    let workspace = Workspace::new();
    let nothing = workspace.document("plan", &[]);
    assert_eq!(nothing["isHeldKnown"], false);
    for status in ["404 Not Found", "403 Forbidden", "410 Gone"] {
        let server = Server::new(move |_, stream| reply(stream, status, b"no"));
        let empty = workspace.document("plan", &["--held", &server.url]);
        assert_eq!(empty["isHeldKnown"], true);
        assert_eq!(empty["occupiedBeforeBytes"], 0);
        assert_eq!(empty["steps"], nothing["steps"]);
        // Nobody else has anything, too.
        let hits = workspace.document("hits", &["--cache", &server.url]);
        assert_eq!(hits["upstream"]["derivations"], 0, "{status}");
    }
    // A path of that hash with another name is another path.
    let other = Server::new(|path, stream| {
        let letter = path.chars().nth(1).unwrap_or('a');
        let (_, text) = narinfo((letter, "something-else"), 10, &[]);
        reply(stream, "200 OK", text.as_bytes());
    });
    let document = workspace.document("plan", &["--held", &other.url]);
    assert_eq!(document["occupiedBeforeBytes"], 0);
}

#[test]
fn a_server_that_is_broken_is_an_error_not_an_empty_cache() {
    let workspace = Workspace::new();
    let check = |url: &str, words: &[&str]| {
        workspace.fails_saying(&["--held", url], words);
        workspace.fails_saying(&["--cache", url], words);
        workspace.configure(
            "kind = \"cachix\"",
            &format!("[[caches]]\nname = \"far\"\nurl = {url:?}\n"),
        );
        // As it stands in the configuration it is asked only where that is wanted.
        assert_eq!(workspace.run("hits", &[]).status.code(), Some(0));
        workspace.configure(
            "kind = \"file\"\ndir = \"nowhere\"",
            &format!("[[caches]]\nname = \"far\"\nurl = {url:?}\n"),
        );
        workspace.fails_saying(&["--online"], words);
        workspace.configure("kind = \"cachix\"", "");
    };
    check(&nobody(), &["cannot ask http://127.0.0.1", ".narinfo"]);
    let broken = Server::new(|_, stream| reply(stream, "500 Internal Server Error", b""));
    check(&broken.url, &["status 500", ".narinfo"]);
    let silent = Server::new(|_, _| thread::sleep(Duration::from_secs(5)));
    check(&silent.url, &["cannot ask", "timeout"]);
    let welcome = Server::new(|_, stream| reply(stream, "200 OK", b"<html>welcome</html>"));
    check(&welcome.url, &["address of a binary cache?", ".narinfo"]);
    let halves = Server::new(|path, stream| {
        let letter = path.chars().nth(1).unwrap_or('a');
        let (_, text) = narinfo((letter, "base-1.0"), 10, &[]);
        let text = text.replace("NarSize: 40", "NarSize: forty");
        reply(stream, "200 OK", text.as_bytes());
    });
    check(&halves.url, &["NarSize", "a size in bytes", ".narinfo"]);
    let endless = Server::new(|_, stream| reply(stream, "200 OK", &vec![b'\n'; 5 << 20]));
    check(&endless.url, &["cannot ask", ".narinfo"]);
}

#[test]
fn what_is_no_cache_is_said() {
    let workspace = Workspace::new();
    workspace.fails(
        &["--held", "s3://bucket"],
        &expect![[r#"
        error[usage]: --held s3://bucket: s3:// is not understood
         |
         = help: https://, http:// and file:// are, and directories and files
    "#]],
    );
    workspace.fails(
        &["--held", "file:///nowhere/at/all"],
        &expect![[r#"
        error[file]: cannot read /nowhere/at/all: No such file or directory (os error 2)
         |
         = help: check the path; paths in hmtool.toml are relative to that file
    "#]],
    );
    workspace.fails(
        &["--held", "nowhere"],
        &expect![[r#"
        error[file]: cannot read nowhere: No such file or directory (os error 2)
         |
         = help: check the path; paths in hmtool.toml are relative to that file
    "#]],
    );
    let file = workspace.write("cache/x.narinfo", "StorePath: nowhere\n");
    let dir = file.parent().expect("a folder").to_str().expect("UTF-8");
    let output = workspace.run("plan", &["--held", dir]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.contains("x.narinfo: \"nowhere\" is not a store path"),
        "{said}"
    );
}

/// There is no Cachix here; a proxy sees who would be asked.
#[test]
fn a_cache_at_cachix_is_asked_online_alone() {
    let workspace = Workspace::new();
    let proxy = Server::new(|_, stream| reply(stream, "403 Forbidden", b""));
    let run = |args: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_hmtool"))
            .args(["cache", "plan"])
            .args(args)
            .current_dir(workspace.0.path())
            .env("HTTPS_PROXY", &proxy.url)
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .output()
            .expect("hmtool runs")
    };
    assert_eq!(run(&[]).status.code(), Some(0));
    assert!(proxy.asked().is_empty());
    let output = run(&["--online"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.contains("cannot ask https://ours.cachix.org/"),
        "{said}"
    );
    let asked = proxy.asked();
    assert!(!asked.is_empty());
    assert!(
        asked.iter().all(|it| it == "ours.cachix.org:443"),
        "{asked:?}"
    );
    // What is said is not asked for.
    let list = workspace.write("list", &path(APP));
    let list = list.to_str().expect("UTF-8");
    assert_eq!(run(&["--online", "--held", list]).status.code(), Some(0));
    assert_eq!(proxy.asked().len(), asked.len());
}

#[test]
fn caches_of_the_configuration_are_asked_online() {
    let workspace = Workspace::new();
    let server = Server::serving(&workspace.cache());
    workspace.configure(
        "kind = \"file\"\ndir = \"own\"",
        &format!("[[caches]]\nname = \"far\"\nurl = {:?}\n", server.url),
    );
    let plan = |args: &[&str]| workspace.document("plan", args);
    let hits = |args: &[&str]| {
        let document = workspace.document("hits", args);
        ["upstream", "fromProducer"].map(|key| document[key]["derivations"].clone())
    };
    assert_eq!(
        steps(&plan(&[])),
        [
            "push base-1.0",
            "push lib-2.0",
            "push app-3.0",
            "pin app-3.0"
        ]
    );
    assert_eq!(hits(&[]), [json!(0), json!(3)]);
    assert!(server.asked().is_empty());
    let online = plan(&["--online"]);
    assert_eq!(steps(&online), ["push app-3.0", "pin app-3.0"]);
    assert_eq!(names(&online, "isUpstream"), ["base-1.0", "lib-2.0"]);
    assert_eq!(hits(&["--online"]), [json!(2), json!(1)]);
    // As a flag it is asked in any case.
    workspace.configure("kind = \"file\"\ndir = \"own\"", "");
    assert_eq!(hits(&["--cache", &server.url]), [json!(2), json!(1)]);
    assert_eq!(steps(&plan(&["--cache", &server.url])), steps(&online));
}

#[test]
fn pins_are_read_from_a_file() {
    let workspace = Workspace::new();
    let cache = workspace.cache();
    let held = ["--held", cache.to_str().expect("UTF-8")];
    let pins = workspace.write("pins.json", &json!({ "old": [path(LIB)] }).to_string());
    let pins = ["--pins", pins.to_str().expect("UTF-8")];
    let document = workspace.document("plan", &[held, pins].concat());
    assert_eq!(
        steps(&document),
        ["unpin lib-2.0", "push app-3.0", "pin app-3.0"]
    );
    let document = workspace.document("plan", &held);
    assert_eq!(steps(&document), ["push app-3.0", "pin app-3.0"]);
    // The flag goes before what lies in the directory.
    workspace.configure("kind = \"file\"\ndir = \"cache\"", "");
    let beside = json!({ "beside": [path(BASE)] }).to_string();
    workspace.write("cache/hmtool-pins.json", &beside);
    let document = workspace.document("plan", &[]);
    assert_eq!(steps(&document)[0], "unpin base-1.0");
    let document = workspace.document("plan", &pins);
    assert_eq!(steps(&document)[0], "unpin lib-2.0");
}

#[test]
fn pins_that_are_none_are_said() {
    let workspace = Workspace::new();
    let fails = |text: &str, expect: &Expect| {
        workspace.write("pins.json", text);
        workspace.fails(&["--pins", "pins.json"], expect);
    };
    fails(
        "[]",
        &expect![[r#"
        error[bad-pins]: pins.json: invalid type: sequence, expected a map at line 1 column 0
         |
         = help: it is a JSON object: to each name a list of store paths, the newest first
    "#]],
    );
    fails(
        "{",
        &expect![[r#"
        error[bad-pins]: pins.json: EOF while parsing an object at line 1 column 1
         |
         = help: it is a JSON object: to each name a list of store paths, the newest first
    "#]],
    );
    fails(
        r#"{"a": ["/nix/store/short-a"]}"#,
        &expect![[r#"
        error[bad-pins]: pins.json: pin a: "/nix/store/short-a" is not a store path: a store path starts with 32 characters of hash and a dash
         |
         = help: it is a JSON object: to each name a list of store paths, the newest first
    "#]],
    );
    workspace.fails(
        &["--pins", "nowhere.json"],
        &expect![[r#"
        error[file]: cannot read nowhere.json: No such file or directory (os error 2)
         |
         = help: check the path; paths in hmtool.toml are relative to that file
    "#]],
    );
}

#[test]
fn path_info_is_read_in_each_of_its_shapes() {
    let workspace = Workspace::new();
    let entry = |nar_size: u64, references: Vec<String>| json!({ "narHash": HASH, "narSize": nar_size, "references": references });
    let lib = |name: fn((char, &'static str)) -> String| entry(80_000, vec![name(BASE)]);
    let base = |_: fn((char, &'static str)) -> String| entry(40_000, vec![]);
    let with_path = |of: (char, &str), mut entry: Value| {
        entry["path"] = path(of).into();
        entry
    };
    let shapes = [
        // Up to 2.18, and Lix.
        json!([with_path(BASE, base(path)), with_path(LIB, lib(path)), { "path": path(APP), "valid": false }]),
        // From 2.19.
        json!({ path(BASE): base(path), path(LIB): lib(path), path(APP): null }),
        // From 2.33.
        json!({
            "version": 2,
            "storeDir": "/nix/store",
            "info": {
                base_name(BASE): base(base_name),
                base_name(LIB): lib(base_name),
                base_name(APP): null,
            },
        }),
    ];
    let mut documents = Vec::new();
    for shape in &shapes {
        let file = workspace.write("info.json", &shape.to_string());
        let file = file.to_str().expect("UTF-8");
        let by_flag = workspace.document("plan", &["--path-info", file]);
        workspace.configure("kind = \"cachix\"\npath-info = [\"info.json\"]", "");
        assert_eq!(workspace.document("plan", &[]), by_flag);
        // Sizes of NARs are what `hits` counts.
        let hits = workspace.document("hits", &[]);
        let required = &hits["required"];
        let known = required["narBytes"]
            .as_u64()
            .zip(required["assumedBytes"].as_u64());
        assert_eq!(known.map(|(all, assumed)| all - assumed), Some(120_000));
        workspace.configure("kind = \"cachix\"", "");
        documents.push(by_flag);
    }
    let facts: Vec<Value> = documents[0]["paths"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| {
            json!([
                name(&it["path"]),
                it["bytes"],
                it["sizeSource"],
                it["referencesSource"]
            ])
        })
        .collect();
    // zstd 2 leaves 37.5 %; app is of the size that a path is usually of.
    assert_eq!(
        facts[..2],
        [
            json!(["base-1.0", 15_000, "compressed", "told"]),
            json!(["lib-2.0", 30_000, "compressed", "told"]),
        ]
    );
    assert_eq!(facts[2][2], "assumed");
    assert_eq!(facts[2][3], "assumed");
    for other in &documents[1..] {
        assert_eq!(other, &documents[0]);
    }
}

#[test]
fn path_info_may_be_of_nothing() {
    let workspace = Workspace::new();
    for nothing in [
        "[]",
        "{}\n",
        r#"{"version":2,"storeDir":"/nix/store","info":{}}"#,
    ] {
        let file = workspace.write("info.json", nothing);
        let file = file.to_str().expect("UTF-8");
        let document = workspace.document("plan", &["--held", file, "--path-info", file]);
        assert_eq!(document["isHeldKnown"], true);
        assert_eq!(document["occupiedBeforeBytes"], 0);
    }
}

#[test]
fn path_info_may_be_narinfos() {
    let workspace = Workspace::new();
    let cache = workspace.cache();
    let dir = workspace.document("plan", &["--path-info", cache.to_str().expect("UTF-8")]);
    let file = |letter: &str| cache.join(format!("{}.narinfo", letter.repeat(32)));
    let files = ["a", "b", "d"].map(|letter| file(letter).to_str().expect("UTF-8").to_owned());
    let args: Vec<&str> = files
        .iter()
        .flat_map(|file| ["--path-info", file.as_str()])
        .collect();
    assert_eq!(workspace.document("plan", &args), dir);
    // Whoever packed these did it otherwise than it is going to be.
    assert_eq!(dir["paths"][0]["sizeSource"], "compressed");
    assert_eq!(dir["paths"][0]["bytes"], 1_500);
}

#[test]
fn path_info_that_is_none_is_said() {
    let workspace = Workspace::new();
    let fails = |text: &str, expect: &Expect| {
        workspace.write("info.json", text);
        workspace.fails(&["--path-info", "info.json"], expect);
    };
    fails(
        "[",
        &expect![[r#"
        error[truncated]: info.json: path-info JSON: the input ends at line 1, column 2 (byte 1), where `,` or `]` is expected
         |
         = help: was the command that wrote it interrupted, or the disk full?
    "#]],
    );
    fails(
        "{\"a\": {}}",
        &expect![[r#"
        error[bad-path]: info.json, line 1: "{\"a\": {}}" is not a store path: a store path is absolute
         |
         = help: one store path a line
    "#]],
    );
    fails(
        r#"[{"path": "/nix/store/short-a"}]"#,
        &expect![[r#"
        error[store-path]: info.json: "/nix/store/short-a" is not a store path: a store path starts with 32 characters of hash and a dash, at line 1, column 11 (byte 10)
    "#]],
    );
    fails(
        r#"{"version": 9, "info": {}}"#,
        &expect![[r#"
        error[unknown-version]: info.json: version 9 of path-info JSON is not known
         |
         = help: a newer Nix wrote this; `nix-store --query --requisites X.drv` and the .drv files themselves have not changed
    "#]],
    );
    workspace.fails(
        &["--path-info", "nowhere.json"],
        &expect![[r#"
        error[file]: cannot read nowhere.json: No such file or directory (os error 2)
         |
         = help: check the path; paths in hmtool.toml are relative to that file
    "#]],
    );
}

/// What the captured graphs say is what Nix evaluates now.
#[test]
fn machines_are_evaluated_where_that_is_wanted() {
    let Some(nix) = Nix::evaluating("machines_are_evaluated_where_that_is_wanted") else {
        return;
    };
    let copy = nix.folder().join("workspace");
    let copied = Command::new("cp")
        .arg("-r")
        .arg(example())
        .arg(&copy)
        .status();
    assert!(copied.expect("cp runs").success());
    // Without them it is evaluated, or nothing is read.
    fs::remove_dir_all(copy.join("graphs")).expect("it is ours");
    fs::create_dir(copy.join("graphs")).expect("it is ours");
    let upstream = "graphs/cache.path-info.json.gz";
    fs::copy(example().join(upstream), copy.join(upstream)).expect("the example has it");
    let copy = copy.to_str().expect("UTF-8");
    let example = example();
    for (verb, figures) in [
        (
            "hits",
            &["hitRate", "required", "missed", "upstream", "pushed"][..],
        ),
        ("plan", &["consumers", "tiers", "occupiedBytes", "savedMs"]),
    ] {
        let run = |dir: &str, args: &[&str]| -> Value {
            let run = [
                "-c",
                "\"$@\" || [ $? = 1 ]",
                "sh",
                env!("CARGO_BIN_EXE_hmtool"),
                "cache",
                verb,
                dir,
            ];
            let printed = nix.run("sh", &[&run[..], args, &["--format", "json"]].concat());
            serde_json::from_str(&printed).expect("JSON")
        };
        let captured = run(example.to_str().expect("UTF-8"), &[]);
        let evaluated = run(copy, &["--evaluate"]);
        for key in figures {
            assert_eq!(evaluated[key], captured[key], "{verb}: {key}");
        }
        if verb == "plan" {
            // Attributes, which pins go by, stand in a captured file; without it they go by names.
            let paths = |document: &Value| {
                let mut steps = steps(document);
                steps.sort();
                steps
            };
            assert_eq!(paths(&evaluated), paths(&captured));
        }
        let slow = nix.attempt(
            env!("CARGO_BIN_EXE_hmtool"),
            &["cache", verb, copy, "--evaluate", "--nix-timeout", "10ms"],
        );
        let said = slow.expect_err("it takes longer");
        assert!(said.contains("--nix-timeout"), "{said}");
    }
}

#[test]
fn what_cannot_be_evaluated_is_said() {
    let workspace = Workspace::new();
    for verb in ["plan", "hits"] {
        let without = |path: &Path, more: &str| {
            workspace.configure("kind = \"cachix\"", more);
            let output = Command::new(env!("CARGO_BIN_EXE_hmtool"))
                .args(["cache", verb, "--evaluate"])
                .current_dir(workspace.0.path())
                .env("PATH", path)
                .output()
                .expect("hmtool runs");
            assert_eq!(output.status.code(), Some(2));
            text(&output.stderr)
        };
        // Nothing of the machine can be evaluated.
        let said = without(workspace.0.path(), "");
        assert!(said.contains("there is nothing to plan"), "{said}");
        workspace.write("default.nix", "{ }");
        let said = without(workspace.0.path(), "");
        assert!(
            said.contains("nix-instantiate is needed for this and is not in PATH"),
            "{said}"
        );
        fs::remove_file(workspace.at("default.nix")).expect("it is ours");
    }
}
