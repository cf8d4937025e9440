//! The answer to a request for a code, and its refusals, in a reset or a registration.

use crate::challenge::{ChallengeId, Purpose};
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::idempotency::Outcome;
use crate::key::Keys;
use crate::kind::{Channel, Class, Kind};
use crate::limit::{Issue, Refused, Slot, resend_wait};
use crate::policy::Policy;
use crate::port::{Change, CommitError, Guard, Snapshot, SourceCounter};
use crate::time::{Span, Time};

/// The answer to a request for a code. It is the same whether or not the code will be sent.
pub struct Sent {
    /// The challenge that was issued.
    pub challenge: ChallengeId,
    /// When the code expires.
    pub expires: Time,
    /// The time that the caller must wait before asking for another code.
    pub resend_after: Span,
    /// Whether this is the first code of its kind in this reset or registration. False for a
    /// repeated request.
    pub first: bool,
}

impl Sent {
    pub(in crate::flow) fn new(issue: &Issue, policy: &Policy) -> Sent {
        let Slot { id, exp, n, .. } = &issue.slot;
        Sent {
            challenge: id.clone(),
            expires: *exp,
            resend_after: resend_wait(policy, *n),
            first: *n == 1,
        }
    }

    /// Returns the outcome to record, from which a repeated request is answered.
    pub(in crate::flow) fn outcome(&self) -> Outcome {
        Outcome::Sent { challenge: self.challenge.clone(), resend_after: self.resend_after }
    }

    /// Restores the answer from the recorded outcome; `None` for an outcome of another kind of
    /// request.
    pub fn again(outcome: Outcome) -> Option<Sent> {
        match outcome {
            Outcome::Sent { challenge, resend_after } => {
                Some(Sent { expires: challenge.expires, challenge, resend_after, first: false })
            }
            Outcome::Done | Outcome::Verified(_) | Outcome::Refused(_) => None,
        }
    }
}

/// Checks that codes can be sent to this kind of method now. The result is the same for all
/// accounts.
///
/// # Errors
/// `smsUnavailable` for phones if the SMS budget of the day is used up.
pub(in crate::flow) fn check_sms_open(
    kind: Kind,
    read: &Snapshot,
    ctx: &RequestContext,
) -> Result<(), Problem> {
    let closed = match kind.class() {
        Class::Delivered(Channel::Mail) | Class::Held(_) => None,
        Class::Delivered(Channel::Sms) => {
            read.flags.sms_closed_until(&read.policy().policy, ctx.now)
        }
    };
    closed
        .map_or(Ok(()), |until| Err(Problem::retry_at(ProblemCode::SmsUnavailable, until, ctx.now)))
}

/// Returns the change that counts one reset, or one code, for the network address of the request.
pub(in crate::flow) fn count_source(
    ctx: &RequestContext,
    keys: &Keys,
    counter: SourceCounter,
) -> Change {
    Change::CountSource {
        source: keys.pseudonym("source", &ctx.source),
        counter,
        limit: ctx.source_limit,
        now: ctx.now,
    }
}

/// Returns the problem for a refused write: `tooManyFromAddress`, until the clock hour ends, if
/// the network address has reached its limit.
pub(in crate::flow) fn source_full(error: CommitError, ctx: &RequestContext) -> Problem {
    let next_hour = Time((ctx.now.hour() + 1) * Span::hours(1).0);
    match error.by(Guard::Source) {
        true => Problem::retry_at(ProblemCode::TooManyFromAddress, next_hour, ctx.now),
        false => error.into(),
    }
}

/// Returns the problem for a code that the ledger does not allow to be sent or verified now:
/// `resetClosed` for a closed reset, `tooSoon` for a registration.
pub(in crate::flow) fn refusal_of(why: Refused, purpose: Purpose, now: Time) -> Problem {
    let (code, at) = match (why, purpose) {
        (Refused::Closed(until), Purpose::Reset) => (ProblemCode::ResetClosed, until),
        (Refused::Closed(at), Purpose::Registration) | (Refused::TooSoon(at), _) => {
            (ProblemCode::TooSoon, at)
        }
    };
    Problem::retry_at(code, at, now)
}
