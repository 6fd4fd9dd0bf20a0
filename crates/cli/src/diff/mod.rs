//! `hmtool diff`: why two derivations are not one, attribute by attribute and down to where the
//! difference begins.

pub(crate) mod args;
mod context;
mod document;
mod ends;
mod source;

use drv_graph::compare::descend;

use crate::failure::Failure;
use crate::output::Outcome;
use crate::progress::Progress;
use crate::render;
use args::DiffArgs;
use ends::Ends;

/// Carries out `hmtool diff`.
pub(crate) fn run(args: &DiffArgs) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let ends = Ends::read(args, &progress)?;
    let sides = (ends.before().side(), ends.after().side());
    let descent = descend(&sides.0, &sides.1, ends.pair, args.all);
    let document = document::new(args, &ends, &descent);
    args.format.print(&document, |document, screen| {
        render::diff::render(document, args.top, screen)
    })?;
    if args.check && document.verdict == "other-outputs" {
        return Ok(Outcome::Finding);
    }
    Ok(Outcome::Clean)
}
