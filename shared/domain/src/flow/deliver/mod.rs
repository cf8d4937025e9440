//! `send-code`: one row of the outbox becomes one message, or is dropped for a
//! reason. It is the only flow that sends, and makes the code at that moment.
//!
//! [`judge`] says whether a code still makes sense and where it goes,
//! [`charge`] what it costs, [`administrators`] who is told beside the owner.

mod administrators;
mod charge;
mod judge;

use crate::account::{Handle, Language};
use crate::audit::{Reason, SupportCode};
use crate::challenge::{ChallengeId, Purpose};
use crate::code::Code;
use crate::error::Problem;
use crate::method::Kind;
use crate::outbox::{MAX_TRIES, Message, OutboxId, OutboxKind, OutboxRow, OutboxState};
use crate::policy::Policy;
use crate::port::{Call, Change, CommitError, Content, Guard, KeyRing, Outgoing, SendError, Sender, Store, Want};
use crate::time::Span;
use charge::{Charge, charge_code, charge_notice};
use judge::{Address, Verdict};

/// How often a charge is judged anew when another send of the same address or
/// day came in between, before the record is left to come again.
const CHARGES: usize = 8;

/// How a row ended.
pub struct Ended {
    pub state: OutboxState,
    pub reason: Reason,
    /// Of what was, or would have been, sent.
    pub kind: Option<Kind>,
    pub support_code: SupportCode,
}

/// Sends the message of a row, and tells how it ended; nothing where it had
/// ended before. An error says: try this record again.
pub async fn deliver(
    store: &impl Store,
    ring: &impl KeyRing,
    sender: &impl Sender,
    call: &Call,
    handle: &Handle,
    id: &OutboxId,
) -> Result<Option<Ended>, Problem> {
    let mut wants = vec![Want::Outbox(handle, id), Want::Account(handle), Want::Policy];
    match &id.what {
        OutboxKind::Code(purpose, reset) => {
            wants.push(Want::Ledger(handle, *purpose));
            wants.extend(reset.as_ref().map(|reset| Want::Reset(handle, reset)));
        }
        OutboxKind::ToAdministrators => wants.push(Want::Administrators),
        OutboxKind::Notice => {}
    }
    let read = store.read(&wants).await?;
    let policy = read.policy().policy;
    let Some(row) = &read.outbox else { return Ok(None) };
    if !matches!(row.state, OutboxState::Queued | OutboxState::Claimed) {
        return Ok(None);
    }
    let one = Row { store, ring, call, policy: &policy, row };
    if row.tries >= MAX_TRIES {
        return match row.message {
            Message::Code { .. } => one.close(OutboxState::Failed, Reason::Failed).await.map(Some),
            // Somebody must be told: it ends where an alarm is, not in silence.
            Message::Notice { .. } | Message::ToAdministrators { .. } => Err(Problem::unavailable()),
        };
    }
    let ended = match &row.message {
        Message::ToAdministrators { about } => administrators::spread(&one, about, &read).await,
        Message::Notice { notice, recipient, language, about } => {
            one.claim(charge_notice(recipient, call)).await?;
            let content = Content::Notice { notice: *notice, about: about.as_deref() };
            one.send(sender, Outgoing { to: recipient, language: *language, organisation: &policy.organisation, content }).await
        }
        Message::Code { challenge, purpose, typed } => {
            let keys = ring.keys_with(challenge.kid).await?;
            let address = match judge::judge(&one, &read, &keys, challenge, *purpose, typed.as_deref()) {
                Verdict::Send(address) => address,
                Verdict::Drop(reason) => return one.close(OutboxState::Dropped, reason).await.map(Some),
                // Not all of the transaction is visible yet.
                Verdict::Wait => return Err(Problem::unavailable()),
            };
            // Made before the claim: where a key is missing, no try is spent.
            let generation = keys.generation(challenge.kid).ok_or_else(Problem::unavailable)?;
            let code = Code::derive(&generation.codes, challenge, *purpose);
            if let Some(dropped) = one.claim_code(&keys.destination_name(&address.to), &address, challenge, *purpose).await? {
                return Ok(Some(dropped));
            }
            let content = Content::Code { code: &code, purpose: *purpose, minutes: minutes_left(challenge, call) };
            let language = address.language;
            one.send(sender, Outgoing { to: &address.to, language, organisation: &policy.organisation, content }).await
        }
    };
    ended.map(Some)
}

/// A row on its way, and what its steps need.
struct Row<'a, S, R> {
    store: &'a S,
    ring: &'a R,
    call: &'a Call,
    policy: &'a Policy,
    row: &'a OutboxRow,
}

impl<S: Store, R: KeyRing> Row<'_, S, R> {
    /// Takes the row for one try, together with what the try costs. An error
    /// where somebody else took it: the record comes again.
    async fn claim(&self, charge: Option<Change>) -> Result<(), Problem> {
        // Charged once, however often the record comes.
        let charge = charge.filter(|_| self.row.state == OutboxState::Queued);
        Ok(self.store.commit(self.call, "claim", self.claiming(charge.into_iter().collect())).await?)
    }

    fn claiming(&self, charges: Vec<Change>) -> Vec<Change> {
        let claim = Change::ClaimMessage { handle: self.row.handle.clone(), id: self.row.id.clone(), tries: self.row.tries };
        [vec![claim], charges].concat()
    }

    /// Takes the row of a code and charges its limits, all in one write.
    /// Its end where it was dropped.
    async fn claim_code(&self, name: &str, address: &Address, challenge: &ChallengeId, purpose: Purpose) -> Result<Option<Ended>, Problem> {
        let live = Change::CheckChallenge { handle: self.row.handle.clone(), purpose, challenge: challenge.clone(), now: self.call.now };
        for attempt in 0..CHARGES {
            let mut charges = vec![live.clone()];
            if self.row.state == OutboxState::Queued {
                match charge_code(self, name, address).await? {
                    Charge::Due(due) => charges.extend(due),
                    Charge::Spent(reason) => return self.close(OutboxState::Dropped, reason).await.map(Some),
                }
            }
            match self.store.commit(self.call, &format!("claim-{attempt}"), self.claiming(charges)).await {
                Ok(()) => return Ok(None),
                Err(error) if error.by(Guard::Ledger) => return self.close(OutboxState::Dropped, Reason::Superseded).await.map(Some),
                // Claimed by another worker: the record comes again, and finds
                // what became of it.
                Err(error) if error.by(Guard::Outbox) => return Err(error.into()),
                Err(error) if error.by(Guard::Destination) || error.by(Guard::Budget) => continue,
                Err(error) => return Err(error.into()),
            }
        }
        Err(Problem::unavailable())
    }

    async fn send(&self, sender: &impl Sender, message: Outgoing<'_>) -> Result<Ended, Problem> {
        match sender.send(message).await {
            Ok(()) => self.close(OutboxState::Sent, Reason::None).await,
            Err(SendError::Permanent) => self.close(OutboxState::Failed, Reason::Failed).await,
            Err(SendError::Refused) => {
                // It was not taken, for sure: the try is given back.
                let release = Change::ReleaseMessage { handle: self.row.handle.clone(), id: self.row.id.clone(), tries: self.row.tries };
                self.store.commit(self.call, "release", vec![release]).await?;
                Err(Problem::unavailable())
            }
            Err(SendError::Unknown) => Err(Problem::unavailable()),
        }
    }

    async fn close(&self, state: OutboxState, reason: Reason) -> Result<Ended, Problem> {
        let change = Change::CloseMessage { handle: self.row.handle.clone(), id: self.row.id.clone(), state, reason };
        match self.store.commit(self.call, "close", vec![change]).await {
            // Closed already: a record that came twice.
            Ok(()) | Err(CommitError::Refused { .. }) => {
                let kind = match &self.row.message {
                    Message::Code { challenge, .. } => Some(challenge.kind),
                    Message::Notice { recipient, .. } => Some(recipient.kind()),
                    Message::ToAdministrators { .. } => None,
                };
                Ok(Ended { state, reason, kind, support_code: self.row.support_code.clone() })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn language(&self, of: Option<Language>) -> Language {
        of.unwrap_or(self.policy.organisation.language)
    }
}

fn minutes_left(challenge: &ChallengeId, call: &Call) -> u32 {
    let left = challenge.expires - call.now;
    (left.0 as u64).div_ceil(Span::minutes(1).0 as u64) as u32
}
