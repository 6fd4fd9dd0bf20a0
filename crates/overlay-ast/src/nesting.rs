//! How deep the tree of a text will be, told from its tokens.
//!
//! Brackets nest; so do operators, arguments and the dots of a path within one pair of brackets:
//! `a + b + c` is a tree of two levels that leans to the left. Of one operator the levels add up,
//! but the operands of a looser one lie side by side: `a.b == c && d.e == f && …` grows by `&&`
//! alone. So each precedence has a count of its own, which starts anew at a looser operator, and
//! the longest count of each, summed up, is at least the depth.
//!
//! Function heads, `if`, `let`, `with` and `assert` reach as far to the right as they can. What
//! stands before them may contain them, so it is kept as it is.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::{self, *};

/// Precedences, from the loosest. Pipes are looser than all of Nix 2.8's operators.
const PRECEDENCES: usize = 15;
const NOT: usize = 7;
const NEGATE: usize = 12;
const APPLY: usize = 13;
const SELECT: usize = 14;

/// The tokens of one pair of brackets, or of the bindings of a `let`, so far.
#[derive(Default)]
pub(crate) struct Nesting {
    /// Levels that all that follows lies below.
    outer: usize,
    /// The sum of `most`.
    inner: usize,
    /// The most that `outer` and `inner` have been together.
    deepest: usize,
    /// Operators of each precedence since the last looser one. Beyond a few hundred, reading ends.
    current: [u16; PRECEDENCES],
    /// The most of each there have been in `current`.
    most: [u16; PRECEDENCES],
    /// `with` and `assert` that wait for their `;`.
    heads: usize,
    /// Between `inherit` and `;`, where names lie side by side.
    in_inherit: bool,
    after_operand: bool,
}

impl Nesting {
    /// Levels of the tree within these brackets, or more.
    pub(crate) fn depth(&self) -> usize {
        self.deepest
    }

    /// Takes the next token; of a pair of brackets within, both.
    pub(crate) fn step(&mut self, kind: SyntaxKind, in_list: bool) {
        let operand = kind.is_fn_arg();
        let closer = is_closer(kind);
        match kind {
            TOKEN_SEMICOLON if self.heads > 0 => {
                self.heads -= 1;
                self.below();
            }
            TOKEN_SEMICOLON | TOKEN_COMMA => *self = Self::default(),
            TOKEN_INHERIT => {
                *self = Self::default();
                self.in_inherit = true;
            }
            // Each name of the path is a set to those who read the value.
            TOKEN_ASSIGN => {
                let dots = self.most[SELECT].into();
                *self = Self::default();
                self.deeper(dots);
            }
            _ if self.in_inherit || closer => {}
            // Elements of a list lie side by side.
            _ if in_list && operand && self.after_operand => *self = Self::default(),
            TOKEN_WITH | TOKEN_ASSERT => {
                self.heads += 1;
                self.below();
            }
            TOKEN_COLON | TOKEN_IF | TOKEN_LET => self.below(),
            // The parts of an `if` lie side by side.
            TOKEN_THEN | TOKEN_ELSE | TOKEN_IN => self.current = Default::default(),
            TOKEN_DOT | TOKEN_OR => self.count(SELECT),
            TOKEN_INVERT => self.count(NOT),
            TOKEN_SUB if !self.after_operand => self.count(NEGATE),
            _ if operand && self.after_operand => {
                self.current[SELECT] = 0;
                self.count(APPLY);
            }
            // Those of paths and names; what is in them is in brackets.
            TOKEN_INTERPOL_START => {}
            _ if operand => {}
            _ => match precedence(kind) {
                Some(precedence) => {
                    self.current[precedence + 1..].fill(0);
                    self.count(precedence);
                }
                None => self.deeper(1),
            },
        }
        self.after_operand = operand || closer;
    }

    fn count(&mut self, precedence: usize) {
        let (count, most) = (&mut self.current[precedence], &mut self.most[precedence]);
        *count += 1;
        if count > most {
            *most = *count;
            self.inner += 1;
            self.deepest = self.deepest.max(self.outer + self.inner);
        }
    }

    /// All that follows lies below the operators that stand open, and one more.
    fn below(&mut self) {
        let open: u16 = self.current.iter().sum();
        self.current = Default::default();
        self.most = Default::default();
        self.inner = 0;
        self.deeper(usize::from(open) + 1);
    }

    fn deeper(&mut self, levels: usize) {
        self.outer += levels;
        self.deepest = self.deepest.max(self.outer + self.inner);
    }
}

/// The place of a binary operator among the precedences, as in Nix's grammar.
fn precedence(kind: SyntaxKind) -> Option<usize> {
    Some(match kind {
        TOKEN_PIPE_LEFT | TOKEN_PIPE_RIGHT => 0,
        TOKEN_IMPLICATION => 1,
        TOKEN_OR_OR => 2,
        TOKEN_AND_AND => 3,
        TOKEN_EQUAL | TOKEN_NOT_EQUAL => 4,
        TOKEN_LESS | TOKEN_LESS_OR_EQ | TOKEN_MORE | TOKEN_MORE_OR_EQ => 5,
        TOKEN_UPDATE => 6,
        TOKEN_ADD | TOKEN_SUB => 8,
        TOKEN_MUL | TOKEN_DIV => 9,
        TOKEN_CONCAT => 10,
        TOKEN_QUESTION => 11,
        _ => return None,
    })
}

/// Whether the token ends what is in brackets.
pub(crate) fn is_closer(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        TOKEN_R_BRACE | TOKEN_R_BRACK | TOKEN_R_PAREN | TOKEN_INTERPOL_END | TOKEN_STRING_END
    )
}
