//! An evaluation that does not come to an end is ended with `hmtool`, and leaves nothing behind.

use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::nix::Nix;
use crate::repository::Repository;

/// Waits for what nobody writes. Nix ends by itself when it is told to.
fn waiting(nix: &Nix) -> String {
    let fifo = nix
        .folder()
        .canonicalize()
        .expect("it is there")
        .join("fifo");
    nix.run("mkfifo", &[fifo.to_str().expect("UTF-8")]);
    format!("builtins.readFile {}", fifo.display())
}

/// Computes for hours. Nix does not heed signals meanwhile.
const COMPUTING: &str = "
  let numbers = builtins.genList (n: n) 10000; all = builtins.all; in
  all (_: all (_: all (_: all (_: true) numbers) numbers) numbers) numbers
";

/// Who is sent a signal.
#[derive(Clone, Copy)]
enum To {
    /// The process alone, as `kill` does.
    Hmtool,
    /// All that it has started too, as a terminal does.
    Group,
}

fn start(repository: &Repository) -> Child {
    // Where these tests run in the background, a shell has had SIGINT ignored, and hmtool leaves it so.
    let mut command = repository.command("env");
    command.args(["--default-signal", env!("CARGO_BIN_EXE_hmtool")]);
    command.args(["impact", "--since", "HEAD"]).process_group(0);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("hmtool runs")
}

/// The process that `parent` has started, once it is one of Nix.
fn nix_of(parent: &Child) -> u32 {
    let is_nix = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after = stat.split(')').nth(1).unwrap_or_default();
        let of = after
            .split_whitespace()
            .nth(1)
            .and_then(|pid| pid.parse().ok());
        stat.contains("(nix-instantiate") && of == Some(parent.id())
    };
    within(Duration::from_secs(30), || {
        let all = fs::read_dir("/proc").expect("there is /proc");
        let all = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        all.into_iter().find(is_nix)
    })
    .expect("Nix is started")
}

fn within<T>(time: Duration, mut found: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + time;
    while Instant::now() < deadline {
        if let Some(found) = found() {
            return Some(found);
        }
        thread::sleep(Duration::from_millis(20));
    }
    None
}

fn is_running(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

fn ends_with_what_it_started(nix: Nix, expression: &str, signal: Signal, to: To) {
    let repository = Repository::with(nix, &[("default.nix", expression)]);
    let before = repository.contents();
    let mut hmtool = start(&repository);
    let nix = nix_of(&hmtool);
    assert_eq!(
        repository.left_behind().len(),
        1,
        "the revision is checked out"
    );
    let pid = Pid::from_child(&hmtool);
    let sent = match to {
        To::Hmtool => kill_process(pid, signal),
        To::Group => kill_process_group(pid, signal),
    };
    sent.expect("it runs");
    let status = within(Duration::from_secs(20), || {
        hmtool.try_wait().expect("it is ours")
    });
    let status = status.unwrap_or_else(|| {
        hmtool.kill().expect("it is ours");
        let nix = Pid::from_raw(nix.cast_signed()).expect("a process");
        let _ = kill_process(nix, Signal::KILL);
        panic!("{signal:?} does not end it");
    });
    assert_eq!(
        status.signal(),
        Some(signal.as_raw()),
        "whoever waits for it sees why"
    );
    assert!(!is_running(nix), "{signal:?}");
    let output = hmtool.wait_with_output().expect("it is ours");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.stdout.is_empty());
    assert_eq!(repository.left_behind(), Vec::<std::path::PathBuf>::new());
    assert_eq!(repository.contents(), before);
}

#[test]
fn a_signal_ends_an_evaluation_that_waits() {
    for (signal, to) in [
        (Signal::INT, To::Hmtool),
        (Signal::INT, To::Group),
        (Signal::TERM, To::Hmtool),
        (Signal::HUP, To::Group),
    ] {
        let Some(nix) = Nix::evaluating("a_signal_ends_an_evaluation_that_waits") else {
            return;
        };
        let waiting = waiting(&nix);
        ends_with_what_it_started(nix, &waiting, signal, to);
    }
}

#[test]
fn a_signal_ends_an_evaluation_that_computes() {
    if let Some(nix) = Nix::evaluating("a_signal_ends_an_evaluation_that_computes") {
        ends_with_what_it_started(nix, COMPUTING, Signal::INT, To::Hmtool);
    }
}

#[test]
fn a_limit_of_time_ends_an_evaluation() {
    for waits in [true, false] {
        let Some(nix) = Nix::evaluating("a_limit_of_time_ends_an_evaluation") else {
            return;
        };
        let expression = if waits {
            waiting(&nix)
        } else {
            COMPUTING.to_owned()
        };
        let repository = Repository::with(nix, &[("default.nix", &expression)]);
        let before = repository.contents();
        let mut command = repository.command(env!("CARGO_BIN_EXE_hmtool"));
        command.args(["impact", "--since", "HEAD", "--nix-timeout", "1s"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let hmtool = command.spawn().expect("hmtool runs");
        let nix = nix_of(&hmtool);
        let output = hmtool.wait_with_output().expect("it is ours");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("nix-instantiate took longer than"), "{said}");
        assert!(said.contains("--nix-timeout"), "{said}");
        assert!(!is_running(nix));
        assert_eq!(repository.left_behind(), Vec::<std::path::PathBuf>::new());
        assert_eq!(repository.contents(), before);
    }
}
