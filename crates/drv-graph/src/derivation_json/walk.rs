//! From one derivation to the next, whether they are wrapped or not.

use crate::json::{Fault, Kind, Scanner, Text};

/// The newest version of the format that is known here.
pub(super) const NEWEST: u64 = 4;

/// A place between two derivations: all there is to know to go on from there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Walk {
    open: Open,
    /// Whether nothing has been read of the innermost open object.
    at_first: bool,
    has_version: bool,
    has_derivations: bool,
}

/// Which objects are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Open {
    /// None yet.
    #[default]
    Before,
    /// That of the input.
    Input,
    /// And `derivations` in it.
    Derivations,
    /// None any more.
    After,
}

impl Walk {
    /// The next key, up to its colon; `None` at the end of the text.
    pub(super) fn next<'a>(
        &mut self,
        scanner: &mut Scanner<'a>,
    ) -> Result<Option<Text<'a>>, Fault> {
        loop {
            match self.open {
                Open::Before => {
                    scanner.open_object("the input")?;
                    self.open = Open::Input;
                    self.at_first = true;
                }
                Open::After => return scanner.end().map(|()| None),
                Open::Input | Open::Derivations => {
                    if let Some(key) = scanner.member(self.at_first)? {
                        self.at_first = false;
                        return self.check_key(scanner, key).map(Some);
                    }
                    self.at_first = false;
                    self.open = match self.open {
                        Open::Derivations => Open::Input,
                        _ => Open::After,
                    };
                }
            }
        }
    }

    /// Notes the keys that are no derivation's; those must not stand twice either.
    fn check_key<'a>(&mut self, scanner: &Scanner<'a>, key: Text<'a>) -> Result<Text<'a>, Fault> {
        let known = match &*key.decode() {
            "version" if self.open == Open::Input => &mut self.has_version,
            "derivations" if self.open == Open::Input => &mut self.has_derivations,
            _ => return Ok(key),
        };
        if std::mem::replace(known, true) {
            return Err(scanner.duplicate(key));
        }
        Ok(key)
    }

    /// Whether the value of that key, which [`next`](Self::next) gave, is no derivation.
    pub(super) fn is_about_all(self, key: Text<'_>) -> bool {
        self.open == Open::Input && (key.is("version") || key.is("derivations"))
    }

    /// Goes into `derivations`, or checks the version.
    pub(super) fn pass(&mut self, scanner: &mut Scanner<'_>, key: Text<'_>) -> Result<(), Fault> {
        if key.is("version") {
            return scanner.version(NEWEST);
        }
        scanner.open_object("derivations")?;
        self.open = Open::Derivations;
        self.at_first = true;
        Ok(())
    }

    /// Looks for a version that is not known in the value of `key`, which could not be read: a
    /// shape of tomorrow shows as any fault, and what helps is to name its version.
    pub(super) fn look_for_version(
        &mut self,
        scanner: &mut Scanner<'_>,
        key: Text<'_>,
    ) -> Result<(), Fault> {
        /// The input, perhaps `derivations`, a derivation.
        fn look(scanner: &mut Scanner<'_>, key: Text<'_>, depth: u32) -> Result<(), Fault> {
            match scanner.kind()? {
                Kind::Number if key.is("version") => scanner.version(NEWEST),
                Kind::Object if depth > 0 => {
                    scanner.object("", |scanner, key| look(scanner, key, depth - 1))
                }
                _ => scanner.skip(),
            }
        }
        match self.open {
            Open::Input if key.is("derivations") && scanner.kind()? == Kind::Object => {
                self.pass(scanner, key)
            }
            Open::Input => look(scanner, key, 2),
            _ => look(scanner, key, 1),
        }
    }
}
