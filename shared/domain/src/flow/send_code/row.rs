//! One row of the outbox on its way: whether it may be tried, claimed, sent
//! and closed.

use crate::audit::Reason;
use crate::context::RequestContext;
use crate::delivery::SentMessage;
use crate::error::Problem;
use crate::language::Language;
use crate::outbox::{
    AT_REST, Claimed, Ended, Handled, IN_HAND, MAX_TRIES, Message, OUTBOX_KEPT, OutboxRow,
    OutboxState, Round,
};
use crate::policy::Policy;
use crate::port::{Change, CommitError, Guard, KeyRing, Outgoing, SendError, Sender, Store};

/// A row on its way, and what its steps need.
pub(super) struct Row<'a, S, R> {
    pub store: &'a S,
    pub ring: &'a R,
    pub ctx: &'a RequestContext,
    pub policy: &'a Policy,
    pub row: &'a OutboxRow,
    pub round: Round,
}

/// Whether a row may be tried in this round.
pub(super) enum Fate {
    Open,
    End(Handled),
    Close(OutboxState, Reason),
}

impl<S: Store, R: KeyRing> Row<'_, S, R> {
    pub fn fate(&self) -> Fate {
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
        let at_rest = |claim: &Claimed| self.ctx.now - claim.at < AT_REST;
        let rest = if is_code { IN_HAND } else { AT_REST };
        let in_hand = |claim: &Claimed| claim.by == Round::Again && self.ctx.now - claim.at < rest;
        match self.round {
            Round::Stream if self.row.claimed.as_ref().is_some_and(in_hand) => {
                Fate::End(self.left())
            }
            Round::Stream if self.row.tries < MAX_TRIES => Fate::Open,
            Round::Stream if is_code => Fate::Close(OutboxState::Failed, Reason::Failed),
            // Somebody must be told: it ends where an alarm is, not in silence.
            Round::Stream => Fate::End(self.left()),
            // The broom may come days late; nobody waits for it any more.
            Round::Again if self.ctx.now - self.row.id.at >= OUTBOX_KEPT => {
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
    pub async fn claim(&self, charge: Option<Change>) -> Result<bool, Problem> {
        // Charged once, however often the record comes.
        let charge = charge.filter(|_| self.row.state == OutboxState::Queued);
        match self
            .store
            .commit(self.ctx, "claim", self.claiming(charge.into_iter().collect()))
            .await
        {
            Ok(()) => Ok(true),
            Err(error) if error.by(Guard::Outbox) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub fn claiming(&self, charges: Vec<Change>) -> Vec<Change> {
        let (handle, id, tries) = (self.row.handle.clone(), self.row.id.clone(), self.row.tries);
        let claim = Change::ClaimMessage {
            handle,
            id,
            tries,
            claimed: Claimed { at: self.ctx.now, by: self.round },
        };
        [vec![claim], charges].concat()
    }

    /// Hands it to its channel. `name` is the pseudonym of its destination.
    pub async fn send(
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
                let sent =
                    SentMessage { handle, kind, destination: name, support_code, at: self.ctx.now };
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
                self.store.commit(self.ctx, "release", vec![release]).await?;
                Err(Problem::unavailable())
            }
            Err(SendError::Unknown) => Err(Problem::unavailable()),
        }
    }

    pub async fn close(&self, state: OutboxState, reason: Reason) -> Result<Handled, Problem> {
        let close = Change::CloseMessage {
            handle: self.row.handle.clone(),
            id: self.row.id.clone(),
            state,
            reason,
        };
        match self.store.commit(self.ctx, "close", vec![close]).await {
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

    pub fn left(&self) -> Handled {
        Handled::Left(self.row.support_code.clone())
    }

    pub fn language(&self, of: Option<Language>) -> Language {
        of.unwrap_or(self.policy.organisation.language)
    }
}
