//! `send-code`: one row of the outbox becomes one message, or is dropped for a
//! reason. It is the only flow that sends, and makes the code at that moment.

use crate::account::{Account, Handle, Language};
use crate::audit::Reason;
use crate::challenge::{ChallengeId, Purpose};
use crate::code::Code;
use crate::error::Problem;
use crate::limit::{LEAST_LIFE_LEFT, SETTLING};
use crate::method::Destination;
use crate::outbox::{MAX_TRIES, Message, OutboxId, OutboxKind, OutboxRow, OutboxState};
use crate::policy::Policy;
use crate::port::{Call, Change, CommitError, Content, Guard, KeyRing, Outgoing, SendError, Sender, Snapshot, Store, Want};
use crate::time::Span;

/// What is to become of a row.
enum Verdict {
    Send(Destination, Language),
    Drop(Reason),
    /// Its ledger is older than the row: not all of the transaction is
    /// visible yet.
    Wait,
}

/// Sends the message of a row. An error says: try this record again.
pub async fn deliver(
    store: &impl Store,
    ring: &impl KeyRing,
    sender: &impl Sender,
    call: &Call,
    handle: &Handle,
    id: &OutboxId,
) -> Result<(), Problem> {
    let mut wants = vec![Want::Outbox(handle, id), Want::Account(handle), Want::Policy];
    if let OutboxKind::Code(purpose, reset) = &id.what {
        wants.push(Want::Ledger(handle, *purpose));
        wants.extend(reset.as_ref().map(|reset| Want::Reset(handle, reset)));
    }
    let read = store.read(&wants).await?;
    let policy = read.policy().policy;
    let Some(row) = &read.outbox else { return Ok(()) };
    if !matches!(row.state, OutboxState::Queued | OutboxState::Claimed) {
        return Ok(());
    }
    let close = async |state, reason| close(store, call, handle, id, state, reason).await;
    if row.tries >= MAX_TRIES {
        return match row.message {
            Message::Code { .. } => close(OutboxState::Failed, Reason::Failed).await,
            // Somebody must be told: it ends where an alarm is, not in silence.
            Message::Notice { .. } => Err(Problem::unavailable()),
        };
    }
    let (to, language) = match judge(row, &read, handle, &policy, ring, call).await? {
        Verdict::Send(to, language) => (to, language),
        Verdict::Drop(reason) => return close(OutboxState::Dropped, reason).await,
        Verdict::Wait => return Err(Problem::unavailable()),
    };
    // Made before the claim: where a key is missing, no try is spent.
    let code = match &row.message {
        Message::Code { challenge, purpose, .. } => {
            let keys = ring.keys_with(challenge.kid).await?;
            let generation = keys.generation(challenge.kid).ok_or_else(Problem::unavailable)?;
            Some((Code::derive(&generation.codes, challenge, *purpose), *purpose, minutes_left(challenge, call)))
        }
        Message::Notice { .. } => None,
    };

    let mut claim = vec![Change::ClaimMessage { handle: handle.clone(), id: id.clone(), tries: row.tries }];
    if let Message::Code { challenge, purpose, .. } = &row.message {
        // Charged once, however often the record comes.
        if row.state == OutboxState::Queued {
            match charge_destination(store, ring, &policy, call, &to).await? {
                Some(charge) => claim.push(charge),
                None => return close(OutboxState::Dropped, Reason::DestinationLimit).await,
            }
        }
        claim.push(Change::CheckChallenge { handle: handle.clone(), purpose: *purpose, challenge: challenge.clone(), now: call.now });
    }
    match store.commit(call, "claim", claim).await {
        Ok(()) => {}
        Err(error) if error.by(Guard::Ledger) => return close(OutboxState::Dropped, Reason::Superseded).await,
        // Claimed by another worker, or the destination's count moved: look again.
        Err(error) => return Err(error.into()),
    }

    let content = match (&row.message, &code) {
        (Message::Notice { notice, about, .. }, _) => Content::Notice { notice: *notice, about: about.as_deref() },
        (Message::Code { .. }, Some((code, purpose, minutes))) => Content::Code { code, purpose: *purpose, minutes: *minutes },
        (Message::Code { .. }, None) => unreachable!("a code message has a code"),
    };
    match sender.send(Outgoing { to: &to, language, organisation: &policy.organisation, content }).await {
        Ok(()) => close(OutboxState::Sent, Reason::None).await,
        Err(SendError::Permanent) => close(OutboxState::Failed, Reason::Failed).await,
        Err(SendError::Refused) => {
            // It was not taken, for sure: the try is given back.
            let release = Change::ReleaseMessage { handle: handle.clone(), id: id.clone(), tries: row.tries };
            store.commit(call, "release", vec![release]).await?;
            Err(Problem::unavailable())
        }
        Err(SendError::Unknown) => Err(Problem::unavailable()),
    }
}

/// Whether the message still makes sense, and where it goes.
async fn judge(
    row: &OutboxRow,
    read: &Snapshot,
    handle: &Handle,
    policy: &Policy,
    ring: &impl KeyRing,
    call: &Call,
) -> Result<Verdict, Problem> {
    let (challenge, purpose, typed) = match &row.message {
        Message::Notice { recipient, language, .. } => return Ok(Verdict::Send(recipient.clone(), *language)),
        Message::Code { challenge, purpose, typed } => (challenge, *purpose, typed),
    };
    // The items of one transaction become visible one by one: what does not
    // fit a fresh row may only be late.
    let settling = call.now - row.id.at < SETTLING;
    let late = |reason| if settling { Verdict::Wait } else { Verdict::Drop(reason) };
    match read.ledger(purpose).slots.get(&challenge.kind) {
        Some(slot) if slot.id == *challenge => {}
        Some(slot) if slot.issued >= row.id.at => return Ok(Verdict::Drop(Reason::Superseded)),
        Some(_) | None => return Ok(late(Reason::Superseded)),
    }
    if challenge.expires - call.now < LEAST_LIFE_LEFT {
        return Ok(Verdict::Drop(Reason::TooLate));
    }
    let account = read.account(handle);
    let address = match purpose {
        Purpose::Reset => reset_address(read, account, challenge, call),
        Purpose::Registration => match account.and_then(|a| a.pending.get(&challenge.kind)) {
            Some(pending) if pending.challenge == *challenge => Ok(pending.destination.clone()),
            Some(_) | None => return Ok(late(Reason::MethodChanged)),
        },
    };
    let (to, account) = match (address, account) {
        (Ok(to), Some(account)) => (to, account),
        (Err(reason), _) => return Ok(Verdict::Drop(reason)),
        (Ok(_), None) => return Ok(Verdict::Drop(Reason::UnknownUser)),
    };
    if let Some(typed) = typed
        && *typed != destination_name(ring, &to).await?
    {
        return Ok(Verdict::Drop(Reason::DestinationMismatch));
    }
    Ok(Verdict::Send(to, account.language.unwrap_or(policy.organisation.language)))
}

/// The address a reset's code goes to: the stored, verified one, as it was
/// when the reset began.
fn reset_address(read: &Snapshot, account: Option<&Account>, challenge: &ChallengeId, call: &Call) -> Result<Destination, Reason> {
    let reset = read.reset.as_ref().filter(|r| r.exp > call.now).ok_or(Reason::TooLate)?;
    if !reset.real {
        return Err(Reason::Decoy);
    }
    let same = |a: &&Account| a.uid == reset.uid && a.generation == reset.generation && a.enabled;
    let account = account.filter(same).ok_or(Reason::Superseded)?;
    let method = account.methods.get(&challenge.kind).ok_or(Reason::MethodChanged)?;
    match reset.versions.get(&challenge.kind) {
        Some(version) if *version == method.version => Ok(method.destination.clone()),
        Some(_) | None => Err(Reason::MethodChanged),
    }
}

/// The charge of one send to a destination; `None` where its window is full.
async fn charge_destination(
    store: &impl Store,
    ring: &impl KeyRing,
    policy: &Policy,
    call: &Call,
    to: &Destination,
) -> Result<Option<Change>, Problem> {
    let name = destination_name(ring, to).await?;
    let (most, window) = policy.send_window(to.kind());
    let seen = store.read(&[Want::Destination(&name)]).await?.destination;
    let mut sent: Vec<_> = seen.iter().flatten().copied().filter(|at| *at + window > call.now).collect();
    if sent.len() >= most as usize {
        return Ok(None);
    }
    sent.push(call.now);
    Ok(Some(Change::ChargeDestination { name, seen, sent, until: call.now + window }))
}

/// The pseudonym a destination is counted under.
async fn destination_name(ring: &impl KeyRing, to: &Destination) -> Result<String, Problem> {
    Ok(ring.keys().await?.pseudonym("destination", &to.as_str().to_lowercase()))
}

async fn close(store: &impl Store, call: &Call, handle: &Handle, id: &OutboxId, state: OutboxState, reason: Reason) -> Result<(), Problem> {
    let change = Change::CloseMessage { handle: handle.clone(), id: id.clone(), state, reason };
    match store.commit(call, "close", vec![change]).await {
        // Closed already: a record that came twice.
        Ok(()) | Err(CommitError::Refused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn minutes_left(challenge: &ChallengeId, call: &Call) -> u32 {
    let left = challenge.expires - call.now;
    (left.0 as u64).div_ceil(Span::minutes(1).0 as u64) as u32
}
