//! Issuing a challenge in a reset.
//!
//! This flow sends nothing. It writes the challenge and an outbox row in one transaction, and
//! `send-code` sends the code. It does not read the account, so it does the same for known and
//! unknown accounts.

use crate::audit::Event;
use crate::challenge::Purpose;
use crate::context::RequestContext;
use crate::destination::Destination;
use crate::error::{Problem, ProblemCode, ViolationCode};
use crate::flow::reset::open::{check_bearer, open_reset};
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::sending::{NewChallenge, Sent, check_sms_open};
use crate::flow::steps::source::source_name;
use crate::key::Keys;
use crate::kind::Kind;
use crate::policy::Policy;
use crate::port::{Guard, KeyRing, Store, Want};
use crate::reset::ResetId;
use crate::secret::Bearer;
use crate::source::SourceCounter;

/// The challenge that a caller asks for.
pub struct WantedChallenge {
    /// The kind of method to prove.
    pub kind: Kind,
    /// The destination that the caller typed, if any.
    pub destination: Option<Destination>,
}

/// Issues a challenge of a kind. The older challenge of the same kind ends. A typed destination
/// that is not the account's gets the same answer as the right one: `send-code` compares it later,
/// and drops the code.
///
/// # Errors
/// `resetEnded`; `kindNotAllowed`; `destinationMissing` for the field `/destination`; and the
/// refusals of every send, such as `tooSoon` and `smsUnavailable`.
pub async fn issue_challenge(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    reset: &ResetId,
    wanted: &WantedChallenge,
) -> Result<Sent, Problem> {
    let kind = wanted.kind;
    check_bearer(bearer, reset)?;
    let handle = &bearer.handle;
    let keys = ring.keys().await?;
    let source = source_name(ctx, &keys);
    let wants = [
        Want::Reset(handle, reset),
        Want::Ledger(handle, Purpose::Reset),
        Want::Policy,
        Want::Flags,
        Want::Source(&source, SourceCounter::Sends),
    ];
    let mut attempts = Attempts::counting_source("send");
    loop {
        attempts.begin().map_err(|problem| problem.with_support_code(&reset.support_code()))?;
        let read = store.read(&wants).await?;
        let policy = read.policy().policy;
        let open = open_reset(&read, bearer, ctx)?;
        let traced = |problem: Problem| problem.with_support_code(&open.support_code());
        if !policy.allows(kind) {
            return Err(traced(ProblemCode::KindNotAllowed.into()));
        }
        check_sms_open(kind, &read, ctx).map_err(traced)?;
        let typed = typed(wanted, &policy, &keys).map_err(traced)?;
        let challenge = NewChallenge {
            handle,
            kind,
            reset: Some(reset),
            owner: &open.owner,
            // A code never outlives its reset.
            ends: Some(open.exp),
            typed,
        };
        let (sent, issued) = challenge.issue(ctx, &keys, &read).map_err(traced)?;

        let entry = AuditEntry {
            uid: Some(&open.uid),
            kind: Some(kind),
            support_code: open.support_code(),
            ..AuditEntry::new(ctx, handle, Event::CodeRequested)
        };
        let mut changes = vec![entry.record(ctx, &policy)];
        changes.extend(issued);
        // If another send was first, decide again, so that the answer has the exact wait.
        let written = attempts.commit(store, ctx, changes, &[Guard::Ledger, Guard::Source]).await;
        if written.map_err(|error| traced(error.into()))? {
            return Ok(sent);
        }
    }
}

/// The pseudonym of the typed destination.
///
/// # Errors
/// `destinationMissing` if the policy asks for it. That depends on the kind alone, so the answer
/// reveals nothing about the account.
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
