//! Authentication methods: a kind, and the destination a code is sent to.

use crate::challenge::ChallengeId;
use crate::delivery::Undeliverable;
use crate::destination::Destination;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// A method whose own code came back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Method {
    pub destination: Destination,
    /// ISO 3166 country of a phone, found once: no later request reads the
    /// number again, so that none takes longer for an account that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The account's revision that verified it: another address is another
    /// version, and what was proved by the older counts no more.
    pub version: u64,
    pub verified_at: Time,
    /// Set while messages to it come back; gone with the next code that came
    /// back from it. It is told, and judges nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undeliverable: Option<Undeliverable>,
}

impl Method {
    /// A destination whose code came back.
    pub fn new(destination: Destination, version: u64, verified_at: Time) -> Method {
        Method {
            country: destination.country(),
            destination,
            version,
            verified_at,
            undeliverable: None,
        }
    }
}

/// An address waiting for its code.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    pub destination: Destination,
    pub challenge: ChallengeId,
}
