//! What every send has in common, of a reset or a registration: its answer,
//! and what keeps it from being sent.

use crate::challenge::{ChallengeId, Purpose};
use crate::error::{Problem, ProblemCode};
use crate::key::Keys;
use crate::limit::{Issue, Refused, Slot, resend_wait};
use crate::method::Kind;
use crate::policy::Policy;
use crate::port::{Call, Change, CommitError, Guard, Snapshot, SourceCounter};
use crate::repeat::Outcome;
use crate::time::{Span, Time};

/// A code that is on its way, if the address is right.
pub struct Sent {
    pub challenge: ChallengeId,
    pub expires: Time,
    /// How long until another may be asked for.
    pub resend_after: Span,
    /// Whether it is the first of its kind in its reset or registration, and
    /// no repetition of an answer.
    pub first: bool,
}

impl Sent {
    pub(super) fn new(issue: &Issue, policy: &Policy) -> Sent {
        let Slot { id, exp, n, .. } = &issue.slot;
        Sent {
            challenge: id.clone(),
            expires: *exp,
            resend_after: resend_wait(policy, *n),
            first: *n == 1,
        }
    }

    /// What a repetition is answered by.
    pub(super) fn outcome(&self) -> Outcome {
        Outcome::Sent { challenge: self.challenge.clone(), resend_after: self.resend_after }
    }

    /// The same answer again.
    pub fn again(outcome: Outcome) -> Option<Sent> {
        match outcome {
            Outcome::Sent { challenge, resend_after } => {
                Some(Sent { expires: challenge.expires, challenge, resend_after, first: false })
            }
            Outcome::Done | Outcome::Verified(_) | Outcome::Refused(_) => None,
        }
    }
}

/// Refuses SMS to everybody alike while the day's are spent.
pub(super) fn sms_open(kind: Kind, read: &Snapshot, call: &Call) -> Result<(), Problem> {
    let closed = match kind {
        Kind::Email => None,
        Kind::MobilePhone => read.flags.sms_closed_until(&read.policy().policy, call.now),
    };
    closed.map_or(Ok(()), |until| {
        Err(Problem::retry_at(ProblemCode::SmsUnavailable, until, call.now))
    })
}

/// One more start, or send asked for, by this source.
pub(super) fn count_source(call: &Call, keys: &Keys, counter: SourceCounter) -> Change {
    Change::CountSource {
        source: keys.pseudonym("source", &call.source),
        counter,
        limit: call.source_limit,
        now: call.now,
    }
}

/// Why it was not written; the source's count is full until the clock hour ends.
pub(super) fn source_full(error: CommitError, call: &Call) -> Problem {
    let next_hour = Time((call.now.hour() + 1) * Span::hours(1).0);
    match error.by(Guard::Source) {
        true => Problem::retry_at(ProblemCode::TooManyFromAddress, next_hour, call.now),
        false => error.into(),
    }
}

/// Why no code is sent, or taken, now. Only reset is ever closed; a
/// registration is to be tried later.
pub(super) fn refused(why: Refused, purpose: Purpose, now: Time) -> Problem {
    let (code, at) = match (why, purpose) {
        (Refused::Closed(until), Purpose::Reset) => (ProblemCode::ResetClosed, until),
        (Refused::Closed(at), Purpose::Registration) | (Refused::TooSoon(at), _) => {
            (ProblemCode::TooSoon, at)
        }
    };
    Problem::retry_at(code, at, now)
}
