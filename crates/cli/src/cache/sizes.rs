//! How large paths are, by all that is known of them and of others of their name.

use std::collections::HashMap;

use cache_policy::Holdings;
use drv_graph::{Bytes, StorePath, split_name};

/// Sizes of NARs.
#[derive(Clone, Debug, Default)]
pub(super) struct NarSizes {
    by_path: HashMap<StorePath, Bytes>,
    /// The largest of those that are called so, with version and without.
    by_name: HashMap<String, Bytes>,
    by_package: HashMap<String, Bytes>,
    /// The one in the middle.
    usual: Option<Bytes>,
}

/// The size of a NAR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NarSize {
    /// Somebody has it and says so.
    Known(Bytes),
    /// That of another of its name, of its package, or the usual one.
    Assumed(Bytes),
}

impl NarSize {
    pub(super) fn bytes(self) -> Bytes {
        match self {
            Self::Known(bytes) | Self::Assumed(bytes) => bytes,
        }
    }
}

impl NarSizes {
    /// What is assumed when no size at all is known: the middle one of 3,438 packages of Debian 12,
    /// unpacked.
    const TYPICAL: Bytes = Bytes(480_000);

    /// With what some store or cache holds.
    pub(super) fn add(&mut self, holdings: &Holdings) {
        for (path, holding) in holdings.iter() {
            if let Some(size) = holding.nar_size {
                self.by_path.entry(path.clone()).or_insert(size);
            }
        }
        self.by_name.clear();
        self.by_package.clear();
        for (path, &size) in &self.by_path {
            for (names, name) in [
                (&mut self.by_name, path.name().to_owned()),
                (&mut self.by_package, package(path)),
            ] {
                let known = names.entry(name).or_default();
                *known = size.max(*known);
            }
        }
        let mut all: Vec<Bytes> = self.by_path.values().copied().collect();
        all.sort_unstable();
        self.usual = all.get(all.len() / 2).copied();
    }

    /// The size of a path's NAR.
    pub(super) fn of(&self, path: &StorePath) -> NarSize {
        if let Some(&size) = self.by_path.get(path) {
            return NarSize::Known(size);
        }
        let same_name = self.by_name.get(path.name());
        let same_package = || self.by_package.get(&package(path));
        let size = same_name.or_else(same_package).copied().or(self.usual);
        NarSize::Assumed(size.unwrap_or(Self::TYPICAL))
    }
}

/// The name without its version, but with its output: `gcc-13.2.0-lib` and `gcc-14.1.0-lib` are
/// alike, `gcc-14.1.0` is something else.
fn package(path: &StorePath) -> String {
    let (package, version) = split_name(path.name());
    match version.rsplit_once('-') {
        Some((_, output)) => format!("{package} {output}"),
        None => package.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use cache_policy::Holding;

    use super::*;

    #[test]
    fn what_is_not_known_is_as_large_as_its_namesakes() {
        let path = |digit: char, name: &str| {
            let text = format!("/nix/store/{}-{name}", digit.to_string().repeat(32));
            StorePath::parse(&text).expect("a store path")
        };
        let holding = |size| Holding {
            nar_size: Some(Bytes(size)),
            ..Holding::default()
        };
        let mut sizes = NarSizes::default();
        assert_eq!(
            sizes.of(&path('0', "a-1")),
            NarSize::Assumed(NarSizes::TYPICAL)
        );
        let held = [
            (path('0', "gcc-14.1.0"), holding(200)),
            (path('1', "gcc-14.1.0"), holding(190)),
            (path('2', "gcc-13.2.0-lib"), holding(30)),
            (path('3', "hello-1"), holding(7)),
        ];
        sizes.add(&held.into_iter().collect());
        for (path, size) in [
            (path('1', "gcc-14.1.0"), NarSize::Known(Bytes(190))),
            (path('4', "gcc-14.1.0"), NarSize::Assumed(Bytes(200))),
            (path('4', "gcc-14.2.0"), NarSize::Assumed(Bytes(200))),
            (path('4', "gcc-14.2.0-lib"), NarSize::Assumed(Bytes(30))),
            (path('4', "unheard-of-1"), NarSize::Assumed(Bytes(190))),
        ] {
            assert_eq!(sizes.of(&path), size, "{path}");
        }
    }
}
