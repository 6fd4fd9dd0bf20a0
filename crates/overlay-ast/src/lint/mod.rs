//! Rules that find what is wrong, or not what it seems, in a `.nix` file.
//!
//! ```
//! use overlay_ast::lint::Options;
//! use overlay_ast::Document;
//!
//! let (file, _) = Document::parse("{ lib, ... }: { home.path = lib.mkForce config.x; }");
//! let findings = file.lint(&Options::default());
//! assert_eq!(findings[0].rule.id, "not-in-scope");
//! assert_eq!(findings[0].message, "`config` is not in scope");
//! let fix = findings[0].fix.as_ref().unwrap();
//! assert!(file.apply(&fix.patch)?.0.text().starts_with("{ lib, config, ... }:"));
//! # Ok::<(), overlay_ast::Error>(())
//! ```
//!
//! A comment allows a finding, on its line or on the line above it, and has to say why:
//!
//! ```nix
//! NIX_BUILD_CORES = 6; # hmtool: allow(parallelism-in-derivation) measured on this package
//! ```
//!
//! An allowance without a reason, of a rule that does not exist, or of nothing is a finding itself.
//!
//! # What is certain
//!
//! Nothing is evaluated, and one file is looked at alone, so a rule says only what holds whatever
//! the other files are, or what the caller knows of them ([`Facts`]). A fix is
//! [`Safe`](Applicability::Safe) if Nix evaluates the file to the same value after it, or refused
//! it before.
//!
//! # Where to add
//!
//! A rule is a page in `rules/`, an entry in the table of its module, and fixtures in
//! `tests/fixtures/lint/`; the tables that rules go by are in `data/`.

mod allow;
mod context;
mod derivation;
mod fix;
mod options;
mod rules;
mod table;
mod types;
mod words;

pub use allow::Allowed;
pub use fix::{Applicability, Fix, combine};
pub use options::{Facts, FileKind, Options, RuleSet, UpstreamAttribute, ValueType};

use crate::{Document, Label, Span};
use context::Context;

/// What a rule looks for, and what it costs to leave it.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// Its stable name, in kebab case.
    pub id: &'static str,
    /// How bad a finding is, as far as the rule can tell without the caller's wishes.
    pub severity: Severity,
    /// What it looks for, in one line.
    pub summary: &'static str,
    /// Markdown: what it finds, what it costs in hours, bytes or failure, an example before and
    /// after, and when to allow it.
    pub explanation: &'static str,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It works, and could be clearer.
    Note,
    /// It does not do what it seems to do, or costs more than it seems to.
    Warning,
    /// It fails: in Nix, or in the build.
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place that a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// Where it is.
    pub span: Span,
    /// What is wrong, in lower case and with the names concerned.
    pub message: String,
    /// Other places that belong to it.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub hint: Option<String>,
    /// A change that mends it.
    pub fix: Option<Fix>,
}

impl Finding {
    fn new(rule: &'static Rule, span: impl Into<Span>, message: impl Into<String>) -> Self {
        Self {
            rule,
            span: span.into(),
            message: message.into(),
            labels: Vec::new(),
            hint: None,
            fix: None,
        }
    }

    fn label(mut self, span: impl Into<Span>, message: impl Into<String>) -> Self {
        self.labels.push(Label {
            span: span.into(),
            message: message.into(),
        });
        self
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn fix(mut self, fix: Option<Fix>) -> Self {
        self.fix = fix;
        self
    }
}

/// All rules, in the order of their ids.
pub fn rules() -> &'static [&'static Rule] {
    rules::all()
}

/// The rule of that id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    let at = rules().binary_search_by_key(&id, |rule| rule.id).ok()?;
    Some(rules()[at])
}

impl Document {
    /// What the rules find, in the order of the text. Takes time linear in the text, but for
    /// logarithms.
    ///
    /// Nothing is found in a text that Nix does not read: [`Document::parse`] says what is wrong
    /// with it.
    pub fn lint(&self, options: &Options) -> Vec<Finding> {
        let Ok(root) = self.root() else {
            return Vec::new();
        };
        let context = Context::of(self.text(), &root, options);
        let mut findings = rules::check(&context);
        allow::settle(&context, &mut findings);
        findings.sort_by(|a, b| {
            let key = |finding: &Finding| (finding.span, finding.rule.id);
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        findings.dedup();
        findings
    }
}
