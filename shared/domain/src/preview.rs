//! What a policy would do to people, told before and when it is saved: who can
//! reset now and could not any more. No peer tells this; Entra cuts off people
//! with one method in silence when two are asked for.

use crate::account::{Account, Role};
use crate::audit::Reason;
use crate::kind::Kind;
use crate::policy::Policy;
use crate::reset::eligibility;

/// Accounts looked at for a preview. Beyond it the counts are the least.
pub const PREVIEWED: u32 = 1000;

/// Something that an administrator should know, which keeps nothing from being
/// saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Administrators who can reset now could not any more.
    AdministratorsCutOff,
    /// The same of everybody else.
    UsersCutOff,
    /// One kind can be used: no administrator can reset, since that takes two.
    OneKindAllowed,
    /// Phones are allowed but no country is listed: nobody can use one.
    PhoneWithoutCountries,
}

impl Warning {
    pub const ALL: [Warning; 4] = [
        Warning::AdministratorsCutOff,
        Warning::UsersCutOff,
        Warning::OneKindAllowed,
        Warning::PhoneWithoutCountries,
    ];

    /// The code as the API writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Warning::AdministratorsCutOff => "administratorsCutOff",
            Warning::UsersCutOff => "usersCutOff",
            Warning::OneKindAllowed => "oneKindAllowed",
            Warning::PhoneWithoutCountries => "phoneWithoutCountries",
        }
    }
}

/// How many people a change would cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CutOff {
    pub administrators: u32,
    pub users: u32,
    /// Whether every account was looked at.
    pub complete: bool,
}

impl CutOff {
    /// Counts an account that can reset under `before` and could not under
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

/// What to tell whoever saves this policy.
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
