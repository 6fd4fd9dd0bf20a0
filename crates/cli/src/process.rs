//! Other programs: their output, their complaints, and an end to those that take too long.

use std::ffi::{OsStr, OsString};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tier_planner::Millis;

use crate::failure::Failure;
use crate::interruption::Running;
use crate::progress::Progress;
use crate::quantity;

/// How a program is called.
pub(crate) struct Call<'a> {
    /// What it belongs to, as users know it: `nix`.
    pub(crate) tool: &'static str,
    /// Its file, looked for in PATH: `nix-instantiate`.
    pub(crate) program: &'a str,
    /// Where it runs.
    pub(crate) dir: &'a Path,
    /// Variables of its environment that are not ours.
    pub(crate) env: &'a [(&'a str, &'a OsStr)],
    /// After this it is ended.
    pub(crate) limit: Millis,
    /// What is being done, for those who wait.
    pub(crate) doing: &'a str,
    /// What to do where there is no such program.
    pub(crate) when_missing: &'a str,
    /// What to do where it takes too long.
    pub(crate) when_slow: Option<&'a str>,
}

impl Call<'_> {
    /// Runs it and gives its standard output.
    pub(crate) fn run<A: AsRef<OsStr>>(
        &self,
        args: &[A],
        progress: &Progress,
    ) -> Result<Vec<u8>, Failure> {
        let &Self {
            program,
            dir,
            limit,
            ..
        } = self;
        let failed = |message: String, stderr: String, hint: Option<&str>| Failure::Tool {
            tool: self.tool,
            message,
            stderr,
            hint: hint.map(str::to_owned),
        };
        let args: Vec<OsString> = args.iter().map(|a| a.as_ref().to_owned()).collect();
        tracing::info!(program, dir = %dir.display(), "running");
        tracing::debug!(?args, "with");
        let mut command = Command::new(program);
        command
            .args(&args)
            .envs(self.env.iter().copied())
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut running = Running::start(&mut command).map_err(|e| match e.kind() {
            ErrorKind::NotFound if dir.is_dir() => {
                let message = format!("{program} is needed for this and is not in PATH");
                failed(message, String::new(), Some(self.when_missing))
            }
            _ => failed(
                format!("cannot run {program} in {}: {e}", dir.display()),
                String::new(),
                None,
            ),
        })?;
        // Both pipes are drained while Nix runs: a full one would stop it.
        let drain = |pipe: Option<Box<dyn Read + Send>>| {
            thread::spawn(move || {
                let mut bytes = Vec::new();
                if let Some(mut pipe) = pipe {
                    // What was read before an error is all there is to show.
                    let _ = pipe.read_to_end(&mut bytes);
                }
                bytes
            })
        };
        let child = running.child();
        let stdout = drain(child.stdout.take().map(|p| Box::new(p) as _));
        let stderr = drain(child.stderr.take().map(|p| Box::new(p) as _));

        let _waiting = progress.waiting(self.doing);
        let deadline = Instant::now() + Duration::from_millis(limit.0);
        let mut pause = Duration::from_millis(1);
        let status = loop {
            match running.ended() {
                Ok(Some(status)) => break Some(status),
                Ok(None) if Instant::now() >= deadline => break None,
                Ok(None) => thread::sleep(pause),
                Err(e) => {
                    return Err(failed(
                        format!("cannot wait for {program}: {e}"),
                        String::new(),
                        None,
                    ));
                }
            }
            pause = (pause * 2).min(Duration::from_millis(50));
            progress.advance(0);
        };
        let Some(status) = status else {
            running.end();
            let message = format!("{program} took longer than {}", quantity::duration(limit.0));
            return Err(failed(message, String::new(), self.when_slow));
        };
        let printed = stdout.join().unwrap_or_default();
        let complaints = stderr.join().unwrap_or_default();
        let complaints = String::from_utf8_lossy(&complaints).into_owned();
        if !status.success() {
            let message = format!("{program} failed ({status})");
            return Err(failed(message, complaints, None));
        }
        Ok(printed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(program: &str, args: &[&str], limit: u64) -> Result<Vec<u8>, Failure> {
        let call = Call {
            tool: "sh",
            program,
            dir: Path::new("."),
            env: &[],
            limit: Millis(limit),
            doing: "sh",
            when_missing: "install a shell",
            when_slow: None,
        };
        call.run(args, &Progress::new())
    }

    fn sh(script: &str, limit: u64) -> Result<Vec<u8>, Failure> {
        call("sh", &["-c", script], limit)
    }

    #[test]
    fn output_is_taken_and_failure_shows_what_was_said() {
        assert_eq!(
            sh("echo hello; echo noise >&2", 10_000).expect("it runs"),
            b"hello\n"
        );
        let failure =
            sh("echo 'error: no such attribute' >&2; exit 3", 10_000).expect_err("it fails");
        let shown = anstream::adapter::strip_str(&failure.render()).to_string();
        assert!(
            shown.contains("exit status: 3") && shown.contains("no such attribute"),
            "{shown}"
        );
    }

    #[test]
    fn what_takes_too_long_is_ended() {
        let failure = sh("exec sleep 60", 50).expect_err("it is ended");
        assert!(failure.to_string().contains("took longer"), "{failure}");
    }

    #[test]
    fn a_missing_program_says_how_to_get_it() {
        let failure = call("sh-that-is-not-there", &[], 100).expect_err("there is none");
        let shown = anstream::adapter::strip_str(&failure.render()).to_string();
        assert!(
            shown.contains("not in PATH") && shown.contains("install a shell"),
            "{shown}"
        );
    }
}
