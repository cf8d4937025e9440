//! Implements the parts of the Lambda Runtime API that one cold start needs: hands
//! the process one event, and times its first response.

use std::{
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;
use tokio::sync::mpsc;

/// The longest time that a cold start may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// The body that the process posted, and when: a response or an error. For some
/// functions an error is the right response.
struct Said {
    at: Instant,
    body: Bytes,
}

/// The next event with its request ID. The first process that asks takes it.
type Next = Arc<Mutex<Option<(String, String)>>>;

#[derive(Clone)]
struct Shared {
    next: Next,
    said: mpsc::UnboundedSender<Said>,
}

/// A server that hands out events, to one process at a time.
pub(super) struct Runtime {
    address: SocketAddr,
    next: Next,
    starts: AtomicU64,
    said: tokio::sync::Mutex<mpsc::UnboundedReceiver<Said>>,
}

impl Runtime {
    /// Starts the server on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port is free.
    pub(super) fn start() -> Result<Self> {
        let listener = crate::listen(None)?;
        let address = listener.local_addr()?;
        let (said, heard) = mpsc::unbounded_channel();
        let shared = Shared { next: Next::default(), said };
        let next = shared.next.clone();
        let app = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(hand_out))
            .route("/2018-06-01/runtime/invocation/{*answer}", post(answered))
            .route("/2018-06-01/runtime/init/error", post(answered))
            .with_state(shared);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { address, next, starts: AtomicU64::new(0), said: tokio::sync::Mutex::new(heard) })
    }

    /// Times a process from its start to its first response, which must be right.
    ///
    /// # Errors
    /// When the process does not respond, or gives a wrong response.
    pub(super) async fn cold_start(
        &self,
        bootstrap: &Path,
        environment: &[(&str, String)],
        mut event: Value,
        is_right: impl Fn(&Value) -> bool,
    ) -> Result<Duration> {
        let mut said = self.said.lock().await;
        while said.try_recv().is_ok() {}
        // As on AWS, each request has its own ID: the functions use it to recognise
        // repeated writes.
        let id = format!("bench-{}", self.starts.fetch_add(1, Ordering::Relaxed));
        if let Some(context) = event.get_mut("requestContext") {
            context["requestId"] = id.as_str().into();
        }
        *self.next.lock().expect("nothing panics under this lock") = Some((id, event.to_string()));
        let mut command = tokio::process::Command::new(bootstrap);
        command.env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
        command.env("AWS_LAMBDA_RUNTIME_API", self.address.to_string());
        command.envs([("AWS_LAMBDA_FUNCTION_NAME", "bench"), ("AWS_LAMBDA_FUNCTION_VERSION", "1")]);
        command.envs([("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"), ("_HANDLER", "bootstrap")]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        let start = Instant::now();
        let mut process =
            command.spawn().with_context(|| format!("cannot start {}", bootstrap.display()))?;
        let first = tokio::select! {
            first = said.recv() => first.context("the stand-in of the Runtime API stopped")?,
            status = process.wait() => bail!("it ended ({})", status?),
            () = tokio::time::sleep(PATIENCE) => bail!("it says nothing"),
        };
        process.kill().await?;
        let text = String::from_utf8_lossy(&first.body);
        let answer: Value = serde_json::from_slice(&first.body)?;
        ensure!(is_right(&answer), "it answered {text}");
        Ok(first.at - start)
    }
}

async fn hand_out(State(shared): State<Shared>) -> Response {
    let next = shared.next.lock().expect("nothing panics under this lock").take();
    let Some((id, event)) = next else { return std::future::pending().await };
    let deadline = jiff::Timestamp::now().as_millisecond() + 30_000;
    let headers = [
        ("Lambda-Runtime-Aws-Request-Id", id),
        ("Lambda-Runtime-Deadline-Ms", deadline.to_string()),
        (
            "Lambda-Runtime-Invoked-Function-Arn",
            "arn:aws:lambda:us-east-1:000000000000:function:bench".to_owned(),
        ),
        ("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000".to_owned()),
    ];
    (headers, event).into_response()
}

async fn answered(State(shared): State<Shared>, body: Bytes) -> StatusCode {
    // The receiver may have stopped waiting.
    let _ = shared.said.send(Said { at: Instant::now(), body });
    StatusCode::ACCEPTED
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A script that fails at its first event, then waits until it is killed.
    const FAILS: &str = r#"#!/bin/bash
exec 3<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API/://}"
printf 'POST /2018-06-01/runtime/invocation/bench-0/error HTTP/1.1\r\nHost: bench\r\nContent-Length: 26\r\n\r\n{"errorMessage":"no keys"}' >&3
exec /bin/cat <&3
"#;

    #[tokio::test]
    async fn a_failure_may_be_what_is_right() {
        for (right, measured) in [("no keys", true), ("no table", false)] {
            let dir = tempfile::tempdir().unwrap();
            let bootstrap = dir.path().join("bootstrap");
            std::fs::write(&bootstrap, FAILS).unwrap();
            std::fs::set_permissions(&bootstrap, std::fs::Permissions::from_mode(0o755)).unwrap();
            let runtime = Runtime::start().unwrap();
            let took = runtime
                .cold_start(&bootstrap, &[], Value::Null, |answer| answer["errorMessage"] == right)
                .await;
            assert_eq!(took.is_ok(), measured, "{took:?}");
        }
    }
}
