//! A code of a reset is asked for. Nothing is sent here: the challenge and
//! the message are written together, and `send-code` does the rest. The
//! account is not read, so this is the same for all.

use crate::audit::Event;
use crate::challenge::{ChallengeId, Purpose};
use crate::context::RequestContext;
use crate::destination::Destination;
use crate::error::{Problem, ProblemCode, ViolationCode};
use crate::flow::reset::open::{mine, open_reset};
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::idempotency::record_outcome;
use crate::flow::steps::messages::queue_code;
use crate::flow::steps::sending::{Sent, count_source, refusal_of, sms_open, source_full};
use crate::key::Keys;
use crate::kind::Kind;
use crate::policy::Policy;
use crate::port::{Change, Guard, KeyRing, SourceCounter, Store, Want};
use crate::reset::ResetId;
use crate::secret::Bearer;

/// The challenge that a caller asks for.
pub struct WantedChallenge {
    /// The kind of method to prove.
    pub kind: Kind,
    /// The destination as its owner typed it, where the policy asks for it.
    pub destination: Option<Destination>,
}

/// Asks for a code of a kind, within a reset. Another of the same kind ends
/// the older one. A typed address that is not the account's is answered like
/// one that is: `send-code` compares it, and sends nothing.
pub async fn issue_challenge(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    reset: &ResetId,
    wanted: &WantedChallenge,
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
    let mut attempts = Attempts::of("send");
    loop {
        attempts.begin().map_err(|problem| problem.with_support_code(&reset.support_code()))?;
        let read = store.read(&wants).await?;
        let policy = read.policy().policy;
        let open = open_reset(&read, bearer, ctx)?;
        let told_of = |problem: Problem| problem.with_support_code(&open.support_code());
        if !policy.allows(kind) {
            return Err(told_of(ProblemCode::KindNotAllowed.into()));
        }
        sms_open(kind, &read, ctx).map_err(told_of)?;
        let keys = ring.keys().await?;
        let typed = typed(wanted, &policy, &keys).map_err(told_of)?;
        // A code never outlives its reset.
        let expires = (ctx.now + policy.code_lifetime()).min(open.exp);
        let challenge = ChallengeId::new(
            keys.current().kid,
            kind,
            policy.code.digits as u8,
            expires,
            ctx.random(),
        );
        let issue = read
            .ledger(Purpose::Reset)
            .issue(&policy, Purpose::Reset, challenge.clone(), &open.owner, ctx.now)
            .map_err(|why| told_of(refusal_of(why, Purpose::Reset, ctx.now)))?;
        let sent = Sent::new(&issue, &policy);

        let entry = AuditEntry {
            uid: Some(&open.uid),
            kind: Some(kind),
            support_code: open.support_code(),
            ..AuditEntry::new(ctx, handle, Event::CodeRequested)
        };
        let mut changes = vec![
            entry.record(ctx, &policy),
            Change::IssueChallenge {
                handle: handle.clone(),
                purpose: Purpose::Reset,
                issue: Box::new(issue),
            },
            count_source(ctx, &keys, SourceCounter::Sends),
        ];
        changes.extend(queue_code(ctx, handle, challenge, Some(reset), typed));
        changes.extend(record_outcome(ctx, handle, sent.outcome()));
        // Another send was first: judge anew, with the exact wait.
        let written = attempts.commit(store, ctx, changes, &[Guard::Ledger]).await;
        if written.map_err(|error| told_of(source_full(error, ctx)))? {
            return Ok(sent);
        }
    }
}

/// The pseudonym of the typed destination.
///
/// # Errors
/// `destinationMissing` where the policy asks for one: by the kind alone, so that
/// the answer says nothing about the account.
fn typed(
    wanted: &WantedChallenge,
    policy: &Policy,
    keys: &Keys,
) -> Result<Option<String>, Problem> {
    match &wanted.destination {
        Some(destination) => Ok(Some(keys.destination_name(destination))),
        None if policy.must_be_typed(wanted.kind) => {
            Err(Problem::field("/destination", ViolationCode::DestinationMissing))
        }
        None => Ok(None),
    }
}
