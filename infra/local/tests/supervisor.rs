//! Runs the program as a supervisor. Its standard input is the pipe whose other end
//! `cargo latchkey` holds: a test closes it, as the system does when `cargo
//! latchkey` is killed.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use sysinfo::{Pid, ProcessesToUpdate, System};

/// Starts two processes: one whose parent ends at once and that moves to a session
/// of its own, as functions under `cargo lambda` do, and one whose parent keeps running.
/// Each prints its ID and would run for ten minutes.
const SCRIPT: &str = r#"
    (python3 -c 'import os; os.setsid(); print(os.getpid(), flush=True); os.execvp("sleep", ["sleep", "600"])' &)
    sh -c 'echo $$; exec sleep 600'"#;

fn supervisor(data: &Path, script: &str) -> Child {
    let mut supervisor = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    supervisor.args(["__supervise", "sh", "-c", script]).env("LATCHKEY_DATA", data);
    supervisor.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

fn two_ids(output: ChildStdout) -> Vec<Pid> {
    BufReader::new(output).lines().take(2).map(|line| line.unwrap().parse().unwrap()).collect()
}

fn living(ids: &[Pid]) -> usize {
    let mut system = System::new();
    system.refresh_processes(ProcessesToUpdate::Some(ids), true);
    system
        .processes()
        .values()
        .filter(|process| process.status() != sysinfo::ProcessStatus::Zombie)
        .count()
}

#[test]
fn nobody_outlives_a_killed_parent() {
    let dir = tempfile::tempdir().unwrap();
    let mut supervisor = supervisor(dir.path(), SCRIPT);
    let ids = two_ids(supervisor.stdout.take().unwrap());
    assert_eq!(living(&ids), 2);
    drop(supervisor.stdin.take());
    supervisor.wait().unwrap();
    assert_eq!(living(&ids), 0);
}

#[test]
fn another_laptops_processes_stay() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut first = supervisor(one.path(), SCRIPT);
    let mut second = supervisor(other.path(), SCRIPT);
    let ids = two_ids(second.stdout.take().unwrap());
    drop(first.stdin.take());
    first.wait().unwrap();
    assert_eq!(living(&ids), 2);
    drop(second.stdin.take());
    second.wait().unwrap();
}

#[test]
fn what_a_command_leaves_behind_ends_with_it_and_its_status_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut supervisor = supervisor(dir.path(), "sleep 600 & echo $!; sleep 600 & echo $!; exit 7");
    // Keeps the pipe open until the end of the test.
    let _lifeline = supervisor.stdin.take();
    let ids = two_ids(supervisor.stdout.take().unwrap());
    assert_eq!(supervisor.wait().unwrap().code(), Some(7));
    assert_eq!(living(&ids), 0);
}
