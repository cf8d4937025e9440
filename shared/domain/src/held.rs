//! Methods that the owner holds, such as an authenticator app. They get no message.
//!
//! No such kind exists yet, so the enum is empty. When the first is added, the compiler
//! names every decision about it: here, and at [`HeldKind`](crate::kind::HeldKind).

use crate::code::TypedCode;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// What an account stores of a method that its owner holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Held {}

impl Held {
    /// Whether the typed code proves the method now.
    pub fn accepts(&self, _typed: &TypedCode, _now: Time) -> bool {
        match *self {}
    }

    /// Whether both are the same held thing.
    pub fn is_same(&self, _other: &Held) -> bool {
        match *self {}
    }
}
