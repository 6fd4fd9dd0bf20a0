//! The files that tell what a machine is: this machine's, or recorded ones.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use hw_profile::detect::{LARGEST_FILE, Snapshot, Wanted};

use super::content;
use crate::failure::Failure;
use crate::progress::Progress;

/// What `nvidia-smi` is asked for, and what is left of it for drivers before 510.
const QUERIES: [&str; 2] = [
    "name,memory.total,driver_version,pci.bus_id,compute_cap",
    "name,memory.total,driver_version,pci.bus_id",
];

/// Where `nvidia-smi` is where it is not in PATH: under WSL, on NixOS.
const NVIDIA_SMI: [&str; 3] = [
    "nvidia-smi",
    "/usr/lib/wsl/lib/nvidia-smi",
    "/run/current-system/sw/bin/nvidia-smi",
];

/// How long a command may take before what it would say is done without.
const PATIENCE: Duration = Duration::from_secs(3);

/// The files of this machine, of the tree at `root`, or of the archive that it is.
pub(crate) fn read(root: Option<&Path>) -> Result<Snapshot, Failure> {
    let (snapshot, hint) = match root {
        None => (live(), "mount /proc and /sys here, or give --root"),
        Some(root) => {
            let metadata = fs::metadata(root).map_err(|error| Failure::reading(root, error))?;
            let snapshot = if metadata.is_dir() {
                let root = fs::canonicalize(root).map_err(|error| Failure::reading(root, error))?;
                tree(&root)
            } else {
                archive(root)?
            };
            let hint = "it has to hold files such as proc/cpuinfo, proc/meminfo and sys/devices/system/cpu/online";
            (snapshot, hint)
        }
    };
    if TELLING.iter().any(|file| snapshot.contains(file)) {
        return Ok(snapshot);
    }
    Err(Failure::Data {
        file: root.unwrap_or(Path::new("/")).display().to_string(),
        place: None,
        code: "no-machine",
        message: "nothing in it tells what a machine is".to_owned(),
        hint: Some(hint.to_owned()),
    })
}

/// Without any of these, nothing worth a word is known of a machine.
const TELLING: [&str; 5] = [
    "proc/cpuinfo",
    "proc/meminfo",
    "sys/devices/system/cpu/online",
    Snapshot::CPUID,
    Snapshot::SYSCTL,
];

fn live() -> Snapshot {
    let mut snapshot = tree(Path::new("/"));
    if snapshot.wants_nvidia_smi() {
        let answer = QUERIES.iter().find_map(|query| {
            let query = format!("--query-gpu={query}");
            let args = [query.as_str(), "--format=csv"];
            NVIDIA_SMI.iter().find_map(|program| ask(program, &args))
        });
        if let Some(answer) = answer {
            snapshot.insert(Snapshot::NVIDIA_SMI, answer);
        }
    }
    if cfg!(target_os = "macos")
        && let Some(answer) = ask("/usr/sbin/sysctl", &["-a"])
    {
        snapshot.insert(Snapshot::SYSCTL, answer);
    }
    snapshot
}

/// What a program prints; none if it is not there, fails or takes too long.
fn ask(program: &str, args: &[&str]) -> Option<Vec<u8>> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut pipe = child.stdout.take()?;
    // Drained while it runs: a full pipe would stop it.
    let output = thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).map(|_| bytes)
    });
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(2)),
            Ok(None) | Err(_) => {
                tracing::warn!("{program} does not answer; it is done without");
                // Errors here mean that it ended by itself in the meantime.
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    };
    let bytes = output.join().ok()?.ok()?;
    status.success().then_some(bytes)
}

/// The wanted files below `root`, which has no symbolic link in its path. What cannot be read is
/// left out: in a container, some of it never can.
fn tree(root: &Path) -> Snapshot {
    let mut snapshot = Snapshot::new();
    for wanted in Snapshot::wanted() {
        take(root, wanted, &mut snapshot);
    }
    if root != Path::new("/") {
        // A recording may keep the files of /proc beside its sys, as `proc_self_cgroup`.
        for name in names_in(root) {
            let is_flat = name.starts_with("proc_") && Snapshot::is_wanted(&name);
            if is_flat
                && let Some(file) = inside(root, &name)
                && let Ok(content) = read_file(&file)
            {
                snapshot.insert(&name, content);
            }
        }
    }
    for wanted in snapshot.wanted_next() {
        take(root, &wanted, &mut snapshot);
    }
    snapshot
}

fn take(root: &Path, wanted: &Wanted, snapshot: &mut Snapshot) {
    for path in expand(root, &wanted.pattern) {
        let Some(file) = inside(root, &path) else {
            continue;
        };
        if !wanted.content {
            snapshot.insert(&path, "");
        } else if let Ok(content) = read_file(&file) {
            snapshot.insert(&path, content);
        }
    }
}

/// The paths below `root` that a pattern means, as far as they are there.
fn expand(root: &Path, pattern: &str) -> Vec<String> {
    let mut paths = vec![String::new()];
    for part in pattern.split('/') {
        let join = |path: &str, name: &str| match path {
            "" => name.to_owned(),
            path => format!("{path}/{name}"),
        };
        paths = match part.split_once('*') {
            None => paths.iter().map(|path| join(path, part)).collect(),
            Some((before, after)) => paths
                .iter()
                .flat_map(|path| {
                    let names = names_in(&root.join(path)).into_iter().filter(|name| {
                        name.strip_prefix(before)
                            .is_some_and(|rest| rest.ends_with(after))
                    });
                    names.map(|name| join(path, &name)).collect::<Vec<_>>()
                })
                .collect(),
        };
    }
    paths
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.collect()
}

/// The file at `path` below `root`; none if it is not there, or if a link leads out of the root: to
/// a file of another machine.
fn inside(root: &Path, path: &str) -> Option<PathBuf> {
    let file = root.join(path);
    if root == Path::new("/") {
        return fs::symlink_metadata(&file).is_ok().then_some(file);
    }
    let file = fs::canonicalize(file).ok()?;
    file.starts_with(root).then_some(file)
}

fn read_file(file: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    // A pipe or a terminal would keep us waiting.
    if fs::metadata(file)?.is_file() {
        fs::File::open(file)?
            .take(LARGEST_FILE as u64)
            .read_to_end(&mut content)?;
    }
    Ok(content)
}

/// The wanted files of a tar archive, which may be packed.
fn archive(path: &Path) -> Result<Snapshot, Failure> {
    let bytes = content::read(path, &Progress::new())?;
    let broken = |error: io::Error| Failure::Data {
        file: path.display().to_string(),
        place: None,
        code: "broken-archive",
        message: format!("this is not a whole tar archive: {error}"),
        hint: Some("give a directory, or an archive made by tar, plain or packed".to_owned()),
    };
    let mut snapshot = Snapshot::new();
    let mut archive = tar::Archive::new(&bytes[..]);
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let name = entry.path().map_err(broken)?.to_string_lossy().into_owned();
        if entry.header().entry_type().is_dir() || !Snapshot::is_wanted(&name) {
            continue;
        }
        let mut content = Vec::new();
        let mut limited = (&mut entry).take(LARGEST_FILE as u64);
        limited.read_to_end(&mut content).map_err(broken)?;
        snapshot.insert(&name, content);
    }
    Ok(snapshot)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, content: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("it is in the tree")).expect("a folder");
        fs::write(path, content).expect("a file");
    }

    #[test]
    fn only_wanted_files_are_read_and_links_lead_nowhere_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = fs::canonicalize(folder.path())
            .expect("a path")
            .join("root");
        write(&root, "proc/meminfo", "MemTotal: 1 kB\n");
        write(&root, "proc/kcore", "all of it");
        write(&root, "proc/self/cgroup", "0::/a\n");
        write(&root, "sys/fs/cgroup/a/memory.max", "max\n");
        write(&root, "sys/fs/cgroup/b/memory.max", "1\n");
        write(&root, "sys/devices/x/rotational", "0\n");
        write(&root, "sys/block/sda/size", "8\n");
        write(&root, "usr/lib/os-release", "PRETTY_NAME=x\n");
        write(folder.path(), "elsewhere", "PRETTY_NAME=y\n");
        fs::create_dir_all(root.join("etc")).expect("a folder");
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            symlink(folder.path().join("elsewhere"), root.join("etc/os-release")).expect("a link");
            symlink("../usr/lib/os-release", root.join("etc/hostname")).expect("a link");
        }
        let snapshot = read(Some(&root)).expect("there are files");
        let paths: Vec<&str> = snapshot.iter().map(|(path, _)| path).collect();
        let mut expected = vec![
            "proc/meminfo",
            "proc/self/cgroup",
            "sys/block/sda/size",
            "sys/fs/cgroup/a/memory.max",
            "usr/lib/os-release",
        ];
        if cfg!(unix) {
            expected.insert(0, "etc/hostname");
        }
        assert_eq!(paths, expected);
    }

    #[test]
    fn a_tree_of_something_else_is_none_of_a_machine() {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "readme", "hello");
        let failure = read(Some(folder.path())).expect_err("nothing is in it");
        assert_eq!(failure.code(), "no-machine");
        let failure = read(Some(&folder.path().join("readme"))).expect_err("no archive");
        assert_eq!(failure.code(), "broken-archive");
    }

    #[test]
    fn a_command_that_does_not_answer_is_done_without() {
        assert_eq!(ask("a-program-that-is-not-there", &[]), None);
        assert_eq!(ask("sh", &["-c", "echo no; exit 1"]), None);
        assert_eq!(
            ask("sh", &["-c", "echo yes"]).as_deref(),
            Some(&b"yes\n"[..])
        );
    }
}
