//! Tables of names that rules go by.

use std::collections::HashMap;

use crate::table;

/// A table by the names in its first column; a name that ends with `*` stands for all that begin
/// as it does.
pub(super) struct Patterns {
    exact: HashMap<&'static str, Vec<&'static str>>,
    prefixes: Vec<Vec<&'static str>>,
}

impl Patterns {
    pub(super) fn read(text: &'static str) -> Self {
        let mut patterns = Self {
            exact: HashMap::new(),
            prefixes: Vec::new(),
        };
        for row in table::rows(text) {
            if row[0].ends_with('*') {
                patterns.prefixes.push(row);
            } else {
                patterns.exact.insert(row[0], row);
            }
        }
        patterns
    }

    /// The row of a name: the one of just that name, else the first that it begins with.
    pub(super) fn find(&self, name: &str) -> Option<&[&'static str]> {
        let prefix = |row: &&Vec<&'static str>| {
            let prefix = row[0].trim_end_matches('*');
            name.starts_with(prefix)
        };
        let row = self.exact.get(name);
        row.or_else(|| self.prefixes.iter().find(prefix))
            .map(|row| &row[..])
    }
}
