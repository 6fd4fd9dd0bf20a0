//! One derivation of the text.

use std::borrow::Cow;

use super::walk::{NEWEST, Walk};
use crate::attributes::{Attribute, Attributes, Keeper};
use crate::interner::Interner;
use crate::json::{Fault, Kind, Scanner, Text};
use crate::{
    ContentHash, DEFAULT_STORE_DIR, Derivation, DerivationGraphBuilder, DerivationParts, Error,
    HashAlgo, HashMethod, Output, OutputKind, ReadOptions, StorePath, StorePathError,
};

/// What one derivation has in common with the next.
#[derive(Debug, Default)]
pub(super) struct Common {
    /// Where paths without a directory are; found out when the first is met.
    store_dir: Option<String>,
    interner: Interner,
    /// Reused for paths that have to be put together.
    full_path: String,
}

impl Common {
    pub(super) fn new(options: &ReadOptions) -> Self {
        Self {
            store_dir: options.store_dir.clone(),
            ..Self::default()
        }
    }
}

/// Reads derivations into a builder.
pub(super) struct Reader<'r> {
    pub(super) builder: &'r mut DerivationGraphBuilder,
    pub(super) options: &'r ReadOptions,
    pub(super) common: &'r mut Common,
    /// Where the derivation at hand is, to look from there on.
    pub(super) here: (usize, Walk),
    /// Whether the text goes on behind what is there of it.
    pub(super) goes_on: bool,
}

/// What has been read of one derivation.
#[derive(Default)]
struct Entry<'a> {
    outputs: Option<Vec<Output>>,
    sources: Vec<StorePath>,
    has_inputs: bool,
    system: Option<Text<'a>>,
    builder: Option<Text<'a>>,
    args: Vec<Text<'a>>,
    env_at: Option<usize>,
    env: Attributes,
    structured: Option<Attributes>,
}

impl<'a> Reader<'_> {
    /// The number of the derivation with that key.
    pub(super) fn number(&mut self, scanner: &Scanner<'a>, key: Text<'a>) -> Result<u32, Fault> {
        self.with_path(scanner, key, |reader, path| reader.builder.number_of(path))
    }

    /// Reads what stands behind the key; on a fault the builder is as before.
    pub(super) fn derivation(
        &mut self,
        scanner: &mut Scanner<'a>,
        key: Text<'a>,
        number: u32,
    ) -> Result<(), Fault> {
        let first_edge = self.builder.edge_mark();
        self.body(scanner, key, number).map_err(|source| {
            self.builder.drop_edges(first_edge);
            Box::new(Error::InDerivation {
                path: self.builder.path_of(number).clone(),
                source,
            })
        })
    }

    fn body(&mut self, scanner: &mut Scanner<'a>, key: Text<'a>, number: u32) -> Result<(), Fault> {
        let first_edge = self.builder.edge_mark();
        let mut entry = Entry::default();
        scanner.object("derivation", |scanner, key| match &*key.decode() {
            "outputs" => {
                entry.outputs = Some(self.outputs(scanner)?);
                Ok(())
            }
            "inputSrcs" => self.sources(scanner, &mut entry.sources),
            "inputDrvs" => {
                entry.has_inputs = true;
                self.inputs(scanner, number)
            }
            "inputs" => scanner.object("inputs", |scanner, key| {
                if key.is("srcs") {
                    self.sources(scanner, &mut entry.sources)
                } else if key.is("drvs") {
                    entry.has_inputs = true;
                    self.inputs(scanner, number)
                } else {
                    scanner.skip()
                }
            }),
            "system" => {
                entry.system = Some(scanner.string("system")?);
                Ok(())
            }
            "builder" => {
                entry.builder = Some(scanner.string("builder")?);
                Ok(())
            }
            "args" => scanner.array("args", |scanner| {
                entry.args.push(scanner.string("args")?);
                Ok(())
            }),
            "env" => {
                scanner.kind()?;
                entry.env_at = Some(scanner.offset());
                self.env(scanner, &mut entry)
            }
            "structuredAttrs" => {
                if scanner.kind()? == Kind::Null {
                    return scanner.skip();
                }
                let attributes = entry.structured.get_or_insert_default();
                attributes.read_structured(scanner, &mut self.keeper())
            }
            "version" => scanner.version(NEWEST),
            _ => scanner.skip(),
        })?;

        let missing = |field| {
            Box::new(Error::MissingField {
                owner: "the derivation".into(),
                field,
                position: scanner.position(key.at),
            })
        };
        if !entry.has_inputs {
            return Err(missing("inputDrvs"));
        }
        let mut parts = DerivationParts {
            path: self.builder.path_of(number).clone(),
            outputs: entry.outputs.ok_or_else(|| missing("outputs"))?,
            input_sources: entry.sources,
            system: {
                let system = entry.system.ok_or_else(|| missing("system"))?;
                self.common.interner.text(&system.decode())
            },
            builder: {
                let builder = entry.builder.ok_or_else(|| missing("builder"))?;
                self.common.interner.text(&builder.decode())
            },
            args: {
                let args = entry.args.iter();
                args.map(|arg| self.common.interner.text(&arg.decode()))
                    .collect()
            },
            ..self.blank(number)
        };
        let variables = entry.env.fill(entry.structured, &mut parts);
        if let Some(env_at) = entry.env_at {
            fill_paths(scanner, env_at, &mut parts)?;
        }
        self.builder
            .define(number, Derivation::from(parts), first_edge, Some(variables));
        Ok(())
    }

    fn blank(&mut self, number: u32) -> DerivationParts {
        let empty = self.common.interner.text("");
        DerivationParts {
            path: self.builder.path_of(number).clone(),
            outputs: Vec::new(),
            input_sources: Vec::new(),
            system: empty.clone(),
            builder: empty,
            args: Vec::new(),
            pname: None,
            version: None,
            required_system_features: Vec::new(),
            prefer_local_build: None,
            allow_substitutes: true,
            enable_parallel_building: None,
            env: Vec::new(),
        }
    }

    fn sources(
        &mut self,
        scanner: &mut Scanner<'a>,
        sources: &mut Vec<StorePath>,
    ) -> Result<(), Fault> {
        scanner.array("inputSrcs", |scanner| {
            let source = scanner.string("inputSrcs")?;
            sources.push(self.with_path(scanner, source, |reader, path| {
                reader.common.interner.path(path)
            })?);
            Ok(())
        })
    }

    fn inputs(&mut self, scanner: &mut Scanner<'a>, of: u32) -> Result<(), Fault> {
        let mut outputs = Vec::new();
        scanner.object("inputDrvs", |scanner, key| {
            let input = self.number(scanner, key)?;
            outputs.clear();
            if scanner.kind()? == Kind::Array {
                output_names(scanner, &mut outputs)?;
            } else {
                scanner.object("inputDrvs", |scanner, key| {
                    if key.is("outputs") {
                        output_names(scanner, &mut outputs)
                    } else if key.is("dynamicOutputs") {
                        // What is wanted of an output that is itself a derivation is not known
                        // before that is built; the output is wanted in any case.
                        scanner.object("dynamicOutputs", |scanner, output| {
                            outputs.push(output.decode());
                            scanner.skip()
                        })
                    } else {
                        scanner.skip()
                    }
                })?;
            }
            match &outputs[..] {
                // Most want one, and there are more edges than anything else.
                [name] => self.builder.add_edge(of, input, &[name]),
                names => {
                    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
                    self.builder.add_edge(of, input, &names);
                }
            }
            Ok(())
        })
    }

    fn outputs(&mut self, scanner: &mut Scanner<'a>) -> Result<Vec<Output>, Fault> {
        // Most have one, and there are many derivations.
        let mut outputs = Vec::with_capacity(1);
        scanner.object("outputs", |scanner, name| {
            let name = self.common.interner.text(&name.decode());
            scanner.kind()?;
            let at = scanner.offset();
            let mut path = None;
            let (mut method, mut algo, mut hash) = (None, None, None);
            let mut impure = false;
            scanner.object("outputs", |scanner, key| {
                match &*key.decode() {
                    "path" => {
                        if let Some(text) = scanner.optional_string("path")? {
                            path = Some(
                                self.with_path(scanner, text, |_, path| StorePath::parse(path))?,
                            );
                        }
                    }
                    "method" => method = scanner.optional_string("method")?,
                    "hashAlgo" => algo = scanner.optional_string("hashAlgo")?,
                    "hash" => hash = scanner.optional_string("hash")?,
                    "impure" => impure = scanner.boolean("impure")?,
                    _ => scanner.skip()?,
                }
                Ok(())
            })?;
            let kind = output_kind(scanner, at, path.is_some(), impure, [method, algo, hash])?;
            outputs.push(Output { name, path, kind });
            Ok(())
        })?;
        Ok(outputs)
    }

    fn env(&mut self, scanner: &mut Scanner<'a>, entry: &mut Entry<'a>) -> Result<(), Fault> {
        let mut keeper = self.keeper();
        scanner.object("env", |scanner, key| {
            let value = scanner.string("env")?;
            let key = key.decode();
            if let Some(attribute) = Attribute::of(&key) {
                let text = value.decode();
                entry.env.note(attribute, &text);
                if attribute == Attribute::Json {
                    entry
                        .structured
                        .get_or_insert_default()
                        .read_json_text(&text, scanner.format(), &mut keeper)
                        .map_err(|_| scanner.bad_value("__json", "a JSON object", value.at - 1))?;
                }
            }
            entry.env.keep(&key, || value.decode(), &mut keeper);
            Ok(())
        })
    }

    fn keeper(&mut self) -> Keeper<'_> {
        Keeper {
            env: &self.options.keep_env,
            interner: &mut self.common.interner,
            recipes: self.builder.recipes_mut().filter(|_| self.options.recipes),
        }
    }

    /// Calls `use_path` with the full path that `text` names.
    fn with_path<T>(
        &mut self,
        scanner: &Scanner<'a>,
        text: Text<'a>,
        use_path: impl FnOnce(&mut Self, &str) -> Result<T, StorePathError>,
    ) -> Result<T, Fault> {
        let name = text.decode();
        let used = if name.starts_with('/') {
            use_path(self, &name)
        } else {
            let mut full = std::mem::take(&mut self.common.full_path);
            full.clear();
            full.push_str(self.store_dir(scanner)?);
            full.push('/');
            full.push_str(&name);
            let used = use_path(self, &full);
            self.common.full_path = full;
            used
        };
        used.map_err(|source| {
            Box::new(Error::StorePath {
                text: name.into_owned(),
                source,
                position: scanner.position(text.at - 1),
            })
        })
    }

    fn store_dir(&mut self, scanner: &Scanner<'a>) -> Result<&str, Fault> {
        if self.common.store_dir.is_none() {
            let (at, walk) = self.here;
            let mut ahead = scanner.clone();
            ahead.rewind(at);
            let shown = match shown_store_dir(ahead, walk) {
                Err(fault) if self.goes_on && fault.is_truncation() => return Err(fault),
                // The reader itself will meet any other fault and report it.
                shown => shown.unwrap_or_default(),
            };
            self.common.store_dir = shown;
        }
        let default = || DEFAULT_STORE_DIR.to_owned();
        Ok(self.common.store_dir.get_or_insert_with(default))
    }
}

fn output_names<'a>(scanner: &mut Scanner<'a>, names: &mut Vec<Cow<'a, str>>) -> Result<(), Fault> {
    scanner.array("outputs", |scanner| {
        names.push(scanner.string("outputs")?.decode());
        Ok(())
    })
}

/// The store directory of paths that are written without it: an environment has each output
/// under its name, in full. The first derivation that shows one decides.
fn shown_store_dir(mut scanner: Scanner<'_>, mut walk: Walk) -> Result<Option<String>, Fault> {
    let mut shown = None;
    while let Some(key) = walk.next(&mut scanner)? {
        if walk.is_about_all(key) {
            walk.pass(&mut scanner, key)?;
            continue;
        }
        let name = key.decode();
        let name = name.get(33..).and_then(|name| name.strip_suffix(".drv"));
        scanner.object("", |scanner, key| {
            if !key.is("env") {
                return scanner.skip();
            }
            scanner.object("env", |scanner, _| {
                let value = scanner.string("env")?;
                if shown.is_none()
                    && let Ok(path) = StorePath::parse(&value.decode())
                    && name.is_some_and(|name| path.name().starts_with(name))
                {
                    shown = Some(path.store_dir().to_owned());
                }
                Ok(())
            })
        })?;
        if shown.is_some() {
            break;
        }
    }
    Ok(shown)
}

/// Fixed outputs have no path since Nix 2.32; it stands in the environment still.
fn fill_paths(
    scanner: &mut Scanner<'_>,
    env_at: usize,
    parts: &mut DerivationParts,
) -> Result<(), Fault> {
    // Nix has no derivation with a fixed output and others beside it.
    let [output] = &mut parts.outputs[..] else {
        return Ok(());
    };
    if output.path.is_some() || !matches!(output.kind, OutputKind::FixedOutput { .. }) {
        return Ok(());
    }
    let back = scanner.offset();
    scanner.rewind(env_at);
    let store_dir = parts.path.store_dir();
    scanner.object("env", |scanner, key| {
        let value = scanner.string("env")?;
        if key.is(&output.name)
            && let Ok(path) = StorePath::parse(&value.decode())
            && path.store_dir() == store_dir
        {
            output.path = Some(path);
        }
        Ok(())
    })?;
    scanner.rewind(back);
    Ok(())
}

fn output_kind(
    scanner: &Scanner<'_>,
    at: usize,
    has_path: bool,
    impure: bool,
    [method, algo, hash]: [Option<Text<'_>>; 3],
) -> Result<OutputKind, Fault> {
    let bad = |field, expected, text: Text<'_>| scanner.bad_value(field, expected, text.at - 1);
    let stated_method = match method {
        Some(text) => Some(
            HashMethod::from_name(&text.decode())
                .ok_or_else(|| bad("method", "a method of hashing", text))?,
        ),
        None => None,
    };
    let stated_algo: Option<(HashMethod, HashAlgo)> = match algo {
        Some(text) => Some(
            HashMethod::split_algo(&text.decode())
                .ok_or_else(|| bad("hashAlgo", "a hash algorithm", text))?,
        ),
        None => None,
    };
    let method = stated_method
        .or(stated_algo.map(|(method, _)| method))
        .unwrap_or(HashMethod::Flat);
    let algo = stated_algo.map(|(_, algo)| algo);
    match (hash, algo) {
        (Some(text), algo) => {
            let hash = ContentHash::parse(&text.decode(), algo)
                .ok_or_else(|| bad("hash", "a hash", text))?;
            Ok(OutputKind::FixedOutput { method, hash })
        }
        (None, Some(algo)) if impure => Ok(OutputKind::Impure { method, algo }),
        (None, Some(algo)) => Ok(OutputKind::FloatingContentAddressed { method, algo }),
        (None, None) if impure || stated_method.is_some() => {
            Err(scanner.bad_value("outputs", "an output with a hash algorithm", at))
        }
        (None, None) if has_path => Ok(OutputKind::InputAddressed),
        (None, None) => Ok(OutputKind::Deferred),
    }
}
