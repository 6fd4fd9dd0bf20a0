//! How large things are, and what they refer to.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::name;
use crate::workspace::{APP, BASE, HASH, LIB, Workspace, base_name, path};

#[test]
fn path_info_is_read_in_each_of_its_shapes() {
    let workspace = Workspace::new();
    let entry = |nar_size: u64, references: Vec<String>| json!({ "narHash": HASH, "narSize": nar_size, "references": references });
    let lib = |name: fn((char, &'static str)) -> String| entry(80_000, vec![name(BASE)]);
    let base = |_: fn((char, &'static str)) -> String| entry(40_000, vec![]);
    let with_path = |of: (char, &str), mut entry: Value| {
        entry["path"] = path(of).into();
        entry
    };
    let shapes = [
        // Up to 2.18, and Lix.
        json!([with_path(BASE, base(path)), with_path(LIB, lib(path)), { "path": path(APP), "valid": false }]),
        // From 2.19.
        json!({ path(BASE): base(path), path(LIB): lib(path), path(APP): null }),
        // From 2.33.
        json!({
            "version": 2,
            "storeDir": "/nix/store",
            "info": {
                base_name(BASE): base(base_name),
                base_name(LIB): lib(base_name),
                base_name(APP): null,
            },
        }),
    ];
    let mut documents = Vec::new();
    for shape in &shapes {
        let file = workspace.write("info.json", &shape.to_string());
        let file = file.to_str().expect("UTF-8");
        let by_flag = workspace.document("plan", &["--path-info", file]);
        workspace.configure("kind = \"cachix\"\npath-info = [\"info.json\"]", "");
        assert_eq!(workspace.document("plan", &[]), by_flag);
        // Sizes of NARs are what `hits` counts.
        let hits = workspace.document("hits", &[]);
        let required = &hits["required"];
        let known = required["narBytes"]
            .as_u64()
            .zip(required["assumedBytes"].as_u64());
        assert_eq!(known.map(|(all, assumed)| all - assumed), Some(120_000));
        workspace.configure("kind = \"cachix\"", "");
        documents.push(by_flag);
    }
    let facts: Vec<Value> = documents[0]["paths"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| {
            json!([
                name(&it["path"]),
                it["bytes"],
                it["sizeSource"],
                it["referencesSource"]
            ])
        })
        .collect();
    // zstd 2 leaves 37.5 %; app is of the size that a path is usually of.
    assert_eq!(
        facts[..2],
        [
            json!(["base-1.0", 15_000, "compressed", "told"]),
            json!(["lib-2.0", 30_000, "compressed", "told"]),
        ]
    );
    assert_eq!(facts[2][2], "assumed");
    assert_eq!(facts[2][3], "assumed");
    for other in &documents[1..] {
        assert_eq!(other, &documents[0]);
    }
}

#[test]
fn path_info_may_be_of_nothing() {
    let workspace = Workspace::new();
    for nothing in [
        "[]",
        "{}\n",
        r#"{"version":2,"storeDir":"/nix/store","info":{}}"#,
    ] {
        let file = workspace.write("info.json", nothing);
        let file = file.to_str().expect("UTF-8");
        let document = workspace.document("plan", &["--held", file, "--path-info", file]);
        assert_eq!(document["isHeldKnown"], true);
        assert_eq!(document["occupiedBeforeBytes"], 0);
    }
}

#[test]
fn path_info_may_be_narinfos() {
    let workspace = Workspace::new();
    let cache = workspace.cache();
    let dir = workspace.document("plan", &["--path-info", cache.to_str().expect("UTF-8")]);
    let file = |letter: &str| cache.join(format!("{}.narinfo", letter.repeat(32)));
    let files = ["a", "b", "d"].map(|letter| file(letter).to_str().expect("UTF-8").to_owned());
    let args: Vec<&str> = files
        .iter()
        .flat_map(|file| ["--path-info", file.as_str()])
        .collect();
    assert_eq!(workspace.document("plan", &args), dir);
    // Whoever packed these did it otherwise than it is going to be.
    assert_eq!(dir["paths"][0]["sizeSource"], "compressed");
    assert_eq!(dir["paths"][0]["bytes"], 1_500);
}

#[test]
fn path_info_that_is_none_is_said() {
    let workspace = Workspace::new();
    let fails = |text: &str, expect: &Expect| {
        workspace.write("info.json", text);
        workspace.fails(&["--path-info", "info.json"], expect);
    };
    fails(
        "[",
        &expect![[r#"
        error[truncated]: info.json: path-info JSON: the input ends at line 1, column 2 (byte 1), where `,` or `]` is expected
         |
         = help: was the command that wrote it interrupted, or the disk full?
    "#]],
    );
    fails(
        "{\"a\": {}}",
        &expect![[r#"
        error[bad-path]: info.json, line 1: "{\"a\": {}}" is not a store path: a store path is absolute
         |
         = help: one store path a line
    "#]],
    );
    fails(
        r#"[{"path": "/nix/store/short-a"}]"#,
        &expect![[r#"
            error[store-path]: info.json: "/nix/store/short-a" is not a store path: a store path starts with 32 characters of hash and a dash, at line 1, column 11 (byte 10)
             |
             = help: no Nix writes that; was the input edited or joined by hand?
        "#]],
    );
    fails(
        r#"{"version": 9, "info": {}}"#,
        &expect![[r#"
        error[unknown-version]: info.json: version 9 of path-info JSON is not known
         |
         = help: a newer Nix wrote this; `nix-store --query --requisites X.drv` and the .drv files themselves have not changed
    "#]],
    );
    workspace.fails(
        &["--path-info", "nowhere.json"],
        &expect![[r#"
        error[file]: cannot read nowhere.json: No such file or directory (os error 2)
         |
         = help: check the path; paths in hmtool.toml are relative to that file
    "#]],
    );
}
