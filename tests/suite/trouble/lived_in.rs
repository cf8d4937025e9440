//! A test environment with users who are part-way through every flow. Its items are stored
//! as test data for each version.

use crate::house::tour::other;
use domain::time::Span;
use local::inbox::{Channel, Failure};
use serde_json::{Value, json};
use tests::delivery::bounce;
use tests::people::StartedReset;
use tests::world::{Ask, BEGIN};
use tests::{Answer, Fault, World};

pub const PRIVATE: &str = "ann.private@example.com";
pub const OTHER: &str = "ann.other@example.com";
pub const EVES: &str = "eve.private@example.com";
pub const MEIS: &str = "mei.private@example.com";
pub const LEOS: &str = "leo.private@example.com";
pub const IVYS: &str = "ivy.private@example.com";
pub const IVYS_PASSWORD: &str = "a ptarmigan that ivy has set";
pub const PHONE: &str = "+61491570156";
/// The administrators: user ID, mail address, phone number.
pub const ADMINISTRATORS: [(&str, &str, &str); 2] = [
    ("Ada Admin", "ada.private@example.com", "+61491570157"),
    ("Max Admin", "max.private@example.com", "+61491570158"),
];
const KEY: &str = "idempotency-key";
const IDEMPOTENCY_KEY: &str = "a-key-of-somebody";

fn held(reset: &StartedReset) -> Value {
    json!({ "id": reset.id, "bearer": reset.bearer, "supportCode": reset.support_code })
}

/// Returns the parts of an answer that an idempotent repeat must return. A problem also
/// repeats the support code of its first request.
pub fn repeated(answer: &Answer) -> Value {
    match answer.code() {
        "" => answer.body.clone(),
        code => code.into(),
    }
}

/// Sends an idempotent request and stores it with its answer.
async fn keep(
    world: &World,
    asked: &mut Vec<Value>,
    path: &str,
    bearer: Option<&str>,
    body: Value,
) -> Answer {
    let answer = world.ask(again(path, bearer, body.clone())).await;
    asked.push(json!({ "path": path, "bearer": bearer, "body": body, "status": answer.status, "told": repeated(&answer) }));
    answer
}

pub fn again(path: &str, bearer: Option<&str>, body: Value) -> Ask {
    Ask { bearer: bearer.map(str::to_owned), ..Ask::new("POST", path) }
        .header(KEY, IDEMPOTENCY_KEY)
        .body(body)
}

/// Changes a user's password, which sends a notice. Returns the new bearer token.
async fn change_password(world: &World, bearer: &str, from: &str, to: &str) -> String {
    let change = json!({ "currentPassword": from, "newPassword": to });
    world
        .ask(Ask::new("PUT", "/v1/me/password").bearer(bearer).body(change))
        .await
        .expect(200)
        .text("bearer")
}

/// Returns the number of all messages sent by SMS.
pub fn all_sms(world: &World) -> usize {
    world.standins.inbox().all().iter().filter(|message| message.channel == Channel::Sms).count()
}

/// Creates users who are part-way through every flow: registering, resetting, locked
/// out. Returns the stored items and the users' secrets.
pub async fn lived_in(world: &World) -> Value {
    let ada = world.administrator().await;
    let admin = world.session(&ada).await;
    world.switch_on_phones(&admin, 1).await;
    let terms = json!({ "terms": ["zeppelin"] });
    world
        .ask(
            Ask::new("PUT", "/v1/policy/terms")
                .bearer(&admin)
                .header("if-match", "\"1\"")
                .body(terms),
        )
        .await
        .expect(200);
    let max = world
        .user(
            &admin,
            json!({ "userId": "max@example.com", "name": "Max Admin", "role": "administrator" }),
        )
        .await;
    let ann =
        world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann Example", "groups": ["staff"], "language": "zh-TW" })).await;
    world.register_all(&ann, &[("email", PRIVATE), ("mobilePhone", PHONE)]).await;
    let eve = world.user(&admin, json!({ "userId": "eve@example.com", "name": "Eve" })).await;
    world.register(&eve, EVES).await;
    let mei = world.user(&admin, json!({ "userId": "mei@example.com", "name": "Mei" })).await;
    let mut meis = world.register(&mei, MEIS).await;
    let leo = world.user(&admin, json!({ "userId": "leo@example.com", "name": "Leo" })).await;
    let hal = json!({ "userId": "hal@example.com", "name": "Hal", "role": "helpDesk" });
    world.user(&admin, hal).await;
    world.register(&leo, LEOS).await;
    // After a reset by mail, the phone waits for a review.
    let ivy = world.user(&admin, json!({ "userId": "ivy@example.com", "name": "Ivy" })).await;
    world.register_all(&ivy, &[("email", IVYS), ("mobilePhone", "+61491570159")]).await;
    let reset = world.start_reset(&ivy.user_id).await;
    world.prove(&reset, "email", IVYS).await;
    let review_since = world.now().to_string();
    world.set_password(&reset, IVYS_PASSWORD).await.expect(204);
    let bob = json!({ "userId": "bob@example.com", "name": "Bob" });
    let bob = world
        .ask(Ask::new("POST", "/v1/users").bearer(&admin).body(bob))
        .await
        .expect(201)
        .text("temporaryPassword");
    let signed_in = json!({ "userId": ann.user_id, "password": ann.password });
    let signed_in = Ask::new("POST", "/v1/sign-in").body(signed_in);
    let signed_in = world.ask(signed_in.header("latchkey-device", "new")).await.expect(200);
    let (session, device) =
        (signed_in.text("bearer"), signed_in.headers["latchkey-device"].clone());
    world.sign_in(&ann.user_id, "not the right password").await.expect(401);

    // Administrators with resets that have enough proofs to set a password.
    let mut ready = Vec::new();
    for (person, (_, email, phone)) in [&ada, &max].into_iter().zip(ADMINISTRATORS) {
        world.register_all(person, &[("email", email), ("mobilePhone", phone)]).await;
        let reset = world.start_reset(&person.user_id).await;
        world.prove(&reset, "email", email).await;
        world.prove(&reset, "mobilePhone", phone).await;
        ready.push(reset);
    }

    // Registration is required again from one user, and a minute passes.
    world.pass(Span::seconds(1));
    world
        .ask(Ask::new("POST", "/v1/users/leo@example.com/require-registration").bearer(&admin))
        .await
        .expect(204);
    let asked_until =
        world.sign_in(&leo.user_id, &leo.password).await.expect(200).text("postponeUntil");
    world.pass(Span::minutes(1));

    // Three messages: one rejected by its channel, one with an unknown result, and one
    // that bounced.
    meis = change_password(world, &meis, &mei.password, "a first new ptarmigan of mei").await;
    world.pump().await;
    world.standins.fail_next(Channel::Email, Failure::Rejected);
    meis = change_password(
        world,
        &meis,
        "a first new ptarmigan of mei",
        "a second new ptarmigan of mei",
    )
    .await;
    world.pump().await;
    world.proxy.set_rule(|operation, _| {
        (operation == "/v2/email/outbound-emails").then_some(Fault::Silence)
    });
    change_password(world, &meis, "a second new ptarmigan of mei", &mei.password).await;
    world.pump().await;
    world.proxy.clear_rule();
    let undeliverable_since = world.now().to_string();
    world
        .invoke_delivery_events(&bounce("Permanent", &world.name_of_newest(MEIS)))
        .await
        .expect("an answer");

    // The SMS budget of the day is used up: the next SMS makes SMS unavailable to all users.
    let change = |policy: &mut Value| {
        policy["limits"]["smsPerDay"] = json!(1);
        policy["limits"]["wrongPasswords"] = json!(3);
    };
    world.save_policy(&admin, change).await.expect(200);
    let waiting = world.start_reset(&ann.user_id).await;
    world.ask_sms(&waiting, PHONE).await.expect(202);
    world.pump().await;

    // Requests to repeat later: a reset, a code, a right guess and a wrong guess.
    let mut repeats = Vec::new();
    keep(world, &mut repeats, "/v1/resets", None, json!({ "userId": ann.user_id }))
        .await
        .expect(201);
    let sends = format!("/v1/resets/{}/challenges", waiting.id);
    let sent = keep(world, &mut repeats, &sends, Some(&waiting.bearer), json!({ "kind": "email" }))
        .await
        .expect(202);
    let challenge = sent.text("challengeId");
    let code = world.code_for(PRIVATE).await;
    let verify = |challenge: &str| format!("/v1/challenges/{challenge}/verify");
    keep(
        world,
        &mut repeats,
        &verify(&challenge),
        Some(&waiting.bearer),
        json!({ "code": other(&code) }),
    )
    .await
    .expect(422);
    let proved = world.start_reset(&eve.user_id).await;
    let eves = world.send_code(&proved).await;
    let eves_code = world.code_for(EVES).await;
    keep(world, &mut repeats, &verify(&eves), Some(&proved.bearer), json!({ "code": eves_code }))
        .await
        .expect(200);
    let wrong = json!({ "userId": leo.user_id, "password": "not the right password" });
    keep(world, &mut repeats, "/v1/sign-in", None, wrong).await.expect(401);

    // Sign-in is locked for a user who still has a temporary password.
    world.sign_in("bob@example.com", &bob).await.expect(200);
    for n in 0..3 {
        world.sign_in("bob@example.com", &format!("not the right password {n}")).await.expect(401);
    }

    // A known device is locked for a user whose sign-in is not.
    let eves_sign_in = |password: &str, device: &str| {
        let body = json!({ "userId": eve.user_id, "password": password });
        Ask::new("POST", "/v1/sign-in").body(body).header("latchkey-device", device)
    };
    let locked_device = world.ask(eves_sign_in(&eve.password, "new")).await.expect(200);
    let locked_device = locked_device.headers["latchkey-device"].clone();
    for n in 0..3 {
        let wrong = eves_sign_in(&format!("not the right password {n}"), &locked_device);
        world.ask(wrong).await.expect(401);
    }

    // A cancelled reset, and a reset of an unknown user.
    let cancelled = world.start_reset(&leo.user_id).await;
    world
        .ask(Ask::new("DELETE", format!("/v1/resets/{}", cancelled.id)).bearer(&cancelled.bearer))
        .await
        .expect(204);
    let decoy = world.start_reset("unknown@example.com").await;
    world.send_code(&decoy).await;

    // Messages not sent yet: codes, and notices to administrators.
    let add = json!({ "kind": "email", "destination": OTHER });
    let pending = world
        .ask(Ask::new("POST", "/v1/me/methods").bearer(&session).body(add))
        .await
        .expect(202)
        .text("challengeId");
    let typing = world.start_reset(&leo.user_id).await;
    let typed = json!({ "kind": "email", "destination": LEOS });
    let typed = world.ask_code_by(&typing, typed).await.expect(202).text("challengeId");
    // The address is not Mei's, so no message may be sent.
    let mistaken = world.start_reset(&mei.user_id).await;
    world
        .ask_code_by(&mistaken, json!({ "kind": "email", "destination": OTHER }))
        .await
        .expect(202);
    // A reset that a known device started, and the notice of attempts at an unknown user ID.
    let start = Ask::new("POST", "/v1/resets").body(json!({ "userId": ann.user_id }));
    let by_device = world.ask(start.header("latchkey-device", &device)).await.expect(201);
    let path = format!("/v1/resets/{}/challenges", by_device.text("resetId"));
    let send = Ask::new("POST", path).bearer(&by_device.text("bearer"));
    world.ask(send.body(json!({ "kind": "email" }))).await.expect(202);
    for _ in 0..2 {
        let reset = world.start_reset("attacked@example.com").await;
        let challenge = world.send_code(&reset).await;
        for n in 0..5 {
            world.verify(&reset.bearer, &challenge, &format!("{n:08}")).await.expect(422);
        }
    }
    // The notices of one reset are queued, those of the other are not yet.
    world.set_password(&ready[1], "a ptarmigan that max has set").await.expect(204);
    let items = world.items().await;
    let row = items
        .iter()
        .find(|item| item["sk"]["S"].as_str().is_some_and(|sk| sk.contains(".administrators.")))
        .expect("a row");
    let record = json!({ "SequenceNumber": "1", "Keys": { "pk": row["pk"], "sk": row["sk"] } });
    let event = json!({ "Records": [{ "eventName": "INSERT", "dynamodb": record }] });
    world.invoke_send_code(&event).await.expect("an answer");
    world.set_password(&ready[0], "a ptarmigan that ada has set").await.expect(204);

    let codes =
        world.standins.inbox().to(PRIVATE).iter().filter(|message| message.code.is_some()).count();
    json!({
        "at": (world.now() - BEGIN).0, "secret": world.secret, "items": world.items().await,
        "password": ann.password, "temporaryPassword": bob, "session": session, "device": device, "lockedDevice": locked_device, "pending": pending,
        "proved": held(&proved), "waiting": held(&waiting), "challenge": challenge, "code": code, "repeats": repeats,
        "decoy": held(&decoy), "cancelled": held(&cancelled), "done": held(&ready[0]), "typing": held(&typing), "typed": typed,
        "leosPassword": leo.password, "askedUntil": asked_until, "meisPassword": mei.password, "undeliverableSince": undeliverable_since, "reviewSince": review_since,
        "name": world.name_of_newest(EVES), "codes": codes, "sms": all_sms(world),
    })
}
