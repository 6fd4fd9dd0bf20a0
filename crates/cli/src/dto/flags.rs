//! `hmtool.flags`: what to tell compilers and Nix.

use serde::Serialize;

use super::SchemaId;

/// The committed JSON Schema, as `hmtool schema flags` prints it.
pub(crate) const SCHEMA: &str = include_str!("../../../../schemas/hmtool.flags.v1.schema.json");

/// What to tell compilers and Nix to build for a machine.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct FlagsOf {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// What the machine was called.
    pub(crate) name: String,
    /// Its profile; null for an architecture.
    pub(crate) file: Option<String>,
    /// What is compiled for, as compilers call it.
    pub(crate) march: &'static str,
    /// The flags; null where a compiler does not know the architecture.
    pub(crate) flags: Option<Flags>,
    /// Why there are none; null where there are.
    pub(crate) refused: Option<Refusal>,
    /// The `gccarch-…` system features that the machine may claim as a builder: those whose code it
    /// runs.
    pub(crate) builder_features: Vec<String>,
}

/// What to tell compilers and Nix to build for a target.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Flags {
    /// `CFLAGS` and `CXXFLAGS`.
    pub(crate) cflags: Vec<String>,
    /// `RUSTFLAGS`.
    pub(crate) rustflags: Vec<String>,
    /// `GOAMD64`; null for other families.
    pub(crate) goamd64: Option<&'static str>,
    /// nixpkgs' `hostPlatform.gcc.arch`; null where nixpkgs does not know the target.
    pub(crate) gcc_arch: Option<&'static str>,
    /// nixpkgs' `hostPlatform.gcc.tune`.
    pub(crate) gcc_tune: Option<&'static str>,
    /// The system feature that nixpkgs then asks of every builder.
    pub(crate) system_feature: Option<String>,
}

/// Why there are no flags.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refusal {
    /// The stable name of the problem.
    pub(crate) code: &'static str,
    /// What is wrong.
    pub(crate) message: String,
    /// The way out.
    pub(crate) hint: String,
}

impl FlagsOf {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.flags",
        version: 1,
    };
}

impl From<hw_profile::arch::Flags> for Flags {
    fn from(flags: hw_profile::arch::Flags) -> Self {
        Self {
            cflags: flags.cflags,
            rustflags: flags.rustflags,
            goamd64: flags.goamd64,
            gcc_arch: flags.gcc_arch,
            gcc_tune: flags.gcc_tune,
            system_feature: flags.system_feature,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = super::super::schema_text::<FlagsOf>(&FlagsOf::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.flags.v1.schema.json"]
            .assert_eq(&text);
    }
}
