//! What is known of store paths: `nix path-info --json`, in every shape it has had.
//!
//! | Nix | shape |
//! |---|---|
//! | up to 2.18, and Lix | a list of objects with `path`; `valid: false` for those not there |
//! | 2.19 | an object by path; `null` for those not there |
//! | 2.33, `--json-format 2` | `{version, storeDir, info}`, last components of paths |
//! | 2.35, `--json-format 3` | the same, signatures as objects |

use std::collections::BTreeSet;

use crate::json::{Fault, Kind, Scanner, Text};
use crate::{Bytes, ContentHash, DEFAULT_STORE_DIR, Error, Format, HashAlgo, StorePath};

/// The newest version of the format that is known here.
const NEWEST: u64 = 3;

/// One store path, as a store or a binary cache knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathInfo {
    /// The path.
    pub path: StorePath,
    /// The size of its NAR: unpacked.
    pub nar_size: Bytes,
    /// The hash of its NAR.
    pub nar_hash: Option<ContentHash>,
    /// What it refers to, itself included where it does, in the order written.
    pub references: Vec<StorePath>,
    /// The derivation that made it, where that is known.
    pub deriver: Option<StorePath>,
    /// The content address (`fixed:r:sha256:…`), where it has one.
    pub ca: Option<String>,
    /// What has to be downloaded, compressed; only a binary cache knows.
    pub download_size: Option<Bytes>,
    /// The NAR's place, relative to the cache; only a binary cache knows.
    pub url: Option<String>,
    /// `name:signature`, in the order written.
    pub signatures: Vec<String>,
    /// NAR sizes of the path and all it refers to, directly or not; only where asked for.
    pub closure_size: Option<Bytes>,
    /// Compressed sizes of the same; only where asked for, of a binary cache.
    pub closure_download_size: Option<Bytes>,
}

impl PathInfo {
    /// A path of which only the size is known.
    pub fn new(path: StorePath, nar_size: Bytes) -> Self {
        Self {
            path,
            nar_size,
            nar_hash: None,
            references: Vec::new(),
            deriver: None,
            ca: None,
            download_size: None,
            url: None,
            signatures: Vec::new(),
            closure_size: None,
            closure_download_size: None,
        }
    }

    /// The text that Nix signs of a path: `1;PATH;NARHASH;NARSIZE;REFERENCES`, the references sorted and
    /// with commas between them. `None` where hash or size are not known.
    ///
    /// Whoever signed it stands in for what the path's NAR is and refers to, and for nothing else of
    /// what a cache says.
    pub fn fingerprint(&self) -> Option<String> {
        let hash = self.nar_hash.as_ref()?;
        let references: BTreeSet<&str> = self.references.iter().map(StorePath::as_str).collect();
        let references: Vec<&str> = references.into_iter().collect();
        (self.nar_size > Bytes(0)).then(|| {
            format!(
                "1;{};{}:{};{};{}",
                self.path,
                hash.algo().as_str(),
                hash.to_base32(),
                self.nar_size.0,
                references.join(",")
            )
        })
    }
}

/// What was asked about, and what is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathInfos {
    /// Paths that are there, ascending.
    pub valid: Vec<PathInfo>,
    /// Paths that are not, ascending.
    pub invalid: Vec<StorePath>,
}

/// Reads what `nix path-info --json` printed.
///
/// # Errors
/// The first fault of the text, with its position; one path given twice is one.
pub fn read(input: &[u8]) -> Result<PathInfos, Error> {
    read_text(input).map_err(|fault| *fault)
}

fn read_text(input: &[u8]) -> Result<PathInfos, Fault> {
    let mut scanner = Scanner::new(input, Format::PathInfoJson)?;
    let mut infos = PathInfos::default();
    if scanner.kind()? == Kind::Array {
        scanner.array("the input", |scanner| {
            scanner.kind()?;
            let at = scanner.offset();
            entry(scanner, None, DEFAULT_STORE_DIR, at, &mut infos)
        })?;
    } else {
        let header = Header::find(scanner.clone())?;
        scanner.object("the input", |scanner, key| {
            if header.wrapped && key.is("info") {
                scanner.object("info", |scanner, key| {
                    entry(scanner, Some(key), &header.store_dir, key.at, &mut infos)
                })
            } else if scanner.kind()? == Kind::Object || scanner.kind()? == Kind::Null {
                entry(scanner, Some(key), &header.store_dir, key.at, &mut infos)
            } else {
                scanner.skip()
            }
        })?;
    }
    scanner.end()?;
    finish(&mut infos, &scanner)?;
    Ok(infos)
}

/// What stands around the entries since Nix 2.33; the entries come first, so it is looked for
/// beforehand.
struct Header {
    wrapped: bool,
    store_dir: String,
}

impl Header {
    fn find(mut scanner: Scanner<'_>) -> Result<Self, Fault> {
        let mut header = Self {
            wrapped: false,
            store_dir: DEFAULT_STORE_DIR.to_owned(),
        };
        scanner.object("the input", |scanner, key| {
            if key.is("info") {
                header.wrapped = true;
                scanner.skip()
            } else if key.is("storeDir") {
                header.store_dir = scanner.string("storeDir")?.decode().into_owned();
                Ok(())
            } else if key.is("version") && scanner.kind()? == Kind::Number {
                scanner.version(NEWEST)
            } else {
                scanner.skip()
            }
        })?;
        Ok(header)
    }
}

/// Sorts, and finds paths that were given twice: a list can have them.
fn finish(infos: &mut PathInfos, scanner: &Scanner<'_>) -> Result<(), Fault> {
    infos.valid.sort_by(|a, b| a.path.cmp(&b.path));
    infos.invalid.sort();
    infos.invalid.dedup();
    infos.valid.dedup();
    let twice = infos
        .valid
        .windows(2)
        .find(|pair| pair[0].path == pair[1].path);
    match twice {
        Some(pair) => Err(Box::new(Error::DuplicateKey {
            key: pair[0].path.to_string(),
            position: scanner.position(0),
        })),
        None => Ok(()),
    }
}

/// Reads one entry: an object, or `null` for a path that is not there.
fn entry<'a>(
    scanner: &mut Scanner<'a>,
    key: Option<Text<'a>>,
    store_dir: &str,
    at: usize,
    infos: &mut PathInfos,
) -> Result<(), Fault> {
    let mut path = match key {
        Some(key) => Some(store_path(scanner, key, store_dir)?),
        None => None,
    };
    if scanner.kind()? == Kind::Null && path.is_some() {
        infos.invalid.extend(path);
        return scanner.skip();
    }
    let mut fields = Fields::default();
    let mut valid = true;
    scanner.object("path-info", |scanner, key| match &*key.decode() {
        "path" if path.is_none() => {
            let text = scanner.string("path")?;
            path = Some(store_path(scanner, text, store_dir)?);
            Ok(())
        }
        "valid" => {
            valid = scanner.boolean("valid")?;
            Ok(())
        }
        "version" => scanner.version(NEWEST),
        name => fields.read(scanner, name, store_dir),
    })?;
    let missing = |owner: &str, field| {
        Box::new(Error::MissingField {
            owner: owner.to_owned(),
            field,
            position: scanner.position(at),
        })
    };
    let Some(path) = path else {
        return Err(missing("an entry", "path"));
    };
    if !valid {
        infos.invalid.push(path);
        return Ok(());
    }
    let Some(nar_size) = fields.nar_size else {
        return Err(missing(path.as_str(), "narSize"));
    };
    infos.valid.push(PathInfo {
        nar_hash: fields.nar_hash,
        references: fields.references,
        deriver: fields.deriver,
        ca: fields.ca,
        download_size: fields.download_size,
        url: fields.url,
        signatures: fields.signatures,
        closure_size: fields.closure_size,
        closure_download_size: fields.closure_download_size,
        ..PathInfo::new(path, nar_size)
    });
    Ok(())
}

#[derive(Default)]
struct Fields {
    nar_size: Option<Bytes>,
    nar_hash: Option<ContentHash>,
    references: Vec<StorePath>,
    deriver: Option<StorePath>,
    ca: Option<String>,
    download_size: Option<Bytes>,
    url: Option<String>,
    signatures: Vec<String>,
    closure_size: Option<Bytes>,
    closure_download_size: Option<Bytes>,
}

impl Fields {
    fn read(
        &mut self,
        scanner: &mut Scanner<'_>,
        name: &str,
        store_dir: &str,
    ) -> Result<(), Fault> {
        if scanner.kind()? == Kind::Null {
            return scanner.skip();
        }
        match name {
            "narSize" => self.nar_size = Some(Bytes(scanner.unsigned("narSize")?)),
            "downloadSize" => {
                self.download_size = Some(Bytes(scanner.unsigned("downloadSize")?));
            }
            "closureSize" => self.closure_size = Some(Bytes(scanner.unsigned("closureSize")?)),
            "closureDownloadSize" => {
                self.closure_download_size = Some(Bytes(scanner.unsigned("closureDownloadSize")?));
            }
            "narHash" => self.nar_hash = Some(hash(scanner)?),
            "url" => self.url = Some(scanner.string("url")?.decode().into_owned()),
            "deriver" => {
                let text = scanner.string("deriver")?;
                // Hydra writes this where a path came without one.
                if !text.is("unknown-deriver") {
                    self.deriver = Some(store_path(scanner, text, store_dir)?);
                }
            }
            "references" => scanner.array("references", |scanner| {
                let text = scanner.string("references")?;
                self.references.push(store_path(scanner, text, store_dir)?);
                Ok(())
            })?,
            "signatures" => scanner.array("signatures", |scanner| {
                self.signatures.push(signature(scanner)?);
                Ok(())
            })?,
            "ca" => {
                let start = scanner.offset();
                self.ca = Some(if scanner.kind()? == Kind::String {
                    scanner.string("ca")?.decode().into_owned()
                } else {
                    content_address(scanner, start)?
                });
            }
            _ => scanner.skip()?,
        }
        Ok(())
    }
}

/// A hash is a text, or since 2.33 may be `{algorithm, format, hash}`.
fn hash(scanner: &mut Scanner<'_>) -> Result<ContentHash, Fault> {
    scanner.kind()?;
    let at = scanner.offset();
    let hash = if scanner.kind()? == Kind::Object {
        let (mut algo, mut digest) = (None, None);
        scanner.object("narHash", |scanner, key| {
            if key.is("algorithm") {
                algo = Some(scanner.string("algorithm")?);
            } else if key.is("hash") {
                digest = Some(scanner.string("hash")?);
            } else {
                scanner.skip()?;
            }
            Ok(())
        })?;
        algo.zip(digest).and_then(|(algo, digest)| {
            ContentHash::parse(&digest.decode(), HashAlgo::from_name(&algo.decode()))
        })
    } else {
        ContentHash::parse(&scanner.string("narHash")?.decode(), None)
    };
    hash.ok_or_else(|| scanner.bad_value("narHash", "a hash", at))
}

/// `{method, hash}`, put the way all versions before wrote it.
fn content_address(scanner: &mut Scanner<'_>, at: usize) -> Result<String, Fault> {
    let (mut method, mut digest) = (None, None);
    scanner.object("ca", |scanner, key| {
        if key.is("method") {
            method = Some(scanner.string("method")?.decode());
        } else if key.is("hash") {
            digest = Some(hash(scanner)?);
        } else {
            scanner.skip()?;
        }
        Ok(())
    })?;
    let (Some(method), Some(hash)) = (method, digest) else {
        return Err(scanner.bad_value("ca", "a content address", at));
    };
    let prefix = match &*method {
        "flat" => "fixed:",
        "nar" => "fixed:r:",
        "git" => "fixed:git:",
        "text" => "text:",
        _ => return Err(scanner.bad_value("ca", "a content address", at)),
    };
    Ok(format!(
        "{prefix}{}:{}",
        hash.algo().as_str(),
        hash.to_base32()
    ))
}

/// A signature is a text, or since 2.35 may be `{keyName, sig}`.
fn signature(scanner: &mut Scanner<'_>) -> Result<String, Fault> {
    if scanner.kind()? == Kind::String {
        return Ok(scanner.string("signatures")?.decode().into_owned());
    }
    let (mut name, mut sig) = (String::new(), String::new());
    scanner.object("signatures", |scanner, key| {
        if key.is("keyName") {
            name = scanner.string("keyName")?.decode().into_owned();
        } else if key.is("sig") {
            sig = scanner.string("sig")?.decode().into_owned();
        } else {
            scanner.skip()?;
        }
        Ok(())
    })?;
    Ok(format!("{name}:{sig}"))
}

fn store_path(scanner: &Scanner<'_>, text: Text<'_>, store_dir: &str) -> Result<StorePath, Fault> {
    let name = text.decode();
    let path = if name.starts_with('/') {
        StorePath::parse(&name)
    } else {
        StorePath::from_base_name(store_dir, &name)
    };
    path.map_err(|source| {
        Box::new(Error::StorePath {
            text: name.into_owned(),
            source,
            position: scanner.position(text.at - 1),
        })
    })
}
