//! Reading over what nobody asked for: nine tenths of an input.

use super::object_keys::OpenObject;
use super::scanner::{Fault, Kind, Scanner};
use crate::Error;

/// Levels of nesting that are followed. Nothing recurses on them; the limit bounds memory.
const MAX_DEPTH: usize = 512;

impl Scanner<'_> {
    /// Reads over one value of any kind, checking its grammar and its keys. It does not recurse.
    pub(crate) fn skip(&mut self) -> Result<(), Fault> {
        if self.skip_scalar()? {
            return Ok(());
        }
        // Open containers: an object's keys, or `None` for an array.
        let mut open: Vec<Option<OpenObject>> = Vec::new();
        let mut first = true;
        self.enter(&mut open)?;
        while let Some(container) = open.last_mut() {
            let another = match container {
                Some(object) => {
                    // A copy, because the keys belong to the scanner.
                    let mut keys = *object;
                    let key = self.next_key(&mut keys, first)?;
                    *object = keys;
                    key.is_some()
                }
                None => self.next_item(first)?,
            };
            first = false;
            if !another {
                open.pop();
            } else if !self.skip_scalar()? {
                self.enter(&mut open)?;
                first = true;
            }
        }
        Ok(())
    }

    fn enter(&mut self, open: &mut Vec<Option<OpenObject>>) -> Result<(), Fault> {
        if open.len() == MAX_DEPTH {
            return Err(Box::new(Error::TooDeep {
                limit: MAX_DEPTH,
                position: self.position(self.at),
            }));
        }
        open.push((self.byte() == Some(b'{')).then(|| self.keys.open()));
        self.at += 1;
        Ok(())
    }

    /// Reads over the next value unless it is an object or an array.
    fn skip_scalar(&mut self) -> Result<bool, Fault> {
        match self.kind()? {
            Kind::Object | Kind::Array => return Ok(false),
            Kind::String => {
                self.text_here()?;
            }
            Kind::Number => self.number()?,
            Kind::Bool => {
                let word = if self.byte() == Some(b't') {
                    "true"
                } else {
                    "false"
                };
                self.word(word)?;
            }
            Kind::Null => self.word("null")?,
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Format;

    fn skip(text: &str) -> Result<(), Fault> {
        let mut scanner = Scanner::over(text, Format::DerivationJson);
        scanner.skip()?;
        scanner.end()
    }

    #[test]
    fn what_is_json() {
        for text in [
            "null",
            " true ",
            "-0.5e+10",
            "[]",
            "{}",
            r#"[1,2,[{"a":[{}]}],"x"]"#,
            r#"{"b":1,"a":{"b":2},"c":"\u00e9\ud83d\ude00\"\\\/\n"}"#,
            "\"é\u{7f}\"",
        ] {
            skip(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
    }

    #[test]
    fn what_is_not() {
        for (text, code, offset) in [
            ("", "truncated", 0),
            ("[", "truncated", 1),
            ("[1,", "truncated", 3),
            ("[1,]", "syntax", 3),
            ("[1 2]", "syntax", 3),
            ("[,]", "syntax", 1),
            ("{\"a\"", "truncated", 4),
            ("{\"a\":1,}", "syntax", 7),
            ("{,}", "syntax", 1),
            ("{a:1}", "syntax", 1),
            ("\"a", "truncated", 2),
            ("\"a\nb\"", "syntax", 2),
            (r#""\x""#, "syntax", 2),
            (r#""\u12"#, "truncated", 5),
            (r#""\ud800""#, "syntax", 7),
            (r#""\udc00""#, "syntax", 7),
            (r#""\ud800\u0041""#, "syntax", 13),
            ("tru", "truncated", 3),
            ("trux", "syntax", 0),
            ("01", "syntax", 1),
            ("1.", "truncated", 2),
            ("-", "truncated", 1),
            ("1 x", "syntax", 2),
            (r#"{"a":1,"a":2}"#, "duplicate-key", 7),
            (r#"{"b":1,"a":2,"b":3}"#, "duplicate-key", 13),
            (r#"[{"a":{"x":1,"\u0078":2}}]"#, "duplicate-key", 13),
        ] {
            let error = skip(text).expect_err(text);
            let position = error.position().map(|position| position.offset);
            assert_eq!((error.code(), position), (code, Some(offset)), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_and_not_recursed_into() {
        for text in ["[".repeat(1_000_000), "{\"a\":".repeat(1_000_000)] {
            assert_eq!(skip(&text).expect_err("deep").code(), "too-deep");
        }
        let fine = "[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH);
        skip(&fine).unwrap();
    }
}
