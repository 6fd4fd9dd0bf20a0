//! Tables of facts, as they stand in `data/`.

/// The rows of a table: fields separated by tabs; empty lines and lines from `#` on are skipped.
pub(crate) fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
}
