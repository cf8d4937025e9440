//! What lies in the outbox and was not sent: how many messages, and since when
//! the oldest waits. What failed for good waits no more, and is not counted.

use crate::error::Problem;
use crate::outbox::OutboxState;
use crate::port::{Call, Store, Want};
use crate::time::Span;

/// Rows that are looked at; with more there is an outage anyway.
pub const MOST_ROWS: u32 = 200;

/// How much waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsent {
    /// At most [`MOST_ROWS`].
    pub messages: u32,
    /// Age of the oldest; nothing where none waits.
    pub oldest: Span,
}

/// Looks, and changes nothing.
pub async fn unsent(store: &impl Store, call: &Call) -> Result<Unsent, Problem> {
    let mut waiting = Unsent::default();
    let (mut from, mut looked) = (None, 0);
    loop {
        let page = store.list_unsent(MOST_ROWS - looked, from).await?;
        for (handle, id) in &page.items {
            looked += 1;
            let row = store.read(&[Want::Outbox(handle, id)]).await?.outbox;
            let waits = row.is_some_and(|row| matches!(row.state, OutboxState::Queued | OutboxState::Claimed));
            if waits {
                waiting.messages += 1;
                waiting.oldest = waiting.oldest.max(call.now - id.at);
            }
        }
        from = page.next;
        if from.is_none() || looked >= MOST_ROWS {
            return Ok(waiting);
        }
    }
}
