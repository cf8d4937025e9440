//! Keys and bearer tokens: parsed strictly, distinct, never printed.

use crate::{BEGIN, account, bearer, handle, keys, method};
use domain::audit::Reason;
use domain::code::{Code, TypedCode};
use domain::device::{Device, DeviceSlot, DeviceToken};
use domain::identity::{Handle, TypedUserId};
use domain::key::{Generation, Key, Keys};
use domain::kind::{Kind, MethodId};
use domain::password::Password;
use domain::password::hash::StoredHash;
use domain::reset::{Reset, ResetId, ResetState, version_text};
use domain::secret::{Bearer, BearerDigest, BearerKind};
use domain::session::Session;
use proptest::prelude::*;
use std::fmt::Debug;
use std::marker::PhantomData;

const KEY: &str = "S2V5LW9mLXRoZS10ZXN0LTMyLWJ5dGVzLWxvbmchISE";

fn secret(ids: &str, generations: &str) -> String {
    format!(r#"{{"ids": "{ids}", "generations": {generations}}}"#)
}

fn generation(kid: impl std::fmt::Display, key: &str) -> String {
    format!(r#"{{"kid": {kid}, "key": "{key}"}}"#)
}

#[test]
fn a_secret_is_read_whole_or_refused_without_quoting_it() {
    let good = secret(KEY, &format!("[{}]", generation(1, KEY)));
    assert!(Keys::parse(&good).is_ok());
    assert!(
        Keys::parse(&secret(KEY, &format!("[{}, {}]", generation(2, KEY), generation(1, KEY))))
            .is_ok()
    );
    let one = |kid: &str, key: &str| secret(KEY, &format!("[{}]", generation(kid, key)));
    #[rustfmt::skip]
    let refused = [
        ("nothing", String::new()), ("no object", "[]".into()), ("an empty object", "{}".into()), ("null", "null".into()), ("text", KEY.into()),
        ("no ids", format!(r#"{{"generations": [{}]}}"#, generation(1, KEY))),
        ("no generations", format!(r#"{{"ids": "{KEY}"}}"#)),
        ("an empty list", secret(KEY, "[]")),
        ("an unknown field", good.replacen('{', r#"{"extra": 1, "#, 1)),
        ("a field twice", good.replacen('{', &format!(r#"{{"ids": "{KEY}", "#), 1)),
        ("something after it", format!("{good} x")),
        ("kid as text", one("\"1\"", KEY)), ("kid 0", one("0", KEY)), ("a negative kid", one("-1", KEY)), ("kid too large", one("65536", KEY)),
        ("a kid twice", secret(KEY, &format!("[{0}, {0}]", generation(1, KEY)))),
        ("a short key", one("1", &KEY[..42])), ("a long key", one("1", &format!("{KEY}AA"))), ("an empty key", one("1", "")), ("a padded key", one("1", &format!("{KEY}="))),
        ("the other alphabet", one("1", &format!("+/{}", &KEY[2..]))), ("a space", one("1", &format!(" {KEY}"))),
        ("short ids", secret("AAAA", &format!("[{}]", generation(1, KEY)))),
    ];
    for (what, json) in refused {
        let Err(error) = Keys::parse(&json) else { panic!("{what} was taken: {json}") };
        let message = format!("{error} {error:?}");
        assert!(!message.contains(&KEY[..8]) && !message.contains("AAAA"), "{what}: {message}");
        assert!(message.contains("32 bytes as base64url"), "the message gives the remedy");
    }
}

#[test]
fn two_generations_are_valid_and_new_values_use_the_first() {
    let keys = Keys::parse(&secret(
        KEY,
        &format!("[{}, {}]", generation(2, KEY), generation(1, &KEY.replace('S', "T"))),
    ))
    .unwrap();
    assert_eq!(keys.current().kid, 2);
    assert!(
        keys.generation(1).is_some()
            && keys.generation(2).is_some()
            && keys.generation(3).is_none()
    );
    assert_ne!(
        keys.generation(1).unwrap().codes.expose(),
        keys.generation(2).unwrap().codes.expose()
    );
}

#[test]
fn each_use_has_its_own_key() {
    let keys = keys();
    let Generation { codes, pepper, cursors, .. } = keys.current();
    assert!(
        codes.expose() != pepper.expose()
            && pepper.expose() != cursors.expose()
            && codes.expose() != cursors.expose()
    );
}

#[test]
fn no_two_lists_of_parts_are_one_message() {
    let keys = keys();
    let key = &keys.current().codes;
    let lists: [&[&[u8]]; 6] =
        [&[b"ab", b"c"], &[b"a", b"bc"], &[b"abc"], &[b"", b"abc"], &[b"abc", b""], &[]];
    for (i, one) in lists.iter().enumerate() {
        for other in &lists[i + 1..] {
            assert_ne!(key.mac(one), key.mac(other), "{one:?} {other:?}");
        }
    }
}

#[test]
fn every_text_has_a_handle_and_spellings_of_a_user_id_share_one() {
    let handle = |text: &str| keys().handle(&TypedUserId::new(text.to_owned()));
    assert_eq!(handle("ann"), handle(" ANN "));
    assert_eq!(handle("ann"), handle("ａｎｎ"));
    assert_eq!(handle("ann"), handle("\u{202a}an\u{200b}n\u{202c}\n"));
    assert_eq!(handle("o'malley"), handle("O’Malley"));
    // Texts that cannot be user IDs, often passwords, have a handle for each exact spelling.
    let texts = [
        "ann",
        "bob",
        "ann b",
        "ANN b",
        "ann  b",
        "",
        " ",
        "an\nn",
        "\0",
        &"a".repeat(300),
        &"a".repeat(301),
    ];
    for (i, one) in texts.iter().enumerate() {
        assert_eq!(
            Handle::parse(handle(one).as_str()),
            Some(handle(one)),
            "{one:?} is stored like any other"
        );
        for other in &texts[i + 1..] {
            assert_ne!(handle(one), handle(other), "{one:?} {other:?}");
        }
    }
    let other_keys = Keys::parse(&secret(KEY, &format!("[{}]", generation(1, KEY)))).unwrap();
    assert_ne!(
        handle("ann"),
        other_keys.handle(&TypedUserId::new("ann".into())),
        "other keys, other names"
    );
}

#[test]
fn a_pseudonym_belongs_to_one_space() {
    let keys = keys();
    assert_eq!(keys.pseudonym("source", "192.0.2.1"), keys.pseudonym("source", "192.0.2.1"));
    assert_ne!(keys.pseudonym("source", "192.0.2.1"), keys.pseudonym("destination", "192.0.2.1"));
    assert_ne!(keys.pseudonym("source", "192.0.2.1"), keys.pseudonym("source", "192.0.2.2"));
    assert_eq!(
        keys.decoy_salt(&handle('a')),
        keys.decoy_salt(&handle('a')),
        "a repeated wrong password has the same fingerprint"
    );
    assert_ne!(keys.decoy_salt(&handle('a')), keys.decoy_salt(&handle('b')));
}

fn kinds() -> impl Strategy<Value = BearerKind> {
    prop_oneof![Just(BearerKind::Session), Just(BearerKind::Reset)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_bearer_is_read_as_it_was_written(kind in kinds(), handle in "[A-Za-z0-9_-]{22}", secret: [u8; 32]) {
        let written = Bearer::new(kind, Handle::parse(&handle).unwrap(), secret);
        let read = Bearer::parse(&written.reveal()).expect("a written bearer");
        prop_assert_eq!((read.kind, read.handle.as_str()), (kind, handle.as_str()));
        prop_assert!(read.digest().matches(&written.digest()));
        prop_assert_eq!(read.public_id(), written.public_id());
        prop_assert_eq!(read.reveal(), written.reveal());
    }

    #[test]
    fn garbage_is_no_bearer(text in "\\PC{0,80}", prefix in "lk[srx]_") {
        prop_assert!(Bearer::parse(&text).is_none());
        let prefixed = prefix + &text;
        prop_assert!(Bearer::parse(&prefixed).is_none());
    }

    #[test]
    fn a_bearer_has_one_spelling(rest in "[A-Za-z0-9_-]{65}") {
        let text = format!("lks_{rest}");
        prop_assert!(Bearer::parse(&text).is_none_or(|bearer| bearer.reveal() == text));
    }
}

#[test]
fn a_bearer_of_one_kind_is_never_the_other() {
    let (session, reset) = (bearer(BearerKind::Session, 1), bearer(BearerKind::Reset, 1));
    assert!(session.reveal().starts_with("lks_") && reset.reveal().starts_with("lkr_"));
    assert_eq!(Bearer::parse(&session.reveal()).map(|b| b.kind), Some(BearerKind::Session));
    assert!(!session.digest().matches(&reset.digest()), "the same random bytes, another kind");
    assert_ne!(session.public_id(), reset.public_id());
    assert!(!session.digest().matches(&bearer(BearerKind::Session, 2).digest()));
}

#[test]
fn an_almost_valid_bearer_is_refused() {
    let good = bearer(BearerKind::Session, 7).reveal();
    #[rustfmt::skip]
    let refused = [
        String::new(), "lks_".into(), good[4..].into(), good.replacen("lks_", "LKS_", 1), good.replacen("lks_", "lkx_", 1), good.replacen("lks_", "lks", 1),
        good[..good.len() - 1].into(), format!("{good}A"), format!("{good}="), format!(" {good}"), format!("{good}\n"), good.replacen('h', "#", 1), good.replacen('h', "字", 1),
    ];
    for text in refused {
        assert!(Bearer::parse(&text).is_none(), "{text:?}");
    }
}

#[test]
fn neither_the_digest_nor_the_public_name_shows_the_secret() {
    let bearer = bearer(BearerKind::Reset, 9);
    let secret = bearer.reveal()[4 + Handle::LENGTH..].to_owned();
    for shown in [bearer.digest().as_str().to_owned(), bearer.public_id()] {
        assert!(!secret.contains(&shown) && !shown.contains(&secret));
    }
    assert!(
        !bearer.digest().as_str().starts_with(&bearer.public_id()),
        "the public part is not stored"
    );
}

/// Detects whether a type implements a trait: where the bound holds, the inherent constant
/// takes precedence over the trait's constant.
struct Is<T>(PhantomData<T>);
trait Otherwise {
    const PRINTED: bool = false;
    const COMPARED: bool = false;
    const SERIALISED: bool = false;
}
impl<T> Otherwise for Is<T> {}
struct IsCompared<T>(PhantomData<T>);
impl<T> Otherwise for IsCompared<T> {}
struct IsSerialised<T>(PhantomData<T>);
impl<T> Otherwise for IsSerialised<T> {}
impl<T: Debug> Is<T> {
    const PRINTED: bool = true;
}
impl<T: PartialEq> IsCompared<T> {
    const COMPARED: bool = true;
}
impl<T: serde::Serialize> IsSerialised<T> {
    const SERIALISED: bool = true;
}

#[test]
fn a_secret_can_be_neither_printed_nor_compared_nor_serialised() {
    const {
        assert!(
            Is::<Session>::PRINTED
                && IsCompared::<ResetId>::COMPARED
                && IsSerialised::<Reset>::SERIALISED,
            "the detection finds both results"
        )
    };
    macro_rules! closed {
        ($($secret:ty),*) => {
            $(const { assert!(!Is::<$secret>::PRINTED && !IsCompared::<$secret>::COMPARED && !IsSerialised::<$secret>::SERIALISED) };)*
        };
    }
    closed!(Key, Keys, Generation, Bearer, DeviceToken, Code, TypedCode, Password);
    const {
        assert!(
            !Is::<TypedUserId>::PRINTED && !IsSerialised::<TypedUserId>::SERIALISED,
            "it may be a password"
        )
    };
    const {
        assert!(
            !IsCompared::<BearerDigest>::COMPARED && !IsCompared::<StoredHash>::COMPARED,
            "compared only in constant time"
        )
    };
}

#[test]
fn debug_output_of_stored_values_shows_no_secret() {
    let bearer = bearer(BearerKind::Session, 5);
    let mut account = account();
    account.methods =
        Kind::ALL.iter().map(|kind| (MethodId::only(*kind), method(*kind, 1))).collect();
    let session = Session::begin(&account, &bearer, None, BEGIN, BEGIN);
    let reset = Reset {
        handle: bearer.handle.clone(),
        id: ResetId::of(&bearer),
        owner: bearer.digest(),
        reason: Reason::None,
        uid: account.uid.clone(),
        generation: 1,
        versions: [(MethodId::only(Kind::Email), version_text(1))].into_iter().collect(),
        known_device: false,
        state: ResetState::Open,
        verified: Default::default(),
        ledgers: Default::default(),
        exp: BEGIN,
    };
    let token = DeviceToken::new(bearer.handle.clone(), DeviceSlot::ALL[0], [9; 32]);
    let device = Device::issue(&token, &account, BEGIN, "request-1");
    let printed = format!(
        "{account:?} {session:?} {reset:?} {device:?} {:?} {:?}",
        bearer.digest(),
        account.hash
    );
    let (digest, devices) = (bearer.digest(), token.digest());
    for secret in
        ["argon2id", "aGFzaA", digest.as_str(), devices.as_str(), "private", "491570156", "570 156"]
    {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}
