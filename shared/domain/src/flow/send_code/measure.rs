//! What waits in the outbox: how many messages, and since when the oldest.
//! What failed for good waits no more, and is not counted.

use crate::context::RequestContext;
use crate::error::Problem;
use crate::port::Store;
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
pub async fn unsent(store: &impl Store, ctx: &RequestContext) -> Result<Unsent, Problem> {
    let rows = store.list_waiting(MOST_ROWS, None).await?.items;
    let oldest = rows.iter().map(|(_, id)| ctx.now - id.at).max();
    Ok(Unsent { messages: rows.len() as u32, oldest: oldest.unwrap_or_default() })
}
