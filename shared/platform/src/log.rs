//! Logs: JSON, one line for each event. A line holds events and IDs, never bodies,
//! codes, addresses or passwords. Every line has:
//!
//! | field | what it says |
//! |---|---|
//! | `timestamp`, `level` | when it was written (RFC 3339, UTC); `INFO`, `WARN`, `ERROR` |
//! | `event` | what happened, from the list below |
//! | `outcome` | `ok`, a problem's code, or another result |
//! | `requestId` | the invocation's ID; missing only before the first request |
//! | `function`, `version`, `functionVersion` | `AWS_LAMBDA_FUNCTION_NAME`; the version of the code; `AWS_LAMBDA_FUNCTION_VERSION` |
//! | `target` | the module that wrote the line |
//!
//! | event | outcome | fields of this event |
//! |---|---|---|
//! | `answered` | `ok`, a problem's code, or a page's status | `supportCode` that the caller got (none for pages), `method`, `route`, `status`, `step` of a reset, `verified` kind, `lockout` that began, `milliseconds` |
//! | `invoked` (directly) | `ok`, or a problem's code | `supportCode`, `milliseconds` |
//! | `messageHandled` | `sent`, `dropped`, `failed`, `nothing` (it was done before) | `supportCode`, `record`, `reason`, `kind`, `purpose`, `language`, `country`, `parts`, `milliseconds` |
//! | `messageRetried` | `retried` | `supportCode`, `record`, `kind`, `purpose`, `language`, `country`, `parts`, `milliseconds` |
//! | `batchHandled` | `ok`, `retried` | `records`, `milliseconds` |
//! | `redriven`, `outboxMeasured` (directly) | `ok` | `looked`, `sent`, `dropped`, `failed`, `left`, whether there is `more`; `messages` that wait, age of the `oldest` in seconds |
//! | `messageReturned` | `marked`, `already`, `moved`, `unknown` | `supportCode` if the message is known, `cause` of the return |
//! | `transientDeliveryFailure`, `deliveryUnreadable` | `passing`, `ignored` | `cause` of a failure that another try may fix |
//! | `mailRefused`, `smsRefused` | `refused` | `record`, `cause`: the service's code |
//! | `tableUnavailable`, `tableThrottled`, `tableConflict` | `unavailable` | `operation`, name of the `write` in the request, `record`, `tries`, `cause` |
//! | `itemUnreadable`, `termsMissing` | `unavailable` | kind of the `item`; version of the `terms`; `record` |
//! | `secretUnreadable`, `secretInvalid` | `unavailable` | `record`, `cause` |
//! | `hashUnusable` | `signInFailed` | |
//! | `breachedUnavailable` | `accepted`, `unavailable` | `cause`: why the service for breached passwords did not answer |
//! | `keysRotated` | `ok`, `failed` | `step` that Secrets Manager asked for, `cause` |
//! | `library` | `noted` | `record`, `message`: a library's warning |
//!
//! [`metrics`](crate::metrics) writes its own lines between them, in CloudWatch's
//! format, with `_aws`, `requestId`, `Function`, `version` and `functionVersion`.

use serde::Serializer;
use serde_json::Value;
use std::fmt;
use std::future::Future;
use tracing::field::{Field, Visit};
use tracing::{Event, Instrument, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{
    FmtContext, FormatEvent, FormatFields, FormattedFields, MakeWriter, layer,
};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// The level of the log, and the function that writes it.
#[derive(Clone)]
pub struct Logging {
    /// The level of Latchkey's own lines. Libraries always log at `warn`, since they would
    /// write bodies at `debug` and `trace`.
    pub level: LevelFilter,
    /// The function that writes the log.
    pub function: Function,
}

/// The Lambda function that this process runs.
#[derive(Clone)]
pub struct Function {
    /// The function name in Lambda.
    pub name: String,
    /// The published version, or `$LATEST`.
    pub version: String,
}

impl Function {
    /// Reads `AWS_LAMBDA_FUNCTION_NAME` and `AWS_LAMBDA_FUNCTION_VERSION`.
    pub(crate) fn from_env() -> Function {
        let variable = |name| std::env::var(name).unwrap_or_else(|_| "unknown".to_owned());
        Function {
            name: variable("AWS_LAMBDA_FUNCTION_NAME"),
            version: variable("AWS_LAMBDA_FUNCTION_VERSION"),
        }
    }
}

impl Logging {
    /// Reads the level from `RUST_LOG` (`info` by default), and the function's name and
    /// version from Lambda's variables.
    fn from_env() -> Logging {
        let level = std::env::var("RUST_LOG").ok().and_then(|text| text.parse().ok());
        Logging { level: level.unwrap_or(LevelFilter::INFO), function: Function::from_env() }
    }
}

/// Starts logging. A second call has no effect.
pub fn init() {
    // A test may start logging twice in one process: the first start stays in effect.
    let _ = subscriber(Logging::from_env(), std::io::stdout).try_init();
}

/// Returns the subscriber that writes the log to `to`.
pub fn subscriber<W>(logging: Logging, to: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = filter(logging.level);
    let lines = layer()
        .event_format(Format(logging.function))
        .fmt_fields(JsonFields::new())
        .with_writer(to);
    registry().with(lines.with_filter(filter))
}

/// Returns the filter that keeps Latchkey's own lines at this level, and those of libraries
/// at `warn`.
fn filter(level: LevelFilter) -> Targets {
    let ours = [("platform", level), ("domain", level)];
    Targets::new().with_default(LevelFilter::WARN).with_targets(ours)
}

const REQUEST_ID: &str = "requestId";
const RECORD: &str = "record";

/// Runs the work of a request. Its log lines get the request's ID.
pub(crate) fn within<F: Future>(request_id: &str, work: F) -> impl Future<Output = F::Output> {
    // A span at the highest level is always enabled, so the filter applies to its lines only.
    work.instrument(tracing::error_span!("request", requestId = request_id))
}

/// Runs the work on one message of an invocation. Its log lines get the name of its record.
pub(crate) fn of_record<F: Future>(record: &str, work: F) -> impl Future<Output = F::Output> {
    work.instrument(tracing::error_span!("message", record))
}

/// The format of log lines.
struct Format(Function);

impl<S, N> FormatEvent<S, N> for Format
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let (meta, function) = (event.metadata(), &self.0);
        let mut entries: Vec<(&str, Value)> = Vec::new();
        let mut now = String::new();
        SystemTime.format_time(&mut Writer::new(&mut now))?;
        entries.push(("timestamp", now.into()));
        entries.push(("level", meta.level().as_str().into()));
        entries.push(("event", fields.take("event").unwrap_or_else(|| "library".into())));
        entries.push(("outcome", fields.take("outcome").unwrap_or_else(|| "noted".into())));
        entries.append(&mut fields.0);
        for name in [RECORD, REQUEST_ID] {
            entries.extend(of_scope(context, name).map(|value| (name, value)));
        }
        entries.push(("function", function.name.as_str().into()));
        entries.push(("version", env!("CARGO_PKG_VERSION").into()));
        entries.push(("functionVersion", function.version.as_str().into()));
        entries.push(("target", meta.target().into()));
        let mut line = Vec::new();
        serde_json::Serializer::new(&mut line).collect_map(entries).map_err(|_| fmt::Error)?;
        writeln!(writer, "{}", String::from_utf8_lossy(&line))
    }
}

/// Reads a field of the spans that a log event happened in.
fn of_scope<S, N>(context: &FmtContext<'_, S, N>, name: &str) -> Option<Value>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    context.event_scope()?.find_map(|span| {
        let extensions = span.extensions();
        let fields: Value =
            serde_json::from_str(&extensions.get::<FormattedFields<N>>()?.fields).ok()?;
        fields.get(name).cloned()
    })
}

/// The fields of a log event, in the order they were written in.
#[derive(Default)]
struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(field, _)| *field == name)?;
        Some(self.0.remove(at).1)
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), value.into()));
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.push((field.name(), value.into()));
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.push((field.name(), value.into()));
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.push((field.name(), value.into()));
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.push((field.name(), value.into()));
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.name(), format!("{value:?}").into()));
    }
}
