//! One outbox row while it is handled: deciding whether it may be tried, claiming it, sending it
//! and closing it.

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

/// A row that is being handled, and what the steps need.
pub(super) struct Row<'a, S, R> {
    pub store: &'a S,
    pub ring: &'a R,
    pub ctx: &'a RequestContext,
    pub policy: &'a Policy,
    pub row: &'a OutboxRow,
    pub round: Round,
}

/// What to do with a row in this round.
pub(super) enum Fate {
    /// Try to send it.
    Open,
    /// Do nothing with it now.
    End(Handled),
    /// Record that it has ended.
    Close(OutboxState, Reason),
}

impl<S: Store, R: KeyRing> Row<'_, S, R> {
    /// What to do with the row in this round, by its state, its tries and its last claim.
    pub(crate) fn fate(&self) -> Fate {
        let is_code = match self.row.message {
            Message::Code { .. } => true,
            Message::Notice { .. } | Message::ToAdministrators { .. } | Message::ToOwner { .. } => {
                false
            }
        };
        let open = match (self.row.state, self.round) {
            (OutboxState::Queued | OutboxState::Claimed, _) => true,
            // An operator may have repaired the channel that refused a notice. A code is not
            // tried again: its user has asked for another.
            (OutboxState::Failed, Round::Again) => !is_code,
            (OutboxState::Failed, Round::Stream)
            | (OutboxState::Sent | OutboxState::Dropped, _) => false,
        };
        if !open {
            return Fate::End(Handled::Nothing);
        }
        let claimed_lately = |claim: &Claimed| self.ctx.now - claim.at < AT_REST;
        let wait = if is_code { IN_HAND } else { AT_REST };
        let redriven_lately =
            |claim: &Claimed| claim.by == Round::Again && self.ctx.now - claim.at < wait;
        match self.round {
            Round::Stream if self.row.claimed.as_ref().is_some_and(redriven_lately) => {
                Fate::End(self.left())
            }
            Round::Stream if self.row.tries < MAX_TRIES => Fate::Open,
            Round::Stream if is_code => Fate::Close(OutboxState::Failed, Reason::Failed),
            // A notice must reach its recipient. It is left, so that the record ends in the
            // dead-letter queue, which has an alarm.
            Round::Stream => Fate::End(self.left()),
            // The table may delete expired items days late.
            Round::Again if self.ctx.now - self.row.id.at >= OUTBOX_KEPT => {
                Fate::Close(OutboxState::Dropped, Reason::TooLate)
            }
            Round::Again if self.row.claimed.as_ref().is_some_and(claimed_lately) => {
                Fate::End(self.left())
            }
            Round::Again if is_code && self.row.tries >= MAX_TRIES => {
                Fate::Close(OutboxState::Failed, Reason::Failed)
            }
            Round::Again => Fate::Open,
        }
    }

    /// Claims the row for one try, and writes the charge. `false` if another invocation claimed it
    /// first.
    pub(crate) async fn claim(&self, charge: Option<Change>) -> Result<bool, Problem> {
        // Charged at the first try only.
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

    /// The changes that claim the row and write the charges.
    pub(crate) fn claiming(&self, charges: Vec<Change>) -> Vec<Change> {
        let (handle, id, tries) = (self.row.handle.clone(), self.row.id.clone(), self.row.tries);
        let claim = Change::ClaimMessage {
            handle,
            id,
            tries,
            claimed: Claimed { at: self.ctx.now, by: self.round },
        };
        [vec![claim], charges].concat()
    }

    /// Hands the message to its channel, and records how it went. `name` is the pseudonym of its
    /// destination.
    pub(crate) async fn send(
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
                    // Later delivery events find the message by this record. If it cannot be
                    // written, the message is still closed as sent, so that it is not sent again.
                    let _ = self.store.remember_sent(&id, &sent).await;
                }
                self.close(OutboxState::Sent, Reason::None).await
            }
            Err(SendError::Permanent) => self.close(OutboxState::Failed, Reason::Failed).await,
            Err(SendError::Refused) => {
                // The channel certainly did not accept it, so the try does not count.
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

    /// Records how the row ended.
    pub(crate) async fn close(
        &self,
        state: OutboxState,
        reason: Reason,
    ) -> Result<Handled, Problem> {
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
                    Message::ToAdministrators { .. } | Message::ToOwner { .. } => None,
                };
                Ok(Handled::Ended(Ended {
                    state,
                    reason,
                    kind,
                    support_code: self.row.support_code.clone(),
                }))
            }
            // Another handling of the row closed it first.
            Err(CommitError::Refused { .. }) => Ok(Handled::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    /// The row must be handled again later.
    pub(crate) fn left(&self) -> Handled {
        Handled::Left(self.row.support_code.clone())
    }

    /// The language of a message to an account with this language.
    pub(crate) fn language(&self, own: Option<Language>) -> Language {
        own.unwrap_or(self.policy.organisation.language)
    }
}
