//! Whether a profile is that of the machine.

use crate::detect::Detected;
use crate::rule;
use crate::{Diagnostic, Profile, Value};

impl Profile {
    /// What this profile says otherwise than what was detected; see [`Detected::differences`].
    pub(super) fn differences(&self, machine: &Detected, found: &mut Vec<Diagnostic>) {
        for difference in machine.differences(self) {
            let is_said = |it: &Diagnostic| {
                it.path == difference.path && it.id == rule::MARCH_NOT_RUNNABLE.id
            };
            if found.iter().any(is_said) {
                continue;
            }
            let there = shown(&difference.found.value);
            let mut message = match &difference.said {
                Some(said) => format!("says {}, the machine has {there}", shown(said)),
                None => format!("is missing; the machine has {there}"),
            };
            if let Some(reason) = &difference.reason {
                message = format!("{message}: {reason}");
            }
            found.push(
                Diagnostic::new(&rule::DIFFERS_FROM_MACHINE, difference.path, message)
                    .hint("correct the profile, or make sure that it is this machine's"),
            );
        }
    }
}

/// A value as it is said in a sentence.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(text) => text.clone(),
        Value::List(list) => list.iter().map(shown).collect::<Vec<_>>().join(" "),
        Value::Attrs(attrs) => format!("{} attributes", attrs.len()),
    }
}
