//! `send-code`: one row of the outbox becomes one message, or is dropped for a
//! reason. It is the only flow that sends, and makes the code at that moment.
//!
//! [`judge`] says whether a code still makes sense and where it goes,
//! [`charge`] what it costs, [`administrators`] who is told beside the owner.

mod administrators;
mod charge;
mod judge;

use crate::account::{Handle, Language};
use crate::audit::Reason;
use crate::challenge::{ChallengeId, Purpose};
use crate::code::Code;
use crate::delivery::SentMessage;
use crate::error::Problem;
use crate::outbox::{
    AT_REST, Claimed, Ended, Handled, IN_HAND, MAX_TRIES, Message, OUTBOX_KEPT, OutboxId,
    OutboxKind, OutboxRow, OutboxState, Round,
};
use crate::policy::Policy;
use crate::port::{
    Call, Change, CommitError, Content, Guard, KeyRing, Outgoing, SendError, Sender, Snapshot,
    Store, Want,
};
use crate::time::Span;
use charge::{Charge, charge_code, charge_notice};
use judge::{Address, Verdict};

/// How often a charge is judged anew when another send of the same address or
/// day came in between, before the record is left to come again.
const CHARGES: usize = 8;

/// Sends the message of a row. An error, and what is left, say: try this
/// record again.
pub async fn deliver(
    store: &impl Store,
    ring: &impl KeyRing,
    sender: &impl Sender,
    call: &Call,
    handle: &Handle,
    id: &OutboxId,
    round: Round,
) -> Result<Handled, Problem> {
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
    let Some(row) = &read.outbox else { return Ok(Handled::Nothing) };
    let one = Row { store, ring, call, policy: &policy, row, round };
    one.deliver(sender, &read).await.map_err(|problem| problem.with_support_code(&row.support_code))
}

/// A row on its way, and what its steps need.
struct Row<'a, S, R> {
    store: &'a S,
    ring: &'a R,
    call: &'a Call,
    policy: &'a Policy,
    row: &'a OutboxRow,
    round: Round,
}

/// Whether a row may be tried in this round.
enum Fate {
    Open,
    End(Handled),
    Close(OutboxState, Reason),
}

impl<S: Store, R: KeyRing> Row<'_, S, R> {
    async fn deliver(&self, sender: &impl Sender, read: &Snapshot) -> Result<Handled, Problem> {
        match self.fate() {
            Fate::Open => {}
            Fate::End(handled) => return Ok(handled),
            Fate::Close(state, reason) => return self.close(state, reason).await,
        }
        match &self.row.message {
            Message::ToAdministrators { about } => administrators::spread(self, about, read).await,
            Message::Notice { notice, recipient, language, about } => {
                // Read before the claim: where keys are missing, no try is spent.
                let name = self.ring.keys().await?.destination_name(recipient);
                if !self.claim(charge_notice(recipient, self.call)).await? {
                    return Ok(self.left());
                }
                let content = Content::Notice { notice: *notice, about: about.as_deref() };
                self.send(
                    sender,
                    Outgoing {
                        to: recipient,
                        language: *language,
                        organisation: &self.policy.organisation,
                        content,
                    },
                    name,
                )
                .await
            }
            Message::Code { challenge, purpose, typed } => {
                let keys = self.ring.keys_with(challenge.kid).await?;
                let address =
                    match judge::judge(self, read, &keys, challenge, *purpose, typed.as_deref()) {
                        Verdict::Send(address) => address,
                        Verdict::Drop(reason) => {
                            return self.close(OutboxState::Dropped, reason).await;
                        }
                        Verdict::Wait => return Ok(self.left()),
                    };
                // Made before the claim, as above.
                let generation = keys.generation(challenge.kid).ok_or_else(Problem::unavailable)?;
                let code = Code::derive(&generation.codes, challenge, *purpose);
                let name = keys.destination_name(&address.to);
                if let Some(ended) = self.claim_code(&name, &address, challenge, *purpose).await? {
                    return Ok(ended);
                }
                let content = Content::Code {
                    code: &code,
                    purpose: *purpose,
                    minutes: minutes_left(challenge, self.call),
                };
                let language = address.language;
                self.send(
                    sender,
                    Outgoing {
                        to: &address.to,
                        language,
                        organisation: &self.policy.organisation,
                        content,
                    },
                    name,
                )
                .await
            }
        }
    }

    fn fate(&self) -> Fate {
        let is_code = match self.row.message {
            Message::Code { .. } => true,
            Message::Notice { .. } | Message::ToAdministrators { .. } => false,
        };
        let open = match (self.row.state, self.round) {
            (OutboxState::Queued | OutboxState::Claimed, _) => true,
            // A channel that refused a notice for good may be put right; of a
            // code that failed another was asked for.
            (OutboxState::Failed, Round::Again) => !is_code,
            (OutboxState::Failed, Round::Stream)
            | (OutboxState::Sent | OutboxState::Dropped, _) => false,
        };
        if !open {
            return Fate::End(Handled::Nothing);
        }
        let at_rest = |claim: &Claimed| self.call.now - claim.at < AT_REST;
        let rest = if is_code { IN_HAND } else { AT_REST };
        let in_hand = |claim: &Claimed| claim.by == Round::Again && self.call.now - claim.at < rest;
        match self.round {
            Round::Stream if self.row.claimed.as_ref().is_some_and(in_hand) => {
                Fate::End(self.left())
            }
            Round::Stream if self.row.tries < MAX_TRIES => Fate::Open,
            Round::Stream if is_code => Fate::Close(OutboxState::Failed, Reason::Failed),
            // Somebody must be told: it ends where an alarm is, not in silence.
            Round::Stream => Fate::End(self.left()),
            // The broom may come days late; nobody waits for it any more.
            Round::Again if self.call.now - self.row.id.at >= OUTBOX_KEPT => {
                Fate::Close(OutboxState::Dropped, Reason::TooLate)
            }
            Round::Again if self.row.claimed.as_ref().is_some_and(at_rest) => {
                Fate::End(self.left())
            }
            Round::Again if is_code && self.row.tries >= MAX_TRIES => {
                Fate::Close(OutboxState::Failed, Reason::Failed)
            }
            Round::Again => Fate::Open,
        }
    }

    /// Takes the row for one try, together with what the try costs. `false`
    /// where somebody else took it.
    async fn claim(&self, charge: Option<Change>) -> Result<bool, Problem> {
        // Charged once, however often the record comes.
        let charge = charge.filter(|_| self.row.state == OutboxState::Queued);
        match self
            .store
            .commit(self.call, "claim", self.claiming(charge.into_iter().collect()))
            .await
        {
            Ok(()) => Ok(true),
            Err(error) if error.by(Guard::Outbox) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn claiming(&self, charges: Vec<Change>) -> Vec<Change> {
        let (handle, id, tries) = (self.row.handle.clone(), self.row.id.clone(), self.row.tries);
        let claim = Change::ClaimMessage {
            handle,
            id,
            tries,
            claimed: Claimed { at: self.call.now, by: self.round },
        };
        [vec![claim], charges].concat()
    }

    /// Takes the row of a code and charges its limits, all in one write.
    /// What became of it where it is not to be sent.
    async fn claim_code(
        &self,
        name: &str,
        address: &Address,
        challenge: &ChallengeId,
        purpose: Purpose,
    ) -> Result<Option<Handled>, Problem> {
        let live = Change::CheckChallenge {
            handle: self.row.handle.clone(),
            purpose,
            challenge: challenge.clone(),
            now: self.call.now,
        };
        for attempt in 0..CHARGES {
            let mut charges = vec![live.clone()];
            if self.row.state == OutboxState::Queued {
                match charge_code(self, name, address).await? {
                    Charge::Due(due) => charges.extend(due),
                    Charge::Spent(reason) => {
                        return self.close(OutboxState::Dropped, reason).await.map(Some);
                    }
                }
            }
            match self
                .store
                .commit(self.call, &format!("claim-{attempt}"), self.claiming(charges))
                .await
            {
                Ok(()) => return Ok(None),
                Err(error) if error.by(Guard::Ledger) => {
                    return self.close(OutboxState::Dropped, Reason::Superseded).await.map(Some);
                }
                // Claimed by another worker: the record comes again, and finds
                // what became of it.
                Err(error) if error.by(Guard::Outbox) => return Ok(Some(self.left())),
                Err(error) if error.by(Guard::Destination) || error.by(Guard::Budget) => continue,
                Err(error) => return Err(error.into()),
            }
        }
        Err(Problem::unavailable())
    }

    /// Hands it to its channel. `name` is the pseudonym of its destination.
    async fn send(
        &self,
        sender: &impl Sender,
        message: Outgoing<'_>,
        name: String,
    ) -> Result<Handled, Problem> {
        let kind = message.to.kind();
        match sender.send(message).await {
            Ok(id) => {
                let (handle, support_code) =
                    (self.row.handle.clone(), self.row.support_code.clone());
                let sent = SentMessage {
                    handle,
                    kind,
                    destination: name,
                    support_code,
                    at: self.call.now,
                };
                if let Some(id) = id {
                    // What its channel says of it later leads back here. That it
                    // went out counts more: without this it is not sent again.
                    let _ = self.store.remember_sent(&id, &sent).await;
                }
                self.close(OutboxState::Sent, Reason::None).await
            }
            Err(SendError::Permanent) => self.close(OutboxState::Failed, Reason::Failed).await,
            Err(SendError::Refused) => {
                // It was not taken, for sure: the try is given back.
                let release = Change::ReleaseMessage {
                    handle: self.row.handle.clone(),
                    id: self.row.id.clone(),
                    tries: self.row.tries,
                };
                self.store.commit(self.call, "release", vec![release]).await?;
                Err(Problem::unavailable())
            }
            Err(SendError::Unknown) => Err(Problem::unavailable()),
        }
    }

    async fn close(&self, state: OutboxState, reason: Reason) -> Result<Handled, Problem> {
        let close = Change::CloseMessage {
            handle: self.row.handle.clone(),
            id: self.row.id.clone(),
            state,
            reason,
        };
        match self.store.commit(self.call, "close", vec![close]).await {
            Ok(()) => {
                let kind = match &self.row.message {
                    Message::Code { challenge, .. } => Some(challenge.kind),
                    Message::Notice { recipient, .. } => Some(recipient.kind()),
                    Message::ToAdministrators { .. } => None,
                };
                Ok(Handled::Ended(Ended {
                    state,
                    reason,
                    kind,
                    support_code: self.row.support_code.clone(),
                }))
            }
            // Closed already: a record that came twice.
            Err(CommitError::Refused { .. }) => Ok(Handled::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    fn left(&self) -> Handled {
        Handled::Left(self.row.support_code.clone())
    }

    fn language(&self, of: Option<Language>) -> Language {
        of.unwrap_or(self.policy.organisation.language)
    }
}

fn minutes_left(challenge: &ChallengeId, call: &Call) -> u32 {
    let left = challenge.expires - call.now;
    (left.0 as u64).div_ceil(Span::minutes(1).0 as u64) as u32
}
