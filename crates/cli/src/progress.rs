//! A bar on standard error for what takes long, only where somebody watches.

use std::cell::Cell;
use std::io::{IsTerminal, Read};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Nothing is shown of what is done sooner: a bar that flashes by only distracts.
const PATIENCE: Duration = Duration::from_millis(200);

/// One bar, shared by everything a command does one after another.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Whether standard error is a terminal.
    watched: bool,
    /// When to show the bar; `None` when it is shown already.
    show_at: Cell<Option<Instant>>,
}

/// Something under way; its bar goes when this is dropped.
pub(crate) struct Underway<'a> {
    progress: &'a Progress,
}

impl Progress {
    /// A bar on standard error if that is a terminal, else nothing at all.
    pub(crate) fn new() -> Self {
        Self {
            bar: ProgressBar::hidden(),
            watched: std::io::stderr().is_terminal(),
            show_at: Cell::new(None),
        }
    }

    /// Nothing at all, whoever watches.
    pub(crate) fn hidden() -> Self {
        Self {
            watched: false,
            ..Self::new()
        }
    }

    /// Announces the reading of `what`, of `size` bytes where that is known.
    pub(crate) fn reading(&self, what: &str, size: Option<u64>) -> Underway<'_> {
        let template = if size.is_some() {
            "reading {msg} [{bar:30}] {bytes} of {total_bytes}"
        } else {
            "reading {msg} {bytes}"
        };
        self.start(what, size, template)
    }

    /// Announces questions to caches.
    pub(crate) fn asking(&self, what: &str) -> Underway<'_> {
        self.start(what, None, "asking {msg}, {pos} answers")
    }

    /// Announces something of which only the end is known.
    pub(crate) fn waiting(&self, what: &str) -> Underway<'_> {
        self.start(what, None, "{spinner} {msg} {elapsed}")
    }

    fn start(&self, what: &str, length: Option<u64>, template: &str) -> Underway<'_> {
        let style = ProgressStyle::with_template(template);
        self.bar
            .set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.bar.reset();
        match length {
            Some(length) => self.bar.set_length(length),
            None => self.bar.unset_length(),
        }
        self.bar
            .set_message(crate::render::untrusted::fitted(what, 40, false));
        self.show_at.set(Some(Instant::now() + PATIENCE));
        Underway { progress: self }
    }

    /// `n` more of what was announced; with 0 a sign of life.
    pub(crate) fn advance(&self, n: u64) {
        if !self.watched {
            return;
        }
        if self.show_at.get().is_some_and(|at| at <= Instant::now()) {
            self.show_at.set(None);
            self.bar
                .set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        }
        if n == 0 {
            self.bar.tick();
        } else {
            self.bar.inc(n);
        }
    }

    /// A reader whose bytes are counted.
    pub(crate) fn wrap<R: Read>(&self, reader: R) -> impl Read {
        Counted {
            reader,
            progress: self,
        }
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.progress.bar.finish_and_clear();
        self.progress
            .bar
            .set_draw_target(ProgressDrawTarget::hidden());
    }
}

struct Counted<'a, R> {
    reader: R,
    progress: &'a Progress,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.reader.read(buffer)?;
        self.progress.advance(n as u64);
        Ok(n)
    }
}
