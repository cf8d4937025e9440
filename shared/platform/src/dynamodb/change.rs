//! Translates each [`Change`] into one conditional write.

use super::expression::{Expression, Verb};
use super::items::{audit_item, device_item, outbox_item, policy_item, reset_item};
use super::read::{sent_attribute, slot_attribute};
use super::source::{ConditionalCount, conditional_count};
use super::table::{self, BUCKET, Item, Key, TERMS, TTL};
use super::values::{item, ms, n, s, set, times, ttl, value};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::audit::Reason;
use domain::device::DeviceSlot;
use domain::identity::Handle;
use domain::ledger::{Issue, LEDGER_KEPT};
use domain::lockout::LOCK_KEPT;
use domain::outbox::{OutboxState, Round};
use domain::port::{Change, Guard};
use domain::reset::ResetState;
use domain::secret::BearerDigest;
use domain::session::IDLE;
use domain::time::{Span, Time};
use std::collections::HashMap;

/// A member of a transaction, and the guard that fails if its condition does.
pub(super) struct Member {
    pub guard: Guard,
    pub write: TransactWriteItem,
}

/// Condition: the item does not exist.
const ABSENT: &str = "attribute_not_exists(#pk)";

/// The write of a change, and its guard.
#[rustfmt::skip]
pub(super) fn member(table: &str, change: &Change) -> Member {
    use Change as C;
    let (guard, write) = match change {
        C::CreateAccount { handle, account } => {
            let mut it = item(account);
            it.insert(BUCKET.into(), s(table::account_bucket(table::shard_of(handle.as_str()))));
            (Guard::Account, Expression::of(Key::account(handle)).when(ABSENT).write(table, Verb::Put(it)))
        }
        C::SaveAccount { handle, uid, generation, revision, account } => {
            let mut it = item(account);
            it.insert(BUCKET.into(), s(table::account_bucket(table::shard_of(handle.as_str()))));
            (Guard::Account, Expression::of(Key::account(handle))
                .when("#uid = :uid AND #generation = :generation AND #revision = :revision")
                .value("uid", s(&uid.0)).value("generation", n(generation)).value("revision", n(revision))
                .write(table, Verb::Put(it)))
        }
        C::DeleteAccount { handle, uid, revision } => (Guard::Account, Expression::of(Key::account(handle))
            .when("#uid = :uid AND #revision = :revision").value("uid", s(&uid.0)).value("revision", n(revision))
            .write(table, Verb::Delete)),
        C::CheckAccount { handle, uid, generation } => (Guard::Actor, Expression::of(Key::account(handle))
            .when("#uid = :uid AND #generation = :generation").value("uid", s(&uid.0)).value("generation", n(generation))
            .write(table, Verb::Check)),
        C::Index { handle, by } => (Guard::Directory, Expression::of(Key::found_by(by, handle)).write(table, Verb::Put(Item::new()))),
        C::Unindex { handle, by } => (Guard::Directory, Expression::of(Key::found_by(by, handle)).write(table, Verb::Delete)),
        C::RegisterGroup(name) => (Guard::Directory, Expression::of(Key::group(name)).write(table, Verb::Put(Item::new()))),
        C::SaveLock { handle, seen, lock, now } => {
            let mut it = item(lock);
            it.insert(TTL.into(), ttl(*now + LOCK_KEPT));
            let lock = Expression::of(Key::lock(handle));
            let lock = match seen {
                Some(seen) => lock.when("#revision = :seen").value("seen", s(seen)),
                None => lock.when(ABSENT),
            };
            (Guard::Lock, lock.write(table, Verb::Put(it)))
        }
        C::CheckLock { handle, seen } => {
            let lock = Expression::of(Key::lock(handle));
            let lock = match seen {
                Some(seen) => lock.when(format!("{ABSENT} OR #revision = :seen")).value("seen", s(seen)),
                None => lock.when(ABSENT),
            };
            (Guard::Lock, lock.write(table, Verb::Check))
        }
        C::ClearLock { handle } => (Guard::Lock, Expression::of(Key::lock(handle)).write(table, Verb::Delete)),
        C::IssueDevice { handle, slot, seen, device } => {
            let issue = Expression::of(Key::device(handle, *slot));
            let issue = match seen {
                Some(seen) => issue.when("#digest = :seen").value("seen", s(seen.as_str())),
                None => issue.when(ABSENT),
            };
            (Guard::Device, issue.write(table, Verb::Put(device_item(device))))
        }
        C::SaveDevice { handle, slot, digest, seen, device } => (Guard::Device, same_device(handle, *slot, digest, seen)
            .write(table, Verb::Put(device_item(device)))),
        C::CheckDevice { handle, slot, digest, seen } => (Guard::Device, same_device(handle, *slot, digest, seen).write(table, Verb::Check)),
        C::IssueChallenge { handle, issue } => (Guard::Ledger, issue_challenge(handle, issue).write(table, Verb::Update)),
        C::EndChallenge { handle, challenge } => {
            let slot = slot_attribute(challenge.slot);
            (Guard::Ledger, Expression::of(Key::ledger(handle, challenge.ledger)).set(format!("REMOVE #{slot}"))
                .when(format!("#{slot}.#id = :id")).value("id", s(challenge.to_string())).write(table, Verb::Update))
        }
        C::ChargeGuess { handle, challenge, owner, stamp, now } => {
            let slot = slot_attribute(challenge.slot);
            (Guard::Ledger, Expression::of(Key::ledger(handle, challenge.ledger))
                .set(format!("SET #{slot}.#left = #{slot}.#left - :one ADD #fails :stamp"))
                .when(format!("#{slot}.#id = :id AND #{slot}.#owner = :owner AND #{slot}.#exp > :now AND #{slot}.#left > :zero \
                    AND #{slot}.#used = :false AND (attribute_not_exists(#fails) OR size(#fails) < #cap)"))
                .value("one", n(1)).value("zero", n(0)).value("false", AttributeValue::Bool(false))
                .value("stamp", set([stamp.0.clone()])).value("id", s(challenge.to_string()))
                .value("owner", s(owner.as_str())).value("now", ms(*now))
                .write(table, Verb::Update))
        }
        C::UseChallenge { handle, challenge, stamp, now } => {
            let slot = slot_attribute(challenge.slot);
            (Guard::Ledger, Expression::of(Key::ledger(handle, challenge.ledger))
                .set(format!("SET #{slot}.#used = :true DELETE #fails :stamp"))
                .when(format!("#{slot}.#id = :id AND #{slot}.#exp > :now AND #{slot}.#used = :false"))
                .value("true", AttributeValue::Bool(true)).value("false", AttributeValue::Bool(false))
                .value("stamp", set([stamp.0.clone()])).value("id", s(challenge.to_string())).value("now", ms(*now))
                .write(table, Verb::Update))
        }
        C::CheckChallenge { handle, challenge, now } => {
            let slot = slot_attribute(challenge.slot);
            (Guard::Ledger, Expression::of(Key::ledger(handle, challenge.ledger))
                .when(format!("#{slot}.#id = :id AND #{slot}.#exp > :now AND #{slot}.#used = :false"))
                .value("id", s(challenge.to_string())).value("now", ms(*now)).value("false", AttributeValue::Bool(false))
                .write(table, Verb::Check))
        }
        C::ClearFails { handle, ledger, now } => (Guard::Ledger, Expression::of(Key::ledger(handle, *ledger))
            .set("SET #ttl = :ttl REMOVE #fails").value("ttl", ttl(*now + LEDGER_KEPT))
            .write(table, Verb::Update)),
        C::CreateReset(reset) => (Guard::Reset, Expression::of(Key::reset(&reset.handle, &reset.id)).when(ABSENT)
            .write(table, Verb::Put(reset_item(reset)))),
        C::ProveKind { handle, reset, owner, kind, ledger, now } => (Guard::Reset, Expression::of(Key::reset(handle, reset))
            .set("ADD #verified :kind, #ledgers :ledger").value("ledger", set([ledger.to_string()]))
            .when("#owner = :owner AND #state = :open AND #exp > :now AND #reason = :none AND NOT contains(#verified, :name)")
            .value("kind", set([kind.as_str().to_owned()])).value("name", s(kind.as_str())).value("owner", s(owner.as_str()))
            .value("open", s("open")).value("now", ms(*now)).value("none", s(Reason::None.as_str()))
            .write(table, Verb::Update)),
        C::FinishReset { handle, reset, owner, now } => (Guard::Reset, open_reset(Key::reset(handle, reset), owner, *now)
            .set("SET #state = :next").value("next", value(&ResetState::Done)).write(table, Verb::Update)),
        C::CreateSession(session) => {
            let mut it = item(session);
            it.insert(TTL.into(), ttl(session.exp));
            (Guard::Session, Expression::of(Key::session(&session.handle, &session.digest)).when(ABSENT).write(table, Verb::Put(it)))
        }
        C::DeleteSession { handle, digest } => (Guard::Session, Expression::of(Key::session(handle, digest))
            .when("attribute_exists(#pk)").write(table, Verb::Delete)),
        C::CheckSession { handle, digest, now } => (Guard::Session, Expression::of(Key::session(handle, digest))
            .when("#exp > :now AND #seen > :idle").value("now", ms(*now)).value("idle", ms(*now - IDLE))
            .write(table, Verb::Check)),
        C::KeepSession { handle, digest, generation, now } => (Guard::Session, Expression::of(Key::session(handle, digest))
            .set("SET #generation = :generation").when("#exp > :now AND #seen > :idle")
            .value("generation", n(generation)).value("now", ms(*now)).value("idle", ms(*now - IDLE))
            .write(table, Verb::Update)),
        C::TouchSession { handle, digest, now } => (Guard::Session, Expression::of(Key::session(handle, digest))
            .set("SET #seen = :now").when("attribute_exists(#pk)").value("now", ms(*now))
            .write(table, Verb::Update)),
        C::CountSource { name, counter, charge, now } => {
            let ConditionalCount { update, condition, values } = conditional_count(charge, *now);
            let count = Expression::of(Key::source(name, *counter)).set(update).when(condition);
            let count = values.into_iter().fold(count, |count, (name, value)| count.value(name, value));
            (Guard::Source, count.write(table, Verb::Update))
        }
        C::SavePolicy { seen, saved } => {
            let policy = Expression::of(Key::policy());
            let policy = match seen {
                0 => policy.when(ABSENT),
                _ => policy.when("#version = :seen").value("seen", n(seen)),
            };
            (Guard::Policy, policy.write(table, Verb::Put(policy_item(saved))))
        }
        C::KeepPolicy(saved) => (Guard::Policy, Expression::of(Key::policy_version(saved.version)).when(ABSENT).write(table, Verb::Put(policy_item(saved)))),
        C::KeepTerms(version, terms) => (Guard::Policy, Expression::of(Key::terms(*version)).when(ABSENT)
            .write(table, Verb::Put(HashMap::from([(TERMS.to_owned(), value(terms))])))),
        C::CheckPolicy { seen } => {
            let policy = Expression::of(Key::policy());
            let policy = match seen {
                0 => policy.when(ABSENT),
                _ => policy.when("#version = :seen").value("seen", n(seen)),
            };
            (Guard::Policy, policy.write(table, Verb::Check))
        }
        C::AddAdministrator { handle, first } => {
            let admins = Expression::of(Key::administrators()).set("ADD #members :handle").value("handle", set([handle.as_str().to_owned()]));
            let admins = if *first { admins.when("attribute_not_exists(#members)") } else { admins };
            (Guard::Administrators, admins.write(table, Verb::Update))
        }
        C::RemoveAdministrator { handle } => (Guard::Administrators, Expression::of(Key::administrators())
            .set("DELETE #members :handle").when("size(#members) > :one")
            .value("handle", set([handle.as_str().to_owned()])).value("one", n(1))
            .write(table, Verb::Update)),
        C::QueueMessage(row) => (Guard::Outbox, Expression::of(Key::outbox(&row.handle, &row.id)).when(ABSENT).write(table, Verb::Put(outbox_item(row)))),
        C::ClaimMessage { handle, id, tries, claimed } => {
            let set = "SET #state = :state, #tries = :next, #claimed = :claimed";
            let claim = Expression::of(Key::outbox(handle, id))
                .value("state", value(&OutboxState::Claimed)).value("queued", value(&OutboxState::Queued))
                .value("tries", n(tries)).value("next", n(tries + 1)).value("claimed", value(claimed));
            let claim = match claimed.by {
                Round::Stream => claim.set(set).when("#tries = :tries AND #state IN (:queued, :state)"),
                // A re-drive lists a failed row among the waiting ones again.
                Round::Again => claim.set(format!("{set}, #bucket = :bucket"))
                    .when("#tries = :tries AND #state IN (:queued, :state, :failed)")
                    .value("failed", value(&OutboxState::Failed)).value("bucket", s(table::waiting_bucket(id))),
            };
            (Guard::Outbox, claim.write(table, Verb::Update))
        }
        C::ReleaseMessage { handle, id, tries } => (Guard::Outbox, Expression::of(Key::outbox(handle, id))
            .set("SET #tries = :tries REMOVE #claimed").when("#tries = :claimed AND #state = :state")
            .value("tries", n(tries)).value("claimed", n(tries + 1)).value("state", value(&OutboxState::Claimed))
            .write(table, Verb::Update)),
        C::CloseMessage { handle, id, state, reason } => {
            let set = "SET #state = :state, #reason = :reason";
            let close = Expression::of(Key::outbox(handle, id));
            let close = match state {
                // The row keeps its message, for a re-drive.
                OutboxState::Failed => close.set(format!("{set}, #bucket = :bucket")).value("bucket", s(table::failed_bucket(id))),
                // The message may hold an address, so it is removed.
                OutboxState::Sent | OutboxState::Dropped => close.set(format!("{set} REMOVE #bucket, #message")),
                OutboxState::Queued | OutboxState::Claimed => close.set(set),
            };
            (Guard::Outbox, close.when("#state IN (:queued, :claimed)")
                .value("state", value(state)).value("reason", value(reason))
                .value("claimed", value(&OutboxState::Claimed)).value("queued", value(&OutboxState::Queued))
                .write(table, Verb::Update))
        }
        C::ForgetSent(id) => (Guard::Sent, Expression::of(Key::sent(id)).when("attribute_exists(#pk)").write(table, Verb::Delete)),
        C::EraseMessage { handle, id } => (Guard::Outbox, Expression::of(Key::outbox(handle, id)).write(table, Verb::Delete)),
        C::ChargeDestination { name, ledger, seen, sent, until } => {
            let destination = Expression::of(Key::destination(name, *ledger)).set("SET #sent = :sent, #ttl = :ttl")
                .value("sent", times(sent)).value("ttl", ttl(*until));
            let destination = match seen {
                Some(seen) => destination.when("#sent = :seen").value("seen", times(seen)),
                None => destination.when("attribute_not_exists(#sent)"),
            };
            (Guard::Destination, destination.write(table, Verb::Update))
        }
        C::ChargeBudget { counts, now } => {
            let adds: Vec<_> = counts.iter().map(|(counter, _)| format!("#{} :one", counter.name())).collect();
            let mut budget = Expression::of(Key::budget(*now)).set(format!("SET #ttl = :ttl ADD {}", adds.join(", ")))
                .value("one", n(1)).value("ttl", ttl(*now + Span::days(2)));
            let mut below = Vec::new();
            for (counter, limit) in counts {
                if let Some(limit) = limit {
                    let name = counter.name();
                    below.push(format!("(attribute_not_exists(#{name}) OR #{name} < :{name})"));
                    budget = budget.value(name, n(limit));
                }
            }
            if !below.is_empty() {
                budget = budget.when(below.join(" AND "));
            }
            (Guard::Budget, budget.write(table, Verb::Update))
        }
        C::CloseSms { until, budget } => (Guard::Budget, Expression::of(Key::flags())
            .set("SET #smsClosedUntil = :until, #smsBudget = :budget").value("until", ms(*until)).value("budget", n(budget))
            .write(table, Verb::Update)),
        C::CancelReset { handle, reset, owner, now } => (Guard::Reset, open_reset(Key::reset(handle, reset), owner, *now)
            .set("SET #state = :next").value("next", value(&ResetState::Cancelled)).write(table, Verb::Update)),
        C::RecordOutcome { handle, name, record } => {
            let mut it = item(record);
            it.insert(TTL.into(), ttl(record.exp));
            (Guard::Idempotency, Expression::of(Key::idempotency(handle, name)).when(format!("{ABSENT} OR #exp <= :now"))
                .value("now", ms(record.at)).write(table, Verb::Put(it)))
        }
        C::UpdateOutcome { handle, name, outcome } => (Guard::Idempotency, Expression::of(Key::idempotency(handle, name))
            .set("SET #outcome = :outcome").when("attribute_exists(#pk)").value("outcome", value(outcome))
            .write(table, Verb::Update)),
        C::RecordEvent(event) => {
            let (key, it) = audit_item(event);
            (Guard::Audit, Expression::of(key).when(ABSENT).write(table, Verb::Put(it)))
        }
    };
    Member { guard, write }
}

/// A write to a device that must be the one that was read, with the lock that was read.
fn same_device(handle: &Handle, slot: DeviceSlot, digest: &BearerDigest, seen: &str) -> Expression {
    Expression::of(Key::device(handle, slot))
        .when("#digest = :digest AND #lock.#revision = :seen")
        .value("digest", s(digest.as_str()))
        .value("seen", s(seen))
}

/// A write to a reset that must be open, not expired, and owned by this bearer.
fn open_reset(key: Key, owner: &BearerDigest, now: Time) -> Expression {
    Expression::of(key)
        .when("#owner = :owner AND #state = :open AND #exp > :now")
        .value("open", value(&ResetState::Open))
        .value("owner", s(owner.as_str()))
        .value("now", ms(now))
}

/// Puts a challenge into its slot of the ledger, if no other was issued there since the
/// ledger was read.
fn issue_challenge(handle: &Handle, issue: &Issue) -> Expression {
    let slot = slot_attribute(issue.slot.id.slot);
    let sent = sent_attribute(issue.slot.id.kind);
    let stale = if issue.stale.is_empty() { "" } else { " DELETE #fails :stale" };
    let update = Expression::of(Key::ledger(handle, issue.slot.id.ledger))
        .set(format!(
            "SET #{slot} = :slot, #{sent} = :sent, #cap = :cap, #issues = :issues, #ttl = :ttl{stale}"
        ))
        .value("issues", n(issue.seen.unwrap_or_default() + 1))
        .value("slot", value(&issue.slot))
        .value("sent", times(&issue.sent))
        .value("cap", n(issue.cap))
        .value("ttl", ttl(issue.slot.issued + LEDGER_KEPT));
    let update = match &issue.seen {
        Some(seen) => update.when("#issues = :seen").value("seen", n(seen)),
        None => update.when("attribute_not_exists(#issues)"),
    };
    match issue.stale.is_empty() {
        true => update,
        false => update.value("stale", set(issue.stale.iter().map(|stamp| stamp.0.clone()))),
    }
}
