//! Replacing an account's password by a temporary one.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::directory::target::{still_acting, target, write_refused};
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::idempotency::record_outcome;
use crate::flow::steps::messages::notices;
use crate::flow::steps::signed_in::signed_in;
use crate::flow::steps::temporary::{CreatedUser, Issued, TEMPORARY_PASSWORD};
use crate::flow::steps::write::save_account;
use crate::idempotency::{IdempotencyRecord, Outcome};
use crate::identity::TypedUserId;
use crate::notice::Notice;
use crate::password::{TEMPORARY, temporary};
use crate::port::{Change, Guard, KeyRing, PasswordHasher, Store, Want};
use crate::secret::Bearer;

/// Issues a temporary password. The account's sessions and resets end, and sign-in is unlocked.
///
/// # Errors
/// `notFound` or `forbidden` for an account that the caller may not change.
pub async fn issue_password(
    store: &impl Store,
    ring: &impl KeyRing,
    hasher: &impl PasswordHasher,
    ctx: &RequestContext,
    bearer: &Bearer,
    user_id: &TypedUserId,
) -> Result<CreatedUser, Problem> {
    let handle = ring.keys().await?.handle(user_id);
    let mut issued: Option<Issued> = None;
    let mut attempts = Attempts::of("issue");
    loop {
        attempts.begin()?;
        let who = signed_in(store, ctx, bearer, &[Want::Account(&handle)]).await?;
        let (before, policy) = (target(&who, &handle)?, &who.policy.policy);
        // The password is hashed once for all attempts.
        let fresh = match issued.take() {
            Some(fresh) => fresh,
            None => Issued::new(hasher, ctx).await?,
        };
        let account = fresh.given_to(before);
        let entry = AuditEntry {
            uid: Some(&before.uid),
            actor: Some(&who.account.uid),
            ..AuditEntry::new(ctx, &handle, Event::TemporaryPasswordIssued)
        };
        let mut changes = vec![
            entry.record(ctx, policy),
            save_account(&handle, before, account.clone()),
            Change::ClearLock { handle: handle.clone() },
        ];
        changes.extend(still_acting(&who, &handle));
        changes.extend(notices(ctx, &handle, before, Notice::PasswordIssued, policy));
        changes.extend(record_outcome(ctx, who.handle(), Outcome::Done));
        if attempts.commit(store, ctx, changes, &[Guard::Account]).await.map_err(write_refused)? {
            return Ok(fresh.shown_with(account));
        }
        issued = Some(fresh);
    }
}

/// Returns the temporary password of an earlier idempotent request, for its repetition. The
/// caller must still be allowed to issue one.
///
/// # Errors
/// `notFound` if the account was deleted since, even if it was created again.
pub async fn issued_again(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    user_id: &TypedUserId,
    first: &IdempotencyRecord,
) -> Result<CreatedUser, Problem> {
    let handle = ring.keys().await?.handle(user_id);
    let who = signed_in(store, ctx, bearer, &[Want::Account(&handle)]).await?;
    // An account created after the first request is a different account.
    let account = target(&who, &handle)
        .ok()
        .filter(|account| account.created_at <= first.at)
        .ok_or(ProblemCode::NotFound)?;
    let temporary_password = temporary(ctx.secret(TEMPORARY_PASSWORD));
    Ok(CreatedUser { account: account.clone(), temporary_password, expires: first.at + TEMPORARY })
}
