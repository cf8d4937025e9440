//! A code of a reset is asked for. Nothing is sent here: the challenge and
//! the message are written together, and `send-code` does the rest. The
//! account is not read, so this is the same for all.

use super::{ATTEMPTS, Told, queue};
use crate::audit::Event;
use crate::challenge::{ChallengeId, Purpose};
use crate::error::{Problem, ProblemCode, ViolationCode};
use crate::flow::start_reset::too_many_from_address;
use crate::key::Keys;
use crate::limit::{Issue, Refused, resend_wait};
use crate::method::{Destination, Kind};
use crate::outbox::{Message, OutboxKind};
use crate::policy::Policy;
use crate::port::{Call, Change, CommitError, Entropy, Guard, KeyRing, Snapshot, SourceCounter, Store, Want, random};
use crate::repeat::Outcome;
use crate::reset::ResetId;
use crate::secret::{Bearer, BearerKind};
use crate::time::{Span, Time};

/// A code that is on its way, if the address is right.
pub struct Sent {
    pub challenge: ChallengeId,
    pub expires: Time,
    /// How long until another may be asked for.
    pub resend_after: Span,
}

impl Sent {
    pub(super) fn new(issue: &Issue, policy: &Policy) -> Sent {
        Sent { challenge: issue.slot.id.clone(), expires: issue.slot.exp, resend_after: resend_wait(policy, issue.slot.n) }
    }

    /// What a repetition is answered by.
    pub(super) fn outcome(&self) -> Outcome {
        Outcome::Sent { challenge: self.challenge.clone(), resend_after: self.resend_after }
    }

    /// The same answer again.
    pub fn again(outcome: Outcome) -> Option<Sent> {
        match outcome {
            Outcome::Sent { challenge, resend_after } => Some(Sent { expires: challenge.expires, challenge, resend_after }),
            Outcome::Done | Outcome::Verified(_) | Outcome::Refused(_) => None,
        }
    }
}

/// What `POST /v1/resets/{resetId}/challenges` asks for.
pub struct WantedCode<'a> {
    pub kind: Kind,
    /// The address as its owner knows it, where the policy asks for it.
    pub destination: Option<&'a str>,
}

/// Asks for a code of a kind, within a reset. Another of the same kind ends
/// the older one. A typed address that is not the account's is answered like
/// one that is: `send-code` compares it, and sends nothing.
pub async fn send_code(
    store: &impl Store,
    ring: &impl KeyRing,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    reset: &ResetId,
    wanted: WantedCode<'_>,
) -> Result<Sent, Problem> {
    let kind = wanted.kind;
    if bearer.kind != BearerKind::Reset || ResetId::of(bearer) != *reset {
        return Err(ProblemCode::ResetEnded.into());
    }
    let handle = &bearer.handle;
    let wants = [Want::Reset(handle, reset), Want::Ledger(handle, Purpose::Reset), Want::Policy, Want::Flags];
    for attempt in 0..ATTEMPTS {
        let read = store.read(&wants).await?;
        let policy = read.policy().policy;
        let Some(open) = read.reset.as_ref().filter(|r| r.is_open(bearer, call.now)) else {
            return Err(ProblemCode::ResetEnded.into());
        };
        let told_of = |problem: Problem| problem.with_support_code(&open.support_code());
        if !policy.allows(kind) {
            return Err(told_of(ProblemCode::KindNotAllowed.into()));
        }
        sms_open(kind, &read, call).map_err(told_of)?;
        let keys = ring.keys().await?;
        let typed = typed(&wanted, &policy, &keys).map_err(told_of)?;
        // A code never outlives its reset.
        let expires = (call.now + policy.code_lifetime()).min(open.exp);
        let challenge = ChallengeId::new(keys.current().kid, kind, policy.code.digits as u8, expires, random(entropy));
        let issue = read
            .ledger(Purpose::Reset)
            .issue(&policy, Purpose::Reset, challenge.clone(), &open.sec, call.now)
            .map_err(|why| told_of(refused(why, Purpose::Reset, call.now)))?;
        let sent = Sent::new(&issue, &policy);

        let message = Message::Code { challenge, purpose: Purpose::Reset, typed };
        let told = Told {
            uid: Some(&open.uid),
            kind: Some(kind),
            support_code: open.support_code(),
            ..Told::new(call, handle, Event::CodeRequested)
        };
        let mut changes = vec![
            told.record(call, &policy, entropy),
            Change::IssueChallenge { handle: handle.clone(), purpose: Purpose::Reset, issue: Box::new(issue) },
            count_send(call, &keys),
            queue(call, handle, OutboxKind::Code(Purpose::Reset, Some(reset.clone())), message, entropy),
        ];
        changes.extend(call.remember(handle, sent.outcome()));
        match store.commit(call, &format!("send-{attempt}"), changes).await {
            Ok(()) => return Ok(sent),
            // Another send was first: judge anew, with the exact wait.
            Err(error) if error.by(Guard::Ledger) => continue,
            Err(error) => return Err(told_of(not_sent(error, call))),
        }
    }
    Err(Problem::unavailable().with_support_code(&reset.support_code()))
}

/// The name of the address that was typed. Whether it is one at all is judged
/// by the text alone, so that the answer says nothing of the account.
fn typed(wanted: &WantedCode<'_>, policy: &Policy, keys: &Keys) -> Result<Option<String>, Problem> {
    match wanted.destination {
        Some(text) => match Destination::parse(wanted.kind, text) {
            Some(destination) => Ok(Some(keys.destination_name(&destination))),
            None => Err(Problem::field("/destination", ViolationCode::NotAnAddress)),
        },
        None if policy.must_be_typed(wanted.kind) => Err(Problem::field("/destination", ViolationCode::DestinationMissing)),
        None => Ok(None),
    }
}

/// Refuses SMS to everybody alike while the day's are spent.
pub(super) fn sms_open(kind: Kind, read: &Snapshot, call: &Call) -> Result<(), Problem> {
    let closed = match kind {
        Kind::Email => None,
        Kind::MobilePhone => read.flags.sms_closed_until(&read.policy().policy, call.now),
    };
    closed.map_or(Ok(()), |until| Err(Problem::retry_at(ProblemCode::SmsUnavailable, until, call.now)))
}

/// One more send asked for by this source.
pub(super) fn count_send(call: &Call, keys: &Keys) -> Change {
    Change::CountSource {
        source: keys.pseudonym("source", &call.source),
        counter: SourceCounter::Sends,
        limit: call.source_limit,
        now: call.now,
    }
}

/// Why no code is sent, or taken, now. Only reset is ever closed; a
/// registration is to be tried later.
pub(super) fn refused(why: Refused, purpose: Purpose, now: Time) -> Problem {
    let (code, at) = match (why, purpose) {
        (Refused::Closed(until), Purpose::Reset) => (ProblemCode::ResetClosed, until),
        (Refused::Closed(at), Purpose::Registration) | (Refused::TooSoon(at), _) => (ProblemCode::TooSoon, at),
    };
    Problem::retry_at(code, at, now)
}

pub(super) fn not_sent(error: CommitError, call: &Call) -> Problem {
    match error.by(Guard::Source) {
        true => too_many_from_address(call),
        false => error.into(),
    }
}
