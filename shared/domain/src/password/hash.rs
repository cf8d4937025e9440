//! A password's hash as it is stored.

use serde::{Deserialize, Serialize};

/// A hash with its parameters and the generation of the pepper, as stored.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoredHash(String);

impl StoredHash {
    pub fn new(text: String) -> StoredHash {
        StoredHash(text)
    }
    pub fn as_stored(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoredHash")
    }
}
