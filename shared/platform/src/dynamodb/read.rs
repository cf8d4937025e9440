//! Consistent reads of the items that a request decides by.

use super::table::{BUCKET, Item, Key, PK, SK, TTL};
use super::{Table, source};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use domain::account::Account;
use domain::audit::SupportCode;
use domain::error::Problem;
use domain::identity::Handle;
use domain::kind::Kind;
use domain::ledger::{Ledger, SLOTS, Stamp};
use domain::outbox::{Claimed, Message, OutboxId, OutboxRow, OutboxState};
use domain::policy::saved::SavedPolicy;
use domain::port::{Snapshot, Want};
use domain::time::Time;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

/// Reads the wanted items in one call. Fails if DynamoDB left one unprocessed:
/// no decision is made from half of the items.
pub(super) async fn read(table: &Table, wants: &[Want<'_>]) -> Result<Snapshot, Problem> {
    let mut keys: Vec<Key> = Vec::with_capacity(wants.len());
    for want in wants {
        let key = key_of(want);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let items = batch_get(table, &keys).await?;
    let mut snapshot = Snapshot::default();
    for want in wants {
        let key = key_of(want);
        let is_it =
            |item: &&Item| text(item, PK) == Some(&key.pk) && text(item, SK) == Some(&key.sk);
        if let Some(item) = items.iter().find(is_it) {
            place(&mut snapshot, want, item.clone())?;
        }
    }
    Ok(snapshot)
}

/// Reads up to 100 items by one consistent BatchGetItem.
pub(super) async fn batch_get(table: &Table, keys: &[Key]) -> Result<Vec<Item>, Problem> {
    let request = KeysAndAttributes::builder()
        .set_keys(Some(keys.iter().map(Key::item).collect()))
        .consistent_read(true)
        .build()
        .map_err(|_| Problem::unavailable())?;
    let answer = table
        .client
        .batch_get_item()
        .request_items(&table.name, request)
        .send()
        .await
        .map_err(|error| unavailable("BatchGetItem", error.into_service_error().meta()))?;
    if answer.unprocessed_keys().is_some_and(|left| !left.is_empty()) {
        tracing::warn!(
            event = "tableThrottled",
            outcome = "unavailable",
            operation = "BatchGetItem"
        );
        return Err(Problem::unavailable());
    }
    Ok(answer.responses.unwrap_or_default().remove(&table.name).unwrap_or_default())
}

/// Accounts by their handles; those that do not exist are left out.
pub(super) async fn accounts(
    table: &Table,
    handles: &[Handle],
) -> Result<BTreeMap<Handle, Account>, Problem> {
    // BatchGetItem refuses a key that is given twice.
    let once: Vec<&Handle> = handles.iter().collect::<BTreeSet<_>>().into_iter().collect();
    let mut found = BTreeMap::new();
    for hundred in once.chunks(100) {
        let keys: Vec<Key> = hundred.iter().map(|handle| Key::account(handle)).collect();
        for item in batch_get(table, &keys).await? {
            if let Some(handle) = text(&item, SK).and_then(|handle| Handle::parse(handle)) {
                found.insert(handle, account(item)?);
            }
        }
    }
    Ok(found)
}

/// Logs an error of the table; the caller is told `unavailable`.
pub(super) fn unavailable(
    operation: &str,
    error: &aws_sdk_dynamodb::error::ErrorMetadata,
) -> Problem {
    tracing::error!(
        event = "tableUnavailable",
        outcome = "unavailable",
        operation,
        cause = error.code().unwrap_or("noAnswer")
    );
    Problem::unavailable()
}

pub(super) fn text<'a>(item: &'a Item, name: &str) -> Option<&'a String> {
    item.get(name).and_then(|value| value.as_s().ok())
}

/// Reads an item into its type. An item that does not fit is logged, and the
/// caller is told `unavailable`.
pub(super) fn parse<T: DeserializeOwned>(item: Item) -> Result<T, Problem> {
    let pk = text(&item, PK).map(|pk| pk.split('#').next().unwrap_or_default().to_owned());
    serde_dynamo::from_item(item).map_err(|_| unreadable(pk.as_deref().unwrap_or_default()))
}

/// Logs only the kind of an item: the parser's message may quote its content.
fn unreadable(kind: &str) -> Problem {
    tracing::error!(event = "itemUnreadable", outcome = "unavailable", item = kind);
    Problem::unavailable()
}

fn key_of(want: &Want<'_>) -> Key {
    match want {
        Want::Account(handle) => Key::account(handle),
        Want::Lock(handle) => Key::lock(handle),
        Want::Device(handle, slot) => Key::device(handle, *slot),
        Want::Ledger(handle, ledger) => Key::ledger(handle, *ledger),
        Want::Reset(handle, id) => Key::reset(handle, id),
        Want::Session(bearer) => Key::session(&bearer.handle, &bearer.digest()),
        Want::Outbox(handle, id) => Key::outbox(handle, id),
        Want::Sent(id) => Key::sent(id),
        Want::Destination(name, ledger) => Key::destination(name, *ledger),
        Want::Source(name, counter) => Key::source(name, *counter),
        Want::Budget(at) => Key::budget(*at),
        Want::Flags => Key::flags(),
        Want::IdempotencyRecord(handle, name) => Key::idempotency(handle, name),
        Want::Administrators => Key::administrators(),
        Want::Group(name) => Key::group(name),
        Want::Policy => Key::policy(),
    }
}

fn place(snapshot: &mut Snapshot, want: &Want<'_>, item: Item) -> Result<(), Problem> {
    match want {
        Want::Account(handle) => {
            snapshot.accounts.insert((*handle).clone(), account(item)?);
        }
        Want::Lock(_) => snapshot.lock = Some(parse(item)?),
        Want::Device(_, slot) => {
            snapshot.devices.insert(*slot, parse(item)?);
        }
        Want::Ledger(_, id) => {
            snapshot.ledgers.insert(*id, ledger(item)?);
        }
        Want::Reset(..) => snapshot.reset = Some(parse(item)?),
        Want::Session(_) => snapshot.session = Some(parse(item)?),
        Want::Outbox(handle, id) => snapshot.outbox = outbox(item, handle, id)?,
        Want::Sent(_) => snapshot.sent = Some(parse(item)?),
        Want::Destination(..) => snapshot.destination = Some(parse::<DestinationItem>(item)?.sent),
        Want::Source(name, _) => {
            let counts = source::counts(&item).ok_or_else(|| unreadable("SRC"))?;
            snapshot.sources.insert((*name).to_owned(), counts);
        }
        Want::Budget(_) => snapshot.spent = counts(item)?,
        Want::Flags => snapshot.flags = parse(item)?,
        Want::IdempotencyRecord(..) => snapshot.idempotency = Some(parse(item)?),
        Want::Administrators => {
            snapshot.administrators = parse::<AdministratorsItem>(item)?.members;
        }
        Want::Group(name) => {
            snapshot.groups.insert((*name).clone());
        }
        Want::Policy => snapshot.policy = Some(policy(item)?),
    }
    Ok(())
}

/// Reads an account, without the attributes of its key and index.
pub(super) fn account(mut item: Item) -> Result<Account, Problem> {
    for own in [PK, SK, BUCKET] {
        item.remove(own);
    }
    parse(item)
}

/// Reads a policy that any version of this code stored.
pub(super) fn policy(item: Item) -> Result<SavedPolicy, Problem> {
    let stored = parse(item)?;
    SavedPolicy::from_stored(stored).map_err(|_| unreadable("POLICY"))
}

/// Reads the counts of a day, by their names.
fn counts(mut item: Item) -> Result<BTreeMap<String, u32>, Problem> {
    for own in [PK, SK, TTL] {
        item.remove(own);
    }
    parse(item)
}

#[derive(Deserialize)]
struct AdministratorsItem {
    #[serde(default)]
    members: BTreeSet<Handle>,
}

#[derive(Deserialize)]
struct DestinationItem {
    #[serde(default)]
    sent: Vec<Time>,
}

/// A ledger as the table holds it, without its slots and the send times of each kind.
#[derive(Deserialize)]
struct LedgerItem {
    #[serde(default)]
    cap: u32,
    #[serde(default)]
    fails: BTreeSet<Stamp>,
    issues: Option<u32>,
}

pub(super) fn ledger(mut item: Item) -> Result<Ledger, Problem> {
    let mut ledger = Ledger::default();
    for number in 0..SLOT_NUMBERS {
        if let Some(slot) = item.remove(&slot_attribute(number)) {
            ledger.slots.insert(number, attribute(slot)?);
        }
    }
    for kind in Kind::ALL.iter().copied() {
        if let Some(sent) = item.remove(&sent_attribute(kind)) {
            ledger.sent.insert(kind, attribute(sent)?);
        }
    }
    let LedgerItem { cap, fails, issues } = parse(item)?;
    Ok(Ledger { cap, fails, issues, ..ledger })
}

fn attribute<T: DeserializeOwned>(value: AttributeValue) -> Result<T, Problem> {
    serde_dynamo::from_attribute_value(value).map_err(|_| unreadable("LEDGER"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutboxItem {
    /// Removed once the message was sent or dropped: it may hold an address.
    message: Option<Message>,
    support_code: SupportCode,
    state: OutboxState,
    tries: u32,
    claimed: Option<Claimed>,
}

fn outbox(item: Item, handle: &Handle, id: &OutboxId) -> Result<Option<OutboxRow>, Problem> {
    let OutboxItem { message, support_code, state, tries, claimed } = parse(item)?;
    Ok(message.map(|message| OutboxRow {
        handle: handle.clone(),
        id: id.clone(),
        message,
        support_code,
        state,
        tries,
        claimed,
    }))
}

/// The numbers of slots that a ledger may have: three of resets, or one for each kind.
const SLOT_NUMBERS: u8 =
    if SLOTS as usize > Kind::ALL.len() { SLOTS } else { Kind::ALL.len() as u8 };

/// The attribute of a ledger that holds the slot of this number.
pub(super) fn slot_attribute(number: u8) -> String {
    format!("slot{number}")
}

/// The attribute of a ledger that holds a kind's send times.
pub(super) fn sent_attribute(kind: Kind) -> String {
    format!("{}Sent", kind.as_str())
}
