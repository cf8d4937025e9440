//! Notices: messages to users about a change to an account.

use crate::account::Account;
use crate::kind::Kind;
use crate::policy::Policy;
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

    /// Whether the notice tells its recipient which methods the account has, so that they notice
    /// a method that they did not add.
    pub const fn tells_methods(self) -> bool {
        match self {
            Notice::PasswordReset
            | Notice::MethodAdded
            | Notice::MethodChanged
            | Notice::MethodRemoved => true,
            Notice::PasswordChanged
            | Notice::PasswordIssued
            | Notice::AdministratorReset
            | Notice::AdministratorRecovered
            | Notice::Attempts => false,
        }
    }
}

/// The methods of an account when a notice is sent, as the notice tells them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MethodsNow {
    /// All verified methods.
    pub methods: Vec<NamedMethod>,
    /// How many of them can reset the password.
    pub usable: usize,
}

/// A method as a notice names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedMethod {
    /// The kind.
    pub kind: Kind,
    /// The masked destination; empty for something that the owner holds.
    pub destination: String,
    /// Whether its owner must review it before it can reset the password.
    pub unreviewed: bool,
}

impl MethodsNow {
    /// The methods of an account. It has none if it was deleted.
    pub fn of(account: Option<&Account>, policy: &Policy) -> MethodsNow {
        let Some(account) = account else { return MethodsNow::default() };
        let methods = account.methods.iter().map(|(id, method)| {
            let delivered = method.binding.delivered();
            let destination = delivered.map(|delivered| delivered.destination.masked());
            NamedMethod {
                kind: id.kind(),
                destination: destination.unwrap_or_default(),
                unreviewed: method.unreviewed,
            }
        });
        MethodsNow { methods: methods.collect(), usable: account.usable_kinds(policy).len() }
    }
}
