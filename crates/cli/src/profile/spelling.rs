//! How an author spells values: `28` or `"28"`.

use overlay_ast::literal::{self, Attrs, Literal, Value};
use overlay_ast::{Error, Expression, Key, KeyPath, Span};

/// Why a value cannot be put there.
#[derive(Debug)]
pub(super) enum Problem {
    /// The key is a section, which a single value would wipe out.
    Section(Span),
    /// The value cannot be written.
    Value(Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Value(error)
    }
}

/// The expression that `value` is at `path` of the profile; none if that is its value already.
///
/// What is a string stays a string, and a number a number. A number at a new key is spelled as
/// most numbers beside it are, or as most of the profile. What is not a literal is a string.
pub(super) fn expression(
    value: &str,
    path: &KeyPath,
    profile: Option<&Literal>,
) -> Result<Option<Expression>, Problem> {
    let given = literal_of(value);
    let keys: Option<Vec<&str>> = path
        .keys()
        .iter()
        .map(|key| match key {
            Key::Static(name) => Some(&**name),
            Key::Dynamic(_) => None,
        })
        .collect();
    let old = keys.and_then(|keys| Neighbourhood::find(profile?, &keys));
    let (old, in_quotes) = match old {
        Some(Neighbourhood::Value(old)) => (Some(old), matches!(old.value, Value::String(_))),
        Some(Neighbourhood::Beside(attrs)) => (None, numbers_in_quotes(attrs, profile)),
        None => (None, false),
    };
    if let Some(old) = old
        && matches!(old.value, Value::Attrs(_))
        && !matches!(given, Some(Value::Attrs(_)))
    {
        return Err(Problem::Section(old.span));
    }
    let new = match given {
        Some(Value::String(text))
            if is_number(old) && literal_of(&text).is_some_and(|v| is_scalar_number(&v)) =>
        {
            literal_of(&text).unwrap_or(Value::String(text))
        }
        Some(number @ (Value::Int(_) | Value::Float(_))) if !in_quotes => number,
        Some(Value::Int(_) | Value::Float(_)) => Value::String(value.trim().to_owned()),
        Some(Value::Bool(_)) if in_quotes && old.is_some() => {
            Value::String(value.trim().to_owned())
        }
        Some(other) => other,
        None => Value::String(value.to_owned()),
    };
    if old.is_some_and(|old| same(&old.value, &new)) {
        return Ok(None);
    }
    let text = match &new {
        Value::String(text) => literal::to_string(text)?,
        // As it was given: `5.20` stays `5.20`.
        _ => bare(value).to_owned(),
    };
    Ok(Some(text.parse()?))
}

/// `value` without quotes around it.
fn bare(value: &str) -> &str {
    let value = value.trim();
    let inner = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    inner.unwrap_or(value)
}

/// The literal that a text is, if it is one.
fn literal_of(text: &str) -> Option<Value> {
    match literal::parse(text) {
        (Some(literal), problems) if problems.is_empty() => Some(literal.value),
        _ => None,
    }
}

fn is_scalar_number(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Float(_))
}

fn is_number(old: Option<&Literal>) -> bool {
    old.is_some_and(|old| is_scalar_number(&old.value))
}

/// Equal, wherever they stand.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(&a.value, &b.value))
        }
        (Value::Attrs(a), Value::Attrs(b)) => {
            let found = |attr: &literal::Attr| {
                b.get(&attr.name)
                    .is_some_and(|other| same(&attr.value.value, &other.value.value))
            };
            a.len() == b.len() && a.iter().all(found)
        }
        (a, b) => a == b,
    }
}

/// What is at a path.
enum Neighbourhood<'a> {
    Value(&'a Literal),
    /// Nothing, but these are beside it.
    Beside(&'a Attrs),
}

impl<'a> Neighbourhood<'a> {
    fn find(literal: &'a Literal, keys: &[&str]) -> Option<Self> {
        let Some((first, rest)) = keys.split_first() else {
            return Some(Self::Value(literal));
        };
        let Value::Attrs(attrs) = &literal.value else {
            return None;
        };
        match attrs.get(first) {
            Some(attr) => Self::find(&attr.value, rest),
            None => Some(Self::Beside(attrs)),
        }
    }
}

/// Whether most of the numbers of `attrs`, else of the profile, are written as strings.
fn numbers_in_quotes(attrs: &Attrs, profile: Option<&Literal>) -> bool {
    let mut count = Count::default();
    for attr in attrs {
        count.scalar(&attr.value);
    }
    if count.bare == count.quoted
        && let Some(profile) = profile
    {
        count = Count::default();
        count.all(profile);
    }
    count.quoted > count.bare
}

#[derive(Default)]
struct Count {
    bare: usize,
    quoted: usize,
}

impl Count {
    fn scalar(&mut self, literal: &Literal) {
        match &literal.value {
            Value::Int(_) | Value::Float(_) => self.bare += 1,
            Value::String(text) if literal_of(text).is_some_and(|v| is_scalar_number(&v)) => {
                self.quoted += 1;
            }
            _ => {}
        }
    }

    fn all(&mut self, literal: &Literal) {
        match &literal.value {
            Value::Attrs(attrs) => attrs.iter().for_each(|attr| self.all(&attr.value)),
            _ => self.scalar(literal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "{
      cpu = { cores = 4; march = \"skylake\"; avx = true; flags = [ \"a\" ]; };
      memory = { total = ''16''; speed = \"2133\"; };
      build.maxJobs = 2-3;
    }";

    fn check(path: &str, value: &str, expected: &str) {
        let (profile, _) = literal::parse(PROFILE);
        let found = expression(value, &path.parse().unwrap(), profile.as_ref());
        let shown = match found {
            Ok(Some(expression)) => expression.to_string(),
            Ok(None) => "the same".to_owned(),
            Err(Problem::Section(_)) => "a section".to_owned(),
            Err(Problem::Value(error)) => error.to_string(),
        };
        assert_eq!(shown, expected, "{path} {value}");
    }

    #[test]
    fn the_spelling_stays() {
        check("cpu.cores", "6", "6");
        check("cpu.cores", "\"6\"", "6");
        check("cpu.cores", "4", "the same");
        check("cpu.cores", "many", "\"many\"");
        check("memory.total", "28", "\"28\"");
        check("memory.total", "16", "the same");
        check("memory.total", "\"28\"", "\"28\"");
        check("memory.total", "28.50", "\"28.50\"");
        check("cpu.avx", "false", "false");
        check("cpu.march", "true", "\"true\"");
        check("cpu.march", "null", "null");
        check("cpu.march", "x86-64-v3", "\"x86-64-v3\"");
        check("cpu.march", "${a}", "\"\\${a}\"");
        check("cpu.flags", "[ \"a\" ]", "the same");
        check("cpu.flags", "[ \"b\" ]", "[ \"b\" ]");
    }

    #[test]
    fn new_keys_are_spelled_as_those_beside_them() {
        check("cpu.threads", "8", "8");
        check("cpu.threads", "\"8\"", "\"8\"");
        check("memory.channels", "2", "\"2\"");
        check("memory.zram", "true", "true");
        check("packages.go.jobs", "2", "\"2\"");
        check("build.maxJobs", "2", "\"2\"");
    }

    #[test]
    fn sections_stay() {
        check("cpu", "4", "a section");
        check("cpu", "{ cores = 1; }", "{ cores = 1; }");
    }
}
