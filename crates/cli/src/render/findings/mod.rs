//! Findings for people, code scanning services and GitHub's workflow logs.

pub(crate) mod github;
pub(crate) mod human;
#[cfg(test)]
mod sample;
pub(crate) mod sarif;
