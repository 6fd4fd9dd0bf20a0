//! Reads one TOML table key by key, keeps the place of everything, and collects every problem
//! instead of stopping at the first.

use std::ops::Range;

use hw_profile::Bytes;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::failure::Problem;
use crate::quantity;

/// A table being read: what has been asked for is known, what is left over is a mistake.
pub(super) struct Table<'t, 'p> {
    entries: &'t DeTable<'t>,
    /// How messages call it, e.g. `[machines.shoshin]`.
    title: String,
    /// Where it stands.
    pub(super) span: Range<usize>,
    asked: Vec<&'static str>,
    problems: &'p mut Vec<Problem>,
}

/// A value and its place.
pub(super) struct At<T> {
    /// The value.
    pub(super) value: T,
    /// Where it stands, in bytes.
    pub(super) span: Range<usize>,
}

impl<'t, 'p> Table<'t, 'p> {
    /// A table that messages call `title`.
    pub(super) fn new(
        table: &'t DeTable<'t>,
        title: impl Into<String>,
        span: Range<usize>,
        problems: &'p mut Vec<Problem>,
    ) -> Self {
        Self {
            entries: table,
            title: title.into(),
            span,
            asked: Vec::new(),
            problems,
        }
    }

    /// Notes a problem of this table.
    pub(super) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn get(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.asked.push(key);
        let (_, value) = self
            .entries
            .iter()
            .find(|(found, _)| found.get_ref() == key)?;
        Some(value)
    }

    fn wrong(&mut self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let problem = Problem::new(
            value.span(),
            format!("`{key}` in {} is not {wanted}", self.title),
        )
        .labelled(format!("this is {}", article(value.get_ref().type_str())));
        self.problems.push(problem);
    }

    /// A string.
    pub(super) fn string(&mut self, key: &'static str) -> Option<At<String>> {
        let value = self.get(key)?;
        if let DeValue::String(text) = value.get_ref() {
            return Some(At {
                value: text.to_string(),
                span: value.span(),
            });
        }
        self.wrong(key, value, "a string");
        None
    }

    /// An amount of memory as text, e.g. `"6 GB"`.
    pub(super) fn bytes(&mut self, key: &'static str) -> Option<At<Bytes>> {
        let value = self.get(key)?;
        let DeValue::String(text) = value.get_ref() else {
            self.wrong(key, value, "an amount of memory such as \"6 GB\"");
            return None;
        };
        match quantity::parse_bytes(text) {
            Ok(bytes) => Some(At {
                value: bytes,
                span: value.span(),
            }),
            Err(misread) => {
                let problem = Problem::new(
                    value.span(),
                    format!("`{key}` in {}: {misread}", self.title),
                );
                self.problems.push(problem);
                None
            }
        }
    }

    /// The size of a cache as text, e.g. `"5 GB"`, in powers of ten.
    pub(super) fn size(&mut self, key: &'static str) -> Option<At<drv_graph::Bytes>> {
        let text = self.string(key)?;
        match quantity::parse_size(&text.value) {
            Ok(value) => Some(At {
                value,
                span: text.span,
            }),
            Err(misread) => {
                let message = format!("`{key}` in {}: {misread}", self.title);
                self.problem(Problem::new(text.span, message));
                None
            }
        }
    }

    /// A whole number of at least `least` and at most 65,535: nothing in this file counts more.
    pub(super) fn number(&mut self, key: &'static str, least: u32) -> Option<At<u32>> {
        let value = self.get(key)?;
        if let DeValue::Integer(integer) = value.get_ref() {
            let read = i128::from_str_radix(integer.as_str(), integer.radix());
            if let Ok(n) = read
                && (i128::from(least)..=65_535).contains(&n)
            {
                return Some(At {
                    value: n as u32,
                    span: value.span(),
                });
            }
            let is_small = read.is_ok_and(|n| n < i128::from(least));
            let label = format!("too {}", if is_small { "small" } else { "large" });
            let message = format!(
                "`{key}` in {} is not a whole number from {least} to 65535",
                self.title
            );
            self.problem(Problem::new(value.span(), message).labelled(label));
            return None;
        }
        self.wrong(key, value, &format!("a whole number from {least} to 65535"));
        None
    }

    /// Whether the key is there, whatever its value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.keys().any(|found| found.get_ref() == key)
    }

    /// A number of at least `least` and at most `most`.
    pub(super) fn decimal(&mut self, key: &'static str, least: f64, most: f64) -> Option<f64> {
        let value = self.get(key)?;
        let read = match value.get_ref() {
            DeValue::Integer(integer) => integer.as_str().parse::<f64>().ok(),
            DeValue::Float(float) => float.as_str().parse::<f64>().ok(),
            _ => None,
        };
        match read {
            Some(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                self.wrong(key, value, &format!("a number from {least} to {most}"));
                None
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, key: &'static str) -> Option<At<bool>> {
        let value = self.get(key)?;
        if let DeValue::Boolean(b) = value.get_ref() {
            return Some(At {
                value: *b,
                span: value.span(),
            });
        }
        self.wrong(key, value, "true or false");
        None
    }

    /// A list of strings, each with its place; empty when the key is missing.
    pub(super) fn strings(&mut self, key: &'static str) -> Vec<At<String>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong(key, value, "a list of strings");
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in items {
            if let DeValue::String(text) = item.get_ref() {
                out.push(At {
                    value: text.to_string(),
                    span: item.span(),
                });
            } else {
                self.wrong(key, item, "a list of strings");
            }
        }
        out
    }

    /// A table of words under names of the user's choice, in the file's order.
    pub(super) fn words(&mut self, key: &'static str) -> Vec<(At<String>, At<String>)> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let DeValue::Table(words) = value.get_ref() else {
            self.wrong(key, value, "a table of strings");
            return Vec::new();
        };
        let mut entries: Vec<_> = words.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let mut out = Vec::new();
        for (name, value) in entries {
            if let DeValue::String(word) = value.get_ref() {
                let at = |text: &str, span| At {
                    value: text.to_owned(),
                    span,
                };
                out.push((at(name.get_ref(), name.span()), at(word, value.span())));
            } else {
                self.wrong(name.get_ref(), value, "a string");
            }
        }
        out
    }

    /// `"all"` (then `None`) or a list of strings.
    pub(super) fn all_or_strings(&mut self, key: &'static str) -> Option<Vec<At<String>>> {
        match self.get(key)?.get_ref() {
            DeValue::String(word) if word == "all" => None,
            DeValue::Array(_) => Some(self.strings(key)),
            _ => {
                let value = self.get(key)?;
                self.wrong(key, value, "\"all\" or a list of strings");
                None
            }
        }
    }

    /// A table within this one.
    pub(super) fn table(&mut self, key: &'static str, title: &str) -> Option<Table<'t, '_>> {
        let value = self.get(key)?;
        if let DeValue::Table(table) = value.get_ref() {
            return Some(Table::new(table, title, value.span(), self.problems));
        }
        self.wrong(key, value, "a table");
        None
    }

    /// Every table within this one under a name of the user's choice, in the file's order.
    pub(super) fn named(&mut self, key: &'static str, mut each: impl FnMut(&str, Table<'t, '_>)) {
        let Some(value) = self.get(key) else { return };
        let DeValue::Table(tables) = value.get_ref() else {
            return self.wrong(key, value, "a table of tables");
        };
        let mut entries: Vec<_> = tables.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            if let DeValue::Table(table) = value.get_ref() {
                let title = format!("[{key}.{}]", name.get_ref());
                let name_span = name.span();
                each(
                    name.get_ref(),
                    Table::new(table, title, name_span, self.problems),
                );
            } else {
                self.wrong(name.get_ref(), value, "a table");
            }
        }
    }

    /// Every table of an array of tables, `[[key]]`.
    pub(super) fn each(&mut self, key: &'static str, mut each: impl FnMut(Table<'t, '_>)) {
        let Some(value) = self.get(key) else { return };
        let DeValue::Array(items) = value.get_ref() else {
            return self.wrong(key, value, &format!("a list of tables, [[{key}]]"));
        };
        // Of a table within another, `[cache]`, the path as it stands in the file.
        let within = self
            .title
            .strip_prefix('[')
            .and_then(|t| t.strip_suffix(']'));
        let prefix = within.map_or(String::new(), |within| format!("{within}."));
        for item in items {
            if let DeValue::Table(table) = item.get_ref() {
                each(Table::new(
                    table,
                    format!("[[{prefix}{key}]]"),
                    item.span(),
                    self.problems,
                ));
            } else {
                self.wrong(key, item, "a table");
            }
        }
    }

    /// Reports every key that was not asked for. Call it last.
    pub(super) fn finish(self) {
        for key in self.entries.keys() {
            let name: &str = key.get_ref();
            if self.asked.contains(&name) {
                continue;
            }
            let mut problem = Problem::new(
                key.span(),
                format!("unknown key `{name}` in {}", self.title),
            );
            problem = match nearest(name, &self.asked) {
                Some(near) => problem.labelled(format!("did you mean `{near}`?")),
                None => problem.hinted(format!("known here: {}", self.asked.join(", "))),
            };
            self.problems.push(problem);
        }
    }
}

fn article(type_name: &str) -> String {
    let an = type_name.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {type_name}", if an { "an" } else { "a" })
}

/// The candidate that is so near to `word` that it was probably meant.
pub(crate) fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    candidates
        .iter()
        .map(|&candidate| (distance(word, candidate), candidate))
        .filter(|&(d, candidate)| d <= candidate.len().clamp(3, COMPARED) / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Characters that are compared: nothing that a person types is longer.
const COMPARED: usize = 64;

/// Edits (insert, delete, replace, swap of neighbours) from `a` to `b`: the restricted
/// Damerau–Levenshtein distance in O(|a|·|b|). Case and `_` against `-` do not count.
fn distance(a: &str, b: &str) -> usize {
    let fold = |text: &str| -> Vec<char> {
        let chars = text.chars().flat_map(char::to_lowercase);
        chars
            .map(|c| if c == '_' { '-' } else { c })
            .take(COMPARED)
            .collect()
    };
    let (a, b) = (fold(a), fold(b));
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let same = usize::from(a[i - 1] != b[j - 1]);
                let mut best = (rows[i - 1][j] + 1)
                    .min(rows[i][j - 1] + 1)
                    .min(rows[i - 1][j - 1] + same);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        let keys = ["memory", "cores", "jobs", "packages", "max-jobs"];
        for (word, suggestion) in [
            ("memroy", Some("memory")),
            ("core", Some("cores")),
            ("max_jobs", Some("max-jobs")),
            ("maxJobs", Some("max-jobs")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &keys), suggestion, "{word}");
        }
        // A name that is long enough is not near to everything.
        let long = "x".repeat(300);
        assert_eq!(nearest("memory", &[&long]), None);
    }
}
