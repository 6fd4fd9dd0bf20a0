//! Which rules are in force, and how serious their findings are.

use std::collections::{BTreeMap, BTreeSet};

use crate::dto::findings::Severity;

/// What `hmtool.toml` or the command line makes of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// It is not in force.
    Off,
    /// Its findings are this serious.
    At(Severity),
}

/// The levels of one run. A rule that is not mentioned has its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Levels {
    levels: BTreeMap<String, Level>,
    /// If any, no other rule is in force.
    only: BTreeSet<String>,
}

impl Levels {
    /// The levels of `hmtool.toml`, of which the command line keeps `only` some (all if empty) and
    /// without the `ignored`. A rule that the command line asks for is in force even if the file
    /// switches it off.
    pub(crate) fn new(
        mut levels: BTreeMap<String, Level>,
        only: &[String],
        ignored: &[String],
    ) -> Self {
        for id in only {
            if levels.get(id) == Some(&Level::Off) {
                levels.remove(id);
            }
        }
        levels.extend(ignored.iter().map(|id| (id.clone(), Level::Off)));
        Self {
            levels,
            only: only.iter().cloned().collect(),
        }
    }

    /// How serious a finding of that rule is that by itself is as serious as `own`; none if the
    /// rule is not in force.
    pub(crate) fn of(&self, rule: &str, own: Severity) -> Option<Severity> {
        if !self.only.is_empty() && !self.only.contains(rule) {
            return None;
        }
        match self.levels.get(rule) {
            None => Some(own),
            Some(Level::At(severity)) => Some(*severity),
            Some(Level::Off) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_counts_more_than_the_file() {
        let file = || {
            BTreeMap::from([
                ("a".to_owned(), Level::Off),
                ("b".to_owned(), Level::At(Severity::Error)),
            ])
        };
        let of = |only: &[&str], ignored: &[&str]| {
            let owned = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<Vec<_>>();
            let levels = Levels::new(file(), &owned(only), &owned(ignored));
            ["a", "b", "c"].map(|rule| levels.of(rule, Severity::Note))
        };
        let (note, error) = (Some(Severity::Note), Some(Severity::Error));
        assert_eq!(of(&[], &[]), [None, error, note]);
        assert_eq!(of(&["a"], &[]), [note, None, None]);
        assert_eq!(of(&[], &["b", "c"]), [None, None, None]);
        assert_eq!(of(&["b", "c"], &["c"]), [None, error, None]);
    }
}
