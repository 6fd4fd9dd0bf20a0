//! Whole profiles: what is read, what is said about it, what is written back.

use expect_test::{Expect, expect};
use hw_profile::{BudgetOptions, Bytes, Cores, Profile};

const TOWER: &str = include_str!("fixtures/tower.nix");
const GUEST: &str = include_str!("fixtures/guest.nix");

fn nix(text: &str) -> Profile {
    overlay_ast::literal::from_str(text).expect("a profile")
}

/// Renders the budget with `options`, and what the checks and the budget say.
fn check(text: &str, options: &BudgetOptions, expect: &Expect) {
    let profile = nix(text);
    let (budget, said) = profile.budget(options);
    let memory = &budget.memory;
    let mut lines = vec![
        format!(
            "{} threads; RAM {}, zram {}, ratio {}",
            budget.threads, memory.ram, memory.zram_disksize, memory.ratio
        ),
        format!(
            "effective {}, hot {}, reserve {}, for builds {}",
            memory.effective, memory.hot, memory.reserve, memory.for_builds
        ),
    ];
    for found in said.iter().chain(&profile.check()) {
        lines.push(format!("{}[{}] {found}", found.severity, found.id));
        lines.extend(found.hint.iter().map(|hint| format!("  {hint}")));
    }
    expect.assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn a_tower_that_counts_zram_as_ram() {
    check(
        TOWER,
        &BudgetOptions::default(),
        &expect![[r#"
        7 threads; RAM 16.0 GB, zram 12.0 GB, ratio 2
        effective 22.0 GB, hot 10.0 GB, reserve 6.0 GB, for builds 16.0 GB
        warning[zram-counted-as-ram] memory.effectiveTotal: declares 28.0 GB; zram lives in RAM: about 22.0 GB effective at ratio 2, of which 10.0 GB hot; overstated by 6.0 GB
          compressed pages take RAM too, and a page has to leave zram before it is used
        note[number-as-text] cpu.cores: the number 4 is kept as text
          comparing it with a number fails in Nix: write it without quotes
        note[number-as-text] cpu.threads: the number 8 is kept as text
          comparing it with a number fails in Nix: write it without quotes
        note[number-as-text] memory.total: the number 16 is kept as text
          comparing it with a number fails in Nix: write it without quotes
        note[number-as-text] memory.effectiveTotal: the number 28 is kept as text
          comparing it with a number fails in Nix: write it without quotes
        note[number-as-text] build.memory.heavyBuildLimit: the number 12 is kept as text
          comparing it with a number fails in Nix: write it without quotes
        warning[oversubscribed] build.parallelism.maxJobs: 6 × 6 = 36 processes on 8 threads (4.5 ×)
          memory for each is needed all the same: let fewer run at once
        note[threads-called-cores] build.parallelism.maxCores: 6 are threads; the machine has 4 physical cores
        warning[oversubscribed] packages.kubectl.nixBuildMaxJobs: 12 × 2 = 24 processes on 8 threads (3.0 ×)
          memory for each is needed all the same: let fewer run at once
    "#]],
    );
    let better = BudgetOptions {
        compression_ratio: Some(3.0),
        ..BudgetOptions::default()
    };
    check(
        "{ cpu.threads = 8; memory = { total = 16; zramEnabled = true; zramPercentage = 75; }; }",
        &better,
        &expect![[r#"
            7 threads; RAM 16.0 GB, zram 12.0 GB, ratio 3
            effective 24.0 GB, hot 12.0 GB, reserve 6.0 GB, for builds 18.0 GB
        "#]],
    );
}

#[test]
fn a_guest_without_zram() {
    check(
        GUEST,
        &BudgetOptions::default(),
        &expect![[r#"
        11 threads; RAM 8.0 GB, zram 0 MB, ratio 2
        effective 8.0 GB, hot 8.0 GB, reserve 3.0 GB, for builds 5.0 GB
        note[number-as-text] memory.total: the number 8 is kept as text
          comparing it with a number fails in Nix: write it without quotes
        note[number-as-text] memory.effectiveTotal: the number 8 is kept as text
          comparing it with a number fails in Nix: write it without quotes
    "#]],
    );
}

#[test]
fn the_caller_knows_better() {
    let options = BudgetOptions {
        threads: Some(Cores(7)),
        memory: Some(Bytes(21 << 30)),
        ..BudgetOptions::default()
    };
    check(
        "{ cpu.threads = 8; memory = { total = \"16\"; zramEnabled = true; zramPercentage = 75; }; }",
        &options,
        &expect![[r#"
            7 threads; RAM 16.0 GB, zram 12.0 GB, ratio 2
            effective 22.0 GB, hot 10.0 GB, reserve 6.0 GB, for builds 21.0 GB
            warning[memory-exceeded] memory.total: 21.0 GB are allowed for builds; 22.0 GB less a reserve of 6.0 GB leave 16.0 GB
              builds that are all in use at once fit 10.0 GB
            note[number-as-text] memory.total: the number 16 is kept as text
              comparing it with a number fails in Nix: write it without quotes
        "#]],
    );
    check(
        "{ }",
        &options,
        &expect![[r#"
        7 threads; RAM 21.0 GB, zram 0 MB, ratio 2
        effective 21.0 GB, hot 21.0 GB, reserve 0 MB, for builds 21.0 GB
    "#]],
    );
}

#[test]
fn numbers_that_cannot_be_right() {
    let default = BudgetOptions::default();
    check(
        "{ }",
        &default,
        &expect![[r#"
            1 threads; RAM 0 MB, zram 0 MB, ratio 2
            effective 0 MB, hot 0 MB, reserve 0 MB, for builds 0 MB
            error[threads-unknown] cpu.threads: the number of threads is not known; one is counted
              set cpu.threads
            error[memory-unknown] memory.total: the amount of memory is not known; none is counted
              set memory.total, in GB
        "#]],
    );
    check(
        "{ cpu = { cores = 6; threads = 8; }; memory.total = \"sixteen\"; build.parallelism.maxJobs = -1; packages.\"a b\".nixBuildCores = 12; }",
        &default,
        &expect![[r#"
            7 threads; RAM 0 MB, zram 0 MB, ratio 2
            effective 0 MB, hot 0 MB, reserve 0 MB, for builds 0 MB
            error[memory-unknown] memory.total: the amount of memory is not known; none is counted
              set memory.total, in GB
            error[unreadable-value] memory.total: `sixteen` is not a number; it is not counted
              write a number such as `8` or, for memory, `512M`
            error[negative-number] build.parallelism.maxJobs: -1 is negative; it is not counted
              a range such as `2-3` is arithmetic in Nix and gives -1
            warning[uneven-cores] cpu.cores: 8 threads do not spread evenly over 6 physical cores
              a processor of one kind of core has 8 or 4 cores; only hybrid ones are uneven
            warning[cores-above-threads] packages."a b".nixBuildCores: 12 threads per job; the machine has 8
        "#]],
    );
    check(
        "{ cpu = { cores = 8; threads = 4; }; memory = { total = 4; zramEnabled = true; zramPercentage = 300; effectiveTotal = 16; }; build.parallelism = { maxJobs = 3; maxCores = 0; }; }",
        &default,
        &expect![[r#"
            3 threads; RAM 4.0 GB, zram 12.0 GB, ratio 2
            effective 7.0 GB, hot 1.0 GB, reserve 1.5 GB, for builds 5.5 GB
            warning[zram-counted-as-ram] memory.effectiveTotal: declares 16.0 GB; zram lives in RAM: about 7.0 GB effective at ratio 2, of which 1.0 GB hot; overstated by 9.0 GB
              compressed pages take RAM too, and a page has to leave zram before it is used
            error[threads-below-cores] cpu.threads: 4 threads on 8 cores
              each core runs at least one thread; are the two swapped?
            warning[zram-too-large] memory.zramPercentage: a disksize of 300 % of RAM
              at the usual ratio of 2, more than twice the RAM cannot be filled
            warning[oversubscribed] build.parallelism.maxJobs: 3 × 4 = 12 processes on 4 threads (3.0 ×)
              memory for each is needed all the same: let fewer run at once
        "#]],
    );
    let odd = BudgetOptions {
        threads: Some(Cores(0)),
        reserve: Some(Bytes(9 << 30)),
        compression_ratio: Some(f64::NAN),
        ..BudgetOptions::default()
    };
    check(
        "{ memory = { total = 8; effectiveTotal = \"10 GB\"; }; }",
        &odd,
        &expect![[r#"
            1 threads; RAM 8.0 GB, zram 0 MB, ratio 2
            effective 8.0 GB, hot 8.0 GB, reserve 8.0 GB, for builds 0 MB
            error[no-threads] cpu.threads: no thread is allowed for builds; one is counted
              allow at least one
            error[compression-ratio] memory.zramPercentage: a compression ratio of NaN cannot be; 2 is counted
              it is the original size over the compressed one, at least 1
            warning[total-overstated] memory.effectiveTotal: declares 10.0 GB; the machine has 8.0 GB and no zram; overstated by 2.0 GB
              declare 8.0 GB, or leave it out
            error[no-memory-left] memory.total: a reserve of 9.0 GB leaves nothing of 8.0 GB for builds
        "#]],
    );
}

#[test]
fn planning_asks_for_these() {
    let tower = nix(TOWER);
    assert_eq!(tower.hostname(), Some("tower"));
    assert_eq!(tower.march(), Some("skylake"));
    assert_eq!(
        (tower.cores(), tower.threads()),
        (Some(Cores(4)), Some(Cores(8)))
    );
    assert_eq!(
        (tower.max_jobs(), tower.max_cores()),
        (Some(6), Some(Cores(6)))
    );
    assert_eq!(
        (tower.ram(), tower.zram_disksize()),
        (Some(Bytes(16 << 30)), Bytes(12 << 30))
    );
    assert!(tower.has_gpu() && tower.cuda_support());
    let python = tower.package("python313").expect("it is there");
    assert_eq!(
        (python.cores(), python.max_jobs(), python.has_pgo()),
        (Some(Cores(6)), Some(1), true)
    );
    assert!(tower.package("rustc").expect("it is there").has_pgo());
    assert_eq!(tower.package("go"), None);
    let limit = tower
        .build
        .memory
        .max_per_service
        .as_ref()
        .and_then(|it| it.value());
    assert_eq!(limit, Some(&Bytes(10 << 30)));

    let guest = nix(GUEST);
    assert_eq!(guest.march(), Some("znver3"));
    assert!(!guest.has_gpu() && !guest.cuda_support());
    assert!(!guest.package("python313").expect("it is there").has_pgo());
    assert!(
        !guest
            .package("onnxruntime")
            .expect("it is there")
            .overlay_enabled()
    );
    assert!(!nix("{ gpu.vendor = \"none\"; gpu.cudaSupport = true; }").cuda_support());
    assert!(!nix("{ gpu = { }; cpu = null; packages = null; }").has_gpu());
}

#[test]
fn what_is_read_is_written_back() {
    for text in [TOWER, GUEST] {
        let profile = nix(text);
        let json = serde_json::to_string(&profile).expect("JSON");
        assert_eq!(
            serde_json::from_str::<Profile>(&json).expect("a profile"),
            profile
        );
        let toml = toml::to_string(&profile).expect("TOML");
        assert_eq!(
            toml::from_str::<Profile>(&toml).expect("a profile"),
            profile
        );
        // Nothing is lost or spelled otherwise, but for a null that means a missing key.
        let mut direct: serde_json::Value = overlay_ast::literal::from_str(text).expect("a value");
        direct
            .as_object_mut()
            .expect("a set")
            .retain(|_, value| !value.is_null());
        assert_eq!(serde_json::to_value(&profile).expect("JSON"), direct);
    }
}

#[test]
fn a_wrong_shape_is_an_error_with_its_place() {
    let text = "{ memory.total = [ 16 ]; }";
    let error = overlay_ast::literal::from_str::<Profile>(text).unwrap_err();
    assert_eq!(
        error.path().map(ToString::to_string).as_deref(),
        Some("memory.total")
    );
    assert_eq!(error.span().map(|span| span.text(text)), Some("[ 16 ]"));
    let text = "{ packages.go.nixBuildCores = { }; }";
    let error = overlay_ast::literal::from_str::<Profile>(text).unwrap_err();
    assert_eq!(
        error.path().map(ToString::to_string).as_deref(),
        Some("packages.go.nixBuildCores")
    );
    let text = "{ build.parallelism.maxJobs = 2-3; }";
    let error = overlay_ast::literal::from_str::<Profile>(text).unwrap_err();
    assert_eq!(error.code(), "operator");
}
