//! The plan as a POSIX shell script: one `nix-store --realise` for each build, started in the
//! background as soon as the script has waited for what [`steps`] says.
//!
//! Builds are not given to one Nix together, however small: it would hold all of them until the
//! last has ended, and whoever needs one of them would wait for all. A Nix that has one thing to
//! do starts in milliseconds.

use std::fmt::Write as _;
use std::path::Path;

use tier_planner::job::JobGraph;

use crate::dto::plan::{Build, Plan, Severity};
use crate::quantity::{bytes, duration, plural};

use super::human::{diagnostic_text, gate_text};
use super::untrusted::{for_shell, for_terminal};
use steps::{Step, replay, steps};

mod steps;

/// The script. `jobs` are the plan's builds as they are scheduled; garbage collector roots go to
/// `roots`.
pub(crate) fn render(plan: &Plan, jobs: &JobGraph, roots: &Path) -> String {
    let steps = steps(plan);
    let mut out = String::from("#!/bin/sh\n");
    head(&mut out, plan, &steps, jobs);
    out.push_str("set -eu\n");
    let _ = writeln!(out, "roots={}", for_shell(&roots.to_string_lossy()));
    out.push_str(PRELUDE);
    let mut number = vec![0; plan.builds.len()];
    for (n, step) in (1..).zip(&steps) {
        number[step.build as usize] = n;
        let build = plan.build(step.build);
        if !step.waits.is_empty() {
            out.push_str("await");
            for &id in &step.waits {
                let _ = write!(out, " {}", number[id as usize]);
            }
            out.push('\n');
        }
        let _ = writeln!(
            out,
            "build {n} {} {} # {}",
            build.threads,
            for_shell(&build.drv),
            for_terminal(&summary(build)),
        );
    }
    out.push_str("await \"$running\"\n");
    left_out(&mut out, plan);
    out
}

/// What the script does, what it comes to, and what is wrong with it.
fn head(out: &mut String, plan: &Plan, steps: &[Step], jobs: &JobGraph) {
    let machine = plan.machine.name.as_deref().unwrap_or("a machine");
    let left_out = plan.schedule.left_out.len() as u64;
    let mut what = plural(steps.len() as u64, "build");
    if left_out > 0 {
        let _ = write!(what, ", without {}", plural(left_out, "build"));
        what.push_str(" that cannot be built here");
    }
    comment(
        out,
        &format!(
            "{what}, for {machine}: {}, {} of memory.",
            plural(plan.machine.build_threads.into(), "thread"),
            bytes(plan.machine.build_memory_bytes),
        ),
    );
    let run = replay(plan, steps, jobs);
    comment(
        out,
        &format!(
            "By the estimates this script takes {} and holds up to {}; the plan takes {}.",
            duration(run.makespan().0),
            bytes(run.peak_memory(jobs).0.0),
            duration(plan.schedule.length_ms),
        ),
    );
    let errors = plan.diagnostics.iter();
    for error in errors.filter(|d| d.severity == Severity::Error) {
        comment(out, &diagnostic_text(error));
    }
    for gate in plan.gates.iter().filter(|gate| !gate.passed) {
        comment(out, &format!("exceeded: {}", gate_text(gate, plan)));
    }
    for line in [
        "A build starts once what it needs has ended, and what held its memory, its threads or its",
        "place in its tier: no limit is passed when builds take longer than planned.",
        "After a failure nothing more is started. Run it again then: what is built is not built again.",
        "The .drv files must be in this machine's store, as evaluation leaves them.",
    ] {
        comment(out, line);
    }
}

/// Starts a build in the background, waits for builds, and ends with them.
const PRELUDE: &str = r#"mkdir -p -- "$roots"
running='' failed='' pid='' drv=''
# build NUMBER CORES DERIVATION
build() {
  root=${3##*/}
  nix-store --realise "$3" -j1 --cores "$2" --add-root "$roots/${root%.drv}" --indirect >/dev/null &
  eval "pid_$1=\$! drv_$1=\$3"
  running="$running $1"
}
# collect NUMBERS: waits for each of these builds, whether it succeeds or not.
collect() {
  for number in $1; do
    eval "pid=\$pid_$number drv=\$drv_$number"
    wait "$pid" || { failed=1; printf 'failed: %s\n' "$drv" >&2; }
    left=''
    for other in $running; do [ "$other" = "$number" ] || left="$left $other"; done
    running=$left
  done
}
# await NUMBER...: ends the script when one has failed, after what still runs.
await() {
  collect "$*"
  if [ -n "$failed" ]; then
    [ -z "$running" ] || echo "nothing more is started; waiting for what still runs" >&2
    collect "$running"
    exit 1
  fi
}
stop() {
  trap - HUP INT TERM
  for number in $running; do eval "kill \$pid_$number" 2>/dev/null || :; done
  exit 130
}
trap stop HUP INT TERM

"#;

/// The end of a script that does not build everything: who runs it must not take it for done.
fn left_out(out: &mut String, plan: &Plan) {
    let left_out = &plan.schedule.left_out;
    if left_out.is_empty() {
        return;
    }
    out.push('\n');
    comment(
        out,
        "Left out: these do not fit, or need one that does not.",
    );
    for &id in left_out {
        comment(out, &plan.build(id).drv);
    }
    let _ = writeln!(
        out,
        "echo '{} left out: see the end of this script' >&2\nexit 1",
        plural(left_out.len() as u64, "build"),
    );
}

fn summary(build: &Build) -> String {
    format!(
        "{}, {}, {}",
        build.tier,
        bytes(build.memory_bytes),
        duration(build.duration_ms)
    )
}

/// A line after `# `; nothing in the text can end it.
fn comment(out: &mut String, text: &str) {
    let _ = writeln!(out, "# {}", for_terminal(text));
}

#[cfg(test)]
mod tests;
