//! What the caller wants checked, and what it knows.

use std::collections::{BTreeMap, BTreeSet};

use super::rules;

/// How a file is to be checked. The default checks every rule and knows nothing.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The rules that are on.
    pub rules: RuleSet,
    /// What the file is, where the caller knows it; by default it is told from the file's shape.
    pub kind: Option<FileKind>,
    /// What is known beyond the file.
    pub facts: Facts,
    /// Rules of the caller's own, which comments may allow too: see [`Document::allowed`].
    ///
    /// [`Document::allowed`]: crate::Document::allowed
    pub other_rules: BTreeSet<String>,
}

/// What a file is to those who read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// A module of NixOS or Home Manager: called with `config`, `lib`, `pkgs` and more.
    Module,
    /// An overlay: called with the final and the previous package set, after the arguments of its
    /// own if it has some.
    Overlay,
    /// A package: called by `callPackage` with what it names.
    Package,
    /// A machine's hardware profile, or other data.
    Profile,
    /// A flake.
    Flake,
    /// None of these.
    Other,
}

/// What the caller knows from elsewhere: other files, a package set, a graph.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Facts {
    /// Attributes that packages have upstream, by the package's and the attribute's name:
    /// `("zlib", "NIX_CFLAGS_COMPILE")`.
    pub upstream: BTreeMap<(String, String), UpstreamAttribute>,
    /// How many derivations are built again when a package is changed, by its attribute.
    pub dependents: BTreeMap<String, usize>,
    /// The types of values that are read from other files, by the path that they have in there:
    /// `memory.effectiveTotal` in a profile.
    pub values: BTreeMap<String, ValueType>,
}

/// An attribute that a package has before it is overridden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpstreamAttribute {
    /// Its type.
    pub value: ValueType,
    /// Whether it is in the package's `env`.
    pub in_env: bool,
}

/// What kind of value something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ValueType {
    /// `true` or `false`
    Bool,
    /// A whole or a decimal number.
    Number,
    /// A string.
    String,
    /// A list.
    List,
    /// An attribute set.
    Set,
}

/// Some of the [rules](super::rules). The default is all of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RuleSet {
    /// A bit for each rule that is off, by its place in the list of rules.
    off: u64,
}

impl RuleSet {
    /// Every rule.
    pub const ALL: Self = Self { off: 0 };
    /// No rule.
    pub const NONE: Self = Self { off: u64::MAX };

    /// The same and the rule of that id, if there is one.
    #[must_use]
    pub fn with(self, id: &str) -> Self {
        let off = self.off & !Self::bit(id);
        Self { off }
    }

    /// The same without the rule of that id.
    #[must_use]
    pub fn without(self, id: &str) -> Self {
        let off = self.off | Self::bit(id);
        Self { off }
    }

    /// Whether the rule of that id is in it.
    pub fn contains(self, id: &str) -> bool {
        let bit = Self::bit(id);
        bit != 0 && self.off & bit == 0
    }

    /// Whether the rule at that place in the list of rules is in it.
    pub(super) fn has(self, at: usize) -> bool {
        self.off >> at & 1 == 0
    }

    fn bit(id: &str) -> u64 {
        let at = rules::all().binary_search_by_key(&id, |rule| rule.id);
        at.map_or(0, |at| 1 << at)
    }
}

impl Default for RuleSet {
    fn default() -> Self {
        Self::ALL
    }
}

impl std::fmt::Debug for RuleSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let on = rules::all().iter().map(|rule| rule.id);
        f.debug_set()
            .entries(on.filter(|id| self.contains(id)))
            .finish()
    }
}
