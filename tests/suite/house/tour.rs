//! A tour of every request, in an order that works. A visitor sees each step
//! and can measure it or make it fail.

use domain::time::Span;
use serde_json::{Value, json};
use tests::delivery::bounce;
use tests::world::Ask;
use tests::{Answer, World};

/// One step of the tour.
#[derive(Clone)]
pub enum Step {
    /// A request through the gateway, and its expected status.
    Ask(Ask, u16),
    /// A direct invocation of `directory`.
    Direct(Value),
    /// An invocation of `recover`.
    Recover(Value),
    /// `send-code` handles the records of the stream.
    Pump,
    /// `send-code` re-drives the unsent messages.
    Redrive,
    /// `delivery-events` handles a delivery event.
    Events(Value),
}

/// Performs a step and checks its result.
pub async fn perform(world: &World, step: &Step) -> Answer {
    let done =
        |body| Answer { status: 200, headers: Default::default(), cookies: Vec::new(), body };
    match step {
        Step::Ask(ask, status) => world.ask(ask.clone()).await.expect(*status),
        Step::Redrive => done(world.redrive().await),
        Step::Events(event) => {
            done(world.invoke_delivery_events(event).await.expect("the table answers"))
        }
        Step::Direct(payload) => done(world.invoke_directly("directory", payload.clone()).await),
        Step::Recover(payload) => done(world.invoke_directly("recover", payload.clone()).await),
        Step::Pump => {
            world.pump().await;
            done(Value::Null)
        }
    }
}

const ADMIN_PASSWORD: &str = "a ptarmigan for the administrator";
const ANN_PASSWORD: &str = "a long ptarmigan of ann";
const NEW_PASSWORD: &str = "a new and longer ptarmigan";

fn ask(method: &'static str, path: &str) -> Ask {
    Ask::new(method, path)
}

fn sign_in(user: &str, password: &str) -> Ask {
    ask("POST", "/v1/sign-in").body(json!({ "userId": user, "password": password }))
}

fn change(bearer: &str, current: &str, new: &str) -> Ask {
    ask("PUT", "/v1/me/password")
        .bearer(bearer)
        .body(json!({ "currentPassword": current, "newPassword": new }))
}

fn verify(challenge: &str, bearer: &str, code: &str) -> Ask {
    ask("POST", &format!("/v1/challenges/{challenge}/verify"))
        .bearer(bearer)
        .body(json!({ "code": code }))
}

/// Runs the tour. `visit` must end by performing the step and return its
/// answer.
pub async fn tour(world: &World, visit: &mut impl AsyncFnMut(&str, Step) -> Answer) {
    // Each part is on the heap: together they exceed a thread's stack.
    let temporary = Box::pin(administration(visit)).await;
    Box::pin(registration(world, visit, &temporary)).await;
    Box::pin(reset(world, visit)).await;
    Box::pin(later(world, visit)).await;
}

/// The first administrator, the policy, accounts. Returns the temporary
/// password of one.
#[rustfmt::skip]
async fn administration(visit: &mut impl AsyncFnMut(&str, Step) -> Answer) -> String {
    let first = json!({ "createFirstAdministrator": { "userId": "admin@example.com", "name": "Ada Admin" } });
    let made = visit("first administrator", Step::Direct(first)).await;
    let temporary = made.text("temporaryPassword");
    let admin = visit("sign-in, temporary password", Step::Ask(sign_in("admin@example.com", &temporary), 200)).await.text("bearer");
    visit("change password, wrong current password", Step::Ask(change(&admin, "not the right password", ADMIN_PASSWORD), 422)).await;
    visit("change password", Step::Ask(change(&admin, &temporary, ADMIN_PASSWORD), 200)).await;
    visit("sign-in, wrong password", Step::Ask(sign_in("admin@example.com", "not the right password"), 401)).await;
    let admin = visit("sign-in", Step::Ask(sign_in("admin@example.com", ADMIN_PASSWORD), 200)).await.text("bearer");

    visit("limits", Step::Ask(ask("GET", "/v1/limits"), 200)).await;
    visit("organisation", Step::Ask(ask("GET", "/v1/organisation"), 200)).await;
    let policy = visit("policy", Step::Ask(ask("GET", "/v1/policy").bearer(&admin), 200)).await;
    let mut on = policy.body["policy"].clone();
    on["scope"] = json!({ "type": "all" });
    visit("save policy, dry run", Step::Ask(ask("PUT", "/v1/policy?dryRun=true").bearer(&admin).header("if-match", &policy.headers["etag"]).body(on.clone()), 200)).await;
    visit("save policy", Step::Ask(ask("PUT", "/v1/policy").bearer(&admin).header("if-match", &policy.headers["etag"]).body(on), 200)).await;
    visit("save terms", Step::Ask(ask("PUT", "/v1/policy/terms").bearer(&admin).header("if-match", "\"1\"").body(json!({ "terms": ["zeppelin", "北部海岸"] })), 200)).await;
    visit("terms", Step::Ask(ask("GET", "/v1/policy/terms").bearer(&admin), 200)).await;
    visit("policy history", Step::Ask(ask("GET", "/v1/policy/history").bearer(&admin), 200)).await;

    let ann = json!({ "userId": "ann@example.com", "name": "Ann Example", "groups": ["staff"] });
    let made = visit("create user", Step::Ask(ask("POST", "/v1/users").bearer(&admin).body(ann), 201)).await;
    visit("list users", Step::Ask(ask("GET", "/v1/users").bearer(&admin), 200)).await;
    visit("search users", Step::Ask(ask("GET", "/v1/users?search=exa").bearer(&admin), 200)).await;
    visit("users of a group", Step::Ask(ask("GET", "/v1/users?group=staff&search=ann").bearer(&admin), 200)).await;
    visit("groups", Step::Ask(ask("GET", "/v1/groups").bearer(&admin), 200)).await;
    let seen = visit("user", Step::Ask(ask("GET", "/v1/users/ann@example.com").bearer(&admin), 200)).await;
    visit("change user", Step::Ask(ask("PATCH", "/v1/users/ann@example.com").bearer(&admin).header("if-match", &seen.headers["etag"]).body(json!({ "name": "Ann B. Example" })), 200)).await;
    let bob = visit("create administrator", Step::Ask(ask("POST", "/v1/users").bearer(&admin).body(json!({ "userId": "bob@example.com", "name": "Bob", "role": "administrator" })), 201)).await;
    let bob = visit("disable administrator", Step::Ask(ask("PATCH", "/v1/users/bob@example.com").bearer(&admin).header("if-match", &bob.headers["etag"]).body(json!({ "enabled": false })), 200)).await;
    visit("delete user", Step::Ask(ask("DELETE", "/v1/users/bob@example.com").bearer(&admin).header("if-match", &bob.headers["etag"]), 204)).await;
    made.text("temporaryPassword")
}

#[rustfmt::skip]
async fn registration(world: &World, visit: &mut impl AsyncFnMut(&str, Step) -> Answer, temporary: &str) {
    let session = visit("sign-in of a user, temporary password", Step::Ask(sign_in("ann@example.com", temporary), 200)).await.text("bearer");
    let session = visit("change password of a user", Step::Ask(change(&session, temporary, ANN_PASSWORD), 200)).await.text("bearer");
    let other_session = visit("sign-in, to register", Step::Ask(sign_in("ann@example.com", ANN_PASSWORD), 200)).await.text("bearer");
    visit("postpone", Step::Ask(ask("POST", "/v1/me/registration/postpone").bearer(&other_session), 200)).await;
    visit("methods", Step::Ask(ask("GET", "/v1/me/methods").bearer(&session), 200)).await;
    let method = json!({ "kind": "email", "destination": "ann.private@example.com" });
    visit("add method", Step::Ask(ask("POST", "/v1/me/methods").bearer(&session).body(method), 202)).await;
    visit("send-code, registration", Step::Pump).await;
    world.pass(Span::seconds(30));
    let sent = visit("resend", Step::Ask(ask("POST", "/v1/me/methods/email/challenges").bearer(&session), 202)).await;
    let code = world.code_for("ann.private@example.com").await;
    visit("verify, registration, wrong", Step::Ask(verify(&sent.text("challengeId"), &session, &other(&code)), 422)).await;
    visit("verify, registration", Step::Ask(verify(&sent.text("challengeId"), &session, &code), 200)).await;
    visit("finish", Step::Ask(ask("POST", "/v1/me/registration/finish").bearer(&session), 200)).await;
    let from_page = |method, path: &str| ask(method, path).header("sec-fetch-site", "same-origin");
    let by_cookie = json!({ "userId": "ann@example.com", "password": ANN_PASSWORD, "session": "cookie" });
    let by_cookie = visit("sign-in, cookie", Step::Ask(from_page("POST", "/v1/sign-in").body(by_cookie), 200)).await;
    let proof = json!({ "password": ANN_PASSWORD });
    let device = by_cookie.device_cookie().expect("a new device");
    let cookie = visit("confirm", Step::Ask(from_page("POST", "/v1/session/confirm").cookie(&by_cookie.cookie()).cookie(&device).body(proof), 200)).await.cookie();
    visit("sign-out everywhere", Step::Ask(from_page("DELETE", "/v1/sessions").cookie(&cookie), 204)).await;
    let session = visit("sign-in, registered", Step::Ask(sign_in("ann@example.com", ANN_PASSWORD), 200)).await.text("bearer");
    visit("me", Step::Ask(ask("GET", "/v1/me").bearer(&session), 200)).await;
    world.pass(Span::minutes(5));
    visit("me, five minutes later", Step::Ask(ask("GET", "/v1/me").bearer(&session), 200)).await;
    let on = |ask: Ask, device: &str| ask.header("latchkey-device", device);
    let right = || sign_in("ann@example.com", ANN_PASSWORD);
    let device = visit("sign-in, new device", Step::Ask(on(right(), "new"), 200)).await.headers["latchkey-device"].clone();
    visit("sign-in, known device", Step::Ask(on(right(), &device), 200)).await;
    visit("sign-in, known device, wrong password", Step::Ask(on(sign_in("ann@example.com", "not the right password"), &device), 401)).await;
    visit("sign-in, known device, after a wrong password", Step::Ask(on(right(), &device), 200)).await;
    let started = on(ask("POST", "/v1/resets").body(json!({ "userId": "ann@example.com" })), &device);
    visit("start reset, known device", Step::Ask(started, 201)).await;
    world.pass(Span::days(1));
    let session = visit("sign-in, known device, a day later", Step::Ask(on(right(), &device), 200)).await.text("bearer");
    visit("change password, known device", Step::Ask(on(change(&session, ANN_PASSWORD, "another long ptarmigan of ann"), &device), 200)).await;
    visit("send-code, notice of the change", Step::Pump).await;
}

#[rustfmt::skip]
async fn reset(world: &World, visit: &mut impl AsyncFnMut(&str, Step) -> Answer) {
    let started = visit("start reset", Step::Ask(ask("POST", "/v1/resets").body(json!({ "userId": "ann@example.com" })), 201)).await;
    let (id, reset) = (started.text("resetId"), started.text("bearer"));
    visit("cancel reset", Step::Ask(ask("DELETE", &format!("/v1/resets/{id}")).bearer(&reset), 204)).await;
    let started = visit("start reset again", Step::Ask(ask("POST", "/v1/resets").body(json!({ "userId": "ann@example.com" })), 201)).await;
    let (id, reset) = (started.text("resetId"), started.text("bearer"));
    visit("reset", Step::Ask(ask("GET", &format!("/v1/resets/{id}")).bearer(&reset), 200)).await;
    let sent = visit("send challenge", Step::Ask(ask("POST", &format!("/v1/resets/{id}/challenges")).bearer(&reset).body(json!({ "kind": "email" })), 202)).await;
    visit("send-code, reset", Step::Pump).await;
    let code = world.code_for("ann.private@example.com").await;
    visit("verify, reset, wrong", Step::Ask(verify(&sent.text("challengeId"), &reset, &other(&code)), 422)).await;
    visit("verify, reset", Step::Ask(verify(&sent.text("challengeId"), &reset, &code), 200)).await;
    visit("set password", Step::Ask(ask("PUT", &format!("/v1/resets/{id}/password")).bearer(&reset).body(json!({ "newPassword": NEW_PASSWORD })), 204)).await;
    visit("send-code, notice", Step::Pump).await;
    let session = visit("sign-in after the reset", Step::Ask(sign_in("ann@example.com", NEW_PASSWORD), 200)).await.text("bearer");
    let session = visit("confirm the methods after the reset", Step::Ask(ask("POST", "/v1/me/registration/reconfirm").bearer(&session), 200)).await.text("bearer");
    visit("sign-out", Step::Ask(ask("DELETE", "/v1/session").bearer(&session), 204)).await;
    let notice = bounce("Permanent", &world.name_of_newest("ann.private@example.com"));
    visit("delivery-events, a bounce", Step::Events(notice.clone())).await;
    visit("delivery-events, the same again", Step::Events(notice)).await;
}

/// Half a year later: reconfirmation, an administrator's actions on a user, and
/// the end of an account.
#[rustfmt::skip]
async fn later(world: &World, visit: &mut impl AsyncFnMut(&str, Step) -> Answer) {
    world.pass(Span::days(180));
    let session = visit("sign-in, to reconfirm", Step::Ask(sign_in("ann@example.com", NEW_PASSWORD), 200)).await.text("bearer");
    let session = visit("reconfirm", Step::Ask(ask("POST", "/v1/me/registration/reconfirm").bearer(&session), 200)).await.text("bearer");
    visit("remove method", Step::Ask(ask("DELETE", "/v1/me/methods/email").bearer(&session), 204)).await;
    visit("send-code, notice of the removal", Step::Pump).await;
    let again = json!({ "kind": "email", "destination": "ann.private@example.com" });
    let sent = visit("add method again", Step::Ask(ask("POST", "/v1/me/methods").bearer(&session).body(again), 202)).await;
    let code = world.code_for("ann.private@example.com").await;
    visit("verify, registration again", Step::Ask(verify(&sent.text("challengeId"), &session, &code), 200)).await;
    let admin = visit("sign-in of an unregistered administrator", Step::Ask(sign_in("admin@example.com", ADMIN_PASSWORD), 200)).await.text("bearer");
    let admin = visit("postponed by an administrator", Step::Ask(ask("POST", "/v1/me/registration/postpone").bearer(&admin), 200)).await.text("bearer");
    let of_ann = |method, path: &str| ask(method, &format!("/v1/users/ann@example.com{path}")).bearer(&admin);
    visit("methods of a user", Step::Ask(of_ann("GET", "/methods"), 200)).await;
    visit("can reset", Step::Ask(of_ann("GET", "/can-reset"), 200)).await;
    // A wrong password counts on a known device, which is unlocked with the account.
    let fresh = world.ask(of_ann("POST", "/temporary-password")).await.expect(200).text("temporaryPassword");
    let first = world.ask(sign_in("ann@example.com", &fresh)).await.expect(200).text("bearer");
    let changed = change(&first, &fresh, "a third long ptarmigan of ann").header("latchkey-device", "new");
    let device = world.ask(changed).await.expect(200).headers["latchkey-device"].clone();
    let wrong = |n: u8| sign_in("ann@example.com", &format!("not the right password {n}")).header("latchkey-device", &device);
    world.ask(wrong(1)).await.expect(401);
    visit("unlock", Step::Ask(of_ann("POST", "/unlock"), 204)).await;
    world.ask(wrong(2)).await.expect(401);
    visit("unlock by an operator", Step::Recover(json!({ "unlock": { "userId": "ann@example.com" } }))).await;
    visit("require registration", Step::Ask(of_ann("POST", "/require-registration"), 204)).await;
    visit("temporary password", Step::Ask(of_ann("POST", "/temporary-password"), 200)).await;
    visit("re-drive", Step::Redrive).await;
    visit("remove method of a user", Step::Ask(of_ann("DELETE", "/methods/email"), 204)).await;
    let groups = json!({ "groups": ["board"], "name": "Ann C. Example" });
    let seen = visit("user again", Step::Ask(of_ann("GET", ""), 200)).await;
    let changed = visit("change groups", Step::Ask(of_ann("PATCH", "").header("if-match", &seen.headers["etag"]).body(groups), 200)).await;
    visit("delete user with messages", Step::Ask(of_ann("DELETE", "").header("if-match", &changed.headers["etag"]), 204)).await;
    let admin = json!({ "userId": "admin@example.com" });
    visit("recover administrator", Step::Recover(json!({ "recoverAdministrator": admin }))).await;
}

/// A different code of the same length.
pub fn other(code: &str) -> String {
    let digits: u64 = code.parse().expect("digits");
    format!("{:08}", (digits + 1) % 100_000_000)
}
