//! New passwords: which are refused, for which reason, and that no hash is computed for
//! them; how hashes are made and renewed.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use domain::time::Span;
use platform::hasher::{Buffers, HASHES_AT_ONCE};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Answer, Person, World};
use tokio::sync::Semaphore;

/// Starts a reset for Ann and proves her mail address in it.
pub async fn proved(world: &World) -> StartedReset {
    let reset = world.start_reset("ann@example.com").await;
    world.prove(&reset, "email", "ann.private@example.com").await;
    reset
}

/// Builds the request that sets a reset's new password.
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

/// Returns the error of a refused password, and asserts that there is only one.
#[track_caller]
fn violation(answer: &Answer) -> &Value {
    assert_eq!((answer.status, answer.code()), (422, "passwordRefused"), "{answer:?}");
    let errors = answer.body["errors"].as_array().expect("errors");
    assert!(errors.len() == 1 && errors[0]["pointer"] == "/newPassword", "{errors:?}");
    &errors[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_password_is_explained_in_the_callers_language_and_writes_nothing() {
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
        ("abcdefghijklmnop", "passwordSequence", "This password follows a pattern, such as abcd, 1234, a date or neighbouring keys. Use several unusual words.", "這組密碼有規律可循，例如 abcd、1234、日期或鍵盤上相鄰的按鍵。請使用幾個不常見的詞。"),
        ("ann@example.com-password-2026", "passwordPersonal", "This password contains your name, user ID or organisation. Leave them out.", "這組密碼包含您的姓名、使用者 ID 或組織名稱，請移除。"),
        ("vqjhzkw........", "passwordGuessable", "This password is too easy to guess. Add a word or two that have nothing to do with each other.", "這組密碼太容易猜到。請再加上一兩個彼此無關的詞。"),
    ];
    let before = items(&world).await;
    for (text, code, english, chinese) in table {
        for (language, detail) in [("en", english), ("zh-TW", chinese)] {
            for ask in [change(&session, &ann.password, text), set(&reset, text)] {
                let answer = world.ask(ask.header("accept-language", language)).await;
                let error = violation(&answer);
                assert_eq!(
                    (error["code"].as_str(), error["detail"].as_str()),
                    (Some(code), Some(detail)),
                    "{text}"
                );
                assert_eq!(answer.headers["content-language"], language);
                assert!(
                    !answer.body.to_string().contains(text),
                    "the answer does not repeat the password"
                );
            }
        }
    }
    assert_eq!(items(&world).await, before);
    // A change of password, unlike a reset, also refuses the current password.
    let unchanged = world.ask(change(&session, &ann.password, &ann.password)).await;
    assert_eq!(violation(&unchanged)["code"], "passwordUnchanged");
    // The reset is still open, and may set the old password again (as in Entra).
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    world.ask(set(&reset, &ann.password)).await.expect(204);
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
}

/// The passwords that the domain's tests refuse and accept.
const REFUSED: &str = include_str!("../../../shared/domain/tests/passwords/refused.txt");
const ACCEPTED: &str = include_str!("../../../shared/domain/tests/passwords/accepted.txt");

/// The first passwords of each group of a file.
fn of_each_group(file: &'static str, number: usize) -> impl Iterator<Item = &'static str> {
    file.split("\n\n").flat_map(move |group| group.lines().skip(1).take(number))
}

#[tokio::test(flavor = "multi_thread")]
async fn easily_guessed_passwords_are_refused_and_passphrases_accepted() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let reset = proved(&world).await;
    for text in of_each_group(REFUSED, 19) {
        violation(&world.ask(set(&reset, text)).await);
    }
    let (mut bearer, mut current) = (world.session(&ann).await, ann.password);
    for text in of_each_group(ACCEPTED, 2) {
        let answer = world.ask(change(&bearer, &current, text)).await.expect(200);
        (bearer, current) = (answer.text("bearer"), text.to_owned());
    }
    world.sign_in(&ann.user_id, &current).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_password_costs_only_reads_and_no_hash() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let (unproved, reset) = (world.start_reset(&ann.user_id).await, proved(&world).await);
    let session = world.session(&ann).await;
    // A hash needs the pepper, which newly started functions must read first.
    let secret = world.secret.clone();
    let world = world.restarted(secret).await;
    for text in ["fourteen chars", "aaaaaaaaaaaaaaaa", "ann@example.com-password-2026"] {
        // A reset reads its account only after its own proofs.
        let set = (set(&reset, text), &["BatchGetItem", "BatchGetItem"][..]);
        let change = (change(&session, "not the current password", text), &["BatchGetItem"][..]);
        for (ask, reads) in [set, change] {
            violation(&world.ask(ask).await);
            assert_eq!(operations(&world), reads, "{text}");
        }
    }
    // Proofs are checked first: without them the answer reveals nothing about the password.
    assert_eq!(world.ask(set(&unproved, "aaaaaaaaaaaaaaaa")).await.code(), "proofMissing");
    assert_eq!(operations(&world), ["BatchGetItem"]);

    world.ask(set(&reset, "purple walrus sings bass")).await.expect(204);
    assert_eq!(
        operations(&world),
        ["BatchGetItem", "BatchGetItem", "GetSecretValue", "TransactWriteItems"],
        "now a hash is made"
    );
}

/// Returns `length` letters that are hard to guess.
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
    // The passwords are longer than the 72 bytes that bcrypt reads, up to the maximum length.
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
    // A NUL character does not end a password: it is refused in a new one, and the part
    // before it does not match.
    let answer = world.ask(change(&bearer, &current, "walrus vqjhz 42\0y")).await;
    assert_eq!(violation(&answer)["code"], "passwordControl");
    let bearer =
        world.ask(change(&bearer, &current, "walrus vqjhz 42")).await.expect(200).text("bearer");
    assert_eq!(world.sign_in(&ann.user_id, "walrus vqjhz 42\0y").await.code(), "signInFailed");
    // Both Unicode forms of an accent are the same password.
    world.ask(change(&bearer, "walrus vqjhz 42", "Zoe\u{308} rides a walrus")).await.expect(200);
    world.sign_in(&ann.user_id, "Zoë rides a walrus").await.expect(200);
}

/// The beginning of a new hash: the current parameters and the first generation's pepper.
const CURRENT: &str = "$argon2id$v=19$m=19456,t=2,p=1,keyid=AAE$";

/// Returns the stored hash of an account.
async fn hash_of(world: &World, person: &Person) -> String {
    let items = world.items().await;
    let item = items
        .iter()
        .find(|item| item["userId"]["S"] == person.user_id.as_str())
        .expect("the account");
    item["hash"]["S"].as_str().expect("a hash").to_owned()
}

/// Overwrites the hash of an account in the table.
async fn store_hash(world: &World, person: &Person, hash: &str) {
    let items = world.items().await;
    let key = items
        .iter()
        .find(|item| item["userId"]["S"] == person.user_id.as_str())
        .expect("the account");
    let update = json!({
        "Key": { "pk": key["pk"], "sk": key["sk"] },
        "UpdateExpression": "SET #h = :h", "ExpressionAttributeNames": { "#h": "hash" }, "ExpressionAttributeValues": { ":h": { "S": hash } },
    });
    world.table("UpdateItem", update).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_of_an_older_key_generation_is_renewed_at_sign_in() {
    let world = World::with_production_hashes().await;
    let (_, ann) = world.ready().await;
    let old = hash_of(&world, &ann).await;
    assert!(old.starts_with(CURRENT), "generation and parameters are in it");

    let mut secret: Value = serde_json::from_str(&world.secret).expect("JSON");
    let other: Value =
        serde_json::from_str(&local::secrets::generate().expect("keys")).expect("JSON");
    let second = json!({ "kid": 2, "key": other["generations"][0]["key"] });
    secret["generations"].as_array_mut().expect("a list").insert(0, second.clone());
    let world = world.restarted(secret.to_string()).await;
    // Only the right password renews the hash.
    assert_eq!(world.sign_in(&ann.user_id, "not the right password").await.code(), "signInFailed");
    assert_eq!(hash_of(&world, &ann).await, old);
    let session = world.session(&ann).await;
    let new = hash_of(&world, &ann).await;
    assert!(
        new.starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid=AAI$"),
        "with the newest generation"
    );
    world.ask(Ask::new("GET", "/v1/me").bearer(&session)).await.expect(200);
    world.session(&ann).await;
    assert_eq!(hash_of(&world, &ann).await, new, "a renewed hash stays");

    // The first generation can be removed now.
    secret["generations"] = json!([second]);
    let world = world.restarted(secret.to_string()).await;
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_of_other_parameters_is_renewed_at_sign_in() {
    let world = World::with_production_hashes().await;
    let (_, ann) = world.ready().await;
    // A hash as an older version made it, with less memory and one pass.
    let (salt, mut out) = ([7; 16], [0; 32]);
    let params = Params::new(8192, 1, 1, Some(out.len())).expect("parameters");
    let pepper = world.keys.current().pepper.expose();
    let argon2 = Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params)
        .expect("a pepper");
    argon2.hash_password_into(ann.password.as_bytes(), &salt, &mut out).expect("a hash");
    let (salt, out) = (BASE64.encode(salt), BASE64.encode(out));
    let old = format!("$argon2id$v=19$m=8192,t=1,p=1,keyid=AAE${salt}${out}");
    store_hash(&world, &ann, &old).await;

    assert_eq!(world.sign_in(&ann.user_id, "not the right password").await.code(), "signInFailed");
    assert_eq!(hash_of(&world, &ann).await, old);
    world.session(&ann).await;
    assert!(hash_of(&world, &ann).await.starts_with(CURRENT));
    world.pass(Span::seconds(1));
    world.session(&ann).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_that_cannot_be_used_fits_no_password_and_costs_no_more() {
    let world = World::with_production_hashes().await;
    let (_, ann) = world.ready().await;
    let good = hash_of(&world, &ann).await;
    let bad = [
        good.replace("m=19456", "m=4294967295"),
        good.replace("t=2", "t=4294967295"),
        good.replace("p=1", "p=16777215"),
        good.replace("v=19", "v=16"),
        good.replace("$argon2id", "$argon2d"),
        // A generation whose pepper was removed.
        good.replace("keyid=AAE", "keyid=AAA"),
        good[..good.len() - 1].to_owned(),
        "not a hash".to_owned(),
        String::new(),
    ];
    for bad in bad {
        assert_ne!(bad, good);
        store_hash(&world, &ann, &bad).await;
        let answer = world.sign_in(&ann.user_id, &ann.password).await;
        assert_eq!((answer.status, answer.code()), (401, "signInFailed"), "{bad}");
        assert_eq!(hash_of(&world, &ann).await, bad, "the stored hash does not change");
        // A day passes, so that no lockout hides the next result.
        world.pass(Span::hours(24));
    }
    store_hash(&world, &ann, &good).await;
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
}

/// The number of tasks that run now, and the most that ran at once.
#[derive(Default)]
struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn at_most_two_hashes_are_computed_at_once_even_if_their_callers_are_gone() {
    assert_eq!(HASHES_AT_ONCE, 2);
    let hashes = Buffers::new(HASHES_AT_ONCE);
    let gauge = Arc::new(Gauge::default());
    // Each task runs until the test ends it.
    let (begun, ends) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let spawn = || {
        let (hashes, gauge, begun, ends) =
            (hashes.clone(), gauge.clone(), begun.clone(), ends.clone());
        let handle = tokio::runtime::Handle::current();
        let work = move |_: &mut [Block]| {
            let now = gauge.now.fetch_add(1, Ordering::SeqCst) + 1;
            gauge.most.fetch_max(now, Ordering::SeqCst);
            begun.add_permits(1);
            handle.block_on(ends.acquire()).expect("open").forget();
            gauge.now.fetch_sub(1, Ordering::SeqCst);
        };
        tokio::spawn(async move { hashes.run(work).await })
    };
    // Two tasks begin, and their callers are cancelled.
    let gone: Vec<_> = (0..HASHES_AT_ONCE).map(|_| spawn()).collect();
    begun.acquire_many(HASHES_AT_ONCE as u32).await.expect("open").forget();
    for caller in gone {
        caller.abort();
        assert!(caller.await.expect_err("it was aborted").is_cancelled());
    }
    // The two tasks continue, so none of forty more begins before they end.
    let waiting: Vec<_> = (0..40).map(|_| spawn()).collect();
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(begun.available_permits(), 0, "no work began without a free buffer");
    ends.add_permits(HASHES_AT_ONCE + 40);
    for caller in waiting {
        assert_eq!(caller.await.expect("it ends"), Some(()));
    }
    assert_eq!(
        (gauge.most.load(Ordering::SeqCst), gauge.now.load(Ordering::SeqCst)),
        (HASHES_AT_ONCE, 0)
    );
    // A task that panics returns its buffer.
    for _ in 0..=HASHES_AT_ONCE {
        assert_eq!(hashes.run(|_| panic!("a task may panic")).await, None::<()>);
    }
    assert_eq!(hashes.run(|_| 7).await, Some(7));
}
