//! What an administrator sets. Each number stands here once, with its
//! default, its range, its reason and its source.

pub mod ranges;
pub mod saved;

use crate::error::{Violation, ViolationCode};
use crate::identity::GroupName;
use crate::json::object;
use crate::kind::{Channel, Class, Kind};
use crate::language::Language;
use crate::method::{Binding, Delivered};
use crate::time::Span;
use ranges::{RANGES, Range, default_of};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Who may reset their password.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "camelCase", try_from = "WrittenScope")]
pub enum Scope {
    None,
    Selected { groups: BTreeSet<GroupName> },
    All,
}

/// A scope as it is read. A tagged variant without fields would let any field
/// pass, and groups beside `all` would be dropped without a word.
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
            // In serde's words, so that it is told like any other.
            (ScopeType::Selected, None) => Err("missing field `groups`"),
            (ScopeType::None | ScopeType::All, Some(_)) => Err("unknown field `groups`"),
        }
    }
}

/// Whose destination must be typed in full before a code is sent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum ConfirmDestination {
    None,
    Phone,
    All,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegistrationRules {
    /// Whether sign-in asks people in scope to register.
    pub required: bool,
    pub postpone_days: u32,
    /// 0 = never.
    pub reconfirm_days: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CodeRules {
    pub digits: u32,
    pub lifetime_minutes: u32,
    /// Guesses one code allows.
    pub guesses: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitRules {
    /// Failed guesses per account in 24 hours, then reset is closed to it.
    pub failed_guesses: u32,
    /// The same for registration, counted apart.
    pub failed_registration_guesses: u32,
    /// Wrong passwords before sign-in waits.
    pub wrong_passwords: u32,
    /// The first wait before another code of the same kind; it doubles.
    pub resend_wait_seconds: u32,
    pub sms_per_hour: u32,
    pub mails_per_ten_minutes: u32,
    pub sms_per_day: u32,
    pub sms_per_country_and_day: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PasswordRules {
    /// Code points.
    pub minimum_length: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Organisation {
    pub name: String,
    /// Fits every SMS ([`LONGEST_SHORT_NAME`]).
    pub short_name: String,
    /// `https:` or `mailto:`.
    pub help_desk: Option<String>,
    /// `#rrggbb`.
    pub accent_colour: String,
    pub language: Language,
}

/// UTF-16 units of the organisation's short name. With a longer one the
/// shortest text of an SMS would take two parts, beside a host of 30
/// characters and a code of 8 digits.
pub const LONGEST_SHORT_NAME: usize = 12;

/// Everything an administrator sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    #[serde(deserialize_with = "object")]
    pub scope: Scope,
    /// Kinds of method allowed.
    pub methods: BTreeSet<Kind>,
    /// Kinds that a newer version of the code allowed and this one does not
    /// know. They are kept, usable for nothing, and count as allowed kinds, so
    /// that fewer known kinds never lower the number required.
    #[serde(skip)]
    pub unknown_kinds: BTreeSet<String>,
    /// Different kinds that must be proved to reset.
    pub kinds_required: u32,
    #[serde(deserialize_with = "object")]
    pub registration: RegistrationRules,
    #[serde(deserialize_with = "object")]
    pub code: CodeRules,
    pub reset_lifetime_minutes: u32,
    #[serde(deserialize_with = "object")]
    pub limits: LimitRules,
    /// ISO 3166 countries that may receive SMS.
    pub sms_countries: BTreeSet<String>,
    pub confirm_destination: ConfirmDestination,
    #[serde(deserialize_with = "object")]
    pub password: PasswordRules,
    pub notify_administrators: bool,
    #[serde(deserialize_with = "object")]
    pub organisation: Organisation,
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
    /// Whether a kind can be used: it is allowed and, for SMS, a country is
    /// listed that may receive them.
    pub fn allows(&self, kind: Kind) -> bool {
        self.methods.contains(&kind)
            && match kind.class() {
                Class::Delivered(Channel::Mail) => true,
                Class::Delivered(Channel::Sms) => !self.sms_countries.is_empty(),
                Class::Held(held) => match held {},
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
                (Class::Delivered(Channel::Mail), Binding::Delivered(_)) => true,
                (Class::Delivered(Channel::Sms), Binding::Delivered(Delivered { country, .. })) => {
                    country.as_ref().is_some_and(|country| self.sms_countries.contains(country))
                }
                (Class::Held(held), _) => match held {},
                (_, Binding::Held(held)) => match *held {},
            }
    }

    /// Whether the destination must be typed in full before a code of a reset
    /// is sent (Entra for phones; Ory Kratos for all).
    pub fn must_be_typed(&self, kind: Kind) -> bool {
        match self.confirm_destination {
            ConfirmDestination::None => false,
            ConfirmDestination::Phone => kind == Kind::MobilePhone,
            ConfirmDestination::All => true,
        }
    }

    pub fn code_lifetime(&self) -> Span {
        Span::minutes(self.code.lifetime_minutes.into())
    }

    pub fn reset_lifetime(&self) -> Span {
        Span::minutes(self.reset_lifetime_minutes.into())
    }

    pub fn audit_kept(&self) -> Span {
        Span::days(self.audit_days.into())
    }

    /// Sends by a channel that one account, or one destination, may get in a
    /// sliding window, and how long the window is.
    pub fn send_window(&self, channel: Channel) -> (u32, Span) {
        match channel {
            Channel::Mail => (self.limits.mails_per_ten_minutes, Span::minutes(10)),
            Channel::Sms => (self.limits.sms_per_hour, Span::hours(1)),
        }
    }

    /// Everything that keeps this policy from being saved; empty where it can
    /// be. Nothing is clamped.
    pub fn violations(&self) -> Vec<Violation> {
        let written = serde_json::to_value(self).expect("a policy is JSON");
        let is_out = |range: &&Range| {
            let number = written.pointer(range.pointer).and_then(number);
            number.is_some_and(|number| !(range.min.into()..=range.max.into()).contains(&number))
        };
        let mut found: Vec<Violation> = RANGES
            .iter()
            .filter(is_out)
            .map(|range| Violation::out_of_range(range.pointer, range.min, range.max))
            .collect();
        let mut refuse = |bad: bool, pointer: &str, code: ViolationCode| {
            if bad {
                found.push(Violation::new(pointer, code));
            }
        };
        let organisation = &self.organisation;
        refuse(
            self.kinds_required as usize > self.methods.len() + self.unknown_kinds.len()
                && !self.methods.is_empty(),
            "/kindsRequired",
            ViolationCode::MoreKindsThanAllowed,
        );
        refuse(
            !self.sms_countries.iter().all(|c| is_country(c)),
            "/smsCountries",
            ViolationCode::NotACountry,
        );
        refuse(!is_line(&organisation.name, 60), "/organisation/name", ViolationCode::NotAName);
        let units = organisation.short_name.encode_utf16().count();
        let fits =
            units <= LONGEST_SHORT_NAME && is_line(&organisation.short_name, LONGEST_SHORT_NAME);
        refuse(!fits, "/organisation/shortName", ViolationCode::NotAName);
        refuse(
            organisation.help_desk.as_deref().is_some_and(|link| !is_help_desk(link)),
            "/organisation/helpDesk",
            ViolationCode::NotAHelpDesk,
        );
        refuse(
            !is_colour(&organisation.accent_colour),
            "/organisation/accentColour",
            ViolationCode::NotAColour,
        );
        if let Scope::Selected { groups } = &self.scope {
            let canonical = |g: &GroupName| GroupName::parse(g.as_str()).as_ref() == Some(g);
            refuse(!groups.iter().all(canonical), "/scope/groups", ViolationCode::NotAGroup);
        }
        found
    }
}

/// The number that a range limits: a value itself, or how many entries a list has.
fn number(value: &serde_json::Value) -> Option<u64> {
    value.as_array().map_or_else(|| value.as_u64(), |list| Some(list.len() as u64))
}

fn is_line(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.chars().count())
        && text.trim() == text
        && crate::line::reads_as_written(text)
}

fn is_colour(text: &str) -> bool {
    text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_country(text: &str) -> bool {
    text.parse::<phonenumber::country::Id>().is_ok()
}

/// A link people may be sent to: no other scheme, and nothing that could
/// break out of an attribute or a header.
fn is_help_desk(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("mailto:"));
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '\\');
    rest.is_some_and(|rest| !rest.is_empty()) && text.len() <= 200 && text.chars().all(plain)
}
