//! The languages that Latchkey speaks.

use serde::{Deserialize, Serialize};

/// A language messages and problems are written in.
#[derive(
    strum::VariantArray, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Language {
    #[serde(rename = "en")]
    English,
    #[serde(rename = "zh-TW")]
    TraditionalChinese,
}

impl Language {
    /// Every one of them.
    pub const ALL: &[Language] = <Language as strum::VariantArray>::VARIANTS;

    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::TraditionalChinese => "zh-TW",
        }
    }
}
