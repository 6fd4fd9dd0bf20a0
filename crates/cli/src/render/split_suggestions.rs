//! Where a split would pay, as a table.

use std::cmp::Reverse;

use super::Screen;
use super::sheet::Sheet;
use super::style::{self, paint};
use super::table::Align;
use crate::dto::split_suggestions::{Driver, Package, SplitSuggestions};
use crate::quantity::{count, duration, plural};

/// Inputs that are named; of more, how many.
const NAMED: usize = 3;

/// The document as one screen of text with ANSI styles; of packages the first `top`, or all if it
/// is 0.
pub(crate) fn render(document: &SplitSuggestions, top: usize, screen: Screen) -> String {
    let top = if top == 0 { usize::MAX } else { top };
    let mut sheet = Sheet::new(screen);
    let packages = &document.packages;
    let total = packages.iter().map(|package| package.total_ms);
    sheet.paragraph(&format!(
        "{} over {}, {} to build one after the other",
        plural(
            packages.iter().map(|package| package.rebuilds).sum(),
            "rebuild"
        ),
        plural(document.steps, "step"),
        duration(total.fold(0, u64::saturating_add)),
    ));
    if packages.is_empty() {
        return sheet.out;
    }
    sheet.heading(
        "Built again because of inputs",
        "those first that took longest",
    );
    let rows: Vec<[String; 6]> = packages.iter().take(top).map(row).collect();
    let right = Align::Right;
    let align = [Align::Left, right, right, right, right, Align::Left];
    let head = ["", "times", "each", "together", "split saves", "driven by"];
    sheet.table(align, &head, &rows);
    let more = packages.len().saturating_sub(top);
    if more > 0 {
        let text = format!("  and {} more: --top 0 shows all", count(more as u64));
        sheet.line(&paint(style::FAINT, &text));
    }
    sheet.out.push('\n');
    sheet.paragraph(
        "A split saves that much at most: as if all of the time went into a part that does not need \
         the inputs. What is built with them, such as a compiler's environment, cannot be split off.",
    );
    sheet.out
}

fn row(package: &Package) -> [String; 6] {
    let best = package
        .drivers
        .iter()
        .filter(|driver| !driver.builds_it)
        .min_by_key(|driver| (Reverse(driver.saves_ms), driver.inputs.len()));
    [
        package.derivation.name.clone(),
        count(package.rebuilds),
        duration(package.build_ms),
        duration(package.total_ms),
        best.map_or_else(|| "nothing".to_owned(), |driver| duration(driver.saves_ms)),
        best.or(package.drivers.first())
            .map_or_else(|| own(package), driven_by),
    ]
}

fn own(package: &Package) -> String {
    let own = package.itself == package.rebuilds;
    let text = if own {
        "edits of its own"
    } else {
        "inputs that are gone"
    };
    text.to_owned()
}

fn driven_by(driver: &Driver) -> String {
    let names = driver.inputs.iter().map(|input| input.name.as_str());
    let names: Vec<&str> = names.take(NAMED).collect();
    let more = match driver.inputs.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {} more", count(more as u64)),
    };
    let builds_it = if driver.builds_it {
        ", which build it"
    } else {
        ""
    };
    format!("{}{more}{builds_it}", names.join(", "))
}
