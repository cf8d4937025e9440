//! Known and unknown accounts are indistinguishable: the same AWS calls and the same
//! answers in every state of the account (invariant I13).

use domain::challenge::ChallengeId;
use domain::code::Code;
use domain::time::Span;
use platform::http::steady::STEP;
use serde_json::{Value, json};
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Answer, Call, Person, World};

/// A user ID for each state that an account can be in.
pub const STATES: [(&str, &str); 7] = [
    ("known", "ann@example.com"),
    ("unknown", "unknown@example.com"),
    ("unreadable", "a password typed here by mistake"),
    ("out of scope", "otto@example.com"),
    ("unregistered", "uma@example.com"),
    ("disabled", "dan@example.com"),
    // This account cannot reset: the policy allows one kind of method, and
    // administrators need two.
    ("administrator", "eve@example.com"),
];

/// A test environment with an account in each state.
pub struct States {
    pub world: World,
    pub administrator: Person,
    /// The users with an account.
    pub people: Vec<Person>,
}

async fn world_of_states() -> World {
    states_in(World::new().await).await.world
}

pub async fn states_in(world: World) -> States {
    let administrator = world.administrator().await;
    let admin = world.session(&administrator).await;
    let scope = json!({ "type": "selected", "groups": ["staff"] });
    let mut people = Vec::new();
    for (user_id, group, role) in [
        ("ann@example.com", "staff", "user"),
        ("otto@example.com", "guests", "user"),
        ("uma@example.com", "staff", "user"),
        ("dan@example.com", "staff", "user"),
        ("eve@example.com", "staff", "administrator"),
    ] {
        let user = world
            .user(
                &admin,
                json!({ "userId": user_id, "name": "Sample User", "groups": [group], "role": role }),
            )
            .await;
        if !user_id.starts_with("uma") {
            world.register(&user, &format!("private.{user_id}")).await;
        }
        people.push(user);
    }
    world.save_policy(&admin, |policy| policy["scope"] = scope).await.expect(200);
    let dan =
        world.ask(Ask::new("GET", "/v1/users/dan@example.com").bearer(&admin)).await.expect(200);
    let disable = Ask::new("PATCH", "/v1/users/dan@example.com")
        .bearer(&admin)
        .header("if-match", &dan.headers["etag"]);
    world.ask(disable.body(json!({ "enabled": false }))).await.expect(200);
    world.pump().await;
    world.pass(Span::hours(1));
    forget(&world).await;
    States { world, administrator, people }
}

/// Deletes the ledgers and locks, as the table does two days after the owners' last acts.
pub async fn forget(world: &World) {
    for item in world.items().await {
        let key = json!({ "pk": item["pk"], "sk": item["sk"] });
        if ["LEDGER", "LOCK"].contains(&kind(&key).as_str()) {
            world.table("DeleteItem", json!({ "Key": key })).await;
        }
    }
}

/// Returns the AWS calls since the last time, except reads of the keys: any caller can
/// make a process read old keys again.
pub fn calls(world: &World) -> Vec<String> {
    let calls = world.proxy.take_calls();
    calls.iter().filter(|call| call.operation != "GetSecretValue").map(shape).collect()
}

/// Describes a call without its values: operation, kinds of table keys, expressions, the
/// names of attributes, and the bytes of the request and of the items in the answer.
fn shape(call: &Call) -> String {
    match call.operation.as_str() {
        "BatchGetItem" => {
            let tables = call.body["RequestItems"].as_object().expect("tables");
            let keys: Vec<_> = tables
                .values()
                .flat_map(|t| t["Keys"].as_array().expect("keys"))
                .map(kind)
                .collect();
            format!("{:?} {keys:?} {:?}", tables.keys().collect::<Vec<_>>(), sizes(&call.answer))
        }
        "TransactWriteItems" => {
            let member = |member: &Value| {
                let (verb, body) =
                    member.as_object().expect("a member").iter().next().expect("a verb");
                let key = if verb == "Put" { kind(&body["Item"]) } else { kind(&body["Key"]) };
                let bytes = size(member);
                let attributes: Vec<_> =
                    body["Item"].as_object().into_iter().flatten().map(|(name, _)| name).collect();
                let names = |of: &Value| {
                    of.as_object()
                        .into_iter()
                        .flatten()
                        .map(|(name, _)| name.clone())
                        .collect::<Vec<_>>()
                };
                format!(
                    "{verb} {key} {} {} {bytes} {attributes:?} {:?}",
                    body["UpdateExpression"],
                    body["ConditionExpression"],
                    names(&body["ExpressionAttributeValues"])
                )
            };
            call.body["TransactItems"]
                .as_array()
                .expect("members")
                .iter()
                .map(member)
                .collect::<Vec<_>>()
                .join("\n")
        }
        other => other.to_owned(),
    }
}

/// The kind of an item, from its key.
fn kind(key: &Value) -> String {
    key["pk"]["S"].as_str().unwrap_or("?").split('#').next().unwrap_or_default().to_owned()
}

/// The attributes whose bytes differ by chance: the shard of an index has one digit or two,
/// and so have the numbers in fingerprints of wrong passwords.
const BY_CHANCE: [&str; 2] = ["bucket", "recent"];

/// The bytes of a value as JSON, except those that differ by chance.
fn size(value: &Value) -> usize {
    fn by_chance(value: &Value) -> usize {
        match value {
            Value::Object(fields) => fields
                .iter()
                .map(|(name, value)| match BY_CHANCE.contains(&name.as_str()) {
                    true => value.to_string().len(),
                    false => by_chance(value),
                })
                .sum(),
            Value::Array(values) => values.iter().map(by_chance).sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        }
    }
    value.to_string().len() - by_chance(value)
}

/// The bytes of each item that a read found, except accounts: whether one exists decides the
/// bytes of the reads that need it.
fn sizes(answer: &Value) -> Vec<(String, usize)> {
    let found = answer["Responses"].as_object().into_iter().flat_map(|tables| tables.values());
    let items = found.flat_map(|items| items.as_array().expect("items"));
    let named = items.map(|item| (kind(item), size(item)));
    let mut sizes: Vec<_> = named.filter(|(kind, _)| kind != "ACCT").collect();
    sizes.sort();
    sizes
}

/// Reduces an answer to the parts that must not differ: status, headers, `code`,
/// `detail`, and the body with each text replaced by its length.
pub fn face(answer: &Answer) -> String {
    fn skeleton(value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (name.clone(), skeleton(value))).collect()
            }
            Value::Array(items) => items.clone().into(),
            Value::String(text) => text.len().into(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }
    let fixed = |name: &str| answer.body.get(name).cloned();
    format!(
        "{} {:?} {} {:?} {:?}",
        answer.status,
        answer.headers,
        skeleton(&answer.body),
        fixed("code"),
        fixed("detail")
    )
}

pub struct Seen {
    pub state: &'static str,
    pub calls: Vec<String>,
    pub faces: Vec<String>,
}

#[track_caller]
pub fn all_alike(seen: &[Seen]) {
    for other in &seen[1..] {
        assert_eq!(seen[0].faces, other.faces, "answers of {} and {}", seen[0].state, other.state);
        assert_eq!(seen[0].calls, other.calls, "calls of {} and {}", seen[0].state, other.state);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn start_send_and_wrong_verify_are_alike_for_every_state_of_an_account() {
    let world = world_of_states().await;
    let mut seen = Vec::new();
    for (n, (state, user_id)) in STATES.into_iter().enumerate() {
        world.set_source(&format!("192.0.2.{}", 10 + n));
        world.proxy.take_calls();
        world.clock.take_waits();
        let started = world.ask_reset(user_id).await;
        let waits = world.clock.take_waits();
        assert!(matches!(waits[..], [wait] if !wait.is_zero() && wait <= STEP), "{waits:?}");
        let reset = StartedReset {
            id: started.text("resetId"),
            bearer: started.text("bearer"),
            support_code: started.text("supportCode"),
        };
        let view = world
            .ask(Ask::new("GET", format!("/v1/resets/{}", reset.id)).bearer(&reset.bearer))
            .await;
        let sent = world.ask_code(&reset).await;
        let too_soon = world.ask_code(&reset).await;
        let wrong = world.verify(&reset.bearer, &sent.text("challengeId"), "00000000").await;
        let early = world.set_password(&reset, "a new and longer ptarmigan").await;
        let calls = calls(&world);
        let faces = [&started, &view, &sent, &too_soon, &wrong, &early].map(face).to_vec();
        assert_eq!(wrong.code(), "codeNotAccepted", "{state}");
        seen.push(Seen { state, calls, faces });
    }
    all_alike(&seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decoys_right_code_is_refused_by_the_calls_that_accept_a_known_accounts_code() {
    let world = world_of_states().await;
    let mut calls_of = Vec::new();
    for (state, user_id) in STATES {
        let reset = world.start_reset(user_id).await;
        let challenge = world.send_code(&reset).await;
        let id = ChallengeId::parse(&challenge).expect("an id");
        let right = Code::derive(&world.keys.current().codes, &id);
        world.proxy.take_calls();
        let answer = world.verify(&reset.bearer, &challenge, right.reveal()).await;
        calls_of.push(calls(&world));
        if state == "known" {
            answer.expect(200);
        } else {
            assert_eq!(answer.code(), "codeNotAccepted", "{state}");
            assert_eq!(
                world.set_password(&reset, "a new and longer ptarmigan").await.code(),
                "proofMissing",
                "{state}"
            );
        }
    }
    assert!(calls_of.iter().all(|calls| *calls == calls_of[0]), "{calls_of:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_known_account_gets_a_message() {
    let world = world_of_states().await;
    let before = world.standins.inbox().all().len();
    for (_, user_id) in STATES {
        let reset = world.start_reset(user_id).await;
        world.send_code(&reset).await;
    }
    world.pump().await;
    let after = world.standins.inbox().all();
    assert_eq!(after.len() - before, 1);
    assert_eq!(after.last().expect("one").to, "private.ann@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn a34_limits_close_reset_for_unknown_and_known_accounts_alike() {
    let world = world_of_states().await;
    let mut seen = Vec::new();
    for (n, (state, user_id)) in STATES.into_iter().enumerate() {
        world.set_source(&format!("192.0.2.{}", 10 + n));
        let mut faces = Vec::new();
        world.proxy.take_calls();
        for _ in 0..2 {
            let reset = world.start_reset(user_id).await;
            let challenge = world.send_code(&reset).await;
            for n in 0..6 {
                faces
                    .push(face(&world.verify(&reset.bearer, &challenge, &format!("{n:08}")).await));
            }
        }
        let closed = world.ask_first_code(user_id).await;
        assert_eq!(
            (closed.code(), closed.headers["retry-after"].as_str()),
            ("resetClosed", "86400"),
            "{state}"
        );
        faces.push(face(&closed));
        let calls = calls(&world);
        seen.push(Seen { state, calls, faces });
    }
    all_alike(&seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a36_sign_in_with_a_wrong_password_is_alike_for_every_state() {
    let world = world_of_states().await;
    let mut seen = Vec::new();
    for (n, (state, user_id)) in STATES.into_iter().enumerate() {
        world.set_source(&format!("192.0.2.{}", 10 + n));
        world.proxy.take_calls();
        // An account that signed in before already has a lockout item. A first wrong
        // password makes all states equal in this respect.
        world.sign_in(user_id, "the first wrong password").await.expect(401);
        world.proxy.take_calls();
        let mut faces = Vec::new();
        for n in 1..=10 {
            faces.push(face(&world.sign_in(user_id, &format!("wrong password number {n}")).await));
        }
        let calls = calls(&world);
        seen.push(Seen { state, calls, faces });
    }
    // Ten wrong passwords lock sign-in: the eleventh must wait.
    assert!(seen[0].faces.last().expect("ten").starts_with("429"), "{:?}", seen[0].faces.last());
    let (disabled, known) = (&seen[5], &seen[0]);
    assert_eq!(disabled.faces, known.faces);
    all_alike(&seen);
}
