//! One screen that answers: what is to do, how long, does it fit, what is wrong.

mod verdict;

pub(crate) use verdict::{diagnostic_text, gate_text};

use super::sheet::Sheet;
use super::style::{self, paint};
use super::table::{self, Align};
use super::untrusted::{fitted, for_terminal, padded, width};
use super::{Screen, gantt};
use crate::dto::plan::{Build, Plan, Today};
use crate::quantity::{self, bytes, count, duration, plural, size};

/// Steps of the critical path and top builds shown.
const STEPS: usize = 4;

/// The plan as one screen of text with ANSI styles; the writer strips these where they do not
/// belong.
pub(crate) fn render(plan: &Plan, screen: Screen) -> String {
    let mut page = Page {
        plan,
        sheet: Sheet::new(screen),
    };
    page.head();
    page.work();
    if plan.work.build > 0 {
        page.tiers();
        page.schedule();
        page.longest();
        page.over_time();
    }
    page.diagnostics();
    page.gates();
    page.sheet.out
}

struct Page<'a> {
    plan: &'a Plan,
    sheet: Sheet,
}

impl Page<'_> {
    fn times(&self) -> &'static str {
        if self.sheet.screen.ascii { "x" } else { "×" }
    }

    fn head(&mut self) {
        let machine = &self.plan.machine;
        let mut parts = Vec::new();
        parts.push(match machine.threads {
            Some(all) if all > machine.build_threads => {
                format!("{} of {all} threads", machine.build_threads)
            }
            Some(all) if all < machine.build_threads => {
                format!(
                    "{} threads, more than the {all} there are",
                    machine.build_threads
                )
            }
            _ => plural(u64::from(machine.build_threads), "thread"),
        });
        parts.push(format!(
            "{} of memory for builds",
            bytes(machine.build_memory_bytes)
        ));
        let have = [
            machine.memory_bytes.map(bytes),
            machine
                .zram_gain_bytes
                .map(|gain| format!("{} by zram", bytes(gain))),
        ];
        let have: Vec<String> = have.into_iter().flatten().collect();
        let reserve = machine.reserve_bytes.filter(|&reserve| reserve > 0);
        let makeup = [
            (!have.is_empty()).then(|| have.join(" + ")),
            reserve.map(|reserve| format!("{} kept free", bytes(reserve))),
        ];
        let makeup: Vec<String> = makeup.into_iter().flatten().collect();
        let makeup = match &makeup[..] {
            [] => String::new(),
            parts => format!(" ({})", parts.join(", ")),
        };
        let name = machine.name.as_deref().unwrap_or("this budget");
        let text = format!("{}{makeup}", parts.join(", "));
        let name = fitted(name, 24, self.sheet.screen.ascii);
        let indent = width(&name) + 2;
        for (i, line) in self.sheet.wrapped(&text, indent).iter().enumerate() {
            let text = match i {
                0 => format!("{}  {line}", paint(style::STRONG, &name)),
                _ => format!("{}{line}", " ".repeat(indent)),
            };
            self.sheet.line(&text);
        }

        let input = &self.plan.input;
        let only = match &machine.builds_only {
            Some(only) => format!("; builds only {}", only.join(", ")),
            None => String::new(),
        };
        let text = format!(
            "{}, {}, {} from {}{only}",
            plural(input.derivations, "derivation"),
            plural_y(input.dependencies, "dependenc"),
            plural(input.roots, "root"),
            input.graphs.join(", "),
        );
        for line in self.sheet.wrapped(&text, 0) {
            self.sheet.line(&paint(style::FAINT, &line));
        }
    }

    fn work(&mut self) {
        let work = &self.plan.work;
        let mut rows = Vec::new();
        let downloads = match work.build_fixed_output {
            0 => String::new(),
            n => format!(", {} of them downloads of sources", count(n)),
        };
        let what = if work.build == 1 {
            "derivation"
        } else {
            "derivations"
        };
        let left_out = match self.plan.schedule.left_out.len() {
            0 => String::new(),
            n => format!(", {} cannot be built here", count(n as u64)),
        };
        rows.push([
            "build".to_owned(),
            count(work.build),
            format!("{what}{downloads}{left_out}"),
        ]);
        let from = || work.sources.iter().filter(|s| !s.local && s.used > 0);
        for (i, source) in from().enumerate() {
            let partly = source.unknown_sizes > 0 && source.unknown_sizes < source.used;
            let parts = [
                Some(format!("paths from {}", for_terminal(&source.name))),
                source
                    .download_bytes
                    .map(|n| format!("{} to download", size(n))),
                source.nar_bytes.map(|n| format!("{} unpacked", size(n))),
                partly.then(|| format!("{} of unknown size", count(source.unknown_sizes))),
            ];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            let verb = if i == 0 { "substitute" } else { "" };
            rows.push([verb.to_owned(), count(source.used), parts.join(", ")]);
        }
        if from().next().is_none() {
            rows.push([
                "substitute".to_owned(),
                count(work.fetch),
                "paths".to_owned(),
            ]);
        }
        let rest = match work.untouched {
            0 => String::new(),
            n => format!("; {} more are not needed then", count(n)),
        };
        rows.push([
            "present".to_owned(),
            count(work.present),
            format!("valid already{rest}"),
        ]);
        let note = match work.hit_rate {
            // Rounded down: 99.9 % is not all.
            Some(rate) => format!(
                "{:.0} % needs no build: {} of {} wanted, sources aside",
                (rate * 100.0).floor(),
                count(work.wanted_without_build),
                plural(work.wanted, "derivation"),
            ),
            None => String::new(),
        };
        self.sheet.heading("To do", &note);
        self.table([Align::Left, Align::Right, Align::Left], &[], &rows);
    }

    fn tiers(&mut self) {
        let mut rows = Vec::new();
        for tier in self.plan.tiers.iter().filter(|t| t.builds > 0) {
            rows.push([
                tier.name.clone(),
                count(tier.builds),
                duration(tier.busy_ms),
                match tier.max_jobs {
                    Some(jobs) => format!("{} of {jobs}", tier.peak_jobs),
                    None => tier.peak_jobs.to_string(),
                },
                tier.cores.to_string(),
                bytes(tier.memory_bytes),
                bytes(tier.largest_bytes),
            ]);
        }
        let total: u64 = self.plan.tiers.iter().map(|t| t.busy_ms).sum();
        let note = format!("{} of work if every build ran alone", duration(total));
        self.sheet.heading("Tiers", &note);
        let head = [
            "", "builds", "work", "at once", "cores", "memory", "largest",
        ];
        let mut align = [Align::Right; 7];
        align[0] = Align::Left;
        self.table(align, &head, &rows);
    }

    fn schedule(&mut self) {
        let plan = self.plan;
        let (s, machine, today) = (&plan.schedule, &plan.machine, &plan.today);
        let mut rows = Vec::new();
        let without = match s.left_out.len() {
            0 => String::new(),
            n => format!("without {}, ", plural(n as u64, "build")),
        };
        rows.push([
            "planned".to_owned(),
            duration(s.length_ms),
            format!(
                "{without}peak {} of {}, {} at once",
                bytes(s.peak_memory_bytes),
                bytes(machine.build_memory_bytes),
                plural(u64::from(s.peak_jobs), "build"),
            ),
        ]);
        if let Some(likely) = &s.likely {
            rows.push([
                String::new(),
                String::new(),
                format!(
                    "{} to {} in 8 of 10 cases, half take over {}",
                    duration(likely.low_ms),
                    duration(likely.high_ms),
                    duration(likely.median_ms)
                ),
            ]);
        }
        if let Some(bound) = s.bounds.first() {
            let gap = match s.gap {
                Some(gap) => format!("gap {:.1} %, by {}", gap * 100.0, bound.name),
                None => format!("by {}", bound.name),
            };
            let given = format!("given {}", bound.assumes.join(", "));
            let length = duration(bound.length_ms);
            let both = format!("{gap}, {given}");
            // The rules make the gap honest: they are not to be cut off.
            let indent = 2 + "Nix, fitting".len() + 2 + length.len().max(10) + 2;
            if bound.assumes.is_empty() || indent + both.len() > self.sheet.screen.columns {
                rows.push(["lower bound".to_owned(), length, gap]);
                rows.push([String::new(), String::new(), given]);
            } else {
                rows.push(["lower bound".to_owned(), length, both]);
            }
        }
        // Nix leaves nothing out: it starts what does not fit, too.
        let all = if s.left_out.is_empty() {
            String::new()
        } else {
            format!("of all {}, ", plural(plan.work.build, "build"))
        };
        let nix = |run: &Today, of_memory: String| {
            let (jobs, times, cores) = (run.max_jobs, self.times(), run.cores);
            let peak = bytes(run.peak_memory_bytes);
            format!("{all}max-jobs {jobs} {times} cores {cores}, peak {peak}{of_memory}")
        };
        let over = today
            .peak_memory_bytes
            .saturating_sub(machine.build_memory_bytes);
        let what = match over {
            0 => nix(today, String::new()),
            over => nix(today, format!(", {} more than there is", bytes(over))),
        };
        let word = if today.is_default {
            "Nix default"
        } else {
            "Nix today"
        };
        rows.push([word.to_owned(), duration(today.length_ms), what]);
        let fitting = plan.today_fitting.as_ref();
        if let Some(run) = fitting {
            let what = nix(run, ", its fastest setting that fits".to_owned());
            rows.push(["Nix, fitting".to_owned(), duration(run.length_ms), what]);
        }
        let (against, whose) = match fitting {
            Some(run) => (run, "Nix's fastest setting that fits"),
            None if today.is_default => (today, "Nix's default"),
            None => (today, "today's setting"),
        };
        let note = match against.saved {
            _ if !s.left_out.is_empty() => format!(
                "without {} that cannot be built here",
                plural(s.left_out.len() as u64, "build")
            ),
            Some(_) if over > 0 && fitting.is_none() => {
                "none of Nix's own settings fits in memory".to_owned()
            }
            Some(saved) if saved >= 0.005 => {
                let range = likely(against, |saved| saved);
                format!("{} %{range} shorter than {whose}", percent(saved))
            }
            Some(saved) if saved <= -0.005 => {
                let range = likely(against, |saved| -saved);
                format!("{} %{range} longer than {whose}", percent(-saved))
            }
            _ => String::new(),
        };
        let note = match (machine.buildable, &machine.builds_only) {
            (Some(able), Some(_)) if able < plan.work.build => format!(
                "if all were built here; by itself it may build {} of {}",
                count(able),
                count(plan.work.build)
            ),
            _ => note,
        };
        self.sheet.heading("Schedule", &note);
        self.table([Align::Left, Align::Right, Align::Left], &[], &rows);
    }

    /// The critical path's longest steps beside the longest builds.
    fn longest(&mut self) {
        let plan = self.plan;
        let chain: Vec<&Build> = plan
            .critical_path
            .iter()
            .map(|&id| plan.build(id))
            .collect();
        let length: u64 = chain.iter().map(|b| b.duration_ms).sum();
        let mut steps = chain.clone();
        steps.sort_by(|a, b| {
            b.duration_ms
                .cmp(&a.duration_ms)
                .then_with(|| a.drv.cmp(&b.drv))
        });
        let is_planned = |b: &&Build| b.start_ms.is_some();
        let mut top: Vec<&Build> = plan.builds.iter().filter(is_planned).collect();
        // Work, not time: what a build takes from the machine.
        let costliest_first = |a: &&Build, b: &&Build| {
            let cost = |b: &Build| u128::from(b.memory_bytes) * u128::from(planned(b));
            cost(b).cmp(&cost(a)).then_with(|| a.drv.cmp(&b.drv))
        };
        if STEPS < top.len() {
            top.select_nth_unstable_by(STEPS, costliest_first);
            top.truncate(STEPS);
        }
        top.sort_by(costliest_first);
        let half = (self.sheet.screen.columns - 2) / 2;
        let ascii = self.sheet.screen.ascii;
        let whole = format!(
            "Critical path: {}, {}",
            plural(chain.len() as u64, "step"),
            duration(length)
        );
        let part = format!(
            "Critical path: {}, longest of {} steps",
            duration(length),
            chain.len()
        );
        let is_part = chain.len() > STEPS && width(&part) <= half;
        let titles = (
            if is_part { part } else { whole },
            "Costliest builds: memory and time".to_owned(),
        );
        self.sheet.out.push('\n');
        let line = format!(
            "{}  {}",
            paint(style::HEADING, &padded(&titles.0, half, ascii)),
            paint(style::HEADING, &fitted(&titles.1, half, ascii)),
        );
        self.sheet.line(&line);
        for i in 0..STEPS {
            let left = steps.get(i).map_or(String::new(), |b| {
                self.entry(
                    b,
                    half,
                    &format!("{:>10} {:>4}", duration(b.duration_ms), self.on(b)),
                )
            });
            let right = top.get(i).map_or(String::new(), |b| {
                self.entry(
                    b,
                    half,
                    &format!("{:>7} {:>10}", bytes(b.memory_bytes), duration(planned(b))),
                )
            });
            if !left.is_empty() || !right.is_empty() {
                let line = format!("{}  {right}", padded(&left, half, ascii));
                self.sheet.line(&line);
            }
        }
    }

    fn on(&self, build: &Build) -> String {
        format!("{}{}", self.times(), build.threads)
    }

    /// The name, and where it is not alone the start of its hash, which is never cut off.
    fn name(&self, build: &Build, columns: usize) -> String {
        super::name(self.plan, build, columns, self.sheet.screen.ascii)
    }

    /// `  name …… figures`, exactly `columns` wide.
    fn entry(&self, build: &Build, columns: usize, figures: &str) -> String {
        let room = columns.saturating_sub(width(figures) + 4);
        format!("  {}  {figures}", self.name(build, room))
    }

    fn over_time(&mut self) {
        let lines = gantt::lines(self.plan, self.sheet.screen);
        if !lines.is_empty() {
            self.sheet.out.push('\n');
        }
        for line in lines {
            self.sheet.line(&line);
        }
    }

    /// A table whose strong column, if any, is its second; without, its first has the tiers'
    /// colours.
    fn table<const N: usize>(&mut self, align: [Align; N], head: &[&str], rows: &[[String; N]]) {
        let rows = &self.sheet.unfolded(align, rows);
        let (head_line, rows_) = table::set(align, head, rows, self.sheet.screen);
        if let Some(cells) = head_line {
            let line = paint(style::FAINT, cells.join("  ").trim_end());
            self.sheet.line(&format!("  {line}"));
        }
        for (mut cells, row) in rows_.into_iter().zip(rows) {
            let tiers = &self.plan.tiers;
            match tiers
                .iter()
                .position(|t| !head.is_empty() && t.name == row[0])
            {
                Some(tier) => cells[0] = paint(style::tier(tier), &cells[0]),
                None => cells[1] = paint(style::STRONG, &cells[1]),
            }
            self.sheet.line(&format!("  {}", cells.join("  ")));
        }
    }
}

fn planned(build: &Build) -> u64 {
    match (build.start_ms, build.end_ms) {
        (Some(start), Some(end)) => end.saturating_sub(start),
        _ => build.duration_ms,
    }
}

/// Where the share that a plan saves of `run` lies, as `shown` has it; empty where nobody tried.
fn likely(run: &Today, shown: impl Fn(f64) -> f64) -> String {
    run.likely_saved.as_ref().map_or_else(String::new, |saved| {
        let (low, high) = (shown(saved.low), shown(saved.high));
        let (from, to) = (percent(low.min(high)), percent(low.max(high)));
        format!(" ({from} to {to} %)")
    })
}

/// A share in percent; a zero has no sign.
fn percent(share: f64) -> String {
    format!("{:.0}", (share * 100.0).round() + 0.0)
}

fn plural_y(n: u64, stem: &str) -> String {
    let end = if n == 1 { "y" } else { "ies" };
    format!("{} {stem}{end}", quantity::count(n))
}

#[cfg(test)]
mod tests;
