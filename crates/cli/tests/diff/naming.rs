//! Which two derivations are meant.

use std::fs;

use crate::made_up::{BOTH, Drv, deep, folder, path};
use crate::{document, fails_saying};

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
            Drv::new("4", "tool-1").needs("2", "lib-1.0"),
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

/// Of two of one name the one that is asked for is meant, and not a build that only others need.
#[test]
fn what_is_asked_for_goes_before_what_it_needs() {
    let set = |flags| {
        [
            Drv::new("1", "git-2.0"),
            Drv::new("2", "git-2.0")
                .needs("1", "git-2.0")
                .env("FLAGS", flags),
        ]
    };
    let folder = folder(&[("a.json", &set("-O2")), ("b.json", &set("-O3"))]);
    let git = document(folder.path(), &[&["git"], &BOTH[..]].concat());
    assert_eq!(git["before"]["derivation"]["drv"], path("2", "git-2.0.drv"));
    assert_eq!(git["after"]["derivation"]["drv"], path("2", "git-2.0.drv"));
}

/// A graph of one root is as good as its root.
#[test]
fn graphs_are_compared_by_their_roots() {
    let folder = deep();
    let by_files = document(folder.path(), &["a.json", "b.json", "--no-config"]);
    assert_eq!(by_files, document(folder.path(), &BOTH));
}
