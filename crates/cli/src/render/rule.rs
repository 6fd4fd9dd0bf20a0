//! Rules, for people.

use std::fmt::Write as _;

use super::paragraph::wrapped;
use super::style::{self, paint};
use crate::dto::findings::{Rule, Severity};

/// Lines of running text are not longer.
const WIDEST: usize = 90;

/// One line for each rule, or more where the screen is narrow.
pub(crate) fn list(rules: &[Rule], columns: usize) -> String {
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let indent = width + 11;
    let mut out = String::new();
    for rule in rules {
        let severity = format!("{:7}", rule.severity.as_str());
        let mut lines = wrapped(&rule.summary, columns, indent).into_iter();
        let _ = writeln!(
            out,
            "{:width$}  {}  {}",
            rule.id,
            paint(of(rule.severity), &severity),
            lines.next().unwrap_or_default()
        );
        for line in lines {
            let _ = writeln!(out, "{:indent$}{line}", "");
        }
    }
    out
}

/// All that is to say of a rule: its Markdown, set for a terminal.
pub(crate) fn page(rule: &Rule, columns: usize) -> String {
    let columns = columns.min(WIDEST);
    let mut out = format!(
        "{} ({}): {}\n",
        paint(style::HEADING, &rule.id),
        paint(of(rule.severity), rule.severity.as_str()),
        rule.summary
    );
    let mut is_code = false;
    let mut paragraph = String::new();
    for line in rule.explanation.lines().chain([""]) {
        let is_fence = line.starts_with("```");
        let continues = !is_code && !is_fence && !line.is_empty() && !line.starts_with(['#', '-']);
        if !continues && !paragraph.is_empty() {
            set(&paragraph, columns, &mut out);
            paragraph.clear();
        }
        if is_fence {
            is_code = !is_code;
            if is_code {
                out.push('\n');
            }
        } else if is_code {
            let _ = writeln!(out, "{}", format!("    {line}").trim_end());
        } else if let Some(heading) = line.strip_prefix("## ") {
            let _ = writeln!(out, "\n{}", paint(style::HEADING, heading));
        } else if !line.is_empty() && !line.starts_with("# ") {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line.trim_start());
        }
    }
    out
}

/// A paragraph, or an item of a list.
fn set(text: &str, columns: usize, out: &mut String) {
    let (mark, text) = match text.strip_prefix("- ") {
        Some(item) => ("- ", item),
        None => ("", text),
    };
    if mark.is_empty() || !out.ends_with('\n') {
        out.push('\n');
    }
    for (line, at) in wrapped(text, columns, mark.len()).into_iter().zip(0..) {
        let mark = if at == 0 { mark } else { &"  "[..mark.len()] };
        let _ = writeln!(out, "{mark}{line}");
    }
}

fn of(severity: Severity) -> anstyle::Style {
    match severity {
        Severity::Error => style::ERROR,
        Severity::Warning => style::WARNING,
        Severity::Note => style::NOTE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_page_is_set_in_lines() {
        let rule = Rule {
            id: "a-rule".to_owned(),
            severity: Severity::Warning,
            summary: "what it looks for".to_owned(),
            explanation: "# a-rule\n\nA long paragraph that does not fit in one line of the screen\n\
                that shows it.\n\n## Instead\n\n```nix\n{\n\n  a = 1;\n}\n```\n\nOr:\n\n- one\n- two, \
                which is longer than\n  a line of the screen can be, as wide as it is\n"
                .to_owned(),
        };
        let shown = page(&rule, 40);
        expect![[r#"
            a-rule (warning): what it looks for

            A long paragraph that does not fit in
            one line of the screen that shows it.

            Instead

                {

                  a = 1;
                }

            Or:
            - one
            - two, which is longer than a line of
              the screen can be, as wide as it is
        "#]]
        .assert_eq(&anstream::adapter::strip_str(&shown).to_string());
    }
}
