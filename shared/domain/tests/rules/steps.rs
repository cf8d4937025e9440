//! How long a sign-in step may be postponed, and which step a session still requires.

use crate::{BEGIN, account, bearer, method};
use domain::account::Account;
use domain::delivery::{Returned, Undeliverable};
use domain::kind::{Kind, MethodId};
use domain::method::{Binding, Method};
use domain::policy::{Policy, Scope};
use domain::secret::BearerKind;
use domain::session::{FULL, LIMITED, Next, Reach, Session, next_step, note_asked, postpone_until};
use domain::time::Span;

fn policy(postpone_days: u32, reconfirm_days: u32) -> Policy {
    let mut policy = Policy { scope: Scope::All, ..Policy::default() };
    policy.registration.postpone_days = postpone_days;
    policy.registration.reconfirm_days = reconfirm_days;
    policy
}

/// An account that was asked to register this many days ago.
fn asked(days: i64) -> Account {
    Account { asked_at: Some(BEGIN - Span::days(days)), ..account() }
}

/// An account confirmed this many days ago.
fn confirmed(days: i64) -> Account {
    let methods = [(MethodId::only(Kind::Email), method(Kind::Email, 1))].into_iter().collect();
    Account {
        methods,
        registered_at: Some(BEGIN - Span::days(5_000)),
        confirmed_at: Some(BEGIN - Span::days(days)),
        ..account()
    }
}

#[test]
fn a_step_is_postponed_by_the_policys_days_from_its_request_or_due_date() {
    let (register, reconfirm) = (Some(Next::Register), Some(Next::Reconfirm));
    #[rustfmt::skip]
    let table = [
        // case, account, step, days to postpone, days to reconfirm, days left
        ("asked now", asked(0), register, 7, 180, Some(7)),
        ("on the last day", asked(6), register, 7, 180, Some(1)),
        ("over", asked(7), register, 7, 180, None),
        ("long over", asked(400), register, 7, 180, None),
        ("not at all", asked(0), register, 0, 180, None),
        ("as long as may be", asked(89), register, 90, 180, Some(1)),
        ("and not longer", asked(90), register, 90, 180, None),
        ("never asked", account(), register, 90, 180, None),
        ("a reconfirmation due today", confirmed(180), reconfirm, 7, 180, Some(7)),
        ("due six days ago", confirmed(186), reconfirm, 7, 180, Some(1)),
        ("due a week ago", confirmed(187), reconfirm, 7, 180, None),
        ("due today, not to be put off", confirmed(180), reconfirm, 0, 180, None),
        ("after two years", confirmed(730 + 89), reconfirm, 90, 730, Some(1)),
        ("never asked again", confirmed(180), reconfirm, 7, 0, None),
        ("a temporary password", asked(0), Some(Next::ChangePassword), 90, 180, None),
        ("a review", asked(0), Some(Next::Review), 90, 180, None),
        ("nothing", asked(0), None, 90, 180, None),
    ];
    for (what, account, step, postpone, reconfirm, left) in table {
        let policy = policy(postpone, reconfirm);
        let until = left.map(|days| BEGIN + Span::days(days));
        assert_eq!(postpone_until(&account, &policy, step, BEGIN), until, "{what}");
        if let Some(until) = until {
            assert_eq!(
                postpone_until(&account, &policy, step, until - Span(1)),
                Some(until),
                "{what}: a moment before"
            );
            assert_eq!(postpone_until(&account, &policy, step, until), None, "{what}: at its end");
        }
    }
}

#[test]
fn an_undeliverable_address_requires_one_reconfirmation() {
    /// An account that confirmed its methods `confirmed_ago` days ago and whose messages have
    /// been undeliverable for `since` days.
    fn back(confirmed_ago: i64, since: i64) -> Account {
        let mut account = confirmed(confirmed_ago);
        let id = MethodId::only(Kind::Email);
        let mail = account.methods.remove(id).expect("a mail address");
        let mut delivered = mail.binding.delivered().expect("a destination").clone();
        delivered.undeliverable =
            Some(Undeliverable { since: BEGIN - Span::days(since), reason: Returned::Bounced });
        account.methods.insert(id, Method { binding: Binding::Delivered(delivered), ..mail });
        account
    }
    let regular = policy(7, 180);
    let never = policy(7, 0);
    let free = {
        let mut free = policy(7, 180);
        free.registration.required = false;
        free
    };
    let off = Policy { scope: Scope::None, ..policy(7, 180) };
    let changing =
        |account: Account| Account { temporary_until: Some(BEGIN + Span::days(1)), ..account };
    let unregistered = |account: Account| Account { registered_at: None, ..account };
    #[rustfmt::skip]
    let table = [
        // case, account, policy, step, days left to postpone it
        ("came back since", back(10, 3), &regular, Some(Next::Reconfirm), Some(4)),
        ("just now", back(10, 0), &regular, Some(Next::Reconfirm), Some(7)),
        ("a week ago", back(10, 7), &regular, Some(Next::Reconfirm), None),
        ("confirmed since", back(3, 10), &regular, None, None),
        ("confirmed in that moment", back(3, 3), &regular, None, None),
        ("and due anyway", back(182, 1), &regular, Some(Next::Reconfirm), Some(5)),
        ("due long ago, came back now", back(200, 0), &regular, Some(Next::Reconfirm), None),
        ("never asked regularly", back(300, 3), &never, Some(Next::Reconfirm), Some(4)),
        ("registration is free, and was long ago", back(300, 3), &free, Some(Next::Reconfirm), Some(4)),
        ("out of scope", back(10, 3), &off, None, None),
        ("a temporary password first", changing(back(10, 3)), &regular, Some(Next::ChangePassword), None),
        ("registration first", unregistered(back(10, 3)), &regular, Some(Next::Register), None),
    ];
    for (what, account, policy, step, left) in table {
        assert_eq!(next_step(&account, policy, BEGIN), step, "{what}");
        let until = left.map(|days| BEGIN + Span::days(days));
        assert_eq!(postpone_until(&account, policy, step, BEGIN), until, "{what}");
    }
    assert_eq!(back(3, 10).undeliverable_kinds(), [Kind::Email].into(), "the confirmation is kept");
}

#[test]
fn the_first_request_counts() {
    let mut account = account();
    for step in [None, Some(Next::Review), Some(Next::Reconfirm), Some(Next::ChangePassword)] {
        note_asked(&mut account, step, BEGIN);
        assert_eq!(account.asked_at, None, "{step:?}");
    }
    for later in [0, 1, 30] {
        note_asked(&mut account, Some(Next::Register), BEGIN + Span::days(later));
        assert_eq!(account.asked_at, Some(BEGIN), "{later} days later");
    }
}

#[test]
fn a_session_that_postponed_a_step_is_not_asked_again_unless_it_is_due() {
    let (policy, account) = (policy(7, 180), asked(0));
    let session =
        |next| Session::begin(&account, &bearer(BearerKind::Session, 1), next, BEGIN, BEGIN);
    assert_eq!(session(Some(Next::Register)).next(&account, &policy, BEGIN), Some(Next::Register));
    assert_eq!(session(None).next(&account, &policy, BEGIN), None);
    // A step that is no longer required is not asked for.
    assert_eq!(session(Some(Next::Register)).next(&account, &Policy::default(), BEGIN), None);
}

#[test]
fn a_proof_starts_the_session_again_with_another_secret() {
    let later = BEGIN + Span::minutes(19);
    for (next, reach, lasts) in
        [(None, Reach::Full, FULL), (Some(Next::Register), Reach::Register, LIMITED)]
    {
        let before =
            Session::begin(&account(), &bearer(BearerKind::Session, 1), next, BEGIN, BEGIN);
        let after = before.proved(&bearer(BearerKind::Session, 2), later);
        assert_eq!(
            (after.reach, after.exp, after.seen, after.proved_at),
            (reach, later + lasts, later, later)
        );
        assert!(!after.digest.matches(&before.digest) && after.generation == before.generation);
    }
}
