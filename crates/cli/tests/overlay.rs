//! `hmtool overlay` on files: what it prints, what it writes, how it ends.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const FLAKE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/modular-workspace/flake.nix"
);

fn hmtool(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hmtool"))
        .arg("overlay")
        .args(args)
        .current_dir(folder)
        .env_remove("CLICOLOR_FORCE")
        .output()
        .expect("hmtool runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("it prints UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("it prints UTF-8")
}

/// The lines of a diff that are not context.
fn changes(diff: &str) -> Vec<&str> {
    diff.lines()
        .filter(|line| {
            line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---")
        })
        .collect()
}

fn copy_of_the_example() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::copy(FLAKE, folder.path().join("flake.nix")).expect("the example is there");
    folder
}

#[test]
fn an_overlay_is_switched_on() {
    let folder = copy_of_the_example();
    let before = fs::read_to_string(FLAKE).unwrap();
    let args = ["enable", "nodejs-hardware-optimized", "--in", "flake.nix"];
    let line =
        "(import ./modules/system/overlays/nodejs-hardware-optimized.nix currentHardwareProfile)";

    let shown = hmtool(folder.path(), &args);
    assert_eq!(shown.status.code(), Some(0));
    assert_eq!(
        changes(&stdout(&shown)),
        [
            format!("-            # {line}"),
            format!("+            {line}")
        ]
    );
    let file = folder.path().join("flake.nix");
    assert_eq!(fs::read_to_string(&file).unwrap(), before);

    let check = hmtool(folder.path(), &[&args[..], &["--check"]].concat());
    assert_eq!(check.status.code(), Some(1));
    assert_eq!(fs::read_to_string(&file).unwrap(), before);

    let written = hmtool(folder.path(), &[&args[..], &["--write"]].concat());
    assert_eq!(written.status.code(), Some(0), "{}", stderr(&written));
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        before.replace(&format!("# {line}"), line)
    );

    let again = hmtool(folder.path(), &[&args[..], &["--check"]].concat());
    assert_eq!(again.status.code(), Some(0));
    assert_eq!(
        (stdout(&again), stderr(&again)),
        (String::new(), "flake.nix: unchanged\n".to_owned())
    );
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file is left");
}

#[test]
fn an_overlay_is_put_first() {
    let folder = copy_of_the_example();
    let line = "(import ./modules/system/overlays/system-libs-hardware-optimized.nix currentHardwareProfile)";
    let args = [
        "insert",
        line,
        "--list",
        "overlays",
        "--first",
        "--comment",
        "Phase 1: system libraries",
        "--in",
        "flake.nix",
        "--write",
    ];
    let written = hmtool(folder.path(), &args);
    assert_eq!(written.status.code(), Some(0), "{}", stderr(&written));
    assert_eq!(
        changes(&stdout(&written)),
        [
            "+            # Phase 1: system libraries".to_owned(),
            format!("+            {line}")
        ]
    );
    let text = fs::read_to_string(folder.path().join("flake.nix")).unwrap();
    assert!(text.contains(&format!(
        "overlays = [\n            # Phase 1: system libraries\n            {line}\n            (import ./modules/system/overlays/llvm"
    )));
    assert_eq!(
        stderr(&hmtool(folder.path(), &args)),
        "flake.nix: unchanged\n"
    );
}

#[test]
fn what_is_ambiguous_is_shown_and_left_alone() {
    let folder = copy_of_the_example();
    let output = hmtool(
        folder.path(),
        &["disable", "optimized", "--write", "--in", "flake.nix"],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`optimized` can be any of 5"));
    assert!(stderr(&output).contains("rust-hardware-optimized.nix"));
    assert_eq!(
        fs::read_to_string(folder.path().join("flake.nix")).unwrap(),
        fs::read_to_string(FLAKE).unwrap()
    );
}

#[test]
fn lists_are_shown() {
    let folder = copy_of_the_example();
    let output = hmtool(folder.path(), &["show", "overlays", "--in", "flake.nix"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("  # (import ./modules/system/overlays/nodejs"));
    let output = hmtool(folder.path(), &["get", "modules", "--in", "flake.nix"]);
    assert_eq!(stdout(&output), "[ ./home.nix ]\n");
}

#[test]
fn attributes_are_set_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("home.nix");
    fs::write(&file, "{ pkgs, ... }:\n{\n  home.username = \"a\";\n}\n").unwrap();
    let set = [
        "set",
        "home.stateVersion",
        "\"25.05\"",
        "--write",
        "--in",
        "home.nix",
    ];
    let output = hmtool(folder.path(), &set);
    assert_eq!(
        changes(&stdout(&output)),
        ["+  home.stateVersion = \"25.05\";"]
    );
    assert_eq!(
        stderr(&hmtool(folder.path(), &set)),
        "home.nix: unchanged\n"
    );
    let unset = ["unset", "home.username", "--write", "--in", "home.nix"];
    assert_eq!(hmtool(folder.path(), &unset).status.code(), Some(0));
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        "{ pkgs, ... }:\n{\n  home.stateVersion = \"25.05\";\n}\n"
    );
    let unset = ["unset", "a; b", "--in", "home.nix"];
    assert_eq!(hmtool(folder.path(), &unset).status.code(), Some(2));
}

#[test]
fn a_name_is_renamed_with_what_refers_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("overlay.nix");
    let text = "let\n  march = \"skylake\"; # of the desktop\nin\nfinal: prev: {\n  flags = \"-march=${march}\";\n}\n";
    fs::write(&file, text).unwrap();
    let rename = [
        "rename",
        "march",
        "arch",
        "--let",
        "--write",
        "--in",
        "overlay.nix",
    ];
    let output = hmtool(folder.path(), &rename);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        text.replace("march = ", "arch = ")
            .replace("{march}", "{arch}")
    );
    assert_eq!(
        stderr(&hmtool(folder.path(), &rename)),
        "overlay.nix: unchanged\n"
    );
    let taken = ["rename", "arch", "prev", "--let", "--in", "overlay.nix"];
    assert_eq!(hmtool(folder.path(), &taken).status.code(), Some(2));
}

#[test]
fn files_that_nix_does_not_read_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("broken.nix", &b"[ ./a.nix "[..]),
        ("encrypted.nix", b"\0GITCRYPT\0\xff\xfe"),
        ("nul.nix", b"\0GITCRYPT"),
    ] {
        fs::write(folder.path().join(name), content).unwrap();
        let output = hmtool(
            folder.path(),
            &["disable", "a.nix", "--write", "--in", name],
        );
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert_eq!(fs::read(folder.path().join(name)).unwrap(), content);
    }
    let output = hmtool(folder.path(), &["show", "--in", "missing.nix"]);
    assert_eq!(output.status.code(), Some(2));
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target.nix");
    fs::write(&target, "[ ./a.nix ./b.nix ]").unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("target.nix", folder.path().join("link.nix")).unwrap();
    let output = hmtool(
        folder.path(),
        &["remove", "a.nix", "--write", "--in", "link.nix"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(fs::read_to_string(&target).unwrap(), "[ ./b.nix ]");
    assert!(
        fs::symlink_metadata(folder.path().join("link.nix"))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(
        fs::metadata(&target).unwrap().permissions().mode() & 0o777,
        0o640
    );
}

const OVERLAY: &str = "\
hw: final: prev: {
  # the compression library
  zlib = prev.zlib;

  openssl = (prev.openssl.override { static = true; }).overrideAttrs (old: {
    env.NIX_CFLAGS_COMPILE = \"-O2\";
  });
}
";

#[test]
fn packages_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.nix"), OVERLAY).unwrap();
    for args in [&["list", "a.nix"][..], &["list", "--in", "a.nix"]] {
        assert_eq!(
            stdout(&hmtool(folder.path(), args)),
            "zlib     line 3  plain\nopenssl  line 5  override, overrideAttrs\n"
        );
    }
    fs::write(folder.path().join("b.nix"), "{ }").unwrap();
    let output = hmtool(folder.path(), &["list", "b.nix"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("an overlay is `final: prev: { … }`"));
}

#[test]
fn packages_are_overridden() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.nix");
    fs::write(&file, OVERLAY).unwrap();
    let run = |args: &[&str]| {
        let args = [&["override"], args, &["--write", "--in", "a.nix"]].concat();
        let output = hmtool(folder.path(), &args);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(
            stderr(&hmtool(folder.path(), &args)),
            "a.nix: unchanged\n",
            "{args:?}"
        );
        stdout(&output)
    };
    let flags = ["NIX_CFLAGS_COMPILE", "-O3 -pipe", "--append"];
    assert_eq!(
        changes(&run(&[&["openssl"], &flags[..]].concat())),
        [
            "-    env.NIX_CFLAGS_COMPILE = \"-O2\";",
            "+    env.NIX_CFLAGS_COMPILE = \"-O2 -O3 -pipe\";"
        ]
    );
    let diff = run(&[&["zlib"], &flags[..], &["--env"]].concat());
    assert!(
        diff.contains("+    env = (old.env or { }) // {\n"),
        "{diff}"
    );
    let diff = run(&["zlib", "static", "true", "--args"]);
    assert!(diff.contains("+  zlib = (prev.zlib.override {\n"), "{diff}");
    run(&["zstd", "doCheck", "false"]);

    let get = |scope: &[&str]| {
        let args = [&["get"], scope, &["--in", "a.nix"]].concat();
        stdout(&hmtool(folder.path(), &args))
    };
    assert_eq!(get(&["static", "--override", "zlib"]), "true\n");
    assert_eq!(get(&["doCheck", "--override-attrs", "zstd"]), "false\n");
    let unset = [
        "unset",
        "doCheck",
        "--override-attrs",
        "zstd",
        "--in",
        "a.nix",
    ];
    assert_eq!(
        changes(&stdout(&hmtool(folder.path(), &unset))),
        ["-    doCheck = false;"]
    );
    let wrong = ["override", "zlib", "x", "1; y = 2", "--in", "a.nix"];
    assert_eq!(hmtool(folder.path(), &wrong).status.code(), Some(2));
}
