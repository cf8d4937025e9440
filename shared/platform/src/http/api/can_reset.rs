//! Whether a user can reset their password, for the help desk and administrators.

use crate::texts::text;
use domain::audit::Reason;
use domain::flow::directory::view::ResetEligibility;
use domain::language::Language;
use serde::Serialize;

/// Whether the user can reset their password now, or why not.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({
    "canReset": false, "reason": "resetClosed",
    "detail": "Too many wrong codes were entered. Wait until the time shown, or unlock the account.",
    "until": "2026-11-26T09:30:00Z"
}))))]
#[serde(rename_all = "camelCase")]
pub struct CanResetResponse {
    can_reset: bool,
    reason: Reason,
    /// The reason as a sentence, in the caller's language.
    detail: String,
    /// When the reason ends by itself. Absent if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    until: Option<String>,
}

impl CanResetResponse {
    /// The response, with its sentence in this language.
    pub fn of(eligibility: &ResetEligibility, language: Language) -> CanResetResponse {
        CanResetResponse {
            can_reset: eligibility.reason == Reason::None,
            reason: eligibility.reason,
            detail: text(language, &sentence(eligibility.reason), &[]),
            until: eligibility.until.map(|t| t.to_string()),
        }
    }
}

/// The key of a reason's sentence in the texts.
pub fn sentence(reason: Reason) -> String {
    format!("canReset.{}", reason.as_str())
}
