//! Handles the Lambda events of `send-code`: records of the outbox stream, and two direct
//! invocations, which IAM allows: a re-drive of messages that were not sent, and a
//! measurement of those that wait.
//!
//! The records of a batch are handled in order. The first one that fails is reported by its
//! sequence number (`ReportBatchItemFailures`), and it and the rest are retried later.
//! Batches of one shard may be handled at the same time, so each row is claimed before its
//! message is sent.

use crate::dynamodb::table::outbox_row;
use crate::host::Host;
use crate::http::problem::ProblemBody;
use crate::http::request::body;
use crate::log;
use crate::metrics::{Line, milliseconds};
use crate::send::{Channels, Handed, Watched};
use domain::audit::{Reason, SupportCode};
use domain::error::{Problem, ViolationCode};
use domain::flow::send_code::deliver::deliver;
use domain::flow::send_code::measure::unsent;
use domain::flow::send_code::redrive::{Redeliver, Redriven, redrive};
use domain::identity::Handle;
use domain::json::object;
use domain::kind::Kind;
use domain::language::Language;
use domain::outbox::{Handled, OutboxId, OutboxKind, OutboxState, Round};
use lambda_runtime::Error;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;

/// A Lambda event of the event source mapping. The stream carries keys only.
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

/// The response to a batch: the record to retry from, if one failed.
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

/// A direct invocation: `{"redrive": {}}`, with `after` set to the `next` of an earlier run
/// to continue it; or `{"measure": {}}`, which a schedule sends.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DirectEvent {
    #[serde(default, deserialize_with = "some_object")]
    redrive: Option<Redrive>,
    #[serde(default, deserialize_with = "some_object")]
    measure: Option<Measure>,
}

/// Reads an object, and refuses `null`.
fn some_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    value: D,
) -> Result<Option<T>, D::Error> {
    object(value).map(Some)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Measure {}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Redrive {
    after: Option<String>,
}

/// Handles a batch of stream records, or a direct invocation.
///
/// # Errors
/// If the Lambda event is neither, or a measurement failed.
pub async fn answer(
    host: &Host,
    channels: &Channels,
    request: &str,
    event: &RawValue,
) -> Result<Value, Error> {
    let fields: Result<BTreeMap<String, IgnoredAny>, _> = serde_json::from_str(event.get());
    if let Ok(fields) = fields
        && ["redrive", "measure"].iter().any(|name| fields.contains_key(*name))
    {
        return match log::within(request, directly(host, channels, request, event)).await {
            Ok(done) => Ok(done),
            // A schedule ignores the response, so the invocation itself must fail.
            Err(_) if fields.contains_key("measure") => {
                Err("the outbox could not be measured".into())
            }
            Err(problem) => Ok(
                json!({ "problem": ProblemBody::of(&problem, Language::English, SupportCode::of(request)) }),
            ),
        };
    }
    // A fixed text, since serde's message would quote the event.
    let event = serde_json::from_str(event.get())
        .map_err(|_| "the event is neither a batch of the stream, a re-drive nor a measurement")?;
    Ok(serde_json::to_value(handle(host, channels, request, event).await)?)
}

/// Handles a direct invocation.
async fn directly(
    host: &Host,
    channels: &Channels,
    request: &str,
    event: &RawValue,
) -> Result<Value, Problem> {
    match body::parse(event.get().as_bytes())? {
        DirectEvent { redrive: Some(Redrive { after }), measure: None } => {
            again(host, channels, request, after).await
        }
        DirectEvent { redrive: None, measure: Some(Measure {}) } => measure(host, request).await,
        DirectEvent { .. } => Err(Problem::field("", ViolationCode::UnknownValue)),
    }
}

/// Counts the messages that wait, and writes the metrics.
async fn measure(host: &Host, request: &str) -> Result<Value, Problem> {
    let ctx = host.task_context(request, "measure");
    let waiting = unsent(&host.store, &ctx).await?;
    let (messages, oldest) = (waiting.messages, waiting.oldest.whole_seconds());
    tracing::info!(event = "outboxMeasured", outcome = "ok", messages, oldest);
    host.metrics.write(Line::unsent(waiting), request, ctx.now);
    Ok(json!({ "messages": messages, "oldestSeconds": oldest }))
}

/// Runs a re-drive.
async fn again(
    host: &Host,
    channels: &Channels,
    request: &str,
    after: Option<String>,
) -> Result<Value, Problem> {
    let done =
        redrive(&host.store, &*host.clock, after, &Again { host, channels, request }).await?;
    let Redriven { looked, sent, dropped, failed, left, next } = done;
    tracing::info!(
        event = "redriven",
        outcome = "ok",
        looked,
        sent,
        dropped,
        failed,
        left,
        more = next.is_some()
    );
    let mut answer = json!({ "looked": looked, "sent": sent, "dropped": dropped, "failed": failed, "left": left });
    if let Some(next) = next {
        answer["next"] = next.into();
    }
    Ok(answer)
}

/// Delivers the rows of a re-drive.
struct Again<'a> {
    host: &'a Host,
    channels: &'a Channels,
    request: &'a str,
}

impl Redeliver for Again<'_> {
    async fn redeliver(&self, handle: &Handle, id: &OutboxId) -> Result<Handled, Problem> {
        one(self.host, self.channels, self.request, &id.random, handle, id, Round::Again).await
    }
}

/// Handles a batch of stream records: sends the message of each new outbox row.
pub async fn handle(
    host: &Host,
    channels: &Channels,
    request: &str,
    event: StreamEvent,
) -> StreamAnswer {
    log::within(request, async {
        let (began, records) = (Instant::now(), event.records.len());
        let answer = send(host, channels, request, event).await;
        let outcome = if answer.batch_item_failures.is_empty() { "ok" } else { "retried" };
        let milliseconds = milliseconds(began);
        tracing::info!(event = "batchHandled", outcome, records, milliseconds);
        let line = Line::default().latency(milliseconds);
        host.metrics.write(line, request, host.clock.now());
        answer
    })
    .await
}

async fn send(host: &Host, channels: &Channels, request: &str, event: StreamEvent) -> StreamAnswer {
    for record in event.records {
        let Change { sequence_number, keys } = record.dynamodb;
        // The filter of the event source mapping passes new outbox rows only. Other records
        // are skipped.
        let Some((handle, id)) =
            outbox_row(&keys.pk.s, &keys.sk.s).filter(|_| record.event_name == "INSERT")
        else {
            continue;
        };
        let handled =
            one(host, channels, request, &sequence_number, &handle, &id, Round::Stream).await;
        if matches!(handled, Err(_) | Ok(Handled::Left(_))) {
            return StreamAnswer {
                batch_item_failures: vec![Failure { item_identifier: sequence_number }],
            };
        }
    }
    StreamAnswer { batch_item_failures: Vec::new() }
}

/// Delivers one row, then writes its log line and metrics. `name` identifies the row within
/// this invocation.
async fn one(
    host: &Host,
    channels: &Channels,
    request: &str,
    name: &str,
    handle: &Handle,
    id: &OutboxId,
    round: Round,
) -> Result<Handled, Problem> {
    log::of_record(name, async {
        let ctx = host.task_context(request, name);
        let (began, watched) = (Instant::now(), Watched::new(channels));
        let handled = deliver(&host.store, &*host.ring, &watched, &ctx, handle, id, round).await;
        let handed = watched.handed();
        log_message(id, &handled, handed.as_ref(), milliseconds(began));
        let ended = handled.as_ref().ok().and_then(Handled::ended);
        host.metrics.write(Line::message(ended, handed.as_ref()), request, ctx.now);
        handled
    })
    .await
}

/// Writes the log line of a message.
fn log_message(
    id: &OutboxId,
    handled: &Result<Handled, Problem>,
    handed: Option<&Handed>,
    milliseconds: f64,
) {
    let purpose = match &id.what {
        OutboxKind::Code(ledger, _) => ledger.purpose().as_str(),
        OutboxKind::Notice => "notice",
        OutboxKind::ToAdministrators => "toAdministrators",
        OutboxKind::ToOwner => "toOwner",
    };
    let retried_code = match (handled, &id.what) {
        (
            Ok(Handled::Left(support_code)) | Err(Problem { support_code: Some(support_code), .. }),
            _,
        ) => Some(support_code.clone()),
        // The row could not be read, but its ID contains the reset.
        (Err(_), OutboxKind::Code(_, Some(reset))) => Some(reset.support_code()),
        (Err(_) | Ok(Handled::Ended(_) | Handled::Nothing), _) => None,
    };
    let kind = handed.map(|handed| handed.kind.as_str());
    let language = handed.map(|handed| handed.language.tag());
    let paid = handed.and_then(|handed| handed.paid.as_ref());
    let (country, parts) = (paid.map(|paid| paid.country.as_str()), paid.map(|paid| paid.parts));
    match handled {
        Ok(handled @ (Handled::Ended(_) | Handled::Nothing)) => {
            let ended = handled.ended();
            tracing::info!(
                event = "messageHandled",
                outcome = ended.map_or("nothing", |ended| outcome(ended.state)),
                supportCode = ended.map(|ended| ended.support_code.as_str()),
                reason = ended
                    .filter(|ended| ended.reason != Reason::None)
                    .map(|ended| ended.reason.as_str()),
                kind = kind.or(ended.and_then(|ended| ended.kind).map(Kind::as_str)),
                purpose,
                language,
                country,
                parts,
                milliseconds,
            );
        }
        Err(_) | Ok(Handled::Left(_)) => tracing::warn!(
            event = "messageRetried",
            outcome = "retried",
            supportCode = retried_code.as_ref().map(SupportCode::as_str),
            kind,
            purpose,
            language,
            country,
            parts,
            milliseconds,
        ),
    }
}

fn outcome(state: OutboxState) -> &'static str {
    match state {
        OutboxState::Queued | OutboxState::Claimed => "nothing",
        OutboxState::Sent => "sent",
        OutboxState::Dropped => "dropped",
        OutboxState::Failed => "failed",
    }
}
