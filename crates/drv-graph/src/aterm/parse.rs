//! Reading.

use std::borrow::Cow;

use super::{Aterm, AtermOutput, ByteStr, Wanted};
use crate::{Error, Format, Position};

/// Outputs of outputs of outputs: each level is a derivation that builds a derivation.
const MAX_DEPTH: usize = 64;

impl<'a> Aterm<'a> {
    /// Reads a whole `.drv` file.
    ///
    /// # Errors
    /// The first fault, with its position; [`Error::UnknownVersion`] for a version other than
    /// `xp-dyn-drv`.
    pub fn parse(input: &'a [u8]) -> Result<Self, Error> {
        let mut parser = Parser { input, at: 0 };
        let derivation = parser.derivation()?;
        if parser.at < input.len() {
            return Err(parser.expected("the end of the input"));
        }
        Ok(derivation)
    }
}

struct Parser<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn derivation(&mut self) -> Result<Aterm<'a>, Error> {
        let dynamic = self.peek() == Some(b'D') && self.eat(b"DrvWithVersion(");
        if dynamic {
            let at = self.at;
            let version = self.string()?;
            if *version != *b"xp-dyn-drv" {
                return Err(Error::UnknownVersion {
                    format: Format::ATerm,
                    version: String::from_utf8_lossy(&version).into_owned(),
                    position: Position::of(self.input, at),
                });
            }
            self.expect(b",", "`,`")?;
        } else {
            self.expect(b"Derive(", "`Derive(` or `DrvWithVersion(`")?;
        }
        let outputs = self.list(Self::output)?;
        self.expect(b",", "`,`")?;
        let input_derivations = self.list(|parser| {
            parser.pair(|parser| {
                if dynamic {
                    parser.wanted(0)
                } else {
                    Ok(Wanted {
                        outputs: parser.list(Self::string)?,
                        of_outputs: Vec::new(),
                    })
                }
            })
        })?;
        self.expect(b",", "`,`")?;
        let input_sources = self.list(Self::string)?;
        self.expect(b",", "`,`")?;
        let system = self.string()?;
        self.expect(b",", "`,`")?;
        let builder = self.string()?;
        self.expect(b",", "`,`")?;
        let args = self.list(Self::string)?;
        self.expect(b",", "`,`")?;
        let env = self.list(|parser| parser.pair(Self::string))?;
        self.expect(b")", "`)`")?;
        Ok(Aterm {
            dynamic,
            outputs,
            input_derivations,
            input_sources,
            system,
            builder,
            args,
            env,
        })
    }

    fn output(&mut self) -> Result<AtermOutput<'a>, Error> {
        self.expect(b"(", "`(`")?;
        let name = self.string()?;
        self.expect(b",", "`,`")?;
        let path = self.string()?;
        self.expect(b",", "`,`")?;
        let hash_algo = self.string()?;
        self.expect(b",", "`,`")?;
        let hash = self.string()?;
        self.expect(b")", "`)`")?;
        Ok(AtermOutput {
            name,
            path,
            hash_algo,
            hash,
        })
    }

    fn wanted(&mut self, depth: usize) -> Result<Wanted<'a>, Error> {
        if self.peek() != Some(b'(') {
            return Ok(Wanted {
                outputs: self.list(Self::string)?,
                of_outputs: Vec::new(),
            });
        }
        if depth == MAX_DEPTH {
            return Err(Error::TooDeep {
                limit: MAX_DEPTH,
                position: Position::of(self.input, self.at),
            });
        }
        self.expect(b"(", "`(`")?;
        let outputs = self.list(Self::string)?;
        self.expect(b",", "`,`")?;
        let of_outputs = self.list(|parser| parser.pair(|parser| parser.wanted(depth + 1)))?;
        self.expect(b")", "`)`")?;
        Ok(Wanted {
            outputs,
            of_outputs,
        })
    }

    /// `("key",value)`
    fn pair<T>(
        &mut self,
        value: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<(ByteStr<'a>, T), Error> {
        self.expect(b"(", "`(`")?;
        let key = self.string()?;
        self.expect(b",", "`,`")?;
        let value = value(self)?;
        self.expect(b")", "`)`")?;
        Ok((key, value))
    }

    fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        self.expect(b"[", "`[`")?;
        let mut items = Vec::new();
        if self.eat(b"]") {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.eat(b"]") {
                return Ok(items);
            }
            self.expect(b",", "`,` or `]`")?;
        }
    }

    fn string(&mut self) -> Result<ByteStr<'a>, Error> {
        self.expect(b"\"", "a string")?;
        let mut text: ByteStr<'a> = Cow::Borrowed(&[]);
        loop {
            let rest = &self.input[self.at..];
            let Some(plain) = memchr::memchr2(b'"', b'\\', rest) else {
                self.at = self.input.len();
                return Err(self.expected("the closing quote of a string"));
            };
            self.at += plain + 1;
            if text.is_empty() {
                text = Cow::Borrowed(&rest[..plain]);
            } else {
                text.to_mut().extend_from_slice(&rest[..plain]);
            }
            if rest[plain] == b'"' {
                return Ok(text);
            }
            let Some(escaped) = self.peek() else {
                return Err(self.expected("an escaped character"));
            };
            self.at += 1;
            // Nix takes any other escaped byte for itself.
            text.to_mut().push(match escaped {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                other => other,
            });
        }
    }

    fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    fn eat(&mut self, token: &[u8]) -> bool {
        let there = self.input[self.at..].starts_with(token);
        if there {
            self.at += token.len();
        }
        there
    }

    fn expect(&mut self, token: &[u8], expected: &'static str) -> Result<(), Error> {
        if self.eat(token) {
            return Ok(());
        }
        if token.starts_with(&self.input[self.at..]) {
            self.at = self.input.len();
        }
        Err(self.expected(expected))
    }

    fn expected(&self, expected: &'static str) -> Error {
        let format = Format::ATerm;
        let position = Position::of(self.input, self.at);
        if self.at < self.input.len() {
            Error::Syntax {
                format,
                expected,
                position,
            }
        } else {
            Error::Truncated {
                format,
                expected,
                position,
            }
        }
    }
}
