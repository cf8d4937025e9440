//! Issuing a challenge in a reset or a registration: its writes, its answer and its refusals.

use crate::challenge::{ChallengeId, LedgerId, Purpose};
use crate::context::RequestContext;
use crate::destination::TypedName;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::idempotency::record_outcome;
use crate::flow::steps::messages::queue_code;
use crate::flow::steps::source::count_request;
use crate::idempotency::Outcome;
use crate::identity::Handle;
use crate::key::Keys;
use crate::kind::{Channel, Class, Kind};
use crate::ledger::{Issue, Refused, Slot};
use crate::limit::resend_wait;
use crate::policy::Policy;
use crate::port::{Change, Snapshot};
use crate::reset::ResetId;
use crate::secret::BearerDigest;
use crate::source::SourceCounter;
use crate::time::{Span, Time};

/// The answer to a request for a code. It is the same whether or not the code will be sent.
pub struct Sent {
    /// The challenge that was issued.
    pub challenge: ChallengeId,
    /// When the code expires.
    pub expires: Time,
    /// How long the caller must wait before asking for another.
    pub resend_after: Span,
    /// Whether it is the first code of its kind in this reset or registration. False for a
    /// repeated request.
    pub first: bool,
}

impl Sent {
    fn new(issue: &Issue, policy: &Policy) -> Sent {
        let Slot { id, exp, n, .. } = &issue.slot;
        Sent {
            challenge: id.clone(),
            expires: *exp,
            resend_after: resend_wait(policy, *n),
            first: *n == 1,
        }
    }

    /// Returns the outcome to record, from which a repeated request is answered.
    fn outcome(&self) -> Outcome {
        Outcome::Sent { challenge: self.challenge.clone(), resend_after: self.resend_after }
    }

    /// The same answer again, from the recorded outcome; `None` for an outcome of another request.
    pub fn again(outcome: Outcome) -> Option<Sent> {
        match outcome {
            Outcome::Sent { challenge, resend_after } => {
                Some(Sent { expires: challenge.expires, challenge, resend_after, first: false })
            }
            Outcome::Done | Outcome::Guessed(_) | Outcome::Verified(_) | Outcome::Refused(_) => {
                None
            }
        }
    }
}

/// A challenge to issue.
pub(in crate::flow) struct NewChallenge<'a> {
    /// The account.
    pub handle: &'a Handle,
    /// The kind of method to prove.
    pub kind: Kind,
    /// The ledgers that it may be in. If one is closed or has no send left, the next is tried.
    pub ledgers: &'a [LedgerId],
    /// The reset that it belongs to; `None` for a registration.
    pub reset: Option<&'a ResetId>,
    /// Digest of the bearer that may guess its code.
    pub owner: &'a BearerDigest,
    /// The latest time at which it may expire. The policy may make it expire earlier.
    pub ends: Option<Time>,
    /// The destination that the caller typed.
    pub typed: Option<TypedName>,
}

impl NewChallenge<'_> {
    /// The answer, and the changes that issue the challenge, count it for the source of the
    /// request, queue its message and record the outcome. A challenge of a known device is not
    /// counted for the source, so that a full source does not refuse it.
    ///
    /// # Errors
    /// `resetClosed` or `tooSoon` if the last ledger refuses the challenge; `tooManyFromAddress`.
    pub(in crate::flow) fn issue(
        self,
        ctx: &RequestContext,
        keys: &Keys,
        read: &Snapshot,
    ) -> Result<(Sent, Vec<Change>), Problem> {
        let policy = read.policy().policy;
        let full_life = ctx.now + policy.code_lifetime();
        let wanted = |ledger| ChallengeId {
            kid: keys.current().kid,
            kind: self.kind,
            digits: policy.digits(self.kind),
            expires: self.ends.map_or(full_life, |ends| full_life.min(ends)),
            ledger,
            slot: 0,
            typed: self.typed,
            random: ctx.random(),
        };
        let mut refused = None;
        for id in self.ledgers.iter().copied() {
            let issue = match read.ledger(id).issue(&policy, wanted(id), self.owner, ctx.now) {
                Ok(issue) => issue,
                Err(why @ Refused::TooSoon(_)) => return Err(refusal_of(why, id, ctx.now)),
                Err(why) => {
                    refused = Some(refusal_of(why, id, ctx.now));
                    continue;
                }
            };
            let sent = Sent::new(&issue, &policy);
            let mut changes = self.end_older(id, ctx, read);
            let handle = self.handle.clone();
            changes.push(Change::IssueChallenge { handle, issue: Box::new(issue) });
            if id != LedgerId::Devices {
                changes.push(count_request(ctx, keys, SourceCounter::Sends, read)?);
            }
            changes.extend(queue_code(ctx, self.handle, sent.challenge.clone(), self.reset));
            changes.extend(record_outcome(ctx, self.handle, sent.outcome()));
            return Ok((sent, changes));
        }
        Err(refused.unwrap_or_else(Problem::unavailable))
    }

    /// The changes that end the caller's older code of this kind in every ledger but `new`, where
    /// the new one replaces it.
    fn end_older(&self, new: LedgerId, ctx: &RequestContext, read: &Snapshot) -> Vec<Change> {
        let others = self.ledgers.iter().filter(|id| **id != new);
        let live = others.filter_map(|id| {
            let ledger = read.ledger(*id);
            let (_, slot) = ledger.slot_of(self.kind, self.owner)?;
            slot.is_live(ctx.now).then(|| slot.id.clone())
        });
        let end = |challenge| Change::EndChallenge { handle: self.handle.clone(), challenge };
        live.map(end).collect()
    }
}

/// Checks that codes of this kind can be sent now, which is the same for all accounts.
///
/// # Errors
/// `smsUnavailable` for phones while the SMS of the day are spent.
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

/// The problem for a code that the ledger does not let be sent or verified now. A reset is closed
/// with `resetClosed`; a registration gets `tooSoon`.
pub(in crate::flow) fn refusal_of(why: Refused, ledger: LedgerId, now: Time) -> Problem {
    let (code, at) = match (why, ledger.purpose()) {
        (Refused::Closed(until), Purpose::Reset) => (ProblemCode::ResetClosed, until),
        (Refused::Closed(at), Purpose::Registration)
        | (Refused::Full(at) | Refused::TooSoon(at), _) => (ProblemCode::TooSoon, at),
    };
    Problem::retry_at(code, at, now)
}
