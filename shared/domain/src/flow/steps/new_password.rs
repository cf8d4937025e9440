//! Checking a new password against the rules.

use crate::account::Account;
use crate::error::{Problem, Violation};
use crate::password::terms::Terms;
use crate::password::{Password, PasswordContext};
use crate::policy::saved::SavedPolicy;
use crate::port::Store;
use std::sync::Arc;

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
    Ok(new.violations(&context, "/newPassword"))
}
