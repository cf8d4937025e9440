//! Starts child processes that always end with this one, even if this one is killed.
//!
//! `cargo lambda watch` starts a `cargo` for each function in a session of its own,
//! so no process group or session holds all of them. But all of them inherit an
//! environment variable that names the data directory (the mark), also when their
//! parents have ended.
//!
//! In case this process is killed, the program also starts itself as a
//! *supervisor*. The supervisor runs the command and reads a pipe whose other end
//! only this process holds. When this process or the system closes that end, the
//! supervisor kills every process with the mark. Nothing polls, and it works the
//! same on Linux and macOS.

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

/// The first argument of a supervisor. It is not an option, so no help text shows it.
pub(super) const ROLE: &str = "__supervise";

/// The mark: an environment variable that names the data directory of a process.
const MARK: &str = "LATCHKEY_DATA";

/// The number of searches for marked processes. A killed process ends within
/// milliseconds, unless it waits for a disk.
const SWEEPS: u32 = 500;
const BETWEEN_SWEEPS: Duration = Duration::from_millis(10);
/// The number of empty searches that end the wait. A process shows no environment
/// while it becomes another program.
const EMPTY_SWEEPS: u32 = 2;

/// Prefixes of variables that `cargo run` sets for the program it runs. A `cargo`
/// started by this process would take them for settings of its caller, and build
/// scripts that read them would run again.
const FROM_CARGO_RUN: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];

/// A command and all processes that it starts. Dropping this value kills them, and
/// returns when they have ended.
pub(super) struct Supervised {
    lifeline: Option<ChildStdin>,
    watcher: Option<JoinHandle<()>>,
    ended: oneshot::Receiver<ExitStatus>,
}

impl Supervised {
    /// Starts `command` for the data directory `data`, without input. Its output goes to standard
    /// error: standard output is for lines that a script reads. Only one command may run for each
    /// data directory, since all its processes end together.
    ///
    /// # Errors
    /// When this program cannot start itself. If the command cannot be started, it
    /// counts as ended.
    pub(super) fn start(command: &Command, data: &Path) -> Result<Self> {
        Self::spawn(command, data, io::stderr().into(), io::stderr().into(), None)
    }

    /// Starts `command` like [`start`](Self::start), but hands each line of its
    /// output, without the line's end, to `read`.
    ///
    /// # Errors
    /// Those of [`start`](Self::start), or when no pipe can be created.
    pub(super) fn start_lines(
        command: &Command,
        data: &Path,
        read: impl FnMut(&str) + Send + 'static,
    ) -> Result<Self> {
        // Both outputs share one pipe, so that lines stay in the order they were written in.
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
        // In a process group of its own, the child does not receive Ctrl-C.
        supervisor.env(MARK, data).stdin(Stdio::piped()).process_group(0);
        let mut child = supervisor
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .context("cannot start the supervisor of child processes")?;
        // `supervisor` holds a writing end of the pipe, and the reader waits until
        // the last one is closed.
        drop(supervisor);
        let lifeline = child.stdin.take();
        let (end, ended) = oneshot::channel();
        let data = data.to_owned();
        let watcher = thread::spawn(move || {
            let status = wait_for_all(child, &data);
            // All writers have ended: the last lines are read, and no more come.
            let _ = reader.map(JoinHandle::join);
            if let Ok(status) = status {
                // The receiver may be gone.
                let _ = end.send(status);
            }
        });
        Ok(Self { lifeline, watcher: Some(watcher), ended })
    }

    /// Waits until the command has ended by itself, with all processes that it started.
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
    // The supervisor may have been killed before it could kill the processes.
    end_all(data.as_os_str());
    status
}

/// Runs `command` until it ends or the parent process does. This is the
/// supervisor's job.
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
            // Nothing is written to this pipe: the read returns when the other end closes.
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            end_all(&data);
        }
    });
    let status = child.wait();
    end_all(&data);
    Ok(status?)
}

/// Kills every process of the data directory `data`, except this one.
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
                // A process that has ended meanwhile is no error.
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
