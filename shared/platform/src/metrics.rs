//! Metrics, all of them: CloudWatch's embedded metric format (EMF), one line
//! of JSON beside a line of the log, from which CloudWatch reads them. No call
//! is made for them, and none fails a request.
//!
//! A metric counts what callers were told, or what became of a message, never
//! who it was: a start counts whether the account exists or not. Each is
//! written without dimensions and with its own, so that an alarm reads a sum
//! and a dashboard its parts.
//!
//! Nobody tells a function that they gave up. A reset that is abandoned is one
//! that reached a [`Step`] and not the next: the difference of the two counts.

use crate::send::Handed;
use domain::error::{Problem, ProblemCode};
use domain::flow::send_code::measure::Unsent;
use domain::flow::verify::verify_code::Verified;
use domain::kind::Kind;
use domain::outbox::{Ended, OutboxState};
use domain::time::Time;
use serde_json::{Map, Value, json};
use std::time::Instant;

/// What a line is handed to the log under. The log adds what it alone knows:
/// which function it is, and the namespace.
pub(crate) const TARGET: &str = "latchkey::metrics";
/// The dimension that the log adds to every line.
pub(crate) const FUNCTION: &str = "Function";
/// The country of a message that goes to none: a mail.
const NO_COUNTRY: &str = "none";

/// A metric. Alarms and the dashboard name them; so each keeps its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Resets begun, decoys among them.
    ResetsStarted,
    /// Resets that ended with a new password.
    ResetsCompleted,
    /// Resets that reached a step.
    ResetSteps,
    /// Messages that a channel took.
    MessagesSent,
    /// Messages that were given up.
    MessagesFailed,
    /// Messages that were not to be sent.
    MessagesDropped,
    CodesVerified,
    CodesRefused,
    /// Problems that callers were told, faults of ours among them.
    Refusals,
    /// Lockouts of sign-in that began.
    Lockouts,
    /// Parts of text messages that were handed over, which is what is paid.
    SmsParts,
    /// Messages that wait to be sent.
    OutboxUnsent,
    /// How long the oldest of them waits, in seconds.
    OutboxOldestSeconds,
    /// From the event to the answer, in milliseconds.
    Latency,
}

impl Metric {
    pub const ALL: [Metric; 14] = {
        use Metric::*;
        [
            ResetsStarted,
            ResetsCompleted,
            ResetSteps,
            MessagesSent,
            MessagesFailed,
            MessagesDropped,
            CodesVerified,
            CodesRefused,
            Refusals,
            Lockouts,
            SmsParts,
            OutboxUnsent,
            OutboxOldestSeconds,
            Latency,
        ]
    };

    /// Its name in CloudWatch: the variant's.
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    /// The dimensions it is written with, beside none.
    pub const fn dimensions(self) -> &'static [&'static str] {
        match self {
            Metric::ResetsStarted
            | Metric::ResetsCompleted
            | Metric::CodesRefused
            | Metric::Lockouts
            | Metric::OutboxUnsent
            | Metric::OutboxOldestSeconds => &[],
            Metric::ResetSteps => &["Step"],
            // The same four: how many of those that were sent came back.
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

    /// CloudWatch's name of its unit.
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
            | Metric::SmsParts
            | Metric::OutboxUnsent => "Count",
        }
    }
}

/// How far a reset came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Started,
    /// A code of a kind was asked for, the first of it in this reset. Decoys
    /// come as far.
    CodeSent,
    /// A kind was proved.
    Verified,
    /// Its owner was told that a new password may be set.
    Ready,
    Completed,
}

impl Step {
    pub const fn as_str(self) -> &'static str {
        match self {
            Step::Started => "started",
            Step::CodeSent => "codeSent",
            Step::Verified => "verified",
            Step::Ready => "ready",
            Step::Completed => "completed",
        }
    }
}

/// Milliseconds since then, to a tenth.
pub(crate) fn milliseconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 10_000.0).round() / 10.0
}

/// The metrics of one line: each at most once.
#[derive(Default)]
pub struct Line {
    directives: Vec<Value>,
    members: Map<String, Value>,
}

impl Line {
    /// What an answer counts: the step of a reset it told of, the code it
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
            line.count(Metric::Refusals, 1, &[&problem.code.as_str()]);
            if problem.code == ProblemCode::CodeNotAccepted {
                line.count(Metric::CodesRefused, 1, &[]);
            }
            if problem.lockout {
                line.count(Metric::Lockouts, 1, &[]);
            }
        }
        line
    }

    /// What a message of the outbox counts: how it ended, if it did, and what
    /// was handed to its channel.
    pub(crate) fn message(ended: Option<&Ended>, handed: Option<&Handed>) -> Line {
        let mut line = Line::default();
        match ended.map(|ended| (ended.state, ended)) {
            Some((OutboxState::Sent, _)) => {
                // A row that became rows of their own was sent to nobody.
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
                line.count(Metric::MessagesFailed, 1, &[ended.kind.map_or("none", Kind::as_str)])
            }
            Some((OutboxState::Dropped, ended)) => {
                line.count(Metric::MessagesDropped, 1, &[&ended.reason.as_str()])
            }
            Some((OutboxState::Queued | OutboxState::Claimed, _)) | None => {}
        }
        if let Some(sms) = handed.and_then(|handed| handed.paid.as_ref()) {
            line.count(Metric::SmsParts, sms.parts, &[&sms.country]);
        }
        line
    }

    /// What waits in the outbox.
    pub(crate) fn unsent(waiting: Unsent) -> Line {
        let mut line = Line::default();
        line.count(Metric::OutboxUnsent, waiting.messages, &[]);
        line.count(Metric::OutboxOldestSeconds, waiting.oldest.whole_seconds(), &[]);
        line
    }

    /// Adds how long it took.
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
        self.members.insert(metric.name(), value);
        self.members.extend(
            own.iter().zip(values).map(|(name, value)| ((*name).to_owned(), Value::from(*value))),
        );
    }

    /// Hands it to the log, unless it is empty.
    pub(crate) fn write(mut self, request_id: &str, now: Time) {
        if self.directives.is_empty() {
            return;
        }
        self.members.insert(
            "_aws".to_owned(),
            json!({ "Timestamp": now.0, "CloudWatchMetrics": self.directives }),
        );
        self.members.insert("requestId".to_owned(), request_id.into());
        let line = Value::Object(self.members).to_string();
        tracing::info!(target: TARGET, line);
    }
}
