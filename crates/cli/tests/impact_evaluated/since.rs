//! A revision of a repository against its work tree, by the real Nix.

use crate::nix::Nix;
use crate::repository::{Repository, causes};

/// A derivation of that name, with more attributes.
fn derivation(name: &str, more: &str) -> String {
    format!(
        "derivation {{ name = \"{name}\"; system = \"x86_64-linux\"; builder = \"/bin/sh\"; {more} }}"
    )
}

fn flake(package: &str) -> String {
    format!("{{ outputs = {{ self }}: {{ packages.x86_64-linux.default = {package}; }}; }}")
}

#[test]
fn an_overlay_that_is_turned_on_and_not_committed() {
    let Some(nix) = Nix::evaluating("an_overlay_that_is_turned_on_and_not_committed") else {
        return;
    };
    let repository = Repository::of_example(nix);
    // All that could be touched: a stash, a staged edit, an edit, a file that nobody tracks.
    repository.write("README.md", "Stashed.");
    repository.git(&[
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.org",
        "stash",
        "--quiet",
    ]);
    repository.write("README.md", "Staged.");
    repository.git(&["add", "README.md"]);
    repository.write("untracked", "");
    repository.git(&["branch", "a-branch"]);
    let before = repository.contents();
    let nothing = repository.document(&["--since", "HEAD"]);
    assert_eq!(nothing["summary"]["changed"], 0);
    assert_eq!(nothing["before"]["sources"][0], ".#shoshin at HEAD");
    assert_eq!(nothing["after"]["sources"][0], ".#shoshin");
    assert_eq!(repository.contents(), before);

    crate::example::replace(
        repository.dir(),
        "flake.nix",
        &[(
            "# (import ./modules/system/overlays/nodejs",
            "(import ./modules/system/overlays/nodejs",
        )],
    );
    let before = repository.contents();
    let turned_on = repository.document(&["--since", "HEAD"]);
    assert_eq!(causes(&turned_on), ["nodejs-22.21.1"]);
    let differences = turned_on["causes"][0]["differences"]
        .as_array()
        .expect("a list");
    let flags = differences
        .iter()
        .find(|difference| difference["attribute"] == "NIX_CFLAGS_COMPILE");
    assert!(flags.is_some(), "{differences:?}");
    assert!(turned_on["summary"]["cascade"].as_u64() > Some(0));
    // The other machine has no nodejs of its own.
    let laptop = repository.document(&["--since", "HEAD", "--machine", "gyakusatsu"]);
    assert_eq!(laptop["summary"]["changed"], 0);
    // By an installable, from elsewhere, as a directory, and by a revision that is named otherwise.
    for (dir, args) in [
        (".", [".#shoshin", "--since", "a-branch"]),
        ("docs/adr", [".#shoshin", "--since", "HEAD"]),
        ("docs", ["path:..#shoshin", "--since", "HEAD"]),
        ("docs", ["..#shoshin", "--since", "HEAD"]),
    ] {
        let document = repository.document_in(dir, &[&args[..], &["--no-config"]].concat());
        assert_eq!(causes(&document), ["nodejs-22.21.1"], "{args:?}");
    }
    // The default is what was committed last.
    assert_eq!(causes(&repository.document(&[])), ["nodejs-22.21.1"]);
    assert_eq!(repository.contents(), before);

    assert_eq!(repository.left_behind(), Vec::<std::path::PathBuf>::new());
    let (built, all) = repository.built();
    assert_eq!(built, Vec::<String>::new());
    assert!(all > 300, "{all}");
}

#[test]
fn plain_files_are_compared() {
    let Some(nix) = Nix::evaluating("plain_files_are_compared") else {
        return;
    };
    let package = derivation("app", "flags = import ../flags.nix; source = ./.;");
    let repository = Repository::with(
        nix,
        &[("nix/default.nix", &package), ("flags.nix", "\"-O2\"")],
    );
    let nothing = repository.document(&["nix", "--since", "HEAD"]);
    assert_eq!(
        nothing["summary"]["changed"], 0,
        "a source is called after its folder"
    );
    assert_eq!(nothing["before"]["sources"][0], "nix/default.nix at HEAD");
    repository.write("flags.nix", "\"-O3\"");
    let before = repository.contents();
    let edited = repository.document_in("nix", &["--since", "HEAD"]);
    assert_eq!(causes(&edited), ["app"]);
    assert_eq!(edited["causes"][0]["differences"][0]["attribute"], "flags");
    assert_eq!(repository.contents(), before);
    assert_eq!(repository.built().0, Vec::<String>::new());
}

/// A flake below the top of its repository reads what is beside it: Nix takes the whole repository.
#[test]
fn a_flake_in_a_directory_of_its_repository() {
    let Some(nix) = Nix::evaluating("a_flake_in_a_directory_of_its_repository") else {
        return;
    };
    let package = derivation("app", "flags = import ../flags.nix;");
    let repository = Repository::with(
        nix,
        &[
            ("my nix/flake.nix", &flake(&package)),
            ("flags.nix", "\"-O2\""),
        ],
    );
    repository.write("flags.nix", "\"-O3\"");
    let whole = format!("git+file://{}?dir=my%20nix", repository.dir().display());
    for (dir, installable) in [("my nix", "."), ("my nix", ".#default"), (".", &*whole)] {
        let args = [installable, "--since", "HEAD"];
        assert_eq!(
            causes(&repository.document_in(dir, &args)),
            ["app"],
            "{installable}"
        );
    }
}

/// Nix refuses a clone without its history unless it is told of it.
#[test]
fn shallow_clones_and_linked_work_trees() {
    let Some(nix) = Nix::evaluating("shallow_clones_and_linked_work_trees") else {
        return;
    };
    let package = derivation("app", "flags = import ./flags.nix;");
    let files = [("flake.nix", &*flake(&package)), ("flags.nix", "\"-O1\"")];
    let repository = Repository::with(nix, &files);
    repository.write("flags.nix", "\"-O2\"");
    repository.commit();
    let url = format!("file://{}", repository.dir().display());
    repository.git(&["clone", "--quiet", "--depth", "1", &url, "../shallow"]);
    repository.git(&["worktree", "add", "--quiet", "--detach", "../linked"]);
    for dir in ["../shallow", "../linked"] {
        repository.write(&format!("{dir}/flags.nix"), "\"-O3\"");
        let document = repository.document_in(dir, &["--since", "HEAD"]);
        assert_eq!(causes(&document), ["app"], "{dir}");
        let difference = &document["causes"][0]["differences"][0];
        assert_eq!(difference["removed"][0], "-O2", "{dir}");
        assert_eq!(difference["added"][0], "-O3", "{dir}");
    }
}

/// What a flake knows of its own commit is no difference by itself.
#[test]
fn a_flake_that_names_its_revision() {
    let Some(nix) = Nix::evaluating("a_flake_that_names_its_revision") else {
        return;
    };
    let package = derivation(
        "app",
        "rev = self.rev or \"dirty\"; date = self.lastModified; source = self;",
    );
    let repository = Repository::with(
        nix,
        &[
            ("flake.nix", &flake(&package)),
            (
                ".gitattributes",
                "notes export-ignore\nversion export-subst\n",
            ),
            ("notes", "Not for releases."),
            ("version", "$Format:%H$"),
        ],
    );
    let clean = repository.document(&["--since", "HEAD"]);
    let summary = |key: &str| clean["summary"][key].clone();
    assert_eq!(
        (summary("changed"), summary("unchanged")),
        (0.into(), 1.into())
    );
    // Both are in the store by another name than a commit's once there is an edit.
    repository.write("notes", "Edited.");
    let edited = repository.document(&["--since", "HEAD"]);
    let differences = edited["causes"][0]["differences"]
        .as_array()
        .expect("a list");
    let attributes = differences
        .iter()
        .map(|difference| difference["attribute"].as_str());
    let attributes: Vec<_> = attributes.flatten().collect();
    assert!(
        attributes.contains(&"rev") && attributes.contains(&"source"),
        "{attributes:?}"
    );
    repository.commit();
    let committed = repository.document(&["--since", "HEAD~1"]);
    let differences = committed["causes"][0]["differences"]
        .as_array()
        .expect("a list");
    let attributes = differences
        .iter()
        .map(|difference| difference["attribute"].as_str());
    let attributes: Vec<_> = attributes.flatten().collect();
    assert!(
        attributes.contains(&"rev") && attributes.contains(&"source"),
        "{attributes:?}"
    );
}

/// A flake whose input is locked nowhere: Nix by itself would write `flake.lock` and stage it.
#[test]
fn no_lock_file_is_written() {
    let Some(nix) = Nix::evaluating("no_lock_file_is_written") else {
        return;
    };
    let input = nix
        .folder()
        .canonicalize()
        .expect("it is there")
        .join("input");
    let package = derivation("app", "flags = input.flags;");
    let flake = format!(
        "{{ inputs.input.url = \"path:{}\"; outputs = {{ self, input }}: {{ packages.x86_64-linux.default = {package}; }}; }}",
        input.display()
    );
    let repository = Repository::with(nix, &[("flake.nix", &flake)]);
    std::fs::create_dir(&input).expect("it is ours");
    let text = "{ outputs = { self }: { flags = \"-O2\"; }; }";
    std::fs::write(input.join("flake.nix"), text).expect("it is ours");
    repository.write("flake.nix", &flake.replace("\"app\"", "\"other-app\""));
    let before = repository.contents();
    let document = repository.document(&["--since", "HEAD"]);
    assert_eq!(causes(&document), ["other-app"]);
    assert_eq!(repository.contents(), before);
}

#[test]
fn nothing_is_built_to_evaluate_unless_that_is_allowed() {
    let Some(nix) = Nix::building("nothing_is_built_to_evaluate_unless_that_is_allowed") else {
        return;
    };
    let imported = derivation(
        "imported",
        "args = [ \"-c\" \"echo '\\\"-O2\\\"' > $out\" ];",
    );
    let package = derivation("app", &format!("flags = import ({imported});"));
    let files = [("default.nix", &*package), ("flake.nix", &flake(&package))];
    let repository = Repository::with(nix, &files);
    let plain = repository.dir().join("plain");
    std::fs::create_dir(&plain).expect("it is ours");
    repository.write("plain/default.nix", &package);
    repository.commit();
    for target in [".", "plain"] {
        let ways = ["cannot build", "--allow-import-from-derivation"];
        repository.fails_saying(&[target, "--since", "HEAD"], &ways);
    }
    assert_eq!(repository.built().0, Vec::<String>::new());
    let allowed = ["plain", "--since", "HEAD", "--allow-import-from-derivation"];
    assert_eq!(repository.document(&allowed)["summary"]["unchanged"], 1);
    let (built, _) = repository.built();
    assert_eq!(built.len(), 1, "{built:?}");
    assert!(
        built[0].ends_with("-imported"),
        "the check sees what is built: {built:?}"
    );
}

#[test]
fn what_cannot_be_compared_is_said() {
    let Some(nix) = Nix::evaluating("what_cannot_be_compared_is_said") else {
        return;
    };
    let package = derivation("app", "");
    let repository = Repository::with(nix, &[("flake.nix", &flake(&package))]);
    let fails = |args: &[&str], words: &[&str]| repository.fails_saying(args, words);
    fails(
        &["--since", "no-such-rev"],
        &["git failed", "Needed a single revision", "git log --all"],
    );
    fails(&["--since=--output=x"], &["git failed", "git log --all"]);
    fails(
        &["github:NixOS/nixpkgs#hello", "--since", "HEAD"],
        &["is not in a directory here", "--before and --after"],
    );
    fails(
        &[".?ref=x#x", "--since", "HEAD"],
        &["says by `ref` what to take", "leave `ref` out"],
    );
    fails(
        &[".#no-such-package", "--since", "HEAD"],
        &["nix failed", "no-such-package"],
    );
    std::fs::create_dir(repository.dir().join("new")).expect("it is ours");
    repository.write("new/default.nix", &package);
    fails(
        &["new", "--since", "HEAD"],
        &[
            "HEAD has no default.nix in new",
            "compare with a revision that has it",
        ],
    );
    repository.write("flake.nix", &flake("\n\n  fluxCapacitor"));
    repository.commit();
    // The place is that of the file in the revision, by its name and line.
    fails(
        &["--since", "HEAD"],
        &["nix failed", "undefined variable", "flake.nix:3:3"],
    );
    repository.git(&["rm", "--quiet", "flake.nix"]);
    repository.write("other", "");
    repository.commit();
    repository.write("flake.nix", &flake(&package));
    fails(
        &["--since", "HEAD"],
        &[
            "HEAD has no flake.nix",
            "compare with a revision that has it",
        ],
    );
    std::fs::remove_dir_all(repository.dir().join(".git")).expect("it is ours");
    fails(
        &["--since", "HEAD"],
        &["git failed", "not a git repository", "--before and --after"],
    );
    assert_eq!(repository.left_behind(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_repository_without_a_commit_has_no_revision() {
    let Some(nix) = Nix::evaluating("a_repository_without_a_commit_has_no_revision") else {
        return;
    };
    let repository = Repository::with(nix, &[("default.nix", &derivation("app", ""))]);
    std::fs::remove_dir_all(repository.dir().join(".git")).expect("it is ours");
    repository.git(&["init", "-q"]);
    repository.fails_saying(&[], &["git failed", "git log --all"]);
}
