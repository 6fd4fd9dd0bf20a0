//! Where a text names store objects: the hashes in it.

use std::borrow::Cow;

use crate::store_path::{HASH_LEN, is_hash_char};

/// What stands in a template for a hash that was cut out. Nix has no text with this character;
/// should one turn up in an input, it is cut out as if it were a hash.
pub(crate) const HOLE: char = '\0';

/// Characters of a placeholder, `/` and a SHA-256 in Nix's base 32, by which a derivation names
/// an output whose path is not known beforehand.
pub(crate) const PLACEHOLDER_LEN: usize = 52;

/// The template of `text`; `hash` is given what is cut out, in order.
///
/// A hash is 32 characters of Nix's base 32 with a dash behind them, whether or not a store
/// directory stands before them (`baseNameOf` takes it away), or a placeholder.
pub(crate) fn cut(text: &str, mut hash: impl FnMut(&str)) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut template = String::new();
    let mut done = 0;
    for at in memchr::memchr3_iter(b'-', b'/', HOLE as u8, bytes) {
        let (start, end) = match bytes[at] {
            b'-' if at >= done + HASH_LEN => (at - HASH_LEN, at),
            b'/' => (at + 1, at + 1 + PLACEHOLDER_LEN),
            b'\0' => (at, at + 1),
            _ => continue,
        };
        if bytes[at] != b'\0' && (start < done || !is_hash(bytes, start, end)) {
            continue;
        }
        if done == 0 {
            template.reserve(text.len());
        }
        hash(&text[start..end]);
        template.push_str(&text[done..start]);
        template.push(HOLE);
        done = end;
    }
    if done == 0 {
        return text.into();
    }
    template.push_str(&text[done..]);
    template.into()
}

/// Whether `start..end` is base 32 and not a part of a longer word.
fn is_hash(bytes: &[u8], start: usize, end: usize) -> bool {
    let Some(hash) = bytes.get(start..end) else {
        return false;
    };
    let goes_on = |at: Option<usize>| {
        let byte = at.and_then(|at| bytes.get(at));
        byte.is_some_and(u8::is_ascii_alphanumeric)
    };
    // From its end: that of an ordinary word shows soonest.
    hash.iter().rev().all(|&byte| is_hash_char(byte))
        && !goes_on(start.checked_sub(1))
        && !goes_on(Some(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "8vh17lfiabqfl2bd2rasxrh94g9pf9dd";
    const PLACEHOLDER: &str = "1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9";

    fn check(text: &str, template: &str, hashes: &[&str]) {
        let mut found = Vec::new();
        let cut = cut(text, |hash| found.push(hash.to_owned()));
        assert_eq!(cut, template, "{text:?}");
        assert_eq!(found, hashes, "{text:?}");
    }

    #[test]
    fn hashes_are_cut_out() {
        check("", "", &[]);
        check("-O2 -march=skylake", "-O2 -march=skylake", &[]);
        for (before, after) in [
            ("/nix/store/", "-zlib-1.3/lib"),
            ("-L/nix/store/", "-zlib"),
            ("", "-zlib"),
            ("\"", "-"),
        ] {
            check(
                &format!("{before}{HASH}{after}"),
                &format!("{before}\0{after}"),
                &[HASH],
            );
        }
        check(
            &format!("/s/{HASH}-a:/s/{HASH}-b"),
            "/s/\0-a:/s/\0-b",
            &[HASH, HASH],
        );
        check(&format!("/{PLACEHOLDER}/lib"), "/\0/lib", &[PLACEHOLDER]);
        check("a\0b", "a\0b", &["\0"]);
    }

    #[test]
    fn what_is_no_hash_stays() {
        for text in [
            &HASH[1..],
            &format!("{HASH}_x"),
            &format!("x{HASH}-x"),
            &format!("{}-x", HASH.replace('8', "e")),
            &format!("/{PLACEHOLDER}0"),
            &format!("/{}", &PLACEHOLDER[1..]),
        ] {
            check(text, text, &[]);
        }
    }
}
