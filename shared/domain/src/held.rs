//! Methods that the owner holds, such as an authenticator app. They get no message.
//!
//! No such kind exists yet, so the enum is empty. When the first is added, the compiler
//! names every decision about it: here, and at [`HeldKind`].

use crate::challenge::ChallengeId;
use crate::code::TypedCode;
use crate::key::Keys;
use crate::kind::HeldKind;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// What an account stores of a method that its owner holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Held {}

impl Held {
    /// A new held thing of this kind, which the first code for this challenge proves.
    pub fn new(kind: HeldKind, _challenge: &ChallengeId) -> Held {
        match kind {}
    }

    /// Returns what to store once the typed code proved the method, so that the same code
    /// is not accepted again. `None` if the code does not prove it now.
    pub fn proved(&self, _keys: &Keys, _typed: &TypedCode, _now: Time) -> Option<Held> {
        match *self {}
    }

    /// Whether both are the same held thing.
    pub fn is_same(&self, _other: &Held) -> bool {
        match *self {}
    }
}
