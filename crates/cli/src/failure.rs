//! Why `hmtool` could not do what it was asked: exit code 2, with a place and a way out.

use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::render::untrusted::for_terminal;

/// Everything that ends a command before it has an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Failure {
    /// The command line, environment and configuration together do not say enough, or contradict
    /// each other.
    #[error("{message}")]
    Usage {
        /// What is missing or wrong.
        message: String,
        /// What to write instead.
        hint: String,
    },
    /// A file cannot be read or written.
    #[error("cannot {doing} {}", path.display())]
    File {
        /// What was tried, e.g. `read`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A text file is not what it should be; every problem in it.
    #[error("{} cannot be used", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// Its content.
        text: String,
        /// What is wrong, in order of place.
        problems: Vec<Problem>,
    },
    /// A data file is not what it should be.
    #[error("{message}")]
    Data {
        /// The file, as it was named.
        file: String,
        /// Where in it, e.g. `line 3, column 7` or `byte 1201 after unpacking`.
        place: Option<String>,
        /// Stable name of the kind.
        code: &'static str,
        /// What is wrong.
        message: String,
        /// The way out.
        hint: Option<String>,
    },
    /// A file is well-formed, but values in it cannot be used; every one of them.
    #[error("{} cannot be used", path.display())]
    Values {
        /// The file.
        path: PathBuf,
        /// What is wrong, in the file's order.
        problems: Vec<BadValue>,
    },
    /// Another program is missing, failed, or took too long.
    #[error("{message}")]
    Tool {
        /// Its name, e.g. `nix`.
        tool: &'static str,
        /// What happened.
        message: String,
        /// What it wrote to standard error.
        stderr: String,
        /// The way out.
        hint: Option<String>,
    },
    /// A binary cache did not answer.
    #[error("cannot ask {url}")]
    Cache {
        /// The address.
        url: String,
        /// What happened.
        problem: String,
    },
    /// Standard output does not take the result.
    #[error("cannot write the result")]
    Output(#[source] std::io::Error),
}

/// A value that cannot be used, in a file whose places are no longer known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadValue {
    /// Stable name of the kind.
    pub(crate) code: &'static str,
    /// Its key, e.g. `memory.total`.
    pub(crate) key: String,
    /// What is wrong with it.
    pub(crate) message: String,
    /// The way out.
    pub(crate) hint: Option<String>,
}

/// Something wrong at a place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where, in bytes.
    pub(crate) span: Range<usize>,
    /// What is wrong.
    pub(crate) message: String,
    /// A word beside the caret; may be empty.
    pub(crate) label: String,
    /// The way out.
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// A stable name of the kind.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Usage { .. } => "usage",
            Self::File { .. } => "file",
            Self::Text { .. } => "bad-file",
            Self::Values { .. } => "bad-value",
            Self::Data { code, .. } => code,
            Self::Tool { tool, .. } => tool,
            Self::Cache { .. } => "cache",
            Self::Output(_) => "output",
        }
    }

    /// A file that cannot be read.
    pub(crate) fn reading(path: &Path, source: std::io::Error) -> Self {
        Self::File {
            doing: "read",
            path: path.to_owned(),
            source,
        }
    }

    /// With a way out, where another program failed and none is known yet.
    #[must_use]
    pub(crate) fn hinted(mut self, way_out: &str) -> Self {
        if let Self::Tool { hint, .. } = &mut self {
            hint.get_or_insert_with(|| way_out.to_owned());
        }
        self
    }

    /// Whether the reader of standard output went away, which is not an error.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(e) if e.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// The way out.
    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } if !hint.is_empty() => Some(hint.clone()),
            Self::Data { hint, .. } | Self::Tool { hint, .. } => hint.clone(),
            Self::File { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                Some("check the path; paths in hmtool.toml are relative to that file".to_owned())
            }
            Self::File { source, .. } if source.kind() == std::io::ErrorKind::IsADirectory => {
                Some("give a file in it".to_owned())
            }
            Self::Cache { .. } => Some("check the address, or leave the cache out".to_owned()),
            _ => None,
        }
    }

    /// What happened and where, in one line.
    pub(crate) fn message(&self) -> String {
        let mut parts = vec![self.to_string()];
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            parts.push(cause.to_string());
            source = cause.source();
        }
        match self {
            Self::Data { file, place, .. } => {
                let place = place.as_ref().map_or(String::new(), |p| format!(", {p}"));
                parts.insert(0, format!("{file}{place}"));
            }
            Self::Cache { problem, .. } => parts.push(problem.clone()),
            _ => {}
        }
        parts.join(": ")
    }

    /// The message for standard error, with ANSI styles.
    pub(crate) fn render(&self) -> String {
        let renderer = Renderer::styled();
        let mut out = String::new();
        if let Self::Text {
            path,
            text,
            problems,
        } = self
        {
            let path = for_terminal(&path.to_string_lossy()).into_owned();
            for problem in problems {
                out.push_str(&renderer.render(&[problem.group(&path, text)]));
                out.push('\n');
            }
            return out;
        }
        if let Self::Values { path, problems } = self {
            for problem in problems {
                let message = format!("{}, {}: {}", path.display(), problem.key, problem.message);
                let title = Level::ERROR
                    .primary_title(for_terminal(&message).into_owned())
                    .id(problem.code);
                let mut group = annotate_snippets::Group::with_title(title);
                if let Some(hint) = &problem.hint {
                    group = group.element(Level::HELP.message(for_terminal(hint).into_owned()));
                }
                out.push_str(&renderer.render(&[group]));
                out.push('\n');
            }
            return out;
        }
        let title = Level::ERROR
            .primary_title(for_terminal(&self.message()).into_owned())
            .id(self.code());
        let mut group = annotate_snippets::Group::with_title(title);
        if let Self::Tool { tool, stderr, .. } = self {
            // The last lines hold the error; the trace above them can be hundreds of lines.
            let lines: Vec<&str> = stderr.lines().collect();
            for line in &lines[lines.len().saturating_sub(20)..] {
                group = group.element(
                    Level::NOTE
                        .with_name(*tool)
                        .message(for_terminal(line).into_owned()),
                );
            }
        }
        if let Some(hint) = self.hint() {
            group = group.element(Level::HELP.message(for_terminal(&hint).into_owned()));
        }
        out.push_str(&renderer.render(&[group]));
        out.push('\n');
        out
    }
}

impl Problem {
    /// A problem with neither label nor way out.
    pub(crate) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            label: String::new(),
            hint: None,
        }
    }

    /// With a word beside the caret.
    #[must_use]
    pub(crate) fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// With a way out.
    #[must_use]
    pub(crate) fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn group<'a>(&'a self, path: &'a str, text: &'a str) -> annotate_snippets::Group<'a> {
        let end = self.span.end.min(text.len());
        let start = self.span.start.min(end);
        let mut annotation = AnnotationKind::Primary.span(start..end);
        if !self.label.is_empty() {
            annotation = annotation.label(for_terminal(&self.label));
        }
        let mut group = Level::ERROR
            .primary_title(for_terminal(&self.message))
            .element(Snippet::source(text).path(path).annotation(annotation));
        if let Some(hint) = &self.hint {
            group = group.element(Level::HELP.message(for_terminal(hint)));
        }
        group
    }
}
