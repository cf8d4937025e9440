//! The re-drive: rows of the outbox that were not sent, say through an outage
//! longer than the stream's tries, are handled once more. It is safe to run
//! twice, and beside another: each row is claimed, and what was claimed lately
//! is left alone.

use super::deliver::{Round, deliver};
use crate::error::Problem;
use crate::outbox::Handled;
use crate::port::{Call, KeyRing, Sender, Store};
use crate::time::Span;

/// Rows that one run looks at. The rest is for the next, which goes on where
/// this one ended.
pub const MOST_ROWS: u32 = 200;
/// Rows between two looks at the clock.
const AT_ONCE: u32 = 10;
/// No row is begun after this: an invocation ends after 20 s, and a channel
/// that does not answer takes 5 s of it.
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

/// Handles what lies unsent, from a position that an earlier run gave. Every
/// row is a request of its own, with an id of its own.
pub async fn redrive(
    store: &impl Store,
    ring: &impl KeyRing,
    sender: &impl Sender,
    call: impl Fn() -> Call,
    from: Option<String>,
) -> Result<Redriven, Problem> {
    let end = call().now + LONGEST;
    let mut done = Redriven { next: from, ..Redriven::default() };
    loop {
        let page = store.list_unsent(AT_ONCE, done.next.take()).await?;
        for (handle, id) in &page.items {
            done.looked += 1;
            match deliver(store, ring, sender, &call(), handle, id, Round::Again).await {
                Ok(Handled::Sent) => done.sent += 1,
                Ok(Handled::Dropped) => done.dropped += 1,
                Ok(Handled::Left) => done.left += 1,
                // One that cannot be handled holds up no other.
                Ok(Handled::Failed) | Err(_) => done.failed += 1,
                Ok(Handled::Nothing) => {}
            }
        }
        done.next = page.next;
        if done.next.is_none() || done.looked >= MOST_ROWS || call().now >= end {
            return Ok(done);
        }
    }
}
