//! What a cache should hold, on one screen.

use std::collections::HashMap;

use super::Screen;
use super::cache_application;
use super::sheet::Sheet;
use super::style::{self, paint};
use super::table::Align;
use super::untrusted::for_terminal;
use crate::dto::cache_plan::{CachePlan, Consumer, KnownPath, Step, Why};
use crate::dto::gate::Gate;
use crate::quantity::{count, duration, plural, size};

/// The document as one screen of text with ANSI styles; of each list the first `top`, or all if it
/// is 0.
pub(crate) fn render(plan: &CachePlan, top: usize, screen: Screen) -> String {
    let mut page = Page {
        plan,
        paths: plan.paths.iter().map(|it| (&*it.path, it)).collect(),
        top: if top == 0 { usize::MAX } else { top },
        sheet: Sheet::new(screen),
    };
    page.head();
    page.tiers();
    page.consumers();
    page.steps();
    page.left_out();
    page.sheet.out
}

/// A limit that is not kept.
pub(crate) fn gate_text(gate: &Gate) -> String {
    if gate.name == "check" {
        let steps = plural(gate.value as u64, "step");
        return format!("the cache does not hold what it should: {steps} to take");
    }
    format!(
        "exceeded: --{} {}, and it is {}",
        gate.name,
        percent(gate.limit),
        percent(gate.value)
    )
}

/// Rounded down: 79.96 % is not 80 %.
fn percent(share: f64) -> String {
    format!("{:.1} %", (share * 1_000.0).floor() / 10.0)
}

struct Page<'a> {
    plan: &'a CachePlan,
    /// Its paths, by store path.
    paths: HashMap<&'a str, &'a KnownPath>,
    top: usize,
    sheet: Sheet,
}

impl Page<'_> {
    fn head(&mut self) {
        let plan = self.plan;
        let place = match &plan.cache.dir {
            Some(dir) => format!("in {dir}"),
            None => format!("at {}", plan.cache.kind),
        };
        let held = if plan.is_held_known {
            size(plan.occupied_before_bytes)
        } else {
            "nothing that is known; give --held, or ask it with --online".to_owned()
        };
        let level = plan.compression.level;
        let rows = [
            ["cache", &format!("{} {place}", plan.cache.name)],
            ["filled by", &plan.producers.join(", ")],
            [
                "room",
                &format!(
                    "{} of {}, {} stay free",
                    size(plan.limit_bytes),
                    size(plan.capacity_bytes),
                    size(plan.buffer_bytes)
                ),
            ],
            ["holds now", &held],
            [
                "will hold",
                &format!(
                    "{}, {} at most on the way",
                    size(plan.occupied_bytes),
                    size(plan.peak_bytes)
                ),
            ],
            [
                "pushed as",
                &format!(
                    "{}{}",
                    plan.compression.method,
                    level.map_or(String::new(), |level| format!(" {level}"))
                ),
            ],
            [
                "saves",
                &format!(
                    "{} of building; no choice saves more than {} (gap {})",
                    duration(plan.saved_ms),
                    duration(plan.bound_ms),
                    gap(plan.gap)
                ),
            ],
        ];
        let rows = rows.map(|row| row.map(str::to_owned));
        self.sheet.table([Align::Left; 2], &[], &rows);
    }

    fn tiers(&mut self) {
        self.sheet
            .heading("Tiers", "what is held in the end; ~ is estimated");
        let mut rows: Vec<[String; 4]> = Vec::new();
        let notes = [
            "always held, with all it refers to",
            "as far as there is room, what saves the most first",
            "only what something held refers to",
        ];
        for (tier, note) in self.plan.tiers.iter().zip(notes) {
            rows.push([
                format!("tier {}", tier.tier),
                plural(tier.paths, "path"),
                estimated(tier.bytes, tier.estimated_bytes > 0),
                note.to_owned(),
            ]);
        }
        for generation in &self.plan.generations {
            rows.push([
                format!("{} ago", plural(u64::from(generation.age), "revision")),
                String::new(),
                size(generation.bytes),
                if generation.is_kept {
                    "kept; counted above".to_owned()
                } else {
                    "does not fit".to_owned()
                },
            ]);
        }
        let align = [Align::Left, Align::Right, Align::Right, Align::Left];
        self.sheet.table(align, &[], &rows);
    }

    fn consumers(&mut self) {
        for consumer in &self.plan.consumers {
            let title = format!("What {} finds", for_terminal(&consumer.name));
            let share = match consumer.needed.derivations {
                0 => "other caches have all that it needs".to_owned(),
                all => format!(
                    "{} of what other caches do not have",
                    percent(consumer.hit.derivations as f64 / all as f64)
                ),
            };
            self.sheet.heading(&title, &share);
            let row = |name: &str, amount: &crate::dto::cache_plan::Amount| {
                [
                    name.to_owned(),
                    plural(amount.derivations, "build"),
                    plural(amount.paths, "path"),
                    size(amount.bytes),
                    duration(amount.build_ms),
                ]
            };
            let Consumer {
                needed,
                hit,
                rebuilt,
                ..
            } = consumer;
            let rows = [
                row("needed", needed),
                row("hit", hit),
                row("rebuilt", rebuilt),
            ];
            let align = [
                Align::Left,
                Align::Right,
                Align::Right,
                Align::Right,
                Align::Right,
            ];
            self.sheet.table(align, &[], &rows);
            if rebuilt.derivations > 0 {
                let text = "`hmtool cache hits` says why these are built again";
                self.sheet.line(&paint(style::FAINT, &format!("  {text}")));
            }
        }
    }

    fn steps(&mut self) {
        let steps = &self.plan.steps;
        if steps.is_empty() {
            self.sheet.out.push('\n');
            let text = "Nothing to do: the cache holds what it should.";
            self.sheet.line(&paint(style::GOOD, text));
            return;
        }
        let of = |is_it: fn(&Step) -> bool| steps.iter().filter(|step| is_it(step)).count() as u64;
        let kept = self.plan.paths.iter().filter(|path| path.is_kept);
        let stay = kept.filter(|path| path.is_held).count() as u64;
        let note = format!(
            "push {}, pin {}, unpin {}, evict {}, leave {}",
            count(of(|step| matches!(step, Step::Push { .. }))),
            count(of(|step| matches!(step, Step::Pin { .. }))),
            count(of(|step| matches!(step, Step::Unpin { .. }))),
            count(of(|step| matches!(step, Step::Evict { .. }))),
            count(stay),
        );
        self.sheet
            .heading(&plural(steps.len() as u64, "step"), &note);
        let rows: Vec<[String; 3]> = steps
            .iter()
            .take(self.top)
            .map(|it| self.step(it))
            .collect();
        let align = [Align::Left, Align::Right, Align::Left];
        self.sheet.table(align, &[], &rows);
        self.more(steps.len());
        let is_left = |step: &Step| matches!(step, Step::Unpin { .. } | Step::Evict { .. });
        if self.plan.cache.dir.is_none() && steps.iter().any(is_left) {
            let text = cache_application::left(&self.plan.cache.name);
            self.sheet.paragraph(&text);
        }
    }

    fn step(&self, step: &Step) -> [String; 3] {
        let row = |verb: &str, bytes: String, text: String| [verb.to_owned(), bytes, text];
        match step {
            Step::Push { path, bytes } => {
                let known = self.find(path);
                let is_estimate = known.is_some_and(|known| known.size_source != "told");
                let why = known.map_or(String::new(), |known| format!(", {}", why(&known.why)));
                row("push", estimated(*bytes, is_estimate), name(path) + &why)
            }
            Step::Pin {
                name: pin,
                path,
                revisions,
            } => {
                let revisions = plural(u64::from(*revisions), "revision");
                let text = format!("{} as {pin}, keep {revisions}", name(path));
                row("pin", String::new(), text)
            }
            Step::Unpin {
                name: pin,
                path,
                is_early,
            } => {
                let early = if *is_early {
                    ", before its successor is there: there is no room for both"
                } else {
                    ""
                };
                row(
                    "unpin",
                    String::new(),
                    format!("{} of {pin}{early}", name(path)),
                )
            }
            Step::Evict { path, bytes, why } => {
                let why = match *why {
                    "upstream" => "another cache has it".to_owned(),
                    _ => self
                        .find(path)
                        .map_or("not wanted".to_owned(), |known| self::why(&known.why)),
                };
                row("evict", size(*bytes), format!("{}, {why}", name(path)))
            }
        }
    }

    fn left_out(&mut self) {
        let is_left = |path: &&KnownPath| {
            !path.is_kept && !matches!(path.why, Why::Upstream | Why::NotAskedFor) && !path.is_held
        };
        let mut left: Vec<&KnownPath> = self.plan.paths.iter().filter(is_left).collect();
        if left.is_empty() {
            return;
        }
        // A stable sort: of one size the smaller path first.
        left.sort_by_key(|path| std::cmp::Reverse(path.bytes));
        self.sheet.heading(
            "Not held",
            &format!("{}, the largest first", plural(left.len() as u64, "path")),
        );
        let rows: Vec<[String; 2]> = left
            .iter()
            .take(self.top)
            .map(|path| {
                [
                    estimated(path.bytes, path.size_source != "told"),
                    format!("{}, {}", name(&path.path), why(&path.why)),
                ]
            })
            .collect();
        self.sheet.table([Align::Right, Align::Left], &[], &rows);
        self.more(left.len());
    }

    fn find(&self, path: &str) -> Option<&KnownPath> {
        self.paths.get(path).copied()
    }

    fn more(&mut self, all: usize) {
        if all > self.top {
            let more = count((all - self.top) as u64);
            let text = format!("  and {more} more: --top 0, or --format json");
            self.sheet.line(&paint(style::FAINT, &text));
        }
    }
}

fn why(why: &Why) -> String {
    match why {
        Why::TierOne => "tier 1".to_owned(),
        Why::Saves { ms } => format!("saves {}", duration(*ms)),
        Why::Generation { age } => format!("pinned {} ago", plural(u64::from(*age), "revision")),
        Why::NeededBy { path } => format!("needed by {}", name(path)),
        Why::Upstream => "another cache has it".to_owned(),
        Why::Local => "tier 3".to_owned(),
        Why::NotAskedFor => "no consumer asks for it".to_owned(),
        Why::TooLarge {
            closure_bytes,
            room_bytes,
        } => format!(
            "its closure of {} does not fit into {}",
            size(*closure_bytes),
            size(*room_bytes)
        ),
        Why::WorthLess { closure_bytes, .. } => format!(
            "what is held instead of its {} saves more",
            size(*closure_bytes)
        ),
    }
}

/// A store path without directory and hash.
fn name(path: &str) -> String {
    let base = path.rsplit('/').next().unwrap_or(path);
    base.split_once('-')
        .map_or(base, |(_, name)| name)
        .to_owned()
}

/// A size, with a mark where it is estimated.
fn estimated(bytes: u64, is_estimate: bool) -> String {
    let mark = if is_estimate { "~" } else { "" };
    format!("{mark}{}", size(bytes))
}

/// A little is never nothing.
fn gap(share: f64) -> String {
    if share > 0.0 && share < 0.000_01 {
        return "<0.001 %".to_owned();
    }
    format!("{:.3} %", share * 100.0)
}
