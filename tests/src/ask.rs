//! The requests of tests, and the gateway event for each.

use serde_json::{Value, json};

/// A request to the API.
#[derive(Clone, Default)]
pub struct Ask {
    pub method: &'static str,
    pub path: String,
    pub bearer: Option<String>,
    /// Cookies, which the gateway passes apart from the headers.
    pub cookies: Vec<String>,
    pub body: Option<Value>,
    pub headers: Vec<(&'static str, String)>,
    /// The caller's IP address; 192.0.2.1 by default.
    pub source: Option<String>,
    /// The request ID, for tests that look it up afterwards.
    pub id: Option<String>,
}

impl Ask {
    pub fn new(method: &'static str, path: impl Into<String>) -> Ask {
        Ask { method, path: path.into(), ..Ask::default() }
    }
    pub fn bearer(mut self, bearer: &str) -> Ask {
        self.bearer = Some(bearer.to_owned());
        self
    }
    pub fn cookie(mut self, cookie: &str) -> Ask {
        self.cookies.push(cookie.to_owned());
        self
    }
    pub fn body(mut self, body: Value) -> Ask {
        self.body = Some(body);
        self
    }
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Ask {
        self.headers.push((name, value.into()));
        self
    }
    pub fn id(mut self, id: &str) -> Ask {
        self.id = Some(id.to_owned());
        self
    }
    pub fn source(mut self, address: &str) -> Ask {
        self.source = Some(address.to_owned());
        self
    }
}

/// Builds the gateway event for a request.
pub fn event(ask: &Ask, number: u64) -> Value {
    let (path, query) = ask.path.split_once('?').unwrap_or((&ask.path, ""));
    let mut headers = serde_json::Map::new();
    headers.insert("host".into(), "reset.example.com".into());
    if let Some(bearer) = &ask.bearer {
        headers.insert("authorization".into(), format!("Bearer {bearer}").into());
    }
    if ask.body.is_some() {
        headers.insert("content-type".into(), "application/json".into());
    }
    for (name, value) in &ask.headers {
        headers.insert((*name).into(), value.clone().into());
    }
    let id = ask.id.clone().unwrap_or_else(|| format!("request-{number:05}"));
    let source = ask.source.as_deref().unwrap_or("192.0.2.1");
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000", "apiId": "api", "domainName": "reset.example.com", "domainPrefix": "reset",
            "http": { "method": ask.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": source, "userAgent": "tests" },
            "requestId": id,
            "routeKey": "$default", "stage": "$default", "time": "23/Nov/2026:09:00:00 +0000", "timeEpoch": 0
        },
        "body": ask.body.as_ref().map(|body| body.as_str().map_or_else(|| body.to_string(), str::to_owned)),
        "isBase64Encoded": false
    });
    if !ask.cookies.is_empty() {
        event["cookies"] = ask.cookies.clone().into();
    }
    event
}
