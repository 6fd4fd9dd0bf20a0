//! `hmtool profile` on files: what it prints, what it writes, how it ends.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn hmtool(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hmtool"))
        .arg("profile")
        .args(args)
        .current_dir(folder)
        .env_remove("CLICOLOR_FORCE")
        .output()
        .expect("hmtool runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it prints UTF-8")
}

/// The lines of a diff that are not context.
fn changes(output: &Output) -> Vec<String> {
    text(&output.stdout)
        .lines()
        .filter(|line| line.starts_with(['+', '-']) && !line.contains("desk.nix"))
        .map(str::to_owned)
        .collect()
}

const PROFILE: &str = "\
# the desktop
{
  cpu.threads = 8;
  memory = {
    effectiveTotal = \"28\"; # 16GB RAM + 12GB zram
  };
}
";

fn workspace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("machines")).unwrap();
    fs::write(folder.path().join("machines/desk.nix"), PROFILE).unwrap();
    fs::write(
        folder.path().join("hmtool.toml"),
        "[machines.desk]\nprofile = \"machines/desk.nix\"\n[machines.bare]\nthreads = 2\n",
    )
    .unwrap();
    folder
}

#[test]
fn one_line_changes_and_keeps_its_spelling() {
    let folder = workspace();
    let file = folder.path().join("machines/desk.nix");
    let set = ["set", "desk", "memory.effectiveTotal", "22"];
    let line = |value: &str| format!("    effectiveTotal = \"{value}\"; # 16GB RAM + 12GB zram");

    let shown = hmtool(folder.path(), &set);
    assert_eq!(shown.status.code(), Some(0), "{}", text(&shown.stderr));
    assert_eq!(
        changes(&shown),
        [format!("-{}", line("28")), format!("+{}", line("22"))]
    );
    assert!(text(&shown.stdout).starts_with("--- machines/desk.nix\n"));
    assert_eq!(fs::read_to_string(&file).unwrap(), PROFILE);

    let check = hmtool(folder.path(), &[&set[..], &["--check"]].concat());
    assert_eq!(check.status.code(), Some(1));

    // The machine's name and its file are one profile.
    let by_file = ["set", "machines/desk.nix", "memory.effectiveTotal", "22"];
    let written = hmtool(folder.path(), &[&by_file[..], &["--write"]].concat());
    assert_eq!(written.status.code(), Some(0));
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        PROFILE.replace("28", "22")
    );
    let again = hmtool(folder.path(), &[&set[..], &["--check"]].concat());
    assert_eq!(
        (again.status.code(), text(&again.stderr)),
        (Some(0), "machines/desk.nix: unchanged\n".to_owned())
    );
}

#[test]
fn new_keys_go_beside_the_others() {
    let folder = workspace();
    let shown = hmtool(folder.path(), &["set", "desk", "memory.total", "16"]);
    assert_eq!(changes(&shown), ["+    total = \"16\";"]);
    let shown = hmtool(folder.path(), &["set", "desk", "cpu.cores", "4"]);
    assert_eq!(changes(&shown), ["+  cpu.cores = 4;"]);
}

#[test]
fn what_a_profile_cannot_be_is_refused() {
    let folder = workspace();
    let refused = |args: &[&str], said: &str| {
        let output = hmtool(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let stderr = text(&output.stderr);
        assert!(stderr.contains(said), "{args:?}: {stderr}");
    };
    refused(&["set", "desk", "memory", "28"], "name the key: memory.KEY");
    refused(
        &["set", "desk", "memory.total", "{ a = 1; }", "--write"],
        "desk.nix:",
    );
    refused(
        &["set", "dekk", "memory.total", "16"],
        "did you mean `desk`?",
    );
    refused(&["set", "bare", "memory.total", "16"], "has no profile");
    refused(&["set", "other.nix", "memory.total", "16"], "cannot read");
    refused(&["set", "desk.toml", "memory.total", "16"], "is not edited");
    assert_eq!(
        fs::read_to_string(folder.path().join("machines/desk.nix")).unwrap(),
        PROFILE
    );
}

#[test]
fn a_value_that_is_odd_is_remarked_on() {
    let folder = workspace();
    let output = hmtool(folder.path(), &["set", "desk", "cpu.threads", "many"]);
    assert!(
        text(&output.stderr).contains("cpu.threads"),
        "{}",
        text(&output.stderr)
    );
    // What made the profile no literal can be mended.
    let file = folder.path().join("machines/desk.nix");
    fs::write(&file, PROFILE.replace("8;", "2-3;")).unwrap();
    let output = hmtool(
        folder.path(),
        &["set", "desk", "cpu.threads", "8", "--write"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&fs::read(&file).unwrap()).contains("cpu.threads = \"8\";"));
}
