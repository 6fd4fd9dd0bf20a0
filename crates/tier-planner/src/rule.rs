//! Rules that put derivations into tiers: by exact name, glob or regular expression.

use std::fmt;
use std::ops::Range;

use crate::tier::{TierId, TierSet};

/// Index of a rule in the list it was given in. Of several that match, the lowest wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub u32);

/// Which of a derivation's names a rule is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Any of the three.
    #[default]
    Any,
    /// The package's name without its version.
    Pname,
    /// The derivation's whole name.
    Name,
    /// The attribute path, where it is known.
    Attribute,
}

/// What a name is compared with. Patterns hold for the whole name, not for a part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// The name itself. Compared with a `pname`, `python313` is also `python3` at 3.13, as the
    /// attributes of nixpkgs are named, and `firefox` is also `firefox-unwrapped`.
    Exact(String),
    /// A shell pattern: `*`, `?`, `[a-z]`, `{a,b}`.
    Glob(String),
    /// A regular expression.
    Regex(String),
}

impl Pattern {
    /// The pattern's text without its kind.
    pub fn text(&self) -> &str {
        match self {
            Self::Exact(text) | Self::Glob(text) | Self::Regex(text) => text,
        }
    }
}

/// One rule: what matches goes into the tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Where derivations go that match.
    pub tier: TierId,
    /// Which name is compared.
    pub field: Field,
    /// What it is compared with.
    pub pattern: Pattern,
}

impl Rule {
    /// A rule as one word of a configuration: `[pname:|name:|attr:][glob:|regex:]text`.
    ///
    /// ```
    /// use tier_planner::rule::{Field, Pattern, Rule};
    /// use tier_planner::tier::TierId;
    ///
    /// let rule = Rule::parse(TierId(1), "pname:glob:mcp-*");
    /// assert_eq!(rule.field, Field::Pname);
    /// assert_eq!(rule.pattern, Pattern::Glob("mcp-*".into()));
    /// assert_eq!(rule.to_string(), "pname:glob:mcp-*");
    /// ```
    pub fn parse(tier: TierId, text: &str) -> Self {
        const FIELDS: [(&str, Field); 3] = [
            ("pname:", Field::Pname),
            ("name:", Field::Name),
            ("attr:", Field::Attribute),
        ];
        let (field, rest) = FIELDS
            .iter()
            .find_map(|(prefix, field)| Some((*field, text.strip_prefix(prefix)?)))
            .unwrap_or((Field::Any, text));
        let pattern = if let Some(glob) = rest.strip_prefix("glob:") {
            Pattern::Glob(glob.to_owned())
        } else if let Some(regex) = rest.strip_prefix("regex:") {
            Pattern::Regex(regex.to_owned())
        } else {
            Pattern::Exact(rest.to_owned())
        };
        Self {
            tier,
            field,
            pattern,
        }
    }
}

impl fmt::Display for Rule {
    /// The word that [`Rule::parse`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.field {
            Field::Any => "",
            Field::Pname => "pname:",
            Field::Name => "name:",
            Field::Attribute => "attr:",
        })?;
        f.write_str(match self.pattern {
            Pattern::Exact(_) => "",
            Pattern::Glob(_) => "glob:",
            Pattern::Regex(_) => "regex:",
        })?;
        f.write_str(self.pattern.text())
    }
}

/// The rules that go with [`TierSet::standard`]: browsers, language runtimes with PGO, the tool
/// chain and the libraries below everything are heavy; the other compilers and what is built with
/// them medium.
///
/// Tiers of `tiers` that are not called `heavy` or `medium` get no rules.
pub fn standard(tiers: &TierSet) -> Vec<Rule> {
    const HEAVY: [&str; 22] = [
        "python313",
        "onnxruntime",
        "firefox",
        "chromium",
        "glibc",
        "gcc",
        "llvm",
        "zlib",
        "zstd",
        "openssl",
        "libgcrypt",
        "libsodium",
        "libcxx",
        "ncurses",
        "readline",
        "sqlite",
        "libffi",
        "expat",
        "xz",
        "bzip2",
        "libxml2",
        "libxslt",
    ];
    const MEDIUM: [&str; 7] = [
        "rustc",
        "nodejs",
        "go",
        "codex",
        "glob:mcp-*",
        "electron",
        "vscode",
    ];
    let rules = |name: &str, members: &'static [&str]| {
        tiers
            .find(name)
            .into_iter()
            .flat_map(|tier| members.iter().map(move |text| Rule::parse(tier, text)))
            .collect::<Vec<_>>()
    };
    [rules("heavy", &HEAVY), rules("medium", &MEDIUM)].concat()
}

/// How much a [`RuleProblem`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Probably not what was meant.
    Warning,
    /// The rule is not applied.
    Error,
}

/// Something to say about a rule. The planner goes on all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleProblem {
    /// A glob or regular expression that cannot be read; its rule matches nothing.
    InvalidPattern {
        /// The rule.
        rule: RuleId,
        /// Where in the pattern's text, in bytes.
        span: Range<usize>,
        /// What is wrong there.
        message: String,
    },
    /// A pattern's characters in a rule that compares literally.
    PatternAmongNames {
        /// The rule.
        rule: RuleId,
        /// Its text.
        text: String,
        /// What was probably meant.
        suggestion: Pattern,
    },
    /// Rules of two tiers match the same package.
    TwoTiers {
        /// The first rule, which wins.
        winner: RuleId,
        /// The rule of the other tier.
        loser: RuleId,
        /// Both, as text.
        rules: [String; 2],
        /// Names of the two tiers.
        tiers: [String; 2],
        /// Derivations that both match; 0 when both say the same but the graph has none.
        derivations: u32,
        /// The first of them by name.
        example: Option<String>,
        /// Whether a name comes before a broader pattern, as an exception is written.
        exception: bool,
    },
    /// No build in the graph matches.
    MatchesNothing {
        /// The rule.
        rule: RuleId,
        /// It, as text.
        text: String,
        /// Fetches and wrappers that it does match; they have tiers of their own.
        other: u32,
    },
}

impl RuleProblem {
    /// A stable name of the kind of problem.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidPattern { .. } => "invalid-pattern",
            Self::PatternAmongNames { .. } => "pattern-among-names",
            Self::TwoTiers { .. } => "two-tiers",
            Self::MatchesNothing { .. } => "rule-matches-nothing",
        }
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        match self {
            Self::InvalidPattern { .. } => Severity::Error,
            Self::PatternAmongNames { .. }
            | Self::TwoTiers {
                exception: false, ..
            } => Severity::Warning,
            Self::TwoTiers { .. } | Self::MatchesNothing { .. } => Severity::Note,
        }
    }

    /// The rule it is about.
    pub fn rule(&self) -> RuleId {
        match self {
            Self::InvalidPattern { rule, .. }
            | Self::PatternAmongNames { rule, .. }
            | Self::MatchesNothing { rule, .. } => *rule,
            Self::TwoTiers { loser, .. } => *loser,
        }
    }

    /// Where in the text of the rule's pattern, in bytes.
    pub fn span(&self) -> Option<Range<usize>> {
        match self {
            Self::InvalidPattern { span, .. } => Some(span.clone()),
            _ => None,
        }
    }

    /// The way out.
    pub fn hint(&self) -> String {
        match self {
            Self::InvalidPattern { .. } => "without prefix, names are compared literally".into(),
            Self::PatternAmongNames { suggestion, .. } => match suggestion {
                Pattern::Regex(_) => "make it a regular expression".into(),
                Pattern::Exact(_) | Pattern::Glob(_) => "make it a glob".into(),
            },
            Self::TwoTiers { rules, tiers, .. } => {
                format!(
                    "remove \"{}\" from {}, or \"{}\" from {}",
                    rules[1], tiers[1], rules[0], tiers[0]
                )
            }
            Self::MatchesNothing { .. } => {
                "the rule may be for another machine; `hmtool plan --explain NAME` shows a \
                 derivation's names"
                    .into()
            }
        }
    }
}

impl fmt::Display for RuleProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidPattern { message, .. } => f.write_str(message),
            Self::PatternAmongNames { text, .. } => write!(
                f,
                "\"{text}\" is compared literally, but reads like a pattern"
            ),
            Self::TwoTiers {
                rules,
                tiers,
                derivations,
                example,
                ..
            } => {
                match (derivations, example) {
                    (1, Some(name)) => f.write_str(name)?,
                    (2.., Some(name)) => write!(f, "{name} and {} more", derivations - 1)?,
                    _ => write!(f, "\"{}\"", rules[0])?,
                }
                let [first, second] = tiers;
                let verb = if *derivations > 1 { "are" } else { "is" };
                write!(
                    f,
                    " {verb} in tiers {first} (\"{}\") and {second} (\"{}\"); {first} comes first and holds",
                    rules[0], rules[1]
                )
            }
            Self::MatchesNothing { text, other: 0, .. } => {
                write!(f, "\"{text}\" matches no derivation")
            }
            Self::MatchesNothing { text, other, .. } => write!(
                f,
                "\"{text}\" matches no build, only {other} that are fetched or assembled, which \
                 have tiers of their own"
            ),
        }
    }
}
