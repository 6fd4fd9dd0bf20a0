//! Writes a generated graph as JSON to standard output.
//!
//! `generate-graph [DERIVATIONS [EDGES-PER-DERIVATION]]`, 100,000 with 6 inputs each by default,
//! about 400 MB.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use hmtool_benches::GeneratedGraph;

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|arg| arg.parse::<u32>());
    let mut next = |default| numbers.next().unwrap_or(Ok(default));
    let (Ok(derivations), Ok(edges)) = (next(100_000), next(6)) else {
        eprintln!("usage: generate-graph [DERIVATIONS [EDGES-PER-DERIVATION]]");
        return ExitCode::from(2);
    };
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let written = GeneratedGraph::new(derivations, edges)
        .write_json(&mut out)
        .and_then(|()| out.flush());
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write the graph: {error}");
            ExitCode::from(2)
        }
    }
}
