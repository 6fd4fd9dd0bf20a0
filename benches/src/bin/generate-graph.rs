//! Writes a generated graph as JSON to standard output.
//!
//! `generate-graph [DERIVATIONS [EDGES-PER-DERIVATION [FIRST EVERY]]]`, 100,000 with 6 inputs each by
//! default, about 400 MB. With FIRST and EVERY, the same after an edit of that derivation and of each
//! EVERY-th after it.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use hmtool_benches::GeneratedGraph;

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|arg| arg.parse::<u32>());
    let mut next = |default| numbers.next().unwrap_or(Ok(default));
    // Without them, nothing is far enough to be edited.
    let numbers = (next(100_000), next(6), next(u32::MAX), next(u32::MAX));
    let (Ok(derivations), Ok(edges), Ok(first), Ok(every @ 1..)) = numbers else {
        eprintln!("usage: generate-graph [DERIVATIONS [EDGES-PER-DERIVATION [FIRST EVERY]]]");
        return ExitCode::from(2);
    };
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let written = GeneratedGraph::new(derivations, edges)
        .edited(first, every)
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
