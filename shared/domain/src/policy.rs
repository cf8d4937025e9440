//! What an administrator sets. Each number stands here once, with its
//! default, its range, its reason and its source.

use crate::account::{GroupName, Language};
use crate::error::{Violation, ViolationCode};
use crate::method::Kind;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Who may reset their password.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
            (ScopeType::Selected, None) | (ScopeType::None | ScopeType::All, Some(_)) => Err("groups belong to the scope `selected`"),
        }
    }
}

/// Whose destination must be typed in full before a code is sent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ConfirmDestination {
    None,
    Phone,
    All,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegistrationRules {
    /// Whether sign-in asks people in scope to register.
    pub required: bool,
    pub postpone_days: u32,
    /// 0 = never.
    pub reconfirm_days: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CodeRules {
    pub digits: u32,
    pub lifetime_minutes: u32,
    /// Guesses one code allows.
    pub guesses: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PasswordRules {
    /// Code points.
    pub minimum_length: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Organisation {
    pub name: String,
    /// Fits every SMS.
    pub short_name: String,
    /// `https:` or `mailto:`.
    pub help_desk: Option<String>,
    /// `#rrggbb`.
    pub accent_colour: String,
    pub language: Language,
}

/// Everything an administrator sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    pub scope: Scope,
    /// Kinds of method allowed.
    pub methods: BTreeSet<Kind>,
    /// Different kinds that must be proved to reset.
    pub kinds_required: u32,
    pub registration: RegistrationRules,
    pub code: CodeRules,
    pub reset_lifetime_minutes: u32,
    pub limits: LimitRules,
    /// ISO 3166 countries that may receive SMS.
    pub sms_countries: BTreeSet<String>,
    pub confirm_destination: ConfirmDestination,
    pub password: PasswordRules,
    pub notify_administrators: bool,
    pub organisation: Organisation,
    pub audit_days: u32,
}

/// A policy as it was saved.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedPolicy {
    /// 0 where none was ever saved.
    pub version: u64,
    pub saved_at: Option<Time>,
    /// The administrator's internal id.
    pub saved_by: Option<crate::account::Uid>,
    /// The version that the organisation's terms were last saved with; 0 where
    /// it has none. They lie apart, since every request reads this.
    pub terms: u64,
    pub policy: Policy,
}

impl SavedPolicy {
    /// What holds before anybody saved anything: reset is on for nobody.
    pub fn initial() -> SavedPolicy {
        SavedPolicy { version: 0, saved_at: None, saved_by: None, terms: 0, policy: Policy::default() }
    }
}

impl SavedPolicy {
    /// Reads a policy as any version of this code stored it: what it did not
    /// know yet has its default, what we do not know any more is left out.
    pub fn from_stored(stored: serde_json::Value) -> Result<SavedPolicy, serde_json::Error> {
        let mut whole = serde_json::to_value(SavedPolicy::initial())?;
        overlay(&mut whole, stored);
        serde_json::from_value(whole)
    }
}

/// Puts the stored values over the defaults of the same names.
fn overlay(known: &mut serde_json::Value, stored: serde_json::Value) {
    use serde_json::Value;
    match (known, stored) {
        // A scope is one of several shapes, and is taken whole.
        (Value::Object(known), Value::Object(stored)) if !known.contains_key("type") => {
            for (name, value) in stored {
                if let Some(place) = known.get_mut(&name) {
                    overlay(place, value);
                }
            }
        }
        (known, stored) => *known = stored,
    }
}

/// One number: where it stands, what it may be, and why.
pub struct Range {
    pub pointer: &'static str,
    pub default: u32,
    pub min: u32,
    pub max: u32,
    pub reason: &'static str,
    pub source: &'static str,
    get: fn(&Policy) -> u32,
}

const fn range(
    pointer: &'static str,
    (default, min, max): (u32, u32, u32),
    get: fn(&Policy) -> u32,
    reason: &'static str,
    source: &'static str,
) -> Range {
    Range { pointer, default, min, max, reason, source, get }
}

/// Every number of the policy.
#[rustfmt::skip]
pub const RANGES: [Range; 19] = [
    range("/kindsRequired", (1, 1, 2), |p| p.kinds_required, "two means two different kinds", "Entra"),
    range("/registration/postponeDays", (7, 0, 90), |p| p.registration.postpone_days, "0 asks at once", "Entra"),
    range("/registration/reconfirmDays", (180, 0, 730), |p| p.registration.reconfirm_days, "0 never asks again", "Entra"),
    range("/code/digits", (8, 6, 8), |p| p.code.digits, "a spray over 10,000 accounts wins 9.5 % a day with 6, 0.1 % with 8", "NIST 800-63B-4 3.1.3.2"),
    range("/code/lifetimeMinutes", (5, 1, 10), |p| p.code.lifetime_minutes, "ten minutes is the most a code may live", "ASVS 6.5.5, Entra"),
    range("/code/guesses", (5, 1, 10), |p| p.code.guesses, "a slip of the finger is not an attack", "ASVS 6.6.3"),
    range("/limits/failedGuesses", (10, 3, 100), |p| p.limits.failed_guesses, "a hundred is the most that may fail in a row", "NIST 800-63B-4 3.2.2"),
    range("/limits/failedRegistrationGuesses", (10, 3, 100), |p| p.limits.failed_registration_guesses, "counted apart, so that it never closes reset", "NIST 800-63B-4 3.2.2"),
    range("/limits/wrongPasswords", (10, 3, 100), |p| p.limits.wrong_passwords, "then sign-in waits a minute, doubling to fifteen", "Entra smart lockout"),
    range("/limits/resendWaitSeconds", (30, 15, 300), |p| p.limits.resend_wait_seconds, "a code usually arrives in 5 to 20 seconds", "Entra"),
    range("/limits/smsPerHour", (5, 1, 20), |p| p.limits.sms_per_hour, "per account and per destination", "Entra"),
    range("/limits/mailsPerTenMinutes", (10, 1, 20), |p| p.limits.mails_per_ten_minutes, "per account and per destination", "Entra"),
    range("/limits/smsPerDay", (1000, 0, 1_000_000), |p| p.limits.sms_per_day, "what a day may cost at most", "toll fraud"),
    range("/limits/smsPerCountryAndDay", (1000, 0, 1_000_000), |p| p.limits.sms_per_country_and_day, "what a country may cost at most", "toll fraud"),
    range("/resetLifetimeMinutes", (15, 5, 30), |p| p.reset_lifetime_minutes, "long enough to find the phone", "Entra"),
    range("/password/minimumLength", (15, 15, 64), |p| p.password.minimum_length, "15 where the password is the only factor", "NIST 800-63B-4 3.1.1.2"),
    range("/auditDays", (30, 1, 400), |p| p.audit_days, "long enough to answer a complaint", "Entra"),
    range("/scope/groups", (1, 1, 50), |p| match &p.scope { Scope::Selected { groups } => groups.len() as u32, Scope::None | Scope::All => 1 }, "the policy is one small item", "seed"),
    range("/methods", (1, 1, 2), |p| p.methods.len() as u32, "with no kind nobody could reset", "Entra"),
];

/// The default of the number at a pointer.
const fn default_of(pointer: &str) -> u32 {
    let mut i = 0;
    while i < RANGES.len() {
        if equal(RANGES[i].pointer.as_bytes(), pointer.as_bytes()) {
            return RANGES[i].default;
        }
        i += 1;
    }
    panic!("no such number")
}

const fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            scope: Scope::None,
            methods: BTreeSet::from([Kind::Email]),
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
            password: PasswordRules { minimum_length: const { default_of("/password/minimumLength") } },
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
    pub fn allows(&self, kind: Kind) -> bool {
        self.methods.contains(&kind)
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

    /// Sends of a kind that one account, or one destination, may get in a
    /// sliding window.
    pub fn send_window(&self, kind: Kind) -> (u32, Span) {
        match kind {
            Kind::Email => (self.limits.mails_per_ten_minutes, Span::minutes(10)),
            Kind::MobilePhone => (self.limits.sms_per_hour, Span::hours(1)),
        }
    }

    /// Everything that keeps this policy from being saved; empty where it can
    /// be. Nothing is clamped.
    pub fn violations(&self) -> Vec<Violation> {
        let mut found: Vec<Violation> = RANGES
            .iter()
            .filter(|range| !(range.min..=range.max).contains(&(range.get)(self)))
            .map(|range| Violation::out_of_range(range.pointer, range.min, range.max))
            .collect();
        let mut refuse = |bad: bool, pointer: &str, code: ViolationCode| {
            if bad {
                found.push(Violation::new(pointer, code));
            }
        };
        let organisation = &self.organisation;
        refuse(
            self.kinds_required as usize > self.methods.len() && !self.methods.is_empty(),
            "/kindsRequired",
            ViolationCode::MoreKindsThanAllowed,
        );
        refuse(self.allows(Kind::MobilePhone) && self.sms_countries.is_empty(), "/smsCountries", ViolationCode::CountryMissing);
        refuse(!self.sms_countries.iter().all(|c| is_country(c)), "/smsCountries", ViolationCode::NotACountry);
        refuse(!is_line(&organisation.name, 60), "/organisation/name", ViolationCode::NotAName);
        refuse(!is_line(&organisation.short_name, 12), "/organisation/shortName", ViolationCode::NotAName);
        refuse(
            organisation.help_desk.as_deref().is_some_and(|link| !is_help_desk(link)),
            "/organisation/helpDesk",
            ViolationCode::NotAHelpDesk,
        );
        refuse(!is_colour(&organisation.accent_colour), "/organisation/accentColour", ViolationCode::NotAColour);
        if let Scope::Selected { groups } = &self.scope {
            let canonical = |g: &GroupName| GroupName::parse(g.as_str()).as_ref() == Some(g);
            refuse(!groups.iter().all(canonical), "/scope/groups", ViolationCode::NotAGroup);
        }
        found
    }
}

fn is_line(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.chars().count()) && text.trim() == text && !text.chars().any(char::is_control)
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
