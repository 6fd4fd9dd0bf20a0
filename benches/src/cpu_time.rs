//! Processor time as criterion's measure: what others do on the machine counts little.

use std::fs;

use criterion::Throughput;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};

/// The time that the calling thread has had a processor, as Linux counts it in
/// `/proc/thread-self/schedstat`.
///
/// Linux counts at its ticks, every few milliseconds, so what is measured should take longer.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuTime;

/// Nanoseconds; 0 where there is no such file, so that figures of 0 say that nothing was measured.
fn now() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = text.split(' ').next();
    first.and_then(|word| word.parse().ok()).unwrap_or(0)
}

impl Measurement for CpuTime {
    type Intermediate = u64;
    type Value = u64;

    fn start(&self) -> u64 {
        now()
    }

    fn end(&self, start: u64) -> u64 {
        now() - start
    }

    fn add(&self, first: &u64, second: &u64) -> u64 {
        first + second
    }

    fn zero(&self) -> u64 {
        0
    }

    fn to_f64(&self, value: &u64) -> f64 {
        *value as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        &Nanoseconds
    }
}

/// As criterion prints wall time, which is in nanoseconds too.
struct Nanoseconds;

impl ValueFormatter for Nanoseconds {
    fn scale_values(&self, typical: f64, values: &mut [f64]) -> &'static str {
        WallTime.formatter().scale_values(typical, values)
    }

    fn scale_throughputs(
        &self,
        typical: f64,
        throughput: &Throughput,
        values: &mut [f64],
    ) -> &'static str {
        WallTime
            .formatter()
            .scale_throughputs(typical, throughput, values)
    }

    fn scale_for_machines(&self, values: &mut [f64]) -> &'static str {
        WallTime.formatter().scale_for_machines(values)
    }
}
