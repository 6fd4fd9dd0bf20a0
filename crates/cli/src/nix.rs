//! The one place where the real Nix is called.

use std::ffi::OsStr;
use std::path::Path;

use drv_graph::StorePath;
use tier_planner::Millis;

use crate::failure::Failure;
use crate::input::roots::Wanted;
use crate::process::Call;
use crate::progress::Progress;

/// What to do when there is no Nix.
const GET_NIX: &str =
    "install it with `apt-get install nix-bin` or from https://nixos.org/download";
const GET_NIX_OR_FILES: &str = "install it with `apt-get install nix-bin` or from \
                                https://nixos.org/download, or give captured files with --graph and \
                                --roots";

/// What to do when it takes too long.
const NIX_TIMEOUT: &str = "give it more time with --nix-timeout";
const STEP_TIMEOUT: &str = "give it more time with --step-timeout";

/// Paths given to one call: far below what the kernel allows as arguments (ARG_MAX, 2 MB).
const BATCH: usize = 2_000;

/// Whether an evaluation may have things built, as Nix says it itself.
const MAY_BUILD: &str = "allow-import-from-derivation";

/// What Nix says of a flake without the attribute that is asked for.
const NO_ATTRIBUTE: &str = "does not provide attribute";

/// What Nix may do to evaluate. It writes `.drv` files and copies sources to its store in any case; it
/// builds nothing unless it is allowed to, and no lock file is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evaluation {
    /// How long it may take.
    pub(crate) limit: Millis,
    /// Whether what it reads may be built for that: import from derivation.
    pub(crate) builds: bool,
}

impl Evaluation {
    fn options(self) -> [&'static str; 3] {
        // Nix builds what is imported by default; this goes before every configuration.
        [
            "--option",
            MAY_BUILD,
            if self.builds { "true" } else { "false" },
        ]
    }

    /// Why an evaluation failed, with the way out where it must not build, and where there is
    /// nothing of the name.
    fn failed(self, failure: Failure) -> Failure {
        match &failure {
            Failure::Tool { stderr, .. } if !self.builds && stderr.contains(MAY_BUILD) => failure
                .hinted("hmtool has nothing built unless it is told to: give --allow-import-from-derivation"),
            Failure::Tool { stderr, .. } if stderr.contains(NO_ATTRIBUTE) => {
                failure.hinted("`nix flake show` lists what the flake has")
            }
            _ => failure,
        }
    }
}

/// Evaluates `installables` as seen from `dir` and gives what `nix derivation show -r` prints: one
/// text for each call it takes.
///
/// Also the way to read `.drv` files of which only the paths are known: a store need not lie
/// where its paths say (`NIX_REMOTE`, `--store`).
pub(crate) fn derivations(
    dir: &Path,
    installables: &[&str],
    evaluation: Evaluation,
    progress: &Progress,
) -> Result<Vec<Vec<u8>>, Failure> {
    let mut show = vec!["--extra-experimental-features", "nix-command flakes"];
    // `show-derivation` is the name until 2.13, and an alias with a warning until 2.31.
    if version(evaluation.limit, progress)? < (2, 14) {
        show.push("show-derivation");
    } else {
        show.extend(["derivation", "show"]);
    }
    show.extend(["--recursive", "--no-write-lock-file"]);
    show.extend(evaluation.options());
    show.push("--");
    let doing = match installables {
        [only] => format!("nix evaluates {only}"),
        _ => "nix reads derivations".to_owned(),
    };
    let calls = installables.chunks(BATCH).map(|batch| {
        let args = [&show[..], batch].concat();
        let printed = run("nix", &args, dir, evaluation.limit, &doing, progress);
        printed.map_err(|failure| evaluation.failed(failure))
    });
    calls.collect()
}

/// Instantiates the `default.nix` of `dir`: the `.drv` files of all its derivations, and which
/// output is meant where that is another than `out`.
pub(crate) fn instantiate(
    dir: &Path,
    evaluation: Evaluation,
    progress: &Progress,
) -> Result<Vec<Wanted>, Failure> {
    let doing = format!("nix-instantiate evaluates {}", dir.display());
    let args = [&evaluation.options()[..], &["./default.nix"]].concat();
    let limit = evaluation.limit;
    let printed = run("nix-instantiate", &args, dir, limit, &doing, progress)
        .map_err(|failure| evaluation.failed(failure))?;
    let text = String::from_utf8_lossy(&printed);
    let paths = text.lines().map(|word| {
        Wanted::parse_path(word).map_err(|error| Failure::Tool {
            tool: "nix",
            message: format!("nix-instantiate printed {word:?}: {error}"),
            stderr: String::new(),
            hint: None,
        })
    });
    paths.collect()
}

/// Which of `paths` are valid in this machine's store.
pub(crate) fn valid(
    paths: &[StorePath],
    limit: Millis,
    progress: &Progress,
) -> Result<Vec<StorePath>, Failure> {
    let mut invalid = std::collections::HashSet::new();
    for batch in paths.chunks(BATCH) {
        let mut args = vec!["--check-validity", "--print-invalid"];
        args.extend(batch.iter().map(StorePath::as_str));
        let doing = "nix-store checks what is there";
        let printed = store("nix-store", &args, limit, doing, NIX_TIMEOUT, progress)?;
        let text = String::from_utf8_lossy(&printed).into_owned();
        invalid.extend(text.lines().map(str::to_owned));
    }
    let valid = paths.iter().filter(|path| !invalid.contains(path.as_str()));
    Ok(valid.cloned().collect())
}

/// What the store says of `paths`, which are valid, and of all they refer to: what `nix path-info
/// --json` prints, one text for each call it takes.
pub(crate) fn path_infos(
    paths: &[StorePath],
    limit: Millis,
    progress: &Progress,
) -> Result<Vec<Vec<u8>>, Failure> {
    let calls = paths.chunks(BATCH).map(|batch| {
        let mut args = vec!["--extra-experimental-features", "nix-command"];
        args.extend(["path-info", "--json", "--recursive", "--"]);
        args.extend(batch.iter().map(StorePath::as_str));
        let doing = "nix tells what is in the store";
        store("nix", &args, limit, doing, STEP_TIMEOUT, progress)
    });
    calls.collect()
}

/// Packs `paths`, which are valid, into the binary cache at `url`, without what they refer to: the
/// cache has to have a narinfo of that.
pub(crate) fn pack(
    paths: &[StorePath],
    url: &str,
    limit: Millis,
    progress: &Progress,
) -> Result<(), Failure> {
    for batch in paths.chunks(BATCH) {
        let mut args = vec!["--extra-experimental-features", "nix-command"];
        args.extend(["copy", "--no-recursive", "--to", url, "--"]);
        args.extend(batch.iter().map(StorePath::as_str));
        let doing = match batch {
            [only] => format!("nix packs {}", only.name()),
            [first, rest @ ..] => format!("nix packs {} and {} more", first.name(), rest.len()),
            [] => String::new(),
        };
        store("nix", &args, limit, &doing, STEP_TIMEOUT, progress)?;
    }
    Ok(())
}

/// Major and minor version of the `nix` in PATH. Lix and Determinate say theirs the same way.
fn version(limit: Millis, progress: &Progress) -> Result<(u32, u32), Failure> {
    let printed = run(
        "nix",
        &["--version"],
        Path::new("."),
        limit,
        "nix",
        progress,
    )?;
    Ok(parse_version(&String::from_utf8_lossy(&printed)))
}

/// The last word of `nix (Nix) 2.8.0`. What cannot be read counts as the newest.
fn parse_version(text: &str) -> (u32, u32) {
    let read = || {
        let word = text.split_whitespace().last()?;
        let mut parts = word.split(|c: char| !c.is_ascii_digit());
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    };
    read().unwrap_or((u32::MAX, 0))
}

/// Runs a program of Nix in `dir` and gives its standard output.
fn run<A: AsRef<OsStr>>(
    program: &str,
    args: &[A],
    dir: &Path,
    limit: Millis,
    doing: &str,
    progress: &Progress,
) -> Result<Vec<u8>, Failure> {
    let call = Call {
        tool: "nix",
        program,
        dir,
        env: &[],
        limit,
        doing,
        when_missing: GET_NIX_OR_FILES,
        when_slow: Some(NIX_TIMEOUT),
    };
    call.run(args, progress)
}

/// Runs a program of Nix on this machine's store and gives its standard output.
fn store(
    program: &str,
    args: &[&str],
    limit: Millis,
    doing: &str,
    when_slow: &str,
    progress: &Progress,
) -> Result<Vec<u8>, Failure> {
    let call = Call {
        tool: "nix",
        program,
        dir: Path::new("."),
        env: &[],
        limit,
        doing,
        when_missing: GET_NIX,
        when_slow: Some(when_slow),
    };
    call.run(args, progress)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_each_nix_prints() {
        for (text, version) in [
            ("nix (Nix) 2.8.0\n", (2, 8)),
            ("nix (Nix) 2.26.3", (2, 26)),
            ("nix (Nix) 2.34pre20260101_abc", (2, 34)),
            ("nix (Lix, like Nix) 2.91.1", (2, 91)),
            ("nix (Determinate Nix 3.11.2) 2.31.1", (2, 31)),
            ("something else", (u32::MAX, 0)),
        ] {
            assert_eq!(parse_version(text), version, "{text}");
        }
    }
}
