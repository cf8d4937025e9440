//! The re-drive: rows of the outbox that were not sent, say through an outage
//! longer than the stream's tries, are handled once more. It is safe to run
//! twice, and beside another: each row is claimed, and what was claimed lately
//! is left alone.

use crate::context::Clock;
use crate::error::Problem;
use crate::identity::Handle;
use crate::outbox::{Handled, OutboxId, OutboxState};
use crate::port::Store;
use crate::time::Span;

/// Rows that one run looks at. The rest is for the next, which goes on where
/// this one ended.
pub const MOST_ROWS: u32 = 200;
/// No row is begun after this: an invocation ends after 20 s, and a channel
/// that does not answer takes 5 s of it, as does a table.
const LONGEST: Span = Span::seconds(8);

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redriven {
    pub looked: u32,
    pub sent: u32,
    pub dropped: u32,
    /// Of those looked at: not sent now, and to be tried again by a later run.
    pub failed: u32,
    /// Of those looked at: claimed lately, so left alone.
    pub left: u32,
    /// Where to go on; `None` where the list ended.
    pub next: Option<String>,
}

/// Delivers one row, as a request of its own, with an id of its own.
pub trait Redeliver: Sync {
    fn redeliver(
        &self,
        handle: &Handle,
        id: &OutboxId,
    ) -> impl Future<Output = Result<Handled, Problem>> + Send;
}

/// Handles what lies unsent, from a position that an earlier run gave.
pub async fn redrive(
    store: &impl Store,
    clock: &dyn Clock,
    from: Option<String>,
    rows: &impl Redeliver,
) -> Result<Redriven, Problem> {
    let end = clock.now() + LONGEST;
    let (mut done, mut failed) = (Redriven { next: from, ..Redriven::default() }, Vec::new());
    loop {
        // One by one, so that a run ends where it says it does.
        let page = store.list_unsent(1, done.next.take()).await?;
        // One that fails is in the second list from then on.
        for (account, id) in page.items {
            if failed.contains(&id) {
                continue;
            }
            done.looked += 1;
            match rows.redeliver(&account, &id).await {
                Ok(Handled::Ended(ended)) => match ended.state {
                    OutboxState::Sent => done.sent += 1,
                    OutboxState::Dropped => done.dropped += 1,
                    OutboxState::Failed => {
                        done.failed += 1;
                        failed.push(id);
                    }
                    OutboxState::Queued | OutboxState::Claimed => done.left += 1,
                },
                Ok(Handled::Left(_)) => done.left += 1,
                // One that cannot be handled holds up no other.
                Err(_) => done.failed += 1,
                Ok(Handled::Nothing) => {}
            }
        }
        done.next = page.next;
        if done.next.is_none() || done.looked >= MOST_ROWS || clock.now() >= end {
            return Ok(done);
        }
    }
}
