//! The key layout of the table. This file alone makes keys; the table itself is
//! declared in `infra/template.yaml`.
//!
//! T is a handle, an HMAC of a user ID. The handle of an unknown account may
//! have every item but `ACCT`.
//!
//! | pk | sk | holds | ttl |
//! |---|---|---|---|
//! | `ACCT#T` | T | the account; `bucket` = `U#` shard lists accounts | - |
//! | `LOCK#T` | - | wrong passwords at sign-in | 48 h |
//! | `DEVICE#T` | `0` to `4` | a known device, with its sign-in lock | 180 d after its last use |
//! | `LEDGER#T` | `registration`, `reset:kind`, `reset:kind:typed destination`, `devices` | failed guesses, sends, live challenges | 48 h |
//! | `RESET#T` | reset id | a reset, or a decoy | its end |
//! | `SESSION#T` | digest of its secret | a session | its end |
//! | `OUTBOX#T` | ms.what.reset.random | a message to send; `bucket` = `O#` shard while it waits, `F#` shard if it failed | 7 d |
//! | `SENT#message id` | - | the account and kind of a message that its channel took under that ID | 7 d |
//! | `AUDIT#T` | ms#random | an audit event; `bucket` = `E#` day `#` shard; `supportCode` | the policy's days |
//! | `SRC#name` | `starts`, `sends`, `failedSignIns` | counts of a source, one for each ten minutes | 2 h |
//! | `DEST#name` | `-`, `devices` | send times to a destination: to known devices, and all others | its window |
//! | `BUDGET#day` | - | counts of messages in a UTC day, by counter | 2 d |
//! | `IDEM#T` | HMAC of a request's name | the idempotency record of a request | 24 h |
//! | `FLAGS#0` | - | until when SMS is unavailable to all accounts | - |
//! | `POLICY#0` | - | the current policy | - |
//! | `POLICYDOC` | version | every saved policy | - |
//! | `TERMS` | version | the organisation's terms, by the policy version they were saved with | - |
//! | `ADMINS` | - | handles of enabled administrators | - |
//! | `GROUP#name` | T | index row: the account is in the group | - |
//! | `GROUPS` | name | a group that has, or once had, a member | - |
//! | `NAME#character` | word`#T` | index row: the account's user ID or a word of its name, folded | - |
//!
//! A request reads all items that it decides by in one consistent BatchGetItem (a reset's
//! proofs first, and then its account: `flow/reset/open.rs`), and writes all of its changes
//! in one TransactWriteItems; `SENT` alone is written by PutItem. The queries are listed in
//! `list.rs`.
//!
//! Conditions check `exp`, never `ttl`: DynamoDB may delete an item days after
//! its `ttl`.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::challenge::LedgerId;
use domain::delivery::MessageId;
use domain::device::DeviceSlot;
use domain::directory::{FoundBy, Word};
use domain::identity::{GroupName, Handle};
use domain::outbox::OutboxId;
use domain::reset::ResetId;
use domain::secret::BearerDigest;
use domain::source::SourceCounter;
use domain::time::Time;
use std::collections::HashMap;

/// Attribute: the partition key.
pub const PK: &str = "pk";
/// Attribute: the sort key.
pub const SK: &str = "sk";
/// Attribute: seconds since the epoch, after which DynamoDB may delete the item.
pub const TTL: &str = "ttl";
/// Attribute: fills an item up, so that its size does not tell its reason.
pub const PAD: &str = "pad";
/// Attribute: the partition of [`BY_BUCKET`] that lists the item.
pub const BUCKET: &str = "bucket";
/// Attribute: the support code, and the partition key of its index.
pub const SUPPORT_CODE: &str = "supportCode";
/// Attribute: the list of an item of terms.
pub const TERMS: &str = "terms";
/// The index that lists accounts, audit events and messages not sent.
pub const BY_BUCKET: &str = "by-bucket";

/// Partitions of the index that each list is spread over.
pub const SHARDS: u8 = 16;

/// The attributes of an item, by name.
pub type Item = HashMap<String, AttributeValue>;

/// The primary key of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The partition key.
    pub pk: String,
    /// The sort key.
    pub sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Key {
        Key { pk, sk: sk.into() }
    }
    /// An account.
    pub fn account(handle: &Handle) -> Key {
        Key::new(format!("ACCT#{}", handle.as_str()), handle.as_str())
    }
    /// The lockout of an account's sign-in.
    pub fn lock(handle: &Handle) -> Key {
        Key::new(format!("LOCK#{}", handle.as_str()), "-")
    }
    /// A device of an account.
    pub fn device(handle: &Handle, slot: DeviceSlot) -> Key {
        Key::new(format!("DEVICE#{}", handle.as_str()), slot.digit())
    }
    /// Failed guesses, sends and challenges of a ledger.
    pub fn ledger(handle: &Handle, ledger: LedgerId) -> Key {
        Key::new(format!("LEDGER#{}", handle.as_str()), ledger.to_string())
    }
    /// A reset, or a decoy.
    pub fn reset(handle: &Handle, id: &ResetId) -> Key {
        Key::new(format!("RESET#{}", handle.as_str()), &id.0)
    }
    /// A session, by the digest of its bearer.
    pub fn session(handle: &Handle, digest: &BearerDigest) -> Key {
        Key::new(format!("SESSION#{}", handle.as_str()), digest.as_str())
    }
    /// A message in the outbox.
    pub fn outbox(handle: &Handle, id: &OutboxId) -> Key {
        Key::new(messages(handle), id.to_string())
    }
    /// A message that was sent, by the ID that its channel gave it.
    pub fn sent(id: &MessageId) -> Key {
        Key::new(format!("SENT#{}", id.as_str()), "-")
    }
    /// An audit event.
    pub fn audit(handle: &Handle, at: Time, random: &str) -> Key {
        Key::new(format!("AUDIT#{}", handle.as_str()), format!("{:013}#{random}", at.0))
    }
    /// The counts of a source, by its pseudonym.
    pub fn source(name: &str, counter: SourceCounter) -> Key {
        Key::new(format!("SRC#{name}"), counter.as_str())
    }
    /// The send times of a destination, by its pseudonym: those of codes in this ledger.
    pub fn destination(name: &str, ledger: LedgerId) -> Key {
        let of = match ledger {
            LedgerId::Devices => "devices",
            LedgerId::Registration | LedgerId::Reset { .. } => "-",
        };
        Key::new(format!("DEST#{name}"), of)
    }
    /// The counts of messages in the UTC day of `at`.
    pub fn budget(at: Time) -> Key {
        Key::new(format!("BUDGET#{}", at.day()), "-")
    }
    /// The idempotency record of a request, by the HMAC of the request's name.
    pub fn idempotency(handle: &Handle, name: &str) -> Key {
        Key::new(format!("IDEM#{}", handle.as_str()), name)
    }
    /// Switches that hold for all accounts.
    pub fn flags() -> Key {
        Key::new("FLAGS#0".to_owned(), "-")
    }
    /// The current policy.
    pub fn policy() -> Key {
        Key::new("POLICY#0".to_owned(), "-")
    }
    /// A saved policy, by its version.
    pub fn policy_version(version: u64) -> Key {
        Key::new(POLICY_HISTORY.to_owned(), format!("{version:010}"))
    }
    /// The organisation's terms, by their version.
    pub fn terms(version: u64) -> Key {
        Key::new("TERMS".to_owned(), format!("{version:010}"))
    }
    /// The handles of enabled administrators.
    pub fn administrators() -> Key {
        Key::new("ADMINS".to_owned(), "-")
    }
    /// A registered group.
    pub fn group(name: &GroupName) -> Key {
        Key::new(GROUPS.to_owned(), name.as_str())
    }
    /// The index row that leads from a group or a word to an account.
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
/// The partition of all saved policies.
pub const POLICY_HISTORY: &str = "POLICYDOC";
/// The partition of all groups.
pub const GROUPS: &str = "GROUPS";

/// The partition of a group's members.
pub fn members(group: &GroupName) -> String {
    format!("GROUP#{}", group.as_str())
}
/// The partition of all words with the same first character.
pub fn words_like(word: &Word) -> String {
    format!("NAME#{}", word.initial())
}
/// The word and the account of a row of words, by its sort key. A word may
/// contain `#`, a handle may not.
pub fn word_row(sk: &str) -> Option<(&str, Handle)> {
    let (word, handle) = sk.rsplit_once('#')?;
    Some((word, Handle::parse(handle)?))
}
/// The partition of an account's messages.
pub fn messages(handle: &Handle) -> String {
    format!("{OUTBOX}{}", handle.as_str())
}

/// The outbox row of a key; `None` for the key of any other item.
pub fn outbox_row(pk: &str, sk: &str) -> Option<(Handle, OutboxId)> {
    Some((Handle::parse(pk.strip_prefix(OUTBOX)?)?, OutboxId::parse(sk)?))
}

/// The index partition that lists the accounts of a shard.
pub fn account_bucket(shard: u8) -> String {
    format!("U#{shard}")
}
/// The shard of an item: below [`SHARDS`], and the same for the same text.
pub fn shard_of(text: &str) -> u8 {
    text.bytes().fold(0u8, u8::wrapping_add) % SHARDS
}
/// The index partition that lists the audit events of a UTC day and a shard.
pub fn event_bucket(at: Time, shard: u8) -> String {
    format!("E#{}#{shard}", at.day())
}
/// An index partition of messages not sent: below [`SHARDS`] those that wait,
/// from there on those that failed. A re-drive reads waiting messages first, and
/// a message that it takes moves from the failed to the waiting ones, so it
/// meets none twice.
pub fn unsent_bucket(partition: u8) -> String {
    match partition.checked_sub(SHARDS) {
        None => format!("O#{partition}"),
        Some(shard) => format!("F#{shard}"),
    }
}
/// The index partition that lists this message while it waits.
pub fn waiting_bucket(id: &OutboxId) -> String {
    unsent_bucket(shard_of(&id.random))
}
/// The index partition that lists this message after it failed.
pub fn failed_bucket(id: &OutboxId) -> String {
    unsent_bucket(SHARDS + shard_of(&id.random))
}
