//! Generating a temporary password.

use crate::account::Account;
use crate::context::RequestContext;
use crate::error::Problem;
use crate::password::hash::StoredHash;
use crate::password::{Password, TEMPORARY, temporary};
use crate::port::PasswordHasher;
use crate::secret::SecretString;
use crate::time::Time;

/// An account and its new temporary password.
pub struct CreatedUser {
    /// The account.
    pub account: Account,
    /// The temporary password. It is shown only in the answer to this request.
    pub temporary_password: SecretString,
    /// When the temporary password expires.
    pub expires: Time,
}

/// A new temporary password and its hash.
pub(in crate::flow) struct Issued {
    pub temporary_password: SecretString,
    pub hash: StoredHash,
    pub expires: Time,
}

/// The name that the random bytes of a temporary password are derived from.
pub(in crate::flow) const TEMPORARY_PASSWORD: &str = "temporary password";

impl Issued {
    /// Generates and hashes a temporary password.
    pub(crate) async fn new(
        hasher: &impl PasswordHasher,
        ctx: &RequestContext,
    ) -> Result<Issued, Problem> {
        let temporary_password = temporary(ctx.secret(TEMPORARY_PASSWORD));
        let hash = hasher.hash(&Password::new(&temporary_password), ctx.random()).await?;
        Ok(Issued { temporary_password, hash, expires: ctx.now + TEMPORARY })
    }

    /// Returns the account with this password. Its sessions and resets end, and its devices
    /// are forgotten.
    pub(crate) fn given_to(&self, account: &Account) -> Account {
        let hash = self.hash.clone();
        Account { hash, temporary_until: Some(self.expires), ..account.clone() }
            .with_devices_revoked()
    }

    /// Returns the account together with the password to show once.
    pub(crate) fn shown_with(self, account: Account) -> CreatedUser {
        let Issued { temporary_password, expires, .. } = self;
        CreatedUser { account, temporary_password, expires }
    }
}
