//! Names by which a package set knows its derivations: lines of `ATTRIBUTE STORE-PATH`.

use std::path::Path;

use drv_graph::StorePath;

use super::content;
use crate::failure::Failure;
use crate::progress::Progress;

/// Reads a file of attributes, in its order. Blank lines and `#` comments are left out.
pub(crate) fn read(file: &Path, progress: &Progress) -> Result<Vec<(StorePath, String)>, Failure> {
    let bytes = content::read(file, progress)?;
    let text = content::as_text(&bytes, file)?;
    let mut out = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let words: Vec<&str> = line
            .split_once('#')
            .map_or(line, |(before, _)| before)
            .split_whitespace()
            .collect();
        let read = match words[..] {
            [] => continue,
            [attribute, path] => StorePath::parse(path).ok().map(|path| (path, attribute)),
            _ => None,
        };
        let Some((path, attribute)) = read else {
            return Err(Failure::Data {
                file: content::shown(file),
                place: Some(format!("line {number}")),
                code: "bad-attribute",
                message: format!("{:?} is not `ATTRIBUTE STORE-PATH`", line.trim()),
                hint: Some("one attribute and its derivation's store path a line".to_owned()),
            });
        };
        out.push((path, attribute.to_owned()));
    }
    Ok(out)
}
