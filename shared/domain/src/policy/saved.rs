//! A policy as it was saved: with its version, and who saved it.

use crate::identity::Uid;
use crate::policy::Policy;
use crate::time::Time;
use serde::{Deserialize, Serialize};

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
    /// Reads a policy as any version of this code stored it: what it did not
    /// know yet has its default, what we do not know any more is left out.
    pub fn from_stored(stored: serde_json::Value) -> Result<SavedPolicy, serde_json::Error> {
        let mut whole = serde_json::to_value(SavedPolicy::initial())?;
        overlay(&mut whole, stored);
        serde_json::from_value(whole)
    }
}

/// Puts the stored values over the defaults of the same names.
fn overlay(known: &mut serde_json::Value, stored: serde_json::Value) {
    use serde_json::Value;
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
