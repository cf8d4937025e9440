//! A saved policy: its version, and the administrator who saved it.

use crate::identity::Uid;
use crate::kind::Kind;
use crate::policy::Policy;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// A policy with its version, and the administrator who saved it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedPolicy {
    /// The version; 0 until a policy is saved.
    pub version: u64,
    /// When it was saved.
    pub saved_at: Option<Time>,
    /// The internal ID of the administrator who saved it.
    pub saved_by: Option<Uid>,
    /// The version that the organisation's terms were last saved with; 0 if there
    /// are none. The terms are an item of their own, since every request reads
    /// the policy.
    pub terms: u64,
    /// The policy.
    pub policy: Policy,
}

impl SavedPolicy {
    /// The policy that applies until one is saved. No account may reset its
    /// password under it.
    pub fn initial() -> SavedPolicy {
        SavedPolicy {
            version: 0,
            saved_at: None,
            saved_by: None,
            terms: 0,
            policy: Policy::default(),
        }
    }
}

impl SavedPolicy {
    /// Reads a policy that any version of this code stored. A setting that is
    /// missing gets its default. A setting that this version does not know is
    /// left out; kinds that it does not know are kept.
    ///
    /// # Errors
    /// If a stored value has the wrong type.
    pub fn from_stored(mut stored: Value) -> Result<SavedPolicy, serde_json::Error> {
        let mut unknown_kinds = BTreeSet::new();
        if let Some(Value::Array(kinds)) = stored.pointer_mut(KINDS) {
            kinds.retain(|kind| match kind.as_str() {
                Some(name) if name.parse::<Kind>().is_err() => {
                    unknown_kinds.insert(name.to_owned());
                    false
                }
                _ => true,
            });
        }
        let mut whole = serde_json::to_value(SavedPolicy::initial())?;
        overlay(&mut whole, stored);
        let mut saved: SavedPolicy = serde_json::from_value(whole)?;
        saved.policy.unknown_kinds = unknown_kinds;
        Ok(saved)
    }

    /// The JSON that [`SavedPolicy::from_stored`] reads. It includes the kinds that
    /// this version does not know.
    pub fn to_stored(&self) -> Value {
        let mut stored = serde_json::to_value(self).expect("a policy is JSON");
        if let Some(Value::Array(kinds)) = stored.pointer_mut(KINDS) {
            kinds.extend(self.policy.unknown_kinds.iter().map(|name| Value::from(name.as_str())));
        }
        stored
    }
}

/// JSON pointer to the kinds of a stored policy.
const KINDS: &str = "/policy/methods";

/// Replaces defaults by the stored values of the same names.
fn overlay(known: &mut Value, stored: Value) {
    match (known, stored) {
        // The scope, which has a `type`, has a different shape for each type, so it
        // is replaced as a whole.
        (Value::Object(known), Value::Object(stored)) if !known.contains_key("type") => {
            for (name, value) in stored {
                if let Some(place) = known.get_mut(&name) {
                    overlay(place, value);
                }
            }
        }
        (known, stored) => *known = stored,
    }
}
