//! Numbers as Nix reads them.

/// A float as Nix's lexer and `strtod` take it: none where Nix reads something else (`0.`) or
/// refuses the number because it is too large or too small for a normal double.
///
/// The token is `([1-9][0-9]*\.[0-9]*|0?\.[0-9]+)([Ee][+-]?[0-9]+)?` to Nix; rnix takes `0.` too.
pub(super) fn float(text: &str) -> Result<f64, FloatProblem> {
    let (mantissa, _) = text.split_once(['e', 'E']).unwrap_or((text, ""));
    let (whole, fraction) = mantissa.split_once('.').ok_or(FloatProblem::Syntax)?;
    let fits = match whole {
        "" | "0" => !fraction.is_empty(),
        _ => !whole.starts_with('0'),
    };
    if !fits {
        return Err(FloatProblem::Syntax);
    }
    let value: f64 = text.parse().map_err(|_| FloatProblem::Syntax)?;
    let is_zero = mantissa.bytes().all(|b| matches!(b, b'0' | b'.'));
    if value.is_normal() || is_zero {
        Ok(value)
    } else {
        Err(FloatProblem::Range)
    }
}

/// A float as Nix reads it; none for what it has no literal for.
pub(super) fn float_literal(value: f64) -> Option<String> {
    if !value.is_normal() && value != 0.0 {
        return None;
    }
    let text = format!("{value:?}");
    // To Nix, `1e300` is the number 1 and the name e300.
    match text.split_once('e') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => {
            Some(format!("{mantissa}.0e{exponent}"))
        }
        _ => Some(text),
    }
}

/// Why a float is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FloatProblem {
    /// Nix reads something else there.
    Syntax,
    /// Nix says "invalid float".
    Range,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats() {
        for text in ["0.", "0.e5", "00.5", "1", ".", ".e1"] {
            assert_eq!(float(text), Err(FloatProblem::Syntax), "{text}");
        }
        for text in ["1.0e999", "1.0e-320", "1.0e-999"] {
            assert_eq!(float(text), Err(FloatProblem::Range), "{text}");
        }
        for (text, value) in [
            ("1.", 1.0),
            (".5", 0.5),
            ("0.5", 0.5),
            ("12.5e3", 12_500.0),
            ("1.e2", 100.0),
        ] {
            assert_eq!(float(text), Ok(value), "{text}");
        }
        assert_eq!(float("0.000e-999"), Ok(0.0));
    }
}
