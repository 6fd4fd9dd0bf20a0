//! One derivation, as a planner sees it.

use std::sync::Arc;

use crate::{ContentHash, HashAlgo, StorePath};

/// A build step: what it makes, what it needs from outside the graph, and what it says about
/// how it wants to be built.
///
/// Edges to other derivations belong to the [`DerivationGraph`](crate::DerivationGraph).
/// Texts that Nix keeps as bytes (arguments, environment) are lossy where they are not UTF-8;
/// the `.drv` file has the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derivation {
    parts: DerivationParts,
}

/// Everything a [`Derivation`] is made of, for those that make one without reading it from a
/// file: `Derivation::from(DerivationParts::new(path))`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DerivationParts {
    /// The `.drv` file.
    pub path: StorePath,
    /// In ascending order of name; [`Derivation::from`] sorts them.
    pub outputs: Vec<Output>,
    /// Store objects that no derivation of the graph makes.
    pub input_sources: Vec<StorePath>,
    /// `x86_64-linux`, `builtin`.
    pub system: Arc<str>,
    /// The program that builds.
    pub builder: Arc<str>,
    /// Its arguments.
    pub args: Vec<Arc<str>>,
    /// The attribute `pname`, where there is one.
    pub pname: Option<Arc<str>>,
    /// The attribute `version`, where there is one.
    pub version: Option<Arc<str>>,
    /// What a machine must offer: `kvm`, `big-parallel`.
    pub required_system_features: Vec<Arc<str>>,
    /// The attribute `preferLocalBuild`; `None` where it is not said.
    pub prefer_local_build: Option<bool>,
    /// The attribute `allowSubstitutes`; true where it is not said.
    pub allow_substitutes: bool,
    /// The attribute `enableParallelBuilding`; `None` where it is not said.
    pub enable_parallel_building: Option<bool>,
    /// The attributes that the reader was asked to keep, sorted by key.
    pub env: Vec<(Arc<str>, Arc<str>)>,
}

impl DerivationParts {
    /// A derivation without outputs and inputs, for `x86_64-linux`, built by `/bin/sh`.
    pub fn new(path: StorePath) -> Self {
        Self {
            path,
            outputs: Vec::new(),
            input_sources: Vec::new(),
            system: "x86_64-linux".into(),
            builder: "/bin/sh".into(),
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
}

impl From<DerivationParts> for Derivation {
    fn from(mut parts: DerivationParts) -> Self {
        parts.outputs.sort_by(|a, b| a.name.cmp(&b.name));
        parts.env.sort();
        Self { parts }
    }
}

impl Derivation {
    /// The `.drv` file.
    pub fn path(&self) -> &StorePath {
        &self.parts.path
    }

    /// The name without hash and `.drv`: `hello-2.12.1`.
    pub fn name(&self) -> &str {
        let name = self.parts.path.name();
        name.strip_suffix(".drv").unwrap_or(name)
    }

    /// The package's name: the attribute `pname`, else [`name`](Self::name) up to the first
    /// dash that no letter follows (Nix's own rule for `nix-env`).
    pub fn pname(&self) -> &str {
        match &self.parts.pname {
            Some(pname) => pname,
            None => split_name(self.name()).0,
        }
    }

    /// The attribute `version`, else what follows that dash; empty where there is none.
    pub fn version(&self) -> &str {
        match &self.parts.version {
            Some(version) => version,
            None => split_name(self.name()).1,
        }
    }

    /// In ascending order of name.
    pub fn outputs(&self) -> &[Output] {
        &self.parts.outputs
    }

    /// The output of that name.
    pub fn output(&self, name: &str) -> Option<&Output> {
        self.parts
            .outputs
            .iter()
            .find(|output| &*output.name == name)
    }

    /// Store objects that no derivation of the graph makes: patches, builder scripts.
    pub fn input_sources(&self) -> &[StorePath] {
        &self.parts.input_sources
    }

    /// `x86_64-linux`, `builtin`.
    pub fn system(&self) -> &str {
        &self.parts.system
    }

    /// The program that builds.
    pub fn builder(&self) -> &str {
        &self.parts.builder
    }

    /// The builder's arguments.
    pub fn args(&self) -> impl ExactSizeIterator<Item = &str> {
        self.parts.args.iter().map(|arg| &**arg)
    }

    /// Whether the one output's content is known beforehand: a fetch, nearly always.
    pub fn is_fixed_output(&self) -> bool {
        matches!(
            &self.parts.outputs[..],
            [Output {
                kind: OutputKind::FixedOutput { .. },
                ..
            }]
        )
    }

    /// What a machine must offer, in the order written: `kvm`, `big-parallel`.
    pub fn required_system_features(&self) -> impl ExactSizeIterator<Item = &str> {
        self.parts
            .required_system_features
            .iter()
            .map(|feature| &**feature)
    }

    /// Whether it is so small that shipping it to another machine costs more than building it;
    /// `None` where the derivation does not say (Nix takes that for no).
    pub fn prefer_local_build(&self) -> Option<bool> {
        self.parts.prefer_local_build
    }

    /// Whether Nix may fetch its outputs instead of building it. Where the attribute
    /// `allowSubstitutes` says no, Nix builds even what a cache has, unless it is set to
    /// `always-allow-substitutes`; texts and links made by nixpkgs' trivial builders say no.
    pub fn allow_substitutes(&self) -> bool {
        self.parts.allow_substitutes
    }

    /// Whether the build uses the cores it is given; `None` where the derivation does not say.
    pub fn enable_parallel_building(&self) -> Option<bool> {
        self.parts.enable_parallel_building
    }

    /// An attribute that the reader was asked to keep.
    ///
    /// Of structured attributes this is their top level: texts as they are, `true` as `1`,
    /// `false` and `null` as the empty text (as Nix passes them in an environment), numbers,
    /// lists and sets as JSON.
    pub fn env(&self, key: &str) -> Option<&str> {
        self.parts
            .env
            .binary_search_by(|(k, _)| (**k).cmp(key))
            .ok()
            .map(|at| &*self.parts.env[at].1)
    }

    /// Every attribute kept, in ascending order of key.
    pub fn kept_env(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.parts.env.iter().map(|(key, value)| (&**key, &**value))
    }
}

/// Splits a derivation's name as Nix's `builtins.parseDrvName` does, into package name and
/// version: before the first dash that something other than an ASCII letter follows. A dash at
/// the end stays with the name.
pub fn split_name(name: &str) -> (&str, &str) {
    let bytes = name.as_bytes();
    let dash = (0..bytes.len()).find(|&at| {
        bytes[at] == b'-'
            && bytes
                .get(at + 1)
                .is_some_and(|next| !next.is_ascii_alphabetic())
    });
    match dash {
        Some(at) => (&name[..at], &name[at + 1..]),
        None => (name, ""),
    }
}

/// One thing that a derivation makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// `out`, `dev`, `lib`.
    pub name: Arc<str>,
    /// Where it will be; `None` where that is known only after inputs, or the output itself,
    /// are built.
    pub path: Option<StorePath>,
    /// What its path is derived from.
    pub kind: OutputKind,
}

/// What the path of an [`Output`] is derived from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputKind {
    /// From the derivation: the ordinary case.
    InputAddressed,
    /// From a hash of the content that is known beforehand.
    FixedOutput {
        /// What is hashed.
        method: HashMethod,
        /// The hash the content must have.
        hash: ContentHash,
    },
    /// From the content, once it is built.
    FloatingContentAddressed {
        /// What is hashed.
        method: HashMethod,
        /// The hash function.
        algo: HashAlgo,
    },
    /// From the derivation, once the content-addressed inputs it refers to are built.
    Deferred,
    /// As a floating output, and built anew each time.
    Impure {
        /// What is hashed.
        method: HashMethod,
        /// The hash function.
        algo: HashAlgo,
    },
}

/// What is hashed for a content address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HashMethod {
    /// The file's bytes.
    Flat,
    /// The NAR: any file or directory.
    Nar,
    /// The file's bytes, with references; derivations themselves are addressed so.
    Text,
    /// A Git tree.
    Git,
}

impl HashMethod {
    /// The name Nix gives it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::Nar => "nar",
            Self::Text => "text",
            Self::Git => "git",
        }
    }

    /// The method of that name (`recursive` is what the Nix language calls `nar`).
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "flat" => Some(Self::Flat),
            "nar" | "recursive" => Some(Self::Nar),
            "text" => Some(Self::Text),
            "git" => Some(Self::Git),
            _ => None,
        }
    }

    /// Splits `r:sha256`, `text:sha256`, `git:sha1`, `sha256`: how `.drv` files, and JSON before
    /// Nix 2.23, write a method and an algorithm in one.
    pub fn split_algo(text: &str) -> Option<(Self, HashAlgo)> {
        let (method, algo) = match text.split_once(':') {
            Some(("r", algo)) => (Self::Nar, algo),
            Some(("text", algo)) => (Self::Text, algo),
            Some(("git", algo)) => (Self::Git, algo),
            Some(_) => return None,
            None => (Self::Flat, text),
        };
        Some((method, HashAlgo::from_name(algo)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_split_where_nix_splits_them() {
        for (name, pname, version) in [
            ("hello-2.12.1", "hello", "2.12.1"),
            ("python3-3.6.4", "python3", "3.6.4"),
            ("gcc-wrapper-7.3.0", "gcc-wrapper", "7.3.0"),
            ("bash-4.4-p12", "bash", "4.4-p12"),
            ("stdenv", "stdenv", ""),
            ("font-", "font-", ""),
            ("a--b", "a", "-b"),
            ("9menu-1.8", "9menu", "1.8"),
            ("source-r5-x", "source-r5-x", ""),
            ("-1", "", "1"),
            ("libxml2+py-2.9.7", "libxml2+py", "2.9.7"),
            ("x-é", "x", "é"),
            ("", "", ""),
        ] {
            assert_eq!(split_name(name), (pname, version), "{name}");
        }
    }

    #[test]
    fn attributes_go_before_the_name() {
        let path = StorePath::parse(
            "/nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-python3.6-numpy-1.14.drv",
        )
        .unwrap();
        let mut parts = DerivationParts::new(path);
        assert_eq!(Derivation::from(parts.clone()).pname(), "python3.6-numpy");
        parts.pname = Some("numpy".into());
        parts.version = Some("1.14.1".into());
        let drv = Derivation::from(parts);
        assert_eq!(
            (drv.name(), drv.pname(), drv.version()),
            ("python3.6-numpy-1.14", "numpy", "1.14.1")
        );
    }

    #[test]
    fn methods_and_algorithms_of_aterm() {
        use HashMethod::{Flat, Git, Nar, Text};
        for (text, expected) in [
            ("sha256", Some((Flat, HashAlgo::Sha256))),
            ("r:sha512", Some((Nar, HashAlgo::Sha512))),
            ("text:sha256", Some((Text, HashAlgo::Sha256))),
            ("git:sha1", Some((Git, HashAlgo::Sha1))),
            ("r:", None),
            ("x:sha256", None),
            ("", None),
        ] {
            assert_eq!(HashMethod::split_algo(text), expected, "{text}");
        }
    }
}
