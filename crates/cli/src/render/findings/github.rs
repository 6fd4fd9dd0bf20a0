//! Findings as GitHub's workflow commands, which its runner shows beside the lines of a change.
//!
//! The escapes are those of `@actions/core` (`command.ts`): `%`, CR and LF in a message, and `:`
//! and `,` too in a property. GitHub shows ten errors, ten warnings and ten notices of a step.

use std::fmt::Write as _;

use super::human::cost;
use crate::dto::findings::{Finding, Report, Severity};
use crate::render::untrusted::for_terminal;

/// One command for each finding that counts.
pub(crate) fn commands(document: &Report) -> String {
    document.counted().map(command).collect()
}

fn command(found: &Finding) -> String {
    let name = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(place) = &found.place {
        properties.push(("file", place.file.clone()));
        if let Some(region) = &place.region {
            properties.push(("line", region.start_line.to_string()));
            properties.push(("endLine", region.end_line.to_string()));
            // GitHub refuses columns on a region of several lines.
            if region.start_line == region.end_line {
                properties.push(("col", region.start_column.to_string()));
                properties.push(("endColumn", region.end_column.to_string()));
            }
        }
    }
    properties.push(("title", found.rule.clone()));
    let properties: Vec<String> = properties
        .into_iter()
        .map(|(key, value)| format!("{key}={}", property(&value)))
        .collect();
    let mut message = match &found.subject {
        Some(subject) => format!("{subject}: {}", found.message),
        None => found.message.clone(),
    };
    let cost = found.cost.as_ref().map(cost).unwrap_or_default();
    if !cost.is_empty() {
        let _ = write!(message, "\ncosts {cost}");
    }
    if let Some(hint) = &found.hint {
        let _ = write!(message, "\nhelp: {hint}");
    }
    if let Some(fix) = &found.fix {
        let _ = write!(message, "\nfix: {}", fix.title);
    }
    format!("::{name} {}::{}\n", properties.join(","), data(&message))
}

fn data(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            // A log is read on terminals too.
            c => out.push_str(&for_terminal(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::findings::sample;
    use expect_test::expect;

    #[test]
    fn every_finding_is_one_line() {
        expect![[r#"
            ::error file=modules/a.nix,line=2,endLine=2,col=3,endColumn=12,title=syntax-error::unexpected `1`
            ::warning file=modules/a.nix,line=4,endLine=6,title=unused-binding::`x` is bound, but%0Anever used: 100%25 %0D\u{1b}[31m%0Acosts 3 h 20 min, 12.0 GB of memory, 1.5 GB of downloads%0Ahelp: remove it%0Afix: remove the binding
            ::notice file=odd%2C%3A%25%0A\u{1b}.nix,title=encrypted-file::encrypted
            ::warning title=noop-override::zlib: changes nothing
        "#]]
        .assert_eq(&commands(&sample::document()));
    }
}
