//! Child processes that cannot outlive this one, whatever ends it.
//!
//! `cargo lambda watch` starts a `cargo` and a function for each name, each in
//! a process group of its own, so killing one group is not enough. A session
//! holds them all: nobody leaves it by accident, and it stays theirs when a
//! parent dies. So this program starts itself once more as a *supervisor*,
//! which opens a session, runs the command in it, and reads a pipe that only
//! we hold the other end of. We close it, or the system does when we are
//! killed: the supervisor then kills everybody in its session. Nothing polls,
//! and Linux and macOS do the same.

use std::{
    ffi::OsString,
    io,
    process::{Child, ChildStdin, Command, ExitCode, ExitStatus, Stdio},
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpid, kill_process, setsid, waitid};
use sysinfo::{Process, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System};
use tokio::sync::oneshot;

/// The first argument of a supervisor. Not an option: no help shows it.
pub(super) const ROLE: &str = "__supervise";

/// A killed process is gone within milliseconds, unless it waits for a disk.
const SWEEPS: u32 = 500;
const BETWEEN_SWEEPS: Duration = Duration::from_millis(10);

/// What `cargo run` tells the program it runs. A `cargo` below would take it
/// for its caller's wish, and build scripts that look at it would run again.
const FROM_CARGO_RUN: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];

/// A command and all that it starts. Dropping this ends them, and returns when
/// they are gone.
pub(super) struct Supervised {
    lifeline: Option<ChildStdin>,
    watcher: Option<JoinHandle<()>>,
    ended: oneshot::Receiver<ExitStatus>,
}

impl Supervised {
    /// Starts `command`, without input, and with its output on our standard
    /// error: standard output is for what a script reads.
    ///
    /// # Errors
    /// When this program cannot start itself. That the command cannot be
    /// started shows as its end.
    pub(super) fn start(command: &Command) -> Result<Self> {
        let mut supervisor = Command::new(std::env::current_exe()?);
        supervisor.arg(ROLE).arg(command.get_program()).args(command.get_args());
        if let Some(dir) = command.get_current_dir() {
            supervisor.current_dir(dir);
        }
        for (name, _) in std::env::vars_os() {
            if FROM_CARGO_RUN.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                supervisor.env_remove(name);
            }
        }
        let mut child =
            supervisor.stdin(Stdio::piped()).stdout(io::stderr()).spawn().context("cannot start the supervisor of child processes")?;
        let lifeline = child.stdin.take();
        let (end, ended) = oneshot::channel();
        let watcher = thread::spawn(move || {
            if let Ok(status) = wait_for_all(child) {
                // Nobody may listen any more.
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

/// Waits for a supervisor, and does its work where it was killed itself.
fn wait_for_all(mut supervisor: Child) -> io::Result<ExitStatus> {
    // Not reaped before the sweep: its id, which names the session, stays ours.
    let ended = |id| waitid(WaitId::Pid(id), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
    if let Some(id) = Pid::from_raw(supervisor.id() as i32) {
        rustix::io::retry_on_intr(|| ended(id))?;
        end_session(id);
    }
    supervisor.wait()
}

/// What a supervisor does: runs `command` until it ends or our parent does.
pub fn supervise(command: Vec<OsString>) -> ExitCode {
    match supervised(command) {
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn supervised(command: Vec<OsString>) -> Result<ExitStatus> {
    let session = setsid().context("cannot open a session")?;
    let (program, arguments) = command.split_first().context("a command is missing")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {}", program.to_string_lossy()))?;
    thread::spawn(move || {
        // Ends with the other end of the pipe. Nobody writes to it.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        end_session(session);
    });
    let status = child.wait();
    end_session(session);
    Ok(status?)
}

/// Kills everybody in `session` but this process.
fn end_session(session: Pid) {
    for _ in 0..SWEEPS {
        let members = members(session);
        if members.is_empty() {
            return;
        }
        for member in members {
            // It may have ended meanwhile.
            let _ = kill_process(member, Signal::KILL);
        }
        thread::sleep(BETWEEN_SWEEPS);
    }
}

fn members(session: Pid) -> Vec<Pid> {
    let session = Some(sysinfo::Pid::from_u32(session.as_raw_nonzero().get().unsigned_abs()));
    let mut system = System::new();
    system.refresh_processes_specifics(ProcessesToUpdate::All, false, ProcessRefreshKind::nothing().without_tasks());
    let lives = |process: &&Process| !matches!(process.status(), ProcessStatus::Zombie | ProcessStatus::Dead);
    let ours = system.processes().values().filter(|process| process.session_id() == session).filter(lives);
    ours.filter_map(|process| Pid::from_raw(process.pid().as_u32() as i32)).filter(|&id| id != getpid()).collect()
}
