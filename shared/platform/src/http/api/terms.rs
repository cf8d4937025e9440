//! The organisation's own terms.

use domain::flow::policy::save_terms::SavedTerms;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveTerms {
    pub terms: Vec<String>,
}

/// The organisation's terms, and the policy's version.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TermsResponse {
    version: u64,
    terms: Vec<String>,
}

impl From<&SavedTerms> for TermsResponse {
    fn from(saved: &SavedTerms) -> TermsResponse {
        TermsResponse {
            version: saved.version,
            terms: saved.terms.written().map(str::to_owned).collect(),
        }
    }
}
