//! The data directory: locks it, names its files, and checks that they belong together.

use std::{
    fs::{self, File, TryLockError},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};

use crate::dynamodb;

const LOCK: &str = "lock";
const SECRETS: &str = "secrets.json";
const ACCOUNTS: &str = "accounts.json";
const ENVIRONMENT: &str = "functions.env";

/// All files that `cargo latchkey` writes in the data directory, except the lock.
/// `--fresh` deletes these and nothing else: a typo in `--data` must not delete a
/// home directory.
const FILES: [&str; 8] = [
    "dynamodb.sqlite",
    "dynamodb.sqlite-shm",
    "dynamodb.sqlite-wal",
    "table.json",
    "dead-letters.jsonl",
    SECRETS,
    ACCOUNTS,
    ENVIRONMENT,
];

/// The data directory. It stays locked for this process until this value is dropped.
pub(super) struct Data {
    dir: PathBuf,
    /// The system releases the lock when this process ends, in any way.
    _lock: File,
}

impl Data {
    /// Locks `dir`, and deletes its files first if `fresh`.
    ///
    /// # Errors
    /// When another instance has locked the directory, or one of the files that
    /// belong together is missing.
    pub(super) fn open(dir: &Path, fresh: bool) -> Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let lock = File::create(dir.join(LOCK))
            .with_context(|| format!("cannot write to {}", dir.display()))?;
        let data = Self { dir: dir.to_owned(), _lock: lock };
        match data._lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "another `cargo latchkey` uses {}: end it, or choose another directory with --data and other ports with --port",
                data.shown()
            ),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", data.shown()));
            }
        }
        if fresh {
            data.empty()?;
        }
        data.check()?;
        Ok(data)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn secrets(&self) -> PathBuf {
        self.dir.join(SECRETS)
    }

    pub(super) fn accounts(&self) -> PathBuf {
        self.dir.join(ACCOUNTS)
    }

    pub(super) fn environment(&self) -> PathBuf {
        self.dir.join(ENVIRONMENT)
    }

    /// Returns the directory's path as shown to the developer.
    pub(super) fn shown(&self) -> String {
        shown(&self.dir)
    }

    fn empty(&self) -> Result<()> {
        for name in FILES {
            match fs::remove_file(self.dir.join(name)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error)
                        .with_context(|| format!("cannot delete {name} in {}", self.shown()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Checks the files in the order in which they are made: keys, database,
    /// sign-ins. If a later file is missing, an earlier start was cut short, and
    /// this start continues it. If an earlier file is missing, the later ones
    /// cannot be used.
    fn check(&self) -> Result<()> {
        let database = dynamodb::exists(&self.dir);
        let unusable = |what: &str, without: &str| {
            format!(
                "{} holds {what} without {without}: start once with --fresh to make both anew (this deletes the local data)",
                self.shown()
            )
        };
        ensure!(
            !database || self.secrets().exists(),
            unusable("a database", "its keys (secrets.json)")
        );
        ensure!(
            database || !self.accounts().exists(),
            unusable("sign-ins (accounts.json)", "their database")
        );
        Ok(())
    }
}

/// Returns `path` relative to the current directory, if it lies below it.
pub(super) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(dir: &Path) -> String {
        Data::open(dir, false).err().expect("refused").to_string()
    }

    #[test]
    fn one_instance_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = Data::open(dir.path(), false).unwrap();
        assert!(refusal(dir.path()).contains("another `cargo latchkey`"));
        drop(first);
        Data::open(dir.path(), false).unwrap();
    }

    #[test]
    fn sign_ins_without_their_database_are_refused_with_a_way_out() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(ACCOUNTS), "{}").unwrap();
        assert!(refusal(dir.path()).contains("--fresh"));
        Data::open(dir.path(), true).unwrap();
    }

    #[test]
    fn a_database_without_its_keys_is_refused_with_a_way_out() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("dynamodb.sqlite"), "").unwrap();
        assert!(refusal(dir.path()).contains("secrets.json"));
    }

    #[test]
    fn fresh_deletes_what_is_ours_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        for name in FILES.iter().chain(&["thesis.txt"]) {
            fs::write(dir.path().join(name), "").unwrap();
        }
        Data::open(dir.path(), true).unwrap();
        let mut left: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [LOCK, "thesis.txt"]);
    }

    #[test]
    fn a_start_that_was_cut_short_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(SECRETS), "{}").unwrap();
        Data::open(dir.path(), false).unwrap();
        fs::write(dir.path().join("dynamodb.sqlite"), "").unwrap();
        Data::open(dir.path(), false).unwrap();
    }
}
