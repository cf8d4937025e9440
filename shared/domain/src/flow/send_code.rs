//! A code of a reset is asked for. Nothing is sent here: the challenge and
//! the message are written together, and `send-code` does the rest. The
//! account is not read, so this is the same for all.

use super::{ATTEMPTS, Told, queue};
use crate::audit::Event;
use crate::challenge::{ChallengeId, Purpose};
use crate::error::{Problem, ProblemCode, ViolationCode};
use crate::flow::open_reset::{mine, open_reset};
use crate::flow::sending::{Sent, count_source, refused, sms_open, source_full};
use crate::key::Keys;
use crate::method::{Destination, Kind};
use crate::outbox::{Message, OutboxKind};
use crate::policy::Policy;
use crate::port::{Call, Change, Entropy, Guard, KeyRing, SourceCounter, Store, Want, random};
use crate::reset::ResetId;
use crate::secret::Bearer;

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
    mine(bearer, reset)?;
    let handle = &bearer.handle;
    let wants = [
        Want::Reset(handle, reset),
        Want::Ledger(handle, Purpose::Reset),
        Want::Policy,
        Want::Flags,
    ];
    for attempt in 0..ATTEMPTS {
        let read = store.read(&wants).await?;
        let policy = read.policy().policy;
        let open = open_reset(&read, bearer, call)?;
        let told_of = |problem: Problem| problem.with_support_code(&open.support_code());
        if !policy.allows(kind) {
            return Err(told_of(ProblemCode::KindNotAllowed.into()));
        }
        sms_open(kind, &read, call).map_err(told_of)?;
        let keys = ring.keys().await?;
        let typed = typed(&wanted, &policy, &keys).map_err(told_of)?;
        // A code never outlives its reset.
        let expires = (call.now + policy.code_lifetime()).min(open.exp);
        let challenge = ChallengeId::new(
            keys.current().kid,
            kind,
            policy.code.digits as u8,
            expires,
            random(entropy),
        );
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
            Change::IssueChallenge {
                handle: handle.clone(),
                purpose: Purpose::Reset,
                issue: Box::new(issue),
            },
            count_source(call, &keys, SourceCounter::Sends),
            queue(
                call,
                handle,
                OutboxKind::Code(Purpose::Reset, Some(reset.clone())),
                message,
                entropy,
            ),
        ];
        changes.extend(call.remember(handle, sent.outcome()));
        match store.commit(call, &format!("send-{attempt}"), changes).await {
            Ok(()) => return Ok(sent),
            // Another send was first: judge anew, with the exact wait.
            Err(error) if error.by(Guard::Ledger) => continue,
            Err(error) => return Err(told_of(source_full(error, call))),
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
        None if policy.must_be_typed(wanted.kind) => {
            Err(Problem::field("/destination", ViolationCode::DestinationMissing))
        }
        None => Ok(None),
    }
}
