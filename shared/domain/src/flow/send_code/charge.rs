//! The limits that a message is charged to: the sends to its destination and, for an SMS, the
//! budgets of the day.
//!
//! They are charged here and not in the request. There, a refusal would reveal which account has
//! a destination.

use crate::audit::Reason;
use crate::context::RequestContext;
use crate::destination::Destination;
use crate::error::Problem;
use crate::flow::send_code::judge::Address;
use crate::flow::send_code::row::Row;
use crate::kind::Channel;
use crate::limit::Budget;
use crate::port::{Change, KeyRing, Store, Want};

/// Whether the limits let a code be sent.
pub(super) enum Charge {
    /// The charges to write, each under its own guard.
    Due(Vec<Change>),
    /// A limit is reached.
    Spent(Reason),
}

/// The charges of a code: one send to its destination and, for an SMS, one SMS of the day in total
/// and to the country. The write that spends the last SMS of the day also makes SMS unavailable to
/// all accounts.
pub(super) async fn charge_code<S: Store, R: KeyRing>(
    row: &Row<'_, S, R>,
    name: &str,
    address: &Address,
) -> Result<Charge, Problem> {
    let (ctx, policy) = (row.ctx, row.policy);
    let channel = address.to.channel();
    let country = address.country.as_deref().unwrap_or_default();
    let mut wants = vec![Want::Destination(name)];
    if channel == Channel::Sms {
        wants.push(Want::Budget(ctx.now, country));
    }
    let read = row.store.read(&wants).await?;
    let mut due = Vec::new();
    if channel == Channel::Sms {
        let (most, spent) = (Budget::of(policy), read.budget);
        let close = Change::CloseSms { until: ctx.now.next_day(), budget: most.total };
        if spent.total >= most.total {
            row.store.commit(ctx, "close-sms", vec![close]).await?;
            return Ok(Charge::Spent(Reason::SmsBudget));
        }
        if spent.country >= most.country {
            return Ok(Charge::Spent(Reason::CountryBudget));
        }
        due.push(Change::ChargeBudget {
            country: country.to_owned(),
            most: Some(most),
            now: ctx.now,
        });
        due.extend((spent.total + 1 == most.total).then_some(close));
    }
    let (most, window) = policy.send_window(channel);
    let mut sent: Vec<_> =
        read.destination.iter().flatten().copied().filter(|at| *at + window > ctx.now).collect();
    if sent.len() >= most as usize {
        return Ok(Charge::Spent(Reason::DestinationLimit));
    }
    sent.push(ctx.now);
    due.push(Change::ChargeDestination {
        name: name.to_owned(),
        seen: read.destination,
        sent,
        until: ctx.now + window,
    });
    Ok(Charge::Due(due))
}

/// The charge of a notice. No limit refuses a notice, but an SMS is counted in the budget of the
/// day, even beyond it.
pub(super) fn charge_notice(to: &Destination, ctx: &RequestContext) -> Option<Change> {
    match to {
        Destination::Email(_) => None,
        Destination::MobilePhone(_) => Some(Change::ChargeBudget {
            country: to.country().unwrap_or_else(|| UNKNOWN.to_owned()),
            most: None,
            now: ctx.now,
        }),
    }
}

/// A code that ISO 3166 leaves free, for a number without a country.
const UNKNOWN: &str = "ZZ";
