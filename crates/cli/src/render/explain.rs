//! One package: which rule, which estimate from where, who needs it, when it runs.

use std::fmt::Write as _;

use drv_graph::DrvId;
use tier_planner::classify::{Classification, Reason};
use tier_planner::subject::{JobClass, Subject, subjects};

use super::Screen;
use super::style::{self, paint};
use super::untrusted::{fitted, for_terminal};
use crate::config::nearest;
use crate::dto::plan::{Build, Plan};
use crate::failure::Failure;
use crate::plan::{Made, reason};
use crate::quantity::{bytes, count, duration, plural};

/// Derivations explained; a pname such as `source` can have hundreds.
const SHOWN: usize = 5;

/// Explains every derivation with that name, pname, attribute or path.
pub(crate) fn render(
    made: &Made<'_>,
    plan: &Plan,
    name: &str,
    screen: Screen,
) -> Result<String, Failure> {
    let attribute = |id| made.input.attributes.get(&id).map(String::as_str);
    let subjects = subjects(&made.input.graph, attribute);
    let mut found = find(made, &subjects, name)?;
    // What is built here, then what compiles, then wrappers and downloads of that name.
    found.sort_by_key(|&id| {
        let class = subjects[id.index()].kind.class();
        (made.plan.job(id).is_none(), class != JobClass::Build, id)
    });
    let mut page = Page {
        made,
        plan,
        screen,
        out: String::new(),
    };
    for (i, &id) in found.iter().take(SHOWN).enumerate() {
        if i > 0 {
            page.out.push('\n');
        }
        page.derivation(id, &made.classifier().classify(&subjects[id.index()]));
    }
    if found.len() > SHOWN {
        let more = format!(
            "\nand {} more of that name; a store path names one",
            found.len() - SHOWN
        );
        page.out.push_str(&paint(style::FAINT, &more));
        page.out.push('\n');
    }
    Ok(page.out)
}

/// Everything that goes by that name, in the order of the graph.
fn find(made: &Made<'_>, subjects: &[Subject<'_>], name: &str) -> Result<Vec<DrvId>, Failure> {
    let graph = &made.input.graph;
    let attribute = |id| made.input.attributes.get(&id).map(String::as_str);
    let found: Vec<DrvId> = graph
        .iter()
        .filter(|(id, drv)| {
            drv.name() == name
                || drv.pname() == name
                // As rules do: `chromium` is also the build that its wrapper wraps.
                || subjects[id.index()].bare_pname() == name
                || attribute(*id) == Some(name)
                || drv.path().as_str() == name
                || drv
                    .outputs()
                    .iter()
                    .any(|o| o.path.as_ref().is_some_and(|p| p.as_str() == name))
        })
        .map(|(id, _)| id)
        .collect();
    if found.is_empty() {
        let mut known: Vec<&str> = graph.iter().map(|(_, drv)| drv.pname()).collect();
        known.extend(made.input.attributes.values().map(String::as_str));
        known.sort_unstable();
        known.dedup();
        return Err(Failure::Usage {
            message: format!("no derivation of the graph is called {name:?}"),
            hint: match nearest(name, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "a name, pname, attribute or store path is understood".to_owned(),
            },
        });
    }
    Ok(found)
}

struct Page<'a> {
    made: &'a Made<'a>,
    plan: &'a Plan,
    screen: Screen,
    out: String,
}

impl Page<'_> {
    fn line(&mut self, label: &str, text: &str) {
        let room = self.screen.columns - 14;
        // Writing to a string cannot fail.
        let _ = writeln!(
            self.out,
            "  {}{}",
            paint(style::FAINT, &format!("{label:<12}")),
            fitted(text, room, self.screen.ascii)
        );
    }

    fn derivation(&mut self, id: DrvId, classification: &Classification) {
        let graph = &self.made.input.graph;
        let drv = &graph[id];
        let path = drv.path().to_string();
        let _ = writeln!(
            self.out,
            "{}  {}",
            paint(style::STRONG, &for_terminal(drv.name())),
            paint(style::FAINT, &for_terminal(&path))
        );
        if let Some(attribute) = self.made.input.attributes.get(&id) {
            self.line("attribute", attribute);
        }
        let classifier = self.made.classifier();
        let tier = &classifier.tiers()[classification.tier];
        let at_once = match tier.max_jobs {
            Some(jobs) => format!("{jobs} at once, "),
            None => String::new(),
        };
        self.line(
            "tier",
            &format!(
                "{}: {at_once}{}, {} by default",
                tier.name,
                plural(u64::from(tier.cores.0), "core"),
                bytes(tier.memory.0)
            ),
        );
        let by = reason(classifier, classification);
        self.line(
            "by",
            &match classification.by {
                Reason::Rule(_) => format!("its rule \"{by}\""),
                _ => by,
            },
        );
        for rule in classification
            .also_matched
            .iter()
            .filter_map(|&id| classifier.rule(id))
        {
            let other = &classifier.tiers()[rule.tier].name;
            self.line(
                "",
                &format!("\"{rule}\" of tier {other} matches too, and does not decide"),
            );
        }
        match self.made.plan.job(id) {
            Some(job) => {
                let plan = self.plan;
                self.build(plan.build(job.0));
            }
            None => self.not_built(id),
        }
        self.neighbours(id);
    }

    fn build(&mut self, build: &Build) {
        let around = |value: u64, factor: f64| {
            (
                (value as f64 / factor) as u64,
                (value as f64 * factor) as u64,
            )
        };
        let (least, most) = around(build.duration_ms, build.duration_factor);
        let threads = plural(u64::from(build.threads), "thread");
        self.line(
            "time",
            &format!(
                "{} with {threads}, likely {} to {}",
                duration(build.duration_ms),
                duration(least),
                duration(most)
            ),
        );
        self.line("", &format!("from: {}", build.duration_source));
        let adjustment = self.made.plan.builds[build.id as usize].estimate.adjustment;
        if !adjustment.is_none() {
            self.line("", &adjustment.to_string());
        }
        let planned = &self.made.plan.builds[build.id as usize];
        let tier = &self.made.classifier().tiers()[planned.classification.tier];
        if planned.estimate.duration.parallel_share == 0.0 && tier.cores.0 > 1 {
            let text = "one thread: nothing of it runs in parallel, as far as is known";
            self.line("threads", text);
        } else if let Some(most) = planned
            .estimate
            .max_threads
            .filter(|&most| most < tier.cores)
        {
            let text = format!("at most {most} by its package's settings in the profile");
            self.line("threads", &text);
        }
        let (least, most) = around(build.memory_bytes, build.memory_factor);
        self.line(
            "memory",
            &format!(
                "{}, likely {} to {}",
                bytes(build.memory_bytes),
                bytes(least),
                bytes(most)
            ),
        );
        self.line("", &format!("from: {}", build.memory_source));
        let mut runs = match (build.start_ms, build.end_ms) {
            (Some(start), Some(end)) => format!(
                "from {} to {} of {}",
                duration(start),
                duration(end),
                duration(self.plan.schedule.length_ms)
            ),
            _ => "never: it, or something it needs, does not fit in memory".to_owned(),
        };
        let chain = &self.plan.critical_path;
        if let Some(step) = chain.iter().position(|&id| id == build.id) {
            let _ = write!(
                runs,
                "; step {} of {} of the critical path",
                step + 1,
                chain.len()
            );
        }
        self.line("runs", &runs);
    }

    fn not_built(&mut self, id: DrvId) {
        let work = &self.made.plan.work;
        let fetched: Vec<&str> = work
            .fetch
            .iter()
            .filter(|fetch| fetch.derivation == Some(id))
            .filter_map(|fetch| {
                let sources = &self.plan.work.sources;
                sources
                    .get(usize::from(fetch.cache.0))
                    .map(|source| source.name.as_str())
            })
            .collect();
        let text = if let Some(first) = fetched.first() {
            format!("not built: it is fetched from {first}")
        } else if work.present.binary_search(&id).is_ok() {
            "not built: it is there already".to_owned()
        } else {
            "not built: nothing that is built or fetched needs it".to_owned()
        };
        self.line("runs", &text);
    }

    fn neighbours(&mut self, id: DrvId) {
        let graph = &self.made.input.graph;
        let built = |id: &DrvId| self.made.plan.job(*id).is_some();
        let inputs: Vec<DrvId> = graph.inputs(id).map(|input| input.id).collect();
        let dependents: Vec<DrvId> = graph.dependents(id).collect();
        let text = |direct: &[DrvId], all: usize| {
            format!(
                "{} directly, {} of them to be built; {} in all",
                count(direct.len() as u64),
                count(direct.iter().filter(|id| built(id)).count() as u64),
                // A closure has its start in it.
                count(all.saturating_sub(1) as u64)
            )
        };
        let needs = text(&inputs, graph.closure(&[id]).len());
        let needed = text(&dependents, graph.reverse_closure(&[id]).len());
        self.line("needs", &needs);
        self.line("needed by", &needed);
    }
}
