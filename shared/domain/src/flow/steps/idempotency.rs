//! Recording the outcome of an idempotent request, in the transaction that does its work.

use crate::context::RequestContext;
use crate::idempotency::{IDEMPOTENCY_WINDOW, IdempotencyRecord, IdempotentRequest, Outcome};
use crate::identity::Handle;
use crate::port::Change;

/// Returns the change that records the outcome of an idempotent request; `None` for any other
/// request. The guard of the change fails if the request was handled before.
pub(in crate::flow) fn record_outcome(
    ctx: &RequestContext,
    handle: &Handle,
    outcome: Outcome,
) -> Option<Change> {
    let IdempotentRequest { name, body, kid, nonce, .. } = ctx.idempotency.as_ref()?;
    let record = IdempotencyRecord {
        body: body.clone(),
        kid: *kid,
        nonce: nonce.clone(),
        outcome,
        at: ctx.now,
        exp: ctx.now + IDEMPOTENCY_WINDOW,
    };
    Some(Change::RecordOutcome {
        handle: handle.clone(),
        name: name.clone(),
        record: Box::new(record),
    })
}

/// Returns the change that replaces a recorded outcome, for a request that records one before
/// it knows the result.
pub(in crate::flow) fn update_outcome(
    ctx: &RequestContext,
    handle: &Handle,
    outcome: Outcome,
) -> Option<Change> {
    let name = ctx.idempotency.as_ref()?.name.clone();
    Some(Change::UpdateOutcome { handle: handle.clone(), name, outcome })
}
