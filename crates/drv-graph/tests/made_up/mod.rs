//! Package sets that are not there, and their graphs: a path is a hash of what it is made of.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use drv_graph::{
    ContentHash, Derivation, DerivationGraph, DerivationGraphBuilder, DerivationParts, HashAlgo,
    HashMethod, Output, OutputKind, StorePath,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// One package: it needs only such as come before it in its set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// The content it fetches; `None` where it builds something.
    pub(crate) fetches: Option<u8>,
    pub(crate) flags: String,
    pub(crate) inputs: BTreeSet<usize>,
}

/// Whether several packages have one name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Names {
    Few,
    Unique,
}

pub(crate) fn package_sets(names: Names) -> impl Strategy<Value = Vec<Package>> {
    let package = (
        0..4_u8,
        prop::option::weighted(0.25, 0..3_u8),
        "[a-c]{0,2}",
        vec(any::<prop::sample::Index>(), 0..4),
    );
    vec(package, 1..20).prop_map(move |packages| {
        let packages = packages.into_iter().enumerate();
        let packages = packages.map(|(n, (name, fetches, flags, picks))| Package {
            name: match names {
                Names::Few => format!("p{name}"),
                Names::Unique => format!("p{n}x"),
            },
            // What is fetched differs from package to package where names do.
            fetches: fetches.map(|content| match names {
                Names::Few => content,
                Names::Unique => n as u8,
            }),
            flags,
            inputs: picks
                .iter()
                .filter(|_| n > 0)
                .map(|pick| pick.index(n))
                .collect(),
        });
        packages.collect()
    })
}

/// Something somebody does to one package of a set.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    Flags(prop::sample::Index),
    Input(prop::sample::Index, prop::sample::Index),
    Content(prop::sample::Index),
}

impl Arbitrary for Edit {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        let index = any::<prop::sample::Index>;
        prop_oneof![
            index().prop_map(Self::Flags),
            (index(), index()).prop_map(|(of, input)| Self::Input(of, input)),
            index().prop_map(Self::Content),
        ]
        .boxed()
    }
}

/// The set with edits, and the names of those whose outputs are others because they themselves
/// say something else.
pub(crate) fn edited(set: &[Package], edits: &[Edit]) -> (Vec<Package>, BTreeSet<String>) {
    let mut edited = set.to_vec();
    for edit in edits {
        match *edit {
            Edit::Flags(of) => edited[of.index(set.len())].flags.push_str(" -O3"),
            Edit::Input(of, input) => {
                let of = of.index(set.len());
                if of > 0 {
                    let input = input.index(of);
                    let inputs = &mut edited[of].inputs;
                    if !inputs.remove(&input) {
                        inputs.insert(input);
                    }
                }
            }
            Edit::Content(of) => {
                let fetches = &mut edited[of.index(set.len())].fetches;
                *fetches = fetches.map(|content| content.wrapping_add(100));
            }
        }
    }
    let changed = set
        .iter()
        .zip(&edited)
        .filter(|(old, new)| match new.fetches {
            Some(_) => old.fetches != new.fetches,
            None => old != new,
        });
    let names = changed.map(|(_, new)| new.name.clone()).collect();
    (edited, names)
}

fn path(hashed: impl Hash, name: &str) -> StorePath {
    const DIGITS: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";
    let mut hasher = DefaultHasher::new();
    hashed.hash(&mut hasher);
    let mut state = hasher.finish();
    let hash: String = (0..32)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from(DIGITS[(state >> 59) as usize])
        })
        .collect();
    StorePath::parse(&format!("/nix/store/{hash}-{name}")).unwrap()
}

/// The set's derivations.
pub(crate) fn graph(set: &[Package]) -> DerivationGraph {
    let mut builder = DerivationGraphBuilder::new();
    let mut made: Vec<(StorePath, StorePath)> = Vec::new();
    for package in set {
        let inputs: Vec<_> = package
            .inputs
            .iter()
            .map(|&input| made[input].clone())
            .collect();
        let outputs: Vec<&str> = inputs.iter().map(|(_, output)| output.as_str()).collect();
        let text = outputs.join(" ");
        let output = match package.fetches {
            // The name is a part of a fixed output's path, and its content; nothing else is.
            Some(content) => path(("fixed", content, &package.name), &package.name),
            None => path(
                ("built", &package.name, &package.flags, &outputs),
                &package.name,
            ),
        };
        let files: Vec<&str> = inputs.iter().map(|(file, _)| file.as_str()).collect();
        let file = path(
            (&output, &package.flags, &files),
            &format!("{}.drv", package.name),
        );
        let mut parts = DerivationParts::new(file.clone());
        parts.outputs.push(Output {
            name: "out".into(),
            path: Some(output.clone()),
            kind: match package.fetches {
                Some(content) => OutputKind::FixedOutput {
                    method: HashMethod::Flat,
                    hash: ContentHash::parse(&format!("{content:064x}"), Some(HashAlgo::Sha256))
                        .unwrap(),
                },
                None => OutputKind::InputAddressed,
            },
        });
        parts.env = vec![
            ("buildInputs".into(), text.into()),
            ("flags".into(), package.flags.as_str().into()),
            ("out".into(), output.as_str().into()),
        ];
        let wanted = inputs.iter().map(|(file, _)| (file, &["out"][..]));
        builder.insert(Derivation::from(parts), wanted);
        made.push((file, output));
    }
    builder.finish().unwrap()
}
