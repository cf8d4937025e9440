//! What became of a message: the names of messages, and what is stored.

use crate::{BEGIN, handle, keys, method};
use domain::audit::SupportCode;
use domain::delivery::{MessageId, Returned, SentMessage, Undeliverable};
use domain::kind::Kind;
use domain::method::Method;

#[test]
fn a_name_is_what_a_channel_gives_and_nothing_that_could_be_another_key() {
    let longest = "a".repeat(MessageId::MAX_BYTES);
    for name in [
        "0100018f3c2d5e6a-1b2c3d4e-5f60-7182-93a4-b5c6d7e8f901-000000",
        "94f20ce6-13c5-43a0-9a9e-ca52d816e90b",
        "a",
        &longest,
    ] {
        assert_eq!(MessageId::parse(name).expect(name).as_str(), name);
    }
    for name in
        ["", " a", "a b", "a#b", "a\nb", "a/b", "ä", "{a}", &"a".repeat(MessageId::MAX_BYTES + 1)]
    {
        assert_eq!(MessageId::parse(name), None, "{name:?}");
    }
}

#[test]
fn each_reason_is_of_one_kind_and_has_a_word_of_its_own_in_the_trail() {
    let mut words: Vec<&str> =
        Returned::ALL.iter().map(|returned| returned.reason().as_str()).collect();
    assert_eq!(words, ["bounced", "complained", "optedOut", "numberBlocked", "numberInvalid"]);
    words.sort();
    words.dedup();
    assert_eq!(words.len(), Returned::ALL.len());
    let of_mail = Returned::ALL.iter().filter(|returned| returned.kind() == Kind::Email).count();
    assert_eq!(of_mail, 2);
}

#[test]
fn what_is_stored_is_read_and_holds_no_address() {
    let destination = method(Kind::Email, 1).destination;
    let sent = SentMessage {
        handle: handle('h'),
        kind: Kind::Email,
        destination: keys().destination_name(&destination),
        support_code: SupportCode::of("a request"),
        at: BEGIN,
    };
    let stored = serde_json::to_string(&sent).expect("JSON");
    assert!(!stored.contains(destination.as_str()) && !stored.contains('@'), "{stored}");
    assert!(!stored.contains("supportCode"), "the index of support codes would hold it: {stored}");
    assert_eq!(serde_json::from_str::<SentMessage>(&stored).expect("read"), sent);
}

#[test]
fn a_method_of_older_code_is_deliverable_and_a_newer_one_keeps_its_mark() {
    let older = r#"{"destination":{"email":"a@example.com"},"version":3,"verifiedAt":1}"#;
    let mut method: Method = serde_json::from_str(older).expect("an older method");
    assert_eq!(method.undeliverable, None);
    assert_eq!(serde_json::to_string(&method).expect("JSON"), older, "and is written as it was");
    method.undeliverable = Some(Undeliverable { since: BEGIN, reason: Returned::OptedOut });
    let stored = serde_json::to_string(&method).expect("JSON");
    assert_eq!(
        serde_json::from_str::<Method>(&stored).expect("read").undeliverable,
        method.undeliverable
    );
}
