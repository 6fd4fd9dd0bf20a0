//! The command line of `hmtool why`.

use clap::Args;

use crate::format::FormatArgs;
use crate::workspace::args::{BeforeArgs, CacheArgs, HistoryArgs, MachineArgs, SourceArgs};

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

    #[command(flatten)]
    pub(crate) format: FormatArgs,
}
