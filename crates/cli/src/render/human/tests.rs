//! The screen: what it shows, and that nothing breaks it.

use expect_test::{Expect, expect};

use super::super::sample::{HOSTILE, hostile, plan};
use super::*;
use crate::dto::plan::LikelySaved;

fn plain(plan: &Plan, screen: Screen) -> String {
    anstream::adapter::strip_str(&render(plan, screen)).to_string()
}

fn check(screen: Screen, expected: &Expect) {
    expected.assert_eq(&plain(&plan(), screen));
}

#[test]
fn a_screen_of_a_hundred_columns() {
    check(
        Screen::new(100, false),
        &expect![[r#"
            desk  7 of 8 threads, 10.0 GB of memory for builds (16.0 GB, 6.0 GB kept free)
            12 derivations, 20 dependencies, 1 root from graph.json

            To do  58 % needs no build: 7 of 12 derivations wanted, sources aside
              build       5  derivations, 1 cannot be built here
              substitute  2  paths from cache.nixos.org, 12.3 MB to download, 50.0 MB unpacked
              present     1  valid already; 4 more are not needed then

            Tiers  6 h 47 min of work if every build ran alone
                     builds        work  at once  cores   memory  largest
              heavy       3  6 h 30 min   1 of 1      6  12.0 GB  16.0 GB
              light       2      17 min  2 of 12      2   1.0 GB   1.0 GB

            Schedule  without 1 build that cannot be built here
              planned       1 h 32 min  without 1 build, peak 6.0 GB of 10.0 GB, 2 builds at once
                                        1 h 11 min to 2 h 20 min in 8 of 10 cases, half take over 1 h 39 min
              lower bound   1 h 30 min  gap 2.2 %, by tier heavy, given input order, jobs of heavy at once
              Nix today     1 h 50 min  of all 5 builds, max-jobs 2 × cores 6, peak 20.0 GB, 10.0 GB more than
                                        there is
              Nix, fitting  2 h 10 min  of all 5 builds, max-jobs 1 × cores 6, peak 12.0 GB, its fastest setting
                                        that fits

            Critical path: 3 steps, 1 h 32 min                 Costliest builds: memory and time
              gcc-14.3.0                      1 h 00 min   ×6    gcc-14.3.0                    6.0 GB 1 h 00 min
              python3-3.13.1                      30 min   ×6    python3-3.13.1                4.0 GB     30 min
              zlib-1.3                             2 min   ×2    ripgrep-15                    1.0 GB     15 min
                                                                 zlib-1.3                      1.0 GB      2 min

                                              ╷0:00 h   ╷0:15 h    ╷0:30 h    ╷0:45 h    ╷1:00 h   ╷1:15 h
              gcc-14.3.0                heavy ███████████████████████████████████████████
              zlib-1.3                  light                                            █▍
              ripgrep-15                light                                            ██████████▊
              python3-3.13.1            heavy                                             ██████████████████████
              threads, of 2 × 7               ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▃▅▅▅▅▅▅▅▅▅▅▄▄▄▄▄▄▄▄▄▄▄
              memory, of 10.0 GB              ▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▂▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄

            error: chromium-142 does not fit: it needs 12.0 GB even at 1 core, and builds have 10.0 GB [2.0 GB];
                   fetch it from a cache, or build it on a larger machine

            exceeded: --max-builds 3: 5 builds
        "#]],
    );
}

#[test]
fn a_narrow_screen_of_ascii() {
    check(
        Screen::new(72, true),
        &expect![[r#"
            desk  7 of 8 threads, 10.0 GB of memory for builds (16.0 GB, 6.0 GB kept
                  free)
            12 derivations, 20 dependencies, 1 root from graph.json

            To do  58 % needs no build: 7 of 12 derivations wanted, sources aside
              build       5  derivations, 1 cannot be built here
              substitute  2  paths from cache.nixos.org, 12.3 MB to download, 50.0
                             MB unpacked
              present     1  valid already; 4 more are not needed then

            Tiers  6 h 47 min of work if every build ran alone
                     builds        work  at once  cores   memory  largest
              heavy       3  6 h 30 min   1 of 1      6  12.0 GB  16.0 GB
              light       2      17 min  2 of 12      2   1.0 GB   1.0 GB

            Schedule  without 1 build that cannot be built here
              planned       1 h 32 min  without 1 build, peak 6.0 GB of 10.0 GB, 2
                                        builds at once
                                        1 h 11 min to 2 h 20 min in 8 of 10 cases,
                                        half take over 1 h 39 min
              lower bound   1 h 30 min  gap 2.2 %, by tier heavy
                                        given input order, jobs of heavy at once
              Nix today     1 h 50 min  of all 5 builds, max-jobs 2 x cores 6, peak
                                        20.0 GB, 10.0 GB more than there is
              Nix, fitting  2 h 10 min  of all 5 builds, max-jobs 1 x cores 6, peak
                                        12.0 GB, its fastest setting that fits

            Critical path: 3 steps, 1 h 32 min   Costliest builds: memory and time
              gcc-14.3.0        1 h 00 min   x6    gcc-14.3.0      6.0 GB 1 h 00 min
              python3-3.13.1        30 min   x6    python3-3.13~   4.0 GB     30 min
              zlib-1.3               2 min   x2    ripgrep-15      1.0 GB     15 min
                                                   zlib-1.3        1.0 GB      2 min

                                       |0:00 h       |0:30 h        |1:00 h
              gcc-14.3.0         heavy ##############################
              zlib-1.3           light                              ##
              ripgrep-15         light                              ########
              python3-3.13.1     heavy                               ###############
              threads, of 14           ------------------------------=======-------
              memory, of 10.0 GB       ==============================--------------

            error: chromium-142 does not fit: it needs 12.0 GB even at 1 core, and
                   builds have 10.0 GB [2.0 GB]; fetch it from a cache, or build it
                   on a larger machine

            exceeded: --max-builds 3: 5 builds
        "#]],
    );
}

#[test]
fn what_is_saved_is_said_with_its_range() {
    let check = |saved, low, high, expected: &str| {
        let mut plan = plan();
        plan.schedule.left_out.clear();
        plan.builds.truncate(4);
        let fitting = plan.today_fitting.as_mut().expect("in the sample");
        fitting.saved = Some(saved);
        fitting.likely_saved = Some(LikelySaved {
            low,
            median: saved,
            high,
        });
        let page = plain(&plan, Screen::new(100, false));
        let heading = page.lines().find(|line| line.starts_with("Schedule"));
        assert_eq!(
            heading.expect("a schedule"),
            format!("Schedule  {expected}")
        );
    };
    let whose = "than Nix's fastest setting that fits";
    check(
        0.12,
        0.05,
        0.2,
        &format!("12 % (5 to 20 %) shorter {whose}"),
    );
    check(
        0.12,
        -0.004,
        0.15,
        &format!("12 % (0 to 15 %) shorter {whose}"),
    );
    check(
        -0.12,
        -0.2,
        0.03,
        &format!("12 % (-3 to 20 %) longer {whose}"),
    );
}

#[test]
fn nothing_to_build_needs_no_schedule() {
    let mut plan = plan();
    plan.work.build = 0;
    plan.builds.clear();
    plan.gates.clear();
    plan.diagnostics.clear();
    let shown = plain(&plan, Screen::new(80, false));
    expect![[r#"
        desk  7 of 8 threads, 10.0 GB of memory for builds (16.0 GB, 6.0 GB kept free)
        12 derivations, 20 dependencies, 1 root from graph.json

        To do  58 % needs no build: 7 of 12 derivations wanted, sources aside
          build       0  derivations, 1 cannot be built here
          substitute  2  paths from cache.nixos.org, 12.3 MB to download, 50.0 MB
                         unpacked
          present     1  valid already; 4 more are not needed then
    "#]]
    .assert_eq(&shown);
}

#[test]
fn a_narrow_screen_cuts_off_no_figure() {
    let shown = plain(&plan(), Screen::new(80, false));
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    for figures in [
        "6.0 GB kept free)",
        "peak 20.0 GB, 10.0 GB more than there is",
        "50.0 MB unpacked",
    ] {
        assert!(words.contains(figures), "{shown}");
    }
}

#[test]
fn builds_of_one_name_are_told_apart() {
    let mut plan = plan();
    plan.builds[2].name = plan.builds[0].name.clone();
    for columns in [72, 100] {
        let shown = plain(&plan, Screen::new(columns, false));
        for hash in ["[aaaa]", "[cccc]"] {
            // On the critical path, among the costliest, and in the picture.
            assert_eq!(shown.matches(hash).count(), 3, "{shown}");
        }
        assert!(!shown.contains("[bbbb]"), "{shown}");
    }
}

#[test]
fn of_a_long_critical_path_the_longest_steps_are_shown_as_such() {
    let mut plan = plan();
    plan.critical_path = vec![0, 1, 2, 3, 1];
    let shown = plain(&plan, Screen::new(100, false));
    assert!(shown.contains(", longest of 5 steps"), "{shown}");
}

#[test]
fn no_line_is_wider_than_the_screen() {
    for columns in [60, 72, 80, 100, 131, 160, 400] {
        for ascii in [false, true] {
            let screen = Screen::new(columns, ascii);
            let plans = HOSTILE.map(hostile);
            for plan in plans.iter().chain([&plan()]) {
                let shown = plain(plan, screen);
                for line in shown.lines() {
                    assert!(
                        width(line) <= columns,
                        "{} > {columns}: {line}",
                        width(line)
                    );
                    assert!(!ascii || line.is_ascii(), "{line}");
                }
            }
        }
    }
}

#[test]
fn hostile_names_reach_no_terminal() {
    for name in HOSTILE {
        let shown = plain(&hostile(name), Screen::new(100, false));
        let unsafe_ = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!shown.contains(unsafe_), "{shown:?}");
        // A line break in a name must not make a line of its own.
        assert!(
            !shown.lines().any(|line| line.starts_with("break")),
            "{shown}"
        );
    }
}

#[test]
fn colours_only_repeat_what_is_said() {
    let with = render(&plan(), Screen::new(100, false));
    assert!(with.contains('\u{1b}'));
    let lines = anstream::adapter::strip_str(&with).to_string();
    assert!(lines.contains("error: chromium-142") && lines.contains("exceeded: --max-builds"));
}
