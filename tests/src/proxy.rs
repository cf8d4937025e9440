//! The proxy between the AWS SDK and the services. It records every AWS call and
//! injects the faults that a test sets.

use crate::caller::{FUNCTION_HEADER, REQUEST_HEADER};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::routing::any;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// A gate that holds calls until the test opens it.
#[derive(Clone)]
pub struct Gate {
    arrived: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Gate {
    fn new() -> Gate {
        Gate { arrived: Arc::new(Semaphore::new(0)), open: Arc::new(Semaphore::new(0)) }
    }
    /// Waits until the gate holds this many calls.
    pub async fn arrived(&self, calls: u32) {
        self.arrived.acquire_many(calls).await.expect("never closed").forget();
    }
    /// Lets all calls pass from now on.
    pub fn open(&self) {
        self.open.add_permits(Semaphore::MAX_PERMITS / 2);
    }
    async fn pass(&self) {
        self.arrived.add_permits(1);
        self.open.acquire().await.expect("never closed").forget();
    }
}

/// The header in which REST services name their errors.
const ERROR_TYPE: &str = "x-amzn-errortype";

/// One AWS call as the proxy saw it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function that made the call; empty if the call names none.
    pub function: String,
    /// The ID of the request to the API that caused the call; empty if none did.
    pub request: String,
    /// `TransactWriteItems`, `BatchGetItem`, `GetSecretValue`, ... For messages, the
    /// path or action: `/Publish` for SNS.
    pub operation: String,
    pub body: Value,
    pub answer: Value,
}

/// A fault that the proxy injects into a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Refuses the call as DynamoDB refuses a conflicting transaction.
    Conflict,
    /// Refuses the call as throttled.
    Throttle,
    /// Forwards the call but drops the response.
    LoseReply,
    /// Refuses the call as IAM does when the role does not allow it.
    AccessDenied,
    /// Neither forwards nor answers the call.
    Silence,
}

/// Chooses the fault of a call by its operation and body. `None` forwards the call.
type Rule = Box<dyn FnMut(&str, &Value) -> Option<Fault> + Send>;

/// Whether the gate holds a call, judged by its operation and body.
type Fits = fn(&str, &Value) -> bool;

#[derive(Default)]
struct Shared {
    calls: Vec<Call>,
    rule: Option<Rule>,
    gate: Option<(Gate, Fits)>,
}

/// A proxy on a free port of the loopback interface.
pub struct Proxy {
    shared: Arc<Mutex<Shared>>,
    endpoint: String,
}

#[derive(Clone)]
struct Upstream {
    shared: Arc<Mutex<Shared>>,
    http: reqwest::Client,
    dynamodb: String,
    others: String,
}

impl Call {
    /// Whether the service accepted the call.
    pub fn done(&self) -> bool {
        self.answer.get("__type").is_none()
    }
    /// The write units that the call consumed, indexes included.
    pub fn write_units(&self) -> f64 {
        let taken = &self.answer["ConsumedCapacity"];
        let units = |table: &Value| table["CapacityUnits"].as_f64();
        match self.operation.as_str() {
            "TransactWriteItems" => taken.as_array().into_iter().flatten().filter_map(units).sum(),
            "PutItem" | "UpdateItem" => units(taken).expect("units"),
            _ => 0.0,
        }
    }
    /// Whether the call counts a guess against the account's limit.
    pub fn is_charge(&self) -> bool {
        self.body.to_string().contains("ADD #fails")
    }
}

impl Proxy {
    /// Starts a proxy that forwards DynamoDB calls to one endpoint and all others to another.
    pub async fn start(dynamodb: String, others: String) -> Proxy {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let upstream =
            Upstream { shared: shared.clone(), http: reqwest::Client::new(), dynamodb, others };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let app = Router::new().fallback(any(forward)).with_state(upstream);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Proxy { shared, endpoint }
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Removes and returns the calls recorded so far.
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.shared.lock().expect("no panic holds it").calls)
    }

    /// Holds the calls that match until the gate is opened.
    pub fn hold(&self, fits: Fits) -> Gate {
        let gate = Gate::new();
        self.shared.lock().expect("no panic holds it").gate = Some((gate.clone(), fits));
        gate
    }

    /// Sets the rule that chooses the fault of each call from now on.
    pub fn set_rule(&self, rule: impl FnMut(&str, &Value) -> Option<Fault> + Send + 'static) {
        self.shared.lock().expect("no panic holds it").rule = Some(Box::new(rule));
    }

    /// Removes the rule, so that every call is forwarded.
    pub fn clear_rule(&self) {
        self.shared.lock().expect("no panic holds it").rule = None;
    }
}

async fn forward(
    State(upstream): State<Upstream>,
    request: axum::extract::Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let header = |name| {
        let value = parts.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let target = header("x-amz-target");
    let mut sent: Value = serde_json::from_slice(&bytes).unwrap_or_else(|_| form(&bytes));
    let operation = match target.rsplit('.').next() {
        Some(operation) if !operation.is_empty() => operation.to_owned(),
        _ => format!("{}{}", parts.uri.path(), sent["Action"].as_str().unwrap_or_default()),
    };
    let function = header(FUNCTION_HEADER);
    let request = header(REQUEST_HEADER);
    let bytes = if target.starts_with("DynamoDB") && !target.ends_with("Query") {
        sent["ReturnConsumedCapacity"] = "TOTAL".into();
        Bytes::from(sent.to_string())
    } else {
        bytes
    };
    let gate = {
        let shared = upstream.shared.lock().expect("no panic holds it");
        shared
            .gate
            .as_ref()
            .filter(|(_, fits)| fits(&operation, &sent))
            .map(|(gate, _)| gate.clone())
    };
    if let Some(gate) = gate {
        gate.pass().await;
    }
    let fault = {
        let mut shared = upstream.shared.lock().expect("no panic holds it");
        shared.rule.as_mut().and_then(|rule| rule(&operation, &sent))
    };
    let beyond = crate::roles::refused(&function, &operation, &sent);
    if !beyond.is_empty() {
        eprintln!("the role of {function:?} does not grant {beyond:?}");
    }
    let fault = if beyond.is_empty() { fault } else { Some(Fault::AccessDenied) };
    let refused = fault.and_then(|fault| refusal(fault, &sent));
    let (status, answer, error_type) = match refused {
        Some((status, body)) => (status, Bytes::from(body.to_string()), None),
        None => {
            let base =
                if target.starts_with("DynamoDB") { &upstream.dynamodb } else { &upstream.others };
            let url = format!("{base}{}", parts.uri.path());
            pass_on(&upstream.http, &url, parts.headers, bytes).await
        }
    };
    let body = serde_json::from_slice(&answer).unwrap_or_default();
    upstream.shared.lock().expect("no panic holds it").calls.push(Call {
        function,
        request,
        operation,
        body: sent,
        answer: body,
    });
    let (status, answer) = match fault {
        Some(Fault::LoseReply) => (StatusCode::INTERNAL_SERVER_ERROR, Bytes::from_static(b"{}")),
        _ => (status, answer),
    };
    let mut response =
        Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    if let Some(error_type) = error_type {
        response = response.header(ERROR_TYPE, error_type);
    }
    response.body(Body::from(answer)).expect("a response")
}

/// Parses the fields of a form body, which SNS uses.
fn form(bytes: &[u8]) -> Value {
    form_urlencoded::parse(bytes)
        .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
        .collect()
}

async fn pass_on(
    http: &reqwest::Client,
    url: &str,
    mut headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Bytes, Option<HeaderValue>) {
    headers.remove("host");
    headers.remove("content-length");
    let answer =
        http.post(url).headers(headers).body(body).send().await.expect("the emulator answers");
    let error_type = answer.headers().get(ERROR_TYPE).cloned();
    (answer.status(), answer.bytes().await.expect("a whole answer"), error_type)
}

fn refusal(fault: Fault, sent: &Value) -> Option<(StatusCode, Value)> {
    let error = |name: &str| json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{name}"), "message": "injected" });
    let members = sent["TransactItems"].as_array().map_or(0, Vec::len);
    match fault {
        Fault::Conflict if members > 0 => {
            let mut reasons = vec![json!({ "Code": "None" }); members];
            reasons[0] = json!({ "Code": "TransactionConflict", "Message": "injected" });
            let mut body = error("TransactionCanceledException");
            body["CancellationReasons"] = reasons.into();
            Some((StatusCode::BAD_REQUEST, body))
        }
        Fault::Conflict => None,
        Fault::Throttle => {
            Some((StatusCode::BAD_REQUEST, error("ProvisionedThroughputExceededException")))
        }
        Fault::AccessDenied => Some((StatusCode::BAD_REQUEST, error("AccessDeniedException"))),
        Fault::Silence => Some((StatusCode::INTERNAL_SERVER_ERROR, json!({}))),
        Fault::LoseReply => None,
    }
}
