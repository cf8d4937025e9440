//! This version reads items that a newer version wrote while both run side by side:
//! unknown kinds of method are kept, count for nothing, and never lower the number of
//! kinds required.

use serde_json::{Value, json};
use tests::World;
use tests::world::Ask;

/// A kind of method that this version does not know.
const UNKNOWN: &str = "carrierPigeon";

/// Returns the item whose partition key begins with `prefix` and that contains `has`.
async fn item(world: &World, prefix: &str, has: &str) -> Value {
    let items = world.items().await;
    let fits = |item: &&Value| {
        item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with(prefix))
            && item.to_string().contains(has)
    };
    items.iter().find(fits).unwrap_or_else(|| panic!("no {prefix} with {has}")).clone()
}

/// Sets one attribute of an item, as a newer version would have written it.
async fn write(world: &World, item: &Value, path: &str, value: Value) {
    let names: Vec<&str> = path.split('.').collect();
    let placeholders: Vec<String> = (0..names.len()).map(|i| format!("#n{i}")).collect();
    let attribute_names: Value = placeholders
        .iter()
        .zip(&names)
        .map(|(p, name)| (p.clone(), json!(name)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let update = json!({
        "Key": { "pk": item["pk"], "sk": item["sk"] },
        "UpdateExpression": format!("SET {} = :value", placeholders.join(".")),
        "ExpressionAttributeNames": attribute_names,
        "ExpressionAttributeValues": { ":value": value },
    });
    world.table("UpdateItem", update).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_kind_is_kept_counts_for_nothing_and_lowers_no_number() {
    let world = World::new().await;
    let (admin, ann) = world.ready().await;
    let policy = item(&world, "POLICY#0", "kindsRequired").await;
    let methods = json!({ "L": [{ "S": "email" }, { "S": UNKNOWN }] });
    write(&world, &policy, "policy.methods", methods.clone()).await;
    write(&world, &policy, "policy.kindsRequired", json!({ "N": "2" })).await;
    let account = item(&world, "ACCT#", &ann.user_id).await;
    let secret = json!({ "M": { "secret": { "S": "of newer code" } } });
    write(&world, &account, &format!("methods.{UNKNOWN}"), secret.clone()).await;

    // Ann proved one known kind. The other allowed kind is unknown to this version, so
    // two stay required, and no account can finish with one.
    let session = world.session(&ann).await;
    let shown = world.ask(Ask::new("GET", "/v1/me/methods").bearer(&session)).await.expect(200);
    assert_eq!(shown.body["allowed"], json!(["email"]));
    assert_eq!(shown.body["needed"], 2);
    assert_eq!(shown.body["registered"], json!(["email"]));
    assert!(!shown.body.to_string().contains(UNKNOWN), "{shown:?}");
    let finish = Ask::new("POST", "/v1/me/registration/finish").bearer(&session);
    assert_eq!(world.ask(finish).await.code(), "methodMissing");
    let reset = world.start_reset(&ann.user_id).await;
    assert_eq!(world.next_in(&reset).await, "method");

    // Neither saving the policy nor saving the account removes the unknown kind.
    let read = world.ask(Ask::new("GET", "/v1/policy").bearer(&admin)).await.expect(200);
    assert!(!read.body.to_string().contains(UNKNOWN), "{read:?}");
    let save = Ask::new("PUT", "/v1/policy")
        .bearer(&admin)
        .header("if-match", &read.headers["etag"])
        .body(read.body["policy"].clone());
    world.ask(save).await.expect(200);
    assert_eq!(item(&world, "POLICY#0", "kindsRequired").await["policy"]["M"]["methods"], methods);
    let path = format!("/v1/users/{}", ann.user_id);
    let user = world.ask(Ask::new("GET", &path).bearer(&admin)).await.expect(200);
    let change = Ask::new("PATCH", &path)
        .bearer(&admin)
        .header("if-match", &user.headers["etag"])
        .body(json!({ "name": "Ann Other" }));
    world.ask(change).await.expect(200);
    let account = item(&world, "ACCT#", &ann.user_id).await;
    assert_eq!(account["methods"]["M"][UNKNOWN], secret);

    // An administrator cannot allow a kind that this version does not know.
    let mut policy = read.body["policy"].clone();
    policy["methods"] = json!(["email", UNKNOWN]);
    let save =
        Ask::new("PUT", "/v1/policy").bearer(&admin).header("if-match", "\"9\"").body(policy);
    assert_eq!(world.ask(save).await.expect(400).body["errors"][0]["pointer"], "/methods/1");
}
