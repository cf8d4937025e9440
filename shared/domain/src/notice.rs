//! Notices: messages to users about a change to an account.

use serde::{Deserialize, Serialize};

/// What a notice is about (NIST 800-63B-4 4.6, ASVS 6.3.7). A notice of a change goes to
/// every destination that was verified before the change.
#[derive(strum::VariantArray, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Notice {
    /// A reset set a new password.
    PasswordReset,
    /// The signed-in user changed the password.
    PasswordChanged,
    /// A method was added.
    MethodAdded,
    /// A method was replaced by another of its kind.
    MethodChanged,
    /// A method was removed.
    MethodRemoved,
    /// An administrator or the help desk issued a temporary password.
    PasswordIssued,
    /// Another administrator reset the password. The notice goes to all other administrators.
    /// The policy can turn it off.
    AdministratorReset,
    /// Someone entered so many wrong codes or passwords that the account waits. The notice goes to
    /// the owner's mail addresses, at most once a day (ASVS 6.3.5).
    Attempts,
    /// An operator of the AWS account issued a temporary password to an administrator. The
    /// notice goes to all other administrators. No setting turns it off.
    AdministratorRecovered,
}

impl Notice {
    /// All notices.
    pub const ALL: &[Notice] = <Notice as strum::VariantArray>::VARIANTS;
}
