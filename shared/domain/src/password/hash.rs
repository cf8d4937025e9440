//! The stored hash of a password.

use serde::{Deserialize, Serialize};

/// The hash of a password, with its parameters and the generation of its pepper. It has no
/// readable `Debug`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoredHash(String);

impl StoredHash {
    /// Creates a stored hash from the text that a hasher wrote.
    pub fn new(text: String) -> StoredHash {
        StoredHash(text)
    }
    /// The text, for the table and the hasher.
    pub fn as_stored(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoredHash")
    }
}
