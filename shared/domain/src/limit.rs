//! Limits of messages: the waits between codes, and the day's counters, which limit the
//! messages of the whole organisation.
//!
//! One item for each day holds its counters, so that one write both checks a limit and counts
//! against it.

use crate::audit::Reason;
use crate::kind::Channel;
use crate::policy::Policy;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// The longest wait before another code of the same kind.
pub const LONGEST_RESEND_WAIT: Span = Span::minutes(8);
/// How old an outbox row must be before `send-code` trusts that the other items
/// of its transaction are visible too. They become visible one by one.
pub const SETTLING: Span = Span::seconds(3);
/// `send-code` drops a code that is valid for less than this: the user would not
/// have the time to type it.
pub const LEAST_LIFE_LEFT: Span = Span::seconds(30);

/// A count of messages of the whole organisation in one UTC day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayCounter {
    /// SMS to all countries.
    Sms,
    /// SMS to the country of this ISO 3166 code.
    SmsTo(String),
}

impl DayCounter {
    /// The counters that a message by this channel is charged to. A phone number
    /// may have no country.
    pub fn of(channel: Channel, country: Option<&str>) -> Vec<DayCounter> {
        match channel {
            Channel::Mail => Vec::new(),
            Channel::Sms => {
                let country = country.unwrap_or(NO_COUNTRY).to_owned();
                vec![DayCounter::Sms, DayCounter::SmsTo(country)]
            }
        }
    }

    /// The name under which the count is stored.
    pub fn name(&self) -> &str {
        match self {
            DayCounter::Sms => "total",
            DayCounter::SmsTo(country) => country,
        }
    }

    /// How many messages the policy allows in a day.
    pub fn limit(&self, policy: &Policy) -> u32 {
        match self {
            DayCounter::Sms => policy.limits.sms_per_day,
            DayCounter::SmsTo(_) => policy.limits.sms_per_country_and_day,
        }
    }

    /// Why a code is not sent once the count has reached its limit.
    pub fn reason(&self) -> Reason {
        match self {
            DayCounter::Sms => Reason::SmsBudget,
            DayCounter::SmsTo(_) => Reason::CountryBudget,
        }
    }
}

/// A code that ISO 3166 leaves free, for a phone number without a country.
const NO_COUNTRY: &str = "ZZ";

/// Whether SMS is unavailable. `send-code` writes it, and every request that
/// offers SMS reads it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Flags {
    /// Set when the SMS of a day are spent: the end of that day.
    sms_closed_until: Option<Time>,
    /// The total budget of a day at that moment.
    sms_budget: u32,
}

impl Flags {
    /// Until when SMS is unavailable to all accounts; `None` while it is
    /// available. A policy with a larger budget makes it available again at once.
    /// With a budget of 0 it is never available.
    pub fn sms_closed_until(&self, policy: &Policy, now: Time) -> Option<Time> {
        let budget = policy.limits.sms_per_day;
        if budget == 0 {
            return Some(now.next_day());
        }
        self.sms_closed_until.filter(|until| *until > now && budget <= self.sms_budget)
    }
}

/// How long to wait for another code of a kind after `sends` codes. The wait
/// begins as the policy says and doubles with each code, up to eight minutes.
pub fn resend_wait(policy: &Policy, sends: u32) -> Span {
    let first = Span::seconds(policy.limits.resend_wait_seconds.into());
    let doubled = first.0.saturating_mul(1 << sends.saturating_sub(1).min(16));
    Span(doubled.min(LONGEST_RESEND_WAIT.0.max(first.0)))
}
