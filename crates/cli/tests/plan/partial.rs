//! A plan that leaves builds out says so wherever it is read.

use snapbox::{assert_data_eq, str};

use crate::workspace::Workspace;

/// `lib` does not fit, so `app` cannot be built either.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.configure(
        "[[tiers]]\nname = \"heavy\"\njobs = 1\ncores = 4\nmemory = \"20 GB\"\npackages = [\"lib\"]\n\
         [[tiers]]\nname = \"light\"\nmemory = \"1 GB\"\ndefault = true\n",
    );
    workspace
}

#[test]
fn the_screen_compares_nothing_with_a_part() {
    let run = workspace().plan(&["--mem", "4G", "--max-build-time", "4h"]);
    assert_eq!(run.code, Some(1));
    assert_data_eq!(
        run.stdout,
        str![[r#"
...
  build       3  derivations, 2 cannot be built here
...
Schedule  without 2 builds that cannot be built here
  planned[..]without 2 builds, peak [..]
...
  Nix default[..]of all 3 builds, [..]
...
Critical path: 1 step, [..]
  base-1.0[..]  base-1.0[..]

...
error: even at 1 core lib-2.0 (8.8 GB) does not fit into the 4.0 GB for builds, and 1 that need them
       cannot be built [..]
...
exceeded: --max-build-time 4 h 00 min: the plan takes [..] without 2 builds

"#]]
    );
}

#[test]
fn other_formats_say_it_on_standard_error() {
    let workspace = workspace();
    for format in [&["--sh"][..], &["--format", "dot"], &["--format", "json"]] {
        let run = workspace.plan(&[&["--mem", "4G"], format].concat());
        assert_eq!(run.code, Some(1), "{format:?}");
        assert!(
            run.stderr
                .starts_with("error: even at 1 core lib-2.0 (8.8 GB) does not fit"),
            "{format:?}: {}",
            run.stderr
        );
    }
    let plan = workspace.plan(&["--mem", "4G", "--format", "json"]).json(1);
    assert_eq!(plan["criticalPath"], serde_json::json!([0]));
    assert_eq!(plan["tiers"][0]["largestBytes"], 0);
}
