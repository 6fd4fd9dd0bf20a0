//! What every command that reports findings takes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Levels;
use crate::config::{Config, nearest};
use crate::dto::findings::{Rule, Severity};
use crate::failure::Failure;

/// How findings are printed, and which end the command with 1.
#[derive(Args, Debug)]
pub(crate) struct FindingArgs {
    #[command(flatten)]
    pub(crate) rules: RuleArgs,

    /// Exit with 1 from findings of this severity on
    #[arg(long, value_name = "SEVERITY", value_enum, default_value = "warning")]
    pub(crate) fail_on: FailOn,

    /// Do not count what was there before: FILE is what `--format json` printed then
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,

    /// What to print
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: FindingFormat,
}

/// Which rules are in force.
#[derive(Args, Debug)]
pub(crate) struct RuleArgs {
    /// Only this rule; may be given several times
    #[arg(long = "rule", value_name = "ID")]
    only: Vec<String>,

    /// Not this rule; may be given several times
    #[arg(long = "ignore", value_name = "ID")]
    ignored: Vec<String>,

    /// Leave out the hmtool.toml of this directory and of those above it
    #[arg(long)]
    no_config: bool,
}

/// From which severity on findings make a command end with 1.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FailOn {
    /// Anything
    Note,
    /// Warnings and errors
    Warning,
    /// Errors
    Error,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FindingFormat {
    /// The source lines, with what is wrong and how to mend it
    Human,
    /// A versioned document; see `hmtool schema findings`
    Json,
    /// SARIF 2.1.0, which code scanning services read
    Sarif,
    /// Workflow commands, which GitHub shows beside the lines of a pull request
    Github,
}

impl FailOn {
    pub(super) fn severity(self) -> Severity {
        match self {
            Self::Note => Severity::Note,
            Self::Warning => Severity::Warning,
            Self::Error => Severity::Error,
        }
    }
}

impl RuleArgs {
    /// The levels of `hmtool.toml`, changed by what was given; `rules` are those that there are to
    /// choose from.
    pub(crate) fn levels(&self, rules: &[Rule]) -> Result<Levels, Failure> {
        let file = (!self.no_config).then(|| Config::find(Path::new(".")));
        let config = file.flatten().map(|file| Config::read(&file)).transpose()?;
        self.levels_of(rules, config.as_ref())
    }

    /// Whether an `hmtool.toml` is to be heeded.
    pub(crate) fn heeds_config(&self) -> bool {
        !self.no_config
    }

    /// The levels of `config`, changed by what was given.
    pub(crate) fn levels_of(
        &self,
        rules: &[Rule],
        config: Option<&Config>,
    ) -> Result<Levels, Failure> {
        let ids: Vec<&str> = rules.iter().map(|rule| &*rule.id).collect();
        for id in self.only.iter().chain(&self.ignored) {
            if !ids.contains(&&**id) {
                return Err(unknown_rule(id, &ids));
            }
        }
        let configured = config.map_or_else(BTreeMap::new, |config| config.rules.clone());
        Ok(Levels::new(configured, &self.only, &self.ignored))
    }
}

/// There is no such rule.
pub(crate) fn unknown_rule(id: &str, known: &[&str]) -> Failure {
    Failure::Usage {
        message: format!("there is no rule `{id}`"),
        hint: match nearest(id, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`hmtool explain` lists the rules".to_owned(),
        },
    }
}
