//! What a derivation's attributes say to a planner, wherever they stand.
//!
//! A derivation has its attributes in its environment, as texts, or structured: as JSON in the
//! environment variable `__json`, which Nix 2.30 and later print as `structuredAttrs`. Then the
//! environment has little more than the outputs, and where both say something the structured
//! attributes count, as they do in Nix.

use std::borrow::Cow;
use std::sync::Arc;

use crate::interner::Interner;
use crate::json::{Fault, Kind, Scanner};
use crate::recipe::{Line, Recipes};
use crate::{DerivationParts, Format, KeepEnv};

/// An attribute that means something to a planner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    Pname,
    Version,
    RequiredSystemFeatures,
    PreferLocalBuild,
    AllowSubstitutes,
    EnableParallelBuilding,
    /// All attributes once more, as JSON.
    Json,
}

impl Attribute {
    pub(crate) fn of(key: &str) -> Option<Self> {
        Some(match key {
            "pname" => Self::Pname,
            "version" => Self::Version,
            "requiredSystemFeatures" => Self::RequiredSystemFeatures,
            "preferLocalBuild" => Self::PreferLocalBuild,
            "allowSubstitutes" => Self::AllowSubstitutes,
            "enableParallelBuilding" => Self::EnableParallelBuilding,
            "__json" => Self::Json,
            _ => return None,
        })
    }
}

/// Which attributes to keep, and where.
pub(crate) struct Keeper<'k> {
    pub(crate) env: &'k KeepEnv,
    pub(crate) interner: &'k mut Interner,
    pub(crate) recipes: Option<&'k mut Recipes>,
}

impl Keeper<'_> {
    /// `__json` is never kept: its attributes are, one by one.
    fn wants(&self, key: &str) -> bool {
        (self.recipes.is_some() && key != "__json") || self.env.wants(key)
    }

    fn wants_any(&self) -> bool {
        self.recipes.is_some() || *self.env != KeepEnv::None
    }
}

/// The attributes of one derivation.
#[derive(Debug, Default)]
pub(crate) struct Attributes {
    pname: Option<Arc<str>>,
    version: Option<Arc<str>>,
    features: Option<Vec<Arc<str>>>,
    prefer_local_build: Option<bool>,
    allow_substitutes: Option<bool>,
    enable_parallel_building: Option<bool>,
    kept: Vec<(Arc<str>, Arc<str>)>,
    /// Those of the recipe.
    variables: Vec<Line>,
}

impl Attributes {
    /// Notes an environment variable that means something.
    pub(crate) fn note(&mut self, attribute: Attribute, value: &str) {
        match attribute {
            Attribute::Pname => self.pname = some_text(value),
            Attribute::Version => self.version = some_text(value),
            Attribute::RequiredSystemFeatures => {
                self.features = Some(value.split_whitespace().map(Into::into).collect());
            }
            // Nix compares with "1"; nixpkgs' stdenv asks whether the variable is empty. `true`
            // and `false` come out as "1" and "".
            Attribute::PreferLocalBuild => self.prefer_local_build = Some(value == "1"),
            Attribute::AllowSubstitutes => self.allow_substitutes = Some(value == "1"),
            Attribute::EnableParallelBuilding => {
                self.enable_parallel_building = Some(!value.is_empty());
            }
            Attribute::Json => {}
        }
    }

    /// Keeps an attribute where the caller asked for it; `value` is called only then.
    pub(crate) fn keep<'v>(
        &mut self,
        key: &str,
        value: impl FnOnce() -> Cow<'v, str>,
        keeper: &mut Keeper<'_>,
    ) {
        if !keeper.wants(key) {
            return;
        }
        let value = value();
        if keeper.env.wants(key) {
            let interner = &mut *keeper.interner;
            self.kept.push((interner.text(key), interner.text(&value)));
        }
        if let Some(recipes) = &mut keeper.recipes {
            self.variables.push(recipes.variable(key, &value));
        }
    }

    /// Reads structured attributes: the object that comes next.
    pub(crate) fn read_structured(
        &mut self,
        scanner: &mut Scanner<'_>,
        keeper: &mut Keeper<'_>,
    ) -> Result<(), Fault> {
        // `env` is where mkDerivation puts what it will export; a key of the top level hides it.
        let mut exported = Self::default();
        scanner.object("structuredAttrs", |scanner, key| {
            let key = key.decode();
            if *key == *"env" && scanner.kind()? == Kind::Object && keeper.wants_any() {
                return scanner.object("env", |scanner, key| {
                    let value = plain_value(scanner)?;
                    exported.keep(&key.decode(), || value, keeper);
                    Ok(())
                });
            }
            let start = scanner.offset();
            if let Some(attribute) = Attribute::of(&key) {
                self.note_structured(attribute, scanner)?;
                if !keeper.wants(&key) {
                    return Ok(());
                }
                scanner.rewind(start);
            }
            if keeper.wants(&key) {
                let value = plain_value(scanner)?;
                self.keep(&key, || value, keeper);
                Ok(())
            } else {
                scanner.skip()
            }
        })?;
        self.kept.append(&mut exported.kept);
        self.variables.append(&mut exported.variables);
        Ok(())
    }

    /// Reads the text of `__json`.
    pub(crate) fn read_json_text(
        &mut self,
        text: &str,
        format: Format,
        keeper: &mut Keeper<'_>,
    ) -> Result<(), Fault> {
        let mut scanner = Scanner::over(text, format);
        self.read_structured(&mut scanner, keeper)?;
        scanner.end()
    }

    fn note_structured(
        &mut self,
        attribute: Attribute,
        scanner: &mut Scanner<'_>,
    ) -> Result<(), Fault> {
        match (attribute, scanner.kind()?) {
            (Attribute::RequiredSystemFeatures, Kind::Array) => {
                let mut features = Vec::new();
                scanner.array("requiredSystemFeatures", |scanner| {
                    let feature = scanner.string("requiredSystemFeatures")?;
                    features.push(feature.decode().into());
                    Ok(())
                })?;
                self.features = Some(features);
                Ok(())
            }
            (_, Kind::Object | Kind::Array | Kind::Null) => scanner.skip(),
            _ => {
                let value = plain_value(scanner)?;
                self.note(attribute, &value);
                Ok(())
            }
        }
    }

    /// Moves everything into `parts`, and gives the recipe's variables; `structured` goes before
    /// `self`.
    pub(crate) fn fill(self, structured: Option<Self>, parts: &mut DerivationParts) -> Vec<Line> {
        let structured = structured.unwrap_or_default();
        parts.pname = structured.pname.or(self.pname);
        parts.version = structured.version.or(self.version);
        parts.required_system_features = structured.features.or(self.features).unwrap_or_default();
        parts.prefer_local_build = structured.prefer_local_build.or(self.prefer_local_build);
        parts.allow_substitutes = structured
            .allow_substitutes
            .or(self.allow_substitutes)
            .unwrap_or(true);
        parts.enable_parallel_building = structured
            .enable_parallel_building
            .or(self.enable_parallel_building);
        parts.env = if structured.kept.is_empty() {
            self.kept
        } else {
            [structured.kept, self.kept].concat()
        };
        // Of what has one key, the first counts; the sort is stable.
        parts.env.sort_by(|(a, _), (b, _)| a.cmp(b));
        parts.env.dedup_by(|(later, _), (first, _)| later == first);
        let mut variables = structured.variables;
        variables.extend(self.variables);
        variables
    }
}

fn some_text(value: &str) -> Option<Arc<str>> {
    (!value.is_empty()).then(|| value.into())
}

/// The next value as Nix puts it into an environment: texts as they are, `true` as `1`, `false`
/// and `null` as nothing; numbers, lists and sets as JSON.
fn plain_value<'a>(scanner: &mut Scanner<'a>) -> Result<Cow<'a, str>, Fault> {
    Ok(match scanner.kind()? {
        Kind::String => scanner.string("")?.decode(),
        Kind::Bool => if scanner.boolean("")? { "1" } else { "" }.into(),
        Kind::Null => {
            scanner.skip()?;
            "".into()
        }
        Kind::Number | Kind::Array | Kind::Object => {
            let start = scanner.offset();
            scanner.skip()?;
            compact(scanner.slice(start, scanner.offset())).into()
        }
    })
}

/// JSON without the space between its tokens: some versions indent it, others do not.
fn compact(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let (mut quoted, mut escaped) = (false, false);
    for c in json.chars() {
        if quoted {
            quoted = c != '"' || escaped;
            escaped = c == '\\' && !escaped;
        } else {
            if matches!(c, ' ' | '\n' | '\r' | '\t') {
                continue;
            }
            quoted = c == '"';
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StorePath;

    fn filled(env: &[(&str, &str)], json: Option<&str>, keep: &KeepEnv) -> DerivationParts {
        let mut keeper = Keeper {
            env: keep,
            interner: &mut Interner::default(),
            recipes: None,
        };
        let mut attributes = Attributes::default();
        for (key, value) in env {
            if let Some(attribute) = Attribute::of(key) {
                attributes.note(attribute, value);
            }
            attributes.keep(key, || (*value).into(), &mut keeper);
        }
        let structured = json.map(|json| {
            let mut structured = Attributes::default();
            structured
                .read_json_text(json, Format::DerivationJson, &mut keeper)
                .unwrap();
            structured
        });
        let path = "/nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-a.drv";
        let mut parts = DerivationParts::new(StorePath::parse(path).unwrap());
        attributes.fill(structured, &mut parts);
        parts
    }

    #[test]
    fn flags_of_the_environment() {
        for (value, prefer, parallel) in [("1", true, true), ("", false, false), ("8", false, true)]
        {
            let env = [
                ("preferLocalBuild", value),
                ("enableParallelBuilding", value),
            ];
            let parts = filled(&env, None, &KeepEnv::None);
            assert_eq!(parts.prefer_local_build, Some(prefer), "{value}");
            assert_eq!(parts.enable_parallel_building, Some(parallel), "{value}");
        }
        let parts = filled(&[], None, &KeepEnv::None);
        assert_eq!(
            (parts.prefer_local_build, parts.enable_parallel_building),
            (None, None)
        );
    }

    #[test]
    fn substitutes_are_allowed_unless_it_is_said() {
        let allowed =
            |env: &[(&str, &str)], json| filled(env, json, &KeepEnv::None).allow_substitutes;
        assert!(allowed(&[], None));
        for (value, expected) in [("", false), ("1", true), ("true", false)] {
            assert_eq!(
                allowed(&[("allowSubstitutes", value)], None),
                expected,
                "{value:?}"
            );
        }
        for (json, expected) in [
            ("{}", true),
            (r#"{"allowSubstitutes":false}"#, false),
            (r#"{"allowSubstitutes":true}"#, true),
        ] {
            assert_eq!(allowed(&[], Some(json)), expected, "{json}");
        }
    }

    #[test]
    fn structured_attributes_go_first() {
        let env = [("pname", "env"), ("version", "1"), ("out", "x")];
        let json = r#"{"pname":"json","preferLocalBuild":true,"enableParallelBuilding":false,
            "requiredSystemFeatures":["kvm","big-parallel"],"version":null}"#;
        let parts = filled(&env, Some(json), &KeepEnv::None);
        assert_eq!(parts.pname.as_deref(), Some("json"));
        assert_eq!(parts.version.as_deref(), Some("1"));
        assert_eq!(parts.prefer_local_build, Some(true));
        assert_eq!(parts.enable_parallel_building, Some(false));
        assert_eq!(
            parts.required_system_features,
            ["kvm".into(), "big-parallel".into()]
        );
        assert!(parts.env.is_empty());
    }

    #[test]
    fn kept_values_read_as_an_environment_would() {
        let json = r#"{"a":"x\ny","b":true,"c":null,"d":[1, {"k" : " \" }"} ],"e":7,
            "env":{"a":"hidden","NIX_CFLAGS_COMPILE":"-O3"},"pname":"p"}"#;
        let parts = filled(&[("z", "env")], Some(json), &KeepEnv::All);
        let mut env: Vec<_> = parts.env.iter().map(|(k, v)| (&**k, &**v)).collect();
        env.sort_unstable();
        assert_eq!(
            env,
            [
                ("NIX_CFLAGS_COMPILE", "-O3"),
                ("a", "x\ny"),
                ("b", "1"),
                ("c", ""),
                ("d", r#"[1,{"k":" \" }"}]"#),
                ("e", "7"),
                ("pname", "p"),
                ("z", "env"),
            ]
        );
    }
}
