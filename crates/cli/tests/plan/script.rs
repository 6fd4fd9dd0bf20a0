//! The script that is printed for the example keeps the limits of the document, however long
//! builds take.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::nix::example;
use crate::workspace::Workspace;

fn number(value: &Value, key: &str) -> u64 {
    let number = value[key].as_u64();
    number.unwrap_or_else(|| panic!("{key} is no number in {value}"))
}

/// Goes through the lines as the shell does.
fn check(args: &[&str]) {
    let workspace = Workspace::new();
    let example = example();
    let args = [&[example.to_str().expect("UTF-8"), "-m", "shoshin"], args].concat();
    let plan = workspace
        .plan(&[&args[..], &["--format", "json"]].concat())
        .json(0);
    let script = workspace.plan(&[&args[..], &["--sh"]].concat()).stdout;
    let builds = plan["builds"].as_array().expect("a list");
    let by_drv: BTreeMap<&str, &Value> = builds
        .iter()
        .map(|b| (b["drv"].as_str().expect("a path"), b))
        .collect();

    let mut running: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut ended: BTreeSet<u64> = BTreeSet::new();
    let mut most_at_once = 0;
    for line in script.lines() {
        if let Some(numbers) = line.strip_prefix("await ") {
            if numbers == "\"$running\"" {
                ended.extend(running.values().map(|b| number(b, "id")));
                running.clear();
                continue;
            }
            for n in numbers.split(' ') {
                let build = running.remove(n).expect("it was started");
                ended.insert(number(build, "id"));
            }
            continue;
        }
        let Some((n, rest)) = line.strip_prefix("build ").and_then(|l| l.split_once(' ')) else {
            continue;
        };
        let (cores, rest) = rest.split_once(" '").expect("a quoted path");
        let (drv, _) = rest.split_once("' # ").expect("a comment");
        let build = by_drv[drv];
        assert_eq!(cores, number(build, "threads").to_string(), "{line}");
        for edge in plan["edges"].as_array().expect("a list") {
            if edge["to"] == build["id"] {
                assert!(ended.contains(&number(edge, "from")), "{line}: {edge}");
            }
        }
        assert!(running.insert(n, build).is_none(), "{line}");
        most_at_once = most_at_once.max(running.len());

        let machine = &plan["machine"];
        let sum = |key: &str| running.values().map(|b| number(b, key)).sum::<u64>();
        assert!(
            sum("memoryBytes") <= number(machine, "buildMemoryBytes"),
            "{line}"
        );
        assert!(
            sum("countedThreads") <= number(machine, "threadLimit"),
            "{line}"
        );
        for tier in plan["tiers"].as_array().expect("a list") {
            let jobs = running.values().filter(|b| b["tier"] == tier["name"]);
            let most = tier["maxJobs"].as_u64().unwrap_or(u64::MAX);
            assert!(jobs.count() as u64 <= most, "{line}: {tier}");
        }
    }
    assert_eq!(ended.len(), builds.len());
    assert!(most_at_once > 3, "{most_at_once}");

    // And with the planned durations it takes as long as the plan.
    let (_, rest) = script.split_once("this script takes ").expect("the head");
    let (takes, rest) = rest.split_once(" and holds up to ").expect("the head");
    let (_, rest) = rest.split_once("the plan takes ").expect("the head");
    let (planned, _) = rest.split_once(".\n").expect("the head");
    assert_eq!(takes, planned);
}

#[test]
fn the_example_on_its_machine() {
    check(&[]);
}

#[test]
fn the_example_with_room_for_everything() {
    check(&["--mem", "128G", "--cores", "32"]);
}
