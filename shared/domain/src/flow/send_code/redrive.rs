//! The re-drive: handling again the outbox rows that were not sent, for example after an outage
//! that lasted longer than the tries of the stream.
//!
//! It may run several times, also at the same time. Each row is claimed, and a row that was
//! claimed a moment ago is left alone.

use crate::context::Clock;
use crate::error::Problem;
use crate::identity::Handle;
use crate::outbox::{Handled, OutboxId, OutboxState};
use crate::port::Lists;
use crate::time::Span;

/// How many rows one run handles. The next run continues where this one ended.
pub const MOST_ROWS: u32 = 200;
/// A run starts no row after this time. An invocation ends after 20 s; a channel that does not
/// answer takes 5 s of it, and so does the table.
const LONGEST: Span = Span::seconds(8);

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redriven {
    /// How many rows it looked at.
    pub looked: u32,
    /// How many of them it sent.
    pub sent: u32,
    /// How many of them it dropped.
    pub dropped: u32,
    /// How many of them it could not send. A later run looks at them again.
    pub failed: u32,
    /// How many of them it left alone, because they were claimed a moment ago.
    pub left: u32,
    /// The position where the next run continues; `None` at the end of the list.
    pub next: Option<String>,
}

/// Handles one row as a separate request with its own ID.
pub trait Redeliver: Sync {
    /// Handles the row.
    ///
    /// # Errors
    /// As for [`deliver`](crate::flow::send_code::deliver::deliver).
    fn redeliver(
        &self,
        handle: &Handle,
        id: &OutboxId,
    ) -> impl Future<Output = Result<Handled, Problem>> + Send;
}

/// Handles the rows that were not sent. `from` is the `next` of an earlier run.
///
/// # Errors
/// `unavailable` if the list cannot be read.
pub async fn redrive(
    lists: &impl Lists,
    clock: &dyn Clock,
    from: Option<String>,
    rows: &impl Redeliver,
) -> Result<Redriven, Problem> {
    let end = clock.now() + LONGEST;
    let (mut done, mut failed) = (Redriven { next: from, ..Redriven::default() }, Vec::new());
    loop {
        // Pages of one row, so that `next` is exactly the row after the last one handled.
        let page = lists.list_unsent(1, done.next.take()).await?;
        // A row that fails in this run appears again later in the list, among the failed ones.
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
                // A row that cannot be handled does not stop the others.
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
