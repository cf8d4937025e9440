//! Tests the domain's rules through the crate's public API, in one binary: tables for rules,
//! property tests for state machines.

mod account;
mod code;
mod corpus;
mod delivery;
mod device;
mod directory;
mod eligibility;
mod identifiers;
mod ledger;

mod lockout;
mod numbers;
mod password;
mod policy;
mod preview;
mod secret;
mod source;
mod steps;
mod terms;
mod typed;

use domain::account::{Account, Role};
use domain::challenge::{ChallengeId, LedgerId};
use domain::destination::Destination;
use domain::identity::{Handle, Uid, UserId};
use domain::key::Keys;
use domain::kind::{Channel, Class, Kind};
use domain::method::{Binding, Method};
use domain::methods::Methods;
use domain::password::hash::StoredHash;
use domain::secret::{Bearer, BearerKind};
use domain::time::Time;
use std::collections::BTreeSet;

/// The start time of the tests: 2026-11-23T09:00:00Z.
const BEGIN: Time = Time(1_795_424_400_000);

/// Returns keys of one generation, each made of one repeated character.
fn keys() -> Keys {
    let key = |byte: char| byte.to_string().repeat(43);
    Keys::parse(&format!(
        r#"{{"ids": "{}", "generations": [{{"kid": 1, "key": "{}"}}]}}"#,
        key('A'),
        key('E')
    ))
    .expect("keys")
}

fn handle(of: char) -> Handle {
    Handle::parse(&of.to_string().repeat(Handle::LENGTH)).expect("a handle")
}

fn bearer(kind: BearerKind, byte: u8) -> Bearer {
    Bearer::new(kind, handle('h'), [byte; 32])
}

/// A challenge with eight digits and a lifetime of five minutes.
fn challenge(kind: Kind, number: u128, now: Time) -> ChallengeId {
    ChallengeId {
        kid: 1,
        kind,
        digits: 8,
        expires: now + domain::time::Span::minutes(5),
        ledger: LedgerId::Reset { kind, typed: None },
        slot: 0,
        typed: None,
        random: number.to_be_bytes(),
    }
}

/// An enabled user without methods, groups or a temporary password.
fn account() -> Account {
    Account {
        uid: Uid("uid-of-ann".to_owned()),
        user_id: UserId::parse("ann@example.com").expect("a user ID"),
        name: "Ann Example".to_owned(),
        language: None,
        role: Role::User,
        groups: BTreeSet::new(),
        enabled: true,
        generation: 7,
        devices_since: 0,
        revision: 3,
        hash: StoredHash::new("$argon2id$v=19$m=19456,t=2,p=1,keyid=AAE$c2FsdA$aGFzaA".to_owned()),
        temporary_until: None,
        methods: Methods::default(),
        pending: Methods::default(),
        created_at: BEGIN,
        registered_at: None,
        confirmed_at: None,
        asked_at: None,
        review_since: None,
        registration_required_at: None,
        unknown: Default::default(),
    }
}

/// A verified method of a kind that is delivered.
fn method(kind: Kind, version: u64) -> Method {
    let (channel, address) = match kind.class() {
        Class::Delivered(channel @ Channel::Mail) => (channel, "ann.private@example.com"),
        Class::Delivered(channel @ Channel::Sms) => (channel, "+61 491 570 156"),
        Class::Held(_) => panic!("{kind:?} has no destination"),
    };
    let destination = Destination::parse(channel, address, None).expect("an address");
    let binding = Binding::to(destination);
    Method { binding, version, verified_at: BEGIN, added_at: BEGIN, unreviewed: false }
}
