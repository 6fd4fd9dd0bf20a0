//! `hmtool explain`: what a rule is about.

use clap::Args;

use crate::failure::Failure;
use crate::findings::unknown_rule;
use crate::output::{self, Outcome};
use crate::render::rule;
use crate::rules;

/// Which rule.
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The rule's id, e.g. syntax-error; without it, all rules are listed
    #[arg(value_name = "ID")]
    id: Option<String>,
}

/// Prints the page of a rule, or the list of all.
pub(crate) fn run(args: &ExplainArgs) -> Result<Outcome, Failure> {
    let rules = rules::all();
    let columns = output::screen(false).columns;
    let text = match &args.id {
        None => rule::list(&rules, columns),
        Some(id) => {
            let found = rules.iter().find(|rule| rule.id == *id);
            let found = found.ok_or_else(|| {
                let ids: Vec<&str> = rules.iter().map(|rule| &*rule.id).collect();
                unknown_rule(id, &ids)
            })?;
            rule::page(found, columns)
        }
    };
    output::write(&text)?;
    Ok(Outcome::Clean)
}
