//! Cancelling a reset.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::Problem;
use crate::flow::reset::open::{check_bearer, open_reset, write_refused};
use crate::flow::steps::audit_entry::AuditEntry;
use crate::port::{Change, Store, Want};
use crate::reset::ResetId;
use crate::secret::Bearer;

/// Cancels a reset. Its codes are no longer accepted.
///
/// # Errors
/// `resetEnded` if the reset has ended or does not belong to the bearer token.
pub async fn cancel_reset(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
    id: &ResetId,
) -> Result<(), Problem> {
    check_bearer(bearer, id)?;
    let handle = &bearer.handle;
    let read = store.read(&[Want::Reset(handle, id), Want::Policy]).await?;
    let reset = open_reset(&read, bearer, ctx)?;
    let entry = AuditEntry {
        uid: Some(&reset.uid),
        support_code: id.support_code(),
        ..AuditEntry::new(ctx, handle, Event::ResetCancelled)
    };
    let changes = vec![
        entry.record(ctx, &read.policy().policy),
        Change::CancelReset {
            handle: handle.clone(),
            reset: id.clone(),
            owner: bearer.digest(),
            now: ctx.now,
        },
    ];
    store.commit(ctx, "cancel", changes).await.map_err(write_refused)
}
