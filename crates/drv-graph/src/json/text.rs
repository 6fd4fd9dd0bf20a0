//! A JSON string in place.

use std::borrow::Cow;

/// A string as it stands in the input, without its quotes. Its escapes have been checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    pub(crate) raw: &'a str,
    /// Offset of the first byte after the opening quote.
    pub(crate) at: usize,
    pub(crate) escaped: bool,
}

impl<'a> Text<'a> {
    /// What the string says; borrowed unless it has escapes.
    pub(crate) fn decode(self) -> Cow<'a, str> {
        if self.escaped {
            Cow::Owned(unescape(self.raw))
        } else {
            Cow::Borrowed(self.raw)
        }
    }

    /// Whether the string says `text`.
    pub(crate) fn is(self, text: &str) -> bool {
        if self.escaped {
            self.decode() == text
        } else {
            self.raw == text
        }
    }
}

fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let mut chars = rest.chars();
        let escape = chars.next().unwrap_or('\\');
        rest = chars.as_str();
        text.push(match escape {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let (high, after) = hex4(rest);
                rest = after;
                match (high, after.strip_prefix("\\u").map(hex4)) {
                    (0xd800..=0xdbff, Some((low, after))) => {
                        rest = after;
                        // Pairs were checked by the scanner, so this is one.
                        let code = 0x10000 + ((high - 0xd800) << 10) + low.wrapping_sub(0xdc00);
                        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                    }
                    (code, _) => char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
                }
            }
            other => other,
        });
    }
    text.push_str(rest);
    text
}

fn hex4(text: &str) -> (u32, &str) {
    match text.split_at_checked(4) {
        Some((digits, rest)) => (u32::from_str_radix(digits, 16).unwrap_or(0xfffd), rest),
        None => (0xfffd, ""),
    }
}
