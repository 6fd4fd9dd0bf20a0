//! Answers before the build: what will be built, how long it takes, whether it fits in memory.

mod args;
mod cache;
mod caches;
mod check;
mod config;
mod diff;
mod dry_run;
mod dto;
mod durable;
mod explain;
mod failure;
mod findings;
mod format;
mod git;
mod impact;
mod input;
mod interruption;
mod nix;
mod nix_file;
mod output;
mod overlay;
mod parallel;
mod plan;
mod process;
mod profile;
mod progress;
mod public_key;
mod quantity;
mod render;
mod rules;
mod split;
mod unpacking;
mod why;
mod workspace;

use std::process::ExitCode;

use clap::ColorChoice;

use args::{Document, Verb};
use failure::Failure;
use output::Outcome;

fn main() -> ExitCode {
    let cli = args::parse();
    match cli.color {
        ColorChoice::Auto => {}
        ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
    }
    log_to_stderr(cli.verbose);
    let done = run(&cli.verb);
    interruption::settle();
    match done {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Finding) => ExitCode::from(1),
        Ok(Outcome::Unchecked) => ExitCode::from(2),
        // Whoever read the output has seen enough: `hmtool plan | head`.
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure.render());
            ExitCode::from(2)
        }
    }
}

fn run(verb: &Verb) -> Result<Outcome, Failure> {
    match verb {
        Verb::Plan(args) => plan::run(args),
        Verb::Overlay { verb } => overlay::run(verb),
        Verb::Profile { verb } => profile::run(verb),
        Verb::Impact(args) => impact::run(args),
        Verb::DryRun(args) => dry_run::run(args),
        Verb::Why(args) => why::run(args),
        Verb::Diff(args) => diff::run(args),
        Verb::Check(args) => check::run(args),
        Verb::Split { verb } => split::run(verb),
        Verb::Cache { verb } => cache::run(verb),
        Verb::Explain(args) => explain::run(args),
        Verb::Schema { document } => {
            output::write_plain(match document {
                Document::Plan => dto::plan::SCHEMA,
                Document::Findings => dto::findings::SCHEMA,
                Document::Impact => dto::impact::SCHEMA,
                Document::Override => dto::overriding::SCHEMA,
                Document::Machine => dto::machine::SCHEMA,
                Document::CommonArch => dto::common_arch::SCHEMA,
                Document::Flags => dto::flags::SCHEMA,
                Document::CacheApplication => dto::cache_application::SCHEMA,
                Document::CacheHits => dto::cache_hits::SCHEMA,
                Document::CachePlan => dto::cache_plan::SCHEMA,
                Document::CacheSimulation => dto::cache_simulation::SCHEMA,
                Document::CacheVerification => dto::cache_verification::SCHEMA,
                Document::Profile => dto::profile::SCHEMA,
                Document::ProfileDiff => dto::profile_diff::SCHEMA,
                Document::SplitCheck => dto::split_check::SCHEMA,
                Document::SplitSuggestions => dto::split_suggestions::SCHEMA,
                Document::DryRun => dto::dry_run::SCHEMA,
                Document::Diff => dto::diff::SCHEMA,
                Document::Why => dto::why::SCHEMA,
            })?;
            Ok(Outcome::Clean)
        }
    }
}

/// `RUST_LOG` as everywhere, else by the number of `-v`.
fn log_to_stderr(verbose: u8) {
    use tracing_subscriber::EnvFilter;

    let level = match verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .without_time()
        .with_ansi(false)
        .init();
}
