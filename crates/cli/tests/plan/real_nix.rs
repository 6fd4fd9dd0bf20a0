//! Plans that the real Nix evaluates, and carries out.

use std::fs;

use crate::nix::{Nix, example, packages};
use crate::workspace::Workspace;

const HMTOOL: &str = env!("CARGO_BIN_EXE_hmtool");

fn number(json: &str, keys: [&str; 2]) -> u64 {
    let plan: serde_json::Value = serde_json::from_str(json).expect("JSON");
    keys.iter()
        .fold(&plan, |value, key| &value[key])
        .as_u64()
        .expect("a number")
}

/// A copy of the example without its caches, so that everything has to be built.
pub(crate) fn uncached(nix: &Nix) -> String {
    let copy = nix.folder().join("workspace");
    let status = std::process::Command::new("cp")
        .arg("-r")
        .arg(example())
        .arg(&copy)
        .status();
    assert!(status.expect("cp runs").success());
    let config = copy.join("hmtool.toml");
    let text = fs::read_to_string(&config).expect("a text");
    let (before, rest) = text
        .split_once("[[caches]]")
        .expect("the example has a cache");
    let (_, after) = rest.split_once("\n\n").expect("a blank line follows");
    fs::write(&config, format!("{before}\n{after}")).expect("it is ours");
    copy.to_str().expect("UTF-8").to_owned()
}

#[test]
fn the_script_builds_the_example() {
    let Some(nix) = Nix::building("the_script_builds_the_example") else {
        return;
    };
    let workspace = uncached(&nix);
    let plan = [
        "plan",
        workspace.as_str(),
        "--evaluate",
        "--machine",
        "shoshin",
    ];
    let json = |nix: &Nix| nix.run(HMTOOL, &[&plan[..], &["--format", "json"]].concat());
    let before = json(&nix);
    assert!(
        number(&before, ["work", "build"]) > 250,
        "{}",
        number(&before, ["work", "build"])
    );

    let roots = nix.folder().join("garbage collector's roots");
    let add_root = ["--sh", "--add-root", roots.to_str().expect("UTF-8")];
    let script = nix.run(HMTOOL, &[&plan[..], &add_root].concat());
    let file = nix.folder().join("plan.sh");
    fs::write(&file, script).expect("it is ours");
    nix.run("sh", &[file.to_str().expect("UTF-8")]);

    let after = json(&nix);
    assert_eq!(number(&after, ["work", "build"]), 0);
    assert_eq!(number(&after, ["work", "present"]), 1);
    assert!(fs::read_dir(&roots).expect("the script made it").count() > 20);
}

/// In a store whose paths have spaces and quotes in them, and with all that names may have.
#[test]
fn the_script_quotes_what_needs_quoting() {
    let Some(nix) = Nix::building("the_script_quotes_what_needs_quoting") else {
        return;
    };
    let dir = nix.root().join("it's $(id) `here`");
    fs::create_dir(&dir).expect("it is ours");
    fs::write(
        dir.join("default.nix"),
        packages(
            r#"rec {
                 a = make { name = "a?b=c+d"; } "echo > \"$out\"";
                 b = make { name = "-b._"; inherit a; } "echo \"$a\" > \"$out\"";
                 x = make { name = "x"; inherit b; } "echo \"$b\" > \"$out\"";
               }"#,
        ),
    )
    .expect("it is ours");
    let run = |program: &str, args: &[&str]| {
        let output = nix
            .command(program)
            .args(args)
            .env("NIX_STORE_DIR", dir.join("store"))
            .current_dir(&dir)
            .output()
            .unwrap_or_else(|error| panic!("{program} runs: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {said}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let plan = ["plan", ".", "--cores", "2", "--mem", "2G", "--no-config"];
    let json = || run(HMTOOL, &[&plan[..], &["--format", "json"]].concat());
    assert_eq!(number(&json(), ["work", "build"]), 3);
    let sh = ["--sh", "--add-root", "roots $(id) of 'it'"];
    fs::write(dir.join("it.sh"), run(HMTOOL, &[&plan[..], &sh].concat())).expect("it is ours");
    run("sh", &["it.sh"]);
    let after = json();
    assert_eq!(number(&after, ["work", "build"]), 0);
    assert_eq!(number(&after, ["work", "present"]), 3);
    let roots = fs::read_dir(dir.join(sh[2])).expect("the script made it");
    assert_eq!(roots.count(), 3);
}

#[test]
fn a_directory_with_default_nix_is_evaluated() {
    // A store that lies elsewhere than its paths say: its files cannot be read by these.
    let Some(nix) = Nix::evaluating("a_directory_with_default_nix_is_evaluated") else {
        return;
    };
    let dir = nix.folder().join("plain");
    fs::create_dir(&dir).expect("it is ours");
    fs::write(
        dir.join("default.nix"),
        "{ a = derivation { name = \"a\"; system = builtins.currentSystem; builder = \"/bin/sh\"; };\n\
         \x20 b = derivation { name = \"b\"; system = builtins.currentSystem; builder = \"/bin/sh\"; }; }",
    )
    .expect("it is ours");
    let args = [
        "plan",
        dir.to_str().expect("UTF-8"),
        "--cores",
        "4",
        "--mem",
        "8G",
        "--format",
        "json",
    ];
    let json = nix.run(HMTOOL, &args);
    assert_eq!(
        (
            number(&json, ["work", "build"]),
            number(&json, ["input", "roots"])
        ),
        (2, 2)
    );
}

#[test]
fn an_evaluation_that_fails_shows_what_nix_said() {
    let Some(nix) = Nix::evaluating("an_evaluation_that_fails_shows_what_nix_said") else {
        return;
    };
    let dir = nix.folder().join("plain");
    fs::create_dir(&dir).expect("it is ours");
    fs::write(
        dir.join("default.nix"),
        "throw \"the flux capacitor is missing\"",
    )
    .expect("it is ours");
    let args = [
        "plan",
        dir.to_str().expect("UTF-8"),
        "--cores",
        "4",
        "--mem",
        "8G",
    ];
    let said = nix.attempt(HMTOOL, &args).expect_err("it fails");
    assert!(
        said.contains("nix-instantiate failed") && said.contains("flux capacitor"),
        "{said}"
    );
    let flake = "{ outputs = { self }: { packages.x86_64-linux.a = 1; }; }";
    fs::write(dir.join("flake.nix"), flake).expect("it is ours");
    let installable = format!("path:{}#nosuch", nix.root().join("plain").display());
    let args = ["plan", &installable, "--cores", "4", "--mem", "8G"];
    let said = nix.attempt(HMTOOL, &args).expect_err("it fails");
    assert!(
        said.contains("nosuch") && said.contains("nix flake show"),
        "{said}"
    );
}

#[test]
fn without_nix_one_line_says_what_to_do() {
    let workspace = Workspace::new();
    let run = crate::workspace::Run::of(
        workspace
            .command()
            .args(["plan", ".#thing"])
            .env("PATH", workspace.path()),
    );
    run.fails_saying(&[
        "nix is needed for this and is not in PATH",
        "apt-get install nix-bin",
    ]);
}
