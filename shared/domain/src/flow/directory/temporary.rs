//! A temporary password, as it is drawn and handed out.

use crate::account::Account;
use crate::context::RequestContext;
use crate::error::Problem;
use crate::password::hash::StoredHash;
use crate::password::{Password, TEMPORARY, temporary};
use crate::port::PasswordHasher;
use crate::secret::SecretString;
use crate::time::Time;

/// An account and its new temporary password, which is handed out once.
pub struct CreatedUser {
    pub account: Account,
    pub temporary_password: SecretString,
    pub expires: Time,
}

/// A new temporary password and its hash.
pub(super) struct Issued {
    pub temporary_password: SecretString,
    pub hash: StoredHash,
    pub expires: Time,
}

/// Names the random bytes of a temporary password.
pub(super) const TEMPORARY_PASSWORD: &str = "temporary password";

impl Issued {
    /// Draws and hashes a temporary password.
    pub async fn new(
        hasher: &impl PasswordHasher,
        ctx: &RequestContext,
    ) -> Result<Issued, Problem> {
        let temporary_password = temporary(ctx.secret(TEMPORARY_PASSWORD));
        let hash = hasher.hash(&Password::new(&temporary_password), ctx.random()).await?;
        Ok(Issued { temporary_password, hash, expires: ctx.now + TEMPORARY })
    }
}
