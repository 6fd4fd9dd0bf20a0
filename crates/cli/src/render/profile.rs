//! A profile as it is understood, on one screen.

use super::Screen;
use super::paragraph::wrapped;
use super::style::{self, paint};
use super::table::{self, Align};
use super::untrusted::{fitted, for_terminal};
use crate::dto::profile::{Derived, ProfileShown};
use crate::dto::severity::Severity;
use crate::quantity::{bytes, plural};

/// The profile as one screen of text with ANSI styles.
pub(crate) fn render(shown: &ProfileShown, screen: Screen) -> String {
    let mut page = Page {
        screen,
        out: String::new(),
    };
    let name = paint(style::STRONG, &for_terminal(&shown.name));
    page.line(&format!("{name}  {}", for_terminal(&shown.file)));
    page.line("");
    page.rows(&machine(&shown.derived));
    page.heading("For builds");
    page.rows(&budget(shown));
    if !shown.tiers.is_empty() {
        page.heading("Tiers, each alone on the machine and however full zram is");
        page.tiers(shown);
    }
    if !shown.diagnostics.is_empty() {
        page.heading("What speaks against it");
        for found in &shown.diagnostics {
            let style = match found.severity {
                Severity::Error => style::ERROR,
                Severity::Warning => style::WARNING,
                Severity::Note => style::NOTE,
            };
            let severity = paint(style, found.severity.as_str());
            let text = format!("[{}] {}: {}", found.rule, found.path, found.message);
            page.item(&severity, found.severity.as_str().len(), &text);
        }
    }
    page.out
}

struct Page {
    screen: Screen,
    out: String,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn heading(&mut self, text: &str) {
        self.line("");
        self.line(&paint(style::HEADING, text));
    }

    fn rows(&mut self, rows: &[[String; 2]]) {
        let (_, lines) = table::set([Align::Left; 2], &[], rows, self.screen);
        for cells in lines {
            self.line(&format!("  {}", cells.join("  ")));
        }
    }

    fn tiers(&mut self, shown: &ProfileShown) {
        let rows: Vec<[String; 5]> = shown
            .tiers
            .iter()
            .map(|tier| {
                [
                    tier.name.clone(),
                    tier.asked.map_or("any".to_owned(), |jobs| jobs.to_string()),
                    tier.cores.to_string(),
                    bytes(tier.job_bytes),
                    match tier.jobs {
                        Some(jobs) => format!("{} at once", plural(jobs.into(), "job")),
                        None => format!(
                            "none: {} can be in use at once",
                            bytes(shown.budget.hot_build_bytes)
                        ),
                    },
                ]
            })
            .collect();
        let mut align = [Align::Right; 5];
        (align[0], align[4]) = (Align::Left, Align::Left);
        let head = ["", "asks for", "cores", "memory", "gets"];
        let (head, lines) = table::set(align, &head, &rows, self.screen);
        for cells in head.into_iter().chain(lines) {
            self.line(&format!("  {}", cells.join("  ")));
        }
    }

    fn item(&mut self, lead: &str, width: usize, text: &str) {
        let text = fitted(text, usize::MAX, self.screen.ascii);
        for (at, line) in wrapped(&text, self.screen.columns, width + 4)
            .iter()
            .enumerate()
        {
            let indent = if at == 0 {
                format!("  {lead} ")
            } else {
                " ".repeat(4)
            };
            self.line(&format!("{indent}{line}"));
        }
    }
}

fn machine(derived: &Derived) -> Vec<[String; 2]> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: Option<String>| {
        rows.extend(value.map(|value| [name.to_owned(), value]));
    };
    row("hostname", derived.hostname.clone());
    row("kind", derived.kind.clone());
    row("processor", derived.uarch.map(str::to_owned));
    row(
        "builds for",
        derived.march.as_ref().map(|march| {
            let tune = derived.mtune.as_ref().filter(|tune| *tune != march);
            let tune = tune.map_or(String::new(), |tune| format!(", scheduled for {tune}"));
            let level = derived.level.filter(|level| level != march);
            let level = level.map_or(String::new(), |level| format!("; it reaches {level}"));
            format!("{march}{tune}{level}")
        }),
    );
    row(
        "threads",
        derived.threads.map(|threads| match derived.cores {
            Some(cores) => format!("{threads} on {}", plural(cores.into(), "core")),
            None => threads.to_string(),
        }),
    );
    row(
        "memory",
        derived.ram_bytes.map(|ram| match derived.zram_bytes {
            0 => bytes(ram),
            zram => format!("{}, and zram that takes {}", bytes(ram), bytes(zram)),
        }),
    );
    let gpu = match (derived.gpu, derived.cuda) {
        (false, _) => "none",
        (true, false) => "one, CUDA is not used",
        (true, true) => "one, with CUDA",
    };
    row("GPU", Some(gpu.to_owned()));
    row(
        "Nix today",
        derived.max_jobs.map(|jobs| match derived.max_cores {
            Some(0) => format!("{} at once with all threads", plural(jobs.into(), "job")),
            Some(cores) => {
                let threads = plural(cores.into(), "thread");
                format!("{} at once with {threads} each", plural(jobs.into(), "job"))
            }
            None => format!("{} at once", plural(jobs.into(), "job")),
        }),
    );
    row(
        "packages",
        (!derived.packages.is_empty()).then(|| derived.packages.join(", ")),
    );
    rows
}

fn budget(shown: &ProfileShown) -> Vec<[String; 2]> {
    let budget = &shown.budget;
    let mut rows = vec![["threads".to_owned(), budget.threads.to_string()]];
    let mut row = |name: &str, value: String| rows.push([name.to_owned(), value]);
    row(
        "memory",
        format!(
            "{} of {} effective, after a reserve of {}",
            bytes(budget.build_bytes),
            bytes(budget.effective_bytes),
            bytes(budget.reserve_bytes)
        ),
    );
    if shown.derived.zram_bytes > 0 {
        row(
            "at once",
            format!(
                "{} while zram is full, at ratio {}",
                bytes(budget.hot_build_bytes),
                budget.ratio
            ),
        );
    }
    rows
}
