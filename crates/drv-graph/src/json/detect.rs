//! Telling JSON formats apart by their first keys.

use super::scanner::{Fault, Kind, Scanner};
use crate::Format;

/// The bytes looked at: enough for the first key of the first entry.
const LOOK_AT: usize = 1 << 16;

/// The format of an input that starts with `{` or `[`.
pub(crate) fn detect(input: &[u8]) -> Option<Format> {
    let head = &input[..input.len().min(LOOK_AT)];
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?,
    };
    let mut scanner = Scanner::over(text, Format::DerivationJson);
    let mut found = None;
    let mut empty = true;
    let walked = match scanner.kind().ok()? {
        // Only path-info, and only up to Nix 2.18, writes a list.
        Kind::Array => return Some(Format::PathInfoJson),
        Kind::Object => scanner.object("", |scanner, key| {
            empty = false;
            found = match &*key.decode() {
                "derivations" => Some(Format::DerivationJson),
                "info" => Some(Format::PathInfoJson),
                "attr" | "attrPath" | "drvPath" => Some(Format::EvalJobs),
                _ => match scanner.kind()? {
                    Kind::Object => of_entry(scanner)?,
                    Kind::Null => {
                        scanner.skip()?;
                        Some(Format::PathInfoJson)
                    }
                    _ => {
                        scanner.skip()?;
                        None
                    }
                },
            };
            // Enough is known; the fault ends the walk and is dropped.
            match found {
                Some(_) => Err(scanner.expected("")),
                None => Ok(()),
            }
        }),
        _ => return None,
    };
    match found {
        None if walked.is_ok() && empty => Some(Format::DerivationJson),
        found => found,
    }
}

/// The format whose entry the next object is.
fn of_entry(scanner: &mut Scanner<'_>) -> Result<Option<Format>, Fault> {
    let mut found = None;
    let walked = scanner.object("", |scanner, key| {
        found = match &*key.decode() {
            "args" | "builder" | "env" | "inputDrvs" | "inputSrcs" | "inputs" | "outputs"
            | "system" | "structuredAttrs" => Some(Format::DerivationJson),
            "ca" | "closureSize" | "compression" | "deriver" | "downloadHash" | "narHash"
            | "narSize" | "references" | "registrationTime" | "signatures" => {
                Some(Format::PathInfoJson)
            }
            _ => None,
        };
        match found {
            Some(_) => Err(scanner.expected("")),
            None => scanner.skip(),
        }
    });
    match found {
        Some(_) => Ok(found),
        None => walked.map(|()| None),
    }
}
