//! Writes a log line and a metrics line for each response. Both have the same fields for
//! known and unknown accounts.

use crate::metrics::{Line, Metrics, Step, milliseconds};
use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use domain::audit::SupportCode;
use domain::error::Problem;
use domain::flow::verify::guess::Verified;
use domain::time::Time;
use std::time::Instant;

/// Facts that a handler adds to its response for the log and the metrics. The module `edge`
/// removes them from the response.
#[derive(Clone, Default)]
pub struct Note {
    /// The step that a reset reached by this request; `None` for a repeated request.
    pub step: Option<Step>,
    /// The code that was accepted in this request; `None` for a repeated request.
    pub verified: Option<Verified>,
    /// The support code of the reset, if the request belongs to one.
    pub support_code: Option<SupportCode>,
}

impl Note {
    /// Creates the note of a request within a reset.
    pub fn of(support_code: &SupportCode) -> Note {
        Note { support_code: Some(support_code.clone()), ..Note::default() }
    }
}

/// The log data of a request whose response is not ready yet.
pub(super) struct AnswerLog {
    id: String,
    now: Time,
    began: Instant,
    /// The method, and the path pattern if one matched; `None` for a direct invocation.
    route: Option<(Method, Option<MatchedPath>)>,
}

impl AnswerLog {
    /// Starts measuring the time. `request` is `None` for a direct invocation.
    pub(crate) fn begin(id: &str, now: Time, request: Option<&Request>) -> AnswerLog {
        let route =
            request.map(|request| (request.method().clone(), request.extensions().get().cloned()));
        AnswerLog { id: id.to_owned(), now, began: Instant::now(), route }
    }

    /// Writes both lines, with the status and the problem that the caller got.
    pub(crate) fn write(
        self,
        metrics: &Metrics,
        status: u16,
        problem: Option<&Problem>,
        note: &Note,
    ) {
        let outcome = match (problem, status) {
            (Some(problem), _) => problem.code.as_str().to_owned(),
            (None, ..400) => "ok".to_owned(),
            // A response of a page has no problem, only a status.
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
                tracing::info!(
                    event = "invoked",
                    outcome,
                    supportCode = support_code,
                    milliseconds
                );
            }
        }
        let line = Line::answer(note.step, note.verified.as_ref(), problem);
        metrics.write(line.latency(milliseconds), &self.id, self.now);
    }
}
