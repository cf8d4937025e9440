//! Checks that this version reads items that older versions wrote. Each version has a
//! file with items of every kind, of users part-way through every flow. The file of
//! a version is written once and not changed after its release:
//! `LATCHKEY_KEEP_ITEMS=1 cargo test -p tests --test suite -- older::items`

use super::lived_in::{
    ADMINISTRATORS, IVYS_PASSWORD, LEOS, MEIS, OTHER, PHONE, PRIVATE, again, all_sms, lived_in,
    repeated,
};
use super::shapes::{listed, shapes};
use domain::outbox::AT_REST;
use domain::time::Span;
use serde_json::{Value, json};
use std::path::PathBuf;
use tests::delivery::bounce;
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Person, World};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/items")
}

fn reset_of(kept: &Value) -> StartedReset {
    let text = |field: &str| kept[field].as_str().expect("a text").to_owned();
    StartedReset { id: text("id"), bearer: text("bearer"), support_code: text("supportCode") }
}

#[tokio::test(flavor = "multi_thread")]
async fn items_of_every_kind_are_kept_for_this_version() {
    let path = folder().join(format!("{}.json", env!("CARGO_PKG_VERSION")));
    if std::env::var_os("LATCHKEY_KEEP_ITEMS").is_some() {
        let kept = Box::pin(lived_in(&World::with_production_hashes().await)).await;
        std::fs::create_dir_all(folder()).expect("a folder");
        std::fs::write(&path, serde_json::to_string_pretty(&kept).expect("JSON") + "\n")
            .expect("a writable file");
    }
    let kept = std::fs::read_to_string(&path)
        .unwrap_or_else(|_| panic!("{}: write it with LATCHKEY_KEEP_ITEMS=1", path.display()));
    let kept: Value = serde_json::from_str(&kept).expect("JSON");
    assert_eq!(shapes(kept["items"].as_array().expect("a list")), listed());
}

#[tokio::test(flavor = "multi_thread")]
async fn items_of_older_versions_are_read() {
    let mut read = 0;
    for entry in std::fs::read_dir(folder()).expect("kept items") {
        let path = entry.expect("an entry").path();
        let kept: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).expect("a text")).expect("JSON");
        Box::pin(goes_on(&kept)).await;
        read += 1;
    }
    assert!(read > 0);
}

/// Checks that every user can continue from the stored state.
async fn goes_on(kept: &Value) {
    let text = |field: &str| kept[field].as_str().unwrap_or_else(|| panic!("no {field}"));
    let world = World::with_production_hashes().await.restarted(text("secret").to_owned()).await;
    for item in kept["items"].as_array().expect("a list") {
        world.table("PutItem", json!({ "Item": item })).await;
    }
    world.pass(Span(kept["at"].as_i64().expect("a time")));
    // The stored items were made with the same random seed: its IDs must not be
    // generated again.
    (0..10_000).for_each(|_| world.host.entropy.fill(&mut [0]));
    let ann = Person { user_id: "ann@example.com".into(), password: text("password").into() };
    let me = Ask::new("GET", "/v1/me").bearer(text("session"));
    assert_eq!(world.ask(me.clone()).await.expect(200).body["user"]["language"], "zh-TW");

    // A repeated request gets the recorded answer.
    for asked in kept["repeats"].as_array().expect("a list") {
        let path = asked["path"].as_str().expect("a path");
        let answer = world.ask(again(path, asked["bearer"].as_str(), asked["body"].clone())).await;
        assert_eq!(
            (json!(answer.status), &repeated(&answer)),
            (asked["status"].clone(), &asked["told"]),
            "{path}"
        );
    }
    let locked = world.sign_in("bob@example.com", text("temporaryPassword")).await;
    assert_eq!((locked.code(), locked.headers["retry-after"].as_str()), ("signInLocked", "60"));
    let sign_in_on = |user_id: &str, password: &str, device: &str| {
        let body = json!({ "userId": user_id, "password": password });
        Ask::new("POST", "/v1/sign-in").body(body).header("latchkey-device", text(device))
    };
    let locked = sign_in_on("eve@example.com", "any password", "lockedDevice");
    assert_eq!(world.ask(locked).await.code(), "signInLocked");

    // The queued messages are sent, and no others.
    world.pump().await;
    let messages = |address: &str| world.standins.inbox().to(address);
    let arrived =
        |address: &str| messages(address).iter().filter(|message| message.code.is_none()).count();
    assert_eq!([OTHER, LEOS].map(|address| messages(address).len()), [1, 1]);
    for ((_, email, phone), (other, ..)) in
        ADMINISTRATORS.into_iter().zip(ADMINISTRATORS.into_iter().rev())
    {
        assert_eq!(
            [email, phone].map(arrived),
            [2, 2],
            "notices of their own password change and of the other's"
        );
        assert_eq!(
            messages(email).iter().filter(|mail| mail.text.contains(other)).count(),
            1,
            "{email} gets a notice about {other}"
        );
    }
    assert_eq!(world.standins.inbox().all().len(), 11);
    // Recently tried messages wait.
    assert_eq!((world.redrive().await["left"].as_u64(), messages(MEIS).len()), (Some(2), 0));

    // A pending method is verified, and the code of a typed address is accepted.
    let code = world.code_for(OTHER).await;
    world.verify(text("session"), text("pending"), &code).await.expect(200);
    let methods =
        world.ask(Ask::new("GET", "/v1/me/methods").bearer(text("session"))).await.expect(200);
    assert_eq!(methods.body["registered"], json!(["email", "mobilePhone"]));
    let [proved, waiting, decoy, typing] =
        ["proved", "waiting", "decoy", "typing"].map(|name| reset_of(&kept[name]));
    let code = world.code_for(LEOS).await;
    world.verify(&typing.bearer, text("typed"), &code).await.expect(200);
    assert_eq!([world.next_in(&typing).await, world.next_in(&decoy).await], ["password", "method"]);
    for over in ["cancelled", "done"].map(|name| reset_of(&kept[name])) {
        let read = world
            .ask(Ask::new("GET", format!("/v1/resets/{}", over.id)).bearer(&over.bearer))
            .await;
        assert_eq!(read.code(), "resetEnded");
    }

    // A reset with enough proofs sets a password. A reset of a user whose methods
    // changed has ended, and the answer gives no reason.
    let late = world.verify(&waiting.bearer, text("challenge"), text("code")).await;
    assert_eq!(late.code(), "codeNotAccepted");
    world.set_password(&proved, "a heron in the morning fog").await.expect(204);
    world.sign_in("eve@example.com", "a heron in the morning fog").await.expect(200);
    let sms = world.ask_sms(&waiting, PHONE).await;
    assert_eq!(sms.code(), "smsUnavailable", "the day's SMS are spent");

    // Sign-in asks for registration, and shows methods that are undeliverable, whether
    // marked now or before.
    let asked = world.sign_in("leo@example.com", text("leosPassword")).await.expect(200);
    assert_eq!(
        (asked.body["next"].as_str(), asked.text("postponeUntil").as_str()),
        (Some("register"), text("askedUntil"))
    );
    let marked =
        world.invoke_delivery_events(&bounce("Permanent", text("name"))).await.expect("an answer");
    assert_eq!(marked["marked"], 1);
    let mut meis = String::new();
    for (user_id, password, next) in [
        ("eve@example.com", "a heron in the morning fog", "review"),
        ("mei@example.com", text("meisPassword"), "reconfirm"),
    ] {
        let asked = world.sign_in(user_id, password).await.expect(200);
        assert_eq!(
            (&asked.body["next"], &asked.body["undeliverable"]),
            (&json!(next), &json!(["email"])),
            "{user_id}"
        );
        meis = asked.text("bearer");
    }
    let methods = world.ask(Ask::new("GET", "/v1/me/methods").bearer(&meis)).await.expect(200);
    assert_eq!(methods.body["methods"]["email"]["undeliverableSince"], kept["undeliverableSince"]);

    let asked = world.sign_in("ivy@example.com", IVYS_PASSWORD).await.expect(200);
    assert_eq!(asked.body["next"], "review");
    let methods = Ask::new("GET", "/v1/me/methods").bearer(&asked.text("bearer"));
    let methods = world.ask(methods).await.expect(200).body;
    assert_eq!(methods["reviewSince"], kept["reviewSince"]);
    assert_eq!(methods["methods"]["mobilePhone"]["unreviewed"], true);

    let asked = world.sign_in("admin@example.com", "a ptarmigan that ada has set").await;
    let admin = world.reviewed(&asked.expect(200).text("bearer")).await;
    let list = |path: &'static str| world.ask(Ask::new("GET", path).bearer(&admin));
    for (path, many) in [
        ("/v1/users", 9),
        ("/v1/users?search=exam", 1),
        ("/v1/users?group=staff", 1),
        ("/v1/groups", 1),
        ("/v1/policy/history", 3),
    ] {
        assert_eq!(
            list(path).await.expect(200).body["items"].as_array().map(Vec::len),
            Some(many),
            "{path}"
        );
    }
    assert_eq!(list("/v1/policy/terms").await.expect(200).body["terms"], json!(["zeppelin"]));

    // Earlier sends still count: to a shared address, in a day, and in a country.
    let number = |field: &str| kept[field].as_u64().unwrap_or_else(|| panic!("no {field}"));
    let limit = async |name: &str, most: u64| {
        world.save_policy(&admin, |policy| policy["limits"][name] = json!(most)).await.expect(200);
    };
    let add = json!({ "kind": "email", "destination": PRIVATE });
    let add = Ask::new("POST", "/v1/me/methods").bearer(&meis).body(add);
    let codes = || messages(PRIVATE).iter().filter(|mail| mail.code.is_some()).count();
    // The code of the known device's reset has a limit of its own.
    let before = codes();
    for (most, mails) in [(number("codes"), 0), (number("codes") + 1, 1)] {
        limit("mailsPerTenMinutes", most).await;
        world.ask(add.clone()).await.expect(202);
        world.pump().await;
        assert_eq!(codes() - before, mails);
        world.pass(Span::seconds(30));
    }
    let spent = number("sms") + all_sms(&world) as u64;
    let (day, country) = ("smsPerDay", "smsPerCountryAndDay");
    for (name, most, arrives) in
        [(day, spent, 0), (day, 1000, 1), (country, spent + 1, 0), (country, spent + 2, 1)]
    {
        limit(name, most).await;
        let reset = world.start_reset(&ann.user_id).await;
        let before = all_sms(&world);
        world.ask_sms(&reset, PHONE).await.expect(202);
        world.pump().await;
        assert_eq!(all_sms(&world) - before, arrives, "{name} {most}");
    }

    // A device is known while other callers lock sign-in.
    for n in 0..3 {
        world.sign_in(&ann.user_id, &format!("not the right password {n}")).await;
    }
    assert_eq!(world.sign_in(&ann.user_id, &ann.password).await.code(), "signInLocked");
    world.ask(sign_in_on(&ann.user_id, &ann.password, "device")).await.expect(200);

    let reset = world.start_reset(&ann.user_id).await;
    world.prove(&reset, "email", OTHER).await;
    world.set_password(&reset, "a zeppelin over the harbour").await.expect(204);
    world.sign_in(&ann.user_id, "a zeppelin over the harbour").await.expect(200);
    assert_eq!(world.ask(me).await.code(), "signInRequired");

    // A lockout ends, and messages that waited after a claim are tried again.
    world.pump().await;
    let bob = world.sign_in("bob@example.com", text("temporaryPassword")).await.expect(200);
    assert_eq!(bob.body["next"], "changePassword");
    world.pass(AT_REST);
    assert_eq!((world.redrive().await["sent"].as_u64(), messages(MEIS).len()), (Some(2), 2));
}
