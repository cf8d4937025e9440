//! The policy: every setting of an administrator.
//!
//! [`ranges`] holds the default, the range, the reason and the source of each
//! number.

mod help_desk;
pub mod ranges;
pub mod saved;
mod violations;

use crate::identity::GroupName;
use crate::json::object;
use crate::kind::{Channel, Class, Kind};
use crate::language::Language;
use crate::method::{Binding, Delivered};
use crate::time::Span;
use ranges::default_of;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which users may reset their password.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "camelCase", try_from = "WrittenScope")]
pub enum Scope {
    /// No user.
    None,
    /// Members of these groups.
    Selected {
        /// A user in one of these groups is in scope.
        groups: BTreeSet<GroupName>,
    },
    /// Every user.
    All,
}

/// A scope as it is read. serde ignores unknown fields beside a tagged variant
/// without fields, so it would drop the groups of `all` silently.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenScope {
    r#type: ScopeType,
    groups: Option<BTreeSet<GroupName>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum ScopeType {
    None,
    Selected,
    All,
}

impl TryFrom<WrittenScope> for Scope {
    type Error = &'static str;
    fn try_from(written: WrittenScope) -> Result<Scope, &'static str> {
        match (written.r#type, written.groups) {
            (ScopeType::None, None) => Ok(Scope::None),
            (ScopeType::All, None) => Ok(Scope::All),
            (ScopeType::Selected, Some(groups)) => Ok(Scope::Selected { groups }),
            // serde's own words, which the API turns into a violation of the field.
            (ScopeType::Selected, None) => Err("missing field `groups`"),
            (ScopeType::None | ScopeType::All, Some(_)) => Err("unknown field `groups`"),
        }
    }
}

/// Which kinds of destination the user must type in full before a code of a reset
/// is sent: `none`, `phone` for phone numbers only, or `all`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum ConfirmDestination {
    /// No destination.
    None,
    /// Phone numbers.
    Phone,
    /// Every destination.
    All,
}

/// Rules of registration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegistrationRules {
    /// Whether sign-in asks users in scope to register methods.
    pub required: bool,
    /// For how many days a user may postpone registration.
    pub postpone_days: u32,
    /// After how many days sign-in asks the user to confirm the methods.
    pub reconfirm_days: u32,
}

/// Rules of one-time codes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CodeRules {
    /// How many digits a code has.
    pub digits: u32,
    /// How many minutes a code is valid.
    pub lifetime_minutes: u32,
    /// How many guesses one code allows.
    pub guesses: u32,
}

/// Limits of guesses, sends and sign-ins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitRules {
    /// How many wrong codes for a kind of method of an account, and where it must be typed for a
    /// destination, within 24 hours close resets with it on unknown devices.
    pub failed_guesses: u32,
    /// How many wrong codes within 24 hours stop an account from registering methods.
    pub failed_registration_guesses: u32,
    /// How many wrong passwords make sign-in wait.
    pub wrong_passwords: u32,
    /// The wait in seconds before a second code of the same kind; it doubles with
    /// each further code.
    pub resend_wait_seconds: u32,
    /// How many SMS may be sent in an hour.
    pub sms_per_hour: u32,
    /// How many mails may be sent in ten minutes.
    pub mails_per_ten_minutes: u32,
    /// How many mails with codes may be sent to an account in 24 hours for resets and,
    /// counted separately, for registration.
    pub mails_per_day: u32,
    /// How many SMS may be sent in a UTC day.
    pub sms_per_day: u32,
    /// How many SMS may be sent to one country in a UTC day.
    pub sms_per_country_and_day: u32,
}

/// Rules of passwords.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PasswordRules {
    /// How many characters (Unicode code points) a password must have.
    pub minimum_length: u32,
}

/// How the organisation appears on pages and in messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Organisation {
    /// The name.
    pub name: String,
    /// A name of at most 12 UTF-16 units, short enough for an SMS.
    pub short_name: String,
    /// A link to the help desk: an `https:` or `mailto:` link, or `tel:` with an international
    /// number.
    pub help_desk: Option<String>,
    /// The accent colour of the pages, as `#rrggbb`.
    pub accent_colour: String,
    /// The language for users who have not chosen one.
    pub language: Language,
}

/// The longest short name of an organisation, in UTF-16 units. With a longer one
/// even the shortest SMS would take two parts, given a host name of 30 characters
/// and a code of 8 digits.
pub const LONGEST_SHORT_NAME: usize = 12;

/// All settings of an administrator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(Policy::default)))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// Which users may reset their password.
    #[serde(deserialize_with = "object")]
    pub scope: Scope,
    /// The kinds of method that are allowed.
    pub methods: BTreeSet<Kind>,
    /// Kinds that a newer version of this code allowed and this one does not know.
    /// They are kept but cannot be used. They count as allowed, so that fewer known
    /// kinds never lower the number required.
    #[serde(skip)]
    pub unknown_kinds: BTreeSet<String>,
    /// How many different kinds a user must prove to reset the password.
    pub kinds_required: u32,
    /// Rules of registration.
    #[serde(deserialize_with = "object")]
    pub registration: RegistrationRules,
    /// Rules of one-time codes.
    #[serde(deserialize_with = "object")]
    pub code: CodeRules,
    /// How many minutes a reset is valid.
    pub reset_lifetime_minutes: u32,
    /// Limits of guesses, sends and sign-ins.
    #[serde(deserialize_with = "object")]
    pub limits: LimitRules,
    /// The ISO 3166 codes of the countries that SMS may be sent to.
    pub sms_countries: BTreeSet<String>,
    /// Which kinds of destination the user must type in full.
    pub confirm_destination: ConfirmDestination,
    /// Rules of passwords.
    #[serde(deserialize_with = "object")]
    pub password: PasswordRules,
    /// Whether the other administrators get a notice when an administrator resets
    /// the password.
    pub notify_administrators: bool,
    /// How the organisation appears on pages and in messages.
    #[serde(deserialize_with = "object")]
    pub organisation: Organisation,
    /// How many days audit entries are kept.
    pub audit_days: u32,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            scope: Scope::None,
            methods: BTreeSet::from([Kind::Email]),
            unknown_kinds: BTreeSet::new(),
            kinds_required: const { default_of("/kindsRequired") },
            registration: RegistrationRules {
                required: true,
                postpone_days: const { default_of("/registration/postponeDays") },
                reconfirm_days: const { default_of("/registration/reconfirmDays") },
            },
            code: CodeRules {
                digits: const { default_of("/code/digits") },
                lifetime_minutes: const { default_of("/code/lifetimeMinutes") },
                guesses: const { default_of("/code/guesses") },
            },
            reset_lifetime_minutes: const { default_of("/resetLifetimeMinutes") },
            limits: LimitRules {
                failed_guesses: const { default_of("/limits/failedGuesses") },
                failed_registration_guesses: const { default_of("/limits/failedRegistrationGuesses") },
                wrong_passwords: const { default_of("/limits/wrongPasswords") },
                resend_wait_seconds: const { default_of("/limits/resendWaitSeconds") },
                sms_per_hour: const { default_of("/limits/smsPerHour") },
                mails_per_ten_minutes: const { default_of("/limits/mailsPerTenMinutes") },
                mails_per_day: const { default_of("/limits/mailsPerDay") },
                sms_per_day: const { default_of("/limits/smsPerDay") },
                sms_per_country_and_day: const { default_of("/limits/smsPerCountryAndDay") },
            },
            sms_countries: BTreeSet::new(),
            confirm_destination: ConfirmDestination::Phone,
            password: PasswordRules {
                minimum_length: const { default_of("/password/minimumLength") },
            },
            notify_administrators: true,
            organisation: Organisation {
                name: "Latchkey".into(),
                short_name: "Latchkey".into(),
                help_desk: None,
                accent_colour: "#1f5fbf".into(),
                language: Language::English,
            },
            audit_days: const { default_of("/auditDays") },
        }
    }
}

impl Policy {
    /// Whether a kind can be used: it is allowed and, for phones, at least one
    /// country is listed that SMS may be sent to.
    pub fn allows(&self, kind: Kind) -> bool {
        self.methods.contains(&kind)
            && match kind.class() {
                Class::Delivered(Channel::Mail) | Class::Held(_) => true,
                Class::Delivered(Channel::Sms) => !self.sms_countries.is_empty(),
            }
    }

    /// The kinds that can be used.
    pub fn kinds(&self) -> BTreeSet<Kind> {
        self.methods.iter().copied().filter(|kind| self.allows(*kind)).collect()
    }

    /// Whether a method of this kind and binding can be used: the kind is
    /// allowed and, for SMS, the phone's country is listed.
    pub fn reaches(&self, kind: Kind, binding: &Binding) -> bool {
        self.allows(kind)
            && match (kind.class(), binding) {
                (Class::Delivered(Channel::Mail), Binding::Delivered(_))
                | (Class::Held(_), Binding::Held(_)) => true,
                (Class::Delivered(Channel::Sms), Binding::Delivered(Delivered { country, .. })) => {
                    country.as_ref().is_some_and(|country| self.sms_countries.contains(country))
                }
                (Class::Delivered(_), Binding::Held(_))
                | (Class::Held(_), Binding::Delivered(_)) => false,
            }
    }

    /// Whether the user must type the destination in full before a code of a reset
    /// is sent. Entra asks for it for phones, Ory Kratos for all destinations.
    pub fn must_be_typed(&self, kind: Kind) -> bool {
        match (kind.class(), self.confirm_destination) {
            (Class::Held(_), _) | (_, ConfirmDestination::None) => false,
            (Class::Delivered(channel), ConfirmDestination::Phone) => channel == Channel::Sms,
            (Class::Delivered(_), ConfirmDestination::All) => true,
        }
    }

    /// How many digits the codes of a kind have.
    pub fn digits(&self, kind: Kind) -> u8 {
        match kind.class() {
            Class::Delivered(_) => self.code.digits as u8,
            Class::Held(held) => held.digits(),
        }
    }

    /// How long a code is valid.
    pub fn code_lifetime(&self) -> Span {
        Span::minutes(self.code.lifetime_minutes.into())
    }

    /// How long a reset is valid.
    pub fn reset_lifetime(&self) -> Span {
        Span::minutes(self.reset_lifetime_minutes.into())
    }

    /// How long an audit entry is kept.
    pub fn audit_kept(&self) -> Span {
        Span::days(self.audit_days.into())
    }
}
