//! Compilers and their versions on the command line: `gcc-12.2`.

use clap::Args;
use hw_profile::arch::{Toolchain, Version};

/// The compilers that build.
#[derive(Args, Debug)]
pub(crate) struct CompilerArgs {
    /// A compiler that builds: gcc-12.2, clang-16, llvm-17 (rustc's), go-1.21; may be given several
    /// times
    #[arg(long = "compiler", value_name = "NAME-VERSION", value_parser = parse)]
    compilers: Vec<(Name, Version)>,
}

#[derive(Clone, Copy, Debug)]
enum Name {
    Gcc,
    Clang,
    Llvm,
    Go,
}

impl CompilerArgs {
    /// Those that were given; of one that was given twice, the last.
    pub(crate) fn toolchain(&self) -> Toolchain {
        let mut toolchain = Toolchain::default();
        for &(name, version) in &self.compilers {
            let slot = match name {
                Name::Gcc => &mut toolchain.gcc,
                Name::Clang => &mut toolchain.clang,
                Name::Llvm => &mut toolchain.rustc_llvm,
                Name::Go => &mut toolchain.go,
            };
            *slot = Some(version);
        }
        toolchain
    }
}

fn parse(text: &str) -> Result<(Name, Version), String> {
    let (name, version) = text
        .split_once(['-', '@', ' '])
        .ok_or_else(|| format!("`{text}` has no version; write e.g. gcc-12.2"))?;
    let name = match name {
        "gcc" => Name::Gcc,
        "clang" => Name::Clang,
        "llvm" => Name::Llvm,
        "go" => Name::Go,
        "rustc" => {
            return Err(
                "names of processors are LLVM's: write llvm- and the version that `rustc -vV` shows"
                    .to_owned(),
            );
        }
        other => return Err(format!("`{other}` is none of gcc, clang, llvm, go")),
    };
    let version = version
        .parse()
        .map_err(|_| format!("`{version}` is no version; write e.g. 12.2"))?;
    Ok((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compilers_with_their_versions() {
        let args = CompilerArgs {
            compilers: ["gcc-12.2", "llvm@17", "gcc-13"]
                .into_iter()
                .map(|text| parse(text).expect("it is one"))
                .collect(),
        };
        let toolchain = args.toolchain();
        assert_eq!(toolchain.gcc, Some(Version::new(13, 0, 0)));
        assert_eq!(toolchain.rustc_llvm, Some(Version::new(17, 0, 0)));
        assert_eq!(toolchain.clang, None);
        for text in ["gcc", "icc-1", "gcc-new", "rustc-1.80"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
