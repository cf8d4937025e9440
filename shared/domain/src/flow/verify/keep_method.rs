//! Storing a method as verified after its code was accepted.

use crate::audit::Event;
use crate::challenge::ChallengeId;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::idempotency::update_outcome;
use crate::flow::steps::messages::notices;
use crate::flow::steps::signed_in::signed_in;
use crate::flow::steps::write::{keep_session, save_account};
use crate::held::Held;
use crate::idempotency::Outcome;
use crate::kind::MethodId;
use crate::ledger::Stamp;
use crate::method::{Binding, Method};
use crate::notice::Notice;
use crate::port::{Change, CommitError, Guard, Store};
use crate::secret::Bearer;

/// Makes the pending method of this challenge a verified method of the account. `held` is what
/// to store of a held method once it is proved.
///
/// # Errors
/// `codeNotAccepted` if the method is not pending any more, or its challenge was used or dropped
/// meanwhile.
pub(super) async fn keep_method(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
    challenge: &ChallengeId,
    stamp: &Stamp,
    held: Option<&Held>,
) -> Result<(), Problem> {
    let mut attempts = Attempts::of("keep");
    loop {
        attempts.begin()?;
        let who = signed_in(store, ctx, bearer, &[]).await?;
        let (handle, policy) = (who.handle(), &who.policy.policy);
        let id = MethodId::only(challenge.kind);
        let pending = who.account.pending.get(id).filter(|p| p.challenge == *challenge);
        let pending = pending.ok_or(ProblemCode::CodeNotAccepted)?;
        let binding = held.cloned().map_or_else(|| pending.binding.clone(), Binding::Held);

        // If the destination is the same as before, the method keeps its version. So no notice
        // is sent, and what it proved before still counts.
        let older = who.account.methods.get(id).cloned();
        let same = older.as_ref().filter(|older| older.binding.is_same(&binding));
        // Replacing a method ends the sessions and resets that depend on the older one.
        let changes_one = older.is_some() && same.is_none();
        let mut account = if changes_one {
            who.account.clone().with_generation_moved()
        } else {
            who.account.clone().revised()
        };
        account.pending.remove(id);
        let version = same.map_or(account.revision, |same| same.version);
        let added_at = same.map_or(ctx.now, |same| same.added_at);
        let method = Method { binding, version, verified_at: ctx.now, added_at, unreviewed: false };
        account.methods.insert(id, method);
        let notice = match (&older, same) {
            (_, Some(_)) => None,
            (Some(_), None) => Some(Notice::MethodChanged),
            (None, None) => Some(Notice::MethodAdded),
        };
        let entry = AuditEntry {
            uid: Some(&account.uid),
            kind: Some(challenge.kind),
            ..AuditEntry::new(ctx, handle, Event::MethodVerified)
        };
        let mut changes = vec![
            entry.record(ctx, policy),
            save_account(handle, &who.account, account.clone()),
            Change::UseChallenge {
                handle: handle.clone(),
                challenge: challenge.clone(),
                stamp: stamp.clone(),
                now: ctx.now,
            },
        ];
        changes.extend(changes_one.then(|| keep_session(ctx, &who.session, &account)));
        changes.extend(
            notice
                .into_iter()
                .flat_map(|notice| notices(ctx, handle, &who.account, notice, policy)),
        );
        changes.extend(update_outcome(ctx, handle, Outcome::Verified(challenge.kind)));
        let moved = [Guard::Account, Guard::Session];
        if attempts.commit(store, ctx, changes, &moved).await.map_err(refused)? {
            return Ok(());
        }
    }
}

fn refused(error: CommitError) -> Problem {
    if error.by(Guard::Ledger) { not_accepted(error) } else { error.into() }
}

/// The problem for a code whose challenge was used or dropped meanwhile.
pub(super) fn not_accepted(error: CommitError) -> Problem {
    match error {
        CommitError::Refused { .. } => ProblemCode::CodeNotAccepted.into(),
        CommitError::Unavailable => Problem::unavailable(),
    }
}
