//! Metrics in CloudWatch's embedded metric format (EMF): lines of JSON on standard output,
//! between the log lines. CloudWatch extracts the metrics from them, so writing them needs
//! no call and cannot fail a request.
//!
//! A metric counts responses or messages without identifying an account: a started reset
//! counts whether or not the account exists. Each metric is written without dimensions, for
//! alarms, and with its own dimensions, for the dashboard.
//!
//! Functions cannot observe that a user gave up. The number of abandoned resets is the
//! number that reached a [`Step`] minus the number that reached the next.

use crate::log::Function;
use crate::send::Handed;
use domain::error::{Problem, ProblemCode};
use domain::flow::send_code::measure::Unsent;
use domain::flow::verify::guess::Verified;
use domain::kind::Kind;
use domain::outbox::{Ended, OutboxState};
use domain::time::Time;
use serde_json::{Map, Value, json};
use std::io::Write;
use std::time::Instant;

/// The name of the dimension that holds the function's name.
const FUNCTION: &str = "Function";
/// The value of the dimension `Country` for a mail.
const NO_COUNTRY: &str = "none";

/// A metric. Its name must not change, since alarms and the dashboard use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
pub enum Metric {
    /// Resets that were started, including decoys.
    ResetsStarted,
    /// Resets that ended with a new password.
    ResetsCompleted,
    /// Resets that reached a step.
    ResetSteps,
    /// Messages that a channel accepted.
    MessagesSent,
    /// Messages that could not be sent.
    MessagesFailed,
    /// Messages that were not sent on purpose, such as those of decoys.
    MessagesDropped,
    /// Codes that were accepted.
    CodesVerified,
    /// Codes that were not accepted.
    CodesRefused,
    /// Responses with a problem, including internal faults.
    Refusals,
    /// Lockouts of sign-in that began.
    Lockouts,
    /// Sign-ins that failed.
    SignInsFailed,
    /// Parts of text messages that were handed to SNS. Each part is billed.
    SmsParts,
    /// Messages that wait to be sent.
    OutboxUnsent,
    /// The age of the oldest waiting message, in seconds.
    OutboxOldestSeconds,
    /// The time from a request's start to its response, in milliseconds.
    Latency,
}

impl Metric {
    /// All metrics.
    pub const ALL: &[Metric] = <Metric as strum::VariantArray>::VARIANTS;

    /// The name in CloudWatch, which is the variant's name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The dimensions that the metric is written with. It is also written without any.
    pub const fn dimensions(self) -> &'static [&'static str] {
        match self {
            Metric::ResetsStarted
            | Metric::ResetsCompleted
            | Metric::CodesRefused
            | Metric::Lockouts
            | Metric::SignInsFailed
            | Metric::OutboxUnsent
            | Metric::OutboxOldestSeconds => &[],
            Metric::ResetSteps => &["Step"],
            // Both have the same dimensions, so that sent codes can be compared with
            // verified ones.
            Metric::MessagesSent | Metric::CodesVerified => {
                &["Kind", "Purpose", "Language", "Country"]
            }
            Metric::MessagesFailed => &["Kind"],
            Metric::MessagesDropped => &["Reason"],
            Metric::Refusals => &["Code"],
            Metric::SmsParts => &["Country"],
            Metric::Latency => &[FUNCTION],
        }
    }

    /// The unit, by its CloudWatch name.
    pub const fn unit(self) -> &'static str {
        match self {
            Metric::Latency => "Milliseconds",
            Metric::OutboxOldestSeconds => "Seconds",
            Metric::ResetsStarted
            | Metric::ResetsCompleted
            | Metric::ResetSteps
            | Metric::MessagesSent
            | Metric::MessagesFailed
            | Metric::MessagesDropped
            | Metric::CodesVerified
            | Metric::CodesRefused
            | Metric::Refusals
            | Metric::Lockouts
            | Metric::SignInsFailed
            | Metric::SmsParts
            | Metric::OutboxUnsent => "Count",
        }
    }
}

/// A step of a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "camelCase")]
pub enum Step {
    /// The reset was started.
    Started,
    /// The first code of a kind of method was requested in this reset. Decoys reach this step too.
    CodeSent,
    /// A kind of method was verified.
    Verified,
    /// The caller read that a new password may be set.
    Ready,
    /// The new password was set.
    Completed,
}

impl Step {
    /// The value of the dimension `Step`: the variant's name in camelCase.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Returns the milliseconds since an instant, rounded to a tenth.
pub(crate) fn milliseconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 10_000.0).round() / 10.0
}

/// The writer of a function's metrics.
#[derive(Clone)]
pub struct Metrics {
    /// The namespace of all metrics in CloudWatch. `None` writes no metrics.
    pub namespace: Option<String>,
    /// The function that writes the metrics.
    pub function: Function,
    /// Writes one line, including its line break.
    pub write: fn(&str),
}

impl Metrics {
    /// Creates a writer to standard output, with the namespace in `LATCHKEY_METRICS`.
    pub(crate) fn from_env() -> Metrics {
        Metrics {
            namespace: std::env::var("LATCHKEY_METRICS").ok().filter(|text| !text.is_empty()),
            function: Function::from_env(),
            // Requests do not fail when metrics cannot be written, so the error is ignored.
            write: |line| drop(std::io::stdout().write_all(line.as_bytes())),
        }
    }

    /// Writes a line, unless it is empty.
    pub(crate) fn write(&self, line: Line, request_id: &str, now: Time) {
        let Line { mut directives, mut members } = line;
        let Some(namespace) = self.namespace.as_deref().filter(|_| !directives.is_empty()) else {
            return;
        };
        for directive in &mut directives {
            directive["Namespace"] = namespace.into();
        }
        let aws = json!({ "Timestamp": now.0, "CloudWatchMetrics": directives });
        members.extend([
            ("_aws".to_owned(), aws),
            ("requestId".to_owned(), request_id.into()),
            (FUNCTION.to_owned(), self.function.name.as_str().into()),
            ("version".to_owned(), env!("CARGO_PKG_VERSION").into()),
            ("functionVersion".to_owned(), self.function.version.as_str().into()),
        ]);
        (self.write)(&format!("{}\n", Value::Object(members)));
    }
}

/// The metrics of one line, each at most once.
#[derive(Default)]
pub struct Line {
    directives: Vec<Value>,
    members: Map<String, Value>,
}

impl Line {
    /// Returns the metrics of a response: the step that a reset reached, the code that was
    /// accepted, and the problem.
    pub(crate) fn answer(
        step: Option<Step>,
        verified: Option<&Verified>,
        problem: Option<&Problem>,
    ) -> Line {
        let mut line = Line::default();
        if let Some(step) = step {
            line.count(Metric::ResetSteps, 1, &[step.as_str()]);
            match step {
                Step::Started => line.count(Metric::ResetsStarted, 1, &[]),
                Step::Completed => line.count(Metric::ResetsCompleted, 1, &[]),
                Step::CodeSent | Step::Verified | Step::Ready => {}
            }
        }
        if let Some(Verified { kind, purpose, language, country }) = verified {
            let country = country.as_deref().unwrap_or(NO_COUNTRY);
            line.count(
                Metric::CodesVerified,
                1,
                &[kind.as_str(), purpose.as_str(), language.tag(), country],
            );
        }
        if let Some(problem) = problem {
            line.count(Metric::Refusals, 1, &[problem.code.as_str()]);
            if problem.code == ProblemCode::CodeNotAccepted {
                line.count(Metric::CodesRefused, 1, &[]);
            }
            if problem.code == ProblemCode::SignInFailed {
                line.count(Metric::SignInsFailed, 1, &[]);
            }
            if problem.lockout {
                line.count(Metric::Lockouts, 1, &[]);
            }
        }
        line
    }

    /// Returns the metrics of an outbox row: its final state, if it reached one, and the
    /// message that was handed to its channel, if any.
    pub(crate) fn message(ended: Option<&Ended>, handed: Option<&Handed>) -> Line {
        let mut line = Line::default();
        match ended.map(|ended| (ended.state, ended)) {
            Some((OutboxState::Sent, _)) => {
                // A row that was split into one row per recipient sent no message itself.
                if let Some(handed) = handed {
                    let country = handed.paid.as_ref().map_or(NO_COUNTRY, |sms| &sms.country);
                    line.count(
                        Metric::MessagesSent,
                        1,
                        &[handed.kind.as_str(), handed.purpose, handed.language.tag(), country],
                    );
                }
            }
            Some((OutboxState::Failed, ended)) => {
                line.count(Metric::MessagesFailed, 1, &[ended.kind.map_or("none", Kind::as_str)]);
            }
            Some((OutboxState::Dropped, ended)) => {
                line.count(Metric::MessagesDropped, 1, &[ended.reason.as_str()]);
            }
            Some((OutboxState::Queued | OutboxState::Claimed, _)) | None => {}
        }
        if let Some(sms) = handed.and_then(|handed| handed.paid.as_ref()) {
            line.count(Metric::SmsParts, sms.parts, &[&sms.country]);
        }
        line
    }

    /// Returns the metrics of messages that wait in the outbox.
    pub(crate) fn unsent(waiting: Unsent) -> Line {
        let mut line = Line::default();
        line.count(Metric::OutboxUnsent, waiting.messages, &[]);
        line.count(Metric::OutboxOldestSeconds, waiting.oldest.whole_seconds(), &[]);
        line
    }

    /// Adds the latency of the request.
    pub(crate) fn latency(mut self, milliseconds: f64) -> Line {
        self.add(Metric::Latency, milliseconds.into(), &[]);
        self
    }

    fn count(&mut self, metric: Metric, n: u32, values: &[&str]) {
        self.add(metric, n.into(), values);
    }

    fn add(&mut self, metric: Metric, value: Value, values: &[&str]) {
        let own = metric.dimensions();
        let sets = if own.is_empty() { json!([[]]) } else { json!([[], own]) };
        self.directives.push(json!({
            "Dimensions": sets,
            "Metrics": [{ "Name": metric.name(), "Unit": metric.unit() }],
        }));
        self.members.insert(metric.name().to_owned(), value);
        self.members.extend(
            own.iter().zip(values).map(|(name, value)| ((*name).to_owned(), Value::from(*value))),
        );
    }
}
