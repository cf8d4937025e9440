//! New keys, while everything goes on: nothing that was right is refused, by
//! no process, however old the keys are that it read.

use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Config, Credentials, Region};
use local::secrets::SECRET_ID;
use platform::rotation::rotate;
use serde_json::{Value, json};
use tests::world::Ask;
use tests::{Person, World};

/// Secrets Manager at an endpoint, called by whoever these credentials name.
pub fn client(endpoint: &str, credentials: impl ProvideCredentials + 'static) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials)
        .http_client(platform::connect::client())
        .endpoint_url(endpoint);
    Client::from_conf(config.build())
}

pub fn ours(world: &World) -> Client {
    client(&world.standins.endpoint(), Credentials::new("a", "b", None, None, "tests"))
}

pub async fn step(client: &Client, secret: &str, version: &str, step: &str) -> Result<(), String> {
    let event = json!({ "SecretId": secret, "ClientRequestToken": version, "Step": step });
    let event = serde_json::from_value(event).expect("an event");
    rotate(client, SECRET_ID, &platform::system::OsEntropy, event).await.map_err(|error| error.to_string())
}

/// A whole rotation, as Secrets Manager does one; each step twice, as it may.
pub async fn rotated(client: &Client, version: &str) {
    for name in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
        for _ in 0..2 {
            step(client, SECRET_ID, version, name).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

async fn secret(world: &World) -> String {
    let read = ours(world).get_secret_value().secret_id(SECRET_ID).send().await.expect("a secret");
    read.secret_string.expect("a text")
}

fn kids(secret: &str) -> Vec<u64> {
    let secret: Value = serde_json::from_str(secret).expect("JSON");
    secret["generations"].as_array().expect("a list").iter().map(|g| g["kid"].as_u64().expect("a number")).collect()
}

/// Somebody resets a few times, and signs in with what was set; the password
/// that holds then.
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
        let person = world.user(&admin, json!({ "userId": name, "name": "Somebody" })).await;
        world.register(&person, &format!("private-{name}@example.com")).await;
        people.push(person);
    }
    let mut people: [Person; 4] = people.try_into().expect("four");
    // As it is deployed: one generation in use, the next one announced.
    rotated(&ours(&world), "v1").await;
    let secret_of_now = secret(&world).await;
    let world = world.restarted(secret_of_now).await;
    // Three in a row are an emergency: the oldest processes have to read again.
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
async fn a57_without_keys_nothing_is_decided_and_the_first_rotation_makes_them() {
    let world = World::new().await.restarted(String::new()).await;
    let sign_in = json!({ "userId": "ann", "password": "a password of nobody" });
    let asks = [Ask::new("POST", "/v1/sign-in").body(sign_in), Ask::new("POST", "/v1/resets").body(json!({ "userId": "ann" }))];
    for ask in &asks {
        assert_eq!(world.ask(ask.clone()).await.expect(503).code(), "unavailable");
    }
    rotated(&ours(&world), "v1").await;
    assert_eq!(kids(&secret(&world).await), [1, 2]);
    assert_eq!(world.ask(asks[0].clone()).await.expect(401).code(), "signInFailed");
    assert_eq!(world.ask(asks[1].clone()).await.expect(403).code(), "resetOff");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_touches_its_own_secret_and_loses_no_key() {
    let world = World::new().await;
    let refused = |result: Result<(), String>| result.expect_err("refused");
    assert!(refused(step(&ours(&world), "another", "v2", "createSecret").await).contains("not the secret"));
    assert!(refused(step(&ours(&world), SECRET_ID, "v2", "testSecret").await).contains("nothing was made"));
    assert_eq!(secret(&world).await, world.secret);

    // What somebody put there by hand instead.
    let put = async |version: &str, stage: &str, value: &str| {
        let put = ours(&world).put_secret_value().secret_id(SECRET_ID).client_request_token(version);
        put.secret_string(value).version_stages(stage).send().await.expect("put");
    };
    let other = local::secrets::generate().expect("keys");
    put("v2", "AWSPENDING", &other).await;
    assert!(refused(step(&ours(&world), SECRET_ID, "v2", "testSecret").await).contains("lacks keys"));
    put("v3", "AWSPENDING", "a password").await;
    assert!(refused(step(&ours(&world), SECRET_ID, "v3", "testSecret").await).contains("no keys"));
    put("v4", "AWSCURRENT", "a password").await;
    assert!(refused(step(&ours(&world), SECRET_ID, "v5", "createSecret").await).contains("left as it is"));
    assert_eq!(secret(&world).await, "a password");
}
