//! What an answer leaves behind: a line of the log, and one of metrics. For
//! known and unknown accounts they have the same fields.

use crate::metrics::{Line, Metrics, Step, milliseconds};
use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use domain::audit::SupportCode;
use domain::error::Problem;
use domain::flow::verify::verify_code::Verified;
use domain::time::Time;
use std::time::Instant;

/// What a handler notes beside its answer. The edge takes it off.
#[derive(Clone, Default)]
pub struct Note {
    /// How far a reset came by this very request: not by a repetition of it.
    pub step: Option<Step>,
    /// The code that was accepted, likewise.
    pub verified: Option<Verified>,
    /// The reset's, where there is one.
    pub support_code: Option<SupportCode>,
}

impl Note {
    /// A request within a reset.
    pub fn of(support_code: &SupportCode) -> Note {
        Note { support_code: Some(support_code.clone()), ..Note::default() }
    }
}

/// A request that waits for its answer.
pub(super) struct AnswerLog {
    id: String,
    now: Time,
    began: Instant,
    /// Its method, and the pattern of its path; nothing where it was invoked
    /// directly.
    route: Option<(Method, Option<MatchedPath>)>,
}

impl AnswerLog {
    pub fn begin(id: &str, now: Time, request: Option<&Request>) -> AnswerLog {
        let route =
            request.map(|request| (request.method().clone(), request.extensions().get().cloned()));
        AnswerLog { id: id.to_owned(), now, began: Instant::now(), route }
    }

    /// Writes both lines. What is told of is what the caller was told.
    pub fn write(self, metrics: &Metrics, status: u16, problem: Option<&Problem>, note: &Note) {
        let outcome = match (problem, status) {
            (Some(problem), _) => problem.code.as_str().to_owned(),
            (None, ..400) => "ok".to_owned(),
            // A page has no problem to tell.
            (None, status) => status.to_string(),
        };
        let milliseconds = milliseconds(self.began);
        let support_code = note.support_code.as_ref().map(SupportCode::as_str);
        match &self.route {
            Some((method, route)) => tracing::info!(
                event = "answered",
                outcome,
                supportCode = support_code,
                method = method.as_str(),
                route = route.as_ref().map(MatchedPath::as_str),
                status,
                step = note.step.map(Step::as_str),
                verified = note.verified.as_ref().map(|verified| verified.kind.as_str()),
                lockout = problem.filter(|problem| problem.lockout).map(|_| true),
                milliseconds,
            ),
            None => {
                tracing::info!(event = "invoked", outcome, supportCode = support_code, milliseconds)
            }
        }
        let line = Line::answer(note.step, note.verified.as_ref(), problem);
        metrics.write(line.latency(milliseconds), &self.id, self.now);
    }
}
