//! The README shows what the command prints.

use std::path::Path;
use std::process::Command;

/// The first fenced block after the README's first command is that command's output at 100
/// columns. `UPDATE_EXPECT=1` writes the present output into the README.
#[test]
fn the_readme_shows_the_plan_of_the_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new(env!("CARGO_BIN_EXE_hmtool"))
        .args(["plan", "examples/modular-workspace", "--color", "never"])
        .current_dir(&root)
        .env("COLUMNS", "100")
        .output()
        .expect("the command runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let printed = String::from_utf8(output.stdout).expect("UTF-8");

    let path = root.join("README.md");
    let readme = std::fs::read_to_string(&path).expect("the README");
    let (before, rest) = readme.split_once("```text\n").expect("a block of text");
    let (shown, after) = rest.split_once("```").expect("its end");
    if std::env::var_os("UPDATE_EXPECT").is_some_and(|value| value == "1") {
        let new = format!("{before}```text\n{printed}```{after}");
        std::fs::write(&path, new).expect("the README can be written");
    } else {
        assert_eq!(shown, printed, "UPDATE_EXPECT=1 cargo test --test readme");
    }
}
