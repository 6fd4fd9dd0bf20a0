//! What a consumer finds in a producer's cache, on one screen.

use super::Screen;
use super::sheet::Sheet;
use super::style::{self, paint};
use super::table::Align;
use crate::dto::cache_hits::{Amount, CacheHits, Cause, DifferingWord};
use crate::dto::gate::Gate;
use crate::quantity::{count, duration, size};

/// The document as one screen of text with ANSI styles; of each list the first `top`, or all if it
/// is 0.
pub(crate) fn render(hits: &CacheHits, top: usize, screen: Screen) -> String {
    let mut page = Page {
        hits,
        top: if top == 0 { usize::MAX } else { top },
        sheet: Sheet::new(screen),
    };
    page.head();
    page.amounts();
    page.words();
    page.causes();
    page.never_demanded();
    page.sheet.out
}

/// A limit that is not kept.
pub(crate) fn gate_text(gate: &Gate) -> String {
    format!(
        "exceeded: --{} {}, and {} of what is required comes from a cache",
        gate.name,
        percent(gate.limit),
        percent(gate.value)
    )
}

struct Page<'a> {
    hits: &'a CacheHits,
    top: usize,
    sheet: Sheet,
}

impl Page<'_> {
    fn head(&mut self) {
        let hits = self.hits;
        let rates = [
            (hits.hit_rate, "of what it requires"),
            (hits.hit_rate_by_time, "of the building time"),
            (hits.hit_rate_by_bytes, "of the bytes"),
        ];
        let rates = rates
            .iter()
            .filter_map(|(rate, what)| Some(format!("{} {what}", percent((*rate)?))));
        let rates: Vec<String> = rates.collect();
        let (producer, consumer) = (&hits.producer, &hits.consumer);
        let text = if rates.is_empty() {
            format!("{consumer} requires nothing that a cache could serve")
        } else {
            format!(
                "{consumer} finds {} in caches that {producer} fills or others have",
                rates.join(", ")
            )
        };
        self.sheet.paragraph(&text);
    }

    fn amounts(&mut self) {
        let hits = self.hits;
        let row = |name: &str, amount: &Amount, note: &str| {
            [
                name.to_owned(),
                count(amount.derivations),
                duration(amount.build_ms),
                estimated_size(amount.nar_bytes, amount.assumed_bytes),
                note.to_owned(),
            ]
        };
        let local = "forbid substitutes: no cache serves them";
        let rows = [
            row(
                "required",
                &hits.required,
                "derivations, sources and what every machine makes aside",
            ),
            row(
                "  upstream",
                &hits.upstream,
                "other caches have them, or what needs them",
            ),
            row(
                "  from producer",
                &hits.from_producer,
                "its cache has them, or what needs them",
            ),
            row("  missed", &hits.missed, "built on the consumer"),
            row("made everywhere", &hits.made_everywhere, local),
        ];
        self.sheet.heading(
            "Required",
            "by derivation; time and size are of building and of the outputs",
        );
        let align = [
            Align::Left,
            Align::Right,
            Align::Right,
            Align::Right,
            Align::Left,
        ];
        self.sheet
            .table(align, &["", "count", "time", "size", ""], &rows);
    }

    fn words(&mut self) {
        let words = &self.hits.differing_words;
        if words.is_empty() {
            return;
        }
        let (producer, consumer) = (&self.hits.producer, &self.hits.consumer);
        self.sheet.heading(
            "Words that differ",
            "what is missed because of each; shares overlap",
        );
        let absent = |word: &Option<String>| word.clone().unwrap_or_else(|| "-".to_owned());
        let rows: Vec<[String; 5]> = words
            .iter()
            .take(self.top)
            .map(|word: &DifferingWord| {
                [
                    duration(word.build_ms),
                    count(word.misses),
                    count(word.causes),
                    absent(&word.producer),
                    absent(&word.consumer),
                ]
            })
            .collect();
        let align = [
            Align::Right,
            Align::Right,
            Align::Right,
            Align::Left,
            Align::Left,
        ];
        self.sheet
            .table(align, &["time", "missed", "in", producer, consumer], &rows);
        self.more(words.len());
    }

    fn causes(&mut self) {
        let causes = &self.hits.causes;
        if causes.is_empty() {
            return;
        }
        self.sheet.heading(
            "Root causes",
            "derivations that differ themselves, and what that costs",
        );
        let rows: Vec<[String; 5]> = causes
            .iter()
            .take(self.top)
            .map(|cause| {
                [
                    cause.name.clone(),
                    duration(cause.build_ms),
                    duration(cause.build_alone_ms),
                    count(cause.misses),
                    differences(cause, &self.hits.producer),
                ]
            })
            .collect();
        let align = [
            Align::Left,
            Align::Right,
            Align::Right,
            Align::Right,
            Align::Left,
        ];
        self.sheet
            .table(align, &["", "time", "alone", "missed", "differs in"], &rows);
        self.more(causes.len());
    }

    fn never_demanded(&mut self) {
        let hits = self.hits;
        let never = &hits.never_demanded;
        if never.derivations == 0 {
            return;
        }
        let note = format!(
            "{} of {} derivations that {} builds, {}",
            count(never.derivations),
            count(hits.pushed.derivations),
            hits.producer,
            estimated_size(never.nar_bytes, never.assumed_bytes),
        );
        self.sheet.heading("Pushed and never demanded", &note);
        let rows: Vec<[String; 2]> = hits
            .largest_never_demanded
            .iter()
            .take(self.top / 2)
            .map(|it| [size(it.nar_bytes), it.path.clone()])
            .collect();
        self.sheet.table([Align::Right, Align::Left], &[], &rows);
    }

    fn more(&mut self, all: usize) {
        if all > self.top {
            let more = count((all - self.top) as u64);
            let text = format!("  and {more} more: --top 0, or --format json");
            self.sheet.line(&paint(style::FAINT, &text));
        }
    }
}

/// In what a cause differs, in few words.
fn differences(cause: &Cause, producer: &str) -> String {
    if cause.producer_drv.is_none() {
        return format!("{producer} has nothing in its place");
    }
    let names: Vec<&str> = cause
        .differences
        .iter()
        .map(|d| d.attribute.as_str())
        .collect();
    names.join(", ")
}

/// A size, with a mark where some of it is assumed.
fn estimated_size(bytes: u64, assumed: u64) -> String {
    let mark = if assumed > 0 { "~" } else { "" };
    format!("{mark}{}", size(bytes))
}

fn percent(share: f64) -> String {
    // Rounded down: 79.96 % is not 80 %.
    format!("{:.1} %", (share * 1_000.0).floor() / 10.0)
}
