//! What comes in and goes out in other formats.

use std::io::Write;
use std::process::Stdio;

use crate::workspace::{Run, Workspace, path};

/// The schema that `hmtool schema plan` prints holds for real plans.
#[test]
fn real_plans_follow_the_schema() {
    let workspace = Workspace::new();
    let printed = Run::of(workspace.command().args(["schema", "plan"]));
    let schema: serde_json::Value =
        serde_json::from_str(&printed.stdout).expect("a schema is JSON");
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler
        .add_resource("plan.json", schema)
        .expect("it is a schema");
    let schema = compiler
        .compile("plan.json", &mut schemas)
        .expect("it is a schema");

    let example = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/modular-workspace"
    );
    let runs = [
        workspace.plan(&[
            "--format",
            "json",
            "--max-builds",
            "1",
            "--min-hit-rate",
            "1",
            "--max-build-time",
            "1s",
        ]),
        workspace.plan(&["--format", "json", "--mem", "64M"]),
        workspace.plan(&["--format", "json", "--available", "roots"]),
        workspace.plan(&["--format", "json", example]),
        workspace.plan(&["--format", "json", example, "-m", "gyakusatsu"]),
    ];
    for run in runs {
        let plan: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
        if let Err(error) = schemas.validate(&plan, schema) {
            panic!("{error:#}");
        }
        // The schema must be able to fail.
        for (key, wrong) in [
            ("schema", "1".into()),
            ("builds", serde_json::json!([{}])),
            ("work", serde_json::Value::Null),
        ] {
            let mut plan = plan.clone();
            plan[key] = wrong;
            assert!(schemas.validate(&plan, schema).is_err(), "{key}");
        }
    }
}

#[test]
fn the_document_is_consistent() {
    let example = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/modular-workspace"
    );
    let plan = Workspace::new()
        .plan(&["--format", "json", example])
        .json(0);
    let builds = plan["builds"].as_array().expect("a list");
    assert_eq!(plan["work"]["build"], builds.len());
    let start =
        |id: &serde_json::Value| builds[id.as_u64().expect("an id") as usize]["startMs"].as_u64();
    let end =
        |id: &serde_json::Value| builds[id.as_u64().expect("an id") as usize]["endMs"].as_u64();
    for (i, build) in builds.iter().enumerate() {
        assert_eq!(build["id"], i);
    }
    for edge in plan["edges"].as_array().expect("a list") {
        assert!(end(&edge["from"]) <= start(&edge["to"]), "{edge}");
    }
    let last = builds.iter().filter_map(|b| b["endMs"].as_u64()).max();
    assert_eq!(plan["schedule"]["lengthMs"].as_u64(), last);
    let length = plan["schedule"]["lengthMs"].as_u64();
    assert!(plan["schedule"]["lowerBoundMs"].as_u64() <= length);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

#[test]
fn a_graph_is_the_same_however_it_arrives() {
    let workspace = Workspace::new();
    let json = std::fs::read(workspace.path().join("graph.json")).expect("it is there");
    let plain = workspace.plan(&["--graph", "graph.json", "--sh"]).stdout;

    std::fs::write(workspace.path().join("packed"), gzip(&json)).expect("it is ours");
    assert_eq!(workspace.plan(&["--graph", "packed", "--sh"]).stdout, plain);

    let mut child = workspace
        .command()
        .args(["plan", "--graph", "-", "--sh"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("hmtool runs");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(&gzip(&json))
        .expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout), plain);

    // Two halves make the whole, in either order, and what they share counts once.
    let graph: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&json).expect("JSON");
    let half = |range: std::ops::Range<usize>| {
        let half: serde_json::Map<_, _> = graph
            .clone()
            .into_iter()
            .skip(range.start)
            .take(range.len())
            .collect();
        serde_json::to_string(&half).expect("JSON")
    };
    workspace.write("one.json", &half(0..2));
    workspace.write("two.json", &half(1..3));
    for files in [["one.json", "two.json"], ["two.json", "one.json"]] {
        let run = workspace.plan(&["--graph", files[0], "--graph", files[1], "--sh"]);
        assert_eq!(run.stdout, plain, "{}", run.stderr);
    }
}

#[test]
fn drv_files_of_a_directory_make_a_graph() {
    let workspace = Workspace::new();
    let store = workspace.path().join("drvs");
    std::fs::create_dir(&store).expect("it is ours");
    let drv = |letter, name: &str, input: &str| {
        let text = format!(
            "Derive([(\"out\",{:?},\"\",\"\")],[{input}],[],\"x86_64-linux\",\"/bin/sh\",[],[(\"name\",{name:?})])",
            path(letter, name)
        );
        let file = path(letter, &format!("{name}.drv")).replace("/nix/store/", "");
        std::fs::write(store.join(file), text).expect("it is ours");
    };
    drv('a', "base-1.0", "");
    drv(
        'b',
        "lib-2.0",
        &format!("({:?},[\"out\"])", path('a', "base-1.0.drv")),
    );
    let count = |args: &[&str]| {
        workspace
            .plan(&[args, &["--format", "json"]].concat())
            .json(0)["work"]["build"]
            .clone()
    };
    assert_eq!(count(&["--graph", "drvs"]), 2);
    let file = store.join(path('a', "base-1.0.drv").replace("/nix/store/", ""));
    assert_eq!(count(&["--graph", file.to_str().expect("UTF-8")]), 1);
    workspace.write("lib", "lib # by its pname\n");
    assert_eq!(count(&["--graph", "drvs", "--roots", "lib"]), 2);
}

#[test]
fn what_is_there_is_not_built() {
    let workspace = Workspace::new();
    workspace.write("list", &format!("# held\n{}\n", path('b', "lib-2.0")));
    workspace.write(
        "info.json",
        &format!(
            "{{{:?}: {{\"narSize\": 100, \"downloadSize\": 40, \"narHash\": null, \"references\": []}}}}",
            path('b', "lib-2.0")
        ),
    );
    workspace.write(
        "dry-run",
        &format!(
            "these 1 paths will be fetched (0.00 MiB download, 0.00 MiB unpacked):\n  {}\n",
            path('b', "lib-2.0")
        ),
    );
    let work = |args: &[&str]| {
        workspace
            .plan(&[args, &["--format", "json"]].concat())
            .json(0)["work"]
            .clone()
    };
    let local = work(&["--available", "list"]);
    assert_eq!(
        (&local["build"], &local["present"], &local["fetch"]),
        (&1.into(), &1.into(), &0.into())
    );
    for file in ["list", "info.json", "dry-run"] {
        let work = work(&["--cache", file]);
        assert_eq!(
            (&work["build"], &work["fetch"]),
            (&1.into(), &1.into()),
            "{file}"
        );
        let known = file == "info.json";
        assert_eq!(
            work["sources"][0]["downloadBytes"],
            if known {
                40.into()
            } else {
                serde_json::Value::Null
            }
        );
    }
    assert_eq!(
        work(&["--available", "list"])["hitRate"].as_f64(),
        Some(2.0 / 3.0)
    );
}

/// The lines name derivations; their files lie in the store that the lines name.
#[test]
fn jobs_of_nix_eval_jobs_are_roots_with_attributes() {
    let workspace = Workspace::new();
    let store = workspace.path().join("store");
    std::fs::create_dir(&store).expect("it is ours");
    let path = |letter, name: &str| {
        path(letter, name).replace("/nix/store", store.to_str().expect("UTF-8"))
    };
    let drv = |letter, name: &str, input: &str| {
        let text = format!(
            "Derive([(\"out\",{:?},\"\",\"\")],[{input}],[],\"x86_64-linux\",\"/bin/sh\",[],[(\"name\",{name:?})])",
            path(letter, name)
        );
        std::fs::write(path(letter, &format!("{name}.drv")), text).expect("it is ours");
    };
    drv('a', "base-1.0", "");
    drv(
        'b',
        "lib-2.0",
        &format!("({:?},[\"out\"])", path('a', "base-1.0.drv")),
    );
    let job = |attr: &str| {
        format!(
            "{{\"attr\": {attr:?}, \"attrPath\": [{attr:?}], \"drvPath\": {:?}, \"name\": \"lib-2.0\", \
             \"outputs\": {{\"out\": {:?}}}, \"system\": \"x86_64-linux\"}}",
            path('b', "lib-2.0.drv"),
            path('b', "lib-2.0")
        )
    };
    let broken =
        "{\"attr\": \"broken\", \"attrPath\": [\"broken\"], \"error\": \"error: no such thing\"}";
    workspace.write("jobs", &format!("{}\n{broken}\n", job("myLib")));
    let plan = workspace
        .plan(&["--graph", "jobs", "--format", "json"])
        .json(0);
    assert_eq!(plan["work"]["build"], 2);
    assert_eq!(plan["input"]["roots"], 1);
    assert_eq!(plan["builds"][1]["attribute"], "myLib");
    let diagnostics = plan["diagnostics"].as_array().expect("a list");
    let said = diagnostics
        .iter()
        .find(|d| d["code"] == "job-failed")
        .expect("it is said");
    assert_eq!(
        said["message"],
        "broken did not evaluate: error: no such thing"
    );
}
