//! Which derivations are asked for, and what of them.

use crate::workspace::{Workspace, path};

/// `lib` has two outputs, of which `dev` is on the list of what a cache has.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    let drv = path('b', "lib-2.0.drv");
    let [out, dev] = [path('b', "lib-2.0"), path('d', "lib-2.0-dev")];
    workspace.write(
        "graph.json",
        &format!(
            r#"{{{drv:?}: {{"outputs": {{"out": {{"path": {out:?}}}, "dev": {{"path": {dev:?}}}}},
                "inputSrcs": [], "inputDrvs": {{}}, "system": "x86_64-linux",
                "builder": "/bin/sh", "args": [], "env": {{}}}}}}"#
        ),
    );
    workspace.write("held", &dev);
    workspace
}

#[test]
fn a_root_can_name_its_outputs() {
    let workspace = workspace();
    let drv = path('b', "lib-2.0.drv");
    for (root, builds, fetches) in [
        (drv.clone(), 1, 0),
        (format!("{drv}!out"), 1, 0),
        (format!("{drv}!dev"), 0, 1),
        (format!("{drv}^dev # a comment"), 0, 1),
        (format!("{drv}^out,dev"), 1, 0),
        (format!("{drv}^*"), 1, 0),
        (format!("{drv}^dev\n{drv}^out"), 1, 0),
        (format!("{drv}^dev\n{drv}"), 1, 0),
        ("lib^dev".to_owned(), 0, 1),
        ("lib".to_owned(), 1, 0),
        // An output by its own path means that one.
        (path('d', "lib-2.0-dev"), 0, 1),
        (path('b', "lib-2.0"), 1, 0),
    ] {
        workspace.write("roots", &root);
        let plan = workspace
            .plan(&["--cache", "held", "--format", "json"])
            .json(0);
        let counts = [&plan["work"]["build"], &plan["work"]["fetch"]];
        assert_eq!(counts, [builds, fetches], "{root}");
        assert_eq!(plan["input"]["roots"], 1, "{root}");
    }
}

#[test]
fn an_output_that_is_not_there_is_an_error() {
    let workspace = workspace();
    for root in [&path('b', "lib-2.0.drv!man"), "lib^man"] {
        workspace.write("roots", root);
        workspace.plan(&[]).fails_saying(&[
            "roots, line 1: ",
            "lib-2.0.drv has no output \"man\"",
            "it has dev, out",
        ]);
    }
}

#[test]
fn a_root_that_is_not_in_the_graph_is_blamed_on_its_line() {
    let workspace = workspace();
    let known = path('b', "lib-2.0.drv");
    for (root, says) in [
        (
            path('f', "other.drv"),
            "other.drv is asked for and not in the graph",
        ),
        (
            "other".to_owned(),
            "no derivation of the graph is called \"other\"",
        ),
        (
            path('e', "other.drv"),
            "other.drv\" is not a store path: 'e' is not a digit",
        ),
    ] {
        workspace.write("roots", &format!("# both\n{known}\n{root}\n"));
        let run = workspace.plan(&[]);
        run.fails_saying(&["roots, line 3: ", says, "help: "]);
        assert!(!run.stderr.contains("did you mean"), "{}", run.stderr);
    }
}
