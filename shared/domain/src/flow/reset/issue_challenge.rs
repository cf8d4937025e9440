//! Issuing a challenge in a reset.
//!
//! This flow sends nothing. It writes the challenge and an outbox row in one transaction, and
//! `send-code` sends the code. It does not read the account, so it does the same for known and
//! unknown accounts.

use crate::audit::Event;
use crate::challenge::LedgerId;
use crate::context::RequestContext;
use crate::destination::Destination;
use crate::error::{Problem, ProblemCode, ViolationCode};
use crate::flow::reset::open::{check_bearer, open_reset};
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::sending::{NewChallenge, Sent, check_sms_open};
use crate::flow::steps::source::source_name;
use crate::kind::Kind;
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

/// Issues a challenge of a kind. The older challenge of this kind and reset ends. A reset that a
/// known device started has guesses and sends of its own; when they are used up, it shares those
/// of unknown devices. A typed destination that is not the account's gets the same answer as the
/// right one: `send-code` compares it later, and drops the code.
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
    let typed = wanted.destination.as_ref().map(|to| keys.typed_name(handle, to));
    let [untyped_ledger, typed_ledger] = [None, typed].map(|typed| LedgerId::Reset { kind, typed });
    // The policy decides by which of the two ledgers a typed destination is judged. It is read in
    // the same call.
    let wants = [
        Want::Reset(handle, reset),
        Want::Ledger(handle, LedgerId::Devices),
        Want::Ledger(handle, untyped_ledger),
        Want::Ledger(handle, typed_ledger),
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
        let must_be_typed = policy.must_be_typed(kind);
        if must_be_typed && typed.is_none() {
            let missing = Problem::field("/destination", ViolationCode::DestinationMissing);
            return Err(traced(missing));
        }
        let unknown = if must_be_typed { typed_ledger } else { untyped_ledger };
        let ledgers = [LedgerId::Devices, unknown];
        let challenge = NewChallenge {
            handle,
            kind,
            ledgers: if open.known_device { &ledgers } else { &ledgers[1..] },
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
