//! Builds the Lambda functions, runs them under `cargo lambda watch`, sets their
//! environment, and sends their first requests.

use std::{
    convert::Infallible,
    fs,
    io::{IsTerminal, Write, stderr},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::{Data, Lambda, Options, Printer, Supervised, log::rewind, say};
use crate::{
    REGION,
    dynamodb::TABLE,
    secrets::{SECRET_ID, write_private},
};

/// The function that reads the table's stream.
pub(super) const SEND_CODE: &str = "send-code";
/// The function that receives the delivery events of messages.
pub(super) const DELIVERY_EVENTS: &str = "delivery-events";

/// The function that Secrets Manager invokes.
const ROTATE_SECRET: &str = "rotate-secret";

/// The longest time that a built function may take to give its first response.
const FIRST_ANSWER: Duration = Duration::from_secs(60);
const BETWEEN_SIGNS_OF_LIFE: Duration = Duration::from_secs(1);

/// Settings that make the optimised build quicker: they skip the steps that take a
/// minute to make a deployed build smaller. An unoptimised build ignores them.
const QUICKLY: [(&str, &str); 2] =
    [("CARGO_PROFILE_RELEASE_LTO", "off"), ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")];

pub(super) struct Functions {
    root: PathBuf,
    names: Vec<String>,
    environment: PathBuf,
    port: u16,
    release: bool,
    reload: bool,
}

impl Functions {
    /// Lists the functions of the checkout, and writes their environment file.
    ///
    /// # Errors
    /// When `functions/` cannot be read or the file cannot be written.
    pub(super) fn new(
        root: PathBuf,
        options: &Options,
        data: &Data,
        standins: &str,
        dynamodb: &str,
    ) -> Result<Self> {
        let environment = data.environment();
        write_private(&environment, &environment_file(options.port, standins, dynamodb))?;
        let names = names(&root.join("functions")).context("cannot read functions/")?;
        Ok(Self {
            root,
            names,
            environment,
            port: options.port,
            release: options.release,
            reload: !options.no_reload,
        })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn environment(&self) -> &Path {
        &self.environment
    }

    /// Compiles all functions with one `cargo build`, whose progress is shown.
    /// `cargo lambda watch` then has nothing to compile: its `cargo run --bin NAME`
    /// chooses features from the whole workspace, and so does this.
    ///
    /// # Errors
    /// When the functions do not compile. The compiler's messages are on the terminal.
    pub(super) async fn build(&self, data: &Data) -> Result<()> {
        say!("Building {} functions (minutes at the first time, seconds later)", self.names.len());
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.current_dir(&self.root).arg("build");
        cargo.args(self.names.iter().flat_map(|name| ["--bin", name]));
        cargo.args(self.release.then_some("--release")).envs(QUICKLY);
        let status = Supervised::start(&cargo, data.dir())?.ended().await?;
        ensure!(
            status.success(),
            "the functions do not compile: the reasons stand above ({status})"
        );
        Ok(())
    }

    /// Returns the command `cargo lambda watch` for the functions. Its output goes
    /// to a pipe, so an option must state whether to colour the compiler's output.
    pub(super) fn watch(&self, cargo_lambda: &Path, printer: &Printer) -> Command {
        let mut watch = Command::new(cargo_lambda);
        watch.current_dir(&self.root).args([
            "lambda",
            "watch",
            "--invoke-address",
            "127.0.0.1",
            "--disable-cors",
        ]);
        watch.args(["--invoke-port", &self.port.to_string(), "--env-file"]).arg(&self.environment);
        watch.args(self.release.then_some("--release")).envs(QUICKLY);
        watch.args((!self.reload).then_some("--ignore-changes"));
        watch.args(["--color", if printer.colours() { "always" } else { "never" }]);
        watch
    }

    /// Sends a first request to each function, so that no later request waits for a cold start.
    ///
    /// # Errors
    /// When a function fails or does not respond.
    pub(super) async fn warm_up(&self, lambda: &Lambda) -> Result<()> {
        let count = self.names.len();
        for (index, name) in self.names.iter().enumerate() {
            let start = Instant::now();
            let shown = format!("Starting {name} ({}/{count})", index + 1);
            let event = warm_up_event(name);
            tokio::select! {
                answer = lambda.invoke(name, &event) => drop(answer?),
                never = signs_of_life(&shown, start) => match never {},
                () = tokio::time::sleep(FIRST_ANSWER) => bail!("{name} is built and does not answer: the reason may stand above"),
            }
            say!("{}{shown}, {:.1} s", rewind(), start.elapsed().as_secs_f32());
        }
        Ok(())
    }
}

/// Shows the elapsed seconds on a terminal.
async fn signs_of_life(shown: &str, start: Instant) -> Infallible {
    loop {
        tokio::time::sleep(BETWEEN_SIGNS_OF_LIFE).await;
        if stderr().is_terminal() {
            let _ = write!(stderr(), "{}{shown}, {} s", rewind(), start.elapsed().as_secs());
        }
    }
}

/// Lists the folders of `functions/`, which are the workspace's function packages.
pub(super) fn names(dir: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").exists() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Returns the Lambda event of the first request. Most functions get the API Gateway event for
/// `GET /v1/warm-up`, a route that no function has: any response will do, also a 404. The other
/// functions get an event of their own kind that does nothing.
fn warm_up_event(function: &str) -> Value {
    const PATH: &str = "/v1/warm-up";
    match function {
        SEND_CODE | DELIVERY_EVENTS => return json!({ "Records": [] }),
        ROTATE_SECRET => {
            return json!({ "SecretId": SECRET_ID, "ClientRequestToken": "warm-up", "Step": "setSecret" });
        }
        _ => {}
    }
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": PATH,
        "rawQueryString": "",
        "headers": { "host": "127.0.0.1" },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "127.0.0.1",
            "domainPrefix": "local",
            "http": { "method": "GET", "path": PATH, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "latchkey" },
            "requestId": "warm-up",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 1_767_225_600_000_u64,
        },
        "isBase64Encoded": false,
    })
}

/// Returns the environment variables of every function.
pub(super) fn variables(
    base_url: &str,
    standins: &str,
    dynamodb: &str,
) -> Vec<(&'static str, String)> {
    let variables = [
        ("LATCHKEY_TABLE", TABLE),
        ("LATCHKEY_SECRET_ID", SECRET_ID),
        ("LATCHKEY_BASE_URL", base_url),
        ("LATCHKEY_MAIL_FROM", "Latchkey <no-reply@example.com>"),
        ("AWS_REGION", REGION),
        // The stand-ins do not check these credentials, and the SDK must not look
        // for real ones.
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
        ("AWS_ENDPOINT_URL_SNS", standins),
        ("AWS_ENDPOINT_URL_SESV2", standins),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", standins),
        // No metrics: their log lines are for CloudWatch, and a developer reads this log.
        ("RUST_LOG", "info"),
    ];
    variables.map(|(name, value)| (name, value.to_owned())).to_vec()
}

/// Returns the variables in the format that `cargo lambda` reads: quotes around
/// every value, since a bare value may hold neither a space nor an equals sign.
fn environment_file(port: u16, standins: &str, dynamodb: &str) -> String {
    let variables = variables(&format!("http://127.0.0.1:{port}"), standins, dynamodb);
    variables.iter().map(|(name, value)| format!("{name}=\"{value}\"\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_are_found() {
        let names = names(&super::super::root().join("functions")).unwrap();
        let expected = [
            "delivery-events",
            "directory",
            "policy",
            "portal",
            "recover",
            "registration",
            "reset",
            "rotate-secret",
            "send-code",
            "sign-in",
            "verify",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn the_environment_is_quoted() {
        let file = environment_file(9000, "http://127.0.0.1:9001", "http://127.0.0.1:9002");
        assert!(file.contains("LATCHKEY_MAIL_FROM=\"Latchkey <no-reply@example.com>\"\n"));
        assert!(file.contains("LATCHKEY_BASE_URL=\"http://127.0.0.1:9000\"\n"));
        assert!(file.lines().all(|line| line.matches('"').count() == 2));
    }
}
