//! The users that a change of the policy cuts off, and the warning about it.

use crate::{account, method};
use domain::account::Role;
use domain::kind::{Kind, MethodId};
use domain::policy::{Policy, Scope};
use domain::preview::{CutOff, Warning, warnings};
use std::collections::BTreeSet;

fn policy(methods: &[Kind], kinds_required: u32, countries: &[&str]) -> Policy {
    let sms_countries = countries.iter().map(|country| (*country).to_owned()).collect();
    let methods = methods.iter().copied().collect();
    Policy { scope: Scope::All, methods, kinds_required, sms_countries, ..Policy::default() }
}

const BOTH: &[Kind] = &[Kind::Email, Kind::MobilePhone];

/// Counts the cut-off administrators and users among an administrator, a help desk and
/// a user with both kinds, and a user with mail only.
fn cut_off(before: &Policy, after: &Policy) -> (u32, u32) {
    let mut count = CutOff::default();
    let people: [(Role, &[Kind]); 5] = [
        (Role::Administrator, BOTH),
        (Role::HelpDesk, BOTH),
        (Role::User, BOTH),
        (Role::User, &[Kind::Email]),
        (Role::User, &[]),
    ];
    for (role, kinds) in people {
        let mut person = account();
        person.role = role;
        person.methods =
            kinds.iter().map(|kind| (MethodId::only(*kind), method(*kind, 1))).collect();
        count.count(&person, before, after);
    }
    (count.administrators, count.users)
}

#[test]
fn a_user_who_can_reset_now_and_could_not_afterwards_is_cut_off() {
    let both = policy(BOTH, 1, &["AU"]);
    let off = Policy { scope: Scope::None, ..both.clone() };
    let staff = Policy { scope: Scope::Selected { groups: BTreeSet::new() }, ..both.clone() };
    #[rustfmt::skip]
    let table = [
        ("nothing changes", &both, both.clone(), (0, 0)),
        ("a second kind is required", &both, policy(BOTH, 2, &["AU"]), (0, 1)),
        ("mail alone", &both, policy(&[Kind::Email], 1, &[]), (1, 1)),
        ("phones alone", &both, policy(&[Kind::MobilePhone], 1, &["AU"]), (1, 2)),
        ("another country", &both, policy(BOTH, 1, &["TW"]), (1, 1)),
        ("no country", &both, policy(BOTH, 1, &[]), (1, 1)),
        ("off", &both, off.clone(), (1, 3)),
        ("some groups", &both, staff, (1, 3)),
        ("on again: no user could before", &off, policy(BOTH, 2, &["AU"]), (0, 0)),
    ];
    for (what, before, after, expected) in table {
        assert_eq!(cut_off(before, &after), expected, "{what}");
    }
}

#[test]
fn an_administrator_gets_a_warning() {
    use Warning::*;
    let none = CutOff::default();
    let some = CutOff { administrators: 1, users: 2, complete: true };
    #[rustfmt::skip]
    let table: [(Policy, &CutOff, &[Warning]); 6] = [
        (policy(BOTH, 1, &["AU"]), &none, &[]),
        (policy(BOTH, 2, &["AU"]), &some, &[AdministratorsCutOff, UsersCutOff]),
        (policy(&[Kind::Email], 1, &[]), &none, &[OneKindAllowed]),
        (policy(&[Kind::MobilePhone], 1, &["AU"]), &none, &[OneKindAllowed]),
        (policy(BOTH, 1, &[]), &none, &[OneKindAllowed, PhoneWithoutCountries]),
        (policy(&[Kind::MobilePhone], 1, &[]), &none, &[PhoneWithoutCountries]),
    ];
    for (policy, cut_off, expected) in table {
        assert_eq!(
            warnings(&policy, cut_off),
            expected,
            "{:?} in {:?}",
            policy.methods,
            policy.sms_countries
        );
    }
}
