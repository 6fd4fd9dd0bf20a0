//! How the verbs that show one document print it.

use clap::{Args, ValueEnum};

use crate::failure::Failure;
use crate::output;
use crate::render::Screen;

/// How to print what is shown.
#[derive(Args, Debug)]
pub(crate) struct FormatArgs {
    /// What to print
    #[arg(long, value_enum, default_value = "human", help_heading = "Output")]
    pub(crate) format: DocumentFormat,

    /// Use only ASCII
    #[arg(long, env = "HMTOOL_ASCII", value_parser = clap::builder::BoolishValueParser::new(), help_heading = "Output")]
    pub(crate) ascii: bool,
}

/// What to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocumentFormat {
    /// One screen
    Human,
    /// A versioned document; see `hmtool schema`
    Json,
}

impl FormatArgs {
    /// Prints the document, or what `render` makes of it for people.
    pub(crate) fn print<T: serde::Serialize>(
        &self,
        document: &T,
        render: impl FnOnce(&T, Screen) -> String,
    ) -> Result<(), Failure> {
        match self.format {
            DocumentFormat::Json => output::write_json(document),
            DocumentFormat::Human => output::write(&render(document, output::screen(self.ascii))),
        }
    }
}
