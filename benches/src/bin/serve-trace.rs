//! Serves a trace by policies and prints, for each, what it misses and how many million requests
//! it serves in a second of processor time: `policy,capacity,requests,misses,missed bytes,rate`,
//! as `libcachesim.c` does.
//!
//! `serve-trace TRACE.csv CAPACITY POLICY...`, with the capacity in bytes.

use std::fmt::Write as _;
use std::process::ExitCode;

use cache_policy::policy::PolicyKind;
use cache_policy::simulate::{Misses, count_misses};
use cache_policy::trace::{Catalogue, read_csv};
use criterion::measurement::Measurement;
use drv_graph::Bytes;
use hmtool_benches::cpu_time::CpuTime;

/// Runs of each policy, so that they take long against the ticks at which time is counted.
const ROUNDS: u32 = 10;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match serve(&args) {
        Ok(lines) => {
            print!("{lines}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("serve-trace: {error}");
            ExitCode::from(2)
        }
    }
}

fn serve(args: &[String]) -> Result<String, String> {
    let [path, capacity, policies @ ..] = args else {
        return Err("usage: serve-trace TRACE.csv CAPACITY POLICY...".to_owned());
    };
    let text = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let (trace, _) = read_csv(&text).map_err(|error| format!("{path}: {error}"))?;
    let capacity = capacity.parse().map_err(|_| "no capacity in bytes")?;
    let capacity = Bytes(capacity);
    let catalogue = Catalogue::unknown(&trace);
    let count = trace.requests().len();
    let mut lines = String::new();
    for name in policies {
        let kind = PolicyKind::from_name(name).ok_or_else(|| format!("no policy {name}"))?;
        let start = CpuTime.start();
        let mut misses = Misses::default();
        for _ in 0..ROUNDS {
            let mut policy = kind.build(&trace, &catalogue, capacity);
            misses = count_misses(&trace, capacity, &mut policy);
        }
        let seconds = CpuTime.end(start) as f64 / 1e9;
        let rate = f64::from(ROUNDS) * count as f64 / seconds / 1e6;
        let (missed, bytes) = (misses.requests, misses.bytes.0);
        // Writing to a string cannot fail.
        let _ = writeln!(
            lines,
            "{name},{},{count},{missed},{bytes},{rate:.2}",
            capacity.0
        );
    }
    Ok(lines)
}
