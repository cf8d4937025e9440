//! Claiming the outbox row of a code, and charging its limits in the same write.

use crate::audit::Reason;
use crate::challenge::ChallengeId;
use crate::error::Problem;
use crate::flow::send_code::charge::{Charge, charge_code};
use crate::flow::send_code::judge::Address;
use crate::flow::send_code::row::Row;
use crate::flow::steps::attempts::Attempts;
use crate::outbox::{Handled, OutboxState};
use crate::port::{Change, Guard, KeyRing, Store};

/// How often the charges are decided again because another send to the same destination or on the
/// same day was charged first. After that the row must be handled again.
const CHARGES: usize = 8;

impl<S: Store, R: KeyRing> Row<'_, S, R> {
    /// Claims the row and charges its limits in one write. `None` if the code is to be sent now,
    /// else what handling the row came to.
    pub(crate) async fn claim_code(
        &self,
        name: &str,
        address: &Address,
        challenge: &ChallengeId,
    ) -> Result<Option<Handled>, Problem> {
        let live = Change::CheckChallenge {
            handle: self.row.handle.clone(),
            challenge: challenge.clone(),
            now: self.ctx.now,
        };
        let mut attempts = Attempts::at_most("claim", CHARGES);
        loop {
            attempts.begin()?;
            let mut charges = vec![live.clone()];
            if self.row.state == OutboxState::Queued {
                match charge_code(self, name, address, challenge.ledger).await? {
                    Charge::Due(due) => charges.extend(due),
                    Charge::Spent(reason) => {
                        return self.close(OutboxState::Dropped, reason).await.map(Some);
                    }
                }
            }
            let (claim, moved) = (self.claiming(charges), [Guard::Destination, Guard::Budget]);
            match attempts.commit(self.store, self.ctx, claim, &moved).await {
                Ok(true) => return Ok(None),
                Ok(false) => {}
                Err(error) if error.by(Guard::Ledger) => {
                    return self.close(OutboxState::Dropped, Reason::Superseded).await.map(Some);
                }
                // Another invocation claimed it. Handling the row again finds how it ended.
                Err(error) if error.by(Guard::Outbox) => return Ok(Some(self.left())),
                Err(error) => return Err(error.into()),
            }
        }
    }
}
