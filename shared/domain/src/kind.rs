//! Kinds of authentication methods, and how each proves its owner.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// A kind of authentication method. Its number is part of every challenge ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[derive(strum::IntoStaticStr, strum::VariantArray, strum::EnumString, strum::FromRepr)]
#[strum(serialize_all = "camelCase", const_into_str)]
#[repr(u8)]
pub enum Kind {
    Email = 0,
    MobilePhone = 1,
}

/// How a kind proves its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// By a code that is delivered to a destination.
    Delivered(Channel),
    /// By something that the owner holds: no message is sent.
    Held(HeldKind),
}

/// What a code is delivered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Mail,
    Sms,
}

/// A kind that its owner holds. There is none yet. With the first one, the
/// compiler names every place that must decide what holds for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldKind {}

impl Kind {
    /// Every one of them.
    pub const ALL: &[Kind] = <Kind as strum::VariantArray>::VARIANTS;

    /// The kind as the API and the table write it.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// How it proves its owner.
    pub const fn class(self) -> Class {
        match self {
            Kind::Email => Class::Delivered(Channel::Mail),
            Kind::MobilePhone => Class::Delivered(Channel::Sms),
        }
    }
}

/// Names one method of an account. An account has at most one method of each
/// kind that exists today, so the ID is the kind's name.
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
    pub const fn as_str(self) -> &'static str {
        self.0.as_str()
    }
}

impl FromStr for MethodId {
    type Err = strum::ParseError;
    fn from_str(text: &str) -> Result<MethodId, strum::ParseError> {
        text.parse().map(MethodId)
    }
}
