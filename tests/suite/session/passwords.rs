//! New passwords: what is refused and why, before any hash; how hashes are
//! made, and made anew.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use domain::time::Span;
use platform::system::{Bounded, HASHES_AT_ONCE};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Answer, Person, World};
use tokio::sync::Semaphore;

/// A reset of Ann's whose code was right.
pub async fn proved(world: &World) -> StartedReset {
    let reset = world.start_reset("ann@example.com").await;
    world.prove(&reset, "email", "ann.private@example.com").await;
    reset
}

/// A new password for a reset.
pub fn set(reset: &StartedReset, new: &str) -> Ask {
    Ask::new("PUT", format!("/v1/resets/{}/password", reset.id))
        .bearer(&reset.bearer)
        .body(json!({ "newPassword": new }))
}

fn change(bearer: &str, current: &str, new: &str) -> Ask {
    Ask::new("PUT", "/v1/me/password")
        .bearer(bearer)
        .body(json!({ "currentPassword": current, "newPassword": new }))
}

async fn items(world: &World) -> Vec<String> {
    let mut items: Vec<String> = world.items().await.iter().map(Value::to_string).collect();
    items.sort();
    items
}

fn operations(world: &World) -> Vec<String> {
    world.proxy.take_calls().into_iter().map(|call| call.operation).collect()
}

/// The one violation of a refused password: its code.
#[track_caller]
fn violation(answer: &Answer) -> &Value {
    assert_eq!((answer.status, answer.code()), (422, "passwordRefused"), "{answer:?}");
    let errors = answer.body["errors"].as_array().expect("errors");
    assert!(errors.len() == 1 && errors[0]["pointer"] == "/newPassword", "{errors:?}");
    &errors[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_password_is_told_why_in_ones_own_language_and_writes_nothing() {
    let world = World::new().await;
    let (admin, ann) = world.ready().await;
    let terms = Ask::new("PUT", "/v1/policy/terms").bearer(&admin).header("if-match", "\"1\"");
    world.ask(terms.body(json!({ "terms": ["zeppelin otter"] }))).await.expect(200);
    let reset = proved(&world).await;
    let session = world.session(&ann).await;
    #[rustfmt::skip]
    let table = [
        ("fourteen chars", "passwordLength", "Use 15 to 256 characters. A sentence of several words is easy to remember.", "請使用 15 到 256 個字元。由幾個詞組成的句子比較好記。"),
        ("fifteen and \0 more", "passwordControl", "Remove control characters, such as tabs and line breaks.", "請移除定位字元、換行等控制字元。"),
        ("Zeppelin-0tter!", "passwordTerm", "This password is made of words your organisation does not allow. Use other words.", "這組密碼由您的組織不允許的字詞組成，請改用其他字詞。"),
        ("Password1234567", "passwordCommon", "This password is made of words that many people use. Combine several unusual words.", "這組密碼由許多人常用的字詞組成。請組合幾個不常見的詞。"),
        ("aaaaaaaaaaaaaaaa", "passwordRepeats", "This password repeats the same characters or words, which does not make it stronger. Use several unusual words.", "這組密碼重複了相同的字元或字詞，並不會更安全。請使用幾個不常見的詞。"),
        ("abcdefghijklmnop", "passwordSequence", "This password follows a pattern, such as abcd, 1234, a year or neighbouring keys. Use several unusual words.", "這組密碼有規律可循，例如 abcd、1234、年份或鍵盤上相鄰的按鍵。請使用幾個不常見的詞。"),
        ("ann@example.com-password-2026", "passwordPersonal", "This password contains your name, user ID or organisation. Leave them out.", "這組密碼包含您的姓名、使用者 ID 或組織名稱，請移除。"),
        ("wednesdaymorning", "passwordGuessable", "This password is too easy to guess. Add a word or two that have nothing to do with each other.", "這組密碼太容易猜到。請再加上一兩個彼此無關的詞。"),
    ];
    let before = items(&world).await;
    for (text, code, english, chinese) in table {
        for (language, detail) in [("en", english), ("zh-TW", chinese)] {
            for ask in [change(&session, &ann.password, text), set(&reset, text)] {
                let answer = world.ask(ask.header("accept-language", language)).await;
                let told = violation(&answer);
                assert_eq!(
                    (told["code"].as_str(), told["detail"].as_str()),
                    (Some(code), Some(detail)),
                    "{text}"
                );
                assert_eq!(answer.headers["content-language"], language);
                assert!(!answer.body.to_string().contains(text), "the password is not told back");
            }
        }
    }
    assert_eq!(items(&world).await, before);
    // On change alone: the password there is.
    let unchanged = world.ask(change(&session, &ann.password, &ann.password)).await;
    assert_eq!(violation(&unchanged)["code"], "passwordUnchanged");
    // The reset lives, and the old password may be set by it (Entra).
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    world.ask(set(&reset, &ann.password)).await.expect(204);
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_password_costs_one_read_and_no_hash() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let (unproved, reset) = (world.start_reset(&ann.user_id).await, proved(&world).await);
    let session = world.session(&ann).await;
    // A hash needs the pepper: functions that have just started ask for it.
    let secret = world.secret.clone();
    let world = world.restarted(secret).await;
    for text in ["fourteen chars", "aaaaaaaaaaaaaaaa", "ann@example.com-password-2026"] {
        for ask in [set(&reset, text), change(&session, "not the current password", text)] {
            violation(&world.ask(ask).await);
            assert_eq!(operations(&world), ["BatchGetItem"], "{text}");
        }
    }
    // Proofs come before the rules: without them nothing is told of a password.
    assert_eq!(world.ask(set(&unproved, "aaaaaaaaaaaaaaaa")).await.code(), "proofMissing");
    assert_eq!(operations(&world), ["BatchGetItem"]);

    world.ask(set(&reset, "purple walrus sings bass")).await.expect(204);
    assert_eq!(
        operations(&world),
        ["BatchGetItem", "GetSecretValue", "TransactWriteItems"],
        "a hash, at last"
    );
}

/// Letters that are hard to guess.
fn letters(length: u32) -> String {
    (0..length)
        .map(|i| char::from(b'a' + (i.wrapping_mul(2_654_435_761) >> 16) as u8 % 26))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a45_every_character_of_a_password_counts() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let session = world.session(&ann).await;
    // Past the 72 bytes where bcrypt stops, and at the longest there is.
    let mut current = ann.password.clone();
    let mut bearer = session;
    for base in [letters(72), letters(255), "密".to_owned() + &letters(71)] {
        let (new, other) = (format!("{base}b"), format!("{base}c"));
        bearer = world.ask(change(&bearer, &current, &new)).await.expect(200).text("bearer");
        let wrong = [&other, &base, &format!("{new}\0y"), &format!("{new} "), &new.to_uppercase()];
        for wrong in wrong {
            assert_eq!(
                world.sign_in(&ann.user_id, wrong).await.code(),
                "signInFailed",
                "{} characters",
                wrong.chars().count()
            );
        }
        world.sign_in(&ann.user_id, &new).await.expect(200);
        current = new;
    }
    // NUL ends no password: it is refused in a new one, and no end of an old one.
    let answer = world.ask(change(&bearer, &current, "correct horse..\0y")).await;
    assert_eq!(violation(&answer)["code"], "passwordControl");
    let bearer =
        world.ask(change(&bearer, &current, "correct horse..")).await.expect(200).text("bearer");
    assert_eq!(world.sign_in(&ann.user_id, "correct horse..\0y").await.code(), "signInFailed");
    // Two ways to type an accent are one password.
    world.ask(change(&bearer, "correct horse..", "Zoe\u{308} rides a walrus")).await.expect(200);
    world.sign_in(&ann.user_id, "Zoë rides a walrus").await.expect(200);
}

/// The hash of an account, as it lies in the table.
async fn hash_of(world: &World, person: &Person) -> String {
    let items = world.items().await;
    let item = items
        .iter()
        .find(|item| item["userId"]["S"] == person.user_id.as_str())
        .expect("the account");
    item["hash"]["S"].as_str().expect("a hash").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_of_another_generation_is_made_anew_at_sign_in() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let old = hash_of(&world, &ann).await;
    assert!(old.starts_with("argon2id$1$19456,2,1$"), "generation and parameters are in it");

    let mut secret: Value = serde_json::from_str(&world.secret).expect("JSON");
    let other: Value =
        serde_json::from_str(&local::secrets::generate().expect("keys")).expect("JSON");
    let second = json!({ "kid": 2, "key": other["generations"][0]["key"] });
    secret["generations"].as_array_mut().expect("a list").insert(0, second.clone());
    let world = world.restarted(secret.to_string()).await;
    // Only the right password makes it anew.
    assert_eq!(world.sign_in(&ann.user_id, "not the right password").await.code(), "signInFailed");
    assert_eq!(hash_of(&world, &ann).await, old);
    let session = world.session(&ann).await;
    let new = hash_of(&world, &ann).await;
    assert!(new.starts_with("argon2id$2$19456,2,1$"), "with the newest generation");
    world.ask(Ask::new("GET", "/v1/me").bearer(&session)).await.expect(200);
    world.session(&ann).await;
    assert_eq!(hash_of(&world, &ann).await, new, "and then it stays");

    // So the first generation can go.
    secret["generations"] = json!([second]);
    let world = world.restarted(secret.to_string()).await;
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_of_other_parameters_is_made_anew_at_sign_in() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    // As a version of this code with less memory and one pass made it.
    let (salt, mut out) = ([7; 16], [0; 32]);
    let params = Params::new(8192, 1, 1, Some(out.len())).expect("parameters");
    let pepper = world.keys.current().pepper.expose();
    let argon2 = Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params)
        .expect("a pepper");
    argon2.hash_password_into(ann.password.as_bytes(), &salt, &mut out).expect("a hash");
    let old = format!("argon2id$1$8192,1,1${}${}", BASE64.encode(salt), BASE64.encode(out));
    let items = world.items().await;
    let key =
        items.iter().find(|item| item["userId"]["S"] == ann.user_id.as_str()).expect("the account");
    let update = json!({
        "Key": { "pk": key["pk"], "sk": key["sk"] },
        "UpdateExpression": "SET #h = :h", "ExpressionAttributeNames": { "#h": "hash" }, "ExpressionAttributeValues": { ":h": { "S": old } },
    });
    world.table("UpdateItem", update).await;

    assert_eq!(world.sign_in(&ann.user_id, "not the right password").await.code(), "signInFailed");
    assert_eq!(hash_of(&world, &ann).await, old);
    world.session(&ann).await;
    assert!(hash_of(&world, &ann).await.starts_with("argon2id$1$19456,2,1$"));
    world.pass(Span::seconds(1));
    world.session(&ann).await;
}

/// How much work runs, and the most that ever ran.
#[derive(Default)]
struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn at_most_four_hashes_are_computed_at_once_whoever_still_waits_for_them() {
    assert_eq!(HASHES_AT_ONCE, 4);
    let hashes = Bounded::new(HASHES_AT_ONCE);
    let gauge = Arc::new(Gauge::default());
    // Work that goes on until it is let go.
    let (begun, ends) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let spawn = || {
        let (hashes, gauge, begun, ends) =
            (hashes.clone(), gauge.clone(), begun.clone(), ends.clone());
        let handle = tokio::runtime::Handle::current();
        let work = move || {
            let now = gauge.now.fetch_add(1, Ordering::SeqCst) + 1;
            gauge.most.fetch_max(now, Ordering::SeqCst);
            begun.add_permits(1);
            handle.block_on(ends.acquire()).expect("open").forget();
            gauge.now.fetch_sub(1, Ordering::SeqCst);
        };
        tokio::spawn(async move { hashes.run(work).await })
    };
    // Four begin, and those who asked for them go away.
    let gone: Vec<_> = (0..HASHES_AT_ONCE).map(|_| spawn()).collect();
    begun.acquire_many(HASHES_AT_ONCE as u32).await.expect("open").forget();
    for caller in gone {
        caller.abort();
        assert!(caller.await.expect_err("it was aborted").is_cancelled());
    }
    // Their work goes on, so of forty more none begins before it ends.
    let waiting: Vec<_> = (0..40).map(|_| spawn()).collect();
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(begun.available_permits(), 0, "nobody took a place that was not free");
    ends.add_permits(HASHES_AT_ONCE + 40);
    for caller in waiting {
        assert_eq!(caller.await.expect("it ends"), Some(()));
    }
    assert_eq!(
        (gauge.most.load(Ordering::SeqCst), gauge.now.load(Ordering::SeqCst)),
        (HASHES_AT_ONCE, 0)
    );
    // Work that panics gives its place back.
    for _ in 0..=HASHES_AT_ONCE {
        assert_eq!(hashes.run(|| panic!("as work may")).await, None::<()>);
    }
    assert_eq!(hashes.run(|| 7).await, Some(7));
}
