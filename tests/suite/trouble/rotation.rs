//! Key rotation under load: every process accepts right codes and passwords, however old its keys.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_secretsmanager::primitives::Blob;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::challenge::ChallengeId;
use domain::time::Span;
use local::secrets::SECRET_ID;
use platform::rotation::rotate;
use platform::secrets::READ_AGAIN;
use serde_json::{Value, json};
use tests::caller::naming_the_function;
use tests::world::Ask;
use tests::{Fault, Person, World};

/// Creates a Secrets Manager client for an endpoint. It adds the name of the running function.
pub fn client(endpoint: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("a", "b", None, None, "tests"))
        .http_client(naming_the_function(platform::connect::client()))
        .endpoint_url(endpoint);
    Client::from_conf(config.build())
}

pub fn ours(world: &World) -> Client {
    client(&world.standins.endpoint())
}

pub async fn step(client: &Client, secret: &str, version: &str, step: &str) -> Result<(), String> {
    let event = json!({ "SecretId": secret, "ClientRequestToken": version, "Step": step });
    let event = serde_json::from_value(event).expect("an event");
    rotate(client, SECRET_ID, &platform::system::OsEntropy, event)
        .await
        .map_err(|error| error.to_string())
}

/// Runs a whole rotation as Secrets Manager does. Each step runs twice, which may
/// happen on AWS too.
pub async fn rotated(client: &Client, version: &str) {
    for name in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
        for _ in 0..2 {
            step(client, SECRET_ID, version, name)
                .await
                .unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

async fn secret(world: &World) -> String {
    let read = ours(world).get_secret_value().secret_id(SECRET_ID).send().await.expect("a secret");
    read.secret_string.expect("a text")
}

fn kids(secret: &str) -> Vec<u64> {
    let secret: Value = serde_json::from_str(secret).expect("JSON");
    secret["generations"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|g| g["kid"].as_u64().expect("a number"))
        .collect()
}

/// Resets a user's password several times and signs in with each new one. Returns the
/// user with the last password.
async fn resets(world: &World, ann: Person, phase: &'static str) -> Person {
    let mut password = ann.password;
    for round in 0..3 {
        world.sign_in(&ann.user_id, &password).await.expect(200);
        let reset = world.start_reset(&ann.user_id).await;
        let challenge = world.send_code(&reset).await;
        let code = world.code_for(&format!("private-{}@example.com", ann.user_id)).await;
        world.verify(&reset.bearer, &challenge, &code).await.expect(200);
        password = format!("{} slept well in round {round} of {phase}", ann.user_id);
        world.set_password(&reset, &password).await.expect(204);
        let session = world.sign_in(&ann.user_id, &password).await.expect(200).text("bearer");
        world.ask(Ask::new("GET", "/v1/me").bearer(&session)).await.expect(200);
    }
    Person { password, ..ann }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_under_load_refuses_no_right_code_and_no_right_password() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    let change = |policy: &mut Value| {
        policy["scope"] = json!({ "type": "all" });
        policy["limits"]["mailsPerTenMinutes"] = json!(20);
    };
    world.save_policy(&admin, change).await.expect(200);
    let mut people = Vec::new();
    for name in ["ann", "bob", "eve", "mei"] {
        let person = world.user(&admin, json!({ "userId": name, "name": "Sam" })).await;
        world.register(&person, &format!("private-{name}@example.com")).await;
        people.push(person);
    }
    let mut people: [Person; 4] = people.try_into().expect("four");
    // The usual deployed state: one generation in use and the next one published.
    rotated(&ours(&world), "v1").await;
    let secret_of_now = secret(&world).await;
    let world = world.restarted(secret_of_now).await;
    // Three rotations in a row occur only in an emergency: the oldest processes must
    // read the secret again.
    for version in ["v2", "v3", "v4"] {
        let rotation = async {
            rotated(&ours(&world), version).await;
            world.start_more().await;
        };
        let [ann, bob, eve, mei] = people.map(|person| resets(&world, person, version));
        let ((), ann, bob, eve, mei) = tokio::join!(rotation, ann, bob, eve, mei);
        people = [ann, bob, eve, mei];
    }
    assert_eq!(kids(&secret(&world).await), [4, 3, 2, 1, 5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a57_without_keys_every_request_fails_and_the_first_rotation_makes_them() {
    let world = World::new().await.restarted(String::new()).await;
    let sign_in = json!({ "userId": "ann", "password": "an unknown password" });
    let asks = [
        Ask::new("POST", "/v1/sign-in").body(sign_in),
        Ask::new("POST", "/v1/resets").body(json!({ "userId": "ann" })),
    ];
    for ask in &asks {
        assert_eq!(world.ask(ask.clone()).await.expect(503).code(), "unavailable");
    }
    rotated(&ours(&world), "v1").await;
    assert_eq!(kids(&secret(&world).await), [1, 2]);
    assert_eq!(world.ask(asks[0].clone()).await.expect(401).code(), "signInFailed");
    assert_eq!(world.ask(asks[1].clone()).await.expect(403).code(), "resetOff");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_changes_only_its_own_secret_and_keeps_every_key() {
    let world = World::new().await;
    let refused = |result: Result<(), String>| result.expect_err("refused");
    assert!(
        refused(step(&ours(&world), "another", "v2", "createSecret").await)
            .contains("not the secret")
    );
    assert!(
        refused(step(&ours(&world), SECRET_ID, "v2", "testSecret").await)
            .contains("there is no new version")
    );
    assert_eq!(secret(&world).await, world.secret);

    // An operator stores another value there by hand.
    let put = async |version: &str, stage: &str, value: &str| {
        let put =
            ours(&world).put_secret_value().secret_id(SECRET_ID).client_request_token(version);
        put.secret_string(value).version_stages(stage).send().await.expect("put");
    };
    let other = local::secrets::generate().expect("keys");
    put("v2", "AWSPENDING", &other).await;
    assert!(
        refused(step(&ours(&world), SECRET_ID, "v2", "testSecret").await).contains("lacks keys")
    );
    put("v3", "AWSPENDING", "a password").await;
    assert!(
        refused(step(&ours(&world), SECRET_ID, "v3", "testSecret").await)
            .contains("does not hold keys")
    );
    put("v4", "AWSCURRENT", "a password").await;
    assert!(
        refused(step(&ours(&world), SECRET_ID, "v5", "createSecret").await)
            .contains("was not changed")
    );
    assert_eq!(secret(&world).await, "a password");
    // Binary values, as in a restored secret, are not treated as missing.
    let bytes = ours(&world).put_secret_value().secret_id(SECRET_ID).client_request_token("v6");
    bytes
        .secret_binary(Blob::new("a secret"))
        .version_stages("AWSCURRENT")
        .send()
        .await
        .expect("put");
    assert!(
        refused(step(&ours(&world), SECRET_ID, "v7", "createSecret").await).contains("no text")
    );
}

/// Returns the challenge ID with another key generation.
pub fn with_kid(challenge: &str, kid: u16) -> String {
    let mut bytes = BASE64.decode(challenge).expect("base64url");
    bytes[1..3].copy_from_slice(&kid.to_be_bytes());
    let other = BASE64.encode(bytes);
    assert_eq!(kid_of(&other), kid);
    other
}

/// Returns the key generation of a challenge.
fn kid_of(challenge: &str) -> u16 {
    ChallengeId::parse(challenge).expect("a challenge").kid
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_key_is_useless_ten_minutes_after_two_rotations() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let reset = world.start_reset(&ann.user_id).await;
    assert_eq!(kid_of(&world.send_code(&reset).await), 1);
    for version in ["v1", "v2", "v3"] {
        rotated(&ours(&world), version).await;
    }
    // A process that keeps running after the rotation.
    world.pass(Span(READ_AGAIN.0 - 1));
    let reset = world.start_reset(&ann.user_id).await;
    assert_eq!(kid_of(&world.send_code(&reset).await), 1);
    world.pass(Span(1));
    // Secrets Manager is down: the old keys still work, and the process soon reads the
    // secret again.
    world
        .proxy
        .set_rule(|operation, _| (operation == "GetSecretValue").then_some(Fault::AccessDenied));
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    world.proxy.clear_rule();
    let reads =
        world.proxy.take_calls().iter().filter(|call| call.operation == "GetSecretValue").count();
    assert!((1..=3).contains(&reads), "the SDK's tries of one reading, not {reads}");
    world.pass(Span::minutes(1));
    let reset = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&reset).await;
    assert_eq!(kid_of(&challenge), 3);
    let code = world.code_for("ann.private@example.com").await;
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_generation_rereads_the_secret_at_most_once_a_minute() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let reset = world.start_reset(&ann.user_id).await;
    let made_up = with_kid(&world.send_code(&reset).await, 60_000);
    world.proxy.take_calls();
    let mut readings = Vec::new();
    for _ in 0..3 {
        for _ in 0..5 {
            assert_eq!(
                world.verify(&reset.bearer, &made_up, "12345678").await.code(),
                "codeNotAccepted"
            );
        }
        readings.push(
            world
                .proxy
                .take_calls()
                .iter()
                .filter(|call| call.operation == "GetSecretValue")
                .count(),
        );
        world.pass(Span(30_000));
    }
    assert_eq!(readings, [1, 0, 1]);
    // After one failed read, a valid generation is refused only for a short time.
    world.pass(Span::minutes(1));
    let old = ours(&world);
    for version in ["v1", "v2"] {
        rotated(&old, version).await;
    }
    world.start_more().await;
    let reset = world.start_reset(&ann.user_id).await;
    world
        .proxy
        .set_rule(|operation, _| (operation == "GetSecretValue").then_some(Fault::AccessDenied));
    let newer = with_kid(&made_up, 3);
    let outcomes = async || {
        let answers = [
            world.verify(&reset.bearer, &newer, "12345678").await,
            world.verify(&reset.bearer, &newer, "12345678").await,
        ];
        answers.map(|answer| answer.code().to_owned())
    };
    assert!(outcomes().await.contains(&"unavailable".to_owned()));
    world.proxy.clear_rule();
    world.pass(Span::seconds(5));
    assert_eq!(outcomes().await, ["codeNotAccepted", "codeNotAccepted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_process_reads_a_newer_ones_idempotency_records_and_cursors() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    for name in ["ann", "bob", "eve"] {
        world.user(&admin, json!({ "userId": name, "name": "Sam" })).await;
    }
    for version in ["v1", "v2", "v3"] {
        rotated(&ours(&world), version).await;
    }
    world.start_more().await;
    // Requests alternate between the old and the new process, starting with either.
    for n in 0..4 {
        let kim = Ask::new("POST", "/v1/users")
            .bearer(&admin)
            .header("idempotency-key", format!("kim-{n}-------------"));
        let kim = kim.body(json!({ "userId": format!("kim{n}"), "name": "Kim" }));
        let first = world.ask(kim.clone()).await.expect(201);
        assert_eq!(world.ask(kim).await.expect(201).body, first.body);
        let page = world.ask(Ask::new("GET", "/v1/users?limit=2").bearer(&admin)).await.expect(200);
        let next = format!("/v1/users?limit=2&cursor={}", page.text("cursor"));
        world.ask(Ask::new("GET", next).bearer(&admin)).await.expect(200);
        if n == 1 {
            world.ask(Ask::new("GET", "/v1/me").bearer(&admin)).await.expect(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_secret_costs_one_request_a_minute() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    world.pass(READ_AGAIN);
    let clock = world.clock.clone();
    world.proxy.set_rule(move |operation, _| {
        let silent = operation == "GetSecretValue";
        // The time that the SDK waits for one of its tries.
        clock.pass(Span(if silent { 1_500 } else { 0 }));
        silent.then_some(Fault::Silence)
    });
    world.proxy.take_calls();
    let began = world.now();
    for _ in 0..3 {
        world.sign_in(&ann.user_id, &ann.password).await.expect(200);
        world.pass(Span::seconds(10));
    }
    let tries =
        world.proxy.take_calls().iter().filter(|call| call.operation == "GetSecretValue").count();
    assert!((1..=3).contains(&tries), "the SDK's tries of one reading, not {tries}");
    assert!(world.now() - began < Span::seconds(40));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_process_leaves_a_newer_hash_as_it_is() {
    let world = World::new().await;
    // The next generation is published before the secret is first read.
    rotated(&ours(&world), "v1").await;
    let (_, ann) = world.ready().await;
    rotated(&ours(&world), "v2").await;
    world.start_more().await;
    let hash = async || {
        let accounts =
            world.items().await.into_iter().filter(|item| item["userId"]["S"] == "ann@example.com");
        accounts
            .map(|item| item.to_string())
            .find_map(|item| Some(item.split("keyid=").nth(1)?.split('$').next()?.to_owned()))
    };
    let mut seen = Vec::from_iter(hash().await);
    for n in 0..6 {
        world.sign_in(&ann.user_id, &ann.password).await.expect(200);
        seen.extend(hash().await);
        if n % 2 == 0 {
            // One extra request, so that each process is the first to sign in once.
            world.ask(Ask::new("GET", "/v1/limits")).await.expect(200);
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 2, "rehashed once, with the newer keys, and then left: {seen:?}");
}
