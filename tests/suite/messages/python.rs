//! Runs Python, whose email package is another implementation of the formats of mails.

use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};

/// Runs a script that reads JSON from its input and writes JSON to its output.
pub fn python(script: &str, input: &Value) -> Value {
    let mut python = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python 3");
    let mut stdin = python.stdin.take().expect("a pipe");
    stdin.write_all(input.to_string().as_bytes()).expect("Python reads");
    drop(stdin);
    let read = python.wait_with_output().expect("Python ends");
    serde_json::from_slice(&read.stdout).expect("JSON")
}
