//! What people are told without having asked, always.

use serde::{Deserialize, Serialize};

/// A notice (NIST 800-63B-4 4.6, ASVS 6.3.7): it goes to every address that
/// was valid before the change it tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Notice {
    PasswordReset,
    PasswordChanged,
    MethodAdded,
    MethodChanged,
}

impl Notice {
    pub const ALL: [Notice; 4] = [Notice::PasswordReset, Notice::PasswordChanged, Notice::MethodAdded, Notice::MethodChanged];
}
