//! Measuring the outbox: how many messages wait, and how long the oldest has waited. Failed
//! messages do not count.

use crate::context::RequestContext;
use crate::error::Problem;
use crate::port::Lists;
use crate::time::Span;

/// How many rows are counted at most. If more wait, there is an outage, and the exact number does
/// not matter.
pub const MOST_ROWS: u32 = 200;

/// The messages that wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsent {
    /// How many wait, at most [`MOST_ROWS`].
    pub messages: u32,
    /// How long the oldest has waited; 0 if none waits.
    pub oldest: Span,
}

/// Counts the messages that wait. It changes nothing.
pub async fn unsent(lists: &impl Lists, ctx: &RequestContext) -> Result<Unsent, Problem> {
    let rows = lists.list_waiting(MOST_ROWS, None).await?.items;
    let oldest = rows.iter().map(|(_, id)| ctx.now - id.at).max();
    Ok(Unsent { messages: rows.len() as u32, oldest: oldest.unwrap_or_default() })
}
