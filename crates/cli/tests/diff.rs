//! `hmtool diff`: two derivations, and what their difference comes from.

#[allow(dead_code)]
mod example;
#[allow(dead_code)]
mod nix;
mod run;
mod schema;
mod shared_data;

use std::fs;
use std::path::Path;
use std::process::Output;

use example::EXAMPLE;
use expect_test::expect;
use run::{hmtool, text};
use serde_json::{Map, Value, json};

fn diff(folder: &Path, args: &[&str]) -> Output {
    hmtool(folder, &[&["diff"], args].concat())
}

#[track_caller]
fn shown(folder: &Path, args: &[&str]) -> String {
    let output = diff(folder, args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[track_caller]
fn document(folder: &Path, args: &[&str]) -> Value {
    let output = diff(folder, &[args, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    schema::document(&output)
}

#[track_caller]
fn fails_saying(folder: &Path, args: &[&str], words: &[&str]) {
    let output = diff(folder, args);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(output.stdout.is_empty());
    for word in words {
        assert!(said.contains(word), "no {word:?} in {said}");
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn names<'a>(steps: &'a [Value], key: &str) -> Vec<&'a str> {
    let name = |step: &'a Value| step[key]["name"].as_str().expect("a name");
    steps.iter().map(name).collect()
}

/// A derivation of a graph that is made up.
struct Drv {
    hash: &'static str,
    name: &'static str,
    /// Hash, name and outputs of what it needs.
    inputs: Vec<(&'static str, &'static str, &'static [&'static str])>,
    /// Hash and name.
    sources: Vec<(&'static str, &'static str)>,
    args: Vec<&'static str>,
    env: Vec<(&'static str, &'static str)>,
    /// The hash of what it fetches.
    fetches: Option<&'static str>,
}

const OUT: &[&str] = &["out"];

impl Drv {
    fn new(hash: &'static str, name: &'static str) -> Self {
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

    fn needs(mut self, hash: &'static str, name: &'static str) -> Self {
        self.inputs.push((hash, name, OUT));
        self
    }

    fn env(mut self, key: &'static str, value: &'static str) -> Self {
        self.env.push((key, value));
        self
    }
}

fn path(hash: &str, name: &str) -> String {
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
fn folder(graphs: &[(&str, &[Drv])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, drvs) in graphs {
        fs::write(folder.path().join(name), graph(drvs)).expect("the folder is ours");
    }
    folder
}

const BOTH: [&str; 5] = ["--before", "a.json", "--after", "b.json", "--no-config"];

/// `app` needs `lib`, this `base`, and both need `tool`, which has new flags.
fn deep() -> tempfile::TempDir {
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

#[test]
fn a_deep_difference_is_found() {
    let folder = deep();
    let screen = shown(folder.path(), &[&["app"], &BOTH[..]].concat());
    expect![[r#"
          before  /nix/store/33333333333333333333333333333333-app-3.0.drv  from a.json
          after   /nix/store/77777777777777777777777777777777-app-3.0.drv  from b.json

        The two make different outputs
          changed    4  1 says something else itself, 3 follow from it
          unchanged  1

        Differences  the nearest first
          tool-1.0  3 inputs down, drags 3 along
              by way of lib-2.0, base-1.0
              FLAGS  -O2 {+-march=skylake+} -pipe
    "#]]
    .assert_eq(&screen);
    let all = document(folder.path(), &[&["app"], &BOTH[..]].concat());
    let steps = list(&all["steps"]);
    assert_eq!(
        names(steps, "after"),
        ["app-3.0", "lib-2.0", "base-1.0", "tool-1.0"]
    );
    let tool = &steps[3];
    assert_eq!(tool["kind"], "cause");
    assert_eq!(
        (&tool["depth"], &tool["foundBy"], &tool["drags"]),
        (&3.into(), &2.into(), &3.into())
    );
    let [flags] = list(&tool["differences"]) else {
        panic!("one difference: {tool}");
    };
    assert_eq!(flags["added"], json!(["-march=skylake"]));
    // Without names the roots are meant.
    assert_eq!(document(folder.path(), &BOTH), all);
}

#[test]
fn the_descent_ends_at_its_limit() {
    let folder = deep();
    let of_depth = |depth: &str| {
        document(
            folder.path(),
            &[&["app", "--depth", depth], &BOTH[..]].concat(),
        )
    };
    for (depth, steps, deeper) in [("0", 1, 1), ("2", 3, 1), ("3", 4, 0), ("9", 4, 0)] {
        let of_depth = of_depth(depth);
        assert_eq!(list(&of_depth["steps"]).len(), steps, "{depth}");
        assert_eq!(of_depth["summary"]["deeper"], deeper, "{depth}");
        // What is counted does not depend on what is shown.
        assert_eq!(of_depth["summary"]["changed"], 4);
        assert_eq!(of_depth["summary"]["reachedCauses"], 1);
    }
    let screen = shown(
        folder.path(),
        &[&["app", "--depth", "1"], &BOTH[..]].concat(),
    );
    assert!(
        screen.contains("1 differs further down: a greater --depth shows more"),
        "{screen}"
    );
}

/// A derivation that differs itself at every place there is.
fn everywhere() -> tempfile::TempDir {
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

#[test]
fn every_attribute_is_compared() {
    let folder = everywhere();
    let screen = shown(folder.path(), &[&["app"], &BOTH[..]].concat());
    expect![[r#"
          before  /nix/store/11111111111111111111111111111111-app-3.0.drv  from a.json
          after   /nix/store/22222222222222222222222222222222-app-3.0.drv  from b.json

        The two make different outputs
          changed    1  1 says something else itself
          new        2  more-1, new-1
          gone       1  old-1
          unchanged  2

        Differences  the nearest first
          app-3.0
              buildInputs  [-/nix/store/mmmm…-old-1-] /nix/store/nnnn…-both-1 {+/nix/store/kkkk…-new-1
                  /nix/store/jjjj…-more-1+} /nix/store/vvvv…-multi-1
              buildPhase
                  set -e
                  cd src
                  for dir in a b c; do
                ~   make -C $dir [--j4-] {+-j8+} all
                  done
                - make check
                  make install
                + make clean
                  echo done
              gone  - yes
              new  + ""
              space  differs in white space
              version  [-3.0-]{+3.1+}
              args
                  -e
                  builder.sh
                - --fast
                + --slow
                + --safe
              inputDrvs  + more-1
              inputDrvs  - multi-1 (dev)
              inputDrvs  + multi-1 (dev, out)
              inputDrvs  + new-1
              inputDrvs  - old-1
              inputSrcs  ~ builder.sh [pppp] -> [rrrr]
              inputSrcs  + new.patch
              inputSrcs  - old.patch
    "#]].assert_eq(&screen);
    let narrow = shown(
        folder.path(),
        &[&["app", "--context", "0"], &BOTH[..]].concat(),
    );
    assert!(narrow.contains("… 3 lines …"), "{narrow}");
    assert!(!narrow.contains("set -e"), "{narrow}");
    let wide = shown(
        folder.path(),
        &[&["app", "--context", "99"], &BOTH[..]].concat(),
    );
    assert!(!wide.contains("… "), "{wide}");
    assert!(
        wide.contains("set -e") && wide.contains("echo done"),
        "{wide}"
    );
}

/// Lines with neither what was left out nor what was removed are the text after.
#[test]
fn an_edit_makes_the_text_after() {
    let folder = everywhere();
    let all = document(
        folder.path(),
        &[&["app", "--context", "1000"], &BOTH[..]].concat(),
    );
    let differences = list(&list(&all["steps"])[0]["differences"]);
    let mut texts = 0;
    for one in differences {
        let Some(after) = one["after"].as_str().filter(|_| one["isVariable"] == true) else {
            continue;
        };
        // White space that differs is told in a word.
        if one["attribute"] == "space" {
            continue;
        }
        let mut lines = Vec::new();
        for line in list(&one["lines"]) {
            match line["edit"].as_str() {
                Some("removed") => {}
                Some("changed") => {
                    let words = list(&line["words"]).iter();
                    let words = words.filter(|words| words["edit"] != "removed");
                    let words = words.map(|words| words["text"].as_str().expect("a text"));
                    lines.push(words.collect::<String>());
                }
                _ => lines.push(line["text"].as_str().expect("a text").to_owned()),
            }
        }
        assert_eq!(lines.join("\n"), after);
        texts += 1;
    }
    assert!(texts >= 4, "{texts}");
}

#[test]
fn equal_derivations_are_said_to_be_equal() {
    let folder = deep();
    let args = [
        "same",
        "same",
        "--graph",
        "a.json",
        "--no-config",
        "--check",
    ];
    let screen = shown(folder.path(), &args);
    assert!(screen.contains("The two are one derivation"), "{screen}");
    let document = document(folder.path(), &args);
    assert_eq!(document["verdict"], "same-file");
    assert_eq!(document["steps"], json!([]));
    let args = [&["app", "--check"], &BOTH[..]].concat();
    let output = diff(folder.path(), &args);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(output.stderr.is_empty());
}

/// Another fetcher of the same source changes files, and no output; another content does.
#[test]
fn what_is_fetched_ends_the_descent() {
    let set = |curl, src, app, flags, fetches| {
        let mut source = Drv::new(src, "src.tar.gz")
            .needs(curl, "curl-8")
            .env("urls", flags);
        source.fetches = Some(fetches);
        [
            Drv::new(curl, "curl-8").env("FLAGS", flags),
            source,
            Drv::new(app, "app-3.0").needs(src, "src.tar.gz"),
        ]
    };
    let folder = folder(&[
        ("a.json", &set("1", "2", "3", "-O2", "f")),
        ("b.json", &set("4", "5", "6", "-O3", "f")),
        ("c.json", &set("7", "8", "9", "-O3", "d")),
    ]);
    let of = |args: &[&str]| document(folder.path(), &[args, &["--no-config"]].concat());
    // Why the files differ is told all the same, also behind the fetch.
    let source = of(&["src.tar.gz", "--before", "a.json", "--after", "b.json"]);
    assert_eq!(source["verdict"], "same-outputs");
    assert_eq!(source["summary"]["sameOutputs"], 1);
    assert_eq!(
        names(list(&source["steps"]), "after"),
        ["src.tar.gz", "curl-8"]
    );
    assert_eq!(list(&source["steps"])[0]["kind"], "same-outputs");
    let other = of(&["src.tar.gz", "--before", "a.json", "--after", "c.json"]);
    assert_eq!(other["verdict"], "other-outputs");
    assert_eq!(names(list(&other["steps"]), "after"), ["src.tar.gz"]);
    assert_eq!(other["summary"]["causes"], 2);
    assert_eq!(other["summary"]["reachedCauses"], 1);
    let all = of(&[
        "src.tar.gz",
        "--before",
        "a.json",
        "--after",
        "c.json",
        "--all",
    ]);
    assert_eq!(
        names(list(&all["steps"]), "after"),
        ["src.tar.gz", "curl-8"]
    );
    let screen = shown(
        folder.path(),
        &[
            "src.tar.gz",
            "--before",
            "a.json",
            "--after",
            "c.json",
            "--no-config",
        ],
    );
    assert!(
        screen.contains("1 cause is needed only for what is fetched"),
        "{screen}"
    );
    let app = of(&["app", "--before", "a.json", "--after", "c.json"]);
    assert_eq!(
        names(list(&app["steps"]), "after"),
        ["app-3.0", "src.tar.gz"]
    );
}

#[test]
fn noise_is_shown_when_asked_for() {
    let folder = deep();
    let quiet = shown(folder.path(), &[&["app"], &BOTH[..]].concat());
    assert!(
        !quiet.contains("buildInputs") && !quiet.contains("inputDrvs"),
        "{quiet}"
    );
    let all = document(folder.path(), &[&["app", "--all"], &BOTH[..]].concat());
    let app = &list(&all["steps"])[0];
    let noise = list(&app["differences"]);
    let attributes: Vec<&str> = noise
        .iter()
        .filter_map(|one| one["attribute"].as_str())
        .collect();
    assert_eq!(attributes, ["buildInputs", "out", "outputs"]);
    assert!(noise.iter().all(|one| one["onlyHashes"] == true));
    assert_eq!(names(list(&app["inputs"]), "after"), ["lib-2.0"]);
    let screen = shown(folder.path(), &[&["app", "--all"], &BOTH[..]].concat());
    assert!(
        screen.contains("inputDrvs  ~ lib-2.0 [2222] -> [6666]"),
        "{screen}"
    );
    assert!(
        screen.contains("app-3.0  follows from its inputs"),
        "{screen}"
    );
}

#[test]
fn what_a_terminal_acts_on_is_spelled_out() {
    const HOSTILE: &str = "\u{1b}]0;title\u{7}\nnext\u{202e}line\u{9b}31m";
    let mut before = Drv::new("1", "app-1").env("PLAIN", "x");
    before.args = vec!["a"];
    let mut after = Drv::new("2", "app-1")
        .env("PLAIN", HOSTILE)
        .env("\u{1b}[31mKEY", "1");
    after.args = vec![HOSTILE];
    let folder = folder(&[("a.json", &[before]), ("b.json", &[after])]);
    for args in [&BOTH[..], &[&BOTH[..], &["--ascii"]].concat()] {
        let screen = shown(folder.path(), args);
        let is_control = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!screen.contains(is_control), "{screen:?}");
        assert!(screen.contains("\\u{1b}]0;title"), "{screen}");
        if args.contains(&"--ascii") {
            assert!(screen.is_ascii(), "{screen}");
        }
    }
    // A name can be hostile on the command line too.
    fails_saying(
        folder.path(),
        &[&["\u{1b}]0;x\u{7}"], &BOTH[..]].concat(),
        &["\\u{1b}]0;x"],
    );
}

#[test]
fn names_that_do_not_do_are_refused_with_a_way_out() {
    let twice = [
        Drv::new("1", "lib-1.0"),
        Drv::new("2", "lib-1.0").env("x", "1"),
        Drv::new("3", "app-1")
            .needs("1", "lib-1.0")
            .needs("2", "lib-1.0"),
    ];
    let folder = folder(&[
        ("a.json", &twice),
        ("b.json", &twice[2..2]),
        ("two.json", &twice[..2]),
    ]);
    let folder = folder.path();
    let graph = ["--graph", "a.json", "--no-config"];
    let both = [path("1", "lib-1.0.drv"), path("2", "lib-1.0.drv")];
    fails_saying(
        folder,
        &[&["lib", "app"], &graph[..]].concat(),
        &[
            "a.json: lib is the name of 2 derivations",
            &both[0],
            &both[1],
        ],
    );
    fails_saying(
        folder,
        &[&["lbi", "app"], &graph[..]].concat(),
        &["a.json: nothing here is called lbi", "is lib meant?"],
    );
    let by_path = [&[&*both[0], &*both[1]], &graph[..]].concat();
    assert_eq!(document(folder, &by_path)["verdict"], "other-outputs");
    fails_saying(
        folder,
        &["app"],
        &["there are not two derivations", "--before and --after"],
    );
    fails_saying(folder, &graph, &["there are not two derivations"]);
    fails_saying(
        folder,
        &["--before", "two.json", "--after", "a.json", "--no-config"],
        &["two.json asks for 2 derivations", &both[0], &both[1]],
    );
    fails_saying(
        folder,
        &["two.json", "a.json"],
        &["two.json asks for 2 derivations"],
    );
    fails_saying(
        folder,
        &["./none.drv", "a.json"],
        &["cannot read ./none.drv", "check the path"],
    );
    fails_saying(folder, &["x", "y", "z"], &["unexpected argument 'z'"]);
    fails_saying(
        folder,
        &["app", "--before", "none.json", "--after", "a.json"],
        &["cannot read none.json"],
    );
    fails_saying(
        folder,
        &["app", "--before", "b.json", "--after", "a.json"],
        &["b.json", "there is no derivation in it"],
    );
    let whole = fs::read(folder.join("a.json")).expect("it is there");
    fs::write(folder.join("cut.json"), &whole[..whole.len() / 2]).expect("the folder is ours");
    fails_saying(
        folder,
        &["app", "--before", "cut.json", "--after", "a.json"],
        &["cut.json"],
    );
    fs::write(folder.join("bad.drv"), "Derive([").expect("the folder is ours");
    fails_saying(folder, &["bad.drv", "a.json"], &["bad.drv", "its name"]);
    let name = format!("{}-bad.drv", "1".repeat(32));
    fs::write(folder.join(&name), "Derive([(\"out\"").expect("the folder is ours");
    fails_saying(folder, &[&name, "a.json"], &[&name]);
}

/// What a name means can depend on what is asked for.
#[test]
fn names_are_looked_up_in_what_is_asked_for() {
    let set = |flags| {
        [
            Drv::new("1", "lib-1.0").env("FLAGS", flags),
            Drv::new("2", "lib-1.0"),
            Drv::new("3", "app-1").needs("1", "lib-1.0"),
        ]
    };
    let folder = folder(&[("a.json", &set("-O2")), ("b.json", &set("-O3"))]);
    fs::write(folder.path().join("roots"), "app\n").expect("the folder is ours");
    let words = ["a.json: lib is the name of 2 derivations"];
    fails_saying(folder.path(), &[&["lib"], &BOTH[..]].concat(), &words);
    let roots = ["--roots", "roots", "--before-roots", "roots"];
    let lib = document(folder.path(), &[&["lib"], &BOTH[..], &roots].concat());
    assert_eq!(lib["before"]["derivation"]["drv"], path("1", "lib-1.0.drv"));
}

/// A screen does not drown in a script; the document has all of it.
#[test]
fn a_long_script_is_cut_on_the_screen_only() {
    let script: &str = Box::leak("echo step\n".repeat(100).into_boxed_str());
    let folder = folder(&[
        ("a.json", &[Drv::new("1", "app-1")]),
        ("b.json", &[Drv::new("2", "app-1").env("script", script)]),
    ]);
    let screen = shown(folder.path(), &BOTH);
    assert!(
        screen.contains("69 more lines: --format json has all"),
        "{screen}"
    );
    assert_eq!(screen.matches("+ echo step").count(), 32);
    let all = document(folder.path(), &BOTH);
    let [only] = list(&list(&all["steps"])[0]["differences"]) else {
        panic!("one difference: {all}");
    };
    assert_eq!(list(&only["lines"]).len(), 101);
}

/// A graph of one root is as good as its root.
#[test]
fn graphs_are_compared_by_their_roots() {
    let folder = deep();
    let by_files = document(folder.path(), &["a.json", "b.json", "--no-config"]);
    assert_eq!(by_files, document(folder.path(), &BOTH));
}

/// Two machines of the example: the counts are those of `hmtool impact`.
#[test]
fn machines_of_the_example_are_compared() {
    let folder = Path::new(EXAMPLE);
    let machines = document(folder, &["gyakusatsu", "shoshin"]);
    assert_eq!(machines["verdict"], "other-outputs");
    let args = [
        ["impact", "--before", "graphs/gyakusatsu.json.gz"],
        ["--before-roots", "graphs/gyakusatsu.roots", "--after"],
        ["graphs/shoshin.json.gz", "--roots", "graphs/shoshin.roots"],
    ];
    let output = hmtool(
        folder,
        &[&args.concat()[..], &["--format", "json", "--no-config"]].concat(),
    );
    let impact = schema::document(&output);
    for key in ["changed", "causes", "cascade", "added", "gone", "unchanged"] {
        assert_eq!(machines["summary"][key], impact["summary"][key], "{key}");
    }
    // Every cause is a step, with the attributes that impact names.
    let mut expected: Vec<(String, Value)> = Vec::new();
    for cause in list(&impact["causes"]) {
        let id = cause["change"].as_u64().expect("a number") as usize;
        let drv = impact["changes"][id]["after"]["drv"]
            .as_str()
            .expect("a path");
        let attributes = list(&cause["differences"]).iter();
        let attributes: Vec<&Value> = attributes.map(|one| &one["attribute"]).collect();
        expected.push((drv.to_owned(), json!([attributes, cause["drags"]])));
    }
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    let mut found: Vec<(String, Value)> = Vec::new();
    for step in list(&machines["steps"]) {
        if step["kind"] == "cause" {
            let drv = step["after"]["drv"].as_str().expect("a path");
            let attributes = list(&step["differences"]).iter();
            let attributes: Vec<&Value> = attributes.map(|one| &one["attribute"]).collect();
            found.push((drv.to_owned(), json!([attributes, step["drags"]])));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(found, expected);
    // A name is looked up in one machine's graph, or in both.
    let args = ["jq", "ripgrep", "--machine", "shoshin"];
    let names = document(folder, &args);
    assert_eq!(names["before"]["derivation"]["pname"], "jq");
    assert_eq!(names["after"]["derivation"]["pname"], "ripgrep");
    assert!(!list(&list(&names["steps"])[0]["differences"]).is_empty());
}

#[test]
fn an_overlay_of_flags_is_all_that_differs() {
    let Some(data) = shared_data::with_graph(
        "an_overlay_of_flags_is_all_that_differs",
        "home-skylake.json.gz",
    ) else {
        return;
    };
    let graphs = data.join("graphs");
    let both = [
        "--before",
        "home-stock.json.gz",
        "--after",
        "home-skylake.json.gz",
    ];
    let flags = json!(["-march=skylake", "-mtune=skylake", "-O3"]);
    let vim = document(&graphs, &[&["vim"], &both[..]].concat());
    assert_eq!(vim["summary"]["changed"], 68);
    assert_eq!(
        (&vim["summary"]["causes"], &vim["summary"]["cascade"]),
        (&7.into(), &61.into())
    );
    for name in ["vim", "nodejs", "gcc"] {
        let document = document(&graphs, &[&[name], &both[..]].concat());
        for step in list(&document["steps"]) {
            let differences = list(&step["differences"]);
            if step["kind"] == "cascade" {
                assert!(differences.is_empty(), "{step}");
                continue;
            }
            let [only] = differences else {
                panic!("{name}: {step}");
            };
            assert_eq!(only["attribute"], "NIX_CFLAGS_COMPILE");
            assert_eq!((&only["added"], &only["removed"]), (&flags, &json!([])));
            assert!(list(&step["inputs"]).is_empty() && list(&step["sources"]).is_empty());
        }
    }
    // The same again is the same, byte for byte.
    let args = [&["vim", "--all", "--top", "0"], &both[..]].concat();
    assert_eq!(shown(&graphs, &args), shown(&graphs, &args));
}

/// Two generations that differ in a deep input, as the real Nix writes them: as files of a store
/// directory, and by their paths through Nix.
#[test]
fn files_of_a_real_store_are_compared() {
    let Some(nix) = nix::Nix::evaluating("files_of_a_real_store_are_compared") else {
        return;
    };
    let expression = |flags: &str| {
        format!(
            r#"let
                 drv = name: args: derivation ({{
                   inherit name; system = "x86_64-linux"; builder = "/bin/sh";
                 }} // args);
                 script = builtins.toFile "script.sh" "cd src\nmake{flags} all\n";
                 base = drv "base-1.0" {{ inherit script; flags = "-O2{flags}"; }};
                 lib = drv "lib-1.0" {{ inherit base; text = "one\ntwo\n"; }};
               in drv "app-1.0" {{
                 inherit lib; __structuredAttrs = true; list = [ "a" "b{flags}" "c" ];
               }}"#
        )
    };
    let instantiate = |flags: &str| {
        let drv = nix.run("nix-instantiate", &["--expr", &expression(flags)]);
        drv.trim().to_owned()
    };
    let (a, b) = (instantiate(""), instantiate(" -march=skylake"));
    let store = nix.root().join("root");
    let file = |drv: &str| {
        let file = store.join(drv.trim_start_matches('/'));
        file.to_str().expect("it is a text").to_owned()
    };
    let folder = nix.folder();
    let by_files = document(folder, &[&file(&a), &file(&b), "--no-config"]);
    let steps = list(&by_files["steps"]);
    assert_eq!(names(steps, "after"), ["app-1.0", "lib-1.0", "base-1.0"]);
    let [script] = list(&steps[2]["sources"]) else {
        panic!("one source: {}", steps[2]);
    };
    assert_eq!(script["name"], "script.sh");
    let line = &list(&script["lines"])[1];
    assert_eq!(
        (&line["edit"], &line["words"][1]["text"]),
        (&json!("changed"), &json!(" -march=skylake"))
    );
    let of = |step: &Value| {
        let differences = list(&step["differences"]).iter();
        let words = differences.map(|one| json!([one["attribute"], one["removed"], one["added"]]));
        words.collect::<Vec<_>>()
    };
    assert_eq!(of(&steps[1]), Vec::<Value>::new());
    let of_base = of(&steps[2]);
    assert_eq!(of_base[0], json!(["flags", [], ["-march=skylake"]]));
    assert_eq!(of_base[1][0], "script");
    let [list_of_app] = list(&steps[0]["differences"]) else {
        panic!("one difference: {}", steps[0]);
    };
    assert_eq!(list_of_app["attribute"], "list");
    let words = &list(&list_of_app["lines"])[0]["words"];
    assert_eq!(words[0]["text"], "[\"a\",");
    assert_eq!(words[1]["text"], "\"b\",");

    let output = nix
        .command(env!("CARGO_BIN_EXE_hmtool"))
        .args(["diff", &a, &b, "--no-config", "--format", "json"])
        .current_dir(folder)
        .output()
        .expect("hmtool runs");
    let by_paths = schema::document(&output);
    // A file's own path is where it lies, and that is not where this store says to be.
    let by_paths_steps = list(&by_paths["steps"]);
    assert_eq!(by_paths_steps[1], steps[1]);
    // Of the sources only the paths are known then.
    assert_eq!(by_paths_steps[2]["differences"], steps[2]["differences"]);
    assert_eq!(list(&by_paths_steps[2]["sources"])[0]["lines"], json!([]));
    assert_eq!(by_paths_steps[0]["differences"], steps[0]["differences"]);
    assert_eq!(by_paths["before"]["sources"], json!([a]));
}
