//! The limits of the source address of a request.

use crate::context::RequestContext;
use crate::device::DeviceToken;
use crate::error::{Problem, ProblemCode};
use crate::key::Keys;
use crate::port::{Change, Snapshot, Store};
use crate::source::SourceCounter;
use crate::time::Time;

/// The pseudonym of the request's source, under which its requests are counted.
pub(in crate::flow) fn source_name(ctx: &RequestContext, keys: &Keys) -> String {
    keys.pseudonym("source", &ctx.source)
}

/// The pseudonym under which the requests of a known device are counted in place of its source.
pub(in crate::flow) fn device_name(token: &DeviceToken, keys: &Keys) -> String {
    keys.pseudonym("device", &token.place())
}

/// The change that counts one code for the source of the request. If its guard fails, another
/// request was counted first: read again.
///
/// # Errors
/// `tooManyFromAddress` if the source is full.
pub(in crate::flow) fn count_request(
    ctx: &RequestContext,
    keys: &Keys,
    counter: SourceCounter,
    read: &Snapshot,
) -> Result<Change, Problem> {
    count_request_of(ctx, source_name(ctx, keys), counter, read)
}

/// The same for the source or known device of this pseudonym.
///
/// # Errors
/// `tooManyFromAddress` if it is full.
pub(in crate::flow) fn count_request_of(
    ctx: &RequestContext,
    name: String,
    counter: SourceCounter,
    read: &Snapshot,
) -> Result<Change, Problem> {
    let charge = read.source(&name).charge(ctx.source_limits.requests, ctx.now);
    let charge = charge.map_err(|until| too_many(until, ctx))?;
    Ok(Change::CountSource { name, counter, charge, now: ctx.now })
}

/// Checks that few enough sign-ins of the source failed. It is checked before the password, so
/// that a full source learns nothing of a right one.
///
/// # Errors
/// `tooManyFromAddress` if the source is full.
pub(in crate::flow) fn check_failed_sign_ins(
    read: &Snapshot,
    ctx: &RequestContext,
    source: &str,
) -> Result<(), Problem> {
    let until = read.source(source).full_until(ctx.source_limits.failed_sign_ins, ctx.now);
    until.map_or(Ok(()), |until| Err(too_many(until, ctx)))
}

/// Counts a failed sign-in for the source of the request. The count passes the limit by at most
/// the requests that are in flight.
///
/// # Errors
/// `unavailable` if the table does not answer.
pub(in crate::flow) async fn count_failed_sign_in(
    store: &impl Store,
    ctx: &RequestContext,
    source: &str,
    read: &Snapshot,
) -> Result<(), Problem> {
    store.count_failed_sign_in(source, &read.source(source).stale(ctx.now), ctx.now).await
}

fn too_many(until: Time, ctx: &RequestContext) -> Problem {
    Problem::retry_at(ProblemCode::TooManyFromAddress, until, ctx.now)
}
