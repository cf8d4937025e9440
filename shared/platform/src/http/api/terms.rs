//! The organisation's own terms.

use domain::flow::set_terms::SavedTerms;
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
pub struct TermsAnswer {
    version: u64,
    terms: Vec<String>,
}

impl From<&SavedTerms> for TermsAnswer {
    fn from(saved: &SavedTerms) -> TermsAnswer {
        TermsAnswer {
            version: saved.version,
            terms: saved.terms.written().map(str::to_owned).collect(),
        }
    }
}
