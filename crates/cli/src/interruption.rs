//! Being told to end before the end: other programs are ended first, and temporary folders removed.
//!
//! A terminal's Ctrl-C reaches the programs that were started too, a signal to `hmtool` alone does not.
//! Neither removes anything. What is begun here is known to a thread that waits for the signals; it
//! cleans up and ends `hmtool` as the signal would have.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use tempfile::TempDir;

/// How long a program may take to end by itself: Nix ends the builds that it runs, and removes what it
/// wrote halfway. It does not while it only computes.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often it is looked at whether one has ended.
const PAUSE: Duration = Duration::from_millis(10);

/// What must not outlive `hmtool`.
struct Begun {
    programs: Vec<Pid>,
    folders: Vec<PathBuf>,
}

static BEGUN: Mutex<Begun> = Mutex::new(Begun {
    programs: Vec::new(),
    folders: Vec::new(),
});

/// Whether a signal has come, from that very moment on.
static TOLD: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Waits for ever once a signal has come: nothing is begun after that.
fn begun() -> MutexGuard<'static, Begun> {
    BEGUN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for the end that a signal has asked for, if one has: nobody is to read complaints of what was
/// ended on purpose, by `hmtool` or by a terminal's Ctrl-C.
pub(crate) fn settle() {
    while TOLD.load(Ordering::SeqCst) {
        thread::park();
    }
}

/// A program that runs.
pub(crate) struct Running {
    child: Child,
    pid: Pid,
}

impl Running {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        watch();
        let mut begun = begun();
        let child = command.spawn()?;
        let pid = Pid::from_child(&child);
        begun.programs.push(pid);
        Ok(Self { child, pid })
    }

    /// Its pipes.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Whether it has ended, and how.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Ends it, by force where it does not end by itself.
    pub(crate) fn end(&mut self) {
        // Errors here mean that it ended in the meantime.
        let _ = kill_process(self.pid, Signal::TERM);
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if !matches!(self.ended(), Ok(None)) {
                return;
            }
            thread::sleep(PAUSE);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.ended(), Ok(None)) {
            self.end();
        }
        begun().programs.retain(|pid| *pid != self.pid);
    }
}

/// A temporary folder of `hmtool` alone, removed with all that is in it when this is dropped.
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes one where the system has such.
    pub(crate) fn new() -> io::Result<Self> {
        watch();
        let mut begun = begun();
        let path = TempDir::with_prefix("hmtool-")?.keep();
        begun.folders.push(path.clone());
        Ok(Self { path })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let mut begun = begun();
        // The system clears what cannot be removed.
        let _ = std::fs::remove_dir_all(&self.path);
        begun.folders.retain(|path| *path != self.path);
    }
}

/// Waits for signals from now on, in a thread of its own.
fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let signals = [SIGHUP, SIGINT, SIGTERM];
        let ignored = ignored();
        let heeded = signals
            .into_iter()
            .filter(|signal| ignored & (1 << (signal - 1)) == 0);
        let heeded: Vec<i32> = heeded.collect();
        // Without the thread a signal ends `hmtool` at once, as it does elsewhere.
        if let Ok(mut signals) = Signals::new(&heeded) {
            for &signal in &heeded {
                // It fails for signals that the line above has refused.
                let _ = flag::register(signal, Arc::clone(&TOLD));
            }
            thread::spawn(move || {
                if let Some(signal) = signals.forever().next() {
                    end(signal, || signals.pending().next().is_some());
                }
            });
        }
    });
}

/// The signals that whoever started `hmtool` has it ignore, one bit each: `nohup` does, and shells for
/// what runs in the background. They stay ignored. None where the system does not tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

/// Ends what was begun, then `hmtool`, as the signal would have; without patience where that is
/// `insisted` on by a second signal.
fn end(signal: i32, mut insisted: impl FnMut() -> bool) {
    // Kept until the process is no more.
    let begun = begun();
    let signal_all = |signal| {
        for &pid in &begun.programs {
            // Errors mean that it ended in the meantime.
            let _ = kill_process(pid, signal);
        }
    };
    // Whoever waits for them sees them end; until then they are there.
    let some_are_there = || {
        begun
            .programs
            .iter()
            .any(|&pid| test_kill_process(pid).is_ok())
    };
    let mut wait = |heeds_insistence: bool| {
        let deadline = Instant::now() + PATIENCE;
        while some_are_there() && Instant::now() < deadline && !(heeds_insistence && insisted()) {
            thread::sleep(PAUSE);
        }
    };
    signal_all(Signal::TERM);
    wait(true);
    if some_are_there() {
        signal_all(Signal::KILL);
        // What still runs could write to the folders.
        wait(false);
    }
    for folder in &begun.folders {
        let _ = std::fs::remove_dir_all(folder);
    }
    let _ = emulate_default_handler(signal);
    std::process::exit(128 + signal);
}
