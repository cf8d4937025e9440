//! What `send-code` is invoked with: the outbox's stream, and directly, which
//! IAM alone allows, a re-drive of what was not sent.
//!
//! The stream: records in, the lowest failed sequence number out
//! (`ReportBatchItemFailures`). Records are handled in order; after the first
//! that fails the rest is left, so that nothing is lost and nothing overtakes.

use crate::dynamodb::table::outbox_row;
use crate::host::{Error, Host};
use crate::http::problem::ProblemBody;
use crate::http::request::body;
use crate::send::Channels;
use domain::account::Language;
use domain::audit::SupportCode;
use domain::error::Problem;
use domain::flow::deliver::{Round, deliver};
use domain::flow::redrive::{Redriven, redrive};
use domain::json::object;
use domain::outbox::Handled;
use domain::port::{Call, random};
use domain::secret::random_text;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the event source mapping hands over. The stream carries keys only.
#[derive(Deserialize)]
pub struct StreamEvent {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(default)]
    event_name: String,
    dynamodb: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    sequence_number: String,
    keys: Keys,
}

#[derive(Deserialize)]
struct Keys {
    pk: Text,
    sk: Text,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    s: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamAnswer {
    batch_item_failures: Vec<Failure>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

/// `{"redrive": {}}`, or with `after`, the `next` of the run before.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DirectEvent {
    #[serde(deserialize_with = "object")]
    redrive: Redrive,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Redrive {
    after: Option<String>,
}

/// Answers an event of the stream, and a direct invocation.
///
/// # Errors
/// Where it is neither.
pub async fn answer(host: &Host, channels: &Channels, request: &str, event: &RawValue) -> Result<Value, Error> {
    let fields: Result<BTreeMap<String, IgnoredAny>, _> = serde_json::from_str(event.get());
    if fields.is_ok_and(|fields| fields.contains_key("redrive")) {
        return Ok(match again(host, channels, request, event).await {
            Ok(done) => done,
            Err(problem) => json!({ "problem": ProblemBody::of(&problem, Language::English, SupportCode::of(request)) }),
        });
    }
    // In words of ours: serde's would quote the event.
    let event = serde_json::from_str(event.get()).map_err(|_| "this is neither the outbox's stream nor a re-drive")?;
    Ok(serde_json::to_value(handle(host, channels, request, event).await)?)
}

async fn again(host: &Host, channels: &Channels, request: &str, event: &RawValue) -> Result<Value, Problem> {
    let DirectEvent { redrive: Redrive { after } } = body::parse(event.get().as_bytes())?;
    let done = redrive(&host.store, &*host.ring, channels, || call(host, request, "again"), after).await?;
    let Redriven { looked, sent, dropped, failed, left, next } = done;
    tracing::info!(event = "redriven", looked, sent, dropped, failed, left, more = next.is_some());
    let mut answer = json!({ "looked": looked, "sent": sent, "dropped": dropped, "failed": failed, "left": left });
    if let Some(next) = next {
        answer["next"] = next.into();
    }
    Ok(answer)
}

/// The call of one row. What comes again may come under the same request.
fn call(host: &Host, request: &str, name: &str) -> Call {
    Call {
        id: format!("{request}-{name}-{}", random_text(random::<6>(&host.entropy))),
        now: host.clock.now(),
        source: String::new(),
        source_limit: 0,
        repeatable: None,
    }
}

/// Sends what the records speak of.
pub async fn handle(host: &Host, channels: &Channels, request: &str, event: StreamEvent) -> StreamAnswer {
    for record in event.records {
        let Change { sequence_number, keys } = record.dynamodb;
        // The mapping's filter lets nothing else through; what is not a new
        // outbox row is none of ours.
        let Some((handle, id)) = outbox_row(&keys.pk.s, &keys.sk.s).filter(|_| record.event_name == "INSERT") else {
            continue;
        };
        let call = call(host, request, &sequence_number);
        let handled = deliver(&host.store, &*host.ring, channels, &call, &handle, &id, Round::Stream).await;
        if matches!(handled, Err(_) | Ok(Handled::Left)) {
            tracing::warn!(event = "messageRetried", record = sequence_number);
            return StreamAnswer { batch_item_failures: vec![Failure { item_identifier: sequence_number }] };
        }
    }
    StreamAnswer { batch_item_failures: Vec::new() }
}
