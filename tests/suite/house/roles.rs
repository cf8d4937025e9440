//! Checks each function's role in both directions: in every test the proxy refuses
//! calls that the role does not grant, and this module uses every granted right.

use crate::devices::{DEVICE, sign_in, token};
use crate::house::tour::{perform, tour};
use crate::trouble::lived_in::lived_in;
use crate::trouble::rotation::{client, rotated};
use domain::time::Span;
use serde_json::{Value, json};
use tests::caller::acting;
use tests::delivery::ses;
use tests::roles::{BY_THE_SERVICE, EVERY_FUNCTION, ROLES, Right, refused, roles};
use tests::world::Ask;
use tests::{Call, World};

const PHONE: &str = "+61491570156";

/// Makes requests that the tour of all requests and the stored test data lack:
/// idempotent repeats, long sessions, a reset by an administrator, new keys.
#[rustfmt::skip]
async fn rarer(world: &World) {
    let key = |ask: Ask, name: &str| ask.header("idempotency-key", format!("{name:-<16}"));
    let administrator = world.administrator().await;
    let admin = world.session(&administrator).await;
    world.switch_on_phones(&admin, 1).await;
    world.save_policy(&admin, |policy| policy["registration"]["required"] = json!(false)).await.expect(200);
    world.register_all(&administrator, &[("email", "ada.private@example.com"), ("mobilePhone", PHONE)]).await;
    let admin = world.session(&administrator).await;
    let bob = world.user(&admin, json!({ "userId": "bob@example.com", "name": "Bob", "role": "administrator" })).await;
    world.register_all(&bob, &[("email", "bob.private@example.com"), ("mobilePhone", "+61491570157")]).await;
    let eve = json!({ "userId": "eve@example.com", "name": "Eve" });
    world.ask(key(Ask::new("POST", "/v1/users").bearer(&admin).body(eve), "eve")).await.expect(201);
    let ann = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;
    let first = json!({ "userId": ann.user_id, "password": ann.password });
    let session = world.ask(key(Ask::new("POST", "/v1/sign-in").body(first), "ann")).await.expect(200).text("bearer");
    world.pass(Span::minutes(4));
    let method = json!({ "kind": "email", "destination": "ann.private@example.com" });
    let sent = world.ask(key(Ask::new("POST", "/v1/me/methods").bearer(&session).body(method), "method")).await.expect(202);
    world.pass(Span::minutes(2));
    let code = json!({ "code": world.code_for("ann.private@example.com").await });
    let verify = Ask::new("POST", format!("/v1/challenges/{}/verify", sent.text("challengeId")));
    world.ask(key(verify.bearer(&session).body(code), "verify")).await.expect(200);
    for path in ["/v1/users", "/v1/policy"] {
        world.pass(Span::minutes(6));
        world.ask(Ask::new("GET", path).bearer(&admin)).await.expect(200);
    }
    // A known device changes its password while registration is due, so that it gets no new token.
    let device = sign_in(&ann.user_id, &ann.password, "new");
    let device = world.ask(device).await.expect(200);
    let (session, device) = (device.text("bearer"), token(&device));
    // An administrator and an operator clear the lock of the device.
    let wrong = |n: u8| sign_in(&ann.user_id, &format!("wrong password {n}"), &device);
    world.ask(wrong(1)).await.expect(401);
    world.ask(Ask::new("POST", "/v1/users/ann@example.com/unlock").bearer(&admin)).await.expect(204);
    world.ask(wrong(2)).await.expect(401);
    world.invoke_directly("recover", json!({ "unlock": { "userId": ann.user_id } })).await;
    world.save_policy(&admin, |policy| policy["registration"]["required"] = json!(true)).await.expect(200);
    let change = json!({ "currentPassword": ann.password, "newPassword": "a kestrel above the motorway" });
    let change = Ask::new("PUT", "/v1/me/password").bearer(&session).body(change).header(DEVICE, &device);
    world.ask(change).await.expect(200);
    let reset = world.start_reset(&administrator.user_id).await;
    world.prove(&reset, "email", "ada.private@example.com").await;
    world.prove(&reset, "mobilePhone", PHONE).await;
    let set = Ask::new("PUT", format!("/v1/resets/{}/password", reset.id)).bearer(&reset.bearer);
    let set = set.body(json!({ "newPassword": "a kestrel above the motorway" }));
    world.ask(set.header(DEVICE, "new")).await.expect(204);
    // Sign-in waits for the longest time, of which the owner is told.
    for n in 0..14 {
        world.sign_in(&bob.user_id, &format!("wrong password number {n}")).await.expect(401);
        world.pass(if n < 9 { Span::seconds(1) } else { Span::minutes(15) });
    }
    world.pump().await;
    world.redrive().await;
    let bounced = ses("Bounce", &world.name_of_newest("bob.private@example.com"), json!({ "bounce": { "bounceType": "Permanent" } }));
    world.invoke_delivery_events(&bounced).await.expect("an answer");
    acting("rotate-secret", rotated(&client(world.proxy.endpoint()), "v2")).await;
    // Wrong passwords until the wait is the longest, of which the owner is told.
    for n in 0..14 {
        world.sign_in("unknown@example.com", &format!("wrong password {n}")).await.expect(401);
        world.pass(Span::minutes(if n < 9 { 0 } else { 15 }));
    }
}

/// Returns all AWS calls of these requests, with each function in its own process.
async fn calls() -> Vec<Call> {
    let world = World::new().await.apart().await;
    tour(&world, &mut async |_, step| perform(&world, &step).await).await;
    let toured = world.proxy.take_calls();
    let world = World::new().await.apart().await;
    Box::pin(lived_in(&world)).await;
    let lived = world.proxy.take_calls();
    let world = World::new().await.apart().await;
    Box::pin(rarer(&world)).await;
    [toured, lived, world.proxy.take_calls()].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_uses_every_right_of_its_role() {
    let calls = calls().await;
    let strange: Vec<&Call> =
        calls.iter().filter(|call| !ROLES.contains_key(&call.function)).collect();
    assert!(strange.is_empty(), "calls of no function: {strange:?}");
    let mut idle = Vec::new();
    for (function, role) in ROLES.iter() {
        idle.extend(
            role.unused(function, &calls).into_iter().map(|right| format!("{function}: {right:?}")),
        );
    }
    assert!(idle.is_empty(), "granted and never used:\n{}", idle.join("\n"));
}

/// A read of the day's SMS budget, which only `send-code` may make.
fn budget_of(table: &str) -> Value {
    json!({ "RequestItems": { table: { "Keys": [{ "pk": { "S": "BUDGET#1" }, "sk": { "S": "-" } }] } } })
}

#[test]
fn a_call_that_no_role_grants_is_refused() {
    let read = budget_of("latchkey");
    for function in ROLES.keys() {
        assert_eq!(
            refused(function, "BatchGetItem", &read).is_empty(),
            function == "send-code",
            "{function}"
        );
        assert_eq!(
            refused(function, "Scan", &json!({ "TableName": "latchkey" })).len(),
            1,
            "{function}"
        );
    }
    assert_eq!(refused("verify", "BatchGetItem", &read)[0].key, "BUDGET#1");
    for stranger in ["", "send-codes"] {
        assert_eq!(refused(stranger, "BatchGetItem", &read).len(), 1, "{stranger:?} has no role");
    }
}

#[test]
fn a_right_to_one_resource_does_not_cover_another() {
    let mail =
        |from: &str, set: &str| json!({ "FromEmailAddress": from, "ConfigurationSetName": set });
    let (secret, query) = (json!({ "SecretId": "latchkey" }), |index: &str| {
        let values = json!({ ":p": { "S": "O#1" } });
        json!({ "TableName": "latchkey", "IndexName": index, "KeyConditionExpression": "#p = :p", "ExpressionAttributeValues": values })
    });
    let put = |table: &str| json!({ "TransactItems": [{ "Put": { "TableName": table, "Item": { "pk": { "S": "SENT#1" } } } }] });
    #[rustfmt::skip]
    let table = [
        ("BatchGetItem", budget_of("latchkey"), 0),
        ("BatchGetItem", budget_of("another"), 1),
        ("TransactWriteItems", put("latchkey"), 0),
        ("TransactWriteItems", put("another"), 1),
        ("Query", query("by-bucket"), 0),
        ("Query", query("by-support-code"), 1),
        ("GetSecretValue", secret.clone(), 0),
        ("GetSecretValue", json!({ "SecretId": "another" }), 1),
        ("PutSecretValue", secret, 1),
        ("/v2/email/outbound-emails", mail("Latchkey <no-reply@example.com>", "latchkey"), 0),
        ("/v2/email/outbound-emails", mail("no-reply@example.com", "latchkey"), 0),
        ("/v2/email/outbound-emails", mail("Latchkey <no-reply@example.org>", "latchkey"), 1),
        ("/v2/email/outbound-emails", mail("Latchkey <no-reply@example.com>", "another"), 1),
        ("/v2/email/outbound-emails", mail("no-reply@another.example.com", "another"), 2),
        // A phone number has no ARN, so the template grants all targets and denies
        // those with an ARN.
        ("/Publish", json!({ "PhoneNumber": PHONE }), 0),
        ("/Publish", json!({ "TopicArn": "arn:aws:sns:us-east-1:000000000000:alarms" }), 1),
        ("/Publish", json!({ "TargetArn": "arn:aws:sns:us-east-1:000000000000:endpoint/GCM/app/1" }), 1),
    ];
    for (operation, body, many) in table {
        assert_eq!(refused("send-code", operation, &body).len(), many, "{operation} {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_checked_against_the_role_of_its_function() {
    let world = World::new().await;
    let client = client(world.proxy.endpoint());
    let read = async || client.get_secret_value().secret_id("latchkey").send().await.is_ok();
    assert!(!read().await, "a caller without a function");
    assert!(!acting("portal", read()).await);
    assert!(acting("verify", read()).await);

    // Each right is also checked when calls run concurrently within a function.
    let admin = world.session(&world.administrator().await).await;
    for (name, groups) in [("ann", json!(["staff", "board"])), ("bob", json!(["staff", "guests"]))]
    {
        let user = json!({ "userId": name, "name": name, "groups": groups });
        world.ask(Ask::new("POST", "/v1/users").bearer(&admin).body(user)).await.expect(201);
    }
    world.proxy.take_calls();
    let groups = world.ask(Ask::new("GET", "/v1/groups").bearer(&admin)).await.expect(200);
    assert_eq!(groups.body["items"], json!(["board", "guests", "staff"]));
    let calls = world.proxy.take_calls();
    assert_eq!(calls.iter().filter(|call| call.operation == "Query").count(), 4);
    assert!(calls.iter().all(|call| call.function == "directory"), "{calls:?}");
}

/// Reads a role with only this statement for a function.
fn role(function: &str, statement: &str) -> tests::roles::Role {
    let template = format!(
        "{{ Resources: {{
            Function: {{
                Type: AWS::Serverless::Function, Metadata: {{ BuildProperties: {{ Binary: {function} }} }},
                Properties: {{ Role: !GetAtt Role.Arn }} }},
            Role: {{ Properties: {{ Policies: [{{ PolicyDocument: {{ Statement: [{statement}] }} }}] }} }} }} }}"
    );
    roles(&template).remove(function).expect("a role")
}

#[test]
fn a_right_that_a_service_uses_for_one_function_is_unused_in_another() {
    let idle =
        |function: &str, statement: &str| role(function, statement).unused(function, &[]).len();
    let put_by = "{ Effect: Allow, Action: sqs:SendMessage, Resource: !GetAtt LostEvents.Arn }";
    let poll = "{ Effect: Allow, Action: [dynamodb:GetRecords, dynamodb:ListStreams], Resource: !GetAtt Table.StreamArn }";
    let log = "{ Effect: Allow, Action: logs:PutLogEvents, Resource: \"*\" }";
    let table = [("send-code", [0, 0, 0]), ("delivery-events", [0, 2, 0]), ("verify", [1, 2, 0])];
    for (function, many) in table {
        assert_eq!(
            [put_by, poll, log].map(|statement| idle(function, statement)),
            many,
            "{function}"
        );
    }
}

#[test]
fn a_role_reads_denials_and_rejects_unknown_statements() {
    let both = role(
        "verify",
        "{ Effect: Allow, Action: sns:Publish, Resource: \"*\" }, { Effect: Deny, Action: sns:Publish, Resource: \"arn:*:sns:*\" }",
    );
    assert!(both.refused("/Publish", &json!({ "PhoneNumber": PHONE })).is_empty());
    assert_eq!(both.refused("/Publish", &json!({ "TopicArn": "arn:aws:sns:a:b:c" })).len(), 1);
    for strange in [
        "{ Effect: Permit, Action: sns:Publish, Resource: \"*\" }",
        "{ Effect: Allow, NotAction: sns:Publish, Resource: \"*\" }",
        "{ Effect: Allow, Action: sns:Publish, NotResource: \"*\" }",
        "{ Effect: Allow, Action: dynamodb:PutItem, Resource: \"*\", Condition: { StringEquals: { \"dynamodb:LeadingKeys\": A } } }",
    ] {
        assert!(std::panic::catch_unwind(|| role("verify", strange)).is_err(), "{strange}");
    }
}

#[test]
fn every_call_by_a_service_has_a_reason_and_is_granted() {
    for (whose, action, reason) in BY_THE_SERVICE {
        assert!(!reason.is_empty());
        let granted = |name: &&String| {
            ROLES[*name].granted.iter().any(|Right { action: granted, .. }| granted == action)
        };
        let have: Vec<&String> = ROLES.keys().filter(granted).collect();
        match *whose {
            EVERY_FUNCTION => assert_eq!(have.len(), ROLES.len(), "{action}"),
            one => assert!(have.iter().any(|name| *name == one), "{one} is not granted {action}"),
        }
    }
}
