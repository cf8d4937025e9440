//! Starting a reset. A user ID without an account gets a reset too, with the same calls to the
//! table, so that callers cannot tell which accounts exist.

use crate::audit::{Event, SupportCode};
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::devices::{known_device, wanted_device};
use crate::flow::steps::idempotency::record_outcome;
use crate::flow::steps::sending::check_sms_open;
use crate::flow::steps::source::{count_request_of, device_name, source_name};
use crate::idempotency::Outcome;
use crate::identity::TypedUserId;
use crate::kind::{Kind, MethodId};
use crate::policy::Scope;
use crate::port::{Change, Guard, KeyRing, Snapshot, Store, Want};
use crate::reset::{Reset, ResetId, ResetState, eligibility, version_text};
use crate::secret::{Bearer, BearerKind};
use crate::source::SourceCounter;
use crate::time::Time;
use std::collections::BTreeSet;

/// A reset that was started.
pub struct StartedReset {
    /// The bearer token. It is shown only in this answer.
    pub bearer: Bearer,
    /// The ID of the reset.
    pub id: ResetId,
    /// The kinds of method that the policy allows: the same for every account.
    pub kinds: BTreeSet<Kind>,
    /// The subset of `kinds` whose destination must be typed in full.
    pub typed: BTreeSet<Kind>,
    /// The subset of `kinds` that no account can use now, because the SMS budget of the day is
    /// used up.
    pub unavailable: BTreeSet<Kind>,
    /// When the reset expires.
    pub expires: Time,
    /// The support code of the reset.
    pub support_code: SupportCode,
}

/// Starts a reset: a real one if the account may reset its password, otherwise a decoy. The start is
/// counted for the source of the request, or in its place for a known device of the account.
///
/// # Errors
/// `resetOff` if the policy lets no user reset the password; `tooManyFromAddress`.
pub async fn start_reset(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    user_id: &TypedUserId,
) -> Result<StartedReset, Problem> {
    let keys = ring.keys().await?;
    let ctx = &RequestContext { devices: ctx.devices.genuine(&keys), ..ctx.clone() };
    let handle = keys.handle(user_id);
    let source = source_name(ctx, &keys);
    let device = ctx.devices.of(&handle).map(|token| device_name(token, &keys));
    let mut wants = vec![
        Want::Account(&handle),
        Want::Policy,
        Want::Flags,
        Want::Source(&source, SourceCounter::Starts),
    ];
    wants.extend(device.iter().map(|name| Want::Source(name, SourceCounter::Starts)));
    wants.extend(wanted_device(ctx, &handle));
    let mut attempts = Attempts::counting_source("start");
    loop {
        attempts.begin()?;
        let read = store.read(&wants).await?;
        let policy = read.policy().policy;
        if policy.scope == Scope::None {
            return Err(ProblemCode::ResetOff.into());
        }
        let account = read.account(&handle);
        let reason = eligibility(account, &policy);
        let known_device = known_device(ctx, &read, account, &handle).is_some();
        let counted = device.clone().filter(|_| known_device).unwrap_or_else(|| source.clone());
        let bearer = Bearer::new(BearerKind::Reset, handle.clone(), ctx.secret(BEARER));
        let id = ResetId::of(&bearer);
        let support_code = id.support_code();
        let version_of =
            |id: MethodId| account.and_then(|a| a.methods.get(id)).map_or(0, |m| m.version);
        let ids = Kind::ALL.iter().map(|kind| MethodId::only(*kind));
        let versions = ids.map(|id| (id, version_text(version_of(id)))).collect();
        let reset = Reset {
            handle: handle.clone(),
            id: id.clone(),
            owner: bearer.digest(),
            reason,
            // Without an account, both get a value of the same size, so that the items are as
            // large as those of a real reset. A generation begins as a time in milliseconds.
            uid: account.map_or_else(|| keys.decoy_uid(&handle), |a| a.uid.clone()),
            generation: account.map_or(ctx.now.0.unsigned_abs(), |a| a.generation),
            versions,
            known_device,
            state: ResetState::Open,
            verified: BTreeSet::new(),
            ledgers: BTreeSet::new(),
            exp: ctx.now + policy.reset_lifetime(),
        };
        let expires = reset.exp;
        let entry = AuditEntry {
            uid: Some(&reset.uid),
            reason,
            support_code: support_code.clone(),
            ..AuditEntry::new(ctx, &handle, Event::ResetStarted)
        };
        let mut changes = vec![
            entry.record(ctx, &policy),
            count_request_of(ctx, counted, SourceCounter::Starts, &read)?,
            Change::CreateReset(Box::new(reset)),
        ];
        changes.extend(record_outcome(ctx, &handle, Outcome::Done));
        // If another request of the source was counted first, count again.
        if attempts.commit(store, ctx, changes, &[Guard::Source]).await? {
            return Ok(answer(bearer, expires, &read, ctx));
        }
    }
}

/// Returns the same answer for a repeated request.
///
/// # Errors
/// `resetEnded` if the reset is no longer stored.
pub async fn start_reset_again(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    user_id: &TypedUserId,
) -> Result<StartedReset, Problem> {
    let handle = ring.keys().await?.handle(user_id);
    let bearer = Bearer::new(BearerKind::Reset, handle.clone(), ctx.secret(BEARER));
    let read = store
        .read(&[Want::Reset(&handle, &ResetId::of(&bearer)), Want::Policy, Want::Flags])
        .await?;
    let expires = read.reset.as_ref().ok_or(ProblemCode::ResetEnded)?.exp;
    Ok(answer(bearer, expires, &read, ctx))
}

/// The name that the random bytes of a reset's bearer token are derived from.
const BEARER: &str = "reset";

fn answer(bearer: Bearer, expires: Time, read: &Snapshot, ctx: &RequestContext) -> StartedReset {
    let id = ResetId::of(&bearer);
    let policy = read.policy().policy;
    let kinds = policy.kinds();
    let kinds_that =
        |fit: &dyn Fn(Kind) -> bool| kinds.iter().copied().filter(|kind| fit(*kind)).collect();
    StartedReset {
        typed: kinds_that(&|kind| policy.must_be_typed(kind)),
        unavailable: kinds_that(&|kind| check_sms_open(kind, read, ctx).is_err()),
        support_code: id.support_code(),
        bearer,
        id,
        kinds,
        expires,
    }
}
