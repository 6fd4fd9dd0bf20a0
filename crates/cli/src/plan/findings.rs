//! What is wrong, costly or doubtful about a plan, each with its cost and a way out.

use std::path::Path;

use cache_policy::Unservable;
use hw_profile::Bytes;
use tier_planner::Cores;
use tier_planner::bounds::BoundKind;
use tier_planner::bounds::Rule;
use tier_planner::estimate::Source;
use tier_planner::history::BadRow;
use tier_planner::rule::Severity as RuleSeverity;
use tier_planner::subject::JobClass;

use super::{Made, may_build, shown};
use crate::dto::plan::{Build, Diagnostic, Misfit, Plan, Severity};
use crate::quantity::{bytes, count, duration};
use crate::workspace::{self, Remark};

/// Names that a message lists before it says how many more there are.
const NAMED: usize = 3;
/// A limit of a tier that lengthens the plan by less is not worth a word.
const WORTH: f64 = 0.05;

/// Everything about the plan itself.
pub(super) fn of(made: &Made<'_>, plan: &Plan) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    out.extend(misfits(made, plan));
    out.extend(not_built_here(made, plan));
    out.extend(today(plan));
    out.extend(more_than_hot(made, plan));
    out.extend(tier_limit(made));
    out.extend(oversized_tiers(plan));
    out.extend(unservable(made));
    out.extend(rule_problems(made));
    out.extend(guesses(made, plan));
    out
}

fn new(severity: Severity, code: &str, message: String) -> Diagnostic {
    Diagnostic {
        severity,
        code: code.to_owned(),
        message,
        hint: None,
        cost_ms: None,
        cost_bytes: None,
    }
}

/// Builds that do not fit at all, and those that fit with fewer threads than their tier gives.
fn misfits(made: &Made<'_>, plan: &Plan) -> Vec<Diagnostic> {
    let budget = plan.machine.build_memory_bytes;
    let mut all: Vec<&Misfit> = plan.schedule.misfits.iter().collect();
    all.sort_by_key(|misfit| (std::cmp::Reverse(misfit.memory_bytes), misfit.id));
    let name = |misfit: &Misfit| plan.label(plan.build(misfit.id));
    let (fewer, never): (Vec<&Misfit>, Vec<&Misfit>) = all
        .into_iter()
        .partition(|misfit| misfit.fits_at_cores.is_some());
    let mut out = Vec::new();
    if let Some(most) = never.iter().map(|misfit| misfit.memory_then_bytes).max() {
        let needs = |m: &&Misfit| format!("{} ({})", name(m), bytes(m.memory_then_bytes));
        let needs: Vec<String> = never.iter().map(needs).collect();
        let blocked = match plan.schedule.left_out.len().saturating_sub(never.len()) {
            0 => String::new(),
            n => format!(", and {} that need them cannot be built", count(n as u64)),
        };
        let mut found = new(
            Severity::Error,
            "does-not-fit",
            format!(
                "even at 1 core {} {} not fit into the {} for builds{blocked}",
                named(&needs),
                if never.len() == 1 { "does" } else { "do" },
                bytes(budget)
            ),
        );
        found.hint = Some("fetch from a cache, or build on a larger machine".to_owned());
        found.cost_bytes = Some(most.saturating_sub(budget));
        out.push(found);
    }
    if !fewer.is_empty() {
        // A package's own setting is not changed by its tier.
        let is_own = |misfit: &&Misfit| {
            let planned = &made.plan.builds[misfit.id as usize];
            let tier = &made.settings.classifier.tiers()[planned.classification.tier];
            planned.estimate.max_threads == Some(Cores(misfit.cores)) && misfit.cores < tier.cores.0
        };
        let fits = |misfit: &&Misfit| {
            format!(
                "{} needs {} at {} cores{} and fits at {} ({})",
                name(misfit),
                more_than(misfit.memory_bytes, budget),
                misfit.cores,
                if is_own(misfit) {
                    ", as the profile sets them,"
                } else {
                    ""
                },
                misfit.fits_at_cores.unwrap_or(1),
                bytes(misfit.memory_then_bytes)
            )
        };
        let slower = |misfit: &&Misfit| {
            let duration = &made.plan.builds[misfit.id as usize].estimate.duration;
            let at = |cores| duration.at(Cores(cores)).0;
            let fits = at(misfit.fits_at_cores.unwrap_or(1));
            fits.saturating_sub(at(misfit.cores))
        };
        let list: Vec<String> = fewer.iter().map(fits).collect();
        let mut found = new(Severity::Warning, "fits-at-fewer-cores", named(&list));
        let own = fewer.iter().filter(|misfit| is_own(misfit)).count();
        let place = match own {
            0 => "for their tier",
            own if own == fewer.len() => "in the profile",
            _ => "in the profile, or for the tier of the others,",
        };
        found.hint = Some(format!("fewer cores {place} let others run beside them"));
        found.cost_ms = Some(fewer.iter().map(slower).sum());
        out.push(found);
    }
    out
}

/// Builds of tiers that the machine is not to build.
fn not_built_here(made: &Made<'_>, plan: &Plan) -> Vec<Diagnostic> {
    let Some(only) = &plan.machine.builds_only else {
        return Vec::new();
    };
    let machine = plan.machine.name.as_deref().unwrap_or("this machine");
    let mut out = Vec::new();
    for tier in &plan.tiers {
        if may_build(only, &tier.name) {
            continue;
        }
        let mut members: Vec<&Build> = plan.builds.iter().filter(|b| b.tier == tier.name).collect();
        if members.is_empty() {
            continue;
        }
        members.sort_by(|a, b| {
            b.duration_ms
                .cmp(&a.duration_ms)
                .then_with(|| a.drv.cmp(&b.drv))
        });
        let mut found = new(
            Severity::Error,
            "not-built-here",
            format!(
                "{machine} builds only {}, and {} of tier {} would be built here: {}",
                only.join(", "),
                count(members.len() as u64),
                tier.name,
                named(&labels(plan, &members))
            ),
        );
        found.cost_ms = Some(tier.busy_ms);
        found.hint = Some(
            if made.inventory.sources().any(|(_, source, _)| !source.local) {
                "build and push them from a machine with the same configuration: another machine's flags make other paths".to_owned()
            } else {
                "name the caches it may fetch from: --cache, or [[caches]] in hmtool.toml"
                    .to_owned()
            },
        );
        out.push(found);
    }
    out
}

fn today(plan: &Plan) -> Option<Diagnostic> {
    let today = &plan.today;
    let first = today.first_over_memory_ms?;
    let budget = plan.machine.build_memory_bytes;
    let mut found = new(
        Severity::Warning,
        "today-out-of-memory",
        format!(
            "{}, max-jobs {} with cores {}, passes {} after {} and needs {}",
            if today.is_default {
                "Nix's default"
            } else {
                "today's setting"
            },
            today.max_jobs,
            today.cores,
            bytes(budget),
            duration(first),
            bytes(today.peak_memory_bytes)
        ),
    );
    found.cost_bytes = Some(today.peak_memory_bytes.saturating_sub(budget));
    found.hint = Some("build by the plan: --sh prints the commands".to_owned());
    Some(found)
}

/// Whether the plan holds more at once than stays uncompressed while zram is full. What a
/// compiler holds it uses: such pages come back from zram as fast as they go.
fn more_than_hot(made: &Made<'_>, plan: &Plan) -> Option<Diagnostic> {
    let memory = &made.settings.memory;
    let peak = plan.schedule.peak_memory_bytes;
    let in_use = peak.saturating_add(memory.reserve.0);
    if made.settings.memory_given || peak <= memory.hot.0 || in_use <= memory.ram.0 {
        return None;
    }
    let mut found = new(
        Severity::Warning,
        "more-than-hot",
        format!(
            "the plan holds up to {} beside {} kept free, in {} of RAM; with zram in use only {} \
             stay uncompressed",
            bytes(peak),
            bytes(memory.reserve.0),
            bytes(memory.ram.0),
            bytes(memory.hot.0)
        ),
    );
    found.cost_bytes = Some(peak - memory.hot.0);
    let hot = Bytes(memory.hot.0).as_gb();
    found.hint = Some(format!(
        "--mem {}G plans without swapping",
        (hot * 10.0).floor() / 10.0
    ));
    Some(found)
}

/// Whether one tier's limit of jobs decides the plan's length.
fn tier_limit(made: &Made<'_>) -> Option<Diagnostic> {
    let bounds = &made.plan.bounds;
    let best = bounds.best()?;
    let BoundKind::TierEnergy(tier) = best.kind else {
        return None;
    };
    let without = bounds.best_under(|rule| !matches!(rule, Rule::TierJobs(_)))?;
    let cost = best.value.saturating_sub(without.value);
    if (cost.0 as f64) < best.value.0 as f64 * WORTH {
        return None;
    }
    let tier = &made.settings.classifier.tiers()[tier];
    let jobs = tier.max_jobs.unwrap_or(1);
    let mut found = new(
        Severity::Warning,
        "tier-limit",
        format!(
            "at most {jobs} of tier {} at once makes the plan at least {} long",
            tier.name,
            duration(best.value.0)
        ),
    );
    found.cost_ms = Some(cost.0);
    found.hint = Some(format!(
        "without that limit threads and memory would allow {}",
        duration(without.value.0)
    ));
    Some(found)
}

/// Tiers whose own numbers ask for more than there is.
fn oversized_tiers(plan: &Plan) -> Vec<Diagnostic> {
    let budget = plan.machine.build_memory_bytes;
    let mut out = Vec::new();
    for tier in plan.tiers.iter().filter(|t| t.builds > 0) {
        let jobs = tier.max_jobs.unwrap_or(1);
        let all = tier.memory_bytes.saturating_mul(u64::from(jobs));
        if all <= budget {
            continue;
        }
        let mut found = new(
            Severity::Note,
            "tier-over-budget",
            format!(
                "tier {} allows {jobs} {} of {}, {} in all; builds have {}, so memory decides how many run",
                tier.name,
                if jobs == 1 { "job" } else { "jobs" },
                bytes(tier.memory_bytes),
                bytes(all),
                bytes(budget)
            ),
        );
        found.cost_bytes = Some(all - budget);
        out.push(found);
    }
    out
}

fn unservable(made: &Made<'_>) -> Vec<Diagnostic> {
    let all = made.inventory.unservable();
    let sources = made
        .inventory
        .sources()
        .filter_map(|(id, source, holdings)| {
            let here: Vec<_> = all.iter().filter(|u| u.id == id).collect();
            // Of a chain the end says why: what is nowhere, not what is there and not served either.
            let nowhere = |u: &&&Unservable<'_>| made.inventory.held(u.missing[0]).is_none();
            let first = here.iter().find(nowhere).or(here.first())?;
            let sizes = here.iter().filter_map(|u| holdings.get(u.path)?.nar_size);
            let mut found = new(
                Severity::Warning,
                "not-servable",
                format!(
                    "{} holds {} that it cannot serve: {} refers to {}, which is nowhere",
                    source.name,
                    if here.len() == 1 {
                        "a path".to_owned()
                    } else {
                        format!("{} paths", count(here.len() as u64))
                    },
                    first.path.name(),
                    first.missing[0].name()
                ),
            );
            found.cost_bytes = Some(sizes.map(|size| size.0).sum()).filter(|&sum| sum > 0);
            found.hint = Some(
                "push the closure again; the plan builds these, as with Cachix, which hides them \
                 (from a plain file or http cache Nix builds what is nowhere and fetches the rest)"
                    .to_owned(),
            );
            Some(found)
        });
    sources.collect()
}

fn rule_problems(made: &Made<'_>) -> Vec<Diagnostic> {
    if made.settings.has_standard_tiers() {
        // The user wrote none of these rules and can change none.
        return Vec::new();
    }
    let problems = made.plan.rule_problems.iter().map(|problem| {
        let severity = match problem.severity() {
            // One that cannot be read has ended the program before.
            RuleSeverity::Error | RuleSeverity::Warning => Severity::Warning,
            RuleSeverity::Note => Severity::Note,
        };
        let mut found = new(severity, problem.code(), problem.to_string());
        found.hint = Some(problem.hint());
        found
    });
    problems.collect()
}

/// How much of the plan rests on no knowledge at all.
fn guesses(made: &Made<'_>, plan: &Plan) -> Option<Diagnostic> {
    let unknown = |source: &Source| matches!(source, Source::Unknown | Source::Tier(_));
    let guessed: Vec<&Build> = made
        .plan
        .builds
        .iter()
        .zip(&plan.builds)
        .filter(|(planned, _)| {
            planned.classification.class == JobClass::Build
                && unknown(&planned.estimate.duration_evidence.source)
        })
        .map(|(_, build)| build)
        .collect();
    let time: u64 = guessed.iter().map(|b| b.duration_ms).sum();
    let all: u64 = plan.builds.iter().map(|b| b.duration_ms).sum();
    if (time as f64) < all as f64 * WORTH {
        return None;
    }
    let mut found = new(
        Severity::Note,
        "guessed-times",
        format!(
            "of {} builds nothing is known; they are guessed at {}",
            count(guessed.len() as u64),
            duration(time)
        ),
    );
    found.hint = Some("--history FILE reads nix-output-monitor's build-reports.csv".to_owned());
    Some(found)
}

/// A job of nix-eval-jobs that did not evaluate.
pub(super) fn failed_job(job: &(String, String)) -> Diagnostic {
    new(Severity::Warning, "job-failed", workspace::failed_job(job))
}

/// What of the sources of estimates could not be used.
pub(crate) fn of_remark(remark: &Remark) -> Option<Diagnostic> {
    match remark {
        Remark::BadRows { file, bad } => bad_rows(file, bad),
        Remark::Hosts {
            file,
            here,
            elsewhere,
            some_bad,
        } => unused_rows(file, here, elsewhere, *some_bad),
        Remark::UnknownPackage(name) => Some(unknown_package(name)),
    }
}

/// Rows of a history that were left out.
fn bad_rows(file: &Path, bad: &[BadRow]) -> Option<Diagnostic> {
    let first = bad.first()?;
    let more = match bad.len() - 1 {
        0 => String::new(),
        n => format!(" (and {n} more)"),
    };
    let mut found = new(
        Severity::Warning,
        first.code(),
        format!("{}: {first}{more}", shown(file)),
    );
    found.hint = Some(first.hint().to_owned());
    Some(found)
}

/// Rows of a history that are other machines', or that there are none.
fn unused_rows(
    file: &Path,
    here: &[(String, u32)],
    elsewhere: &[(String, u32)],
    some_bad: bool,
) -> Option<Diagnostic> {
    let rows =
        |hosts: &[(String, u32)]| hosts.iter().map(|(_, rows)| u64::from(*rows)).sum::<u64>();
    let (used, unused) = (rows(here), rows(elsewhere));
    let file = shown(file);
    if used + unused == 0 {
        return (!some_bad).then(|| {
            let mut found = new(
                Severity::Warning,
                "history-empty",
                format!("{file}: no build is in it, so nothing is learnt"),
            );
            found.hint =
                Some("nix-output-monitor keeps it in ~/.local/state/nix-output-monitor".to_owned());
            found
        });
    }
    if unused == 0 {
        return None;
    }
    let severity = if used == 0 {
        Severity::Warning
    } else {
        Severity::Note
    };
    let hosts: Vec<String> = elsewhere.iter().map(|(host, _)| host.clone()).collect();
    let hosts = named(&hosts);
    let mut found = new(
        severity,
        "history-other-machines",
        format!(
            "{file}: {} of {} rows used, the others are of {hosts}",
            count(used),
            count(used + unused)
        ),
    );
    found.hint = Some(
        "rows without a host name and those with this machine's count; -m NAME names it".to_owned(),
    );
    Some(found)
}

/// A package of the configuration that is not built from this graph.
fn unknown_package(name: &str) -> Diagnostic {
    let mut found = new(
        Severity::Note,
        "package-matches-nothing",
        format!("packages.{name} of the configuration: no build is called that"),
    );
    found.hint = Some("a pname or an attribute is understood".to_owned());
    found
}

/// An amount that is more than `limit`, even where rounding hides by how little.
fn more_than(amount: u64, limit: u64) -> String {
    let text = bytes(amount);
    if amount > limit && text == bytes(limit) {
        format!("a little over {text}")
    } else {
        text
    }
}

fn labels(plan: &Plan, builds: &[&Build]) -> Vec<String> {
    let shown = builds.iter().take(NAMED).map(|build| plan.label(build));
    let rest = builds.iter().skip(NAMED).map(|build| build.name.clone());
    shown.chain(rest).collect()
}

fn named(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let text = names[..names.len() - more].join(", ");
    match more {
        0 => text,
        n => format!("{text} and {n} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_hides_no_reason() {
        const GB: u64 = 1 << 30;
        assert_eq!(more_than(16 * GB + 1, 16 * GB), "a little over 16.0 GB");
        assert_eq!(more_than(17 * GB, 16 * GB), "17.0 GB");
        assert_eq!(more_than(16 * GB, 16 * GB), "16.0 GB");
    }
}
