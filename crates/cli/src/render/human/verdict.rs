//! What is below the plan: what is wrong, what it costs, and what the gates say.

use super::Page;
use crate::dto::plan::{Diagnostic, Gate, Plan, Severity};
use crate::quantity::{bytes, count, duration, plural};
use crate::render::style::{self, paint};
use crate::render::untrusted::for_terminal;

/// Lines of one screen: diagnostics take what the plan leaves of them.
const LINES: usize = 45;
/// Diagnostics shown even on a full screen.
const ALWAYS: usize = 3;

impl Page<'_> {
    /// As many diagnostics as the screen has lines left, the first few in any case. Of one kind
    /// only the first is shown: a profile with numbers as text has dozens of them.
    pub(super) fn diagnostics(&mut self) {
        let mut kinds: Vec<(&Diagnostic, usize)> = Vec::new();
        for diagnostic in &self.plan.diagnostics {
            match kinds
                .iter_mut()
                .find(|(first, _)| first.code == diagnostic.code)
            {
                Some((_, more)) if diagnostic.severity != Severity::Error => *more += 1,
                _ => kinds.push((diagnostic, 0)),
            }
        }
        let mut hidden = 0;
        if !kinds.is_empty() {
            self.sheet.out.push('\n');
        }
        // One line for what is hidden, and two for each gate and the blank line before them.
        let taken = self.sheet.out.lines().count() + 1 + self.plan.gates.len() * 2;
        let mut room = LINES.saturating_sub(taken);
        for (i, (diagnostic, more)) in kinds.into_iter().enumerate() {
            let lines = self.diagnostic(diagnostic, more);
            if i < ALWAYS || (lines.len() <= room && hidden == 0) {
                room = room.saturating_sub(lines.len());
                for line in lines {
                    self.sheet.line(&line);
                }
            } else {
                hidden += 1 + more;
            }
        }
        if hidden > 0 {
            let text = format!("and {hidden} more: --format json has them all");
            self.sheet.line(&paint(style::FAINT, &text));
        }
    }

    fn diagnostic(&self, diagnostic: &Diagnostic, more: usize) -> Vec<String> {
        let (style, word) = match diagnostic.severity {
            Severity::Error => (style::ERROR, "error"),
            Severity::Warning => (style::WARNING, "warning"),
            Severity::Note => (style::NOTE, "note"),
        };
        let mut text = with_cost(diagnostic);
        if more > 0 {
            text = format!("{text} (and {more} more of this kind)");
        }
        let indent = word.len() + 2;
        let mut lines = self.sheet.wrapped(&text, indent);
        for (i, line) in lines.iter_mut().enumerate() {
            *line = match i {
                0 => format!("{}: {line}", paint(style, word)),
                _ => format!("{}{line}", " ".repeat(indent)),
            };
        }
        lines
    }

    pub(super) fn gates(&mut self) {
        if self.plan.gates.is_empty() {
            return;
        }
        self.sheet.out.push('\n');
        for gate in &self.plan.gates {
            let text = gate_text(gate, self.plan);
            let (style, word) = if gate.passed {
                (style::GOOD, "kept")
            } else {
                (style::ERROR, "exceeded")
            };
            self.sheet.line(&format!("{}: {text}", paint(style, word)));
        }
    }
}

/// What is the matter, what it costs, and the way out.
fn with_cost(diagnostic: &Diagnostic) -> String {
    let costs = [
        diagnostic.cost_ms.map(duration),
        diagnostic.cost_bytes.map(bytes),
    ];
    let costs: Vec<String> = costs.into_iter().flatten().collect();
    let parts = [
        Some(for_terminal(&diagnostic.message).into_owned()),
        (!costs.is_empty()).then(|| format!(" [{}]", costs.join(", "))),
        diagnostic
            .hint
            .as_ref()
            .map(|hint| format!("; {}", for_terminal(hint))),
    ];
    parts.into_iter().flatten().collect()
}

/// A diagnostic in one line, for standard error.
pub(crate) fn diagnostic_text(diagnostic: &Diagnostic) -> String {
    let word = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    format!("{word}: {}", with_cost(diagnostic))
}

/// `--max-builds 100: 722 builds`, the same words for the screen and for standard error.
pub(crate) fn gate_text(gate: &Gate, plan: &Plan) -> String {
    match gate.name.as_str() {
        "max-build-time" => {
            let without = match plan.schedule.left_out.len() {
                0 => String::new(),
                n => format!(" without {}", plural(n as u64, "build")),
            };
            format!(
                "--max-build-time {}: the plan takes {}{without}",
                duration(gate.limit as u64),
                duration(gate.value as u64)
            )
        }
        "min-hit-rate" => format!(
            "--min-hit-rate {:.0} %: {:.1} % of what is wanted needs no build",
            gate.limit * 100.0,
            gate.value * 100.0
        ),
        name => format!(
            "--{name} {}: {}",
            count(gate.limit as u64),
            plural(gate.value as u64, "build")
        ),
    }
}
