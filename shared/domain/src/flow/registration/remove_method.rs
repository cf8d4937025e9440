//! Removing one's own method.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::registration::changing_methods::changing_methods;
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::messages::notices;
use crate::flow::steps::write::{keep_session, save_account};
use crate::kind::MethodId;
use crate::notice::Notice;
use crate::port::{Guard, Store};
use crate::secret::Bearer;

/// Removes a method, verified or pending. Its codes are no longer accepted. If the method was
/// verified, all other sessions and all resets end too.
///
/// # Errors
/// `notFound` if the account has no such method.
pub async fn remove_method(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
    id: MethodId,
) -> Result<(), Problem> {
    let mut attempts = Attempts::of("remove");
    loop {
        attempts.begin()?;
        let who = changing_methods(store, ctx, bearer, &[]).await?;
        let (handle, policy) = (who.handle(), &who.policy.policy);
        let mut account = who.account.clone();
        let (verified, pending) =
            (account.methods.remove(id).is_some(), account.pending.remove(id).is_some());
        if !verified && !pending {
            return Err(ProblemCode::NotFound.into());
        }
        let account = if verified { account.with_generation_moved() } else { account.revised() };
        let entry = AuditEntry {
            uid: Some(&account.uid),
            kind: Some(id.kind()),
            ..AuditEntry::new(ctx, handle, Event::MethodRemoved)
        };
        let mut changes =
            vec![entry.record(ctx, policy), save_account(handle, &who.account, account.clone())];
        if verified {
            changes.push(keep_session(ctx, &who.session, &account));
            changes.extend(notices(ctx, handle, &who.account, Notice::MethodRemoved, policy));
        }
        if attempts.commit(store, ctx, changes, &[Guard::Account, Guard::Session]).await? {
            return Ok(());
        }
    }
}
