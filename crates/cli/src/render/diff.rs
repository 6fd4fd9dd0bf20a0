//! Why two derivations are not one, on one screen.

use super::Screen;
use super::difference;
use super::edit;
use super::sheet::Sheet;
use super::style::{self, paint};
use super::table::Align;
use super::untrusted::fitted;
use crate::dto::diff::{AttributeDifference, Diff, End, InputDifference, SourceDifference, Step};
use crate::dto::graph::Derivation;
use crate::quantity::{count, plural};

/// Names that a list shows.
const NAMES: usize = 8;
/// Attributes of a derivation that a variable can be called like.
const ATTRIBUTES: [&str; 4] = ["args", "builder", "outputs", "system"];
/// Columns of an input's and a source's name.
const NAME: usize = 60;
/// Characters of a hash that tell two paths apart.
const HASH: usize = 4;

/// The document as one screen of text with ANSI styles; of the derivations that differ the first
/// `top`, or all if it is 0.
pub(crate) fn render(diff: &Diff, top: usize, screen: Screen) -> String {
    let mut page = Page {
        diff,
        top: if top == 0 { usize::MAX } else { top },
        sheet: Sheet::new(screen),
    };
    page.head();
    page.summary();
    page.steps();
    page.sheet.out
}

struct Page<'a> {
    diff: &'a Diff,
    top: usize,
    sheet: Sheet,
}

impl Page<'_> {
    fn head(&mut self) {
        let row = |name: &str, end: &End| {
            let text = format!("{}  from {}", end.derivation.drv, end.sources.join(", "));
            [name.to_owned(), text]
        };
        let rows = [
            row("before", &self.diff.before),
            row("after", &self.diff.after),
        ];
        self.sheet.table([Align::Left; 2], &[], &rows);
    }

    fn summary(&mut self) {
        let Diff { summary, .. } = self.diff;
        let fates = &summary.fates;
        let verdict = match &*self.diff.verdict {
            "same-file" => "The two are one derivation",
            "same-outputs" => "The two make the same outputs; only their .drv files differ",
            _ => "The two make different outputs",
        };
        self.sheet.out.push('\n');
        self.sheet.paragraph(verdict);
        if self.diff.verdict == "same-file" {
            return;
        }
        let causes = if fates.causes == 1 { "it" } else { "these" };
        let mut rows = Vec::new();
        let mut row = |name: &str, n: u64, what: String| {
            if n > 0 {
                rows.push([name.to_owned(), count(n), what]);
            }
        };
        let follow = match fates.cascade {
            0 => String::new(),
            n => format!(", {} from {causes}", verb(n, "follows", "follow")),
        };
        let changed = format!(
            "{}{follow}",
            verb(
                fates.causes,
                "says something else itself",
                "say something else themselves"
            ),
        );
        row("changed", fates.changed, changed);
        row("new", fates.added, names(&self.diff.added));
        row("gone", fates.gone, names(&self.diff.gone));
        let other = match summary.same_outputs {
            0 => String::new(),
            n => format!(
                "{} the same outputs: {}",
                verb(
                    n,
                    "has another .drv file and makes",
                    "have another .drv file and make"
                ),
                names(&self.diff.same_outputs)
            ),
        };
        row("unchanged", fates.unchanged, other);
        let align = [Align::Left, Align::Right, Align::Left];
        self.sheet.table(align, &[], &rows);
    }

    fn steps(&mut self) {
        // A way to what differs is told with that.
        let is_shown = |step: &&Step| !step.is_way_only();
        let shown: Vec<&Step> = self.diff.steps.iter().filter(is_shown).collect();
        let Diff { summary, .. } = self.diff;
        if !shown.is_empty() {
            self.sheet.heading("Differences", "the nearest first");
        }
        for step in shown.iter().take(self.top) {
            self.step(step);
        }
        let mut notes = Vec::new();
        let more = shown.len().saturating_sub(self.top) as u64;
        if more > 0 {
            notes.push(format!("and {} more: --top 0 shows all", count(more)));
        }
        if summary.deeper > 0 {
            let deeper = verb(summary.deeper, "differs", "differ");
            notes.push(format!(
                "{deeper} further down: a greater --depth shows more"
            ));
        }
        let beside = summary.fates.causes.saturating_sub(summary.reached_causes);
        if beside > 0 && self.diff.verdict == "other-outputs" {
            let are = verb(beside, "cause is", "causes are");
            notes.push(format!(
                "{are} needed only for what is fetched, new or gone, and {} no part here",
                if beside == 1 { "plays" } else { "play" }
            ));
        }
        for note in notes {
            for line in self.sheet.wrapped(&note, 2) {
                self.sheet.line(&paint(style::FAINT, &format!("  {line}")));
            }
        }
    }

    fn step(&mut self, step: &Step) {
        let mut facts = Vec::new();
        match step.depth {
            0 => {}
            depth => facts.push(format!("{} down", plural(depth, "input"))),
        }
        match &*step.kind {
            "same-outputs" => facts.push("makes the same outputs".to_owned()),
            "cascade" => facts.push("follows from its inputs".to_owned()),
            _ => {}
        }
        match step.drags {
            None | Some(0) => {}
            Some(drags) => facts.push(format!("drags {} along", count(drags))),
        }
        self.sheet.titled(&step.name(), NAME, &facts.join(", "));
        let way = self.way(step);
        if !way.is_empty() {
            let text = format!("by way of {}", way.join(", "));
            for line in self.sheet.wrapped(&text, 6) {
                self.sheet
                    .line(&format!("      {}", paint(style::FAINT, &line)));
            }
        }
        for one in &step.differences {
            self.attribute(one);
        }
        for input in &step.inputs {
            self.input(step, input);
        }
        for source in &step.sources {
            self.source(source);
        }
    }

    /// Names from the input of the two that were asked about down to what needs the step.
    fn way(&self, step: &Step) -> Vec<&str> {
        let above = |step: &Step| self.diff.steps.get(usize::try_from(step.found_by?).ok()?);
        let ways = std::iter::successors(above(step), |step| above(step));
        let ways = ways.take_while(|step| step.depth > 0);
        let mut names: Vec<&str> = ways.map(|step| step.after.name.as_str()).collect();
        names.reverse();
        names
    }

    fn attribute(&mut self, one: &AttributeDifference) {
        // Inputs and sources are told one by one.
        let is_listed = matches!(&*one.difference.attribute, "inputDrvs" | "inputSrcs");
        if is_listed && !one.difference.is_variable {
            return;
        }
        if one.lines.is_empty() {
            difference::lines(&mut self.sheet, &one.difference, 6);
            return;
        }
        let name = &one.difference.attribute;
        let is_both = one.difference.is_variable && ATTRIBUTES.contains(&name.as_str());
        let variable = if is_both { " (variable)" } else { "" };
        edit::lines(&mut self.sheet, &format!("{name}{variable}"), &one.lines, 6);
    }

    fn input(&mut self, step: &Step, input: &InputDifference) {
        // Two of one name are told by their hashes.
        let name = |of: &Derivation| {
            let inputs = step.inputs.iter().filter(|other| !other.only_hashes);
            let all = inputs
                .flat_map(|other| [&other.before, &other.after])
                .flatten();
            let is_other = |other: &Derivation| other.name == of.name && other.drv != of.drv;
            if all.into_iter().any(is_other) {
                format!("{} [{}]", of.name, hash(&of.drv))
            } else {
                of.name.clone()
            }
        };
        let outputs = |names: &[String]| match names {
            [only] if only == "out" => String::new(),
            names => format!(" ({})", names.join(", ")),
        };
        let wanted = (
            outputs(&input.outputs_before),
            outputs(&input.outputs_after),
        );
        match (&input.before, &input.after) {
            (Some(before), None) => {
                self.listed("inputDrvs", '-', &format!("{}{}", name(before), wanted.0));
            }
            (None, Some(after)) => {
                self.listed("inputDrvs", '+', &format!("{}{}", name(after), wanted.1));
            }
            (Some(before), Some(after)) if input.only_hashes => {
                let text = format!("{} {}", after.name, hashes(&before.drv, &after.drv));
                self.listed("inputDrvs", '~', &text);
            }
            (Some(before), Some(after)) => {
                let name = |of: &Derivation, names: &[String]| {
                    format!("{} ({})", of.name, names.join(", "))
                };
                let was = name(before, &input.outputs_before);
                self.listed("inputDrvs", '-', &was);
                let is = name(after, &input.outputs_after);
                self.listed("inputDrvs", '+', &is);
            }
            (None, None) => {}
        }
    }

    fn source(&mut self, source: &SourceDifference) {
        match (&source.before, &source.after) {
            (Some(before), Some(after)) => {
                let text = format!("{} {}", source.name, hashes(before, after));
                self.listed("inputSrcs", '~', &text);
                edit::block(&mut self.sheet, &source.lines, 8);
            }
            (Some(_), None) => self.listed("inputSrcs", '-', &source.name),
            (None, _) => self.listed("inputSrcs", '+', &source.name),
        }
    }

    fn listed(&mut self, attribute: &str, sign: char, text: &str) {
        let (style, ascii) = match sign {
            '-' => (style::GONE, self.sheet.screen.ascii),
            '+' => (style::NEW, self.sheet.screen.ascii),
            _ => (style::FAINT, self.sheet.screen.ascii),
        };
        let columns = self.sheet.screen.columns.saturating_sub(20);
        let text = fitted(text, columns, ascii);
        let text = paint(style, &format!("{sign} {text}"));
        self.sheet.line(&format!("      {attribute}  {text}"));
    }
}

impl Step {
    fn name(&self) -> String {
        if self.before.name == self.after.name {
            return self.after.name.clone();
        }
        format!("{} -> {}", self.before.name, self.after.name)
    }

    /// Whether there is nothing to say of it but that it leads to others.
    fn is_way_only(&self) -> bool {
        self.differences.is_empty() && self.inputs.is_empty() && self.sources.is_empty()
    }
}

/// The first names of a list.
fn names(all: &[Derivation]) -> String {
    let shown: Vec<&str> = all
        .iter()
        .take(NAMES)
        .map(|one| one.name.as_str())
        .collect();
    match all.len().saturating_sub(NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), count(more as u64)),
    }
}

/// The start of the hashes of two store paths.
fn hashes(before: &str, after: &str) -> String {
    format!("[{}] -> [{}]", hash(before), hash(after))
}

fn hash(path: &str) -> String {
    let base = path.rsplit('/').next().unwrap_or_default();
    base.chars().take(HASH).collect()
}

fn verb(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}
