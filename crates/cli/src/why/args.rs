//! The command line of `hmtool why`.

use clap::{Args, ValueEnum};

use crate::workspace::args::{BeforeArgs, CacheArgs, HistoryArgs, MachineArgs, SourceArgs};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One screen
    Human,
    /// A versioned document; see `hmtool schema why`
    Json,
}

#[derive(Args, Debug)]
pub(crate) struct WhyArgs {
    /// An attribute, a name with or without its version, a .drv file or an output of one
    pub(crate) package: String,

    #[command(flatten)]
    pub(crate) source: SourceArgs,

    #[command(flatten)]
    pub(crate) before: BeforeArgs,

    #[command(flatten)]
    pub(crate) machine: MachineArgs,

    #[command(flatten)]
    pub(crate) caches: CacheArgs,

    #[command(flatten)]
    pub(crate) history: HistoryArgs,

    /// What to print
    #[arg(long, value_enum, default_value = "human", help_heading = "Output")]
    pub(crate) format: Format,

    /// Use only ASCII
    #[arg(long, env = "HMTOOL_ASCII", value_parser = clap::builder::BoolishValueParser::new(), help_heading = "Output")]
    pub(crate) ascii: bool,
}
