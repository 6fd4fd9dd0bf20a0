//! Every rule there is, whichever library knows it.

use crate::check::graph_rules;
use crate::dto::findings::Rule;
use crate::findings::unchecked;
use crate::overlay::lint;
use crate::profile;

/// The rules of `.nix` files.
pub(crate) fn of_nix_files() -> Vec<Rule> {
    let mut rules = unchecked::rules();
    rules.extend(lint::rules());
    rules
}

/// The rules of hardware profiles.
pub(crate) fn of_profiles() -> Vec<Rule> {
    let mut rules = unchecked::rules();
    rules.extend(profile::rules());
    rules
}

/// All rules, ordered by id.
pub(crate) fn all() -> Vec<Rule> {
    let mut all = of_nix_files();
    all.extend(profile::rules());
    all.extend(graph_rules::rules());
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_one_rule_and_its_page_says_something() {
        let all = all();
        for pair in all.windows(2) {
            assert_ne!(pair[0].id, pair[1].id);
        }
        for rule in all {
            let is_kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(rule.id.chars().all(is_kebab), "{}", rule.id);
            assert!(
                !rule.summary.is_empty() && !rule.summary.contains('\n'),
                "{}",
                rule.id
            );
            let title = format!("# {}\n\n", rule.id);
            let page = rule.explanation.strip_prefix(&title);
            assert!(
                page.is_some_and(|page| !page.trim().is_empty()),
                "{}",
                rule.id
            );
        }
    }
}
