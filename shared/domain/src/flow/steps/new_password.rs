//! Checking a new password against the rules.

use crate::account::Account;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode, Violation, ViolationCode};
use crate::password::hash::StoredHash;
use crate::password::terms::Terms;
use crate::password::{Password, PasswordContext};
use crate::policy::saved::SavedPolicy;
use crate::port::{BreachedPasswords, PasswordHasher, Store};
use std::sync::Arc;

/// The field that holds a new password.
const POINTER: &str = "/newPassword";

/// Reads the organisation's banned terms. This costs one call to the table, or none if there
/// are no terms.
pub(in crate::flow) async fn terms(
    store: &impl Store,
    saved: &SavedPolicy,
) -> Result<Arc<Terms>, Problem> {
    match saved.terms {
        0 => Ok(Arc::default()),
        version => store.terms(version).await,
    }
}

/// The reasons why this account may not have this new password; empty if it may.
pub(in crate::flow) async fn refusals(
    store: &impl Store,
    saved: &SavedPolicy,
    account: &Account,
    new: &Password,
) -> Result<Vec<Violation>, Problem> {
    let terms = terms(store, saved).await?;
    let context = PasswordContext { policy: &saved.policy, account, terms: &terms };
    Ok(new.violations(&context, POINTER))
}

/// The hash of a new password that no rule refuses. The caller has proved who they are.
///
/// # Errors
/// `passwordRefused` if the operator's list of breached passwords has it.
pub(in crate::flow) async fn hash_unbreached(
    breached: &impl BreachedPasswords,
    hasher: &impl PasswordHasher,
    ctx: &RequestContext,
    new: &Password,
) -> Result<StoredHash, Problem> {
    if breached.has(new).await? {
        let violations = vec![Violation::new(POINTER, ViolationCode::PasswordBreached)];
        return Err(Problem { violations, ..ProblemCode::PasswordRefused.into() });
    }
    hasher.hash(new, ctx.random()).await
}
