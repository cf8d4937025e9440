//! The keys that the functions read from Secrets Manager. The first start generates
//! them from the operating system's randomness and keeps them for later starts.
//! There are no default keys that could stay in use.

use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::{Context, Result, anyhow};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

/// The name of the secret that holds the keys.
pub const SECRET_ID: &str = "latchkey";

/// Reads the secret from `path`, or generates it if the file is missing.
///
/// # Errors
/// When the file can be neither read nor written.
pub fn load_or_generate(path: &Path) -> Result<String> {
    match fs::read_to_string(path) {
        Ok(secret) => Ok(secret),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let secret = generate()?;
            write_private(path, &secret)?;
            Ok(secret)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Generates a new secret: the key for identifiers, and the first generation of the
/// keys that rotate.
///
/// # Errors
/// When the operating system provides no randomness.
pub fn generate() -> Result<String> {
    let secret = json!({
        "ids": key()?,
        "generations": [{ "kid": 1, "key": key()? }],
    });
    Ok(secret.to_string())
}

/// Writes a file that only its owner can read, completely or not at all.
pub(crate) fn write_private(path: &Path, content: &str) -> Result<()> {
    let draft = path.with_extension("draft");
    let write = || -> std::io::Result<()> {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        // A draft left by a crash may have other permissions.
        let _ = fs::remove_file(&draft);
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

fn key() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("no randomness: {error}"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/secrets.json");
        let first = load_or_generate(&path).unwrap();
        assert_eq!(first, load_or_generate(&path).unwrap());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        let secret: serde_json::Value = serde_json::from_str(&first).unwrap();
        let key = secret["generations"][0]["key"].as_str().unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(key).unwrap().len(), 32);
        assert_ne!(secret["ids"], secret["generations"][0]["key"]);
    }

    #[test]
    fn no_two_secrets_are_alike() {
        assert_ne!(generate().unwrap(), generate().unwrap());
    }
}
