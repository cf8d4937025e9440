//! What every send has in common, of a reset or a registration: its answer,
//! and what keeps it from being sent.

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
    pub(in crate::flow) fn new(issue: &Issue, policy: &Policy) -> Sent {
        let Slot { id, exp, n, .. } = &issue.slot;
        Sent {
            challenge: id.clone(),
            expires: *exp,
            resend_after: resend_wait(policy, *n),
            first: *n == 1,
        }
    }

    /// What a repetition is answered by.
    pub(in crate::flow) fn outcome(&self) -> Outcome {
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

/// One more start, or send asked for, by this source.
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

/// Why it was not written; the source's count is full until the clock hour ends.
pub(in crate::flow) fn source_full(error: CommitError, ctx: &RequestContext) -> Problem {
    let next_hour = Time((ctx.now.hour() + 1) * Span::hours(1).0);
    match error.by(Guard::Source) {
        true => Problem::retry_at(ProblemCode::TooManyFromAddress, next_hour, ctx.now),
        false => error.into(),
    }
}

/// Why no code is sent, or taken, now. Only reset is ever closed; a
/// registration is to be tried later.
pub(in crate::flow) fn refusal_of(why: Refused, purpose: Purpose, now: Time) -> Problem {
    let (code, at) = match (why, purpose) {
        (Refused::Closed(until), Purpose::Reset) => (ProblemCode::ResetClosed, until),
        (Refused::Closed(at), Purpose::Registration) | (Refused::TooSoon(at), _) => {
            (ProblemCode::TooSoon, at)
        }
    };
    Problem::retry_at(code, at, now)
}
