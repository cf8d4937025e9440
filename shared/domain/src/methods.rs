//! A map with one entry for each method of an account.

use crate::kind::MethodId;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// A map with one `T` for each method. Entries of methods that this version does not know are
/// ignored and written back unchanged.
#[derive(Clone, Debug)]
pub struct Methods<T> {
    known: BTreeMap<MethodId, T>,
    unknown: BTreeMap<String, Value>,
}

impl<T> Methods<T> {
    /// Returns the entry of a method.
    pub fn get(&self, id: MethodId) -> Option<&T> {
        self.known.get(&id)
    }

    /// Sets the entry of a method.
    pub fn insert(&mut self, id: MethodId, entry: T) {
        self.known.insert(id, entry);
    }

    /// Removes and returns the entry of a method.
    pub fn remove(&mut self, id: MethodId) -> Option<T> {
        self.known.remove(&id)
    }

    /// Iterates over all entries, ordered by method ID.
    pub fn iter(&self) -> impl Iterator<Item = (MethodId, &T)> {
        self.known.iter().map(|(id, entry)| (*id, entry))
    }

    /// Iterates over all entries, ordered by method ID, to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (MethodId, &mut T)> {
        self.known.iter_mut().map(|(id, entry)| (*id, entry))
    }

    /// Whether the map has no entries.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

impl<T> Default for Methods<T> {
    fn default() -> Methods<T> {
        Methods { known: BTreeMap::new(), unknown: BTreeMap::new() }
    }
}

impl<T> FromIterator<(MethodId, T)> for Methods<T> {
    fn from_iter<I: IntoIterator<Item = (MethodId, T)>>(entries: I) -> Methods<T> {
        Methods { known: entries.into_iter().collect(), unknown: BTreeMap::new() }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Methods<T> {
    fn deserialize<D: Deserializer<'de>>(stored: D) -> Result<Methods<T>, D::Error> {
        let mut methods = Methods::default();
        for (name, value) in BTreeMap::<String, Value>::deserialize(stored)? {
            match name.parse() {
                Ok(id) => {
                    methods.insert(id, serde_json::from_value(value).map_err(D::Error::custom)?);
                }
                Err(_) => drop(methods.unknown.insert(name, value)),
            }
        }
        Ok(methods)
    }
}

impl<T: Serialize> Serialize for Methods<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Entry<'a, T> {
            Known(&'a T),
            Unknown(&'a Value),
        }
        let known = self.known.iter().map(|(id, entry)| (id.as_str(), Entry::Known(entry)));
        let unknown = self.unknown.iter().map(|(name, value)| (&**name, Entry::Unknown(value)));
        to.collect_map(known.chain(unknown))
    }
}
