//! The limits that a message is charged to: the sends to its destination and the budgets of the
//! day.
//!
//! They are charged here and not in the request. There, a refusal would reveal which account has
//! a destination.

use crate::audit::Reason;
use crate::challenge::LedgerId;
use crate::context::RequestContext;
use crate::destination::Destination;
use crate::error::Problem;
use crate::flow::send_code::judge::Address;
use crate::flow::send_code::row::Row;
use crate::ledger::next_send;
use crate::limit::DayCounter;
use crate::port::{Change, KeyRing, Store, Want};

/// Whether the limits let a code be sent.
pub(super) enum Charge {
    /// The charges to write, each under its own guard.
    Due(Vec<Change>),
    /// A limit is reached.
    Spent(Reason),
}

/// The charges of a code in this ledger: one send to its destination, and one message to each
/// counter of the day. Codes to known devices are counted separately for the destination.
/// The write that spends the last SMS of the day also makes SMS unavailable to all accounts.
pub(super) async fn charge_code<S: Store, R: KeyRing>(
    row: &Row<'_, S, R>,
    name: &str,
    address: &Address,
    ledger: LedgerId,
) -> Result<Charge, Problem> {
    let (ctx, policy) = (row.ctx, row.policy);
    let channel = address.to.channel();
    let counters = DayCounter::of(channel, address.country.as_deref());
    let mut wants = vec![Want::Destination(name, ledger)];
    if !counters.is_empty() {
        wants.push(Want::Budget(ctx.now));
    }
    let read = row.store.read(&wants).await?;
    let mut due = Vec::new();
    let mut counts = Vec::new();
    for counter in counters {
        let limit = counter.limit(policy);
        let spent = read.spent.get(counter.name()).copied().unwrap_or_default();
        let close = (counter == DayCounter::Sms)
            .then(|| Change::CloseSms { until: ctx.now.next_day(), budget: limit });
        if spent >= limit {
            if let Some(close) = close {
                row.store.commit(ctx, "close-sms", vec![close]).await?;
            }
            return Ok(Charge::Spent(counter.reason()));
        }
        due.extend(close.filter(|_| spent + 1 == limit));
        counts.push((counter, Some(limit)));
    }
    if !counts.is_empty() {
        due.push(Change::ChargeBudget { counts, now: ctx.now });
    }
    // One destination may serve many accounts, so only its shortest window is limited.
    let windows = ledger.send_windows(policy, channel);
    let (most, window) = windows[0];
    let mut sent: Vec<_> =
        read.destination.iter().flatten().copied().filter(|at| *at + window > ctx.now).collect();
    if next_send(&sent, &[(most, window)]).is_some() {
        return Ok(Charge::Spent(Reason::DestinationLimit));
    }
    sent.push(ctx.now);
    due.push(Change::ChargeDestination {
        name: name.to_owned(),
        ledger,
        seen: read.destination,
        sent,
        until: ctx.now + window,
    });
    Ok(Charge::Due(due))
}

/// The charge of a notice. No limit refuses a notice, but it is counted in the budgets of the day,
/// even beyond them.
pub(super) fn charge_notice(to: &Destination, ctx: &RequestContext) -> Option<Change> {
    let counters = DayCounter::of(to.channel(), to.country().as_deref());
    let counts: Vec<_> = counters.into_iter().map(|counter| (counter, None)).collect();
    (!counts.is_empty()).then_some(Change::ChargeBudget { counts, now: ctx.now })
}
