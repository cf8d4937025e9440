//! Authentication methods of an account.

use crate::challenge::ChallengeId;
use crate::delivery::Undeliverable;
use crate::destination::Destination;
use crate::held::Held;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// After a reset, a method less than this old that did not prove the reset waits for its owner's
/// review: an attacker who knew the old password may have added it. A week leaves the owner time
/// to read the notice about the method and to reset the password. With a longer time, an attacker
/// who resets by one of the owner's methods would more often make the owner's other one unusable.
pub const RECENT_METHOD: Span = Span::days(7);

/// A method that its owner proved once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Method {
    /// What the method is bound to.
    pub binding: Binding,
    /// The account's revision that verified the method. A new binding gets a new
    /// version, and proofs of the older version no longer count.
    pub version: u64,
    /// When its owner proved it last.
    pub verified_at: Time,
    /// When it was added, or last changed to another destination. Proving the same destination
    /// again does not change it.
    pub added_at: Time,
    /// Whether the method cannot reset the password until its owner has reviewed the methods.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unreviewed: bool,
}

impl Method {
    /// Whether the method was added, or changed to another destination, less than
    /// [`RECENT_METHOD`] before `now`.
    pub fn is_recent(&self, now: Time) -> bool {
        self.added_at + RECENT_METHOD > now
    }
}

/// What a method is bound to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Binding {
    /// A destination that codes and notices are delivered to.
    Delivered(Delivered),
    /// Something that the owner holds. It gets no message.
    Held(Held),
}

/// A destination that codes and notices are delivered to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivered {
    /// The destination.
    pub destination: Destination,
    /// The ISO 3166 country of a phone. It is stored, so that no later request parses
    /// the number: that would take longer for an account that has a phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Set while messages to the destination come back; removed when a code
    /// sent there is verified. It is shown to its owner and decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undeliverable: Option<Undeliverable>,
}

impl Binding {
    /// The binding to a destination.
    pub fn to(destination: Destination) -> Binding {
        let country = destination.country();
        Binding::Delivered(Delivered { destination, country, undeliverable: None })
    }

    /// Whether both are bound to the same destination or held thing.
    pub fn is_same(&self, other: &Binding) -> bool {
        match (self, other) {
            (Binding::Delivered(a), Binding::Delivered(b)) => a.destination == b.destination,
            (Binding::Held(a), Binding::Held(b)) => a.is_same(b),
            (Binding::Delivered(_), Binding::Held(_))
            | (Binding::Held(_), Binding::Delivered(_)) => false,
        }
    }

    /// The destination; `None` for something that the owner holds.
    pub fn delivered(&self) -> Option<&Delivered> {
        match self {
            Binding::Delivered(delivered) => Some(delivered),
            Binding::Held(_) => None,
        }
    }

    /// What its owner holds; `None` for a destination.
    pub fn held(&self) -> Option<&Held> {
        match self {
            Binding::Delivered(_) => None,
            Binding::Held(held) => Some(held),
        }
    }
}

/// A method that waits for its first proof. It is used for nothing else.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    /// What the method will be bound to.
    pub binding: Binding,
    /// The challenge that proves it.
    pub challenge: ChallengeId,
}
