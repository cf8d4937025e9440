//! Signing out of one session, or of all sessions.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::Problem;
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::signed_in::signed_in;
use crate::flow::steps::write::save_account;
use crate::port::{Change, CommitError, Guard, Store};
use crate::secret::Bearer;

/// Ends the session. If another request ended it first, that counts as success.
pub async fn sign_out(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
) -> Result<(), Problem> {
    let who = signed_in(store, ctx, bearer, &[]).await?;
    let entry = AuditEntry {
        uid: Some(&who.account.uid),
        ..AuditEntry::new(ctx, who.handle(), Event::SignedOut)
    };
    let changes = vec![
        Change::DeleteSession { handle: who.handle().clone(), digest: who.session.digest.clone() },
        entry.record(ctx, &who.policy.policy),
    ];
    match store.commit(ctx, "sign-out", changes).await {
        Ok(()) | Err(CommitError::Refused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Ends all sessions of the account, including this one, and its resets. Its known devices are
/// forgotten.
pub async fn sign_out_everywhere(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
) -> Result<(), Problem> {
    let mut attempts = Attempts::of("sign-out");
    loop {
        attempts.begin()?;
        let who = signed_in(store, ctx, bearer, &[]).await?;
        let entry = AuditEntry {
            uid: Some(&who.account.uid),
            ..AuditEntry::new(ctx, who.handle(), Event::SignedOutEverywhere)
        };
        let changes = vec![
            entry.record(ctx, &who.policy.policy),
            save_account(who.handle(), &who.account, who.account.clone().with_devices_revoked()),
        ];
        if attempts.commit(store, ctx, changes, &[Guard::Account]).await? {
            return Ok(());
        }
    }
}
