//! The limits of a source address, over a sliding hour.
//!
//! Requests are counted in intervals of ten minutes. A request counts until six full
//! intervals have passed since its own: for 60 to 70 minutes, so never for less than
//! the hour. The time of a request is when it began. Only the newest count changes. So one
//! conditional write can check the limit and count the request exactly: its guard is that
//! the newest interval is still the one that was read, and that its count leaves room
//! beside the older counts.

use crate::time::{Span, Time};
use std::collections::BTreeMap;

/// The length of an interval.
pub const INTERVAL: Span = Span::minutes(10);
/// How many intervals count: the newest, and the six full ones before it, which make
/// an hour.
pub const COUNTED_INTERVALS: i64 = 7;
/// How long the counts of a source are kept after the last request. It is longer than
/// any of them counts.
pub const SOURCE_KEPT: Span = Span::hours(2);

/// What is counted for a source. Each has counts of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "camelCase")]
pub enum SourceCounter {
    /// Resets that were started.
    Starts,
    /// Codes that were asked for.
    Sends,
    /// Sign-ins that failed.
    FailedSignIns,
}

impl SourceCounter {
    /// The name of the counter in the table: the variant's name in camelCase.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The most requests that one source may make in an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceLimits {
    /// Resets started and, counted separately, codes asked for.
    pub requests: u32,
    /// Sign-ins that failed.
    pub failed_sign_ins: u32,
}

/// The number of the interval that contains an instant, counted from the Unix epoch.
pub const fn interval(at: Time) -> i64 {
    at.0.div_euclid(INTERVAL.0)
}

/// The counts of a source: requests by the number of their interval.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceCounts(pub BTreeMap<i64, u32>);

/// One request to count, and the guard of the write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCharge {
    /// The interval that it is counted in.
    pub interval: i64,
    /// The intervals to remove, because they no longer count.
    pub stale: Vec<i64>,
    /// The newest interval, as it was read: the guard of the write. `None` if nothing was
    /// counted.
    pub newest: Option<i64>,
    /// What the count of the newest interval must be below: the guard of the write. `None` if
    /// that interval no longer counts.
    pub room: Option<u32>,
}

impl SourceCounts {
    /// Until when the source is refused; `None` while it is below the limit. It is refused
    /// until so many of the oldest counts no longer count that there is room.
    pub fn full_until(&self, limit: u32, now: Time) -> Option<Time> {
        let counted = || self.0.iter().filter(|(at, _)| **at > interval(now) - COUNTED_INTERVALS);
        let mut left: u32 = counted().map(|(_, count)| count).sum();
        let mut until = None;
        for (at, count) in counted() {
            if left < limit {
                break;
            }
            left -= count;
            until = Some(Time((at + COUNTED_INTERVALS) * INTERVAL.0));
        }
        until
    }

    /// Counts one more request, unless the source is full.
    ///
    /// # Errors
    /// The time when there is room again.
    pub fn charge(&self, limit: u32, now: Time) -> Result<SourceCharge, Time> {
        if let Some(until) = self.full_until(limit, now) {
            return Err(until);
        }
        let newest = self.0.keys().next_back().copied();
        // The clock of another process may be ahead. Only the newest interval is added to, so
        // that the older counts stay as they were read.
        let interval = newest.map_or(interval(now), |newest| newest.max(interval(now)));
        let counts = |at: &i64| *at > interval - COUNTED_INTERVALS;
        let older = self.0.iter().filter(|(at, _)| counts(at) && Some(**at) != newest);
        let older: u32 = older.map(|(_, count)| count).sum();
        let room = newest.filter(counts).map(|_| limit - older);
        Ok(SourceCharge { interval, stale: self.stale_in(interval), newest, room })
    }

    /// The intervals that no longer count.
    pub fn stale(&self, now: Time) -> Vec<i64> {
        self.stale_in(interval(now))
    }

    /// The intervals that no longer count once this one is the newest.
    fn stale_in(&self, interval: i64) -> Vec<i64> {
        self.0.keys().copied().filter(|at| *at <= interval - COUNTED_INTERVALS).collect()
    }
}
