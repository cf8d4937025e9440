//! Previews a policy: how many users can reset their password now and could not under the new
//! policy.
//!
//! Administrators see the counts in a dry run and when they save. In Entra an administrator who
//! requires two methods cuts off users with one method without a warning.

use crate::account::{Account, Role};
use crate::audit::Reason;
use crate::kind::Kind;
use crate::policy::Policy;
use crate::reset::eligibility;

/// The number of accounts that a preview reads. In a larger directory more users may be cut off
/// than it counts.
pub const PREVIEWED: u32 = 1000;

/// A consequence of a policy that an administrator should know. The policy can still be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Some administrators who can reset their password now could no longer do so.
    AdministratorsCutOff,
    /// Some other users who can reset their password now could no longer do so.
    UsersCutOff,
    /// Only one kind of method is allowed, so no administrator and no help desk can reset the
    /// password: they must prove two kinds.
    OneKindAllowed,
    /// Phones are allowed but no country is listed, so no phone can be used.
    PhoneWithoutCountries,
}

impl Warning {
    /// All warnings.
    pub const ALL: [Warning; 4] = [
        Warning::AdministratorsCutOff,
        Warning::UsersCutOff,
        Warning::OneKindAllowed,
        Warning::PhoneWithoutCountries,
    ];

    /// The code of the warning in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Warning::AdministratorsCutOff => "administratorsCutOff",
            Warning::UsersCutOff => "usersCutOff",
            Warning::OneKindAllowed => "oneKindAllowed",
            Warning::PhoneWithoutCountries => "phoneWithoutCountries",
        }
    }
}

/// The number of users that a change of the policy would cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CutOff {
    /// Administrators.
    pub administrators: u32,
    /// All other users, the help desk included.
    pub users: u32,
    /// Whether every account was counted.
    pub complete: bool,
}

impl CutOff {
    /// Counts an account if it can reset its password under `before` and could not under
    /// `after`.
    pub fn count(&mut self, account: &Account, before: &Policy, after: &Policy) {
        let can = |policy| eligibility(Some(account), policy) == Reason::None;
        if can(before) && !can(after) {
            match account.role {
                Role::Administrator => self.administrators += 1,
                Role::User | Role::HelpDesk => self.users += 1,
            }
        }
    }
}

/// Returns the warnings for an administrator who saves this policy.
pub fn warnings(after: &Policy, cut_off: &CutOff) -> Vec<Warning> {
    let holds = |warning: &Warning| match warning {
        Warning::AdministratorsCutOff => cut_off.administrators > 0,
        Warning::UsersCutOff => cut_off.users > 0,
        Warning::OneKindAllowed => after.kinds().len() == 1,
        Warning::PhoneWithoutCountries => {
            after.methods.contains(&Kind::MobilePhone) && !after.allows(Kind::MobilePhone)
        }
    };
    Warning::ALL.into_iter().filter(holds).collect()
}
