//! Scripts: quoted, and ending as their builds do.

use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use expect_test::expect;
use tier_planner::cost::{DurationModel, MemoryModel};
use tier_planner::job::{Job, JobId};
use tier_planner::tier::TierId;
use tier_planner::{Bytes, Cores, Millis};

use super::super::sample::{HOSTILE, hostile, plan};
use super::*;

/// The plan's builds as the scheduler sees them, without a model of their threads.
fn jobs(plan: &Plan) -> JobGraph {
    let tier = |build: &Build| plan.tiers.iter().position(|t| t.name == build.tier);
    let jobs = plan.builds.iter().map(|build| Job {
        tier: TierId(tier(build).expect("it is in the plan") as u16),
        max_threads: Cores(build.threads),
        usable_threads: Job::UNLIMITED,
        duration: DurationModel::serial(Millis(build.duration_ms)),
        memory: MemoryModel {
            base: Bytes(build.memory_bytes),
            per_thread: Bytes(0),
        },
    });
    let edges = plan.edges.iter().map(|e| (JobId(e.from), JobId(e.to)));
    JobGraph::new(jobs.collect(), edges).expect("a plan has no cycle")
}

#[test]
fn the_sample_as_a_script() {
    let plan = plan();
    let script = render(&plan, &jobs(&plan), Path::new("roots"));
    let (head, body) = script.split_once(PRELUDE).expect("the prelude is as it is");
    expect![[r#"
        #!/bin/sh
        # 4 builds, without 1 build that cannot be built here, for desk: 7 threads, 10.0 GB of memory.
        # By the estimates this script takes 1 h 32 min and holds up to 6.0 GB; the plan takes 1 h 32 min.
        # error: chromium-142 does not fit: it needs 12.0 GB even at 1 core, and builds have 10.0 GB [2.0 GB]; fetch it from a cache, or build it on a larger machine
        # exceeded: --max-builds 3: 5 builds
        # A build starts once what it needs has ended, and what held its memory, its threads or its
        # place in its tier: no limit is passed when builds take longer than planned.
        # After a failure nothing more is started. Run it again then: what is built is not built again.
        # The .drv files must be in this machine's store, as evaluation leaves them.
        set -eu
        roots='roots'
    "#]].assert_eq(head);
    expect![[r#"
        build 1 6 '/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-gcc-14.3.0.drv' # heavy, 6.0 GB, 1 h 00 min
        await 1
        build 2 2 '/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-zlib-1.3.drv' # light, 1.0 GB, 2 min
        build 3 2 '/nix/store/dddddddddddddddddddddddddddddddd-ripgrep-15.drv' # light, 1.0 GB, 15 min
        await 2
        build 4 6 '/nix/store/cccccccccccccccccccccccccccccccc-python3-3.13.1.drv' # heavy, 4.0 GB, 30 min
        await "$running"

        # Left out: these do not fit, or need one that does not.
        # /nix/store/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-chromium-142.drv
        echo '1 build left out: see the end of this script' >&2
        exit 1
    "#]].assert_eq(body);
}

/// A script that was run, and what it did.
struct Ran {
    /// What `nix-store` was asked for, word by word.
    words: Vec<String>,
    code: Option<i32>,
    complaints: String,
    dir: tempfile::TempDir,
}

/// Runs the script with a `nix-store` that writes down what it is asked for, and fails when that
/// has `failing` in it.
fn run(plan: &Plan, failing: &str) -> Ran {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let fake = dir.path().join("nix-store");
    // Arguments are ended by NUL, since they may have anything else in them.
    std::fs::write(
        &fake,
        "#!/bin/sh\nfor a; do printf '%s\\0' \"$a\"; done >>\"$LOG\"\n\
         case $2 in *\"$FAILING\"*) exit 100;; esac\n",
    )
    .expect("it is ours");
    std::fs::set_permissions(&fake, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    let script = dir.path().join("plan.sh");
    let text = render(plan, &jobs(plan), Path::new("my roots"));
    std::fs::write(&script, text).expect("it is ours");
    let path = format!("{}:/usr/bin:/bin", dir.path().display());
    let output = Command::new("sh")
        .arg(&script)
        .current_dir(dir.path())
        .env("PATH", path)
        .env("LOG", dir.path().join("log"))
        .env("FAILING", failing)
        .output()
        .expect("sh runs");
    let log = std::fs::read(dir.path().join("log")).expect("something ran");
    let words = log
        .split(|&b| b == 0)
        .map(|w| String::from_utf8_lossy(w).into_owned());
    Ran {
        words: words.collect(),
        code: output.status.code(),
        complaints: String::from_utf8_lossy(&output.stderr).into_owned(),
        dir,
    }
}

const NOTHING: &str = "no name is like this";

#[test]
fn names_arrive_as_they_are_and_run_nothing() {
    for name in HOSTILE {
        let plan = hostile(name);
        let Ran {
            words,
            code,
            complaints,
            dir,
        } = run(&plan, NOTHING);
        assert_eq!(
            (code, complaints.as_str()),
            (Some(1), "1 build left out: see the end of this script\n")
        );
        for build in plan.builds.iter().filter(|b| b.start_ms.is_some()) {
            let times = words.iter().filter(|word| **word == build.drv).count();
            assert_eq!(times, 1, "{:?} in {words:?}", build.drv);
        }
        let files: HashSet<String> = std::fs::read_dir(dir.path())
            .expect("it is there")
            .map(|entry| {
                entry
                    .expect("it is there")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        let expected = ["nix-store", "plan.sh", "log", "my roots"].map(str::to_owned);
        assert_eq!(files, HashSet::from(expected), "{name:?}");
    }
}

#[test]
fn a_script_that_builds_everything_ends_well() {
    let mut plan = plan();
    plan.builds.pop();
    plan.edges.pop();
    plan.schedule.left_out.clear();
    let ran = run(&plan, NOTHING);
    assert_eq!((ran.code, ran.complaints.as_str()), (Some(0), ""));
}

/// The other build that runs then is waited for; what needs neither is not started.
#[test]
fn a_failed_build_is_named_and_ends_the_script() {
    let ran = run(&plan(), "zlib");
    assert_eq!(ran.code, Some(1));
    assert_eq!(
        ran.complaints,
        "failed: /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-zlib-1.3.drv\n\
         nothing more is started; waiting for what still runs\n"
    );
    let started = |name: &str| {
        ran.words
            .iter()
            .any(|w| w.ends_with(&format!("{name}.drv")))
    };
    assert!(started("ripgrep-15") && !started("python3-3.13.1"));
}
