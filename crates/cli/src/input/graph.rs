//! Graphs of derivations, from whatever a Nix wrote them in.

use std::path::{Path, PathBuf};

use drv_graph::derivation_json::PieceReader;
use drv_graph::{
    DerivationGraph, DerivationGraphBuilder, DrvFiles, EvalJob, Format, KeepEnv, ReadOptions,
    StorePath, derivation_json, eval_jobs,
};
use hw_profile::arch::TARGET_VARIABLES;
use tier_planner::subject::ENV_KEYS;

use super::content::{self, Pieces};
use super::roots::{Wanted, What};
use super::{data_failure, store_object};
use crate::failure::Failure;
use crate::progress::Progress;

/// A graph, and what its files say besides.
pub(crate) struct Graph {
    /// The derivations of all files.
    pub(crate) derivations: DerivationGraph,
    /// Derivations that the files themselves ask for: the jobs of nix-eval-jobs, a `.drv` file.
    pub(crate) wanted: Vec<Wanted>,
    /// Attribute paths by derivation, as nix-eval-jobs gives them.
    pub(crate) attributes: Vec<(StorePath, String)>,
    /// Jobs that failed to evaluate, with their error.
    pub(crate) failed_jobs: Vec<(String, String)>,
}

/// What to keep of environments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// What estimates look at.
    ForEstimates,
    /// That, and what is needed to compare the graph with another.
    ToCompare,
    /// All of that, and what names the processor that is built for.
    ToCheck,
}

/// Reads all files into one graph. `roots` are where a directory of `.drv` files is entered.
pub(crate) fn read(
    files: &[PathBuf],
    roots: &[Wanted],
    keep: Keep,
    progress: &Progress,
) -> Result<Graph, Failure> {
    let mut reading = Reading::new(keep, progress);
    for file in files {
        if file.is_dir() {
            reading.directory(file, roots)?;
        } else {
            reading.file(file)?;
        }
    }
    reading.finish()
}

/// Reads what the evaluation of `name` printed.
pub(crate) fn of_printed(
    name: &Path,
    printed: Vec<Vec<u8>>,
    keep: Keep,
    progress: &Progress,
) -> Result<Graph, Failure> {
    let mut reading = Reading::new(keep, progress);
    for bytes in printed {
        reading.take(name, &bytes)?;
    }
    reading.finish()
}

struct Reading<'a> {
    /// With the first file, to blame for what only shows when all are joined.
    json: Option<(PathBuf, DerivationGraphBuilder)>,
    drv_files: Option<(PathBuf, DrvFiles)>,
    wanted: Vec<Wanted>,
    attributes: Vec<(StorePath, String)>,
    failed_jobs: Vec<(String, String)>,
    options: ReadOptions,
    progress: &'a Progress,
}

impl<'a> Reading<'a> {
    fn new(keep: Keep, progress: &'a Progress) -> Self {
        Self {
            options: options(keep),
            json: None,
            drv_files: None,
            wanted: Vec::new(),
            attributes: Vec::new(),
            failed_jobs: Vec::new(),
            progress,
        }
    }

    fn finish(self) -> Result<Graph, Failure> {
        let derivations = match (self.json, self.drv_files) {
            (Some((file, builder)), None) => {
                builder.finish().map_err(|e| data_failure(&file, &e))?
            }
            (None, Some((file, files))) => files.finish().map_err(|e| data_failure(&file, &e))?,
            (None, None) => DerivationGraphBuilder::new()
                .finish()
                .map_err(|e| data_failure(Path::new(""), &e))?,
            (Some((json, _)), Some((drv, _))) => {
                return Err(Failure::Usage {
                    message: format!(
                        "{} is JSON and {} is not: they do not make one graph",
                        content::shown(&json),
                        content::shown(&drv)
                    ),
                    hint: "give graphs of one kind".to_owned(),
                });
            }
        };
        Ok(Graph {
            derivations,
            wanted: self.wanted,
            attributes: self.attributes,
            failed_jobs: self.failed_jobs,
        })
    }

    /// A file; JSON of derivations as it comes in, for that can be large.
    fn file(&mut self, file: &Path) -> Result<(), Failure> {
        let mut pieces = Pieces::open(file, self.progress)?;
        if Format::detect(pieces.piece()) != Some(Format::DerivationJson) {
            return self.take(file, &pieces.into_whole()?);
        }
        let (builder, options) = self.json(file);
        let mut reader = PieceReader::new(options);
        loop {
            let is_last = pieces.is_last();
            let done = reader
                .read(builder, pieces.piece(), is_last)
                .map_err(|e| data_failure(file, &e))?;
            if is_last {
                return Ok(());
            }
            pieces.advance(done)?;
        }
    }

    fn json(&mut self, file: &Path) -> (&mut DerivationGraphBuilder, &ReadOptions) {
        let start = || (file.to_owned(), DerivationGraphBuilder::new());
        let (_, builder) = self.json.get_or_insert_with(start);
        (builder, &self.options)
    }

    fn take(&mut self, file: &Path, bytes: &[u8]) -> Result<(), Failure> {
        if bytes.trim_ascii().is_empty() {
            return Err(Failure::Data {
                file: content::shown(file),
                place: None,
                code: "empty-file",
                message: "the file is empty".to_owned(),
                hint: Some("did the command that wrote it fail?".to_owned()),
            });
        }
        match Format::detect(bytes) {
            Some(Format::DerivationJson) => {
                let (builder, options) = self.json(file);
                derivation_json::read_into(builder, bytes, options)
                    .map_err(|e| data_failure(file, &e))
            }
            Some(Format::ATerm) => self.drv_file(file, bytes),
            Some(Format::EvalJobs) => {
                let jobs = eval_jobs::read(bytes).map_err(|e| data_failure(file, &e))?;
                self.jobs(file, jobs)
            }
            // A list of what no list of Nix has says nothing of its format.
            Some(Format::PathInfoJson) if is_other_list(bytes) => Err(unknown_format(file, bytes)),
            Some(other) => Err(Failure::Data {
                file: content::shown(file),
                place: None,
                code: "no-graph",
                message: format!("this is {other}, which has no graph of derivations"),
                hint: Some("give what `nix derivation show -r` prints".to_owned()),
            }),
            None => Err(unknown_format(file, bytes)),
        }
    }

    /// One `.drv` file; what it needs lies beside it.
    fn drv_file(&mut self, file: &Path, bytes: &[u8]) -> Result<(), Failure> {
        let Some(path) = store_object::of_drv_file(file, bytes) else {
            return Err(Failure::Data {
                file: content::shown(file),
                place: None,
                code: "unnamed-derivation",
                message: "a .drv file's own store path is its name, and this is none".to_owned(),
                hint: Some("give the file as it lies in the store, hash and all".to_owned()),
            });
        };
        let dir = file.parent().unwrap_or(Path::new(".")).to_owned();
        self.wanted.push(Wanted::path(path.clone()));
        let (_, files) = self.start(file);
        files
            .give(&path, bytes)
            .map_err(|e| data_failure(file, &e))?;
        self.follow(&dir)
    }

    /// A directory with `.drv` files: from the roots down if there are any, else all of them.
    fn directory(&mut self, dir: &Path, roots: &[Wanted]) -> Result<(), Failure> {
        let mut wanted: Vec<StorePath> = roots
            .iter()
            .filter_map(|root| match &root.what {
                What::Path(path) if path.is_derivation() => Some(path.clone()),
                _ => None,
            })
            .collect();
        if wanted.is_empty() {
            wanted = store_object::drv_files_in(dir)?;
        }
        let (_, files) = self.start(dir);
        for path in &wanted {
            files.want(path);
        }
        self.follow(dir)
    }

    /// Jobs of nix-eval-jobs: their `.drv` files lie in the store that they name.
    fn jobs(&mut self, file: &Path, jobs: Vec<EvalJob>) -> Result<(), Failure> {
        let mut store = None;
        for job in jobs {
            match job.result {
                Ok(evaluated) => {
                    if !Path::new(evaluated.path.as_str()).exists() {
                        return Err(not_in_store(file, &job.attr, &evaluated.path));
                    }
                    store.get_or_insert_with(|| PathBuf::from(evaluated.path.store_dir()));
                    self.start(file).1.want(&evaluated.path);
                    self.wanted.push(Wanted::path(evaluated.path.clone()));
                    self.attributes.push((evaluated.path, job.attr));
                }
                Err(error) => self.failed_jobs.push((job.attr, error)),
            }
        }
        match store {
            Some(store) => self.follow(&store),
            None => Ok(()),
        }
    }

    fn start(&mut self, file: &Path) -> &mut (PathBuf, DrvFiles) {
        self.drv_files
            .get_or_insert_with(|| (file.to_owned(), DrvFiles::new(self.options.clone())))
    }

    /// Reads from `dir` what is wanted and what that needs. A file that is not there is a
    /// dangling input, which is reported with all others at the end.
    fn follow(&mut self, dir: &Path) -> Result<(), Failure> {
        let Some((_, files)) = &mut self.drv_files else {
            return Ok(());
        };
        let _reading = self.progress.reading(&content::shown(dir), None);
        while let Some(path) = files.next_wanted() {
            let file = dir.join(path.base_name());
            match std::fs::read(&file) {
                Ok(bytes) => {
                    self.progress.advance(bytes.len() as u64);
                    files
                        .give(&path, &bytes)
                        .map_err(|e| data_failure(&file, &e))?;
                }
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Err(e) => return Err(Failure::reading(&file, e)),
            }
        }
        Ok(())
    }
}

/// What estimates look at is kept of the environments.
fn options(keep: Keep) -> ReadOptions {
    let mut names = ENV_KEYS.map(str::to_owned).to_vec();
    match keep {
        Keep::ToCheck => names.extend(TARGET_VARIABLES.map(str::to_owned)),
        // `drv_graph::drivers` asks what builds a derivation.
        Keep::ToCompare => names.push("stdenv".to_owned()),
        Keep::ForEstimates => {}
    }
    names.sort_unstable();
    names.dedup();
    ReadOptions {
        keep_env: KeepEnv::Named(names),
        recipes: keep != Keep::ForEstimates,
        ..ReadOptions::default()
    }
}

/// Jobs of nix-eval-jobs are nothing without the store that they were evaluated into.
fn not_in_store(file: &Path, attr: &str, path: &StorePath) -> Failure {
    Failure::Data {
        file: content::shown(file),
        place: Some(format!("job {attr}")),
        code: "missing-derivation",
        message: format!("{path} is not there"),
        hint: Some(
            "read the lines where they were written and before garbage is collected, or give what \
             `nix derivation show -r` prints"
                .to_owned(),
        ),
    }
}

/// Bytes that a message shows of what it does not know.
const SHOWN: usize = 40;

/// That a file is nothing that is known, with how it begins: a page of a web server, an archive,
/// the warnings of a command.
fn unknown_format(file: &Path, bytes: &[u8]) -> Failure {
    let error = drv_graph::Error::UnknownFormat;
    let start = bytes.trim_ascii_start();
    let line = start.split(|&c| c == b'\n').next().unwrap_or_default();
    // No more is looked at than characters of four bytes take.
    let line = String::from_utf8_lossy(&line[..line.len().min(4 * SHOWN)]);
    let shown: String = line.chars().take(SHOWN).collect();
    let way_out = if bytes.get(257..262) == Some(b"ustar") {
        Some("this is a tar archive: unpack it, and give the directory with the .drv files")
    } else if let [0xef, 0xbb, 0xbf, ..] | [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = bytes {
        Some("save it as UTF-8 without a byte order mark")
    } else if [&b"error"[..], b"warning"]
        .iter()
        .any(|word| start.starts_with(word))
    {
        Some("this is what a command said on standard error: write only its output into the file")
    } else {
        None
    };
    Failure::Data {
        file: content::shown(file),
        place: None,
        code: error.code(),
        message: format!("{error}; it begins with {shown:?}"),
        hint: way_out.or(error.hint()).map(str::to_owned),
    }
}

/// Whether it is a JSON list of neither objects nor texts.
fn is_other_list(bytes: &[u8]) -> bool {
    let inside = bytes.trim_ascii().strip_prefix(b"[");
    inside.is_some_and(|inside| !matches!(inside.trim_ascii_start(), [b'{' | b'"', ..]))
}
