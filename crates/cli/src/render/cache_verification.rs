//! What is wrong with a cache, on one screen.

use super::Screen;
use super::sheet::Sheet;
use super::style::{self, paint};
use super::untrusted::{fitted, for_terminal};
use crate::dto::cache_verification::{CacheVerification, Finding, NotUnpacked, Summary};
use crate::dto::severity::Severity;
use crate::quantity::{plural, size};

/// The document as one screen of text with ANSI styles.
pub(crate) fn render(document: &CacheVerification, screen: Screen) -> String {
    let mut sheet = Sheet::new(screen);
    let summary = &document.summary;
    let room = summary.capacity_bytes.map_or(String::new(), |capacity| {
        let buffer = summary.buffer_bytes.unwrap_or(0);
        let buffer = match buffer {
            0 => String::new(),
            buffer => format!(", {} of that to stay free", size(buffer)),
        };
        format!(" of {}{buffer}", size(capacity))
    });
    sheet.paragraph(&format!(
        "{}: {}, {}{room}",
        document.cache,
        plural(summary.paths, "path"),
        size(summary.occupied_bytes)
    ));
    let read = match (summary.hashed_files, summary.unpacked_files) {
        (0, _) => "names and sizes were looked at, no NAR was read".to_owned(),
        (hashed, unpacked) => format!(
            "{} hashed, {unpacked} of them unpacked and hashed again",
            plural(hashed, "file")
        ),
    };
    let elsewhere = match summary.upstream_references {
        0 => String::new(),
        n => format!("; {} elsewhere", plural(n, "reference")),
    };
    sheet.paragraph(&format!("{read}{elsewhere}"));
    if let Some(trusted) = summary.trusted_paths {
        sheet.paragraph(&format!(
            "{} signed by {}, or known by {} content",
            plural(trusted, "path"),
            for_terminal(&summary.trusted_keys.join(" or ")),
            if trusted == 1 { "its" } else { "their" }
        ));
    }
    for group in &summary.not_unpacked {
        let why = match group.why {
            NotUnpacked::MEMORY => "it would take too much memory",
            _ => "nothing here unpacks that",
        };
        sheet.paragraph(&format!(
            "not unpacked: {}, packed with {}: {why}",
            plural(group.files, "file"),
            for_terminal(&group.compression)
        ));
    }
    for finding in &document.findings {
        show(&mut sheet, finding);
    }
    sheet.line("");
    let doubts = match summary.doubts {
        0 => String::new(),
        n => format!(", {}", plural(n, "doubt")),
    };
    let wastes = match summary.wastes {
        0 => String::new(),
        1 => ", 1 finding that only takes up room".to_owned(),
        n => format!(", {} that only take up room", plural(n, "finding")),
    };
    let verdict = match summary.violations {
        0 => paint(style::GOOD, &promises(summary)),
        n => paint(style::ERROR, &plural(n, "violation")),
    };
    sheet.line(&format!("{verdict}{doubts}{wastes}"));
    sheet.out
}

fn promises(summary: &Summary) -> String {
    let known = match (summary.hashed_files, &summary.not_unpacked[..]) {
        (0, _) if summary.paths > 0 => ", as far as names and sizes tell",
        (_, [_, ..]) => ", as far as it was unpacked",
        _ => "",
    };
    format!("the cache keeps what it promises{known}")
}

fn show(sheet: &mut Sheet, finding: &Finding) {
    let style = match finding.severity {
        Severity::Error => style::ERROR,
        Severity::Warning | Severity::Note => style::WARNING,
    };
    let subject = finding.path.as_ref().or(finding.file.as_ref());
    let subject = subject.map_or("the cache", String::as_str);
    let subject = fitted(subject, usize::MAX, sheet.screen.ascii);
    sheet.line("");
    sheet.line(&format!(
        "{} {subject}",
        paint(
            style,
            &format!("{}[{}]:", finding.severity.as_str(), finding.code)
        )
    ));
    let mut lines = vec![finding.message.clone()];
    let hidden = finding.hidden_paths.map(|n| plural(n, "path"));
    let bytes = finding.cost_bytes.map(size);
    lines.extend(match (hidden, bytes) {
        (Some(hidden), Some(bytes)) => Some(format!("hides {hidden} of {bytes} together")),
        (None, Some(bytes)) => Some(format!("costs {bytes}")),
        _ => None,
    });
    let named = finding.referrers.iter().take(REFERRERS);
    lines.extend(named.map(|referrer| format!("referred to by {referrer}")));
    let more = finding.referrers.len().saturating_sub(REFERRERS);
    if more > 0 {
        lines.push(format!("and by {more} more"));
    }
    for line in lines {
        for line in sheet.wrapped(&line, 2) {
            sheet.line(&format!("  {line}"));
        }
    }
    for line in sheet.wrapped(&format!("help: {}", finding.hint), 2) {
        sheet.line(&format!("  {}", paint(style::NOTE, &line)));
    }
}

/// Referrers of a missing path that the screen names; the document has them all.
const REFERRERS: usize = 3;
