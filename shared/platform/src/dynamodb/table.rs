//! The key layout. Keys are born here and nowhere else; the table itself is
//! declared in `infra/template.yaml`.
//!
//! T = the account's handle, an HMAC of its user ID. Every handle may have
//! every item but `ACCT`, whether an account exists or not.
//!
//! | pk | sk | holds | ttl |
//! |---|---|---|---|
//! | `ACCT#T` | T | the account; `bucket` = `U#` shard lists accounts | - |
//! | `LOCK#T` | - | wrong sign-ins | 48 h |
//! | `LEDGER#T` | `reset`, `registration` | failed guesses, sends, live challenges | 48 h |
//! | `RESET#T` | reset id | a reset, or a decoy | its end |
//! | `SESSION#T` | digest of its secret | a session | its end |
//! | `OUTBOX#T` | ms.what.reset.random | a message to send; `bucket` = `O#` shard until it is, `F#` shard where it failed | 7 d |
//! | `SENT#message id` | - | whose a message was that its channel took under that name | 7 d |
//! | `AUDIT#T` | ms#random | an event; `bucket` = `E#` day `#` shard; `supportCode` | the policy's days |
//! | `SRC#name#hour` | - | resets started and sends asked for by a source | 2 h |
//! | `DEST#name` | - | sends to a destination | its window |
//! | `BUDGET#day` | - | SMS of a UTC day, in all and per country | 2 d |
//! | `IDEM#T` | HMAC of a request's name | what a request did, for whoever repeats it | 24 h |
//! | `FLAGS#0` | - | until when SMS is unavailable to everybody | - |
//! | `POLICY#0` | - | the policy that holds | - |
//! | `POLICYDOC` | version | every saved policy | - |
//! | `TERMS` | version | the terms that were saved with it | - |
//! | `ADMINS` | - | handles of enabled administrators | - |
//! | `GROUP#name` | T | that the account is in the group | - |
//! | `GROUPS` | name | that the group is known; one without members may stay | - |
//! | `NAME#character` | word`#T` | that the account's user ID is, or its name holds, this folded word | - |
//!
//! | | access pattern | how |
//! |---|---|---|
//! | 1 | everything a request decides by | one consistent BatchGetItem of the items above |
//! | 2 | everything it changes | one TransactWriteItems; `SENT` alone is put by itself |
//! | 3 | accounts in a stable order | Query `by-bucket` on `U#0`..`U#15`, then BatchGetItem |
//! | 4 | policies, newest first | Query `POLICYDOC` |
//! | 5 | events of a time (later) | Query `by-bucket` on `E#` |
//! | 6 | the story of a support code (later) | Query `by-support-code` |
//! | 7 | accounts of a group, by T | Query `GROUP#name`, then BatchGetItem |
//! | 8 | accounts by the beginning of a word | Query `NAME#` its first character, then BatchGetItem |
//! | 9 | groups that have a member | Query `GROUPS`, then one row of each `GROUP#name` |
//! | 10 | messages to an account that were not sent | Query `OUTBOX#T` |
//! | 11 | messages not sent, of everybody | Query `by-bucket` on `O#0`..`O#15`, then `F#0`..`F#15` |
//!
//! `exp` is the rule and stands in every condition; `ttl` is a broom that may
//! come days late.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::challenge::Purpose;
use domain::delivery::MessageId;
use domain::directory::{FoundBy, Word};
use domain::identity::{GroupName, Handle};
use domain::outbox::OutboxId;
use domain::reset::ResetId;
use domain::secret::BearerDigest;
use domain::time::Time;
use std::collections::HashMap;

pub const PK: &str = "pk";
pub const SK: &str = "sk";
/// Seconds since the epoch after which DynamoDB may delete the item.
pub const TTL: &str = "ttl";
/// Partition of the index that lists accounts, events and messages not sent.
pub const BUCKET: &str = "bucket";
pub const SUPPORT_CODE: &str = "supportCode";
/// The list of an item of terms.
pub const TERMS: &str = "terms";
pub const BY_BUCKET: &str = "by-bucket";

/// Partitions one index key is spread over.
pub const SHARDS: u8 = 16;

pub type Item = HashMap<String, AttributeValue>;

/// The primary key of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Key {
        Key { pk, sk: sk.into() }
    }
    pub fn account(handle: &Handle) -> Key {
        Key::new(format!("ACCT#{}", handle.as_str()), handle.as_str())
    }
    pub fn lock(handle: &Handle) -> Key {
        Key::new(format!("LOCK#{}", handle.as_str()), "-")
    }
    pub fn ledger(handle: &Handle, purpose: Purpose) -> Key {
        Key::new(format!("LEDGER#{}", handle.as_str()), purpose.as_str())
    }
    pub fn reset(handle: &Handle, id: &ResetId) -> Key {
        Key::new(format!("RESET#{}", handle.as_str()), &id.0)
    }
    pub fn session(handle: &Handle, digest: &BearerDigest) -> Key {
        Key::new(format!("SESSION#{}", handle.as_str()), digest.as_str())
    }
    pub fn outbox(handle: &Handle, id: &OutboxId) -> Key {
        Key::new(messages(handle), id.to_string())
    }
    pub fn sent(id: &MessageId) -> Key {
        Key::new(format!("SENT#{}", id.as_str()), "-")
    }
    pub fn audit(handle: &Handle, at: Time, random: &str) -> Key {
        Key::new(format!("AUDIT#{}", handle.as_str()), format!("{:013}#{random}", at.0))
    }
    pub fn source(name: &str, at: Time) -> Key {
        Key::new(format!("SRC#{name}#{}", at.hour()), "-")
    }
    pub fn destination(name: &str) -> Key {
        Key::new(format!("DEST#{name}"), "-")
    }
    pub fn budget(at: Time) -> Key {
        Key::new(format!("BUDGET#{}", at.day()), "-")
    }
    pub fn idempotency(handle: &Handle, name: &str) -> Key {
        Key::new(format!("IDEM#{}", handle.as_str()), name)
    }
    pub fn flags() -> Key {
        Key::new("FLAGS#0".to_owned(), "-")
    }
    pub fn policy() -> Key {
        Key::new("POLICY#0".to_owned(), "-")
    }
    pub fn policy_version(version: u64) -> Key {
        Key::new(POLICY_HISTORY.to_owned(), format!("{version:010}"))
    }
    pub fn terms(version: u64) -> Key {
        Key::new("TERMS".to_owned(), format!("{version:010}"))
    }
    pub fn administrators() -> Key {
        Key::new("ADMINS".to_owned(), "-")
    }
    pub fn group(name: &GroupName) -> Key {
        Key::new(GROUPS.to_owned(), name.as_str())
    }
    pub fn found_by(by: &FoundBy, handle: &Handle) -> Key {
        match by {
            FoundBy::Group(name) => Key::new(members(name), handle.as_str()),
            FoundBy::Word(word) => {
                Key::new(words_like(word), format!("{}#{}", word.as_str(), handle.as_str()))
            }
        }
    }

    /// The key as attributes.
    pub fn item(&self) -> Item {
        HashMap::from([
            (PK.to_owned(), AttributeValue::S(self.pk.clone())),
            (SK.to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

const OUTBOX: &str = "OUTBOX#";
pub const POLICY_HISTORY: &str = "POLICYDOC";
/// The partition of all groups.
pub const GROUPS: &str = "GROUPS";

/// The partition of a group's members.
pub fn members(group: &GroupName) -> String {
    format!("GROUP#{}", group.as_str())
}
/// The partition of all words that begin like this one.
pub fn words_like(word: &Word) -> String {
    format!("NAME#{}", word.initial())
}
/// The word and the account of a row of words; a word may hold the mark
/// between them, a handle does not.
pub fn word_row(sk: &str) -> Option<(&str, Handle)> {
    let (word, handle) = sk.rsplit_once('#')?;
    Some((word, Handle::parse(handle)?))
}
/// The partition of an account's messages.
pub fn messages(handle: &Handle) -> String {
    format!("{OUTBOX}{}", handle.as_str())
}

/// The outbox row a stream record speaks of; `None` for any other item.
pub fn outbox_row(pk: &str, sk: &str) -> Option<(Handle, OutboxId)> {
    Some((Handle::parse(pk.strip_prefix(OUTBOX)?)?, OutboxId::parse(sk)?))
}

/// The partition that lists an account.
pub fn account_bucket(shard: u8) -> String {
    format!("U#{shard}")
}
pub fn shard_of(text: &str) -> u8 {
    text.bytes().fold(0u8, u8::wrapping_add) % SHARDS
}
pub fn event_bucket(at: Time, shard: u8) -> String {
    format!("E#{}#{shard}", at.day())
}
/// The partitions of what waits to be sent, then those of what failed. A
/// re-drive goes from one list to the next, and what it takes moves the other
/// way, so it meets nothing twice.
pub fn unsent_bucket(partition: u8) -> String {
    match partition.checked_sub(SHARDS) {
        None => format!("O#{partition}"),
        Some(shard) => format!("F#{shard}"),
    }
}
/// The partition that lists a message that waits.
pub fn waiting_bucket(id: &OutboxId) -> String {
    unsent_bucket(shard_of(&id.random))
}
/// The same of one that failed.
pub fn failed_bucket(id: &OutboxId) -> String {
    unsent_bucket(SHARDS + shard_of(&id.random))
}
