//! Delivery results: message IDs and the stored result.

use crate::{BEGIN, handle, keys, method};
use domain::audit::SupportCode;
use domain::delivery::{MessageId, Returned, SentMessage, Undeliverable};
use domain::kind::Kind;
use domain::method::{Binding, Method};

#[test]
fn a_message_id_can_never_be_another_key() {
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
fn each_reason_has_one_kind_and_its_own_word_in_the_audit_trail() {
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
fn the_stored_result_is_read_back_and_holds_no_address() {
    let method = method(Kind::Email, 1);
    let destination = &method.binding.delivered().expect("a destination").destination;
    let sent = SentMessage {
        handle: handle('h'),
        kind: Kind::Email,
        destination: keys().destination_name(destination),
        support_code: SupportCode::of("a request"),
        at: BEGIN,
    };
    let stored = serde_json::to_string(&sent).expect("JSON");
    assert!(!stored.contains(destination.as_str()) && !stored.contains('@'), "{stored}");
    assert!(
        !stored.contains("supportCode"),
        "the index of support codes would contain it: {stored}"
    );
    assert_eq!(serde_json::from_str::<SentMessage>(&stored).expect("read"), sent);
}

#[test]
fn a_method_without_a_mark_is_deliverable_and_a_mark_is_kept() {
    let stored = r#"{"binding":{"delivered":{"destination":{"email":"a@example.com"}}},"version":3,"verifiedAt":1,"addedAt":1}"#;
    let method: Method = serde_json::from_str(stored).expect("a method");
    let mut delivered = method.binding.delivered().expect("a destination").clone();
    assert_eq!(delivered.undeliverable, None);
    assert_eq!(serde_json::to_string(&method).expect("JSON"), stored);
    let mark = Some(Undeliverable { since: BEGIN, reason: Returned::OptedOut });
    delivered.undeliverable.clone_from(&mark);
    let marked = Method { binding: Binding::Delivered(delivered), ..method };
    let stored = serde_json::to_string(&marked).expect("JSON");
    let read: Method = serde_json::from_str(&stored).expect("read");
    assert_eq!(read.binding.delivered().expect("a destination").undeliverable, mark);
}
