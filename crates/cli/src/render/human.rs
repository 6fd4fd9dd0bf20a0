//! One screen that answers: what is to do, how long, does it fit, what is wrong.

use crate::dto::plan::{Build, Diagnostic, Gate, Plan, Severity};
use crate::quantity::{self, bytes, count, duration, size};

use super::style::{self, paint};
use super::untrusted::{fitted, for_terminal, padded, width};
use super::{Screen, gantt};

/// Diagnostics shown; the JSON has them all.
const DIAGNOSTICS: usize = 7;
/// Steps of the critical path and top builds shown.
const STEPS: usize = 5;

/// The plan as one screen of text with ANSI styles; the writer strips these where they do not
/// belong.
pub(crate) fn render(plan: &Plan, screen: Screen) -> String {
    let mut page = Page {
        plan,
        screen,
        out: String::new(),
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
    page.out
}

struct Page<'a> {
    plan: &'a Plan,
    screen: Screen,
    out: String,
}

/// How a column of a table is set.
#[derive(Clone, Copy)]
enum Align {
    Left,
    Right,
}

impl Page<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn heading(&mut self, title: &str, rest: &str) {
        self.out.push('\n');
        let rest = fitted(
            rest,
            self.screen.columns.saturating_sub(width(title) + 2),
            self.screen.ascii,
        );
        let line = format!(
            "{}  {}",
            paint(style::HEADING, title),
            paint(style::FAINT, &rest)
        );
        self.line(&line);
    }

    fn times(&self) -> &'static str {
        if self.screen.ascii { "x" } else { "×" }
    }

    fn head(&mut self) {
        let machine = &self.plan.machine;
        let mut parts = Vec::new();
        parts.push(match machine.threads {
            Some(all) if all != machine.build_threads => {
                format!("{} of {all} threads", machine.build_threads)
            }
            _ => plural(u64::from(machine.build_threads), "thread"),
        });
        parts.push(format!(
            "{} of memory for builds",
            bytes(machine.build_memory_bytes)
        ));
        let mut makeup = Vec::new();
        if let Some(installed) = machine.memory_bytes {
            makeup.push(bytes(installed));
        }
        if let Some(gain) = machine.zram_gain_bytes.filter(|&gain| gain > 0) {
            makeup.push(format!("{} by zram", bytes(gain)));
        }
        let mut makeup = makeup.join(" + ");
        if let Some(reserve) = machine.reserve_bytes.filter(|&reserve| reserve > 0) {
            if !makeup.is_empty() {
                makeup.push_str(", ");
            }
            makeup.push_str(&format!("{} kept free", bytes(reserve)));
        }
        if !makeup.is_empty() {
            makeup = format!(" ({makeup})");
        }
        let name = machine.name.as_deref().unwrap_or("this budget");
        let text = format!("{}{makeup}", parts.join(", "));
        let name = fitted(name, 24, self.screen.ascii);
        let text = fitted(
            &text,
            self.screen.columns.saturating_sub(width(&name) + 2),
            self.screen.ascii,
        );
        self.line(&format!("{}  {text}", paint(style::STRONG, &name)));

        let input = &self.plan.input;
        let mut text = format!(
            "{}, {}, {} from {}",
            plural(input.derivations, "derivation"),
            plural_y(input.dependencies, "dependenc"),
            plural(input.roots, "root"),
            input.graphs.join(", "),
        );
        if let Some(only) = &machine.builds_only {
            text.push_str(&format!("; builds only {}", only.join(", ")));
        }
        let text = fitted(&text, self.screen.columns, self.screen.ascii);
        self.line(&paint(style::FAINT, &text));
    }

    fn work(&mut self) {
        let work = &self.plan.work;
        let mut rows = Vec::new();
        let mut what = "derivations".to_owned();
        if work.build_fixed_output > 0 {
            what.push_str(&format!(
                ", {} of them downloads of sources",
                count(work.build_fixed_output)
            ));
        }
        rows.push(vec!["build".to_owned(), count(work.build), what]);
        let from: Vec<_> = work
            .sources
            .iter()
            .filter(|s| !s.local && s.used > 0)
            .collect();
        for (i, source) in from.iter().enumerate() {
            let mut what = format!("from {}", for_terminal(&source.name));
            if let Some(n) = source.download_bytes {
                what.push_str(&format!(", {} to download", size(n)));
            }
            if let Some(n) = source.nar_bytes {
                what.push_str(&format!(", {} unpacked", size(n)));
            }
            if source.unknown_sizes > 0 && source.unknown_sizes < source.used {
                what.push_str(&format!(
                    ", {} of unknown size",
                    count(source.unknown_sizes)
                ));
            }
            let verb = if i == 0 { "fetch" } else { "" };
            rows.push(vec![verb.to_owned(), count(source.used), what]);
        }
        if from.is_empty() {
            rows.push(vec![
                "fetch".to_owned(),
                count(work.fetch),
                "paths".to_owned(),
            ]);
        }
        let mut rest = "already valid".to_owned();
        if work.untouched > 0 {
            rest.push_str(&format!(
                "; {} more are not needed for it",
                count(work.untouched)
            ));
        }
        rows.push(vec!["present".to_owned(), count(work.present), rest]);
        let mut note = String::new();
        if let Some(rate) = work.hit_rate {
            note = format!(
                "{:.0} % of what is wanted needs no build",
                (rate * 100.0).floor()
            );
        }
        self.heading("To do", &note);
        self.table(&[Align::Left, Align::Right, Align::Left], &[], &rows);
    }

    fn tiers(&mut self) {
        let mut rows = Vec::new();
        for tier in self.plan.tiers.iter().filter(|t| t.builds > 0) {
            rows.push(vec![
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
        self.heading("Tiers", &note);
        let head = [
            "",
            "builds",
            "work",
            "at once",
            "cores",
            "by default",
            "largest",
        ];
        let mut align = vec![Align::Right; head.len()];
        align[0] = Align::Left;
        self.table(&align, &head, &rows);
    }

    fn schedule(&mut self) {
        let plan = self.plan;
        let (s, machine, today) = (&plan.schedule, &plan.machine, &plan.today);
        let mut rows = Vec::new();
        rows.push(vec![
            "planned".to_owned(),
            duration(s.length_ms),
            format!(
                "peak {} of {}, {} at once",
                bytes(s.peak_memory_bytes),
                bytes(machine.build_memory_bytes),
                plural(u64::from(s.peak_jobs), "build"),
            ),
        ]);
        if let Some(bound) = s.bounds.first() {
            let gap = match s.gap {
                Some(gap) => format!("the plan is {:.1} % above it; ", gap * 100.0),
                None => String::new(),
            };
            let assumes = if bound.assumes.is_empty() {
                String::new()
            } else {
                format!(" ({})", bound.assumes.join(", "))
            };
            rows.push(vec![
                "lower bound".to_owned(),
                duration(bound.length_ms),
                format!("{gap}{}{assumes}", bound.name),
            ]);
        }
        {
            let mut what = format!(
                "max-jobs {} {} cores {}, peak {}",
                today.max_jobs,
                self.times(),
                today.cores,
                bytes(today.peak_memory_bytes),
            );
            if today.over_memory_ms > 0 {
                what.push_str(&format!(
                    ", over memory for {}",
                    duration(today.over_memory_ms)
                ));
                if let Some(first) = today.first_over_memory_ms {
                    what.push_str(&format!(" from {} on", duration(first)));
                }
            }
            rows.push(vec![
                "Nix today".to_owned(),
                duration(today.length_ms),
                what,
            ]);
        }
        let note = match today.saved {
            Some(saved) if saved >= 0.005 => {
                format!("{:.0} % shorter than today's setting", saved * 100.0)
            }
            Some(saved) if saved <= -0.005 => {
                format!("{:.0} % longer than today's setting", -saved * 100.0)
            }
            _ => String::new(),
        };
        self.heading("Schedule", &note);
        self.table(&[Align::Left, Align::Right, Align::Left], &[], &rows);
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
        let mut top: Vec<&Build> = plan.builds.iter().collect();
        // Work, not time: what a build takes from the machine.
        top.sort_by(|a, b| {
            let cost = |b: &Build| u128::from(b.memory_bytes) * u128::from(planned(b));
            cost(b).cmp(&cost(a)).then_with(|| a.drv.cmp(&b.drv))
        });
        let half = (self.screen.columns - 2) / 2;
        let ascii = self.screen.ascii;
        let titles = (
            format!(
                "Critical path: {}, {}",
                plural(chain.len() as u64, "step"),
                duration(length)
            ),
            "Costliest builds: memory and time".to_owned(),
        );
        self.out.push('\n');
        let line = format!(
            "{}  {}",
            paint(style::HEADING, &padded(&titles.0, half, ascii)),
            paint(style::HEADING, &fitted(&titles.1, half, ascii)),
        );
        self.line(&line);
        for i in 0..STEPS {
            let left = steps.get(i).map_or(String::new(), |b| {
                self.entry(
                    b,
                    half,
                    &format!("{} {}", duration(b.duration_ms), self.on(b)),
                )
            });
            let right = top.get(i).map_or(String::new(), |b| {
                self.entry(
                    b,
                    half,
                    &format!("{:>7}  {}", bytes(b.memory_bytes), duration(planned(b))),
                )
            });
            if !left.is_empty() || !right.is_empty() {
                let line = format!("{}  {right}", padded(&left, half, ascii));
                self.line(&line);
            }
        }
    }

    fn on(&self, build: &Build) -> String {
        format!("{}{}", self.times(), build.threads)
    }

    /// `  name …… figures`, exactly `columns` wide.
    fn entry(&self, build: &Build, columns: usize, figures: &str) -> String {
        let room = columns.saturating_sub(width(figures) + 4);
        format!(
            "  {}  {figures}",
            padded(&build.name, room, self.screen.ascii)
        )
    }

    fn over_time(&mut self) {
        let lines = gantt::lines(self.plan, self.screen);
        if !lines.is_empty() {
            self.out.push('\n');
        }
        for line in lines {
            self.line(&line);
        }
    }

    fn diagnostics(&mut self) {
        let all = &self.plan.diagnostics;
        if all.is_empty() {
            return;
        }
        self.out.push('\n');
        for diagnostic in all.iter().take(DIAGNOSTICS) {
            self.diagnostic(diagnostic);
        }
        if all.len() > DIAGNOSTICS {
            let more = format!(
                "and {} more: --format json has them all",
                all.len() - DIAGNOSTICS
            );
            self.line(&paint(style::FAINT, &more));
        }
    }

    fn diagnostic(&mut self, diagnostic: &Diagnostic) {
        let (style, word) = match diagnostic.severity {
            Severity::Error => (style::ERROR, "error"),
            Severity::Warning => (style::WARNING, "warning"),
            Severity::Note => (style::NOTE, "note"),
        };
        let mut text = for_terminal(&diagnostic.message).into_owned();
        let costs: Vec<String> = [
            diagnostic.cost_ms.map(duration),
            diagnostic.cost_bytes.map(bytes),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !costs.is_empty() {
            text.push_str(&format!(" [{}]", costs.join(", ")));
        }
        if let Some(hint) = &diagnostic.hint {
            text.push_str(&format!("; {}", for_terminal(hint)));
        }
        let text = if self.screen.ascii {
            super::untrusted::fitted(&text, usize::MAX, true)
        } else {
            text
        };
        let mut lines = wrapped(&text, self.screen.columns, word.len() + 2).into_iter();
        let first = lines.next().unwrap_or_default();
        self.line(&format!("{}: {first}", paint(style, word)));
        for line in lines {
            self.line(&format!("{}{line}", " ".repeat(word.len() + 2)));
        }
    }

    fn gates(&mut self) {
        if self.plan.gates.is_empty() {
            return;
        }
        self.out.push('\n');
        for gate in &self.plan.gates {
            let text = gate_text(gate);
            let (style, word) = if gate.passed {
                (style::GOOD, "kept")
            } else {
                (style::ERROR, "exceeded")
            };
            self.line(&format!("{}: {text}", paint(style, word)));
        }
    }

    /// Columns as wide as their widest cell; the last one takes what is left.
    fn table(&mut self, align: &[Align], head: &[&str], rows: &[Vec<String>]) {
        let ascii = self.screen.ascii;
        let columns = align.len();
        let mut widths: Vec<usize> = (0..columns)
            .map(|i| {
                let cells = rows.iter().map(|row| width(&for_terminal(&row[i])));
                cells
                    .chain(head.get(i).map(|h| width(h)))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let before: usize = 2 + widths[..columns - 1].iter().map(|w| w + 2).sum::<usize>();
        let room = self.screen.columns.saturating_sub(before);
        widths[columns - 1] = widths[columns - 1].min(room);
        let set = |text: &str, i: usize| {
            let text = fitted(text, widths[i], ascii);
            let space = " ".repeat(widths[i] - width(&text));
            match align[i] {
                Align::Left => text + &space,
                Align::Right => space + &text,
            }
        };
        if !head.is_empty() {
            let cells: Vec<String> = head
                .iter()
                .enumerate()
                .map(|(i, text)| set(text, i))
                .collect();
            let line = paint(style::FAINT, cells.join("  ").trim_end());
            self.line(&format!("  {line}"));
        }
        for row in rows {
            let mut cells: Vec<String> = row
                .iter()
                .enumerate()
                .map(|(i, text)| set(text, i))
                .collect();
            if let Some(tier) = self
                .plan
                .tiers
                .iter()
                .position(|t| !head.is_empty() && t.name == row[0])
            {
                cells[0] = paint(style::tier(tier), &cells[0]);
            } else {
                cells[1] = paint(style::STRONG, &cells[1]);
            }
            self.line(&format!("  {}", cells.join("  ")));
        }
    }
}

fn planned(build: &Build) -> u64 {
    match (build.start_ms, build.end_ms) {
        (Some(start), Some(end)) => end.saturating_sub(start),
        _ => build.duration_ms,
    }
}

/// `--max-builds 100: 722 builds`, the same words for the screen and for standard error.
pub(crate) fn gate_text(gate: &Gate) -> String {
    match gate.name.as_str() {
        "max-build-time" => format!(
            "--max-build-time {}: the plan takes {}",
            duration(gate.limit as u64),
            duration(gate.value as u64)
        ),
        "min-hit-rate" => format!(
            "--min-hit-rate {:.0} %: {:.1} % of what is wanted needs no build",
            gate.limit * 100.0,
            gate.value * 100.0
        ),
        name => format!(
            "--{name} {}: {}",
            count(gate.limit as u64),
            plural(gate.value as u64, "build")
        ),
    }
}

fn plural(n: u64, noun: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {noun}{s}", quantity::count(n))
}

fn plural_y(n: u64, stem: &str) -> String {
    let end = if n == 1 { "y" } else { "ies" };
    format!("{} {stem}{end}", quantity::count(n))
}

/// Lines of at most `columns − indent`, broken at spaces; a longer word is broken where it must.
fn wrapped(text: &str, columns: usize, indent: usize) -> Vec<String> {
    let room = columns.saturating_sub(indent).max(20);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let w = width(word);
        if used > 0 && used + 1 + w <= room {
            lines.last_mut().expect("never empty").push(' ');
            used += 1;
        } else if used > 0 {
            lines.push(String::new());
            used = 0;
        }
        for c in word.chars() {
            let w = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
            if used + w > room {
                lines.push(String::new());
                used = 0;
            }
            lines.last_mut().expect("never empty").push(c);
            used += w;
        }
    }
    lines
}
