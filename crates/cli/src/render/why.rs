//! Why a package is there, on one screen.

use super::Screen;
use super::difference;
use super::sheet::Sheet;
use super::style::{self, paint};
use super::untrusted::{padded, width};
use crate::dto::graph::Graph;
use crate::dto::why::{Chain, Step, Why};
use crate::quantity::{duration, plural};

/// Columns of a derivation's name.
const NAME: usize = 48;

/// The document as one screen of text with ANSI styles.
pub(crate) fn render(why: &Why, screen: Screen) -> String {
    let mut sheet = Sheet::new(screen);
    let describe = |graph: &Graph| {
        let from = graph.sources.join(", ");
        format!("{} from {from}", plural(graph.closure, "derivation"))
    };
    let graphs = match &why.before {
        Some(before) => format!("{} against {}", describe(&why.graph), describe(before)),
        None => describe(&why.graph),
    };
    sheet.paragraph(&graphs);
    sheet.out.push('\n');
    sheet.paragraph(&verdict(why));
    match &why.chains[..] {
        [shortest, costliest] if shortest.steps == costliest.steps => {
            chain(
                &mut sheet,
                why,
                "Shortest and most expensive chain",
                shortest,
            );
        }
        chains => {
            for one in chains {
                let title = if one.kind == "shortest" {
                    "Shortest chain"
                } else {
                    "Most expensive chain"
                };
                chain(&mut sheet, why, title, one);
            }
        }
    }
    sheet.out
}

fn verdict(why: &Why) -> String {
    let package = &why.package;
    let name = &package.derivation.name;
    let on = why.machine.as_ref();
    let on = on.map_or(String::new(), |machine| format!(" on {machine}"));
    let state = match &*package.state {
        "built" => format!(
            "it is built, which takes {}{on}",
            duration(package.build_ms)
        ),
        "fetched" => "it is fetched from a cache".to_owned(),
        "present" => "it is in the store already".to_owned(),
        _ => "nothing is done for it, because what needs it is available".to_owned(),
    };
    match &*why.verdict {
        "changed" => {
            let causes = plural(why.causes, "cause");
            format!("{name} makes other outputs than before, which follows from {causes}; {state}")
        }
        "new" => format!("{name} is new; {state}"),
        "unchanged" => format!("{name} makes the same outputs as before; {state}"),
        _ => format!("{name}: {state}"),
    }
}

fn chain(sheet: &mut Sheet, why: &Why, title: &str, chain: &Chain) {
    let relation = match &*why.verdict {
        "changed" => "each is needed by the next",
        _ => "each needs the next",
    };
    let time = match chain.build_ms {
        0 => String::new(),
        ms => format!(", {} to build", duration(ms)),
    };
    let all = plural(chain.steps.len() as u64, "derivation");
    sheet.heading(title, &format!("{all}{time}; {relation}"));
    let ascii = sheet.screen.ascii;
    let widest = chain.steps.iter().map(|step| width(&step.derivation.name));
    let columns = widest.max().unwrap_or(0).min(NAME);
    for step in &chain.steps {
        let name = padded(&step.derivation.name, columns, ascii);
        let line = format!("  {}  {}", paint(style::STRONG, &name), state(step));
        sheet.line(&line);
        for one in &step.differences {
            difference::lines(sheet, one, 6);
        }
    }
}

fn state(step: &Step) -> String {
    let state = match &*step.state {
        "built" => duration(step.build_ms),
        "unneeded" => "not needed".to_owned(),
        other => other.to_owned(),
    };
    match &step.outputs[..] {
        [] => state,
        [only] if only == "out" => state,
        outputs => format!("{state}, its {}", outputs.join(", ")),
    }
}
