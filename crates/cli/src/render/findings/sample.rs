//! Findings of every shape, with names that mean harm.

use std::collections::BTreeSet;

use crate::dto::findings::{Applicability, Cost, Finding, Related, Report, Rule, Severity};
use crate::findings::{Collector, Levels, Source, finding};

const TEXT: &str = "\
{
  a = [ 1 \u{1b}[31m;
  b = 1;
  x = {
\ty = \u{202e}1;
  };
  c = 日本 x; # \u{9b}
}
";

fn rule(id: &str, severity: Severity) -> Rule {
    Rule {
        id: id.to_owned(),
        severity,
        summary: "a summary".to_owned(),
        explanation: "Why.\n\n    code".to_owned(),
    }
}

/// The document.
pub(super) fn document() -> Report {
    let source = Source::new("modules/a.nix", TEXT, 0);
    let other = Source::new("odd,:%\n\u{1b}.nix", "", 0);
    let at = |part: &str| {
        let start = TEXT.find(part).expect("it is in the text");
        start..start + part.len()
    };
    let rules = [
        ("syntax-error", Severity::Error),
        ("unused-binding", Severity::Warning),
        ("encrypted-file", Severity::Note),
        ("noop-override", Severity::Note),
    ];
    let rules = rules.map(|(id, severity)| rule(id, severity)).into();
    let mut collector = Collector::new(rules, Levels::default());
    collector.looked_at(2);
    collector.extend([Finding {
        place: Some(other.whole()),
        ..finding("encrypted-file", Severity::Note, "encrypted")
    }]);
    collector.extend([Finding {
        subject: Some("zlib".to_owned()),
        ..finding("noop-override", Severity::Warning, "changes nothing")
    }]);
    let binding = at("x = {\n\ty = \u{202e}1;\n  };");
    collector.extend([Finding {
        place: Some(source.place(binding.clone())),
        related: vec![Related {
            place: source.place(at("x; #")),
            message: "not this \u{1b}".to_owned(),
        }],
        hint: Some("remove it".to_owned()),
        cost: Some(Cost {
            ms: Some(12_000_000),
            memory_bytes: Some(12 << 30),
            download_bytes: Some(1_500_000_000),
        }),
        fix: Some(source.fix(
            "remove the binding",
            Applicability::Safe,
            [(binding, "y = 2;")],
        )),
        ..finding(
            "unused-binding",
            Severity::Warning,
            "`x` is bound, but\nnever used: 100% \r\u{1b}[31m",
        )
    }]);
    collector.extend([Finding {
        place: Some(source.place(at("a = [ 1 \u{1b}"))),
        ..finding("syntax-error", Severity::Error, "unexpected `1`")
    }]);
    collector.extend([Finding {
        place: Some(source.place(at("b = 1;"))),
        ..finding(
            "unused-binding",
            Severity::Warning,
            "`b` is bound, but never used",
        )
    }]);
    let found = collector.clone().finish(&BTreeSet::new()).findings;
    let earlier = found.iter().filter(|found| found.message.contains("`b`"));
    collector.finish(&earlier.map(|found| found.fingerprint.clone()).collect())
}
