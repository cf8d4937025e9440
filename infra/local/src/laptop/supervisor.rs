//! Child processes that always end with this one, even if this one is killed.
//!
//! `cargo lambda watch` starts a `cargo` for each function, and puts each into
//! a session of its own, so there is no group or session to kill. But all of
//! them inherit the environment: a mark in it says which laptop they belong to,
//! also when their parents are gone.
//!
//! To cover the case that this process is killed, the program starts itself
//! once more as a *supervisor*. The supervisor runs the command and reads a
//! pipe; only this process holds its other end. When this process closes it, or
//! the system does, the supervisor kills every process with the mark. Nothing
//! polls, and Linux and macOS do the same.

use std::{
    ffi::{OsStr, OsString},
    io::{self, BufRead, BufReader, PipeReader},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdin, Command, ExitCode, ExitStatus, Stdio},
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context, Result};
use sysinfo::{
    Pid, Process, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind,
};
use tokio::sync::oneshot;

/// The first argument of a supervisor. Not an option: no help shows it.
pub(super) const ROLE: &str = "__supervise";

/// The mark: the data directory that a process works for.
const MARK: &str = "LATCHKEY_DATA";

/// A killed process is gone within milliseconds, unless it waits for a disk.
const SWEEPS: u32 = 500;
const BETWEEN_SWEEPS: Duration = Duration::from_millis(10);
/// A process that is just becoming another program shows no environment.
const EMPTY_SWEEPS: u32 = 2;

/// Variables that `cargo run` sets for the program it runs. A `cargo` started
/// below would take them for its caller's settings, and build scripts that read
/// them would run again.
const FROM_CARGO_RUN: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];

/// A command and all processes that it starts. Dropping this ends them, and
/// returns when they are gone.
pub(super) struct Supervised {
    lifeline: Option<ChildStdin>,
    watcher: Option<JoinHandle<()>>,
    ended: oneshot::Receiver<ExitStatus>,
}

impl Supervised {
    /// Starts `command` for the data directory `data`, without input, and with
    /// its output on our standard error: standard output is for lines that a
    /// script reads. Only one command may run for each data directory, since
    /// all its processes end together.
    ///
    /// # Errors
    /// When this program cannot start itself. A command that cannot be started
    /// shows as an ended one.
    pub(super) fn start(command: &Command, data: &Path) -> Result<Self> {
        Self::spawn(command, data, io::stderr().into(), io::stderr().into(), None)
    }

    /// The same, but hands each line of its output, without the line's end, to
    /// `read`.
    ///
    /// # Errors
    /// Those of [`start`](Self::start), or when there is no pipe to be had.
    pub(super) fn start_lines(
        command: &Command,
        data: &Path,
        read: impl FnMut(&str) + Send + 'static,
    ) -> Result<Self> {
        // One pipe for both, so that lines stay in the order they were written in.
        let (output, input) = io::pipe()?;
        let reader = thread::spawn(move || read_lines(output, read));
        Self::spawn(command, data, input.try_clone()?.into(), input.into(), Some(reader))
    }

    fn spawn(
        command: &Command,
        data: &Path,
        stdout: Stdio,
        stderr: Stdio,
        reader: Option<JoinHandle<()>>,
    ) -> Result<Self> {
        let mut supervisor = Command::new(std::env::current_exe()?);
        supervisor.arg(ROLE).arg(command.get_program()).args(command.get_args());
        supervisor.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        supervisor.current_dir(command.get_current_dir().unwrap_or(Path::new(".")));
        for (name, _) in std::env::vars_os() {
            if FROM_CARGO_RUN.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                supervisor.env_remove(name);
            }
        }
        // In a group of its own, Ctrl-C is for us alone.
        supervisor.env(MARK, data).stdin(Stdio::piped()).process_group(0);
        let mut child = supervisor
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .context("cannot start the supervisor of child processes")?;
        // It holds a writing end of the pipe, and the reader waits for the last one.
        drop(supervisor);
        let lifeline = child.stdin.take();
        let (end, ended) = oneshot::channel();
        let data = data.to_owned();
        let watcher = thread::spawn(move || {
            let status = wait_for_all(child, &data);
            // All that wrote have ended: the last lines are read, and no more come.
            let _ = reader.map(JoinHandle::join);
            if let Ok(status) = status {
                // The receiver may be gone.
                let _ = end.send(status);
            }
        });
        Ok(Self { lifeline, watcher: Some(watcher), ended })
    }

    /// Waits until the command has ended by itself, with all that it started.
    pub(super) async fn ended(&mut self) -> Result<ExitStatus> {
        (&mut self.ended).await.context("lost sight of a child process")
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        if let Some(watcher) = self.watcher.take() {
            let _ = watcher.join();
        }
    }
}

fn read_lines(output: PipeReader, mut read: impl FnMut(&str)) {
    for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
        read(&String::from_utf8_lossy(&line));
    }
}

fn wait_for_all(mut supervisor: Child, data: &Path) -> io::Result<ExitStatus> {
    let status = supervisor.wait();
    // It may have been killed before it could.
    end_all(data.as_os_str());
    status
}

/// What a supervisor does: runs `command` until it ends or our parent does.
pub fn supervise(command: Vec<OsString>) -> ExitCode {
    match supervised(command) {
        Ok(status) => ExitCode::from(
            status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX),
        ),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn supervised(command: Vec<OsString>) -> Result<ExitStatus> {
    let data = std::env::var_os(MARK).context("this is for internal use")?;
    let (program, arguments) = command.split_first().context("a command is missing")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {}", program.to_string_lossy()))?;
    thread::spawn({
        let data = data.clone();
        move || {
            // Nothing is written to this pipe: reading ends when its other end closes.
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            end_all(&data);
        }
    });
    let status = child.wait();
    end_all(&data);
    Ok(status?)
}

/// Kills every process that works for the data directory `data`, but this one.
pub(super) fn end_all(data: &OsStr) {
    let mut mark = OsString::from(format!("{MARK}="));
    mark.push(data);
    let myself = Pid::from_u32(std::process::id());
    let refresh = ProcessRefreshKind::nothing().with_environ(UpdateKind::Always).without_tasks();
    let mut empty = 0;
    for _ in 0..SWEEPS {
        let mut system = System::new();
        system.refresh_processes_specifics(ProcessesToUpdate::All, false, refresh);
        let mut found = false;
        for process in system.processes().values() {
            if process.pid() != myself && lives(process) && process.environ().contains(&mark) {
                // That it has ended meanwhile is as good.
                process.kill();
                found = true;
            }
        }
        empty = if found { 0 } else { empty + 1 };
        if empty == EMPTY_SWEEPS {
            return;
        }
        thread::sleep(BETWEEN_SWEEPS);
    }
}

fn lives(process: &Process) -> bool {
    !matches!(process.status(), ProcessStatus::Zombie | ProcessStatus::Dead)
}
