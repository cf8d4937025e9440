//! Instants and lengths of time, in milliseconds. This crate never reads a clock.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};

/// Milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Time(pub i64);

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(pub i64);

impl Span {
    /// `n` seconds.
    pub const fn seconds(n: i64) -> Span {
        Span(n * 1000)
    }
    /// `n` minutes.
    pub const fn minutes(n: i64) -> Span {
        Span::seconds(n * 60)
    }
    /// `n` hours.
    pub const fn hours(n: i64) -> Span {
        Span::minutes(n * 60)
    }
    /// `n` days of 24 hours.
    pub const fn days(n: i64) -> Span {
        Span::hours(n * 24)
    }
    /// Whole seconds, rounded up, for `Retry-After`: a caller who waits that long is not too
    /// early. A negative length gives 0.
    pub const fn whole_seconds(self) -> u32 {
        let ms = if self.0 < 0 { 0 } else { self.0 };
        let seconds = ms.saturating_add(999) / 1000;
        if seconds > u32::MAX as i64 { u32::MAX } else { seconds as u32 }
    }
}

impl Time {
    /// Seconds since the Unix epoch, rounded up, for DynamoDB's time to live.
    pub const fn epoch_seconds(self) -> i64 {
        (self.0 + 999).div_euclid(1000)
    }
    /// The UTC day that contains this instant, such as `2026-11-23`.
    pub fn day(self) -> String {
        self.timestamp().strftime("%Y-%m-%d").to_string()
    }
    /// The first instant of the next UTC day.
    pub const fn next_day(self) -> Time {
        Time((self.0.div_euclid(Span::days(1).0) + 1) * Span::days(1).0)
    }
    fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl Add<Span> for Time {
    type Output = Time;
    fn add(self, span: Span) -> Time {
        Time(self.0 + span.0)
    }
}
impl Sub<Span> for Time {
    type Output = Time;
    fn sub(self, span: Span) -> Time {
        Time(self.0 - span.0)
    }
}
impl Sub for Time {
    type Output = Span;
    fn sub(self, earlier: Time) -> Span {
        Span(self.0 - earlier.0)
    }
}

/// Writes RFC 3339 with milliseconds, the format of the API.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timestamp().strftime("%Y-%m-%dT%H:%M:%S.%3fZ"))
    }
}
impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
