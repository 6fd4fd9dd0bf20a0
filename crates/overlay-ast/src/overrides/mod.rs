//! Overrides of packages: what they define, and how to define more by them.

mod argument;
mod call;
mod chain;
mod list;
mod overlay;

use rnix::SyntaxNode;

pub(crate) use chain::Layer;
pub use list::Package;
pub(crate) use overlay::{giving, lib};

use crate::flags::{self, Before};
use crate::look::{Look, Place};
use crate::names::Names;
use crate::scope::{self, Hit};
use crate::{Document, Error, Expression, Flags, Key, KeyPath, Span, TextEdit, layout};
use argument::Argument;
use call::{NewCall, OLD};
use chain::{Chain, chains};
use overlay::{Definition, Overlay, definition};

/// How a file overrides one package.
#[derive(Debug)]
pub(crate) struct Overrides<'a> {
    document: &'a Document,
    root: SyntaxNode,
    names: Names<'a>,
    layer: Layer,
    package: KeyPath,
    definition: Definition,
    chains: Vec<Chain>,
}

/// What becomes of an attribute.
#[derive(Clone, Copy)]
enum Change<'a> {
    Set(&'a Expression),
    Append(&'a Flags),
}

impl<'a> Overrides<'a> {
    /// Those of `package`. Takes time linear in the file.
    pub(crate) fn of(
        document: &'a Document,
        root: SyntaxNode,
        package: &KeyPath,
        layer: Layer,
    ) -> Result<Self, Error> {
        let names = Names::of(document.text(), &root, &mut |_| {});
        let definition = definition(document, &root, package)?;
        let chains = match &definition {
            Definition::Binding(entry) => chains(&scope::value(entry), Some(layer), &names),
            _ => Vec::new(),
        };
        Ok(Self {
            document,
            root,
            names,
            layer,
            package: package.clone(),
            definition,
            chains,
        })
    }

    /// The definitions of `path` that count.
    pub(crate) fn hits(&self, path: &KeyPath) -> Vec<Hit> {
        let defining = self.defining(&self.place(path));
        defining.into_iter().flat_map(|(_, hits)| hits).collect()
    }

    /// Sets `path`; see [`crate::Within::set`].
    pub(crate) fn set(&self, path: &KeyPath, value: &Expression) -> Result<Vec<TextEdit>, Error> {
        self.change(&self.place(path), Change::Set(value))
    }

    /// Appends to `path`; see [`crate::Within::append`].
    pub(crate) fn append(&self, path: &KeyPath, flags: &Flags) -> Result<Vec<TextEdit>, Error> {
        self.change(&self.place(path), Change::Append(flags))
    }

    /// Removes `path`; see [`crate::Within::remove`].
    pub(crate) fn remove(&self, path: &KeyPath) -> Result<Vec<TextEdit>, Error> {
        let path = self.place(path);
        let hit = self.document.one(&path, self.all_hits(&path)?)?;
        self.document.undefine(hit.as_ref(), &path)
    }

    /// Renames `path`; see [`crate::Within::rename`].
    pub(crate) fn rename(&self, path: &KeyPath, name: &str) -> Result<Vec<TextEdit>, Error> {
        let path = self.place(path);
        let new_hits = self.all_hits(&path.renamed(name))?;
        let hits = self.all_hits(&path)?;
        self.document.rename_hits(&path, name, &hits, &new_hits)
    }

    /// Every definition of `path`, of overrides of overrides too.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] if one is other packages' too.
    fn all_hits(&self, path: &KeyPath) -> Result<Vec<Hit>, Error> {
        let mut all = Vec::new();
        for call in self.chains.iter().flatten() {
            let argument = Argument::of(&call.argument, &self.names);
            for hit in argument.hits(path) {
                if call.shared || argument.shared {
                    return Err(Error::Conflict {
                        message: format!("`{path}` is defined for other packages too"),
                        span: hit.definition(),
                        hint: "change it there, or set it to something else here",
                    });
                }
                all.push(hit);
            }
        }
        all.sort_by_key(Hit::definition);
        all.dedup_by_key(|hit| hit.definition());
        Ok(all)
    }

    /// Where a variable of the environment belongs: to `env`, if the package's overrides define
    /// that and not the variable itself.
    fn place(&self, path: &KeyPath) -> KeyPath {
        let capitals = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let is_variable = matches!(
            path.keys(),
            [Key::Static(name)] if name.chars().all(capitals)
        );
        if self.layer == Layer::Attributes && is_variable && self.defining(path).is_empty() {
            let env = KeyPath::from_name("env");
            if !self.defining(&env).is_empty() {
                return env.join(path);
            }
        }
        path.clone()
    }

    /// The outermost argument of each chain that defines `path`, with its definitions.
    fn defining(&self, path: &KeyPath) -> Vec<(Argument, Vec<Hit>)> {
        let mut found: Vec<(Argument, Vec<Hit>)> = Vec::new();
        for chain in &self.chains {
            let mut arguments = chain.iter().map(|call| {
                let mut argument = Argument::of(&call.argument, &self.names);
                argument.shared |= call.shared;
                let hits = argument.hits(path);
                (argument, hits)
            });
            if let Some(defining) = arguments.find(|(_, hits)| !hits.is_empty())
                && found.iter().all(|(other, _)| other.body != defining.0.body)
            {
                found.push(defining);
            }
        }
        found
    }

    fn change(&self, path: &KeyPath, change: Change<'_>) -> Result<Vec<TextEdit>, Error> {
        match &self.definition {
            Definition::Missing => self.define_package(path, change),
            Definition::Inherited { name, inherit } => {
                self.take_package(name, inherit, path, change)
            }
            Definition::Binding(entry) => {
                let defining = self.defining(path);
                match &defining[..] {
                    [] => self.add(entry, path, change),
                    [(argument, hits)] => self.edit(entry, argument, hits, path, change),
                    several => {
                        let hits = several.iter().flat_map(|(_, hits)| hits);
                        Err(Error::Ambiguous {
                            what: format!("`{path}` of `{}`", self.package),
                            candidates: self.document.labels(hits.map(Hit::definition).collect()),
                        })
                    }
                }
            }
        }
    }

    /// Edits what defines `path`, unless that is not only this package's, or not always.
    fn edit(
        &self,
        package: &SyntaxNode,
        argument: &Argument,
        hits: &[Hit],
        path: &KeyPath,
        change: Change<'_>,
    ) -> Result<Vec<TextEdit>, Error> {
        if argument.shared {
            return Ok(self.wrap(package, path, change));
        }
        let document = self.document;
        let Some(hit) = document.one(path, hits.to_vec())? else {
            return Ok(Vec::new());
        };
        match (change, &hit) {
            (Change::Set(value), Hit::Binding(entry)) if mentions_old(value) => {
                let mut edits = self.old_for(argument, entry)?;
                edits.extend(document.redefine(&hit, path, value)?);
                Ok(edits)
            }
            (Change::Set(value), _) => document.redefine(&hit, path, value),
            (Change::Append(_), Hit::Binding(entry) | Hit::Inherited { inherit: entry, .. })
                if argument.is_conditional(entry) =>
            {
                Ok(self.wrap(package, path, change))
            }
            (Change::Append(flags), _) => {
                match document.extend(&hit, path, flags, Some(&self.names)) {
                    // What `rec { inherit x; }` inherits cannot be named there.
                    Err(Error::Conflict { .. }) if matches!(hit, Hit::Inherited { .. }) => {
                        Ok(self.wrap(package, path, change))
                    }
                    other => other,
                }
            }
        }
    }

    /// Adds `path` to the only override that can take it; where there is none, puts one around
    /// the package.
    fn add(
        &self,
        package: &SyntaxNode,
        path: &KeyPath,
        change: Change<'_>,
    ) -> Result<Vec<TextEdit>, Error> {
        let mut found: Vec<(Argument, SyntaxNode)> = Vec::new();
        for chain in &self.chains {
            let own = chain.iter().filter(|call| !call.shared);
            let mut taking = own.filter_map(|call| {
                let argument = Argument::of(&call.argument, &self.names);
                let set = argument.set().filter(|_| !argument.shared)?;
                Some((argument, set))
            });
            if let Some((argument, set)) = taking.next()
                && found.iter().all(|(_, other)| *other != set)
            {
                found.push((argument, set));
            }
        }
        match &found[..] {
            [] => Ok(self.wrap(package, path, change)),
            [(argument, set)] => {
                let look = Look::new(Place::Value {
                    value: argument.body.clone(),
                    set: set.clone(),
                });
                match self.add_to(argument, set, &look, path, change) {
                    // What `env` is there cannot be added to.
                    Err(Error::Conflict { .. } | Error::Ambiguous { .. })
                        if self.layer == Layer::Attributes && path.is_in("env") =>
                    {
                        Ok(self.wrap(package, path, change))
                    }
                    other => other,
                }
            }
            several => Err(Error::Ambiguous {
                what: format!("the override of `{}` to add `{path}` to", self.package),
                candidates: self.document.labels(
                    several
                        .iter()
                        .map(|(_, set)| set.text_range().into())
                        .collect(),
                ),
            }),
        }
    }

    fn add_to(
        &self,
        argument: &Argument,
        set: &SyntaxNode,
        look: &Look,
        path: &KeyPath,
        change: Change<'_>,
    ) -> Result<Vec<TextEdit>, Error> {
        let env = KeyPath::from_name("env");
        let new_env = self.layer == Layer::Attributes
            && path.is_in("env")
            && look.hits(env.keys()).is_empty();
        let uses_old = match change {
            Change::Set(value) => new_env || mentions_old(value),
            Change::Append(_) => true,
        };
        let mut edits = Vec::new();
        let mut old = OLD.to_owned();
        if uses_old {
            (old, edits) = argument.old(&self.names, set)?;
            if let Change::Set(value) = change
                && mentions_old(value)
                && old != OLD
            {
                return Err(other_name(&old, set));
            }
        }
        let unit = self.unit(set);
        let value = self.new_value(path, change, &old, unit, set);
        let edit = if new_env {
            let (env, value) = new_env_value(path, &value, &old, unit);
            self.document.add(look, &env, &value)?
        } else {
            self.document.add(look, path, &value)?
        };
        edits.push(edit);
        Ok(edits)
    }

    /// Puts a new override around the package.
    fn wrap(&self, package: &SyntaxNode, path: &KeyPath, change: Change<'_>) -> Vec<TextEdit> {
        let set = package.parent().unwrap_or_else(|| package.clone());
        let unit = self.unit(&set);
        let call = self.new_call(path, change, unit, &set);
        let value = scope::value(package);
        call.around(self.document.text(), &value, unit)
    }

    /// Binds a package that is inherited.
    fn take_package(
        &self,
        name: &SyntaxNode,
        inherit: &SyntaxNode,
        path: &KeyPath,
        change: Change<'_>,
    ) -> Result<Vec<TextEdit>, Error> {
        let set = inherit.parent().unwrap_or_else(|| inherit.clone());
        let base = flags::inherited_from(name, inherit)?;
        let unit = self.unit(&set);
        let call = self.new_call(path, change, unit, &set).text(unit);
        let value = format!("{base}{call}");
        let key = self.package.keys().last();
        self.document
            .peel(name, inherit, key.map(|key| (key, &*value)))
    }

    /// Adds the package to the file's overlay.
    fn define_package(&self, path: &KeyPath, change: Change<'_>) -> Result<Vec<TextEdit>, Error> {
        let overlay = Overlay::of_file(self.document, &self.root)?;
        let set = self.document.only_set(&overlay.body, &self.package)?;
        let look = Look::new(Place::Value {
            value: overlay.body.clone(),
            set: set.clone(),
        });
        if let [_, .., _] = self.package.keys() {
            let outer = &self.package.keys()[..1];
            if look.hits(outer).is_empty() {
                return Err(Error::NotFound {
                    what: format!("definition of `{}` in the overlay", self.package),
                    span: Some(set.text_range().into()),
                    hint: Some(format!(
                        "write how `{}` is extended first: a set as a whole may need `overrideScope`",
                        self.package.keys()[0]
                    )),
                });
            }
        }
        let (prev, mut edits) = overlay.prev(&self.names, &set)?;
        let unit = self.unit(&set);
        let call = self.new_call(path, change, unit, &set).text(unit);
        let value = format!("{prev}.{}{call}", self.package);
        edits.push(self.document.add(&look, &self.package, &value)?);
        Ok(edits)
    }

    fn new_call(&self, path: &KeyPath, change: Change<'_>, unit: &str, at: &SyntaxNode) -> NewCall {
        let value = self.new_value(path, change, OLD, unit, at);
        let env = self.layer == Layer::Attributes && path.is_in("env");
        let (path, value) = if env {
            new_env_value(path, &value, OLD, unit)
        } else {
            (path.clone(), value)
        };
        let uses_old = match change {
            Change::Set(value) => env || mentions_old(value),
            Change::Append(_) => true,
        };
        NewCall {
            layer: self.layer,
            entry: format!("{path} = {value};"),
            uses_old,
        }
    }

    fn new_value(
        &self,
        path: &KeyPath,
        change: Change<'_>,
        old: &str,
        unit: &str,
        at: &SyntaxNode,
    ) -> String {
        match change {
            Change::Set(value) => value.to_string(),
            Change::Append(flags) => {
                let context = flags::Context {
                    text: self.document.text(),
                    names: Some(&self.names),
                    path,
                    lib: lib(at),
                };
                flags::new_value(&context, Before::Perhaps(old), flags, unit)
            }
        }
    }

    /// Makes `old` mean what was before at `at`.
    fn old_for(&self, argument: &Argument, at: &SyntaxNode) -> Result<Vec<TextEdit>, Error> {
        let (old, edits) = argument.old(&self.names, at)?;
        if old == OLD {
            Ok(edits)
        } else {
            Err(other_name(&old, at))
        }
    }

    /// The indentation of a line in what is put into `set`; none if that is on one line.
    fn unit(&self, set: &SyntaxNode) -> &'static str {
        let text = self.document.text();
        if !Span::from(set.text_range()).text(text).contains('\n') {
            ""
        } else if layout::deeper(text, "") == "\t" {
            "\t"
        } else {
            "  "
        }
    }
}

/// `env = (old.env or { }) // { NAME = value; }`, for the path `env.NAME`.
fn new_env_value(path: &KeyPath, value: &str, old: &str, unit: &str) -> (KeyPath, String) {
    let env = KeyPath::from_name("env");
    let rest = path.keys()[1..].iter().map(Key::to_string);
    let name = rest.collect::<Vec<_>>().join(".");
    let value = if unit.is_empty() {
        format!("({old}.env or {{ }}) // {{ {name} = {value}; }}")
    } else {
        let value = Expression::laid_out(value, unit, "\n");
        format!("({old}.env or {{ }}) // {{\n{unit}{name} = {value};\n}}")
    };
    (env, value)
}

/// Whether an expression refers to what was before by the name that new overrides give it.
fn mentions_old(value: &Expression) -> bool {
    value.mentions(OLD)
}

fn other_name(old: &str, at: &SyntaxNode) -> Error {
    Error::Conflict {
        message: format!("what was before is called `{old}` here, not `{OLD}`"),
        span: at.text_range().into(),
        hint: "use the name that the file gives it",
    }
}
