//! Runs `cargo latchkey` as a child process of the test.

use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tests::Answer;

/// A running `cargo latchkey` process. Dropping it kills the process, also when the test fails.
pub struct Laptop {
    child: Child,
    port: u16,
    data: PathBuf,
    http: tokio::runtime::Runtime,
    client: reqwest::Client,
    /// For each address, the ID of the newest message that the test has read.
    read: RefCell<HashMap<String, u64>>,
}

/// Returns the first of three consecutive free ports.
pub fn free_ports() -> u16 {
    (20_000..60_000)
        .step_by(7)
        .find(|port| (0..3).all(|i| TcpListener::bind(("127.0.0.1", port + i)).is_ok()))
        .expect("three free ports")
}

/// The longest time that a first start may take: it builds seven functions.
const PATIENCE: Duration = Duration::from_secs(1800);
/// The longest time that the process may take to end.
const END: Duration = Duration::from_secs(30);

impl Laptop {
    /// Starts the program and waits until it is ready. A second start with the same
    /// data needs no downloads, so it runs without the network.
    pub fn start(port: u16, data: &Path, fresh: bool) -> Laptop {
        let program = std::env::current_exe()
            .expect("this test")
            .ancestors()
            .nth(2)
            .expect("target/debug")
            .join("latchkey");
        let mut command = Command::new(program);
        command.args(["--port", &port.to_string(), "--no-reload", "--data"]).arg(data);
        if fresh {
            command.arg("--fresh");
        } else {
            command.env("CARGO_NET_OFFLINE", "true").env("PIP_NO_INDEX", "1");
        }
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("run `cargo build --workspace --bins` first");
        let out = child.stdout.take().expect("a pipe");
        let (said, ready) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                eprintln!("{line}");
                // The receiver is dropped once the program is ready.
                let _ = line.starts_with("Latchkey is ready").then(|| said.send(()));
            }
        });
        let laptop = Laptop {
            child,
            port,
            data: data.to_owned(),
            http: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
            client: reqwest::Client::new(),
            read: RefCell::default(),
        };
        ready.recv_timeout(PATIENCE).expect("it says that it is ready");
        laptop
    }

    pub fn ask(
        &self,
        method: &str,
        path: &str,
        bearer: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        self.ask_with(method, path, bearer, body, &[])
    }

    pub fn ask_with(
        &self,
        method: &str,
        path: &str,
        bearer: Option<&str>,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let mut request = self.client.request(method.parse().expect("a method"), url);
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.http.block_on(async {
            let answer = request.send().await.expect("the API answers");
            let status = answer.status().as_u16();
            let text =
                |value: &reqwest::header::HeaderValue| value.to_str().expect("a text").to_owned();
            let headers = answer
                .headers()
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), text(value)))
                .collect();
            let cookies = answer.headers().get_all("set-cookie").iter().map(text).collect();
            let bytes = answer.bytes().await.expect("a whole answer");
            let answer = Answer {
                status,
                headers,
                cookies,
                body: serde_json::from_slice(&bytes).unwrap_or_default(),
            };
            tests::contract::check(
                method,
                path.split('?').next().unwrap_or_default(),
                true,
                &answer,
            );
            answer
        })
    }

    pub fn sign_in(&self, user_id: &str, password: &str) -> Answer {
        self.ask(
            "POST",
            "/v1/sign-in",
            None,
            Some(serde_json::json!({ "userId": user_id, "password": password })),
        )
    }

    pub fn verify(&self, challenge: &str, bearer: &str, code: &str) -> Answer {
        self.ask(
            "POST",
            &format!("/v1/challenges/{challenge}/verify"),
            Some(bearer),
            Some(serde_json::json!({ "code": code })),
        )
    }

    /// Returns the next message to an address, from the inbox.
    pub fn next_message(&self, address: &str) -> Value {
        let after = self.read.borrow().get(address).copied().unwrap_or_default();
        let to = address.replace('+', "%2B");
        let url = format!(
            "http://127.0.0.1:{}/api/messages?to={to}&wait=30&after={after}",
            self.port + 1
        );
        let answer: Value = self.http.block_on(async {
            let answer = self.client.get(url).send().await.expect("the inbox answers");
            answer.json().await.expect("JSON")
        });
        let message = answer["messages"][0].clone();
        let id =
            message["id"].as_u64().unwrap_or_else(|| panic!("no message to {address}: {answer}"));
        self.read.borrow_mut().insert(address.to_owned(), id);
        message
    }

    /// Makes the next send on a channel fail, as the button on the inbox page does.
    pub fn fail_next(&self, channel: &str, failure: &str) {
        let url = format!("http://127.0.0.1:{}/api/fail", self.port + 1);
        let asked = self.client.post(url).json(&json!({ "channel": channel, "as": failure }));
        let answer = self.http.block_on(async { asked.send().await.expect("the inbox answers") });
        assert_eq!(answer.status(), 204);
    }

    /// Returns the number of messages that an address has ever received.
    pub fn messages(&self, address: &str) -> usize {
        let url = format!(
            "http://127.0.0.1:{}/api/messages?to={}",
            self.port + 1,
            address.replace('+', "%2B")
        );
        let answer: Value = self.http.block_on(async {
            let answer = self.client.get(url).send().await.expect("the inbox answers");
            answer.json().await.expect("JSON")
        });
        answer["messages"].as_array().expect("messages").len()
    }

    /// Moves a stored time of a user's account back by days, as if they had passed.
    pub fn move_back(&self, user_id: &str, field: &str, days: i64) {
        let found =
            self.table("Scan", json!({ "FilterExpression": "userId = :u", "ExpressionAttributeValues": { ":u": { "S": user_id } } }));
        let item = found["Items"][0].clone();
        let then: i64 = item[field]["N"]
            .as_str()
            .unwrap_or_else(|| panic!("no {field} in {item}"))
            .parse()
            .expect("a time");
        let moved = json!({
            "Key": { "pk": item["pk"], "sk": item["sk"] },
            "UpdateExpression": "SET #f = :then",
            "ExpressionAttributeNames": { "#f": field },
            "ExpressionAttributeValues": { ":then": { "N": (then - days * 86_400_000).to_string() } },
        });
        self.table("UpdateItem", moved);
    }

    /// Sends a request to the embedded table directly.
    fn table(&self, operation: &str, mut body: Value) -> Value {
        body["TableName"] = local::dynamodb::TABLE.into();
        let credential = "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
        let request = self
            .client
            .post(format!("http://127.0.0.1:{}", self.port + 2))
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", credential)
            .header("x-amz-date", "20260101T000000Z")
            .body(body.to_string());
        let answer: Value = self.http.block_on(async {
            let answer = request.send().await.expect("the table answers");
            answer.json().await.expect("JSON")
        });
        assert!(answer.get("__type").is_none(), "{answer}");
        answer
    }

    /// Returns the password of an account that the start created.
    pub fn account(&self, user_id: &str) -> String {
        let accounts = std::fs::read(self.data.join("accounts.json")).expect("accounts");
        let accounts: Value = serde_json::from_slice(&accounts).expect("JSON");
        let account = accounts.as_array().into_iter().flatten().find(|a| a["userId"] == user_id);
        account.expect("the account")["password"].as_str().expect("a password").to_owned()
    }

    /// Sends the signal of Ctrl-C.
    pub fn interrupt(&mut self) {
        let status = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status()
            .expect("kill");
        assert!(status.success());
    }

    /// Kills the process without a warning.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
    }

    /// Waits until the process has ended, its ports are free, and no process refers to
    /// its data directory.
    pub fn assert_gone(&mut self) {
        let begin = Instant::now();
        self.child.wait().expect("it ends");
        let free = || (0..3).all(|i| TcpListener::bind(("127.0.0.1", self.port + i)).is_ok());
        let data = self.data.to_str().expect("UTF-8").to_owned();
        let running = || {
            let out = Command::new("ps").args(["-eo", "args"]).output().expect("ps").stdout;
            String::from_utf8_lossy(&out).lines().any(|line| line.contains(&data))
        };
        while !free() || running() {
            assert!(begin.elapsed() < END, "a port or a process is left");
            std::thread::yield_now();
        }
    }
}

impl Drop for Laptop {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
