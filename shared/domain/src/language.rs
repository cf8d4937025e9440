//! The languages of messages and problems.

use serde::{Deserialize, Serialize};

/// A language of messages and problems, as a BCP 47 tag.
#[derive(
    strum::VariantArray, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Language {
    /// English.
    #[serde(rename = "en")]
    English,
    /// Traditional Chinese, as written in Taiwan.
    #[serde(rename = "zh-TW")]
    TraditionalChinese,
}

impl Language {
    /// All languages.
    pub const ALL: &[Language] = <Language as strum::VariantArray>::VARIANTS;

    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::TraditionalChinese => "zh-TW",
        }
    }
}
