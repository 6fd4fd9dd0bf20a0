//! Writes a generated trace of requests to a cache as CSV to standard output.
//!
//! `generate-trace [REQUESTS [KEY-BITS]]`, 1,000,000 for up to 2¹⁸ objects by default, about
//! 30 MB.

use std::io::{self, Write};
use std::process::ExitCode;

use hmtool_benches::requests;

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|arg| arg.parse::<u32>());
    let mut next = |default| numbers.next().unwrap_or(Ok(default));
    let (Ok(count), Ok(bits @ 1..=31)) = (next(1_000_000), next(18)) else {
        eprintln!("usage: generate-trace [REQUESTS [KEY-BITS]]");
        return ExitCode::from(2);
    };
    match io::stdout().write_all(requests::csv(count, bits).as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write the trace: {error}");
            ExitCode::from(2)
        }
    }
}
