//! Tests of the attacks in `tests/THREATS.md` that no other module tests, each under
//! its number, and helpers that several of them share.

mod channels;
mod confusion;
mod guessing;
mod lifetime;
mod published;
mod steps;
mod together;
mod visible;

use domain::challenge::ChallengeId;
use domain::code::Code;
use domain::time::Span;
use serde_json::{Value, json};
use std::sync::Arc;
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Person, World};

const MAIL: &str = "ann.private@example.com";
const NUMBER: &str = "+61491570156";
const NEW: &str = "a new and longer ptarmigan";

/// Computes the code of a challenge, even if it was never sent.
fn code_of(world: &World, challenge: &str) -> String {
    let id = ChallengeId::parse(challenge).expect("an id");
    Code::derive(&world.keys.current().codes, &id).reveal().to_owned()
}

/// Returns the account's stored item.
async fn account(world: &World, user_id: &str) -> Value {
    let is = |item: &Value| {
        item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("ACCT#"))
            && item["userId"]["S"] == user_id
    };
    world.items().await.into_iter().find(is).unwrap_or_else(|| panic!("no account {user_id}"))
}

async fn hash(world: &World, user_id: &str) -> String {
    account(world, user_id).await["hash"]["S"].as_str().expect("a hash").to_owned()
}

/// Returns a ledger (counters of guesses and sends) of the account, by its name in the table.
async fn ledger(world: &World, user_id: &str, name: &str) -> Value {
    let whose = account(world, user_id).await["pk"]["S"]
        .as_str()
        .expect("a key")
        .replace("ACCT#", "LEDGER#");
    let is = |item: &Value| item["pk"]["S"] == whose.as_str() && item["sk"]["S"] == name;
    world.items().await.into_iter().find(is).expect("a ledger")
}

/// Requests a code in a reset. Returns the challenge ID and the right code.
async fn ask_code(
    world: &World,
    reset: &StartedReset,
    kind: &str,
    address: &str,
) -> (String, String) {
    let sent =
        world.ask_code_by(reset, json!({ "kind": kind, "destination": address })).await.expect(202);
    let challenge = sent.text("challengeId");
    let code = code_of(world, &challenge);
    (challenge, code)
}

/// Proves a kind of method in a reset.
async fn prove(world: &World, reset: &StartedReset, kind: &str, address: &str) {
    let (challenge, code) = ask_code(world, reset, kind, address).await;
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
}

/// Requests a code to a new address. Returns the challenge ID and the right code.
async fn start_method(world: &World, bearer: &str, kind: &str, address: &str) -> (String, String) {
    let add = json!({ "kind": kind, "destination": address });
    let challenge = world
        .ask(Ask::new("POST", "/v1/me/methods").bearer(bearer).body(add))
        .await
        .expect(202)
        .text("challengeId");
    let code = code_of(world, &challenge);
    (challenge, code)
}

/// Registers a mail address and a phone number.
async fn register_both(world: &World, person: &Person, mail: &str, number: &str) {
    let bearer = world.session(person).await;
    for (kind, address) in [("email", mail), ("mobilePhone", number)] {
        let (challenge, code) = start_method(world, &bearer, kind, address).await;
        world.verify(&bearer, &challenge, &code).await.expect(200);
    }
    world.ask(Ask::new("POST", "/v1/me/registration/finish").bearer(&bearer)).await.expect(200);
}

/// Creates a test environment whose policy requires this many of two kinds of method, and a user
/// who registered both an hour ago. Returns the administrator and the user too.
async fn both_kinds(required: u32) -> (Arc<World>, Person, Person) {
    let world = World::new().await;
    let administrator = world.administrator().await;
    let admin = world.session(&administrator).await;
    world.switch_on_phones(&admin, required).await;
    let ann =
        world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann Example" })).await;
    register_both(&world, &ann, MAIL, NUMBER).await;
    world.pass(Span::hours(1));
    (Arc::new(world), administrator, ann)
}

/// Creates a test environment whose policy requires one kind of method, and a user with
/// a mail address. Returns the administrator's bearer token and the user too.
async fn one_kind() -> (Arc<World>, String, Person) {
    let world = World::new().await;
    let (admin, ann) = world.ready().await;
    (Arc::new(world), admin, ann)
}
