//! Builds items that are written whole: the fields of a type, and attributes for the time
//! to live (TTL) and the indexes.

use super::table::{self, BUCKET, Item, Key, PAD, SUPPORT_CODE, TTL};
use super::values::{item, n, s, ttl, value};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::{AuditEvent, Reason};
use domain::delivery::{MessageId, SENT_KEPT, SentMessage};
use domain::device::{DEVICE_KEPT, Device};
use domain::outbox::{OUTBOX_KEPT, OutboxRow};
use domain::policy::saved::SavedPolicy;
use domain::reset::Reset;
use std::collections::HashMap;

/// Returns a text that makes an item with this reason as large as one with any other. The size of
/// an item takes part in the time of an answer, which must not tell whether an account exists.
fn pad(reason: Reason) -> AttributeValue {
    let longest = Reason::ALL.iter().map(|it| it.as_str().len()).max().unwrap_or_default();
    s(" ".repeat(longest - reason.as_str().len()))
}

/// Builds the item of a policy, including kinds of method that this version does not know.
pub(super) fn policy_item(saved: &SavedPolicy) -> Item {
    item(&saved.to_stored())
}

pub(super) fn device_item(device: &Device) -> Item {
    let mut it = item(device);
    it.insert(TTL.into(), ttl(device.used + DEVICE_KEPT));
    it
}

pub(super) fn reset_item(reset: &Reset) -> Item {
    let mut it = item(reset);
    // DynamoDB has no empty set: the first proved kind creates the attribute.
    it.remove("verified");
    it.insert(PAD.into(), pad(reset.reason));
    it.insert(TTL.into(), ttl(reset.exp));
    it
}

pub(super) fn outbox_item(row: &OutboxRow) -> Item {
    HashMap::from([
        ("message".into(), value(&row.message)),
        ("state".into(), value(&row.state)),
        ("tries".into(), n(row.tries)),
        (SUPPORT_CODE.into(), s(row.support_code.as_str())),
        (BUCKET.into(), s(table::waiting_bucket(&row.id))),
        (TTL.into(), ttl(row.id.at + OUTBOX_KEPT)),
    ])
}

pub(super) fn sent_item(id: &MessageId, sent: &SentMessage) -> Item {
    let mut it = item(sent);
    it.insert(TTL.into(), ttl(sent.at + SENT_KEPT));
    it.extend(Key::sent(id).item());
    it
}

pub(super) fn audit_item(event: &AuditEvent) -> (Key, Item) {
    let random = domain::secret::random_text(event.random);
    let mut it = item(event);
    // The item's key holds both.
    it.remove("handle");
    it.remove("random");
    it.insert(PAD.into(), pad(event.reason));
    it.insert(BUCKET.into(), s(table::event_bucket(event.at, event.random[0] % table::SHARDS)));
    it.insert(TTL.into(), ttl(event.keep_until));
    (Key::audit(&event.handle, event.at, &random), it)
}
