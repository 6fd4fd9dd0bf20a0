//! What tells a finding from others when the file around it has changed.

use std::collections::BTreeMap;

use crate::dto::findings::Finding;

/// Gives every finding its fingerprint: rule, file, the text of the line or else the subject and
/// message, and the how many-th of its kind it is. Lines above may come and go.
pub(super) fn write(findings: &mut [Finding]) {
    let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
    for finding in findings {
        let place = finding.place.as_ref();
        let file = place.map_or("", |place| &place.file);
        let line = place
            .and_then(|place| place.source.as_ref())
            .and_then(|source| source.text.lines().next())
            .unwrap_or(&finding.message);
        let subject = finding.subject.as_deref().unwrap_or("");
        let kind = fnv1a(&[&finding.rule, file, subject, line.trim()]);
        let nth = seen.entry(kind).or_default();
        finding.fingerprint = format!("{kind:016x}:{nth}");
        *nth += 1;
    }
}

/// FNV-1a in 64 bits (G. Fowler, L. Noll, K. Vo), with the parts kept apart.
fn fnv1a(parts: &[&str]) -> u64 {
    let bytes = parts
        .iter()
        .flat_map(|part| part.bytes().chain(std::iter::once(0xff)));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
