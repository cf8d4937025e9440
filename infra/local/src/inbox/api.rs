//! Serves the inbox over HTTP: as a web page, and as JSON for that page and for tests.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::number::number;
use super::{Channel, Failure, Inbox, localstack};

/// The longest time that one request may wait for new messages, in seconds.
const LONGEST_WAIT: u64 = 30;

/// Content Security Policy of the inbox page: it may load its own files, call this
/// server, and frame mails.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";
/// Content Security Policy of a shown mail: any style, no scripts, no remote content.
const MAIL_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; \
     img-src data:; frame-ancestors 'self'";

pub(crate) fn routes() -> Router<Inbox> {
    Router::new()
        .route("/", get(page))
        .route("/inbox.css", get(style))
        .route("/inbox.js", get(script))
        .route("/inbox.svg", get(icon))
        .route("/mail/{id}", get(mail))
        .route("/api/messages", get(messages).delete(clear))
        .route("/api/undelivered", get(undelivered))
        .route("/api/fail", post(fail).get(failures).delete(call_off))
        .route("/api/live", get(live))
        .merge(localstack::routes())
}

async fn page() -> impl IntoResponse {
    let policy = [(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)];
    (policy, Html(include_str!("page.html")))
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css")], include_str!("page.css"))
}

async fn script() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/javascript")];
    (kind, include_str!("page.js"))
}

async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml")], include_str!("page.svg"))
}

async fn mail(State(inbox): State<Inbox>, Path(id): Path<u64>) -> Response {
    let found = inbox.all().into_iter().find(|message| message.id == id);
    match found.and_then(|message| message.html) {
        Some(html) => {
            ([(header::CONTENT_SECURITY_POLICY, MAIL_POLICY)], Html(html)).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[derive(Deserialize)]
struct Wanted {
    to: Option<String>,
    #[serde(default)]
    after: u64,
    #[serde(default)]
    wait: u64,
}

/// Lists messages. `oldest` is the first ID that is still kept, so that a client
/// can drop messages that another client has cleared.
async fn messages(State(inbox): State<Inbox>, Query(wanted): Query<Wanted>) -> Json<Value> {
    let patience = Duration::from_secs(wanted.wait.min(LONGEST_WAIT));
    let to = wanted.to.as_deref().map(number);
    let messages = inbox.wait(to.as_deref(), wanted.after, patience).await;
    let oldest = inbox.all().first().map(|message| message.id);
    Json(json!({ "messages": messages, "oldest": oldest }))
}

async fn clear(State(inbox): State<Inbox>) -> StatusCode {
    inbox.clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fail {
    channel: Channel,
    #[serde(rename = "as")]
    failure: Failure,
    /// The number of sends that fail. Each retry of a message is a send.
    #[serde(default = "once")]
    times: u8,
}

fn once() -> u8 {
    1
}

async fn fail(State(inbox): State<Inbox>, Json(fail): Json<Fail>) -> StatusCode {
    for _ in 0..fail.times {
        inbox.fail_next(fail.channel, fail.failure);
    }
    StatusCode::NO_CONTENT
}

async fn failures(State(inbox): State<Inbox>) -> Json<Value> {
    Json(json!({ "waiting": waiting(&inbox) }))
}

fn waiting(inbox: &Inbox) -> Vec<Value> {
    inbox
        .failures()
        .iter()
        .map(|(channel, failure)| json!({ "channel": channel, "as": failure }))
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallOff {
    channel: Option<Channel>,
    #[serde(rename = "as")]
    failure: Option<Failure>,
}

async fn call_off(State(inbox): State<Inbox>, Query(gone): Query<CallOff>) -> StatusCode {
    inbox.call_off(gone.channel, gone.failure);
    StatusCode::NO_CONTENT
}

async fn undelivered(State(inbox): State<Inbox>) -> Json<Value> {
    Json(json!({ "undelivered": inbox.undelivered() }))
}

#[derive(Deserialize)]
struct Seen {
    #[serde(default)]
    revision: u64,
    #[serde(default)]
    after: u64,
}

/// Waits until the revision differs from `revision`, then returns all that the page
/// shows: messages with an ID above `after`, the IDs of all kept messages, and the
/// short lists in full.
async fn live(State(inbox): State<Inbox>, Query(seen): Query<Seen>) -> Json<Value> {
    let revision = inbox.changed_since(seen.revision, Duration::from_secs(LONGEST_WAIT)).await;
    let messages = inbox.all();
    let kept: Vec<u64> = messages.iter().map(|message| message.id).collect();
    let new: Vec<_> = messages.into_iter().filter(|message| message.id > seen.after).collect();
    Json(json!({
        "revision": revision,
        "messages": new,
        "kept": kept,
        "undelivered": inbox.undelivered(),
        "waiting": waiting(&inbox),
    }))
}
