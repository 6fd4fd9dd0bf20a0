//! `hmtool cache apply` for a cache at Cachix: the commands that it prints, and runs with `--write`.

mod example;
#[allow(dead_code)]
mod nix;
mod run;
mod schema;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use example::{EXAMPLE, copy_of_example, replace};
use expect_test::expect;
use nix::Nix;
use run::{hmtool, text};
use serde_json::{Value, json};

const HMTOOL: &str = env!("CARGO_BIN_EXE_hmtool");

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().expect("a list")
}

/// A program in place of Cachix: it notes what it is called with, and fails where that matches.
fn fake_cachix(folder: &Path, fails_at: &str) {
    let program = folder.join("cachix");
    let text = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$*\" >> {0}/calls\ncase \"$*\" in {fails_at}) echo 'error: no \
         such cache' >&2; exit 7;; esac\n",
        folder.display()
    );
    fs::write(&program, text).expect("it is ours");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is ours");
}

fn calls(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("calls")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// A graph of one derivation.
const GRAPH: &str = r#"{"/nix/store/0rl0yc1xblsx9l96sz0p3gdicxkhbml5-tool-1.drv":{"args":[],"builder":"/bin/sh","env":{"name":"tool-1","out":"/nix/store/1bvqbz0g37snflq2j4nyc6bw0y9pm1zi-tool-1"},"inputDrvs":{},"inputSrcs":[],"name":"tool-1","outputs":{"out":{"path":"/nix/store/1bvqbz0g37snflq2j4nyc6bw0y9pm1zi-tool-1"}},"system":"x86_64-linux"}}"#;

/// Two machines of that graph, and a cache at Cachix that always holds what it makes.
const CONFIG: &str = r#"
default-machine = "desk"
[machines.desk]
graph = "graph.json"
roots = "roots"
[machines.lap]
graph = "graph.json"
roots = "roots"
[cache]
name = "mine"
kind = "cachix"
capacity = "1 GB"
[[cache.tiers]]
tier = 1
packages = ["tool"]
"#;

fn small() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, content) in [
        ("graph.json", GRAPH),
        (
            "roots",
            "/nix/store/0rl0yc1xblsx9l96sz0p3gdicxkhbml5-tool-1.drv\n",
        ),
        ("hmtool.toml", CONFIG),
    ] {
        fs::write(folder.path().join(file), content).expect("it is ours");
    }
    folder
}

#[test]
fn the_commands_are_printed_as_a_script() {
    let folder = small();
    let output = hmtool(folder.path(), &["cache", "apply"]);
    let said = text(&output.stderr);
    assert!(
        said.contains("no older revision stays pinned: hmtool-pins.json"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(0));
    expect![[r#"
        #!/bin/sh
        set -eu
        cachix push -m zstd -l 2 mine /nix/store/1bvqbz0g37snflq2j4nyc6bw0y9pm1zi-tool-1
        cachix pin mine tool /nix/store/1bvqbz0g37snflq2j4nyc6bw0y9pm1zi-tool-1 --keep-revisions 1
    "#]]
    .assert_eq(&text(&output.stdout));
    // The shell takes it as it is meant.
    let script = folder.path().join("apply.sh");
    fs::write(&script, &output.stdout).expect("it is ours");
    fake_cachix(folder.path(), "none");
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let status = std::process::Command::new("sh")
        .arg(&script)
        .env("PATH", path)
        .status()
        .expect("a shell");
    assert!(status.success());
    let called = calls(folder.path());
    let document = schema::document(&hmtool(
        folder.path(),
        &["cache", "apply", "--format", "json"],
    ));
    let meant: Vec<String> = list(&document, "commands")
        .iter()
        .map(|command| {
            let words = list(command, "argv").iter().skip(1);
            let words: Vec<&str> = words.map(|word| word.as_str().expect("a word")).collect();
            words.join(" ")
        })
        .collect();
    assert_eq!(called, meant);
    assert_eq!(document["isCarriedOut"], false);
}

#[test]
fn what_its_client_cannot_do_is_said() {
    let folder = small();
    let write = |file: &str, content: Value| {
        fs::write(folder.path().join(file), content.to_string()).expect("it is ours");
    };
    // What is held and pinned of what nobody makes any more.
    let old = "/nix/store/2cwrcz1h48cnglr3k5pzd7cx1z0qn2aj-old-1";
    fs::write(folder.path().join("held"), format!("{old}\n")).expect("it is ours");
    write("pins.json", json!({ "old": [old] }));
    let args = ["cache", "apply", "--held", "held", "--pins", "pins.json"];
    let output = hmtool(folder.path(), &args);
    assert_eq!(text(&output.stderr), "");
    expect![[r##"
        #!/bin/sh
        set -eu
        cachix push -m zstd -l 2 mine /nix/store/1bvqbz0g37snflq2j4nyc6bw0y9pm1zi-tool-1
        cachix pin mine tool /nix/store/1bvqbz0g37snflq2j4nyc6bw0y9pm1zi-tool-1 --keep-revisions 1
        # unpin: old: /nix/store/2cwrcz1h48cnglr3k5pzd7cx1z0qn2aj-old-1
        # evict: /nix/store/2cwrcz1h48cnglr3k5pzd7cx1z0qn2aj-old-1
        # Cachix evicts by itself what no pin holds, the longest not asked for first; a pin is removed at https://app.cachix.org/cache/mine
    "##]]
    .assert_eq(&text(&output.stdout));
    // An older revision of what is pinned anew goes by itself.
    let older = "/nix/store/3dxsdz2i59vaglr4k6pzd8dx2z1rp3bk-tool-0";
    fs::write(folder.path().join("held"), format!("{older}\n")).expect("it is ours");
    write("pins.json", json!({ "tool": [older] }));
    replace(
        folder.path(),
        "hmtool.toml",
        &[(
            "capacity = \"1 GB\"",
            "capacity = \"1 GB\"\ngenerations = 1",
        )],
    );
    let document = schema::document(&hmtool(
        folder.path(),
        &[&args[..], &["--format", "json"]].concat(),
    ));
    let actions = |key: &str| -> Vec<String> {
        let steps = list(&document, key).iter();
        steps
            .map(|step| step["action"].as_str().expect("a word").to_owned())
            .collect()
    };
    assert_eq!(actions("steps"), ["push", "pin", "unpin", "evict"]);
    assert_eq!(actions("left"), ["evict"]);
}

#[test]
fn an_older_revision_that_would_go_early_goes_with_the_next() {
    let folder = small();
    let older = "/nix/store/3dxsdz2i59vaglr4k6pzd8dx2z1rp3bk-tool-0";
    fs::write(folder.path().join("held"), format!("{older}\n")).expect("it is ours");
    fs::write(
        folder.path().join("pins.json"),
        json!({ "tool": [older] }).to_string(),
    )
    .expect("it is ours");
    // Both do not fit at once.
    let args = ["cache", "apply", "--held", "held", "--pins", "pins.json"];
    let room = ["--capacity", "200kB", "--format", "json"];
    let output = hmtool(folder.path(), &[&args[..], &room].concat());
    let said = text(&output.stderr);
    assert!(
        said.contains(&format!("another revision of tool beside {older}")),
        "{said}"
    );
    let document = schema::document(&output);
    let steps = list(&document, "steps").iter();
    assert_eq!(steps.filter(|step| step["isEarly"] == true).count(), 1);
    let left = list(&document, "left").iter();
    let left: Vec<&Value> = left.map(|step| &step["action"]).collect();
    assert_eq!(left, ["evict"]);
}

/// Tier 1 is what Cachix must not evict, whichever machine it is of.
#[test]
fn what_two_machines_build_of_one_name_is_pinned_for_both() {
    let folder = small();
    let other = GRAPH
        .replace(
            "1bvqbz0g37snflq2j4nyc6bw0y9pm1zi",
            "2cwrcz1h48cnglr3k5pzd7cx1z0qn2aj",
        )
        .replace(
            "0rl0yc1xblsx9l96sz0p3gdicxkhbml5",
            "3dxsdz2i59vaglr4k6pzd8dx2z1rp3bk",
        );
    let roots = "/nix/store/3dxsdz2i59vaglr4k6pzd8dx2z1rp3bk-tool-1.drv\n";
    fs::write(folder.path().join("other.json"), other).expect("it is ours");
    fs::write(folder.path().join("other-roots"), roots).expect("it is ours");
    let machine = "[machines.lap]\ngraph = \"graph.json\"\nroots = \"roots\"";
    let changes = [
        (
            machine,
            "[machines.lap]\ngraph = \"other.json\"\nroots = \"other-roots\"",
        ),
        (
            "capacity = \"1 GB\"",
            "capacity = \"1 GB\"\nproducers = [\"desk\", \"lap\"]\nconsumers = [\"desk\", \"lap\"]",
        ),
    ];
    replace(folder.path(), "hmtool.toml", &changes);
    let output = hmtool(folder.path(), &["cache", "apply"]);
    expect![[r#"
        #!/bin/sh
        set -eu
        cachix push -m zstd -l 2 mine /nix/store/1bvqbz0g37snflq2j4nyc6bw0y9pm1zi-tool-1
        cachix pin mine tool /nix/store/1bvqbz0g37snflq2j4nyc6bw0y9pm1zi-tool-1 --keep-revisions 1
        cachix push -m zstd -l 2 mine /nix/store/2cwrcz1h48cnglr3k5pzd7cx1z0qn2aj-tool-1
        cachix pin mine tool-lap /nix/store/2cwrcz1h48cnglr3k5pzd7cx1z0qn2aj-tool-1 --keep-revisions 1
    "#]]
    .assert_eq(&text(&output.stdout));
}

#[test]
fn names_that_its_client_would_take_for_options_are_refused() {
    let refused = |folder: &Path, expected: &str| {
        let output = hmtool(folder, &["cache", "apply"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(expected));
        assert_eq!(text(&output.stdout), "");
    };
    let folder = small();
    replace(folder.path(), "hmtool.toml", &[("\"mine\"", "\"--help\"")]);
    refused(folder.path(), "would take the name --help for an option");
    let folder = small();
    let changes = [
        (
            "roots = \"roots\"",
            "roots = \"roots\"\nattributes = \"attributes\"",
        ),
        ("[\"tool\"]", "[\"--keep-forever\"]"),
    ];
    replace(folder.path(), "hmtool.toml", &changes);
    let attribute = "--keep-forever /nix/store/0rl0yc1xblsx9l96sz0p3gdicxkhbml5-tool-1.drv\n";
    fs::write(folder.path().join("attributes"), attribute).expect("it is ours");
    refused(
        folder.path(),
        "would take the name --keep-forever for an option",
    );
}

#[test]
fn what_cachix_does_itself_is_not_promised() {
    let folder = small();
    let output = hmtool(folder.path(), &["cache", "apply", "--only-restorable"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.contains("--only-restorable is for a cache in a directory"),
        "{said}"
    );
}

#[test]
fn a_compression_that_its_client_does_not_know_is_refused() {
    for compression in ["none", "zstd 19"] {
        let folder = small();
        let line = format!("capacity = \"1 GB\"\ncompression = \"{compression}\"");
        replace(
            folder.path(),
            "hmtool.toml",
            &[("capacity = \"1 GB\"", &line)],
        );
        let output = hmtool(folder.path(), &["cache", "apply"]);
        assert_eq!(output.status.code(), Some(2));
        let said = text(&output.stderr);
        assert!(
            said.contains(&format!("cachix push cannot compress as {compression}")),
            "{said}"
        );
        assert!(said.contains("zstd 16"), "{said}");
    }
}

#[test]
fn the_example_prints_its_commands_without_nix() {
    let output = hmtool(Path::new(EXAMPLE), &["cache", "apply"]);
    let said = text(&output.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.contains("no older revision stays pinned: hmtool-pins.json"),
        "{said}"
    );
    assert!(text(&output.stdout).contains("cachix pin modular-workspace nodejs_22 "));
}

#[test]
fn with_write_they_are_run_and_the_pins_are_kept() {
    let Some(nix) = Nix::building("with_write_they_are_run_and_the_pins_are_kept") else {
        return;
    };
    let folder = nix.root();
    let file = folder.join("default.nix");
    fs::write(
        &file,
        r#"derivation { name = "tool-1"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo tool > $out" ]; }"#,
    )
    .expect("it is ours");
    let drv = nix.run("nix-instantiate", &[file.to_str().expect("UTF-8")]);
    let drv = drv.trim();
    fs::write(folder.join("graph.json"), nix.show(drv)).expect("it is ours");
    fs::write(folder.join("roots"), drv).expect("it is ours");
    fs::write(folder.join("hmtool.toml"), CONFIG).expect("it is ours");
    let bin = folder.join("bin");
    fs::create_dir(&bin).expect("it is ours");
    fake_cachix(&bin, "none");
    let path = std::env::var("PATH").expect("there is one");
    let attempt = |path: &str| {
        nix.command(HMTOOL)
            .args(["cache", "apply", "--write", "--format", "json"])
            .current_dir(&folder)
            .env("PATH", path)
            .output()
            .expect("hmtool runs")
    };
    let with_cachix = format!("{}:{path}", bin.display());
    // Nothing is run before everything is built.
    let output = attempt(&with_cachix);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert_eq!(list(&schema::document(&output), "unbuilt").len(), 1);
    assert_eq!(calls(&bin), Vec::<String>::new());

    let out = nix.run("nix-store", &["--realise", drv]);
    let out = out.trim();
    let output = attempt(&path);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("cachix is needed for this and is not in PATH"),
        "{said}"
    );
    // The first command fails: the second is not run, and nothing is taken for pinned.
    fake_cachix(&bin, "push*");
    let output = attempt(&with_cachix);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("exit status: 7") && said.contains("no such cache"),
        "{said}"
    );
    let pins = || fs::read_to_string(folder.join("hmtool-pins.json")).expect("it was made");
    assert_eq!(pins(), "{}\n");
    assert_eq!(calls(&bin).len(), 1);
    assert_eq!(text(&output.stdout), "");
    // The second fails: what the first did is said.
    fake_cachix(&bin, "pin*");
    let output = attempt(&with_cachix);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("exit status: 7"), "{said}");
    let document = schema::document(&output);
    assert_eq!(document["isCarriedOut"], false);
    assert_eq!(document["failure"]["code"], "cachix");
    let [push] = &list(&document, "steps")[..] else {
        panic!("{document}")
    };
    assert_eq!(
        (&push["action"], &push["path"]),
        (&json!("push"), &json!(out))
    );
    assert_eq!(list(&document, "commands").len(), 1);
    assert_eq!(document["occupiedBytes"], push["bytes"]);
    fs::remove_file(bin.join("calls")).expect("it is ours");

    fake_cachix(&bin, "none");
    let output = attempt(&with_cachix);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(schema::document(&output)["isCarriedOut"], true);
    assert_eq!(
        calls(&bin),
        [
            format!("push -m zstd -l 2 mine {out}"),
            format!("pin mine tool {out} --keep-revisions 1"),
        ]
    );
    let pinned: Value = serde_json::from_str(&pins()).expect("JSON");
    assert_eq!(pinned, json!({ "tool": [out] }));
    // Whoever says what is held now has nothing left to do.
    fs::write(folder.join("held"), out).expect("it is ours");
    let plan = nix
        .command(HMTOOL)
        .args(["cache", "plan", "--check", "--held", "held"])
        .current_dir(&folder)
        .output()
        .expect("hmtool runs");
    assert_eq!(plan.status.code(), Some(0), "{}", text(&plan.stdout));
}

/// Cachix keeps the newest revisions of a pin: one between others goes by hand only, and takes none of
/// the others' places.
#[test]
fn a_lost_generation_between_others_is_left_to_be_unpinned_by_hand() {
    let test = "a_lost_generation_between_others_is_left_to_be_unpinned_by_hand";
    let Some(nix) = Nix::building(test) else {
        return;
    };
    let folder = nix.root();
    let file = folder.join("default.nix");
    fs::write(
        &file,
        r#"derivation { name = "tool-4"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo tool > $out" ]; }"#,
    )
    .expect("it is ours");
    let drv = nix.run("nix-instantiate", &[file.to_str().expect("UTF-8")]);
    let drv = drv.trim();
    let write = |file: &str, content: &str| {
        fs::write(folder.join(file), content).expect("it is ours");
    };
    write("graph.json", &nix.show(drv));
    write("roots", drv);
    write("hmtool.toml", CONFIG);
    let path =
        |name: &str, hash: &str| format!("{}/store/{}-{name}", folder.display(), hash.repeat(32));
    let tool = ["0", "1", "2", "3"].map(|version| path(&format!("tool-{version}"), version));
    let lib = path("lib-3", "4");
    let infos = tool.iter().map(|it| {
        let references = if *it == tool[3] { vec![&lib] } else { vec![] };
        let hash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let info = json!({ "narHash": hash, "narSize": 100, "references": references });
        (it.clone(), info)
    });
    let held: serde_json::Map<String, Value> = infos.collect();
    write("held.json", &Value::Object(held).to_string());
    let pinned = |revisions: &[&String]| {
        write(
            "hmtool-pins.json",
            &json!({ "tool": revisions }).to_string(),
        );
    };
    let [oldest, older, old, lost] = &tool;
    pinned(&[lost, old, older, oldest]);
    let bin = folder.join("bin");
    fs::create_dir(&bin).expect("it is ours");
    let attempt = |code: i32, args: &[&str]| {
        let path = std::env::var("PATH").expect("there is one");
        let output = nix
            .command(HMTOOL)
            .args(["cache", "apply", "--write", "--held", "held.json"])
            .args(args)
            .current_dir(&folder)
            .env("PATH", format!("{}:{path}", bin.display()))
            .output()
            .expect("hmtool runs");
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        output
    };
    let json = ["--format", "json"];
    let unpins = |document: &Value| -> Vec<Value> {
        let left = list(document, "left").iter();
        let unpins = left.filter(|step| step["action"] == "unpin");
        unpins.map(|step| step["path"].clone()).collect()
    };
    let given_up = |document: &Value| {
        let [generation] = &list(document, "lostGenerations")[..] else {
            panic!("{document}")
        };
        assert_eq!(generation["path"], **lost);
        assert_eq!(generation["missing"], json!([lib]));
        generation["isGivenUp"].clone()
    };
    // Nothing is run before everything is built, and so nothing is given up.
    fake_cachix(&bin, "none");
    let document = schema::document(&attempt(1, &json));
    assert_eq!(list(&document, "unbuilt").len(), 1, "{document}");
    assert_eq!(given_up(&document), false);
    let screen = text(&attempt(1, &[]).stdout);
    assert!(!screen.contains("not held any longer"), "{screen}");
    assert!(
        screen.contains("1 older generation to be given up"),
        "{screen}"
    );

    let new = nix.run("nix-store", &["--realise", drv]);
    let new = new.trim().to_owned();
    // What is to be done by hand stays to be done where a command fails.
    fake_cachix(&bin, "pin*");
    let document = schema::document(&attempt(2, &json));
    assert_eq!(document["failure"]["code"], "cachix");
    assert_eq!(unpins(&document), [json!(lost)]);
    assert_eq!(given_up(&document), false);
    fs::remove_file(bin.join("calls")).expect("it is ours");

    fake_cachix(&bin, "none");
    let document = schema::document(&attempt(0, &json));
    assert_eq!(
        calls(&bin),
        [
            format!("push -m zstd -l 2 mine {new}"),
            format!("pin mine tool {new} --keep-revisions 4"),
        ]
    );
    assert_eq!(unpins(&document), [json!(lost)]);
    assert_eq!(given_up(&document), false);
    let pins = || -> Value {
        let text = fs::read_to_string(folder.join("hmtool-pins.json")).expect("it is there");
        serde_json::from_str(&text).expect("JSON")
    };
    assert_eq!(pins(), json!({ "tool": [new, lost, old, older] }));

    // One that is older than all that stay goes with the next.
    pinned(&[old, lost]);
    let screen = text(&attempt(0, &[]).stdout);
    assert!(screen.contains("not held any longer"), "{screen}");
    pinned(&[old, lost]);
    let document = schema::document(&attempt(0, &json));
    assert_eq!(unpins(&document), [json!(null); 0]);
    assert_eq!(given_up(&document), true);
    assert_eq!(pins(), json!({ "tool": [new, old] }));
}

#[test]
fn an_example_that_is_edited_prints_other_commands() {
    let folder = copy_of_example();
    replace(
        folder.path(),
        "hmtool.toml",
        &[("compression = \"zstd 2\"", "compression = \"xz 9\"")],
    );
    let output = hmtool(folder.path(), &["cache", "apply"]);
    assert!(text(&output.stdout).contains("cachix push -m xz -l 9 modular-workspace"));
}
