//! The environment of one test. Tests share no state.

pub use crate::answer::Answer;
pub use crate::ask::{Ask, event};
use crate::caller::{acting, handling};
pub use crate::operator::{FRONT_SECRET, settings};
pub use crate::process::{FUNCTIONS, ManualClock};
use crate::process::{HASH_MEMORY, Running, SeededEntropy};
use crate::proxy::Proxy;
use axum::Router;
use domain::context::Clock;
use domain::key::Keys;
use domain::source::SourceLimits;
use domain::time::{Span, Time};
use lambda_runtime::{Context, LambdaEvent};
use local::dynamodb::Embedded;
use local::pump::Pump;
use local::standins::Standins;
use platform::host::Host;
use platform::send::Channels;
use platform::settings::Settings;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use tokio::sync::Mutex;

/// The test environment: functions, table, channels and clock of one test.
pub struct World {
    pub clock: Arc<ManualClock>,
    pub proxy: Proxy,
    pub embedded: Embedded,
    pub standins: Standins,
    pub host: Arc<Host>,
    pub channels: Channels,
    /// The keys, for computing the code of a challenge that was never sent.
    pub keys: Keys,
    /// The secret in Secrets Manager that holds the keys.
    pub secret: String,
    pump: Mutex<Pump>,
    functions: BTreeMap<&'static str, Router>,
    /// Further processes of the functions, started later.
    later: RwLock<Vec<Arc<Running>>>,
    /// A separate process for each function; empty if all functions share one.
    apart: BTreeMap<&'static str, Arc<Running>>,
    routes: Vec<(Vec<String>, String)>,
    pub(crate) requests: AtomicU64,
    /// The memory of a new password hash, in KiB; that of production if `None`.
    hash_memory: Option<u32>,
    /// The source address of requests that state none.
    pub(crate) source: RwLock<String>,
    _dir: tempfile::TempDir,
}

/// The start time of every test environment: 2026-11-23T09:00:00Z.
pub const BEGIN: Time = Time(1_795_424_400_000);

/// The function that reads the table's stream.
pub(crate) const SEND_CODE: &str = "send-code";

impl World {
    pub async fn new() -> World {
        World::with_source_limits(100_000, 100_000).await
    }

    /// Creates an environment with this limit of requests per source address.
    pub async fn with_source_limit(requests: u32) -> World {
        World::with_source_limits(requests, 100_000).await
    }

    /// Creates an environment with these limits per source address.
    pub async fn with_source_limits(requests: u32, failed_sign_ins: u32) -> World {
        World::with_settings(settings(SourceLimits { requests, failed_sign_ins })).await
    }

    /// Creates an environment with these settings of the operator.
    pub async fn with_settings(settings: Settings) -> World {
        let dir = tempfile::tempdir().expect("a directory");
        let embedded = Embedded::start(dir.path()).expect("a table");
        let secret = local::secrets::generate().expect("keys");
        let keys = Keys::parse(&secret).expect("keys");
        let standins = Standins::start(None, secret.clone()).expect("stand-ins");
        let proxy = Proxy::start(embedded.endpoint(), standins.endpoint()).await;
        let clock = Arc::new(ManualClock::at(BEGIN));
        let entropy = Arc::new(SeededEntropy::new());
        let hash_memory = Some(HASH_MEMORY);
        let Running { host, channels, functions } =
            Running::start(&proxy, settings, hash_memory, clock.clone(), entropy).await;
        World {
            functions,
            hash_memory,
            later: RwLock::default(),
            apart: BTreeMap::new(),
            routes: local_router(),
            pump: Mutex::new(Pump::new(&embedded).expect("a stream").without_pauses()),
            requests: AtomicU64::new(1),
            source: RwLock::new("192.0.2.1".to_owned()),
            clock,
            proxy,
            embedded,
            standins,
            host,
            channels,
            keys,
            secret,
            _dir: dir,
        }
    }

    /// Creates an environment whose password hashes are those of production.
    pub async fn with_production_hashes() -> World {
        let world = World { hash_memory: None, ..World::new().await };
        let secret = world.secret.clone();
        world.restarted(secret).await
    }

    /// Restarts the functions with this secret (none if empty), on the same table,
    /// clock and randomness. The inbox starts empty.
    pub async fn restarted(self, secret: String) -> World {
        let keys = Keys::parse(&secret).unwrap_or_else(|_| self.keys.clone());
        let standins = Standins::start(None, secret.clone()).expect("stand-ins");
        let proxy = Proxy::start(self.embedded.endpoint(), standins.endpoint()).await;
        let settings = self.host.settings.clone();
        let Running { host, channels, functions } = Running::start(
            &proxy,
            settings,
            self.hash_memory,
            self.clock.clone(),
            self.host.entropy.clone(),
        )
        .await;
        World {
            proxy,
            standins,
            host,
            channels,
            functions,
            keys,
            secret,
            later: RwLock::default(),
            apart: BTreeMap::new(),
            ..self
        }
    }

    /// Starts one more process with every function. Requests and stream records then
    /// alternate between the processes, as they do on Lambda.
    pub async fn start_more(&self) {
        let (clock, entropy) = (self.clock.clone(), self.host.entropy.clone());
        let started = Running::start(
            &self.proxy,
            self.host.settings.clone(),
            self.hash_memory,
            clock,
            entropy,
        )
        .await;
        self.later.write().expect("no panic").push(Arc::new(started));
    }

    /// Gives each function a process with its own clients and keys, as in a deployment.
    pub async fn apart(mut self) -> World {
        for name in FUNCTIONS
            .iter()
            .map(|(name, _)| *name)
            .chain([SEND_CODE, crate::delivery::DELIVERY_EVENTS])
        {
            let (clock, entropy) = (self.clock.clone(), self.host.entropy.clone());
            let running = Running::start(
                &self.proxy,
                self.host.settings.clone(),
                self.hash_memory,
                clock,
                entropy,
            )
            .await;
            self.apart.insert(name, Arc::new(running));
        }
        self
    }

    /// Returns the process that serves the next call of a function; `None` stands for
    /// the first process.
    pub(crate) fn turn(&self, function: &str) -> Option<Arc<Running>> {
        if let Some(own) = self.apart.get(function) {
            return Some(own.clone());
        }
        let later = self.later.read().expect("no panic");
        let turn = self.requests.load(Ordering::SeqCst) as usize % (later.len() + 1);
        later.get(turn).cloned()
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Moves the clock forward.
    pub fn pass(&self, span: Span) {
        self.clock.pass(span);
    }

    /// Sends a request, as a gateway event, to the function that the local router
    /// assigns to its path.
    pub async fn ask(&self, ask: Ask) -> Answer {
        let path = ask.path.split('?').next().unwrap_or_default().to_owned();
        let function =
            self.function_of(&path).unwrap_or_else(|| panic!("the router has no {path}"));
        // Boxed, because tests await many of these in deeply nested futures.
        let answer: Pin<Box<dyn Future<Output = Answer> + Send>> =
            Box::pin(self.ask_function(&function, ask));
        answer.await
    }

    /// Sends a request to the given function, even if the router assigns its path to another.
    pub async fn ask_function(&self, function: &str, ask: Ask) -> Answer {
        let (method, path) =
            (ask.method, ask.path.split('?').next().unwrap_or_default().to_owned());
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        let ask = if ask.source.is_none() { ask.source(&self.usual_source()) } else { ask };
        let answer =
            Answer::of(self.invoke(function, &event(&ask, number), Context::default()).await);
        crate::contract::check(
            method,
            &path,
            self.function_of(&path).as_deref() == Some(function),
            &answer,
        );
        answer
    }

    fn function_of(&self, path: &str) -> Option<String> {
        let parts: Vec<&str> = path.split('/').collect();
        let fits = |pattern: &[String]| {
            pattern.len() == parts.len()
                && pattern.iter().zip(&parts).all(|(p, part)| p.starts_with('{') || p == part)
        };
        // A literal segment takes precedence over a parameter.
        let literal = |pattern: &[String]| pattern.iter().filter(|p| !p.starts_with('{')).count();
        self.routes
            .iter()
            .filter(|(p, _)| fits(p))
            .max_by_key(|(p, _)| literal(p))
            .map(|(_, name)| name.clone())
    }

    /// Invokes a function with a Lambda event.
    pub async fn invoke(&self, function: &str, event: &Value, context: Context) -> Value {
        let turn = self.turn(function);
        let functions = turn.as_ref().map_or(&self.functions, |later| &later.functions);
        let app = functions.get(function).cloned().unwrap_or_default();
        let request = event["requestContext"]["requestId"].as_str().unwrap_or_default().to_owned();
        let event =
            LambdaEvent::new(serde_json::value::to_raw_value(event).expect("JSON"), context);
        let host = turn.as_ref().map_or(&self.host, |later| &later.host).clone();
        // Boxed, because tests await it in deeply nested futures.
        let serve: Pin<Box<dyn Future<Output = Value> + Send>> = match function {
            "directory" => Box::pin(async {
                written(platform::http::event::direct::answer(host, app, event).await)
            }),
            "recover" => {
                Box::pin(async move { platform::http::event::recover::answer(&host, event).await })
            }
            _ => Box::pin(async {
                written(platform::http::event::gateway::answer(app, event).await)
            }),
        };
        acting(function, handling(&request, serve)).await
    }

    /// Invokes `directory` or `recover` directly, as an operator of the AWS account does.
    pub async fn invoke_directly(&self, function: &str, payload: Value) -> Value {
        let mut context = Context::default();
        context.request_id = format!("direct-{}", self.requests.fetch_add(1, Ordering::SeqCst));
        self.invoke(function, &payload, context).await
    }

    /// Passes the records of the table's stream to `send-code` until the stream is empty.
    pub async fn pump(&self) -> usize {
        let invoke = async |event: Value| self.invoke_send_code(&event).await;
        self.pump.lock().await.drain(invoke).await.expect("the stream can be read")
    }

    /// Returns the number of stream records that the pump gave up.
    pub async fn dead_letters(&self) -> usize {
        self.pump.lock().await.dead_letters().len()
    }

    /// Returns every item of the table, as stored.
    pub async fn items(&self) -> Vec<Value> {
        let body = self.table("Scan", json!({})).await;
        body["Items"].as_array().cloned().unwrap_or_else(|| panic!("no items in {body}"))
    }

    /// Calls the table directly, without the functions and the proxy.
    pub async fn table(&self, operation: &str, mut body: Value) -> Value {
        body["TableName"] = local::dynamodb::TABLE.into();
        let answer = reqwest::Client::new()
            .post(self.embedded.endpoint())
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
            )
            .header("x-amz-date", "20260101T000000Z")
            .body(body.to_string())
            .send()
            .await
            .expect("the emulator answers");
        answer.json().await.expect("JSON")
    }
}

/// Converts a function's answer to JSON.
fn written(answer: Result<impl serde::Serialize, std::convert::Infallible>) -> Value {
    let Ok(answer) = answer;
    serde_json::to_value(answer).expect("JSON")
}

/// Returns the local router in the workspace's manifest: path patterns and functions.
pub fn local_router() -> Vec<(Vec<String>, String)> {
    let manifest = include_str!("../../Cargo.toml");
    let manifest: toml::Table = manifest.parse().expect("a manifest");
    let router = manifest["workspace"]["metadata"]["lambda"]["watch"]["router"]
        .as_table()
        .expect("a router");
    let split = |path: &str| path.split('/').map(str::to_owned).collect();
    router
        .iter()
        .map(|(path, name)| (split(path), name.as_str().expect("a name").to_owned()))
        .collect()
}
