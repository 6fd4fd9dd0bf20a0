//! What a reader is asked to do.

/// What a reader is asked to do besides reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Which attributes to keep; none by default.
    pub keep_env: KeepEnv,
    /// Whether to keep what [`compare`](mod@crate::compare) needs of every derivation: all of its
    /// environment, in a form that takes about 1 kB for each derivation of nixpkgs.
    pub recipes: bool,
    /// The store directory of inputs that name only the last component of a path (Nix 2.32 and
    /// later). `None`: the one that the derivations' environments show, else
    /// [`DEFAULT_STORE_DIR`](crate::DEFAULT_STORE_DIR).
    pub store_dir: Option<String>,
}

/// Which attributes of a derivation to keep.
///
/// The environment is nine tenths of what Nix writes of a derivation, and a planner needs three
/// or four of its keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeepEnv {
    /// None.
    #[default]
    None,
    /// Those with one of these keys.
    Named(Vec<String>),
    /// Every one.
    All,
}

impl KeepEnv {
    /// `__json` is never kept: its attributes are, one by one.
    pub(crate) fn wants(&self, key: &str) -> bool {
        match self {
            Self::None => false,
            Self::Named(keys) => keys.iter().any(|wanted| wanted == key) && key != "__json",
            Self::All => key != "__json",
        }
    }
}
