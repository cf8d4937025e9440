//! A policy as it was saved: with its version, and who saved it.

use crate::identity::Uid;
use crate::kind::Kind;
use crate::policy::Policy;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// A policy as it was saved.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedPolicy {
    /// 0 where none was ever saved.
    pub version: u64,
    pub saved_at: Option<Time>,
    /// The administrator's internal id.
    pub saved_by: Option<Uid>,
    /// The version that the organisation's terms were last saved with; 0 where
    /// it has none. They lie apart, since every request reads this.
    pub terms: u64,
    pub policy: Policy,
}

impl SavedPolicy {
    /// What holds before anybody saved anything: reset is on for nobody.
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
    /// Reads a policy as any version of this code stored it. A setting that was
    /// not stored has its default; one that this version does not know is left
    /// out; kinds that it does not know are kept.
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

    /// The policy as [`SavedPolicy::from_stored`] reads it: with the kinds that
    /// this version does not know.
    pub fn to_stored(&self) -> Value {
        let mut stored = serde_json::to_value(self).expect("a policy is JSON");
        if let Some(Value::Array(kinds)) = stored.pointer_mut(KINDS) {
            kinds.extend(self.policy.unknown_kinds.iter().map(|name| Value::from(name.as_str())));
        }
        stored
    }
}

/// Where a stored policy has its kinds.
const KINDS: &str = "/policy/methods";

/// Puts the stored values over the defaults of the same names.
fn overlay(known: &mut Value, stored: Value) {
    match (known, stored) {
        // A scope is one of several shapes, and is taken whole.
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
