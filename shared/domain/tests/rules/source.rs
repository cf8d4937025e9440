//! The limits of a source: tested by examples, and against a model that keeps every request.

use crate::BEGIN;
use domain::source::{
    COUNTED_INTERVALS, INTERVAL, SOURCE_KEPT, SourceCharge, SourceCounts, interval,
};
use domain::time::{Span, Time};
use proptest::prelude::*;
use proptest::test_runner::Config;

const MOMENT: Span = Span(1);
const HOUR: Span = Span::hours(1);

/// Writes a charge as the table does, under the guard of `Change::CountSource`. Returns whether
/// the guard held.
fn write(table: &mut SourceCounts, charge: &SourceCharge) -> bool {
    let newest = table.0.keys().next_back().copied();
    let room = charge.newest.zip(charge.room);
    let holds = newest == charge.newest && room.is_none_or(|(at, room)| table.0[&at] < room);
    if holds {
        table.0.retain(|at, _| !charge.stale.contains(at));
        *table.0.entry(charge.interval).or_default() += 1;
    }
    holds
}

/// Reads, decides and writes until the request is counted or refused, as flows do.
fn count(table: &mut SourceCounts, limit: u32, now: Time) -> Result<(), Time> {
    let charge = table.charge(limit, now)?;
    assert!(write(table, &charge), "no other request came between");
    Ok(())
}

#[test]
fn a_request_counts_for_an_hour_and_at_most_ten_minutes_more() {
    for (after, left) in [(Span(0), Span::minutes(70)), (Span(INTERVAL.0 - 1), Span(HOUR.0 + 1))] {
        let now = BEGIN + after;
        let mut table = SourceCounts::default();
        count(&mut table, 1, now).expect("the first");
        let until = now + left;
        assert_eq!(table.charge(1, until - MOMENT), Err(until));
        count(&mut table, 1, until).expect("it no longer counts");
        assert!(table.0.values().eq([&1]), "it is removed: {table:?}");
        assert!(left < SOURCE_KEPT);
    }
}

#[test]
fn a_full_source_waits_until_enough_of_the_oldest_counts_no_longer_count() {
    let first = interval(BEGIN);
    let table = SourceCounts([(first, 2), (first + 1, 1), (first + 4, 3)].into());
    let now = BEGIN + Span::minutes(45);
    let leaves = |n: i64| Some(BEGIN + Span::minutes(10 * (n + COUNTED_INTERVALS)));
    for (limit, until) in
        [(7, None), (6, leaves(0)), (5, leaves(0)), (4, leaves(1)), (3, leaves(4)), (1, leaves(4))]
    {
        assert_eq!(table.full_until(limit, now), until, "limit {limit}");
        assert_eq!(table.charge(limit, now).err(), until, "limit {limit}");
    }
    assert_eq!(table.full_until(6, BEGIN + Span::minutes(70)), None);
}

#[test]
fn a_clock_that_is_behind_adds_to_the_newest_interval() {
    let mut table = SourceCounts::default();
    count(&mut table, 3, BEGIN + INTERVAL).expect("by a clock that is ahead");
    count(&mut table, 3, BEGIN + INTERVAL - MOMENT).expect("by one that is behind");
    assert_eq!(table, SourceCounts([(interval(BEGIN) + 1, 2)].into()));
}

#[test]
fn intervals_that_no_longer_count_are_named() {
    let first = interval(BEGIN);
    let table = SourceCounts([(first, 2), (first + 1, 1)].into());
    assert_eq!(table.stale(BEGIN + Span::minutes(70) - MOMENT), Vec::<i64>::new());
    assert_eq!(table.stale(BEGIN + Span::minutes(70)), [first]);
    assert_eq!(table.stale(BEGIN + Span::hours(9)), [first, first + 1]);
}

/// Requests that read at the same time, and at once again after a while (across the end of an
/// interval, perhaps); and the order in which they write.
#[derive(Clone, Debug)]
struct Together {
    after: Span,
    early: usize,
    between: Span,
    late: usize,
    order: Vec<prop::sample::Index>,
}

fn together() -> impl Strategy<Value = Together> {
    let after = prop_oneof![
        3 => (0..600_000i64).prop_map(Span),
        2 => (1..80i64).prop_map(Span::minutes),
        1 => (1..5i64).prop_map(Span::hours),
    ];
    // A function answers within half a minute.
    let between = (0..30_000i64).prop_map(Span);
    let order = prop::collection::vec(any::<prop::sample::Index>(), 12);
    (after, 0..6usize, between, 0..6usize, order).prop_map(
        |(after, early, between, late, order)| Together { after, early, between, late, order },
    )
}

proptest! {
    #![proptest_config(Config { cases: 400, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_source_never_passes_its_limit_and_is_refused_only_when_it_is_full(
        limit in 1..8u32,
        steps in prop::collection::vec(together(), 1..40),
    ) {
        let (mut now, mut table) = (BEGIN, SourceCounts::default());
        // Every request that was counted: when it began, and in which interval it counts.
        let mut counted: Vec<(Time, i64)> = Vec::new();
        // Reads the counts. A refusal is right if the source is full until just before its end.
        let read = |table: &SourceCounts, counted: &[(Time, i64)], begun: Time| {
            let charge = table.charge(limit, begun);
            if let Err(until) = charge {
                let full = |at| {
                    let counts = |(_, of): &&(Time, i64)| *of > interval(at) - COUNTED_INTERVALS;
                    counted.iter().filter(counts).count() >= limit as usize
                };
                assert!(full(begun) && full(until - MOMENT) && !full(until), "until {until}");
            }
            charge
        };
        for Together { after, early, between, late, order } in steps {
            now = now + after;
            let mut under_way: Vec<_> =
                (0..early).map(|_| (now, read(&table, &counted, now))).collect();
            now = now + between;
            under_way.extend((0..late).map(|_| (now, read(&table, &counted, now))));
            for place in order {
                if under_way.is_empty() {
                    break;
                }
                let (begun, mut charge) = under_way.remove(place.index(under_way.len()));
                let mut tries = 1;
                while charge.as_ref().is_ok_and(|charge| !write(&mut table, charge)) {
                    charge = read(&table, &counted, begun);
                    tries += 1;
                }
                prop_assert!(tries <= 2, "a request that reads again is counted or refused");
                if let Ok(charge) = charge {
                    counted.push((begun, charge.interval));
                    for (end, _) in &counted {
                        let hour = *end - HOUR;
                        let within = counted.iter().filter(|(at, _)| *at > hour && at <= end);
                        prop_assert!(within.count() <= limit as usize, "too many in an hour");
                    }
                }
            }
            prop_assert!(table.0.len() <= COUNTED_INTERVALS as usize, "{table:?}");
            prop_assert_eq!(table.0.values().sum::<u32>() as usize,
                counted.iter().filter(|(_, of)| table.0.contains_key(of)).count());
        }
    }
}
