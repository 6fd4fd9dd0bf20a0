//! What cannot be planned ends with 2, a place and a way out; it never passes for an answer.

use snapbox::{assert_data_eq, str};

use crate::workspace::Workspace;

#[test]
fn memory_that_nobody_knows_is_not_zero() {
    let workspace = Workspace::new();
    for (name, text, words) in [
        (
            "desk.toml",
            "[cpu]\nthreads = 8\n[memory]\ntotal = \"sixteen\"\n",
            &["desk.toml, memory.total", "sixteen", "or give --mem SIZE"][..],
        ),
        (
            "desk.toml",
            "[cpu]\nthreads = 8\n",
            &["desk.toml, memory.total", "not known", "or give --mem SIZE"],
        ),
        (
            "desk.toml",
            "[cpu]\nthreads = \"x\"\n[memory]\ntotal = 16\n",
            &["desk.toml, cpu.threads", "or give --cores N"],
        ),
        (
            "desk.toml",
            "[cpu]\nthreads = 8\ncores = -4\n[memory]\ntotal = 16\n",
            &["desk.toml, cpu.cores", "negative"],
        ),
        ("desk.toml", "", &["memory.total", "cpu.threads"]),
    ] {
        workspace.write(name, text);
        let run = workspace.plan(&[]);
        run.fails_saying(words);
        assert!(!run.stderr.contains("fit"), "{}", run.stderr);
    }
    let run = workspace.plan(&["--mem", "8G", "--cores", "4", "--format", "json"]);
    assert_eq!(run.json(0)["machine"]["buildMemoryBytes"], 8_u64 << 30);
}

#[test]
fn a_reserve_of_everything_is_blamed_on_its_file() {
    let workspace = Workspace::new();
    workspace.configure("reserve = \"64 GB\"\n");
    let run = workspace.plan(&[]);
    assert_eq!(run.code, Some(2));
    assert_data_eq!(
        run.stderr,
        str![[r#"
error[no-memory-left]: hmtool.toml, reserve: a reserve of 64.0 GB leaves nothing of 16.0 GB for builds
 |
 = help: lower reserve, or give --mem SIZE

"#]]
    );
}

#[test]
fn a_broken_pattern_is_an_error_at_its_place() {
    let workspace = Workspace::new();
    workspace.configure(
        "[[tiers]]\nname = \"heavy\"\n\
         patterns = [\"lib*\", \"li[b\"]\nregexes = [\"mcp-(a\"]\n",
    );
    let run = workspace.plan(&[]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert_data_eq!(
        run.stderr,
        str![[r#"
error: `li[b` is not a glob
 --> hmtool.toml:6:24
  |
6 | patterns = ["lib*", "li[b"]
  |                        ^ unclosed character class; missing ']'
error: `mcp-(a` is not a regular expression
 --> hmtool.toml:7:17
  |
7 | regexes = ["mcp-(a"]
  |                 ^ unclosed group

"#]]
    );
}

#[test]
fn nothing_is_not_a_plan() {
    let workspace = Workspace::new();
    workspace.write("none.json", "{}");
    std::fs::create_dir(workspace.path().join("empty")).expect("the folder is ours");
    for graph in ["none.json", "empty"] {
        workspace
            .plan(&["--graph", graph])
            .fails_saying(&[graph, "no derivation"]);
    }
    workspace.write("blank", "\n# nothing yet\n");
    workspace
        .plan(&["--roots", "blank"])
        .fails_saying(&["blank", "no derivation is asked for"]);
    workspace
        .plan(&["--available", "blank"])
        .fails_saying(&["blank", "no store path is listed"]);
}

#[test]
fn a_cache_of_an_unknown_kind_is_named() {
    let workspace = Workspace::new();
    let run = workspace.plan(&["--cache", "ftp://cache.example.org"]);
    run.fails_saying(&["ftp:// is not understood", "https://"]);
    let run = workspace.plan(&["--cache", "http://127.0.0.1:1", "--cache-timeout", "1s"]);
    run.fails_saying(&["cannot ask http://127.0.0.1:1", "leave the cache out"]);
    assert!(!run.stderr.contains("--offline"), "{}", run.stderr);
}
