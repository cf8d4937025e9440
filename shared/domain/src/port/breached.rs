//! The operator's list of breached passwords.

use crate::error::Problem;
use crate::password::Password;
use std::future::Future;

/// A list of breached passwords outside Latchkey, if the operator has configured one.
pub trait BreachedPasswords: Send + Sync {
    /// Whether the list has this password; `false` without a list.
    ///
    /// # Errors
    /// `unavailable` if the list does not answer and the operator refuses passwords then.
    fn has(&self, password: &Password) -> impl Future<Output = Result<bool, Problem>> + Send;
}
