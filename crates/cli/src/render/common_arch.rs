//! What machines can share, in sentences.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::Screen;
use super::paragraph::wrapped;
use super::style::{self, paint};
use super::untrusted::fitted;
use crate::dto::common_arch::{CommonArch, Runs, Verdict};

/// What they share, whose code runs where, and what to tell compilers.
pub(crate) fn render(document: &CommonArch, screen: Screen) -> String {
    let mut page = Page {
        screen,
        out: String::new(),
    };
    let names: Vec<&str> = document.machines.iter().map(|it| &*it.name).collect();
    let names = listed(&names);
    match document.share {
        Some(share) => page.line(style::STRONG, &format!("{names} share {share}")),
        None => page.line(style::ERROR, &format!("{names} share no architecture")),
    }
    for target in targets(document) {
        page.target(document, target);
    }
    if let (Some(share), false) = (document.share, document.beyond.is_empty()) {
        let beyond = document.beyond.join(" ");
        page.item(&format!("beyond {share} all of them have {beyond}"));
    }
    match (document.exact, document.most_features) {
        (Some(exact), _) if Some(exact) != document.share => {
            page.item(&format!(
                "code for {exact} is the most that runs on all of them: that of every other target that does is part of it"
            ));
        }
        (None, Some(most)) => {
            page.item(&format!(
                "no target is the greatest: {} run on all of them; {most} has the most features",
                listed(&document.targets)
            ));
        }
        _ => {}
    }
    if let Some(flags) = &document.flags {
        page.out.push('\n');
        page.item(&format!("CFLAGS     {}", flags.cflags.join(" ")));
        if !document.beyond_options.is_empty() {
            let options = document.beyond_options.join(" ");
            page.item(&format!("and where a program gains: {options}"));
        }
        page.item(&format!("RUSTFLAGS  {}", flags.rustflags.join(" ")));
        if let Some(level) = flags.goamd64 {
            page.item(&format!("GOAMD64    {level}"));
        }
        if let Some(arch) = flags.gcc_arch {
            page.item(&format!("gcc.arch   {arch}"));
        }
    }
    page.out
}

/// Each target once, in the order of the document.
fn targets(document: &CommonArch) -> Vec<&'static str> {
    let mut targets: Vec<&'static str> = Vec::new();
    for runs in &document.runs {
        if !targets.contains(&runs.target) {
            targets.push(runs.target);
        }
    }
    targets
}

/// `a`, `a and b`, `a, b and c`
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

struct Page {
    screen: Screen,
    out: String,
}

impl Page {
    fn line(&mut self, style: anstyle::Style, text: &str) {
        let text = fitted(text, usize::MAX, self.screen.ascii);
        for line in wrapped(&text, self.screen.columns, 0) {
            self.out.push_str(&paint(style, &line));
            self.out.push('\n');
        }
    }

    fn item(&mut self, text: &str) {
        let text = fitted(text, usize::MAX, self.screen.ascii);
        for (at, line) in wrapped(&text, self.screen.columns, 4).iter().enumerate() {
            let indent = if at == 0 { "  " } else { "    " };
            let _ = writeln!(self.out, "{indent}{line}");
        }
    }

    fn target(&mut self, document: &CommonArch, target: &str) {
        let of_target = |verdict: Verdict| {
            let runs = document.runs.iter();
            runs.filter(move |runs| runs.target == target && runs.verdict == verdict)
        };
        let fails: Vec<&Runs> = of_target(Verdict::No).collect();
        if of_target(Verdict::Unknown).next().is_some() {
            self.item(&format!(
                "whether code for {target} runs on all of them is not known"
            ));
        } else if fails.is_empty() {
            let soft = of_target(Verdict::Soft).flat_map(|runs| runs.missing.iter().copied());
            let soft: BTreeSet<&str> = soft.collect();
            let soft: Vec<&str> = soft.into_iter().collect();
            let but = match &soft[..] {
                [] => String::new(),
                soft => format!(" (some lack {}, which it runs without)", soft.join(" ")),
            };
            self.item(&format!("code for {target} runs on all of them{but}"));
        }
        for runs in fails {
            self.item(&format!(
                "code for {target} does not run on {}, which lacks {}",
                runs.on,
                runs.missing.join(" ")
            ));
        }
    }
}
