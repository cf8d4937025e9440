//! What an older version of the code wrote is read by this one: items of every
//! kind, kept as they lay in the table when that version was made, with people
//! in the middle of something. A version's file is written once, by
//! `LATCHKEY_KEEP_ITEMS=1`, and never again.

use domain::time::Span;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use tests::people::StartedReset;
use tests::world::{Ask, BEGIN};
use tests::{Person, World};

const PHONE: &str = "+61491570156";
const PRIVATE: &str = "ann.private@example.com";
const KEY: &str = "idempotency-key";
const REPEATED: &str = "a-key-of-somebody";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/items")
}

/// Kinds of item: what their keys begin with.
fn kinds(items: &[Value]) -> BTreeSet<String> {
    items.iter().map(|item| item["pk"]["S"].as_str().expect("a key").split('#').next().unwrap_or_default().to_owned()).collect()
}

/// The kinds that the key layout lists.
fn listed() -> BTreeSet<String> {
    let layout = include_str!("../../../shared/platform/src/dynamodb/table.rs");
    let rows = layout.lines().filter_map(|line| line.strip_prefix("//! | `"));
    rows.filter_map(|row| row.split('`').next()).map(|key| key.split('#').next().unwrap_or_default().to_owned()).collect()
}

fn reset_of(kept: &Value) -> StartedReset {
    let text = |field: &str| kept[field].as_str().expect("a text").to_owned();
    StartedReset { id: text("id"), bearer: text("bearer"), support_code: text("supportCode") }
}

fn start(user_id: &str) -> Ask {
    Ask::new("POST", "/v1/resets").header(KEY, REPEATED).body(json!({ "userId": user_id }))
}

/// People in the middle of everything, and what they hold.
pub async fn lived_in(world: &World) -> Value {
    let admin = world.session(&world.administrator().await).await;
    world.switch_on_phones(&admin, 1).await;
    let terms = json!({ "terms": ["zeppelin"] });
    world.ask(Ask::new("PUT", "/v1/policy/terms").bearer(&admin).header("if-match", "\"1\"").body(terms)).await.expect(200);
    let change = |policy: &mut Value| {
        policy["limits"]["smsPerDay"] = json!(1);
        policy["registration"]["required"] = json!(false);
    };
    let ann =
        world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann Example", "groups": ["staff"], "language": "zh-TW" })).await;
    world.register_all(&ann, &[("email", PRIVATE), ("mobilePhone", PHONE)]).await;
    world.save_policy(&admin, change).await.expect(200);
    let eve = world.user(&admin, json!({ "userId": "eve@example.com", "name": "Eve" })).await;
    world.register(&eve, "eve.private@example.com").await;
    let bob = json!({ "userId": "bob@example.com", "name": "Bob" });
    let bob = world.ask(Ask::new("POST", "/v1/users").bearer(&admin).body(bob)).await.expect(201).text("temporaryPassword");
    let session = world.session(&ann).await;
    world.sign_in(&ann.user_id, "not the right password").await.expect(401);

    // A reset that is proved, one with a code under way, one to ask for again.
    let proved = world.start_reset(&eve.user_id).await;
    world.prove(&proved, "email", "eve.private@example.com").await;
    let started = world.ask(start(&ann.user_id)).await.expect(201).body;
    let waiting = world.start_reset(&ann.user_id).await;
    // The day's SMS is spent: this one closes it for everybody.
    world.ask_sms(&waiting, PHONE).await.expect(202);
    world.pump().await;
    let challenge = world.send_code(&waiting).await;
    let code = world.code_for(PRIVATE).await;
    let wrong = crate::house::tour::other(&code);
    world.verify(&waiting.bearer, &challenge, &wrong).await.expect(422);
    // Not delivered yet, and not verified.
    let added = json!({ "kind": "email", "destination": "ann.other@example.com" });
    let pending = world.ask(Ask::new("POST", "/v1/me/methods").bearer(&session).body(added)).await.expect(202).text("challengeId");

    let held = |reset: &StartedReset| json!({ "id": reset.id, "bearer": reset.bearer, "supportCode": reset.support_code });
    json!({
        "at": (world.now() - BEGIN).0, "secret": world.secret, "items": world.items().await,
        "password": ann.password, "temporaryPassword": bob, "session": session, "pending": pending,
        "proved": held(&proved), "waiting": held(&waiting), "challenge": challenge, "code": code, "started": started,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn items_of_every_kind_are_kept_for_this_version() {
    let path = folder().join(format!("{}.json", env!("CARGO_PKG_VERSION")));
    if std::env::var_os("LATCHKEY_KEEP_ITEMS").is_some() {
        let kept = lived_in(&World::new().await).await;
        std::fs::create_dir_all(folder()).expect("a folder");
        std::fs::write(&path, serde_json::to_string_pretty(&kept).expect("JSON") + "\n").expect("it can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}: keep one by LATCHKEY_KEEP_ITEMS=1", path.display()));
    let kept: Value = serde_json::from_str(&kept).expect("JSON");
    assert_eq!(kinds(kept["items"].as_array().expect("a list")), listed());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_older_versions_wrote_is_read() {
    let mut read = 0;
    for entry in std::fs::read_dir(folder()).expect("kept items") {
        let path = entry.expect("an entry").path();
        let kept: Value = serde_json::from_str(&std::fs::read_to_string(&path).expect("a text")).expect("JSON");
        Box::pin(goes_on(&kept)).await;
        read += 1;
    }
    assert!(read > 0);
}

/// Everybody goes on where they were.
async fn goes_on(kept: &Value) {
    let text = |field: &str| kept[field].as_str().unwrap_or_else(|| panic!("no {field}"));
    let world = World::new().await.restarted(text("secret").to_owned()).await;
    for item in kept["items"].as_array().expect("a list") {
        world.table("PutItem", json!({ "Item": item })).await;
    }
    world.pass(Span(kept["at"].as_i64().expect("a time")));
    // The same seed made what is kept: its ids must not come again.
    (0..10_000).for_each(|_| world.host.entropy.fill(&mut [0]));
    let ann = Person { user_id: "ann@example.com".into(), password: text("password").into() };
    let me = Ask::new("GET", "/v1/me").bearer(text("session"));
    assert_eq!(world.ask(me.clone()).await.expect(200).body["user"]["language"], "zh-TW");

    // What was on its way arrives, and a method that waited is verified.
    let code = world.code_for("ann.other@example.com").await;
    world.verify(text("session"), text("pending"), &code).await.expect(200);
    let methods = world.ask(Ask::new("GET", "/v1/me/methods").bearer(text("session"))).await.expect(200);
    assert_eq!(methods.body["registered"], json!(["email", "mobilePhone"]));

    // A reset that was proved ends with a password; one of somebody whose
    // methods moved is over, without a word of why.
    let (proved, waiting) = (reset_of(&kept["proved"]), reset_of(&kept["waiting"]));
    let late = world.verify(&waiting.bearer, text("challenge"), text("code")).await;
    assert_eq!(late.code(), "codeNotAccepted");
    world.set_password(&proved, "a heron in the morning fog").await.expect(204);
    world.sign_in("eve@example.com", "a heron in the morning fog").await.expect(200);
    let sms = world.ask_sms(&waiting, PHONE).await;
    assert_eq!(sms.code(), "smsUnavailable", "the flag of a spent day");

    // The same request is the same reset.
    let again = world.ask(start(&ann.user_id)).await.expect(201).body;
    assert_eq!((&again["resetId"], &again["bearer"]), (&kept["started"]["resetId"], &kept["started"]["bearer"]));
    let reset = world.start_reset(&ann.user_id).await;
    world.prove(&reset, "email", "ann.other@example.com").await;
    world.set_password(&reset, "a zeppelin over the harbour").await.expect(204);
    world.sign_in(&ann.user_id, "a zeppelin over the harbour").await.expect(200);
    assert_eq!(world.ask(me).await.code(), "signInRequired");
    let bob = world.sign_in("bob@example.com", text("temporaryPassword")).await.expect(200);
    assert_eq!(bob.body["next"], "changePassword");

    let admin = world.sign_in("admin@example.com", "a password for the administrator").await.expect(200).text("bearer");
    let list = |path: &'static str| world.ask(Ask::new("GET", path).bearer(&admin));
    for (path, many) in
        [("/v1/users", 4), ("/v1/users?search=exam", 1), ("/v1/users?group=staff", 1), ("/v1/groups", 1), ("/v1/policy/history", 3)]
    {
        assert_eq!(list(path).await.expect(200).body["items"].as_array().map(Vec::len), Some(many), "{path}");
    }
    assert_eq!(list("/v1/policy/terms").await.expect(200).body["terms"], json!(["zeppelin"]));
}
