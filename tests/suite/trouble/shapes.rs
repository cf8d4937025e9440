//! The shapes (variants and optional fields) of stored items, listed from Latchkey's
//! own types. Each list is one match without a wildcard: a new variant or field does
//! not compile until it is listed here, and then the test fails until the stored test
//! data has an item with it.

use domain::account::{Account, Role};
use domain::audit::Reason;
use domain::challenge::{ChallengeId, LedgerId};
use domain::delivery::SentMessage;
use domain::device::Device;
use domain::idempotency::{IdempotencyRecord, Outcome};
use domain::lockout::Lock;
use domain::method::{Delivered, Method};
use domain::outbox::{Message, OutboxState};
use domain::reset::{Reset, ResetState};
use domain::session::{Reach, Session};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeSet;

/// Defines a function that names the shape of a value, and a list of all names.
macro_rules! shapes {
    ($name:ident, $list:ident, $type:ty, $($shape:pat => $text:literal),+ $(,)?) => {
        fn $name(of: &$type) -> &'static str {
            match of { $($shape => $text),+ }
        }
        const $list: &[&str] = &[$($text),+];
    };
}

shapes!(message, MESSAGES, Message,
    Message::Code { challenge: ChallengeId { typed: None, .. } } => "a code",
    Message::Code { challenge: ChallengeId { typed: Some(_), .. } } => "a code to a typed address",
    Message::Notice { notice: _, recipient: _, language: _, about: None } => "a notice",
    Message::Notice { notice: _, recipient: _, language: _, about: Some(_) } => "a notice about another user",
    Message::ToAdministrators { notice: _, about: _ } => "a notice to administrators",
    Message::ToOwner { notice: _ } => "a notice to the owner",
);

shapes!(row, ROWS, OutboxState,
    OutboxState::Queued => "queued",
    OutboxState::Claimed => "claimed",
    OutboxState::Failed => "failed",
    OutboxState::Sent => "sent",
    OutboxState::Dropped => "dropped",
);

shapes!(reset, RESETS, Reset,
    Reset {
        reason:
            Reason::UnknownUser | Reason::Disabled | Reason::OutOfScope | Reason::NotEnoughMethods,
        ..
    } => "a decoy",
    Reset { state: ResetState::Open, .. } => "open",
    Reset { state: ResetState::Done, .. } => "done",
    Reset { state: ResetState::Cancelled, .. } => "cancelled",
);

shapes!(outcome, OUTCOMES, Outcome,
    Outcome::Done => "done",
    Outcome::Sent { challenge: _, resend_after: _ } => "sent",
    Outcome::Guessed(_) => "guessed",
    Outcome::Verified(_) => "verified",
    Outcome::Refused(_) => "refused",
);

shapes!(reach, REACHES, Reach,
    Reach::ChangePassword => "change password",
    Reach::Register => "register",
    Reach::Full => "full",
);

shapes!(role, ROLES, Role,
    Role::User => "user",
    Role::HelpDesk => "help desk",
    Role::Administrator => "administrator",
);

shapes!(ledger, LEDGERS, LedgerId,
    LedgerId::Registration => "registration",
    LedgerId::Reset { kind: _, typed: None } => "reset",
    LedgerId::Reset { kind: _, typed: Some(_) } => "reset of a typed destination",
    LedgerId::Devices => "devices",
);

/// Returns the optional parts that an account has.
#[rustfmt::skip]
fn of_account(account: Account) -> Vec<&'static str> {
    let Account {
        uid: _, user_id: _, name: _, role: kind, enabled: _, generation: _, devices_since, revision: _, hash: _, created_at: _, unknown: _,
        language, groups, temporary_until, methods, pending, registered_at, confirmed_at, asked_at, review_since, registration_required_at,
    } = account;
    let any = |has: fn(&Delivered) -> bool| {
        methods.iter().any(|(_, Method { binding, version: _, verified_at: _, added_at: _, unreviewed: _ })| binding.delivered().is_some_and(has))
    };
    let has = [
        devices_since > 0, language.is_some(), !groups.is_empty(), temporary_until.is_some(), !methods.is_empty(), !pending.is_empty(),
        registered_at.is_some(), confirmed_at.is_some(), asked_at.is_some(), review_since.is_some(), registration_required_at.is_some(),
        any(|Delivered { destination: _, country, undeliverable: _ }| country.is_some()),
        any(|delivered| delivered.undeliverable.is_some()),
        methods.iter().any(|(_, method)| method.unreviewed),
    ];
    let has = ACCOUNTS.iter().zip(has).filter(|(_, has)| *has).map(|(name, _)| *name);
    has.chain([role(&kind)]).collect()
}

const ACCOUNTS: &[&str] = &[
    "devicesSince",
    "language",
    "groups",
    "temporaryUntil",
    "methods",
    "pending",
    "registeredAt",
    "confirmedAt",
    "askedAt",
    "reviewSince",
    "registrationRequiredAt",
    "a method's country",
    "a method that is undeliverable",
    "a method that is unreviewed",
];

/// Converts an attribute to plain JSON, without DynamoDB's type names.
fn plain(value: &Value) -> Value {
    let (kind, value) =
        value.as_object().and_then(|typed| typed.iter().next()).expect("an attribute");
    match (kind.as_str(), value) {
        ("N", Value::String(number)) => serde_json::from_str(number).expect("a number"),
        ("L", Value::Array(values)) => values.iter().map(plain).collect(),
        ("M", Value::Object(fields)) => {
            fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
        }
        ("NULL", _) => Value::Null,
        ("S" | "SS" | "BOOL", value) => value.clone(),
        (kind, _) => panic!("an attribute of type {kind}"),
    }
}

fn read<T: DeserializeOwned>(what: &Value) -> T {
    serde_json::from_value(what.clone()).unwrap_or_else(|error| panic!("{error}: {what}"))
}

fn prefix(key: &str) -> &str {
    key.split('#').next().unwrap_or_default()
}

/// Returns the kind of an item and its shapes within that kind.
fn shapes_of(item: &Value) -> Vec<String> {
    let item: Value = item
        .as_object()
        .expect("an item")
        .iter()
        .map(|(name, value)| (name.clone(), plain(value)))
        .collect();
    let kind = prefix(item["pk"].as_str().expect("a key"));
    let shapes = match kind {
        "ACCT" => of_account(read(&item)),
        "DEVICE" => read::<Device>(&item).lock.until.map(|_| LOCKED).into_iter().collect(),
        "LOCK" => read::<Lock>(&item).until.map(|_| LOCKED).into_iter().collect(),
        "LEDGER" => {
            vec![ledger(&LedgerId::parse(item["sk"].as_str().expect("a name")).expect("a ledger"))]
        }
        "RESET" => vec![reset(&read(&item))],
        "SESSION" => vec![reach(&read::<Session>(&item).reach)],
        "OUTBOX" => [row(&read(&item["state"]))]
            .into_iter()
            .chain(item.get("message").map(|of| message(&read(of))))
            .collect(),
        "SENT" => vec![read::<SentMessage>(&item).kind.as_str()],
        "IDEM" => vec![outcome(&read::<IdempotencyRecord>(&item).outcome)],
        _ => Vec::new(),
    };
    [kind.to_owned()]
        .into_iter()
        .chain(shapes.into_iter().map(|shape| format!("{kind}: {shape}")))
        .collect()
}

const LOCKED: &str = "until";

/// Returns the shapes of these items.
pub fn shapes(items: &[Value]) -> BTreeSet<String> {
    items.iter().flat_map(shapes_of).collect()
}

/// Returns all possible shapes: the kinds of items in the key layout, and the shapes of each.
pub fn listed() -> BTreeSet<String> {
    let layout = include_str!("../../../shared/platform/src/dynamodb/table.rs");
    let rows = layout.lines().filter_map(|line| line.strip_prefix("//! | `"));
    let kinds = rows.filter_map(|row| row.split('`').next()).map(|key| prefix(key).to_owned());
    let lists = [
        ("ACCT", ACCOUNTS),
        ("ACCT", ROLES),
        ("DEVICE", &[LOCKED]),
        ("LOCK", &[LOCKED]),
        ("LEDGER", LEDGERS),
        ("RESET", RESETS),
        ("SESSION", REACHES),
        ("OUTBOX", MESSAGES),
        ("OUTBOX", ROWS),
        ("SENT", &["email", "mobilePhone"]),
        ("IDEM", OUTCOMES),
    ];
    kinds
        .chain(
            lists
                .into_iter()
                .flat_map(|(kind, list)| list.iter().map(move |shape| format!("{kind}: {shape}"))),
        )
        .collect()
}
