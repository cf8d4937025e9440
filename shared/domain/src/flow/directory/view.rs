//! Reading accounts and groups.

use crate::account::Account;
use crate::audit::Reason;
use crate::challenge::LedgerId;
use crate::context::RequestContext;
use crate::directory::Filter;
use crate::error::Problem;
use crate::flow::directory::target::{looks_after, target};
use crate::flow::steps::signed_in::signed_in;
use crate::identity::{GroupName, Handle, TypedUserId};
use crate::key::Keys;
use crate::kind::{Kind, MethodId};
use crate::policy::{Policy, Scope};
use crate::port::{KeyRing, Lists, Page, Snapshot, Store, Want};
use crate::reset::eligibility;
use crate::secret::Bearer;
use crate::time::Time;

/// Returns the accounts that match a filter and that the caller may see, in a stable order. A
/// page may be shorter than `limit`.
pub async fn list_users(
    store: &(impl Store + Lists),
    ctx: &RequestContext,
    bearer: &Bearer,
    filter: &Filter,
    limit: u32,
    from: Option<String>,
) -> Result<Page<Account>, Problem> {
    let who = signed_in(store, ctx, bearer, &[]).await?;
    let mut page = store.list_accounts(filter, limit, from).await?;
    page.items.retain(|account| looks_after(&who, account));
    Ok(page)
}

/// Returns the groups that have a member, ordered by name.
pub async fn list_groups(
    store: &(impl Store + Lists),
    ctx: &RequestContext,
    bearer: &Bearer,
    limit: u32,
    from: Option<String>,
) -> Result<Page<GroupName>, Problem> {
    signed_in(store, ctx, bearer, &[]).await?;
    store.list_groups(limit, from).await
}

/// Returns one account.
///
/// # Errors
/// `notFound` or `forbidden` for an account that the caller may not see.
pub async fn view_user(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    user_id: &TypedUserId,
) -> Result<Account, Problem> {
    let handle = ring.keys().await?.handle(user_id);
    let who = signed_in(store, ctx, bearer, &[Want::Account(&handle)]).await?;
    target(&who, &handle).cloned()
}

/// Returns one account, and the policy, which decides which of its methods are usable.
///
/// # Errors
/// `notFound` or `forbidden` for an account that the caller may not see.
pub async fn view_methods(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    user_id: &TypedUserId,
) -> Result<(Account, Policy), Problem> {
    let handle = ring.keys().await?.handle(user_id);
    let who = signed_in(store, ctx, bearer, &[Want::Account(&handle)]).await?;
    Ok((target(&who, &handle)?.clone(), who.policy.policy.clone()))
}

/// Whether an account can reset its password now.
pub struct ResetEligibility {
    /// The reason why the account cannot reset; [`Reason::None`] if it can.
    pub reason: Reason,
    /// When the reason ends, if it ends by time alone.
    pub until: Option<Time>,
}

impl ResetEligibility {
    /// Every reason that an eligibility may have.
    pub const REASONS: [Reason; 6] = [
        Reason::None,
        Reason::ResetOff,
        Reason::Disabled,
        Reason::OutOfScope,
        Reason::NotEnoughMethods,
        Reason::ResetClosed,
    ];
}

/// The ledger of resets on unknown devices that prove the account's method of a kind.
fn ledger(
    keys: &Keys,
    handle: &Handle,
    account: &Account,
    policy: &Policy,
    kind: Kind,
) -> LedgerId {
    let method = account.methods.get(MethodId::only(kind));
    let delivered = method.and_then(|method| method.binding.delivered());
    let typed = delivered.filter(|_| policy.must_be_typed(kind));
    LedgerId::Reset { kind, typed: typed.map(|to| keys.typed_name(handle, &to.destination)) }
}

/// Returns whether an account can reset its password now on an unknown device and, if not, the
/// real reason. A reset itself never shows that reason.
///
/// # Errors
/// `notFound` or `forbidden` for an account that the caller may not see.
pub async fn can_reset(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    user_id: &TypedUserId,
) -> Result<ResetEligibility, Problem> {
    let keys = ring.keys().await?;
    let handle = keys.handle(user_id);
    let who = signed_in(store, ctx, bearer, &[Want::Account(&handle)]).await?;
    let (account, policy) = (target(&who, &handle)?, &who.policy.policy);
    let ledgers: Vec<LedgerId> = account
        .usable_kinds(policy)
        .iter()
        .map(|kind| ledger(&keys, &handle, account, policy, *kind))
        .collect();
    let wants: Vec<Want<'_>> = ledgers.iter().map(|id| Want::Ledger(&handle, *id)).collect();
    let read = match wants.is_empty() {
        true => Snapshot::default(),
        false => store.read(&wants).await?,
    };
    // When each closed kind opens again. As many must open as are needed beside the open ones.
    let closed = |id: &LedgerId| read.ledger(*id).closed_until(id.guess_cap(policy), ctx.now);
    let mut opening: Vec<Time> = ledgers.iter().filter_map(closed).collect();
    opening.sort_unstable();
    let missing = account.kinds_needed(policy).saturating_sub(ledgers.len() - opening.len());
    let closed = missing.checked_sub(1).and_then(|last| opening.get(last).copied());
    let reason = match (&policy.scope, eligibility(Some(account), policy)) {
        (Scope::None, _) => Reason::ResetOff,
        (Scope::Selected { .. } | Scope::All, Reason::None) if closed.is_some() => {
            Reason::ResetClosed
        }
        (Scope::Selected { .. } | Scope::All, reason) => reason,
    };
    Ok(ResetEligibility { reason, until: closed.filter(|_| reason == Reason::ResetClosed) })
}
