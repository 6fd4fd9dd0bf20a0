//! The plan as a POSIX shell script: waves of `nix-store --realise`.
//!
//! A script cannot dispatch, it can only wait for everything it started. So builds are put into
//! waves: a wave holds no more memory, threads and jobs of a tier than there are, and everything
//! it needs from outside is in an earlier one. Small builds of a wave go to one Nix together,
//! which puts them in order itself; their number at once is what fits beside the large ones.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::dto::plan::{Build, Plan};
use crate::quantity::{bytes, count, duration};

use super::untrusted::{for_shell, for_terminal};

/// A build that takes more than this part of the memory gets a command of its own.
const SMALL: u64 = 8;
/// Paths in one command: a tenth of what the kernel allows as arguments.
const BATCH: usize = 1_000;

/// Builds that run at the same time.
#[derive(Debug, Default)]
struct Wave<'a> {
    large: Vec<&'a Build>,
    small: Vec<&'a Build>,
    /// Of the large builds together.
    memory: u64,
    threads: u32,
    tiers: BTreeMap<&'a str, u32>,
    /// Of the largest small build.
    small_memory: u64,
}

impl<'a> Wave<'a> {
    fn admits(&self, build: &Build, plan: &Plan) -> bool {
        let tier = plan.tiers.iter().find(|t| t.name == build.tier);
        let at_once = self.tiers.get(build.tier.as_str()).copied().unwrap_or(0);
        let jobs = tier.and_then(|t| t.max_jobs).unwrap_or(u32::MAX);
        let fits =
            self.memory + self.small_memory + build.memory_bytes <= plan.machine.build_memory_bytes;
        let threads = self.threads + build.counted_threads <= plan.machine.thread_limit;
        fits && at_once < jobs && (threads || self.large.is_empty())
    }

    fn admits_small(&self, build: &Build, plan: &Plan) -> bool {
        self.memory + self.small_memory.max(build.memory_bytes) <= plan.machine.build_memory_bytes
    }

    fn add(&mut self, build: &'a Build) {
        self.memory += build.memory_bytes;
        self.threads += build.counted_threads;
        *self.tiers.entry(&build.tier).or_default() += 1;
        self.large.push(build);
    }

    fn add_small(&mut self, build: &'a Build) {
        self.small_memory = self.small_memory.max(build.memory_bytes);
        self.small.push(build);
    }

    /// How many small builds may run at once, and with how many threads each.
    fn small_limits(&self, plan: &Plan) -> (u64, u32) {
        let cores = self
            .small
            .iter()
            .map(|b| b.threads)
            .max()
            .unwrap_or(1)
            .max(1);
        let memory = plan.machine.build_memory_bytes.saturating_sub(self.memory);
        let by_memory = memory.checked_div(self.small_memory).unwrap_or(u64::MAX);
        let threads = plan.machine.thread_limit.saturating_sub(self.threads) / cores;
        let tiers = plan
            .tiers
            .iter()
            .filter(|t| self.small.iter().any(|b| b.tier == t.name));
        let by_tier = tiers
            .map(|t| t.max_jobs.unwrap_or(u32::MAX))
            .max()
            .unwrap_or(1);
        let jobs = by_memory
            .min(u64::from(threads.max(1)))
            .min(u64::from(by_tier))
            .min(self.small.len() as u64);
        (jobs.max(1), cores)
    }
}

/// Puts every scheduled build into a wave, in the order of their planned starts. O(n · w + e) for
/// w waves.
fn waves(plan: &Plan) -> Vec<Wave<'_>> {
    let mut inputs: Vec<Vec<u32>> = vec![Vec::new(); plan.builds.len()];
    for edge in &plan.edges {
        inputs[edge.to as usize].push(edge.from);
    }
    let mut order: Vec<&Build> = plan
        .builds
        .iter()
        .filter(|b| b.start_ms.is_some())
        .collect();
    // A build that takes no time starts when its input does: the end tells them apart, and at
    // last the number of builds before it.
    let depth = depths(plan, &inputs);
    order.sort_by_key(|b| (b.start_ms, b.end_ms, depth[b.id as usize], b.id));
    let mut waves: Vec<Wave<'_>> = Vec::new();
    let mut place: Vec<Option<(usize, bool)>> = vec![None; plan.builds.len()];
    for build in order {
        let small = build.memory_bytes.saturating_mul(SMALL) <= plan.machine.build_memory_bytes;
        let earliest = inputs[build.id as usize].iter().filter_map(|&input| {
            let (wave, small_input) = place[input as usize]?;
            // One Nix builds all small ones of a wave, and knows their order.
            Some(if small && small_input { wave } else { wave + 1 })
        });
        let earliest = earliest.max().unwrap_or(0);
        let admits = |wave: &Wave<'_>| {
            if small {
                wave.admits_small(build, plan)
            } else {
                wave.admits(build, plan)
            }
        };
        let found = (earliest..waves.len()).find(|&w| admits(&waves[w]));
        let wave = found.unwrap_or_else(|| {
            waves.resize_with(waves.len().max(earliest) + 1, Wave::default);
            waves.len() - 1
        });
        if small {
            waves[wave].add_small(build);
        } else {
            waves[wave].add(build);
        }
        place[build.id as usize] = Some((wave, small));
    }
    waves
}

/// For each build the longest chain of builds before it.
fn depths(plan: &Plan, inputs: &[Vec<u32>]) -> Vec<u32> {
    let mut dependents: Vec<Vec<u32>> = vec![Vec::new(); inputs.len()];
    let mut waiting: Vec<usize> = inputs.iter().map(Vec::len).collect();
    for edge in &plan.edges {
        dependents[edge.from as usize].push(edge.to);
    }
    let mut depth = vec![0; inputs.len()];
    let mut ready: Vec<u32> = (0..inputs.len() as u32)
        .filter(|&id| waiting[id as usize] == 0)
        .collect();
    while let Some(id) = ready.pop() {
        for &dependent in &dependents[id as usize] {
            let at = dependent as usize;
            depth[at] = depth[at].max(depth[id as usize] + 1);
            waiting[at] -= 1;
            if waiting[at] == 0 {
                ready.push(dependent);
            }
        }
    }
    depth
}

/// The script. Garbage collector roots go to `roots`.
pub(crate) fn render(plan: &Plan, roots: &Path) -> String {
    let waves = waves(plan);
    let mut out = String::from("#!/bin/sh\n");
    let machine = plan.machine.name.as_deref().unwrap_or("a machine");
    comment(
        &mut out,
        &format!(
            "{} builds in {} waves for {machine}: {} threads, {}; planned {}.",
            count(plan.builds.len() as u64),
            waves.len(),
            plan.machine.build_threads,
            bytes(plan.machine.build_memory_bytes),
            duration(plan.schedule.length_ms),
        ),
    );
    comment(
        &mut out,
        "Run it again after a failure: what is built already is not built again.",
    );
    comment(
        &mut out,
        "The .drv files must be in this machine's store, as evaluation leaves them.",
    );
    out.push_str("set -eu\n");
    let _ = writeln!(out, "roots={}", for_shell(&roots.to_string_lossy()));
    out.push_str(PRELUDE);
    for (number, wave) in (1..).zip(&waves) {
        out.push('\n');
        let name = format!("wave {number} of {}", waves.len());
        comment(&mut out, &format!("{name}: {}", summary(wave)));
        for build in &wave.large {
            let _ = writeln!(
                out,
                "nix-store --realise {} -j1 --cores {} --add-root \"$roots\"/{} --indirect >/dev/null &\nstarted",
                for_shell(&build.drv),
                build.threads,
                for_shell(root_name(build)),
            );
        }
        small(&mut out, wave, plan, number);
        let _ = writeln!(out, "finish {}", for_shell(&name));
    }
    for &id in &plan.schedule.left_out {
        comment(
            &mut out,
            &format!(
                "left out, it or what it needs does not fit: {}",
                plan.build(id).drv
            ),
        );
    }
    out
}

/// Remembers what runs, waits for it, and ends with it.
const PRELUDE: &str = r#"mkdir -p -- "$roots"
pids=
started() { pids="$pids $!"; }
finish() {
  failed=0
  for pid in $pids; do wait "$pid" || failed=1; done
  pids=
  [ "$failed" -eq 0 ] || { echo "a build of $1 failed" >&2; exit 1; }
}
trap 'kill $pids 2>/dev/null || :; exit 130' INT TERM
"#;

fn small(out: &mut String, wave: &Wave<'_>, plan: &Plan, number: usize) {
    if wave.small.is_empty() {
        return;
    }
    let (jobs, cores) = wave.small_limits(plan);
    let batches: Vec<&[&Build]> = wave.small.chunks(BATCH).collect();
    let mut indent = "";
    if batches.len() > 1 {
        out.push_str("{\n");
        indent = "  ";
    }
    for (i, batch) in (1..).zip(&batches) {
        let _ = write!(out, "{indent}nix-store --realise");
        for build in *batch {
            let _ = write!(out, " \\\n{indent}  {}", for_shell(&build.drv));
        }
        let root = if let [only] = batch {
            root_name(only).to_owned()
        } else {
            format!("wave-{number}-{i}")
        };
        let _ = write!(
            out,
            " \\\n{indent}  -j{jobs} --cores {cores} --add-root \"$roots\"/{} --indirect >/dev/null",
            for_shell(&root),
        );
        out.push_str(match (batches.len(), i == batches.len()) {
            (1, _) => " &\n",
            (_, true) => "\n} &\n",
            _ => " &&\n",
        });
    }
    out.push_str("started\n");
}

/// The last component of the derivation's path, without `.drv`: unique, and it says what it is.
fn root_name(build: &Build) -> &str {
    let base = build.drv.rsplit('/').next().unwrap_or_default();
    base.strip_suffix(".drv").unwrap_or(base)
}

fn summary(wave: &Wave<'_>) -> String {
    let mut parts: Vec<String> = wave
        .large
        .iter()
        .map(|b| {
            format!(
                "{} ({}, {})",
                b.name,
                bytes(b.memory_bytes),
                duration(b.duration_ms)
            )
        })
        .collect();
    if !wave.small.is_empty() {
        parts.push(format!("{} small", count(wave.small.len() as u64)));
    }
    parts.join(", ")
}

/// Lines after `# `; nothing in the text can end one.
fn comment(out: &mut String, text: &str) {
    let _ = writeln!(out, "# {}", for_terminal(text));
}

#[cfg(test)]
mod tests;
