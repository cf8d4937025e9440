//! Limits that only the domain enforces, tested at both ends of their ranges.

use crate::{BEGIN, account, method};
use domain::account::Account;
use domain::kind::{Kind, MethodId};
use domain::policy::{Policy, Scope};
use domain::session::{Next, next_step, note_asked, postpone_until};
use domain::time::Span;

const MOMENT: Span = Span(1);

/// A policy for all users with these days for postponing and reconfirming.
fn policy(postpone_days: u32, reconfirm_days: u32) -> Policy {
    let mut policy = Policy { scope: Scope::All, ..Policy::default() };
    (policy.registration.postpone_days, policy.registration.reconfirm_days) =
        (postpone_days, reconfirm_days);
    assert_eq!(policy.violations(), vec![]);
    policy
}

fn registered() -> Account {
    Account {
        methods: [(MethodId::only(Kind::Email), method(Kind::Email, 1))].into_iter().collect(),
        registered_at: Some(BEGIN),
        ..account()
    }
}

#[test]
fn registration_is_postponed_for_at_most_zero_or_ninety_days() {
    for days in [1, 90] {
        let policy = policy(days, 0);
        let mut account = account();
        assert_eq!(next_step(&account, &policy, BEGIN), Some(Next::Register));
        assert_eq!(
            postpone_until(&account, &policy, Some(Next::Register), BEGIN),
            None,
            "registration has not been requested yet"
        );
        note_asked(&mut account, Some(Next::Register), BEGIN);
        let until = BEGIN + Span::days(days.into());
        let when = |now| postpone_until(&account, &policy, Some(Next::Register), now);
        assert_eq!((when(BEGIN), when(until - MOMENT)), (Some(until), Some(until)), "{days} days");
        assert_eq!((when(until), when(until + MOMENT)), (None, None), "{days} days");
        // A second request does not restart the period.
        note_asked(&mut account, Some(Next::Register), until);
        assert_eq!(postpone_until(&account, &policy, Some(Next::Register), until), None);
    }
    // Zero days: the step is required at once and cannot be postponed.
    let (none, mut account) = (policy(0, 0), account());
    note_asked(&mut account, Some(Next::Register), BEGIN);
    assert_eq!(postpone_until(&account, &none, Some(Next::Register), BEGIN), None);
}

#[test]
fn methods_are_reconfirmed_never_after_a_day_or_after_two_years() {
    for days in [1, 730] {
        let (policy, account) = (policy(90, days), registered());
        let due = BEGIN + Span::days(days.into());
        let next = |now| next_step(&account, &policy, now);
        assert_eq!(
            (next(due - MOMENT), next(due), next(due + MOMENT)),
            (None, Some(Next::Reconfirm), Some(Next::Reconfirm)),
            "{days}"
        );
        let again = Account { confirmed_at: Some(due), ..account.clone() };
        assert_eq!(
            next_step(&again, &policy, due + Span::days(days.into()) - MOMENT),
            None,
            "{days}: confirmed, counted from then on"
        );
        // The step can be postponed from the day it is due.
        let until = due + Span::days(90);
        let postponed = |now| postpone_until(&account, &policy, Some(Next::Reconfirm), now);
        assert_eq!(
            (postponed(due), postponed(until - MOMENT), postponed(until)),
            (Some(until), Some(until), None),
            "{days}"
        );
    }
    let never = policy(90, 0);
    assert_eq!(next_step(&registered(), &never, BEGIN + Span::days(100_000)), None);
}
