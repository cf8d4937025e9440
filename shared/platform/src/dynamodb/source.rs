//! The counts of a source: one attribute for each interval of ten minutes, named after
//! the number of the interval.

use super::Table;
use super::table::{Item, Key, TTL};
use super::values::{n, ttl};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::source::{SOURCE_KEPT, SourceCharge, SourceCounter, SourceCounts, interval};
use domain::time::Time;

/// How the name of a count begins, before the number of its interval.
const INTERVAL: &str = "in";

fn attribute(interval: i64) -> String {
    format!("{INTERVAL}{interval}")
}

/// Reads the counts from the attributes that are named after intervals; `None` if one is no
/// count.
pub(super) fn counts(item: &Item) -> Option<SourceCounts> {
    let interval = |name: &str| name.strip_prefix(INTERVAL)?.parse().ok();
    let counts = item.iter().filter_map(|(name, value)| Some((interval(name)?, value)));
    let count = |(at, value): (i64, &AttributeValue)| Some((at, value.as_n().ok()?.parse().ok()?));
    Some(SourceCounts(counts.map(count).collect::<Option<_>>()?))
}

/// The update that counts one request in an interval.
fn update(set: &str, interval: i64, stale: &[i64]) -> String {
    let add = format!("SET {set}#ttl = :ttl ADD #{} :one", attribute(interval));
    let gone: Vec<String> = stale.iter().map(|at| format!("#{}", attribute(*at))).collect();
    match gone.is_empty() {
        true => add,
        false => format!("{add} REMOVE {}", gone.join(", ")),
    }
}

fn values(now: Time) -> Vec<(&'static str, AttributeValue)> {
    vec![("one", n(1)), ("ttl", ttl(now + SOURCE_KEPT))]
}

/// The conditional write that counts a request.
pub(super) struct ConditionalCount {
    pub update: String,
    pub condition: String,
    pub values: Vec<(&'static str, AttributeValue)>,
}

/// Writes a charge under its guard. The attribute `newest` holds the newest interval, so that
/// the guard can compare it.
pub(super) fn conditional_count(charge: &SourceCharge, now: Time) -> ConditionalCount {
    let SourceCharge { interval, stale, newest, room } = charge;
    let mut values = values(now);
    values.push(("newest", n(interval)));
    let condition = match newest {
        None => "attribute_not_exists(#newest)".to_owned(),
        Some(newest) => {
            values.push(("seen", n(newest)));
            match room {
                None => "#newest = :seen".to_owned(),
                Some(room) => {
                    values.push(("room", n(room)));
                    format!("#newest = :seen AND #{} < :room", attribute(*newest))
                }
            }
        }
    };
    ConditionalCount { update: update("#newest = :newest, ", *interval, stale), condition, values }
}

/// The write that counts a failed sign-in of a source, without a condition.
pub(super) fn failed_sign_in_count(
    table: &Table,
    name: &str,
    stale: &[i64],
    now: Time,
) -> UpdateItemFluentBuilder {
    let mut write = table
        .client
        .update_item()
        .table_name(&table.name)
        .set_key(Some(Key::source(name, SourceCounter::FailedSignIns).item()))
        .update_expression(update("", interval(now), stale))
        .expression_attribute_names("#ttl", TTL);
    for at in stale.iter().copied().chain([interval(now)]) {
        write = write.expression_attribute_names(format!("#{}", attribute(at)), attribute(at));
    }
    for (name, value) in values(now) {
        write = write.expression_attribute_values(format!(":{name}"), value);
    }
    write
}
