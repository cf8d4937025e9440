//! What people are told without having asked, always.

use serde::{Deserialize, Serialize};

/// A notice (NIST 800-63B-4 4.6, ASVS 6.3.7): it goes to every address that
/// was valid before the change it tells of.
#[derive(strum::VariantArray, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Notice {
    PasswordReset,
    PasswordChanged,
    MethodAdded,
    MethodChanged,
    MethodRemoved,
    /// An administrator issued a temporary password.
    PasswordIssued,
    /// To the other administrators: one of them reset the password.
    AdministratorReset,
}

impl Notice {
    /// Every one of them.
    pub const ALL: &[Notice] = <Notice as strum::VariantArray>::VARIANTS;
}
