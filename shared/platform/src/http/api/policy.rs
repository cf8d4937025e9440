//! The policy, the effects of a change, and the parts that are public.

use crate::texts::text;
use domain::flow::policy::save_policy::PolicySaveOutcome;
use domain::language::Language;
use domain::policy::saved::SavedPolicy;
use domain::policy::{Organisation, Policy};
use domain::preview::{CutOff, Warning};
use serde::Serialize;

/// A version of the policy.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({
    "version": 4, "savedAt": "2026-11-25T09:30:00Z", "termsVersion": 2,
    "policy": Policy::default()
}))))]
#[serde(rename_all = "camelCase")]
pub struct PolicyResponse {
    /// Counts up with each save; 0 for the defaults.
    version: u64,
    /// When it was saved; `null` for the defaults.
    saved_at: Option<String>,
    /// The version that the terms were last saved with; 0 if there are none.
    terms_version: u64,
    policy: Policy,
}

impl From<&SavedPolicy> for PolicyResponse {
    fn from(saved: &SavedPolicy) -> PolicyResponse {
        PolicyResponse {
            version: saved.version,
            saved_at: saved.saved_at.map(|t| t.to_string()),
            terms_version: saved.terms,
            policy: saved.policy.clone(),
        }
    }
}

/// A policy that was saved or, in a dry run, would be saved, and its effects.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({
    "version": 4, "savedAt": "2026-11-25T09:30:00Z", "termsVersion": 2,
    "policy": Policy::default(), "saved": true,
    "warnings": [{
        "code": "administratorsCutOff",
        "detail": "2 of your administrators will lose self-service reset. Ask them to register a second method first."
    }],
    "cutOff": { "administrators": 2, "users": 0, "complete": true }
}))))]
#[serde(rename_all = "camelCase")]
pub struct PolicySaveResponse {
    #[serde(flatten)]
    policy: PolicyResponse,
    /// `false` for a dry run.
    saved: bool,
    /// What an administrator should know before relying on this policy.
    warnings: Vec<WarningView>,
    cut_off: CutOffView,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct WarningView {
    code: &'static str,
    detail: String,
}

/// How many users can reset their password under the current policy, but could not
/// under the new one. The counts are minimums if `complete` is `false`.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct CutOffView {
    administrators: u32,
    users: u32,
    /// Whether all accounts were checked.
    complete: bool,
}

impl PolicySaveResponse {
    /// The response, with its warnings in this language.
    pub fn of(outcome: &PolicySaveOutcome, language: Language) -> PolicySaveResponse {
        let CutOff { administrators, users, complete } = outcome.cut_off;
        let (a, u) = (administrators.to_string(), users.to_string());
        let say = |code: &str| {
            text(language, &format!("warning.{code}"), &[("administrators", &a), ("users", &u)])
        };
        let view = |warning: &Warning| WarningView {
            code: warning.as_str(),
            detail: say(warning.as_str()),
        };
        PolicySaveResponse {
            policy: PolicyResponse::from(&outcome.policy),
            saved: outcome.saved,
            warnings: outcome.warnings.iter().map(view).collect(),
            cut_off: CutOffView { administrators, users, complete },
        }
    }
}

/// The public facts about the organisation, for pages and messages.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({
    "name": "Example Ltd", "shortName": "Example", "helpDesk": "mailto:help@example.com",
    "accentColour": "#1f5fbf", "language": "en", "languages": ["en", "zh-TW"]
}))))]
#[serde(rename_all = "camelCase")]
pub struct OrganisationResponse {
    name: String,
    short_name: String,
    /// A URL: `https:`, `mailto:`, or `tel:` with an international number.
    help_desk: Option<String>,
    /// Such as `#1f5fbf`.
    accent_colour: String,
    /// The language of messages to users without one of their own.
    language: Language,
    /// All languages of Latchkey.
    languages: &'static [Language],
}

impl From<&Organisation> for OrganisationResponse {
    fn from(organisation: &Organisation) -> OrganisationResponse {
        OrganisationResponse {
            name: organisation.name.clone(),
            short_name: organisation.short_name.clone(),
            help_desk: organisation.help_desk.clone(),
            accent_colour: organisation.accent_colour.clone(),
            language: organisation.language,
            languages: Language::ALL,
        }
    }
}

/// The numbers that a client needs. They are the same for all accounts.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({
    "code": { "digits": 8, "lifetimeMinutes": 5, "guesses": 5 }, "resetLifetimeMinutes": 15,
    "resendWaitSeconds": 30, "password": { "minimumLength": 15, "maximumLength": 256 },
    "session": {
        "fullSeconds": 43200, "limitedSeconds": 1200, "idleSeconds": 3600, "proofSeconds": 1200
    }
}))))]
#[serde(rename_all = "camelCase")]
pub struct LimitsResponse {
    code: CodeLimits,
    reset_lifetime_minutes: u32,
    resend_wait_seconds: u32,
    password: PasswordLimits,
    session: SessionLimits,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct CodeLimits {
    digits: u32,
    lifetime_minutes: u32,
    guesses: u32,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct PasswordLimits {
    minimum_length: u32,
    maximum_length: usize,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct SessionLimits {
    full_seconds: u32,
    limited_seconds: u32,
    idle_seconds: u32,
    proof_seconds: u32,
}

impl From<&Policy> for LimitsResponse {
    fn from(policy: &Policy) -> LimitsResponse {
        LimitsResponse {
            code: CodeLimits {
                digits: policy.code.digits,
                lifetime_minutes: policy.code.lifetime_minutes,
                guesses: policy.code.guesses,
            },
            reset_lifetime_minutes: policy.reset_lifetime_minutes,
            resend_wait_seconds: policy.limits.resend_wait_seconds,
            password: PasswordLimits {
                minimum_length: policy.password.minimum_length,
                maximum_length: domain::password::MAX_LENGTH,
            },
            session: SessionLimits {
                full_seconds: domain::session::FULL.whole_seconds(),
                limited_seconds: domain::session::LIMITED.whole_seconds(),
                idle_seconds: domain::session::IDLE.whole_seconds(),
                proof_seconds: domain::session::PROOF.whole_seconds(),
            },
        }
    }
}
