//! Eligibility: whether an account may reset its password, and the next step after sign-in.

use crate::{BEGIN, account, bearer, method};
use domain::account::{Account, Role};
use domain::audit::Reason;
use domain::identity::GroupName;
use domain::kind::{Kind, MethodId};
use domain::policy::{Policy, Scope};
use domain::reset::{Reset, ResetId, ResetState, eligibility, version_text};
use domain::secret::BearerKind;
use domain::session::{FULL, IDLE, LIMITED, Next, Reach, SEEN_STEP, Session, next_step};
use domain::time::{Span, Time};
use std::collections::BTreeSet;

const MAIL: &[Kind] = &[Kind::Email];
const PHONE: &[Kind] = &[Kind::MobilePhone];
const BOTH: &[Kind] = &[Kind::Email, Kind::MobilePhone];

/// A policy for all users.
fn policy(methods: &[Kind], kinds_required: u32) -> Policy {
    let sms_countries = ["AU".to_owned()].into();
    Policy {
        scope: Scope::All,
        methods: methods.iter().copied().collect(),
        kinds_required,
        sms_countries,
        ..Policy::default()
    }
}

fn someone(role: Role, registered: &[Kind]) -> Account {
    Account {
        role,
        methods: registered.iter().map(|kind| (MethodId::only(*kind), method(*kind, 1))).collect(),
        ..account()
    }
}

type Kinds = &'static [Kind];

#[test]
fn who_may_reset() {
    use Reason::{None as Yes, NotEnoughMethods as Few};
    use Role::{Administrator, HelpDesk, User};
    #[rustfmt::skip]
    let table: [(Role, Kinds, Kinds, u32, Reason); 21] = [
        // role, registered kinds, allowed kinds, number of kinds required
        (User, &[], MAIL, 1, Few),
        (User, MAIL, MAIL, 1, Yes),
        (User, PHONE, MAIL, 1, Few),
        (User, PHONE, BOTH, 1, Yes),
        (User, MAIL, BOTH, 2, Few),
        (User, BOTH, BOTH, 2, Yes),
        (User, BOTH, MAIL, 1, Yes),
        (User, BOTH, PHONE, 1, Yes),
        // Administrators and the help desk prove two kinds under every policy.
        (HelpDesk, MAIL, BOTH, 1, Few),
        (HelpDesk, PHONE, BOTH, 1, Few),
        (HelpDesk, BOTH, BOTH, 1, Yes),
        (HelpDesk, BOTH, BOTH, 2, Yes),
        (HelpDesk, MAIL, MAIL, 1, Few),
        (HelpDesk, BOTH, MAIL, 1, Few),
        (Administrator, MAIL, BOTH, 1, Few),
        (Administrator, PHONE, BOTH, 1, Few),
        (Administrator, BOTH, BOTH, 1, Yes),
        (Administrator, BOTH, BOTH, 2, Yes),
        (Administrator, MAIL, MAIL, 1, Few),
        (Administrator, BOTH, MAIL, 1, Few),
        (Administrator, BOTH, PHONE, 1, Few),
    ];
    for (role, registered, allowed, required, expected) in table {
        let found = eligibility(Some(&someone(role, registered)), &policy(allowed, required));
        assert_eq!(
            found, expected,
            "{role:?} with {registered:?} of {allowed:?}, {required} required"
        );
    }
}

#[test]
fn the_first_reason_is_kept() {
    let ready = someone(Role::User, MAIL);
    let on = policy(MAIL, 1);
    let groups =
        |names: &[&str]| names.iter().map(|name| GroupName::parse(name).unwrap()).collect();
    let selected =
        Policy { scope: Scope::Selected { groups: groups(&["staff", "board"]) }, ..on.clone() };
    let off = Policy { scope: Scope::None, ..on.clone() };
    let member = |names: &[&str]| Account { groups: groups(names), ..ready.clone() };
    let disabled = Account { enabled: false, ..account() };
    #[rustfmt::skip]
    let table = [
        ("no account", None, &on, Reason::UnknownUser),
        ("disabled before all else", Some(disabled.clone()), &off, Reason::Disabled),
        ("off", Some(ready.clone()), &off, Reason::OutOfScope),
        ("out of scope before methods", Some(account()), &off, Reason::OutOfScope),
        ("in no group", Some(ready.clone()), &selected, Reason::OutOfScope),
        ("in another group", Some(member(&["guests"])), &selected, Reason::OutOfScope),
        ("in one of them", Some(member(&["guests", "board"])), &selected, Reason::None),
        ("a group by another spelling", Some(member(&["Staff"])), &selected, Reason::OutOfScope),
        ("all users", Some(ready.clone()), &on, Reason::None),
    ];
    for (what, account, policy, expected) in table {
        assert_eq!(eligibility(account.as_ref(), policy), expected, "{what}");
    }
    let pending = Account { temporary_until: Some(BEGIN), ..ready };
    assert_eq!(
        eligibility(Some(&pending), &on),
        Reason::None,
        "a temporary password does not prevent a reset"
    );
}

#[test]
fn sign_in_requires_the_next_step() {
    const DAY: Span = Span::days(1);
    let registered = |kinds: &[Kind], ago: i64| Account {
        registered_at: Some(BEGIN - Span::days(ago)),
        ..someone(Role::User, kinds)
    };
    let on = policy(MAIL, 1);
    let with = |change: fn(&mut Policy)| {
        let mut policy = on.clone();
        change(&mut policy);
        policy
    };
    let temporary = |account: Account| Account { temporary_until: Some(BEGIN + DAY), ..account };
    let confirmed = Account { confirmed_at: Some(BEGIN - DAY), ..registered(MAIL, 400) };
    let reset = |account: Account| Account { review_since: Some(BEGIN), ..account };
    let admin = |kinds| Account { role: Role::Administrator, ..registered(kinds, 0) };
    #[rustfmt::skip]
    let table = [
        ("new", account(), on.clone(), Some(Next::Register)),
        ("a method, never finished", someone(Role::User, MAIL), on.clone(), Some(Next::Register)),
        ("registered", registered(MAIL, 0), on.clone(), None),
        ("finished, method gone", registered(&[], 0), on.clone(), Some(Next::Register)),
        ("another kind than is allowed", registered(PHONE, 0), on.clone(), Some(Next::Register)),
        ("one of two", registered(MAIL, 0), policy(BOTH, 2), Some(Next::Register)),
        ("two of two", registered(BOTH, 0), policy(BOTH, 2), None),
        ("switched off", account(), with(|p| p.scope = Scope::None), None),
        ("not required", account(), with(|p| p.registration.required = false), None),
        ("temporary password", temporary(registered(MAIL, 0)), on.clone(), Some(Next::ChangePassword)),
        ("temporary goes first", temporary(account()), on.clone(), Some(Next::ChangePassword)),
        ("temporary, switched off", temporary(account()), Policy::default(), Some(Next::ChangePassword)),
        ("after a reset", reset(registered(MAIL, 0)), on.clone(), Some(Next::Review)),
        ("after a reset, switched off", reset(registered(MAIL, 0)), Policy::default(), Some(Next::Review)),
        ("after a reset, not required", reset(registered(MAIL, 0)), with(|p| p.registration.required = false), Some(Next::Review)),
        ("after a reset, a kind is missing", reset(registered(MAIL, 0)), policy(BOTH, 2), Some(Next::Review)),
        ("after a reset, to be confirmed anyway", reset(registered(MAIL, 180)), on.clone(), Some(Next::Review)),
        ("after a reset, temporary password", temporary(reset(registered(MAIL, 0))), on.clone(), Some(Next::ChangePassword)),
        ("an administrator with one kind of two", admin(MAIL), policy(BOTH, 1), Some(Next::Register)),
        ("an administrator with both", admin(BOTH), policy(BOTH, 1), None),
        // If one kind is allowed, an administrator registers one.
        ("an administrator where one kind is allowed", admin(MAIL), on.clone(), None),
        ("confirmed 179 days ago", registered(MAIL, 179), on.clone(), None),
        ("confirmed 180 days ago", registered(MAIL, 180), on.clone(), Some(Next::Reconfirm)),
        ("confirmed again", confirmed, on.clone(), None),
        ("never asked again", registered(MAIL, 4000), with(|p| p.registration.reconfirm_days = 0), None),
    ];
    for (what, account, policy, expected) in table {
        assert_eq!(next_step(&account, &policy, BEGIN), expected, "{what}");
    }
    let almost =
        Account { registered_at: Some(BEGIN - Span::days(180) + Span(1)), ..registered(MAIL, 0) };
    assert_eq!(next_step(&almost, &on, BEGIN), None, "a millisecond before 180 days");
}

#[test]
fn the_next_step_sets_a_sessions_reach_and_lifetime() {
    #[rustfmt::skip]
    let table = [
        (None, Reach::Full, FULL), (Some(Next::Register), Reach::Register, LIMITED),
        (Some(Next::Review), Reach::Register, LIMITED),
        (Some(Next::Reconfirm), Reach::Register, LIMITED), (Some(Next::ChangePassword), Reach::ChangePassword, LIMITED),
    ];
    for (next, reach, lasts) in table {
        let session =
            Session::begin(&account(), &bearer(BearerKind::Session, 1), next, BEGIN, BEGIN);
        assert_eq!((session.reach, session.exp), (reach, BEGIN + lasts), "{next:?}");
    }
    assert_eq!(
        (FULL, LIMITED, IDLE, SEEN_STEP),
        (Span::hours(12), Span::minutes(20), Span::hours(1), Span::minutes(5))
    );
}

#[test]
fn a_session_lives_until_its_end_while_its_account_is_unchanged() {
    let account = account();
    let begin =
        |next| Session::begin(&account, &bearer(BearerKind::Session, 1), next, BEGIN, BEGIN);
    let (full, limited) = (begin(None), begin(Some(Next::Register)));
    let used = |session: &Session, at: Time| Session { seen: at, ..session.clone() };
    #[rustfmt::skip]
    let table = [
        ("at once", full.clone(), BEGIN, true),
        ("unused, a millisecond less than an hour", full.clone(), BEGIN + IDLE - Span(1), true),
        ("unused for an hour", full.clone(), BEGIN + IDLE, false),
        ("used, to its last millisecond", used(&full, BEGIN + FULL - Span(1)), BEGIN + FULL - Span(1), true),
        ("used, at its end", used(&full, BEGIN + FULL - Span(1)), BEGIN + FULL, false),
        ("limited, to its last millisecond", limited.clone(), BEGIN + LIMITED - Span(1), true),
        ("limited, at its end", limited, BEGIN + LIMITED, false),
    ];
    for (what, session, now, lives) in table {
        assert_eq!(session.lives(&account, now), lives, "{what}");
    }
    let another = |change: fn(&mut Account)| {
        let mut account = account.clone();
        change(&mut account);
        account
    };
    assert!(!full.lives(&another(|a| a.enabled = false), BEGIN), "disabled");
    assert!(!full.lives(&another(|a| a.generation += 1), BEGIN), "sessions revoked");
    assert!(!full.lives(&another(|a| a.uid.0 = "another".into()), BEGIN), "deleted and recreated");
    assert!(full.lives(&another(|a| a.revision += 1), BEGIN), "another name, another group");
    assert!(!full.renewal_due(BEGIN + SEEN_STEP - Span(1)) && full.renewal_due(BEGIN + SEEN_STEP));
}

#[test]
fn revoking_sessions_increments_the_generation_and_every_write_the_revision() {
    let (before, revised, fenced) =
        (account(), account().revised(), account().with_sessions_revoked());
    assert_eq!((revised.generation, revised.revision), (before.generation, before.revision + 1));
    assert_eq!((fenced.generation, fenced.revision), (before.generation + 1, before.revision + 1));
}

fn reset() -> Reset {
    let bearer = bearer(BearerKind::Reset, 1);
    Reset {
        handle: bearer.handle.clone(),
        id: ResetId::of(&bearer),
        owner: bearer.digest(),
        reason: Reason::None,
        uid: account().uid,
        generation: account().generation,
        versions: [Kind::Email, Kind::MobilePhone]
            .map(|kind| (MethodId::only(kind), version_text(1)))
            .into_iter()
            .collect(),
        known_device: false,
        state: ResetState::Open,
        verified: Default::default(),
        ledgers: Default::default(),
        exp: BEGIN + Span::minutes(15),
    }
}

#[test]
fn a_reset_is_open_to_its_bearer_until_it_ends() {
    let mine = bearer(BearerKind::Reset, 1);
    let ends = BEGIN + Span::minutes(15);
    assert!(reset().is_open(&mine, BEGIN) && reset().is_open(&mine, ends - Span(1)));
    assert!(!reset().is_open(&mine, ends), "at its end");
    assert!(!reset().is_open(&bearer(BearerKind::Reset, 2), BEGIN), "another's");
    assert!(
        !reset().is_open(&bearer(BearerKind::Session, 1), BEGIN),
        "a session's bearer with the same bytes"
    );
    for state in [ResetState::Done, ResetState::Cancelled] {
        assert!(!Reset { state, ..reset() }.is_open(&mine, BEGIN), "{state:?}");
    }
}

/// The methods of an account: kind and version.
type Methods = &'static [(Kind, u64)];

#[test]
fn a_proof_counts_while_its_kind_is_allowed_and_its_address_the_same() {
    #[rustfmt::skip]
    let table: [(&str, Kinds, Methods, Kinds, Kinds); 8] = [
        // proved kinds, the account's methods with their versions, allowed kinds, proofs that count
        ("nothing", &[], &[(Kind::Email, 1)], BOTH, &[]),
        ("one", MAIL, &[(Kind::Email, 1)], BOTH, MAIL),
        ("both", BOTH, &[(Kind::Email, 1), (Kind::MobilePhone, 1)], BOTH, BOTH),
        ("one is no longer allowed", BOTH, &[(Kind::Email, 1), (Kind::MobilePhone, 1)], MAIL, MAIL),
        ("none is", MAIL, &[(Kind::Email, 1)], PHONE, &[]),
        ("another address", MAIL, &[(Kind::Email, 2)], BOTH, &[]),
        ("the address is gone", MAIL, &[], BOTH, &[]),
        ("one of two changed", BOTH, &[(Kind::Email, 1), (Kind::MobilePhone, 5)], BOTH, MAIL),
    ];
    for (what, proved, methods, allowed, expected) in table {
        let reset = Reset { verified: proved.iter().copied().collect(), ..reset() };
        let account = Account {
            methods: methods
                .iter()
                .map(|(kind, version)| (MethodId::only(*kind), method(*kind, *version)))
                .collect(),
            ..account()
        };
        let expected: BTreeSet<Kind> = expected.iter().copied().collect();
        assert_eq!(reset.proofs(&account, &policy(allowed, 1)), expected, "{what}");
    }
    // A kind that was allowed only after the reset began, and that the account lacks: two
    // missing versions do not count as equal.
    let unknown_then =
        Reset { verified: [Kind::Email].into(), versions: Default::default(), ..reset() };
    assert_eq!(unknown_then.proofs(&account(), &policy(BOTH, 1)), BTreeSet::new());
}

#[test]
fn a_method_that_waits_for_a_review_is_registered_and_resets_nothing() {
    let mut account = someone(Role::User, BOTH);
    account.require_review(&[Kind::Email].into(), BEGIN);
    let (mail, both) =
        (BTreeSet::from([Kind::Email]), BTreeSet::from([Kind::Email, Kind::MobilePhone]));
    let on = policy(BOTH, 2);
    let proved = Reset { verified: both.clone(), ..reset() };
    assert_eq!(proved.proofs(&account, &on), mail);
    assert_eq!(proved.method(&account, Kind::MobilePhone).err(), Some(Reason::MethodUnreviewed));
    assert_eq!((account.usable_kinds(&on), account.registered_kinds(&on)), (mail, both.clone()));
    assert_eq!(eligibility(Some(&account), &on), Reason::NotEnoughMethods);
    account.confirm_methods(BEGIN);
    assert_eq!(account.usable_kinds(&on), both);
    assert_eq!(eligibility(Some(&account), &on), Reason::None);
}
