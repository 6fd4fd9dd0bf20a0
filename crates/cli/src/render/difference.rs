//! In what two derivations differ, as lines of a screen.

use super::sheet::Sheet;
use super::untrusted::fitted;
use crate::dto::difference::Difference;
use crate::quantity::count;

/// Words of a difference that are shown: the document has them all.
const WORDS: usize = 12;

/// Characters of a store path's hash.
const HASH: usize = 32;

/// The attribute with the words that it lost and won, `indent` columns in.
pub(super) fn lines(sheet: &mut Sheet, difference: &Difference, indent: usize) {
    let ascii = sheet.screen.ascii;
    let mut parts = Vec::new();
    for (sign, words) in [("-", &difference.removed), ("+", &difference.added)] {
        let shown: Vec<String> = words.iter().take(WORDS).map(|word| short(word)).collect();
        let more = match words.len().saturating_sub(WORDS) {
            0 => String::new(),
            more => format!(" and {} more", count(more as u64)),
        };
        if !shown.is_empty() {
            parts.push(format!("{sign} {}{more}", shown.join(" ")));
        }
    }
    if parts.is_empty() {
        parts.push(match (&difference.before, &difference.after) {
            (Some(_), None) => "is no more".to_owned(),
            (None, Some(_)) => "is new".to_owned(),
            _ if difference.attribute == "unknown" => "not in these graphs".to_owned(),
            _ => "differs in white space".to_owned(),
        });
    }
    let name = fitted(&difference.attribute, 32, ascii);
    for part in parts {
        let lines = sheet.wrapped(&format!("{name}  {part}"), indent + 2);
        for (at, line) in lines.iter().enumerate() {
            let indent = if at == 0 { indent } else { indent + 2 };
            sheet.line(&format!("{:indent$}{line}", ""));
        }
    }
}

/// A word, of a store path its name and the start of its hash.
fn short(word: &str) -> String {
    let path = word.rsplit('/').next().filter(|_| word.starts_with('/'));
    match path.and_then(|base| base.split_at_checked(HASH)) {
        Some((hash, name)) if name.len() > 1 && name.starts_with('-') => {
            format!("{} [{}]", &name[1..], &hash[..4])
        }
        _ => word.to_owned(),
    }
}
