//! Whether somebody can reset, in words for whoever helps them.

use crate::texts::text;
use domain::audit::Reason;
use domain::flow::directory::view::ResetEligibility;
use domain::language::Language;
use serde::Serialize;

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CanResetResponse {
    can_reset: bool,
    reason: Reason,
    /// A sentence of it, in the caller's language.
    detail: String,
    /// Until when, where time alone ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

impl CanResetResponse {
    pub fn of(standing: &ResetEligibility, language: Language) -> CanResetResponse {
        CanResetResponse {
            can_reset: standing.reason == Reason::None,
            reason: standing.reason,
            detail: text(language, &sentence(standing.reason), &[]),
            until: standing.until.map(|t| t.to_string()),
        }
    }
}

/// The key of a reason's sentence.
pub fn sentence(reason: Reason) -> String {
    format!("canReset.{}", reason.as_str())
}
