//! The organisation's terms, which passwords must not contain.

use domain::flow::policy::save_terms::SavedTerms;
use serde::{Deserialize, Serialize};

/// New terms.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({ "terms": ["zeppelin", "北部海岸"] }))))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveTerms {
    /// The terms. They replace all earlier ones.
    pub terms: Vec<String>,
}

/// The organisation's terms, and the version of the policy.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({ "version": 2, "terms": ["zeppelin"] }))))]
#[serde(rename_all = "camelCase")]
pub struct TermsResponse {
    version: u64,
    /// The terms as they were typed.
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
