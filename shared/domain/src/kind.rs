//! Kinds of authentication method.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

// The number of a kind is part of every challenge ID, so it must not change.
/// A kind of authentication method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[derive(strum::IntoStaticStr, strum::VariantArray, strum::EnumString, strum::FromRepr)]
#[strum(serialize_all = "camelCase")]
#[repr(u8)]
pub enum Kind {
    /// A mail address.
    Email = 0,
    /// A phone that receives SMS.
    MobilePhone = 1,
}

/// How a method proves that the user is the owner of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// By a code that is delivered to a destination.
    Delivered(Channel),
    /// By something that the owner holds. No message is sent.
    Held(HeldKind),
}

/// The channel that delivers messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Mail.
    Mail,
    /// SMS.
    Sms,
}

/// A kind of method that the owner holds. None exists yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldKind {}

impl HeldKind {
    /// How many digits its codes have. The policy's number is for delivered codes.
    pub const fn digits(self) -> u8 {
        match self {}
    }
}

impl Kind {
    /// All kinds.
    pub const ALL: &[Kind] = <Kind as strum::VariantArray>::VARIANTS;

    /// The kind as the API and the table write it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// How a method of this kind proves that the user is the owner of the account.
    pub const fn class(self) -> Class {
        match self {
            Kind::Email => Class::Delivered(Channel::Mail),
            Kind::MobilePhone => Class::Delivered(Channel::Sms),
        }
    }
}

/// The ID of one method of an account. An account has at most one method of each kind
/// that exists today, so the ID is the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MethodId(Kind);

impl MethodId {
    /// The ID of the only method of a kind.
    pub const fn only(kind: Kind) -> MethodId {
        MethodId(kind)
    }

    /// The kind of the method.
    pub const fn kind(self) -> Kind {
        self.0
    }

    /// The ID as the API and the table write it.
    pub fn as_str(self) -> &'static str {
        self.0.as_str()
    }
}

impl FromStr for MethodId {
    type Err = strum::ParseError;
    fn from_str(text: &str) -> Result<MethodId, strum::ParseError> {
        text.parse().map(MethodId)
    }
}
