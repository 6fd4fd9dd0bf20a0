//! What builds take on other people's machines: shipped figures, for packages that this machine
//! has not measured yet.
//!
//! Where the figures are from, and how rows were chosen and names changed, is told beside them in
//! `data/README.md`.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::cost::MemoryModel;
use crate::subject::{BuildSystems, Language, Subject};
use crate::{Bytes, Cores};

static BOOKS: &str = include_str!("../data/priors.tsv");
static JUDGED: &str = include_str!("../data/judged.tsv");
static MEMORY: &str = include_str!("../data/memory.tsv");

/// How long a package takes, in standard build units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimePrior {
    /// The time it was measured at, in SBU: one is pass 1 of binutils on one thread.
    pub sbu: f64,
    /// The threads it was measured with.
    pub threads: Cores,
    /// The same with the package's tests, where somebody measured that.
    pub with_tests: Option<Measurement>,
    /// How sure that is.
    pub grade: Grade,
    /// The book and page, or the grounds of a judgement.
    pub source: &'static str,
}

/// A time, and how it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measurement {
    /// The time, in SBU.
    pub sbu: f64,
    /// The threads it was measured with.
    pub threads: Cores,
}

/// How sure a prior is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Measured, without tests.
    Measured,
    /// Measured with tests, which are taken out by what tests usually add; or a share of several
    /// packages.
    MeasuredWithMore,
    /// Nobody measured it.
    Judged,
}

/// How much memory a package takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryPrior {
    /// The amount.
    pub memory: MemoryModel,
    /// Who says so.
    pub source: &'static str,
}

struct Tables {
    times: FxHashMap<&'static str, TimePrior>,
    memory: FxHashMap<&'static str, MemoryPrior>,
}

/// Reads the tables at first use, which takes about a quarter of a millisecond.
fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let mut times = FxHashMap::default();
        times.extend(rows(BOOKS).filter_map(
            |[
                pname,
                sbu,
                threads,
                tests,
                tested_sbu,
                tested_threads,
                source,
            ]| {
                let shared = source.contains(" / ") || source.contains(" * ");
                let grade = if tests == "1" || shared {
                    Grade::MeasuredWithMore
                } else {
                    Grade::Measured
                };
                let with_tests = measurement(tested_sbu, tested_threads);
                Some((pname, time_prior(sbu, threads, with_tests, grade, source)?))
            },
        ));
        for [pname, sbu, threads, source] in rows(JUDGED) {
            // A judgement is of the build alone; of its tests the books may still know.
            let with_tests = times
                .get(pname)
                .and_then(|book: &TimePrior| book.with_tests);
            let prior = time_prior(sbu, threads, with_tests, Grade::Judged, source);
            times.extend(prior.map(|prior| (pname, prior)));
        }
        let memory = rows(MEMORY).filter_map(|[pname, base, per_thread, source]| {
            let gb = |text: &str| Some(Bytes::from_gb(text.parse().ok()?));
            let memory = MemoryModel {
                base: gb(base)?,
                per_thread: gb(per_thread)?,
            };
            Some((pname, MemoryPrior { memory, source }))
        });
        Tables {
            times,
            memory: memory.collect(),
        }
    })
}

fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut fields = line.splitn(N, '\t');
            let row = std::array::from_fn(|_| fields.next().unwrap_or_default());
            (!row[N - 1].is_empty()).then_some(row)
        })
}

fn measurement(sbu: &str, threads: &str) -> Option<Measurement> {
    Some(Measurement {
        sbu: sbu.parse().ok()?,
        threads: Cores(threads.parse().ok()?),
    })
}

fn time_prior(
    sbu: &str,
    threads: &str,
    with_tests: Option<Measurement>,
    grade: Grade,
    source: &'static str,
) -> Option<TimePrior> {
    let Measurement { sbu, threads } = measurement(sbu, threads)?;
    Some(TimePrior {
        sbu,
        threads,
        with_tests,
        grade,
        source,
    })
}

/// The time of a package by its name, as nixpkgs calls it. Case and `_` for `-` do not matter.
pub fn time(pname: &str) -> Option<TimePrior> {
    lookup(&tables().times, pname)
}

/// The time of a subject: by its `pname`, else by the bare name of what it wraps or of its
/// language's package.
///
/// A language's package has only figures of that language: the crate `openssl` and the Python
/// module `protobuf` share no more than a name with the libraries.
pub fn time_of(subject: &Subject<'_>) -> Option<TimePrior> {
    let bare = subject.bare_pname();
    // A binary that a compiler's first build starts from (`go-1.22.12-linux-amd64-bootstrap`).
    if subject.version.ends_with("-bootstrap") {
        return time(&format!("{bare}-bootstrap"));
    }
    let Some(language) = subject.language() else {
        return time(subject.pname).or_else(|| time(bare));
    };
    let pages = match language {
        Language::Python => "/python-",
        Language::Perl => "/perl-",
        Language::Ruby | Language::Rust | Language::Lua | Language::Ocaml => return None,
    };
    time(bare).filter(|prior| prior.grade == Grade::Judged || prior.source.contains(pages))
}

/// The memory of a subject. What is built with CUDA has figures of its own where that is known.
pub fn memory_of(subject: &Subject<'_>) -> Option<MemoryPrior> {
    let memory = &tables().memory;
    let names = [subject.pname, subject.bare_pname()];
    if subject.build_systems.has(BuildSystems::CUDA) {
        let cuda = |pname: &&str| lookup(memory, &format!("{pname}+cuda"));
        if let Some(prior) = names.iter().find_map(cuda) {
            return Some(prior);
        }
    }
    names.iter().find_map(|pname| lookup(memory, pname))
}

/// Number of packages with a time.
pub fn len() -> usize {
    tables().times.len()
}

fn lookup<T: Copy>(table: &FxHashMap<&'static str, T>, pname: &str) -> Option<T> {
    let plain = |b: u8| !b.is_ascii_uppercase() && b != b'_';
    if pname.bytes().all(plain) {
        return table.get(pname).copied();
    }
    let normal = pname.to_ascii_lowercase().replace('_', "-");
    table.get(normal.as_str()).copied()
}

/// The share of a package's work that runs in parallel, where its build system does that at all.
///
/// The packages named here are large and known; their shares are judgements. For the others there
/// is a measurement: of the 18 packages of 0.5 SBU and more that the books time both on one thread
/// and on four or more, without tests, the median takes 0.43 times as long on more, which is a
/// share of 0.76. Shorter ones are mostly configuration and installation (0.6, a judgement).
pub fn parallel_share(pname: &str, seconds_measured: f64) -> f64 {
    match pname {
        // Thousands of objects, then a few links.
        "chromium" | "electron" | "qtwebengine" | "webkitgtk" | "llvm" | "clang" | "firefox"
        | "thunderbird" | "linux" | "tensorflow" | "torch" | "pytorch" | "onnxruntime" => 0.94,
        // Three stages, each with its configuration.
        "gcc" => 0.88,
        // Crate after crate, and LLVM at the end of each; modules wait for modules.
        "rustc" | "ghc" | "go" => 0.8,
        _ if seconds_measured >= 100.0 => 0.76,
        _ => 0.6,
    }
}

/// Whether a package uses the cores it is given although it neither says
/// `enableParallelBuilding` nor has a build system that shows among its inputs.
pub fn is_parallel_by_itself(pname: &str) -> bool {
    matches!(
        pname,
        // mach, x.py, gn, make.bash, b2, bazel, hadrian and OpenJDK's makefiles read
        // NIX_BUILD_CORES or count the processors themselves.
        "firefox"
            | "thunderbird"
            | "rustc"
            | "chromium"
            | "electron"
            | "qtwebengine"
            | "go"
            | "boost"
            | "bazel"
            | "tensorflow"
            | "ghc"
            | "openjdk"
            | "kubectl"
            | "kubernetes"
            | "terraform"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read() {
        let lines = |table: &str| table.lines().filter(|line| !line.starts_with('#')).count();
        let tables = tables();
        assert_eq!(tables.memory.len(), lines(MEMORY));
        let replaced = |row: &[&str; 4]| rows::<7>(BOOKS).any(|book| book[0] == row[0]);
        let both = rows::<4>(JUDGED).filter(replaced).count();
        assert_eq!(len(), lines(BOOKS) + lines(JUDGED) - both);
        assert!(
            tables
                .times
                .values()
                .all(|prior| prior.sbu > 0.0 && prior.threads.0 > 0)
        );
    }

    #[test]
    fn names_of_nixpkgs_are_found() {
        for name in [
            "libX11-1.8",
            "gtk+3-3.24",
            "python3-3.13.1",
            "gnused-4.9",
            "libkrb5-1.21",
            "boehm-gc-8.2",
            "firefox-unwrapped-128.0",
            "python3.13-Pygments-2.18",
            "python3.13-requests-2.32.3",
            "rustc-1.83.0",
            "gst-plugins-base-1.24",
            "libjpeg-turbo-3.0",
            "clang-19.1.5",
            "electron-unwrapped-33.2",
        ] {
            assert!(time_of(&Subject::named(name)).is_some(), "{name}");
        }
        for name in [
            "no-such-package",
            "rust_openssl-0.9.20",
            "python3.13-protobuf-5.28",
        ] {
            assert_eq!(time_of(&Subject::named(name)), None, "{name}");
        }
    }

    #[test]
    fn cuda_takes_more() {
        let mut subject = Subject::named("onnxruntime-1.20.1");
        assert_eq!(memory_of(&subject), None);
        subject.build_systems = BuildSystems::CUDA;
        let prior = memory_of(&subject).expect("a row of its own");
        assert_eq!(prior.memory.at(Cores(2)), Bytes::from_gb(12.0));
    }
}
