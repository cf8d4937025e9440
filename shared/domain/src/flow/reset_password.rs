//! The end of a reset: a new password, set by whoever proved enough.

use super::{ATTEMPTS, Told, fence_for_reset, notices, queue, refusals, save_account};
use crate::account::{Account, Role};
use crate::audit::Event;
use crate::error::{Problem, ProblemCode};
use crate::flow::open_reset::{mine, open_reset};
use crate::method::Kind;
use crate::notice::Notice;
use crate::outbox::{Message, OutboxKind};
use crate::password::{Password, StoredHash};
use crate::policy::Policy;
use crate::port::{Call, Change, Entropy, Guard, PasswordHasher, Store, Want, random};
use crate::reset::{Reset, ResetId};
use crate::secret::Bearer;
use crate::time::Time;
use std::collections::BTreeSet;

/// Where a reset stands.
pub struct ResetView {
    pub verified: BTreeSet<Kind>,
    /// Whether a new password may be set, or one more kind is to be proved.
    pub ready: bool,
    pub expires: Time,
    pub support_code: crate::audit::SupportCode,
}

/// What is next in a reset, by the account and the policy as they are now. One
/// call. Where nothing was proved, a decoy looks the same.
pub async fn view_reset(
    store: &impl Store,
    call: &Call,
    bearer: &Bearer,
    id: &ResetId,
) -> Result<ResetView, Problem> {
    mine(bearer, id)?;
    let read = store
        .read(&[Want::Reset(&bearer.handle, id), Want::Account(&bearer.handle), Want::Policy])
        .await?;
    let reset = open_reset(&read, bearer, call)?;
    let ready = match proved(reset, read.account(&bearer.handle), &read.policy().policy) {
        Ok(_) => true,
        Err(problem) if problem.code == ProblemCode::ProofMissing => false,
        Err(problem) => return Err(problem.with_support_code(&id.support_code())),
    };
    Ok(ResetView {
        ready,
        verified: reset.verified.clone(),
        expires: reset.exp,
        support_code: id.support_code(),
    })
}

/// Sets the new password. Everything it depends on is tested in the
/// transaction that writes it; sessions, other resets and challenges die with
/// the old one.
pub async fn reset_password(
    store: &impl Store,
    hasher: &impl PasswordHasher,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    id: &ResetId,
    new: &Password,
) -> Result<(), Problem> {
    mine(bearer, id)?;
    let handle = &bearer.handle;
    let mut hash: Option<StoredHash> = None;
    for attempt in 0..ATTEMPTS {
        let read =
            store.read(&[Want::Reset(handle, id), Want::Account(handle), Want::Policy]).await?;
        let saved = read.policy();
        let policy = &saved.policy;
        let reset = open_reset(&read, bearer, call)?;
        let told_of = |problem: Problem| problem.with_support_code(&reset.support_code());

        // Proofs come first: who has none learns nothing, about the account
        // or about passwords, and costs no hash.
        let account = proved(reset, read.account(handle), policy).map_err(told_of)?;
        let violations = refusals(store, &saved, account, new).await.map_err(told_of)?;
        if !violations.is_empty() {
            return Err(told_of(Problem { violations, ..ProblemCode::PasswordRefused.into() }));
        }
        let hash = match &hash {
            Some(hash) => hash.clone(),
            None => hash.insert(hasher.hash(new, random(entropy)).await?).clone(),
        };

        let mut after = account.clone();
        after.hash = hash;
        after.temporary_until = None;
        let told = Told {
            uid: Some(&account.uid),
            support_code: reset.support_code(),
            ..Told::new(call, handle, Event::PasswordReset)
        };
        let mut changes = vec![
            told.record(call, policy, entropy),
            save_account(handle, account, after.fenced()),
            Change::FinishReset {
                handle: handle.clone(),
                reset: id.clone(),
                sec: bearer.digest(),
                now: call.now,
            },
            Change::CheckPolicy { seen: saved.version },
            Change::ClearLock { handle: handle.clone() },
        ];
        changes.extend(fence_for_reset(call, handle));
        changes.extend(notices(call, handle, account, Notice::PasswordReset, policy, entropy));
        if account.role == Role::Administrator && policy.notify_administrators {
            // Who the others are is found by `send-code`, one message each.
            let message = Message::ToAdministrators { about: account.name.clone() };
            changes.push(queue(call, handle, OutboxKind::ToAdministrators, message, entropy));
        }
        match store.commit(call, &format!("reset-{attempt}"), changes).await {
            Ok(()) => return Ok(()),
            Err(error) if error.by(Guard::Reset) => {
                return Err(told_of(ProblemCode::ResetEnded.into()));
            }
            // The policy or the account moved: judge anew, with the same hash.
            Err(error) if error.by(Guard::Policy) || error.by(Guard::Account) => continue,
            Err(error) => return Err(told_of(error.into())),
        }
    }
    Err(Problem::unavailable())
}

/// Ends a reset by its owner's wish. Codes under way prove nothing any more.
pub async fn cancel_reset(
    store: &impl Store,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    id: &ResetId,
) -> Result<(), Problem> {
    mine(bearer, id)?;
    let handle = &bearer.handle;
    let read = store.read(&[Want::Reset(handle, id), Want::Policy]).await?;
    let reset = open_reset(&read, bearer, call)?;
    let told = Told {
        uid: Some(&reset.uid),
        support_code: id.support_code(),
        ..Told::new(call, handle, Event::ResetCancelled)
    };
    let changes = vec![
        told.record(call, &read.policy().policy, entropy),
        Change::CancelReset {
            handle: handle.clone(),
            reset: id.clone(),
            sec: bearer.digest(),
            now: call.now,
        },
    ];
    store.commit(call, "cancel", changes).await.map_err(|error| match error.by(Guard::Reset) {
        true => ProblemCode::ResetEnded.into(),
        false => Problem::from(error),
    })
}

/// The account, where enough was proved for it as it is now.
fn proved<'a>(
    reset: &Reset,
    account: Option<&'a Account>,
    policy: &Policy,
) -> Result<&'a Account, Problem> {
    if !reset.real || reset.verified.is_empty() {
        return Err(ProblemCode::ProofMissing.into());
    }
    let account =
        account.filter(|a| reset.is_of(a) && a.in_scope(policy)).ok_or(ProblemCode::ResetEnded)?;
    if reset.proofs(account, policy) < account.kinds_needed(policy) {
        return Err(ProblemCode::ProofMissing.into());
    }
    Ok(account)
}
