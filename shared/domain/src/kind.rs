//! Kinds of authentication methods.

use serde::{Deserialize, Serialize};

/// A kind of authentication method; also the id of the one method of that
/// kind an account may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[derive(strum::IntoStaticStr, strum::VariantArray, strum::EnumString)]
#[strum(serialize_all = "camelCase", const_into_str)]
pub enum Kind {
    Email,
    MobilePhone,
}

impl Kind {
    /// Every one of them.
    pub const ALL: &[Kind] = <Kind as strum::VariantArray>::VARIANTS;

    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}
