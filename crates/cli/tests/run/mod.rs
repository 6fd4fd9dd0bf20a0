//! Running the command as people do.

use std::path::Path;
use std::process::{Command, Output};

/// Runs it in a folder, on a screen of 100 columns, whatever the environment says otherwise.
pub(crate) fn hmtool(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hmtool"))
        .args(args)
        .current_dir(folder)
        .env_remove("CLICOLOR_FORCE")
        .env_remove("RUST_LOG")
        .env_remove("HMTOOL_HISTORY")
        .env("COLUMNS", "100")
        .output()
        .expect("hmtool runs")
}

/// What it printed.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it prints UTF-8")
}
