//! Which tier each derivation is built in, and which rule says so.

use std::collections::BTreeMap;

use regex::bytes::{RegexSet, RegexSetBuilder};
use rustc_hash::FxHashMap;

use crate::pattern;
use crate::rule::{Field, Pattern, Rule, RuleId, RuleProblem};
use crate::subject::{JobClass, Kind, Subject, is_version};
use crate::tier::{BuildTier, TierId, TierSet};
use crate::{Bytes, Cores};

/// What put a derivation into its tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The first rule that matches.
    Rule(RuleId),
    /// No rule matches.
    DefaultTier,
    /// It is fetched: its output is fixed.
    Fetch,
    /// It is assembled from finished parts, and how that shows.
    Trivial(Kind),
}

/// Where a derivation is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classification {
    /// Its tier, in [`Classifier::tiers`].
    pub tier: TierId,
    /// Whether it is built, fetched or assembled.
    pub class: JobClass,
    /// What put it there.
    pub by: Reason,
    /// Further rules that match but do not decide, in their order: those after the first, and
    /// for fetches and trivia, which have tiers of their own, all.
    pub also_matched: Vec<RuleId>,
}

/// Rules, compiled.
///
/// Exact names are looked up, so their number does not matter; globs and regular expressions run
/// as one automaton over each name. A hundred thousand derivations take some 20 ms.
#[derive(Clone, Debug)]
pub struct Classifier {
    tiers: TierSet,
    rules: Vec<Rule>,
    default: TierId,
    fetch: TierId,
    trivial: TierId,
    exact: FxHashMap<Box<str>, Vec<RuleId>>,
    /// By the letters before the digits: `python` for `python313`.
    versioned: FxHashMap<Box<str>, Vec<Versioned>>,
    patterns: RegexSet,
    /// The rule of each pattern in `patterns`.
    pattern_rules: Vec<RuleId>,
    problems: Vec<RuleProblem>,
}

/// An exact rule such as `nodejs_22` or `python313`: a name with digits of a version.
#[derive(Clone, Debug)]
struct Versioned {
    digits: Box<str>,
    rule: RuleId,
}

impl Classifier {
    /// The tier for fetches, appended where `tiers` has none of that name: 8 × 1 with 128 MB.
    ///
    /// A fetch waits for the network; more than eight at once share one line and one server.
    pub const FETCH: &str = "fetch";

    /// The tier for trivia, appended where `tiers` has none of that name: one thread and 128 MB
    /// each, as many at once as the machine has room for.
    pub const TRIVIAL: &str = "trivial";

    /// Compiles `rules`, the first of which that matches wins; what none matches goes to
    /// `default`.
    ///
    /// Rules that cannot be compiled match nothing and are among [`problems`](Self::problems).
    /// Without any tier everything is built in [`TierSet::fallback`]; a `default` or a rule's
    /// tier that `tiers` does not have becomes the last of them.
    pub fn new(tiers: TierSet, mut rules: Vec<Rule>, default: TierId) -> Self {
        let mut tiers = if tiers.is_empty() {
            TierSet::fallback()
        } else {
            tiers
        };
        let last = TierId((tiers.len() - 1) as u16);
        let default = default.min(last);
        for rule in &mut rules {
            rule.tier = rule.tier.min(last);
        }
        let light_class = |name: &str, max_jobs| BuildTier {
            name: name.to_owned(),
            max_jobs,
            cores: Cores(1),
            memory: Bytes(128 * Bytes::MB.0),
        };
        let fetch = tiers.find_or_add(light_class(Self::FETCH, Some(8)));
        let trivial = tiers.find_or_add(light_class(Self::TRIVIAL, None));

        let mut classifier = Self {
            tiers,
            rules: Vec::new(),
            default,
            fetch,
            trivial,
            exact: FxHashMap::default(),
            versioned: FxHashMap::default(),
            patterns: RegexSet::empty(),
            pattern_rules: Vec::new(),
            problems: Vec::new(),
        };
        let mut patterns = Vec::new();
        for (i, rule) in rules.iter().enumerate() {
            let id = RuleId(i as u32);
            match &rule.pattern {
                Pattern::Exact(text) => classifier.add_exact(id, rule.field, text),
                Pattern::Glob(text) => match pattern::glob(text) {
                    Ok(regex) => {
                        patterns.push(regex);
                        classifier.pattern_rules.push(id);
                    }
                    Err(error) => classifier.problems.push(error.of(id)),
                },
                Pattern::Regex(text) => match pattern::regex(text) {
                    Ok(regex) => {
                        patterns.push(regex);
                        classifier.pattern_rules.push(id);
                    }
                    Err(error) => classifier.problems.push(error.of(id)),
                },
            }
        }
        classifier.rules = rules;
        classifier.patterns = RegexSetBuilder::new(&patterns)
            .size_limit(pattern::SIZE_LIMIT * patterns.len().max(1))
            .build()
            .unwrap_or_else(|_| RegexSet::empty());
        classifier
    }

    fn add_exact(&mut self, rule: RuleId, field: Field, text: &str) {
        self.exact.entry(text.into()).or_default().push(rule);
        let stem = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
        if matches!(field, Field::Any | Field::Pname) && !stem.is_empty() && stem != text {
            let digits = text[stem.len()..].into();
            let entry = self.versioned.entry(stem.into()).or_default();
            entry.push(Versioned { digits, rule });
        }
        if let Some(suggestion) = pattern::suggestion(text) {
            self.problems.push(RuleProblem::PatternAmongNames {
                rule,
                text: text.to_owned(),
                suggestion,
            });
        }
    }
}

impl Classifier {
    /// The tiers, with those for fetches and trivia.
    pub fn tiers(&self) -> &TierSet {
        &self.tiers
    }

    /// The rules, as given.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of that id, as given.
    pub fn rule(&self, id: RuleId) -> Option<&Rule> {
        self.rules.get(id.0 as usize)
    }

    /// The tier for what no rule matches.
    pub fn default_tier(&self) -> TierId {
        self.default
    }

    /// What is wrong with the rules by themselves, by rule.
    pub fn problems(&self) -> &[RuleProblem] {
        &self.problems
    }

    /// The tier of one derivation and why.
    pub fn classify(&self, subject: &Subject<'_>) -> Classification {
        let mut matched = self.matching(subject);
        let class = subject.kind.class();
        let (tier, by) = match class {
            JobClass::Fetch => (self.fetch, Reason::Fetch),
            JobClass::Trivial => (self.trivial, Reason::Trivial(subject.kind)),
            JobClass::Build if matched.is_empty() => (self.default, Reason::DefaultTier),
            JobClass::Build => {
                let first = matched.remove(0);
                (self.rules[first.0 as usize].tier, Reason::Rule(first))
            }
        };
        Classification {
            tier,
            class,
            by,
            also_matched: matched,
        }
    }

    /// Every rule that matches, in their order.
    fn matching(&self, subject: &Subject<'_>) -> Vec<RuleId> {
        let Subject {
            name,
            pname,
            version,
            attribute,
            ..
        } = *subject;
        let mut matched = Vec::new();
        let mut exact = |text: &str, field: Field| {
            if let Some(ids) = self.exact.get(text) {
                let about = |id: &&RuleId| self.is_about(**id, field);
                matched.extend(ids.iter().filter(about));
            }
        };
        exact(pname, Field::Pname);
        if let Some(wrapped) = pname.strip_suffix("-unwrapped") {
            exact(wrapped, Field::Pname);
        }
        exact(name, Field::Name);
        if let Some(attribute) = attribute {
            exact(attribute, Field::Attribute);
        }

        let (stem, own) = subject.stem();
        if let Some(rules) = self.versioned.get(stem) {
            let fits = |rule: &&Versioned| is_version(&rule.digits, own, version);
            matched.extend(rules.iter().filter(fits).map(|rule| rule.rule));
        }

        if !self.pattern_rules.is_empty() {
            let mut pattern = |text: &str, field: Field| {
                let ids = self.patterns.matches(text.as_bytes());
                let ids = ids.iter().map(|i| self.pattern_rules[i]);
                matched.extend(ids.filter(|id| self.is_about(*id, field)));
            };
            pattern(pname, Field::Pname);
            if name != pname {
                pattern(name, Field::Name);
            }
            if let Some(attribute) = attribute {
                pattern(attribute, Field::Attribute);
            }
        }
        matched.sort_unstable();
        matched.dedup();
        matched
    }

    fn is_about(&self, rule: RuleId, field: Field) -> bool {
        let about = self.rules[rule.0 as usize].field;
        about == Field::Any || about == field
    }

    /// The tiers of all derivations, in their order, and what the graph tells of the rules: which
    /// contradict each other and which match nothing. Sorted by rule; the same whatever the order
    /// of `subjects`.
    pub fn classify_all(
        &self,
        subjects: &[Subject<'_>],
    ) -> (Vec<Classification>, Vec<RuleProblem>) {
        let classes: Vec<Classification> = subjects.iter().map(|s| self.classify(s)).collect();
        let mut problems = self.problems.clone();
        problems.extend(self.contradictions(subjects, &classes));
        problems.extend(self.idle(&classes));
        problems.sort_by_key(|problem| (problem.rule(), problem.code()));
        (classes, problems)
    }

    /// Pairs of rules of different tiers that match the same builds, or say the same.
    fn contradictions<'a>(
        &self,
        subjects: &[Subject<'a>],
        classes: &[Classification],
    ) -> Vec<RuleProblem> {
        let tier = |id: RuleId| self.rules[id.0 as usize].tier;
        let mut pairs: BTreeMap<(RuleId, RuleId), (u32, Option<&'a str>)> = BTreeMap::new();
        let mut first: FxHashMap<(Field, &Pattern), RuleId> = FxHashMap::default();
        for (i, rule) in self.rules.iter().enumerate() {
            let id = RuleId(i as u32);
            let winner = *first.entry((rule.field, &rule.pattern)).or_insert(id);
            if tier(winner) != rule.tier {
                pairs.insert((winner, id), (0, None));
            }
        }
        for (subject, class) in subjects.iter().zip(classes) {
            let Reason::Rule(winner) = class.by else {
                continue;
            };
            for &loser in &class.also_matched {
                if tier(loser) != tier(winner) {
                    let (count, example) = pairs.entry((winner, loser)).or_default();
                    *count += 1;
                    let name = example.map_or(subject.name, |name| name.min(subject.name));
                    *example = Some(name);
                }
            }
        }
        let problem = |((winner, loser), (derivations, example)): (_, (_, Option<&str>))| {
            let [one, two]: [&Rule; 2] =
                [winner, loser].map(|id: RuleId| &self.rules[id.0 as usize]);
            RuleProblem::TwoTiers {
                winner,
                loser,
                rules: [one.to_string(), two.to_string()],
                tiers: [one.tier, two.tier].map(|tier| self.tiers[tier].name.clone()),
                derivations,
                example: example.map(str::to_owned),
                exception: matches!(one.pattern, Pattern::Exact(_))
                    && !matches!(two.pattern, Pattern::Exact(_)),
            }
        };
        pairs.into_iter().map(problem).collect()
    }

    /// Rules that match no build, except those of which something is known to be wrong already.
    fn idle(&self, classes: &[Classification]) -> Vec<RuleProblem> {
        let mut builds = vec![0_u32; self.rules.len()];
        let mut other = vec![0_u32; self.rules.len()];
        for class in classes {
            let counts = match class.class {
                JobClass::Build => &mut builds,
                JobClass::Fetch | JobClass::Trivial => &mut other,
            };
            let winner = match class.by {
                Reason::Rule(rule) => Some(rule),
                _ => None,
            };
            for id in winner.iter().chain(&class.also_matched) {
                counts[id.0 as usize] += 1;
            }
        }
        let known = |id| self.problems.iter().any(|problem| problem.rule() == id);
        (self.rules.iter().enumerate())
            .filter(|(i, _)| builds[*i] == 0 && !known(RuleId(*i as u32)))
            .map(|(i, rule)| RuleProblem::MatchesNothing {
                rule: RuleId(i as u32),
                text: rule.to_string(),
                other: other[i],
            })
            .collect()
    }
}
