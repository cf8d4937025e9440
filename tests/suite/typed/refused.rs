//! Text that cleaning refuses gets a problem about its own field, before any AWS call.

use crate::strict::{errors, made_up};
use domain::secret::BearerKind;
use serde_json::{Value, json};
use tests::World;
use tests::world::Ask;

/// Sends a body with an invented bearer token, and returns the errors of the answer. Asserts that
/// the request caused no call.
async fn refused(
    world: &World,
    method: &'static str,
    path: &str,
    body: Value,
) -> Vec<(String, String)> {
    let kind = match path.starts_with("/v1/resets") {
        true => BearerKind::Reset,
        false => BearerKind::Session,
    };
    let ask = Ask::new(method, path).bearer(&made_up(kind)).header("if-match", "\"1\"");
    let answer = world.ask(ask.body(body.clone())).await;
    assert_eq!((answer.status, answer.code()), (400, "invalidRequest"), "{body}: {answer:?}");
    assert!(world.proxy.take_calls().is_empty(), "{body}: no call");
    let errors = errors(&answer).into_iter();
    errors.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())).collect()
}

fn one(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

const ADD: (&str, &str) = ("POST", "/v1/me/methods");
const SEND: (&str, &str) = ("POST", "/v1/resets/rrrrrrrrrrrrrrrrrrrrrr/challenges");

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_number_is_refused_for_its_own_reason() {
    let world = World::new().await;
    #[rustfmt::skip]
    let table = [
        ("+1 415 2OO 1234", "notAPhoneNumber"), ("+1 415 2oo 1234", "notAPhoneNumber"), ("+1-800-FLOWERS", "notAPhoneNumber"), ("+886 9I2 345 678", "notAPhoneNumber"), ("+886 912 345 678 #12", "notAPhoneNumber"),
        ("+886912345678 ext. 12", "notAPhoneNumber"), ("+886912345678;ext=12", "notAPhoneNumber"), ("+886912345678,12", "notAPhoneNumber"), ("+886\u{0}912345678", "notAPhoneNumber"), ("+886\n912345678", "notAPhoneNumber"),
        ("++886912345678", "notAPhoneNumber"), ("+886+912345678", "notAPhoneNumber"), ("886912345678+", "notAPhoneNumber"), ("tel:+886912345678", "notAPhoneNumber"), ("", "notAPhoneNumber"), ("\u{200b}", "notAPhoneNumber"),
        ("0912-345-678", "countryCodeMissing"), ("00886912345678", "countryCodeMissing"), ("886912345678", "countryCodeMissing"), ("０９１２３４５６７８", "countryCodeMissing"),
    ];
    for (number, code) in table {
        for (method, path) in [ADD, SEND] {
            let body = json!({ "kind": "mobilePhone", "destination": number });
            let found = refused(&world, method, path, body).await;
            assert_eq!(found, one("/destination", code), "{number:?}");
        }
    }
    for (number, country, pointer, code) in [
        ("0912 345 678", "XX", "/country", "notACountry"),
        ("0912 345 678", "tw", "/country", "notACountry"),
        ("0912 345 678", "", "/country", "notACountry"),
        ("0912 345 678", "JP", "/destination", "notAPhoneNumber"),
        ("0912 345 67", "TW", "/destination", "notAPhoneNumber"),
        ("0912 345 678 #12", "TW", "/destination", "notAPhoneNumber"),
        ("O912 345 678", "TW", "/destination", "notAPhoneNumber"),
    ] {
        for (method, path) in [ADD, SEND] {
            let body = json!({ "kind": "mobilePhone", "destination": number, "country": country });
            let found = refused(&world, method, path, body).await;
            assert_eq!(found, one(pointer, code), "{number} {country}");
        }
    }
    let body = json!({ "kind": "email", "destination": "ann@example.com", "country": "TW" });
    assert_eq!(refused(&world, ADD.0, ADD.1, body).await, one("/country", "unknownField"));
    // The words are about a phone number, in both languages.
    for (language, words) in [("en", "country code"), ("zh-TW", "國碼")] {
        let body = json!({ "kind": "mobilePhone", "destination": "0912-345-678" });
        let ask = Ask::new("POST", ADD.1).bearer(&made_up(BearerKind::Session)).body(body);
        let answer = world.ask(ask.header("accept-language", language)).await.expect(400);
        let detail = answer.body["errors"][0]["detail"].as_str().expect("a text");
        assert!(detail.contains('+') && detail.contains(words), "{detail}");
        assert!(!detail.contains("mail") && !detail.contains("郵件"), "{detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_address_is_refused_for_its_own_reason() {
    let world = World::new().await;
    #[rustfmt::skip]
    let table = [
        ("ann@example.com?subject=x", "notAnAddress"), ("ann@192.168.0.1", "notAnAddress"), ("ann@exa!mple.com", "notAnAddress"), ("ann@example.com%20", "notAnAddress"), ("ann%20@example.com", "notAnAddress"), ("ann@example.com:25", "notAnAddress"),
        ("ann@example.com/x", "notAnAddress"), ("ann@example.com#x", "notAnAddress"), ("ann@example..com", "notAnAddress"), ("ann@-example.com", "notAnAddress"), ("ann@example.123", "notAnAddress"), ("ann@exam_ple.com", "notAnAddress"),
        ("ann@bü cher.example", "notAnAddress"), ("ann\0@example.com", "notAnAddress"), ("an\nn@example.com", "notAnAddress"), ("\u{2800}", "notAnAddress"), ("+886912345678", "notAnAddress"),
        ("zoë@example.com", "mailboxNotAscii"), ("zoe\u{308}@example.com", "mailboxNotAscii"), ("王小明@例え.jp", "mailboxNotAscii"), ("ann\u{131}@example.com", "mailboxNotAscii"),
    ];
    for (address, code) in table {
        for (method, path) in [ADD, SEND] {
            let body = json!({ "kind": "email", "destination": address });
            let found = refused(&world, method, path, body).await;
            assert_eq!(found, one("/destination", code), "{address:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_id_that_no_account_can_have_starts_no_reset_and_no_account() {
    let world = World::new().await;
    let blank =
        ["", " ", "\t", "\u{3000}", "\u{200b}", "\u{3164}\u{a0}", "\u{2800}", "\u{e0061}\u{e007f}"];
    let control = [
        "ann\0",
        "\0",
        "an\nn",
        "an\rn",
        "a\tnn",
        "ann\u{1b}[31m",
        "ann\u{85}x",
        "ann\u{2028}x",
        "\u{9b}ann",
    ];
    for user_id in blank.into_iter().chain(control) {
        let found = refused(&world, "POST", "/v1/resets", json!({ "userId": user_id })).await;
        assert_eq!(found, one("/userId", "notAUserId"), "{user_id:?}");
        let body = json!({ "userId": user_id, "password": "a password of ann" });
        let answer = world.ask(Ask::new("POST", "/v1/sign-in").body(body)).await.expect(401);
        assert_eq!(answer.code(), "signInFailed", "{user_id:?}");
        assert!(world.proxy.take_calls().is_empty(), "{user_id:?}");
    }
    // An ID is one segment of a path.
    let segments = [
        ".",
        "..",
        " . ",
        "\u{200b}..",
        "．",
        "．．",
        "a/b",
        "a／b",
        "a?b",
        "a？b",
        "a#b",
        "a％2e",
        "a\\b",
        "a＼b",
    ];
    for user_id in blank.into_iter().chain(control).chain(segments) {
        let body = json!({ "userId": user_id, "name": "Ann" });
        let found = refused(&world, "POST", "/v1/users", body).await;
        assert_eq!(found, one("/userId", "notAUserId"), "{user_id:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_or_group_without_anything_visible_is_refused() {
    let world = World::new().await;
    #[rustfmt::skip]
    let table = [
        "", " ", "\u{200b}", "\u{3164}", "\u{ffa0}", "\u{115f}\u{1160}", "\u{2800}", "\u{2800} \u{2800}", "\u{e0061}\u{e0062}", "\u{e0001}", "\u{fe0f}", "\u{200d}", "\u{34f}", "\u{ad}", "\u{feff}", "\u{2060}\u{2063}",
        "Ann\nBob", "Ann\0", "Ann\u{202e}b", "\u{2066}Ann\u{2069}", "Ann\u{2029}b",
    ];
    for name in table {
        let found =
            refused(&world, "POST", "/v1/users", json!({ "userId": "ann", "name": name })).await;
        assert_eq!(found, one("/name", "notAName"), "{name:?}");
        let found = refused(&world, "PATCH", "/v1/users/ann", json!({ "name": name })).await;
        assert_eq!(found, one("/name", "notAName"), "{name:?}");
        let body = json!({ "userId": "ann", "name": "Ann", "groups": ["Sales", name] });
        let found = refused(&world, "POST", "/v1/users", body).await;
        assert_eq!(found, one("/groups/1", "notAGroup"), "{name:?}");
        let found = refused(&world, "PATCH", "/v1/users/ann", json!({ "groups": [name] })).await;
        assert_eq!(found, one("/groups/0", "notAGroup"), "{name:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_with_a_letter_or_too_few_digits_is_refused_and_charged_nothing() {
    let world = World::new().await;
    let challenge = crate::house::contract::example("/v1/challenges/{challengeId}/verify");
    for code in [
        "",
        "12345",
        "123456789",
        "12E45678",
        "1234567O",
        "１２３４５",
        "①②③④⑤⑥",
        "一二三四五六",
        "¹²³⁴⁵⁶",
        "+1234567",
        "123.4567",
        "12345\0",
        "\u{200b}",
    ] {
        let found = refused(&world, "POST", &challenge, json!({ "code": code })).await;
        assert_eq!(found, one("/code", "notACode"), "{code:?}");
    }
}
