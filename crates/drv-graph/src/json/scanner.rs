//! Walking through a JSON text from left to right.

use super::object_keys::{OpenKeys, OpenObject};
use super::text::Text;
use crate::{Error, Format, Position};

/// An error on its way up: boxed, because it is rare and results are moved often.
pub(crate) type Fault = Box<Error>;

/// What a value starts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Number,
    Bool,
    Null,
}

impl Kind {
    pub(crate) fn article(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::String => "a string",
            Self::Number => "a number",
            Self::Bool => "a boolean",
            Self::Null => "null",
        }
    }
}

/// A place in a JSON text.
#[derive(Clone, Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    pub(super) at: usize,
    /// Where `text` starts in the input.
    start: Position,
    format: Format,
    pub(super) keys: OpenKeys<'a>,
}

#[expect(
    clippy::unnecessary_box_returns,
    reason = "faults travel boxed in every result"
)]
impl<'a> Scanner<'a> {
    /// At the start of `input`.
    ///
    /// # Errors
    /// `NotUtf8`: all of it is checked at once, so that strings need not be.
    pub(crate) fn new(input: &'a [u8], format: Format) -> Result<Self, Fault> {
        match std::str::from_utf8(input) {
            Ok(text) => Ok(Self::over(text, format)),
            Err(error) => Err(Box::new(Error::NotUtf8 {
                position: Position::of(input, error.valid_up_to()),
            })),
        }
    }

    pub(crate) fn over(text: &'a str, format: Format) -> Self {
        Self {
            text,
            at: 0,
            start: Position::START,
            format,
            keys: OpenKeys::default(),
        }
    }

    /// The same, of a text that starts there in the input.
    pub(crate) fn starting_at(self, start: Position) -> Self {
        Self { start, ..self }
    }

    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// Goes back to a place where a value starts.
    pub(crate) fn rewind(&mut self, offset: usize) {
        self.at = offset;
    }

    pub(crate) fn position(&self, offset: usize) -> Position {
        let before = offset.min(self.text.len());
        self.start.behind(&self.text.as_bytes()[..before])
    }

    /// Whether nothing at all follows.
    pub(crate) fn is_spent(&self) -> bool {
        self.at == self.text.len()
    }

    pub(crate) fn slice(&self, from: usize, to: usize) -> &'a str {
        &self.text[from..to]
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    #[cold]
    pub(crate) fn expected(&self, expected: &'static str) -> Fault {
        let position = self.position(self.at);
        Box::new(if self.at >= self.text.len() {
            Error::Truncated {
                format: self.format,
                expected,
                position,
            }
        } else {
            Error::Syntax {
                format: self.format,
                expected,
                position,
            }
        })
    }

    #[cold]
    pub(crate) fn wrong_type(
        &self,
        field: &str,
        expected: &'static str,
        found: Kind,
        at: usize,
    ) -> Fault {
        Box::new(Error::WrongType {
            field: field.to_owned(),
            expected,
            found: found.article(),
            position: self.position(at),
        })
    }

    #[cold]
    pub(crate) fn duplicate(&self, key: Text<'_>) -> Fault {
        Box::new(Error::DuplicateKey {
            key: key.decode().into_owned(),
            position: self.position(key.at - 1),
        })
    }

    #[cold]
    pub(crate) fn bad_value(&self, field: &str, expected: &'static str, at: usize) -> Fault {
        Box::new(Error::BadValue {
            field: field.to_owned(),
            expected,
            position: self.position(at),
        })
    }

    pub(super) fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        const INDENT: &[u8] = b"        ";
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
            // Nix up to 2.32 indents, by up to ten spaces.
            if self.text.as_bytes()[self.at..].starts_with(INDENT) {
                self.at += INDENT.len();
            }
        }
    }

    /// What the next value is; the scanner then stands on its first byte.
    pub(crate) fn kind(&mut self) -> Result<Kind, Fault> {
        self.skip_space();
        match self.byte() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            _ => Err(self.expected("a value")),
        }
    }

    fn of_kind(&mut self, wanted: Kind, field: &str) -> Result<(), Fault> {
        let found = self.kind()?;
        if found == wanted {
            Ok(())
        } else {
            Err(self.wrong_type(field, wanted.article(), found, self.at))
        }
    }

    /// Reads an object; `entry` is called after each key and reads the value.
    pub(crate) fn object(
        &mut self,
        field: &str,
        mut entry: impl FnMut(&mut Self, Text<'a>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.open_object(field)?;
        let mut object = self.keys.open();
        let mut first = true;
        while let Some(key) = self.next_key(&mut object, first)? {
            first = false;
            entry(self, key)?;
        }
        Ok(())
    }

    /// Reads the opening brace of an object.
    pub(crate) fn open_object(&mut self, field: &str) -> Result<(), Fault> {
        self.of_kind(Kind::Object, field)?;
        self.at += 1;
        Ok(())
    }

    /// The next key of an object, up to its colon; `None` behind the closing brace.
    pub(super) fn next_key(
        &mut self,
        object: &mut OpenObject,
        first: bool,
    ) -> Result<Option<Text<'a>>, Fault> {
        let Some(key) = self.member(first)? else {
            return match self.keys.close(*object) {
                Some(key) => Err(self.duplicate(key)),
                None => Ok(None),
            };
        };
        self.keys.add(object, key);
        Ok(Some(key))
    }

    /// As [`object`](Self::object) does it, key by key, for those that see to keys that stand
    /// twice themselves.
    pub(crate) fn member(&mut self, first: bool) -> Result<Option<Text<'a>>, Fault> {
        self.skip_space();
        match self.byte() {
            Some(b'}') => {
                self.at += 1;
                return Ok(None);
            }
            Some(b',') if !first => {
                self.at += 1;
                self.skip_space();
            }
            _ if first => {}
            _ => return Err(self.expected("`,` or `}`")),
        }
        if self.byte() != Some(b'"') {
            return Err(self.expected("a key in quotes"));
        }
        let key = self.text_here()?;
        self.skip_space();
        if self.byte() != Some(b':') {
            return Err(self.expected("`:`"));
        }
        self.at += 1;
        Ok(Some(key))
    }

    /// Reads an array; `item` is called before each element and reads it.
    pub(crate) fn array(
        &mut self,
        field: &str,
        mut item: impl FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.of_kind(Kind::Array, field)?;
        self.at += 1;
        let mut first = true;
        while self.next_item(first)? {
            first = false;
            item(self)?;
        }
        Ok(())
    }

    /// Whether an element follows; if not, the closing bracket has been passed.
    pub(super) fn next_item(&mut self, first: bool) -> Result<bool, Fault> {
        self.skip_space();
        match self.byte() {
            Some(b']') => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !first => {
                self.at += 1;
                self.skip_space();
                // `[1,]` is not JSON; what comes must be a value.
                self.kind().map(|_| true)
            }
            Some(_) if first => Ok(true),
            _ => Err(self.expected("`,` or `]`")),
        }
    }

    /// Reads a string.
    pub(crate) fn string(&mut self, field: &str) -> Result<Text<'a>, Fault> {
        self.of_kind(Kind::String, field)?;
        self.text_here()
    }

    /// Reads a string, or `null` as `None`.
    pub(crate) fn optional_string(&mut self, field: &str) -> Result<Option<Text<'a>>, Fault> {
        if self.kind()? == Kind::Null {
            self.word("null")?;
            return Ok(None);
        }
        self.string(field).map(Some)
    }

    /// Reads the string whose opening quote is here.
    pub(super) fn text_here(&mut self) -> Result<Text<'a>, Fault> {
        let start = self.at + 1;
        let mut escaped = false;
        self.at = start;
        loop {
            self.at += plain_len(&self.text.as_bytes()[self.at..]);
            match self.byte() {
                Some(b'"') => {
                    let raw = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(Text {
                        raw,
                        at: start,
                        escaped,
                    });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.skip_escape()?;
                }
                Some(_) => return Err(self.expected("an escape in place of a control character")),
                None => return Err(self.expected("the closing quote of a string")),
            }
        }
    }

    fn skip_escape(&mut self) -> Result<(), Fault> {
        self.at += 1;
        match self.byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => match self.code_unit()? {
                0xd800..=0xdbff => {
                    let rest = &self.text.as_bytes()[self.at..];
                    let low = rest.starts_with(b"\\u");
                    // Where the text ends in the midst of it, that is what is wrong.
                    self.at += usize::from(low || rest == b"\\");
                    if low && matches!(self.code_unit()?, 0xdc00..=0xdfff) {
                        Ok(())
                    } else {
                        Err(self.expected("the second half of a surrogate pair"))
                    }
                }
                0xdc00..=0xdfff => Err(self.expected("the first half of a surrogate pair")),
                _ => Ok(()),
            },
            _ => Err(self.expected("an escape that JSON has")),
        }
    }

    /// Reads a `u` and the four hexadecimal digits of a UTF-16 code unit.
    fn code_unit(&mut self) -> Result<u32, Fault> {
        self.at += 1;
        let mut unit = 0;
        for _ in 0..4 {
            let Some(digit) = self.byte().and_then(|c| char::from(c).to_digit(16)) else {
                return Err(self.expected("four hexadecimal digits"));
            };
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }

    /// Reads `true` or `false`.
    pub(crate) fn boolean(&mut self, field: &str) -> Result<bool, Fault> {
        self.of_kind(Kind::Bool, field)?;
        let value = self.byte() == Some(b't');
        self.word(if value { "true" } else { "false" })?;
        Ok(value)
    }

    /// Reads the version of the text's format, which is at most `newest`.
    pub(crate) fn version(&mut self, newest: u64) -> Result<(), Fault> {
        self.kind()?;
        let at = self.offset();
        let version = self.unsigned("version")?;
        if version <= newest {
            return Ok(());
        }
        Err(Box::new(Error::UnknownVersion {
            format: self.format,
            version: version.to_string(),
            position: self.position(at),
        }))
    }

    /// Reads a whole number from 0 to 2⁶⁴ − 1.
    pub(crate) fn unsigned(&mut self, field: &str) -> Result<u64, Fault> {
        self.of_kind(Kind::Number, field)?;
        let start = self.at;
        self.number()?;
        let digits = &self.text[start..self.at];
        if let Ok(value) = digits.parse() {
            return Ok(value);
        }
        if digits.bytes().all(|c| c.is_ascii_digit()) {
            return Err(Box::new(Error::NumberOverflow {
                position: self.position(start),
            }));
        }
        Err(self.bad_value(field, "a whole number, zero or more", start))
    }

    pub(super) fn word(&mut self, word: &'static str) -> Result<(), Fault> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else {
            let rest = &self.text.as_bytes()[self.at..];
            if word.as_bytes().starts_with(rest) {
                self.at = self.text.len();
            }
            Err(self.expected("`true`, `false` or `null`"))
        }
    }

    pub(super) fn number(&mut self) -> Result<(), Fault> {
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        match self.byte() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(self.expected("a digit")),
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.byte() {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.expected("a digit"));
        }
        Ok(())
    }

    /// Whether nothing but space follows.
    pub(crate) fn at_end(&mut self) -> bool {
        self.skip_space();
        self.at == self.text.len()
    }

    /// Checks that nothing but space follows.
    pub(crate) fn end(&mut self) -> Result<(), Fault> {
        if self.at_end() {
            Ok(())
        } else {
            Err(self.expected("the end of the input"))
        }
    }
}

/// How many bytes at the start of `bytes` are neither a quote, a backslash nor a control
/// character. Eight at a time: for each, the highest bit of a byte of the mask is set where the
/// byte is one of those (and perhaps in bytes behind it, which does not matter).
fn plain_len(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES << 7;
    let mut len = 0;
    for chunk in bytes.chunks_exact(8) {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        let word = u64::from_le_bytes(word);
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        let stop = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        if stop & HIGH != 0 {
            return len + (stop & HIGH).trailing_zeros() as usize / 8;
        }
        len += 8;
    }
    let tail = &bytes[len..];
    len + tail
        .iter()
        .position(|&c| matches!(c, b'"' | b'\\' | 0..0x20))
        .unwrap_or(tail.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_say_what_they_say() {
        let text = r#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00z""#;
        let mut scanner = Scanner::over(text, Format::DerivationJson);
        let string = scanner.string("x").unwrap();
        assert_eq!(string.decode(), "a\"\\/\u{8}\u{c}\n\r\té😀z");
    }

    #[test]
    fn whole_numbers() {
        for (text, expected) in [
            ("0", Ok(0)),
            ("18446744073709551615", Ok(u64::MAX)),
            ("18446744073709551616", Err("number-overflow")),
            ("-1", Err("bad-value")),
            ("1.5", Err("bad-value")),
            ("1e3", Err("bad-value")),
            ("\"1\"", Err("wrong-type")),
        ] {
            let mut scanner = Scanner::over(text, Format::DerivationJson);
            let got = scanner.unsigned("n").map_err(|error| error.code());
            assert_eq!(got, expected, "{text}");
        }
    }

    #[test]
    fn plain_runs_end_at_the_right_byte() {
        let filler = "abcdefghijklmnopéq".repeat(3);
        for stop in ["\"", "\\", "\n", "\0", "\u{1f}"] {
            for at in (0..filler.len()).filter(|&at| filler.is_char_boundary(at)) {
                let text = [&filler[..at], stop, &filler[at..], "\"\\\n"].concat();
                assert_eq!(plain_len(text.as_bytes()), at);
            }
        }
    }
}
