//! What `nix derivation show` (once `nix show-derivation`) prints, in every shape it has had.
//!
//! | Nix | what changed |
//! |---|---|
//! | up to 2.14 | path → derivation, with `inputDrvs`, `inputSrcs`, `hashAlgo: "r:sha256"` |
//! | 2.15 | `name` |
//! | 2.18 | an input is `{dynamicOutputs, outputs}` |
//! | 2.23 | `method` beside `hashAlgo` |
//! | 2.30 | `structuredAttrs` in place of `env.__json` |
//! | 2.32 | `version: 3`; paths without store directory; fixed outputs without path |
//! | 2.33 | `{version: 4, derivations}`, `inputs: {srcs, drvs}`, `{hash, method}` |
//!
//! Each field is read as it stands, so that the shapes need not be told apart, and what lies
//! between two of them reads too. Versions above 4 are refused.

use std::borrow::Cow;

use crate::attributes::{Attribute, Attributes, Keeper};
use crate::interner::Interner;
use crate::json::{Fault, Kind, Scanner, Text};
use crate::{
    ContentHash, DEFAULT_STORE_DIR, Derivation, DerivationGraph, DerivationGraphBuilder,
    DerivationParts, Error, Format, HashAlgo, HashMethod, Output, OutputKind, ReadOptions,
    StorePath, StorePathError,
};

/// The newest version of the format that is known here.
const NEWEST: u64 = 4;

/// Reads a graph; every input of every derivation must be in it (`-r`).
///
/// O(n) in the length of `input`, which is borrowed: besides it and the graph, memory is needed
/// for one derivation. Where nothing is kept of environments, a graph takes about 1.5 kB for
/// each derivation and 400 MB of text take less than a second.
///
/// # Errors
/// The first fault of the text, with its position, or all that is wrong with the graph.
pub fn read(input: &[u8], options: &ReadOptions) -> Result<DerivationGraph, Error> {
    let mut builder = DerivationGraphBuilder::new();
    read_into(&mut builder, input, options)?;
    builder.finish()
}

/// Adds derivations to those of other inputs.
///
/// # Errors
/// The first fault of the text, with its position. The builder then has what came before it.
pub fn read_into(
    builder: &mut DerivationGraphBuilder,
    input: &[u8],
    options: &ReadOptions,
) -> Result<(), Error> {
    read_text(builder, input, options).map_err(|fault| match *fault {
        Error::NotUtf8 { .. } => *fault,
        // A shape of tomorrow shows as any fault; what helps is to name its version.
        _ => unknown_version(input).unwrap_or(*fault),
    })
}

fn read_text(
    builder: &mut DerivationGraphBuilder,
    input: &[u8],
    options: &ReadOptions,
) -> Result<(), Fault> {
    let mut scanner = Scanner::new(input, Format::DerivationJson)?;
    if options.recipes {
        builder.keep_recipes();
    }
    let mut reader = Reader {
        builder,
        options,
        store_dir: options.store_dir.clone(),
        before: scanner.clone(),
        interner: Interner::default(),
        full_path: String::new(),
    };
    for_each_derivation(&mut scanner, |scanner, key| reader.derivation(scanner, key))?;
    scanner.end()
}

/// Walks over the derivations, whether they are wrapped or not; checks versions.
fn for_each_derivation<'a>(
    scanner: &mut Scanner<'a>,
    mut each: impl FnMut(&mut Scanner<'a>, Text<'a>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    scanner.object("the input", |scanner, key| {
        if key.is("version") && scanner.kind()? != Kind::Object {
            check_version(scanner)
        } else if key.is("derivations") {
            scanner.object("derivations", &mut each)
        } else {
            each(scanner, key)
        }
    })
}

fn check_version(scanner: &mut Scanner<'_>) -> Result<(), Fault> {
    scanner.kind()?;
    let at = scanner.offset();
    let version = scanner.unsigned("version")?;
    if version <= NEWEST {
        return Ok(());
    }
    Err(Box::new(Error::UnknownVersion {
        format: Format::DerivationJson,
        version: version.to_string(),
        position: scanner.position(at),
    }))
}

/// Looks for a version that is not known, anywhere in an input that could not be read.
fn unknown_version(input: &[u8]) -> Option<Error> {
    fn look(scanner: &mut Scanner<'_>, depth: u32) -> Result<(), Fault> {
        scanner.object("", |scanner, key| match scanner.kind()? {
            Kind::Number if key.is("version") => check_version(scanner),
            // The input, perhaps `derivations`, a derivation.
            Kind::Object if depth < 2 => look(scanner, depth + 1),
            _ => scanner.skip(),
        })
    }
    let mut scanner = Scanner::new(input, Format::DerivationJson).ok()?;
    match look(&mut scanner, 0) {
        Err(fault) if matches!(*fault, Error::UnknownVersion { .. }) => Some(*fault),
        _ => None,
    }
}

struct Reader<'a, 'o> {
    builder: &'o mut DerivationGraphBuilder,
    options: &'o ReadOptions,
    /// Where paths without a directory are; found out when the first is met.
    store_dir: Option<String>,
    /// The start of the input, to find that out.
    before: Scanner<'a>,
    interner: Interner,
    /// Reused for paths that have to be put together.
    full_path: String,
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

impl<'a> Reader<'a, '_> {
    fn derivation(&mut self, scanner: &mut Scanner<'a>, key: Text<'a>) -> Result<(), Fault> {
        let number = self.with_path(scanner, key, |reader, path| reader.builder.number_of(path))?;
        self.body(scanner, key, number).map_err(|source| {
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
            "version" => check_version(scanner),
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
                self.interner.text(&system.decode())
            },
            builder: {
                let builder = entry.builder.ok_or_else(|| missing("builder"))?;
                self.interner.text(&builder.decode())
            },
            args: {
                let args = entry.args.iter();
                args.map(|arg| self.interner.text(&arg.decode())).collect()
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
        let empty = self.interner.text("");
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
            sources
                .push(self.with_path(scanner, source, |reader, path| reader.interner.path(path))?);
            Ok(())
        })
    }

    fn inputs(&mut self, scanner: &mut Scanner<'a>, of: u32) -> Result<(), Fault> {
        let mut outputs = Vec::new();
        scanner.object("inputDrvs", |scanner, key| {
            let input =
                self.with_path(scanner, key, |reader, path| reader.builder.number_of(path))?;
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
        let mut outputs = Vec::new();
        scanner.object("outputs", |scanner, name| {
            let name = self.interner.text(&name.decode());
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
            interner: &mut self.interner,
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
            let mut full = std::mem::take(&mut self.full_path);
            full.clear();
            full.push_str(self.store_dir());
            full.push('/');
            full.push_str(&name);
            let used = use_path(self, &full);
            self.full_path = full;
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

    fn store_dir(&mut self) -> &str {
        let before = &self.before;
        self.store_dir.get_or_insert_with(|| {
            shown_store_dir(before.clone()).unwrap_or_else(|| DEFAULT_STORE_DIR.to_owned())
        })
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
fn shown_store_dir(mut scanner: Scanner<'_>) -> Option<String> {
    let mut shown = None;
    // Faults end the search; the reader itself will meet them and report them.
    let _ = for_each_derivation(&mut scanner, |scanner, key| {
        let name = key.decode();
        let name = name.get(33..).and_then(|name| name.strip_suffix(".drv"));
        scanner.object("", |scanner, key| {
            if !key.is("env") {
                return scanner.skip();
            }
            scanner.object("env", |scanner, _| {
                if let Ok(path) = StorePath::parse(&scanner.string("env")?.decode())
                    && name.is_some_and(|name| path.name().starts_with(name))
                {
                    shown = Some(path.store_dir().to_owned());
                    return Err(scanner.expected(""));
                }
                Ok(())
            })
        })
    });
    shown
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
