//! Hides how long the work of an answer took.

use crate::host::Host;
use std::time::{Duration, Instant};

/// Answers leave at the end of a step of this length. A start of a reset reads the account, and
/// to read one that exists takes about 0.05 ms longer (measured by `tests/bench/equal`). With
/// DynamoDB the work takes 15 to 30 ms, so most answers leave at the end of the first step. A
/// shorter step would end within that range, and which of the two steps it is would tell more; a
/// longer one would make users wait.
pub const STEP: Duration = Duration::from_millis(50);

/// Does the work of an answer, and returns its outcome at the end of a [`STEP`].
pub async fn in_steps<T>(host: &Host, work: impl Future<Output = T>) -> T {
    let begin = Instant::now();
    let outcome = work.await;
    host.clock.wait(rest_of_step(begin.elapsed())).await;
    outcome
}

/// Returns the time from `elapsed` to the end of its step.
fn rest_of_step(elapsed: Duration) -> Duration {
    let steps = elapsed.as_nanos() / STEP.as_nanos() + 1;
    (STEP * u32::try_from(steps).unwrap_or(u32::MAX)).saturating_sub(elapsed)
}
