//! Policies side by side: tables for people, rows for a plot.

use super::Screen;
use super::paragraph::wrapped;
use super::style::{self, paint};
use super::untrusted::{for_terminal, padded, width};
use crate::dto::cache_simulation::{Bound, CacheSimulation, Paths, RebuildBound, Run};
use crate::quantity::{count, duration, size};

/// The tables. At one capacity a column is a figure, at several a column is a capacity.
pub(crate) fn human(document: &CacheSimulation, screen: Screen) -> String {
    let mut page = Page {
        document,
        screen,
        out: String::new(),
    };
    page.head();
    if let [bound] = &document.bounds[..] {
        page.figures(bound);
        return page.out;
    }
    if document.trace.metadata.is_some() {
        page.capacities(
            "Build time missed",
            "of what could not be served: not held, or not with its closure",
            &|run| run.paths.as_ref().map(served),
            &|bound| bound.rebuild.as_ref().map(rebuild),
        );
    }
    page.capacities(
        "Requests missed",
        "of what was not held",
        &|run| Some(run.miss_ratio),
        &|bound| Some(bound.miss_ratio),
    );
    page.capacities(
        "Bytes missed",
        "of what was not held",
        &|run| Some(run.byte_miss_ratio),
        &|bound| Some(bound.byte_miss_ratio),
    );
    page.out
}

fn served(paths: &Paths) -> f64 {
    paths.effective_rebuild_miss_ratio
}

fn rebuild(bound: &RebuildBound) -> f64 {
    bound.miss_ratio
}

/// What the row of the lower bound is called.
const BOUND: &str = "no policy below";

struct Page<'a> {
    document: &'a CacheSimulation,
    screen: Screen,
    out: String,
}

/// A row of a table: its name, its cells, and which of them are the best that a real cache can do.
struct Row {
    name: String,
    is_faint: bool,
    cells: Vec<(String, bool)>,
}

impl Page<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn paragraph(&mut self, text: &str) {
        let text = for_terminal(text).into_owned();
        for line in wrapped(&text, self.screen.columns, 0) {
            self.line(&line);
        }
    }

    fn head(&mut self) {
        let trace = &self.document.trace;
        self.paragraph(&format!(
            "{}: {} requests for {} objects in {}, {} asked for, {} each once",
            trace.file,
            count(trace.requests),
            count(trace.objects),
            duration(trace.length_ms),
            size(trace.requested_bytes),
            size(trace.unique_bytes),
        ));
        if let Some(metadata) = &trace.metadata {
            let unknown = match metadata.unknown_objects {
                0 => String::new(),
                n => format!("; {} objects are not in it", count(n)),
            };
            self.paragraph(&format!(
                "{}: {} of building asked for{unknown}",
                metadata.file,
                duration(metadata.rebuild_ms)
            ));
        }
    }

    fn heading(&mut self, title: &str, note: &str) {
        let title = paint(style::HEADING, title);
        let note = paint(style::FAINT, note);
        self.line(&format!("\n{title}  {note}"));
    }

    /// Runs of each policy, by capacity.
    fn by_policy(&self) -> Vec<&[Run]> {
        let size = self.document.bounds.len().max(1);
        self.document.runs.chunks(size).collect()
    }

    /// A table of one figure with a column for each capacity.
    fn capacities(
        &mut self,
        title: &str,
        note: &str,
        figure: &dyn Fn(&Run) -> Option<f64>,
        least: &dyn Fn(&Bound) -> Option<f64>,
    ) {
        self.heading(title, note);
        let policies = self.by_policy();
        let bounds = &self.document.bounds;
        let best: Vec<Option<f64>> = (0..bounds.len())
            .map(|i| best(policies.iter().map(|runs| &runs[i]), figure))
            .collect();
        let mut rows: Vec<Row> = policies
            .iter()
            .map(|runs| Row {
                name: name(&runs[0]),
                is_faint: runs[0].offline,
                cells: runs
                    .iter()
                    .zip(&best)
                    .map(|(run, best)| cell(figure(run), *best, run.offline))
                    .collect(),
            })
            .collect();
        rows.push(Row {
            name: BOUND.to_owned(),
            is_faint: true,
            cells: bounds
                .iter()
                .map(|bound| cell(least(bound), None, true))
                .collect(),
        });
        let head: Vec<String> = bounds
            .iter()
            .map(|bound| size(bound.capacity_bytes))
            .collect();
        self.table(&head, &rows);
    }

    /// A table at one capacity with a column for each figure.
    fn figures(&mut self, bound: &Bound) {
        let title = format!("At {}", size(bound.capacity_bytes));
        let has_paths = self.document.trace.metadata.is_some();
        let note = if has_paths {
            "what was not held, then build time of what was not held with its closure, and evictions"
        } else {
            "what was not held, and evictions"
        };
        self.heading(&title, note);
        let figures = Figure::shown(has_paths);
        let runs = || self.document.runs.iter();
        let row = |run: &Run| Row {
            name: name(run),
            is_faint: run.offline,
            cells: figures
                .iter()
                .map(|figure| match figure.share {
                    Some(share) => cell(share(run), best(runs(), &share), run.offline),
                    None => ((figure.number)(run).map_or(String::new(), count), false),
                })
                .collect(),
        };
        let mut rows: Vec<Row> = runs().map(row).collect();
        rows.push(Row {
            name: BOUND.to_owned(),
            is_faint: true,
            cells: figures
                .iter()
                .map(|figure| cell((figure.least)(bound), None, true))
                .collect(),
        });
        let head: Vec<String> = figures
            .iter()
            .map(|figure| figure.head.to_owned())
            .collect();
        self.table(&head, &rows);
    }

    /// Rows under a head. Columns that the screen has no room for follow in further tables.
    fn table(&mut self, head: &[String], rows: &[Row]) {
        let first = rows.iter().map(|row| width(&row.name)).max().unwrap_or(0);
        let widths: Vec<usize> = head
            .iter()
            .enumerate()
            .map(|(i, head)| {
                let cells = rows.iter().map(|row| width(&row.cells[i].0));
                2 + cells.chain([width(head)]).max().unwrap_or(0)
            })
            .collect();
        let mut start = 0;
        while start < head.len() {
            let mut room = self.screen.columns.saturating_sub(2 + first);
            let fit = widths[start..].iter().take_while(|&&width| {
                let rest = room.checked_sub(width);
                room = rest.unwrap_or(0);
                rest.is_some()
            });
            let end = start + fit.count().max(1);
            let heads: String = (start..end)
                .map(|i| " ".repeat(widths[i] - width(&head[i])) + &head[i])
                .collect();
            let line = paint(style::FAINT, &format!("{}{heads}", " ".repeat(first)));
            self.line(&format!("  {line}"));
            for row in rows {
                let cells: String = (start..end)
                    .map(|i| {
                        let (text, is_best) = &row.cells[i];
                        let space = " ".repeat(widths[i] - width(text));
                        let text = match (is_best, row.is_faint) {
                            (true, _) => paint(style::STRONG, text),
                            (false, true) => paint(style::FAINT, text),
                            (false, false) => text.clone(),
                        };
                        space + &text
                    })
                    .collect();
                let name = padded(&row.name, first, self.screen.ascii);
                let name = if row.is_faint {
                    paint(style::FAINT, &name)
                } else {
                    name
                };
                self.line(&format!("  {name}{cells}"));
            }
            start = end;
        }
    }
}

/// A column of the table at one capacity.
struct Figure {
    head: &'static str,
    /// A share, of which the smallest is best, …
    share: Option<fn(&Run) -> Option<f64>>,
    /// … or a number, for which that is not so.
    number: fn(&Run) -> Option<u64>,
    least: fn(&Bound) -> Option<f64>,
}

impl Figure {
    fn shown(has_paths: bool) -> Vec<Self> {
        let share = |head, share: fn(&Run) -> Option<f64>, least| Self {
            head,
            share: Some(share),
            number: |_| None,
            least,
        };
        let number = |head, number: fn(&Run) -> Option<u64>| Self {
            head,
            share: None,
            number,
            least: |_| None,
        };
        let mut figures = vec![
            share("requests", |r| Some(r.miss_ratio), |b| Some(b.miss_ratio)),
            share(
                "bytes",
                |r| Some(r.byte_miss_ratio),
                |b| Some(b.byte_miss_ratio),
            ),
        ];
        if has_paths {
            figures.extend([
                share(
                    "build time",
                    |r| Some(r.paths.as_ref()?.rebuild_miss_ratio),
                    |b| b.rebuild.as_ref().map(rebuild),
                ),
                share("effective", |r| r.paths.as_ref().map(served), |_| None),
                number("tier 1", |r| Some(r.paths.as_ref()?.evictions_by_tier[0])),
                number("tier 2", |r| Some(r.paths.as_ref()?.evictions_by_tier[1])),
                number("tier 3", |r| Some(r.paths.as_ref()?.evictions_by_tier[2])),
            ]);
        } else {
            figures.push(number("evicted", |r| Some(r.evictions)));
        }
        figures.push(number("passed by", |r| Some(r.passed_by)));
        figures
    }
}

fn name(run: &Run) -> String {
    let future = if run.offline { ", offline" } else { "" };
    format!("{}{future}", run.policy)
}

/// The least of a figure among the policies that a real cache can have.
fn best<'a>(
    runs: impl Iterator<Item = &'a Run>,
    figure: &dyn Fn(&Run) -> Option<f64>,
) -> Option<f64> {
    runs.filter(|run| !run.offline)
        .filter_map(figure)
        .min_by(f64::total_cmp)
}

/// A share in percent, and whether it is the best.
fn cell(share: Option<f64>, best: Option<f64>, is_offline: bool) -> (String, bool) {
    let Some(share) = share else {
        return (String::new(), false);
    };
    let is_best = !is_offline && best.is_some_and(|best| share <= best);
    (format!("{:.1} %", share * 100.0), is_best)
}

/// Rows for a plot: a line for each policy and capacity, and one for each bound.
pub(crate) fn csv(document: &CacheSimulation) -> String {
    let mut out = String::from(
        "policy,capacity_bytes,misses,miss_ratio,missed_bytes,byte_miss_ratio,\
         effective_miss_ratio,rebuild_miss_ratio,effective_rebuild_miss_ratio,evictions\n",
    );
    let share = |share: Option<f64>| share.map_or(String::new(), |share| format!("{share:.6}"));
    let mut line = |cells: [String; 10]| {
        out.push_str(&cells.join(","));
        out.push('\n');
    };
    for run in &document.runs {
        let paths = run.paths.as_ref();
        line([
            run.policy.to_owned(),
            run.capacity_bytes.to_string(),
            run.misses.to_string(),
            share(Some(run.miss_ratio)),
            run.missed_bytes.to_string(),
            share(Some(run.byte_miss_ratio)),
            share(paths.map(|paths| paths.effective_miss_ratio)),
            share(paths.map(|paths| paths.rebuild_miss_ratio)),
            share(paths.map(served)),
            run.evictions.to_string(),
        ]);
    }
    for bound in &document.bounds {
        line([
            "pfoo-l".to_owned(),
            bound.capacity_bytes.to_string(),
            bound.misses.to_string(),
            share(Some(bound.miss_ratio)),
            bound.missed_bytes.to_string(),
            share(Some(bound.byte_miss_ratio)),
            String::new(),
            share(bound.rebuild.as_ref().map(rebuild)),
            String::new(),
            String::new(),
        ]);
    }
    out
}
