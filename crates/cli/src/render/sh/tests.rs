//! Scripts: quoted, in order, and within the machine's limits.

use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use expect_test::expect;

use super::super::sample::{HOSTILE, hostile, plan};
use super::*;

#[test]
fn the_sample_in_waves() {
    let script = render(&plan(), Path::new("roots"));
    let body = script
        .split_once("INT TERM\n")
        .expect("the prelude ends so")
        .1;
    expect![[r#"

        # wave 1 of 3: gcc-14.3.0 (6.0 GB, 1 h 00 min)
        nix-store --realise '/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-gcc-14.3.0.drv' -j1 --cores 6 --add-root "$roots"/'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-gcc-14.3.0' --indirect >/dev/null &
        started
        finish 'wave 1 of 3'

        # wave 2 of 3: 2 small
        nix-store --realise \
          '/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-zlib-1.3.drv' \
          '/nix/store/dddddddddddddddddddddddddddddddd-ripgrep-15.drv' \
          -j2 --cores 2 --add-root "$roots"/'wave-2-1' --indirect >/dev/null &
        started
        finish 'wave 2 of 3'

        # wave 3 of 3: python3-3.13.1 (4.0 GB, 30 min)
        nix-store --realise '/nix/store/cccccccccccccccccccccccccccccccc-python3-3.13.1.drv' -j1 --cores 6 --add-root "$roots"/'cccccccccccccccccccccccccccccccc-python3-3.13.1' --indirect >/dev/null &
        started
        finish 'wave 3 of 3'
        # left out, it or what it needs does not fit: /nix/store/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-chromium-142.drv
    "#]].assert_eq(body);
}

/// Runs the script with a `nix-store` that writes down what it is asked for.
fn run(plan: &Plan) -> (Vec<String>, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let fake = dir.path().join("nix-store");
    // Arguments are ended by NUL, since they may have anything else in them.
    std::fs::write(
        &fake,
        "#!/bin/sh\nfor a; do printf '%s\\0' \"$a\"; done >>\"$LOG\"\n",
    )
    .expect("it is ours");
    std::fs::set_permissions(&fake, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    let script = dir.path().join("plan.sh");
    std::fs::write(&script, render(plan, Path::new("my roots"))).expect("it is ours");
    let path = format!("{}:/usr/bin:/bin", dir.path().display());
    let output = Command::new("sh")
        .arg(&script)
        .current_dir(dir.path())
        .env("PATH", path)
        .env("LOG", dir.path().join("log"))
        .output()
        .expect("sh runs");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaints.is_empty(),
        "{complaints}"
    );
    let log = std::fs::read(dir.path().join("log")).expect("something ran");
    let words = log
        .split(|&b| b == 0)
        .map(|w| String::from_utf8_lossy(w).into_owned());
    (words.collect(), dir)
}

#[test]
fn names_arrive_as_they_are_and_run_nothing() {
    for name in HOSTILE {
        let plan = hostile(name);
        let (words, dir) = run(&plan);
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
fn a_failed_build_ends_the_script() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let script = render(&plan(), &dir.path().join("roots"));
    let script = script.replace("nix-store --realise", "false");
    let output = Command::new("sh")
        .arg("-c")
        .arg(script)
        .output()
        .expect("sh runs");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "a build of wave 1 of 3 failed\n"
    );
}

/// Every wave keeps the limits, and nothing runs before what it needs.
#[test]
fn waves_keep_order_and_limits() {
    let plan = plan();
    let waves = waves(&plan);
    let mut place = vec![None; plan.builds.len()];
    for (number, wave) in waves.iter().enumerate() {
        let (jobs, cores) = wave.small_limits(&plan);
        let small = if wave.small.is_empty() {
            0
        } else {
            jobs * wave.small_memory
        };
        assert!(
            wave.memory + small <= plan.machine.build_memory_bytes,
            "wave {number}"
        );
        assert!(cores <= plan.machine.thread_limit);
        for (build, is_small) in wave
            .large
            .iter()
            .map(|b| (b, false))
            .chain(wave.small.iter().map(|b| (b, true)))
        {
            place[build.id as usize] = Some((number, is_small));
        }
    }
    for edge in &plan.edges {
        let (Some((from, a)), Some((to, b))) = (place[edge.from as usize], place[edge.to as usize])
        else {
            continue;
        };
        assert!(from < to || (from == to && a && b), "{edge:?}");
    }
    assert_eq!(place[4], None, "what does not fit is in no wave");
}
