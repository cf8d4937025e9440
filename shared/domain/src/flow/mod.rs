//! One use case a file. A flow reads once, decides with the rules, and writes
//! once; it takes only the ports it needs.

pub mod change_password;
pub mod confirm_password;
pub mod deliver;
pub mod first_administrator;
mod open_reset;
pub mod redrive;
pub mod register;
pub mod reset_password;
pub mod send_code;
pub mod sending;
pub mod set_policy;
pub mod set_terms;
pub mod sign_in;
pub mod signed_in;
pub mod start_reset;
mod typed_password;
pub mod undeliverable;
pub mod unsent;
pub mod users;
pub mod verify_code;

use crate::account::{Account, Handle, Uid};
use crate::audit::{AuditEvent, Event, Reason, SupportCode};
use crate::challenge::Purpose;
use crate::error::{Problem, Violation};
use crate::method::Kind;
use crate::notice::Notice;
use crate::outbox::{Message, OutboxId, OutboxKind, OutboxRow, OutboxState};
use crate::password::terms::Terms;
use crate::password::{Password, PasswordContext};
use crate::policy::{Policy, SavedPolicy};
use crate::port::{Call, Change, Entropy, Store, random};
use crate::secret::random_text;
use crate::session::Session;
use std::sync::Arc;

/// How often a flow judges anew when an item moved between its read and its
/// write, before it says "unavailable".
const ATTEMPTS: usize = 3;

/// What the row of an event says beside when and by which request.
struct Told<'a> {
    handle: &'a Handle,
    uid: Option<&'a Uid>,
    actor: Option<&'a Uid>,
    event: Event,
    reason: Reason,
    kind: Option<Kind>,
    changed: Vec<String>,
    version: Option<u64>,
    support_code: SupportCode,
}

impl<'a> Told<'a> {
    fn new(call: &Call, handle: &'a Handle, event: Event) -> Told<'a> {
        Told {
            handle,
            uid: None,
            actor: None,
            event,
            reason: Reason::None,
            kind: None,
            changed: Vec::new(),
            version: None,
            support_code: call.support_code(),
        }
    }

    /// The change that appends it to the audit trail.
    fn record(self, call: &Call, policy: &Policy, entropy: &impl Entropy) -> Change {
        Change::RecordEvent(Box::new(AuditEvent {
            handle: self.handle.clone(),
            uid: self.uid.cloned(),
            actor: self.actor.cloned(),
            event: self.event,
            reason: self.reason,
            kind: self.kind,
            changed: self.changed,
            version: self.version,
            support_code: self.support_code,
            request_id: call.id.clone(),
            at: call.now,
            keep_until: call.now + policy.audit_kept(),
            random: random(entropy),
        }))
    }
}

/// Saves an account over the one that was read.
fn save_account(handle: &Handle, read: &Account, account: Account) -> Change {
    Change::SaveAccount {
        handle: handle.clone(),
        uid: read.uid.clone(),
        generation: read.generation,
        revision: read.revision,
        account: Box::new(account),
    }
}

/// A session in the place of another, once.
fn replace_session(old: &Session, new: &Session) -> [Change; 2] {
    [
        Change::DeleteSession { handle: old.handle.clone(), digest: old.digest.clone() },
        Change::CreateSession(Box::new(new.clone())),
    ]
}

/// The organisation's terms. One call more, where it has any.
async fn terms(store: &impl Store, saved: &SavedPolicy) -> Result<Arc<Terms>, Problem> {
    match saved.terms {
        0 => Ok(Arc::default()),
        version => store.terms(version).await,
    }
}

/// Why this account may not take this new password; empty where it may.
async fn refusals(
    store: &impl Store,
    saved: &SavedPolicy,
    account: &Account,
    new: &Password,
) -> Result<Vec<Violation>, Problem> {
    let terms = terms(store, saved).await?;
    Ok(new.violations(
        &PasswordContext { policy: &saved.policy, account, terms: &terms },
        "/newPassword",
    ))
}

/// The change that queues a message for `send-code`.
fn queue(
    call: &Call,
    handle: &Handle,
    what: OutboxKind,
    message: Message,
    entropy: &impl Entropy,
) -> Change {
    let support_code = match &what {
        OutboxKind::Code(_, Some(reset)) => reset.support_code(),
        OutboxKind::Code(_, None) | OutboxKind::Notice | OutboxKind::ToAdministrators => {
            call.support_code()
        }
    };
    Change::QueueMessage(Box::new(OutboxRow {
        handle: handle.clone(),
        id: OutboxId { at: call.now, what, random: random_text(random::<9>(entropy)) },
        message,
        support_code,
        state: OutboxState::Queued,
        tries: 0,
        claimed: None,
    }))
}

/// One notice to each address that was valid before the change.
fn notices(
    call: &Call,
    handle: &Handle,
    before: &Account,
    notice: Notice,
    policy: &Policy,
    entropy: &impl Entropy,
) -> Vec<Change> {
    let language = before.language.unwrap_or(policy.organisation.language);
    let to = |recipient| {
        let message = Message::Notice { notice, recipient, language, about: None };
        queue(call, handle, OutboxKind::Notice, message, entropy)
    };
    before.addresses().into_iter().map(to).collect()
}

/// The fence: whatever moves an account's generation, role or enabled, or
/// deletes it, ends the live challenges of both its ledgers in the same write,
/// so that verifying need not read the account.
fn fence(call: &Call, handle: &Handle) -> Vec<Change> {
    Purpose::ALL
        .into_iter()
        .map(|purpose| drop_challenges(call, handle, purpose, &Kind::ALL, false))
        .collect()
}

/// The fence of a completed reset: it also ends the count of failed guesses.
fn fence_for_reset(call: &Call, handle: &Handle) -> Vec<Change> {
    let drop =
        |purpose| drop_challenges(call, handle, purpose, &Kind::ALL, purpose == Purpose::Reset);
    Purpose::ALL.into_iter().map(drop).collect()
}

/// What goes with a method that is changed or removed: every other session
/// (ASVS 7.4.3), and every reset under way with its codes. The session that
/// did it goes on, and with it a code it asked for, for another kind; those
/// of ended sessions are refused with them.
fn fence_for_method(call: &Call, session: &Session, after: &Account) -> [Change; 2] {
    let (handle, digest) = (session.handle.clone(), session.digest.clone());
    [
        drop_challenges(call, &session.handle, Purpose::Reset, &Kind::ALL, false),
        Change::KeepSession { handle, digest, generation: after.generation, now: call.now },
    ]
}

fn drop_challenges(
    call: &Call,
    handle: &Handle,
    purpose: Purpose,
    kinds: &[Kind],
    fails: bool,
) -> Change {
    Change::DropChallenges {
        handle: handle.clone(),
        purpose,
        kinds: kinds.to_vec(),
        fails,
        now: call.now,
    }
}
