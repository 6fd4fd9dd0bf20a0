//! Laws of the memory formula and of reading profiles, on generated machines.

use hw_profile::detect::{Snapshot, detect};
use hw_profile::{
    Budget, BudgetOptions, Bytes, CheckOptions, Cores, Profile, TierDemand, TierError,
    check_together, rule,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn machine(ram: f64, percentage: f64) -> Profile {
    serde_json::from_value(json!({
        "cpu": { "threads": 8 },
        "memory": { "total": ram, "zramEnabled": true, "zramPercentage": percentage },
    }))
    .expect("a profile")
}

fn budget(ram: f64, percentage: f64, ratio: f64) -> Budget {
    let options = BudgetOptions {
        compression_ratio: Some(ratio),
        ..BudgetOptions::default()
    };
    machine(ram, percentage).budget(&options).0
}

/// Rounding to bytes.
const SLACK: u64 = 8;

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-20..200_i64).prop_map(Value::from),
        any::<f64>()
            .prop_filter("JSON has finite numbers", |it| it.is_finite())
            .prop_map(Value::from),
        "[-+.0-9eGgMiB %]{0,8}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(Value::Null),
    ]
}

proptest! {
    #[test]
    fn effective_lies_between_ram_and_ram_with_zram(
        ram in 0.0..4096.0_f64, percentage in 0.0..1000.0_f64, ratio in 1.0..20.0_f64,
    ) {
        let memory = budget(ram, percentage, ratio).memory;
        prop_assert!(memory.ram <= memory.effective);
        prop_assert!(memory.effective <= memory.ram + memory.zram_disksize);
        prop_assert!(memory.hot <= memory.ram);
        prop_assert!(memory.hot.0 + SLACK >= memory.ram.0 / 4, "what stays hot stays hot");
        prop_assert!(memory.for_builds + memory.reserve <= memory.effective);
    }

    #[test]
    fn more_ram_is_more_memory(
        ram in 0.0..1024.0_f64, more in 0.0..64.0_f64, disksize in 0.0..64.0_f64, ratio in 1.0..8.0_f64,
    ) {
        // The same disksize on both.
        let small = budget(ram, 100.0 * disksize / ram.max(0.001), ratio).memory;
        let large = budget(ram + more, 100.0 * disksize / (ram + more).max(0.001), ratio).memory;
        prop_assert!(small.effective.0 <= large.effective.0 + SLACK, "{small:?} {large:?}");
        prop_assert!(small.for_builds.0 <= large.for_builds.0 + SLACK);
    }

    #[test]
    fn a_better_ratio_is_more_memory(
        ram in 0.0..1024.0_f64, percentage in 0.0..400.0_f64, ratio in 1.0..8.0_f64, more in 0.0..8.0_f64,
    ) {
        let worse = budget(ram, percentage, ratio).memory;
        let better = budget(ram, percentage, ratio + more).memory;
        prop_assert!(worse.effective.0 <= better.effective.0 + SLACK);
    }

    #[test]
    fn a_larger_swap_that_can_be_filled_is_more_memory(
        ram in 1.0..1024.0_f64, percentage in 0.0..75.0_f64, more in 0.0..75.0_f64, ratio in 2.0..8.0_f64,
    ) {
        let small = budget(ram, percentage, ratio).memory;
        let large = budget(ram, percentage + more, ratio).memory;
        prop_assert!(small.effective.0 <= large.effective.0 + SLACK);
        prop_assert!(large.hot.0 <= small.hot.0 + SLACK);
    }

    #[test]
    fn a_tier_never_exceeds_hot_memory_and_has_a_job_or_an_error(
        ram in 0.0..256.0_f64, percentage in 0.0..300.0_f64, ratio in 1.0..8.0_f64,
        jobs in prop::option::of(0..64_u32), cores in 0..64_u32, memory in 1..=(64_u64 << 30),
        given in prop::option::of(0..(256_u64 << 30)), reserve in prop::option::of(0..(64_u64 << 30)),
    ) {
        let options = BudgetOptions {
            compression_ratio: Some(ratio),
            memory: given.map(Bytes),
            reserve: reserve.map(Bytes),
            ..BudgetOptions::default()
        };
        let budget = machine(ram, percentage).budget(&options).0;
        let demand = TierDemand { name: "t".to_owned(), jobs, cores: Cores(cores), memory: Bytes(memory) };
        match budget.tier(&demand) {
            Ok(tier) => {
                prop_assert!(tier.jobs >= 1);
                prop_assert!(jobs.is_none_or(|jobs| tier.jobs <= jobs));
                prop_assert_eq!(tier.memory, Bytes(memory * u64::from(tier.jobs)));
                prop_assert!(tier.memory + budget.memory.reserve <= budget.memory.hot);
                prop_assert!(tier.memory <= budget.memory.for_builds);
            }
            Err(TierError::NoJobs { .. }) => prop_assert_eq!(jobs, Some(0)),
            Err(error) => {
                prop_assert!(Bytes(memory) > budget.memory.hot_for_builds(), "{error}");
            }
        }
        let said = budget.check_tiers(&[demand]);
        let above = said.iter().any(|it| it.id == "tier-above-memory");
        prop_assert_eq!(above, Bytes(memory) > budget.memory.for_builds);
    }

    #[test]
    fn odd_values_do_not_panic_and_are_kept(
        values in prop::collection::vec(scalar(), 14),
        march in prop_oneof!["[a-z0-9-]{0,8}", Just("skylake".to_owned()), Just("znver5".to_owned())],
        ratio in prop::option::of(any::<f64>()),
        sizes in prop::collection::vec(prop::option::of(any::<u64>()), 3),
    ) {
        let [total, percentage, effective, zram, cores, threads, jobs, max_cores, limit, package, package_jobs, a, b, c] =
            <[Value; 14]>::try_from(values).expect("14 values");
        let written = json!({
            "cpu": { "cores": cores, "threads": threads, "march": march },
            "memory": { "total": total, "zramPercentage": percentage, "effectiveTotal": effective, "zramEnabled": zram },
            "build": { "parallelism": { "maxJobs": jobs, "maxCores": max_cores }, "memory": { "heavyBuildLimit": limit } },
            "packages": { "go": { "nixBuildCores": package, "nixBuildMaxJobs": package_jobs, "other": a, "cudaSupport": zram } },
            "gpu": { "computeCapability": a, "maxCudaVersion": b, "cudaSupport": zram },
            "unknown": [ b, { "c": c } ],
        });
        let profile: Profile = serde_json::from_value(written).expect("any scalar is read");
        let options = BudgetOptions {
            compression_ratio: ratio,
            memory: sizes[0].map(Bytes),
            reserve: sizes[1].map(Bytes),
            hot_minimum: sizes[2].map(Bytes),
            threads: None,
        };
        let (budget, _) = profile.budget(&options);
        prop_assert!(budget.threads.0 >= 1);
        prop_assert!(budget.memory.ratio >= 1.0 && budget.memory.ratio.is_finite());
        prop_assert!(budget.memory.ram <= budget.memory.effective);
        prop_assert!(budget.memory.hot <= budget.memory.ram);
        prop_assert!(budget.memory.reserve <= budget.memory.effective);
        if options.memory.is_none() {
            prop_assert!(budget.memory.for_builds + budget.memory.reserve <= budget.memory.effective);
        }
        let machine = Some(detect(&Snapshot::default()));
        let found = profile.check_all(&CheckOptions { budget: options, machine, ..CheckOptions::default() });
        prop_assert!(check_together(&[&profile, &profile]).is_empty());
        prop_assert!(found.iter().all(|it| rule(it.id).is_some_and(|rule| rule.severity == it.severity)));
        prop_assert!(found.iter().all(|it| !it.message.is_empty() && !it.path.is_empty()));
        let again: Profile =
            serde_json::from_value(serde_json::to_value(&profile).expect("JSON")).expect("a profile");
        prop_assert_eq!(again, profile);
    }

    #[test]
    fn any_text_is_a_size_or_not(text in any::<String>()) {
        let _ = text.parse::<Bytes>();
        let _ = text.parse::<Cores>();
    }
}
