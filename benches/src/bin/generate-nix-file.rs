//! Writes a generated `.nix` file to standard output, in the shape of nixpkgs' all-packages.nix.
//!
//! `generate-nix-file [BYTES]`, 675,000 by default.

use std::io::{self, Write};
use std::process::ExitCode;

use hmtool_benches::nix_files::{ALL_PACKAGES, all_packages};

fn main() -> ExitCode {
    let bytes = match std::env::args().nth(1).map(|arg| arg.parse::<usize>()) {
        None => ALL_PACKAGES,
        Some(Ok(bytes)) => bytes,
        Some(Err(_)) => {
            eprintln!("usage: generate-nix-file [BYTES]");
            return ExitCode::from(2);
        }
    };
    match io::stdout().write_all(all_packages(bytes).as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write the file: {error}");
            ExitCode::from(2)
        }
    }
}
