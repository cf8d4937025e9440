//! Names of users, groups and the organisation: spellings that look the same are one name.

use crate::accounts::search::all;
use crate::strict::errors;
use domain::typed::{Field, clean};
use serde_json::{Value, json};
use tests::World;
use tests::world::Ask;

#[tokio::test(flavor = "multi_thread")]
async fn spellings_of_a_group_are_one_group_in_accounts_lists_searches_and_the_policy() {
    let world = World::new().await;
    let (admin, _) = world.ready().await;
    let spellings = ["Qualité", "Qualite\u{301}", "Qua\u{200b}lité\u{3164}", " Qualité\r\n"];
    for (n, group) in spellings.into_iter().enumerate() {
        let user = json!({ "userId": format!("user{n}"), "name": "Zoe\u{308} \u{a0}王\u{200b}", "groups": [group] });
        let made =
            world.ask(Ask::new("POST", "/v1/users").bearer(&admin).body(user)).await.expect(201);
        assert_eq!(made.body["user"]["groups"], json!(["Qualité"]), "{group:?}");
        assert_eq!(made.body["user"]["name"], "Zoë 王");
    }
    let groups = world.ask(Ask::new("GET", "/v1/groups").bearer(&admin)).await.expect(200);
    assert_eq!(groups.body["items"], json!(["Qualité", "staff"]));
    let everyone = ["user0", "user1", "user2", "user3"];
    for group in ["Qualit%C3%A9", "Qualite%CC%81", "%E2%80%8BQualit%C3%A9%20"] {
        let mut found = all(&world, &admin, &format!("group={group}")).await;
        found.sort();
        assert_eq!(found, everyone, "{group}");
    }
    for group in spellings {
        let scope = json!({ "type": "selected", "groups": [group, "Qualité"] });
        let saved = world.save_policy(&admin, |policy| policy["scope"] = scope).await.expect(200);
        let cleaned = json!({ "type": "selected", "groups": ["Qualité"] });
        assert_eq!(saved.body["policy"]["scope"], cleaned, "{group:?}");
        let can = Ask::new("GET", "/v1/users/user1/can-reset").bearer(&admin);
        assert_eq!(world.ask(can).await.expect(200).text("reason"), "notEnoughMethods");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_texts_of_the_policy_are_cleaned_or_refused() {
    let world = World::new().await;
    let (admin, _) = world.ready().await;
    let put = async |pointer: &str, value: Value| {
        let change = |policy: &mut Value| *policy.pointer_mut(pointer).expect("a field") = value;
        world.save_policy(&admin, change).await
    };
    #[rustfmt::skip]
    let cleaned = [
        ("/organisation/name", " Exemple\u{200b} e\u{301}cole\n", "Exemple école"), ("/organisation/name", "王\u{3000}公司", "王 公司"), ("/organisation/shortName", "\u{feff}Acme\u{ad} ", "Acme"),
        ("/organisation/helpDesk", "\u{200b}https://help.example.com/\n", "https://help.example.com/"), ("/organisation/accentColour", " #1f5fbf\u{200b}\n", "#1f5fbf"), ("/organisation/accentColour", "＃１ｆ５ｆｂｆ", "#1f5fbf"),
    ];
    for (pointer, typed, expected) in cleaned {
        let saved = put(pointer, json!(typed)).await.expect(200);
        assert_eq!(saved.body["policy"].pointer(pointer), Some(&json!(expected)), "{typed:?}");
    }
    for name in [
        "",
        " ",
        "\u{200b}",
        "\u{3164}",
        "\u{2800}",
        "\u{e0061}",
        "Ac\nme",
        "Ac\u{202e}me",
        "Acme\0",
    ] {
        for (pointer, code) in
            [("/organisation/name", "notAName"), ("/organisation/shortName", "notAName")]
        {
            let answer = put(pointer, json!(name)).await.expect(400);
            assert_eq!(errors(&answer), [(pointer, code)], "{name:?}");
        }
        let scope = json!({ "type": "selected", "groups": [name] });
        assert_eq!(
            errors(&put("/scope", scope).await.expect(400)),
            [("/scope/groups", "notAGroup")]
        );
    }
    let terms = Ask::new("PUT", "/v1/policy/terms")
        .bearer(&admin)
        .header("if-match", &version(&world, &admin).await);
    let saved = world
        .ask(terms.body(json!({ "terms": [" zeppe\u{200b}lin\n", "e\u{301}te\u{301}s"] })))
        .await;
    assert_eq!(saved.expect(200).body["terms"], json!(["zeppelin", "étés"]));
}

async fn version(world: &World, admin: &str) -> String {
    let read = world.ask(Ask::new("GET", "/v1/policy/terms").bearer(admin)).await.expect(200);
    read.headers["etag"].clone()
}

#[test]
fn the_document_allows_the_characters_that_cleaning_keeps() {
    let schemas = &tests::contract::DOCUMENT["components"]["schemas"];
    let validator = |schema: &Value| jsonschema::validator_for(schema).expect("a schema");
    let group = validator(&schemas["GroupName"]);
    let user_id = validator(&schemas["StartReset"]["properties"]["userId"]);
    for c in '\0'..=char::MAX {
        // A letter beside the character, so that only a refused character counts.
        for text in [c.to_string(), format!("a{c}b")] {
            for (field, schema) in [(Field::GroupName, &group), (Field::UserId, &user_id)] {
                let (is_read, is_valid) =
                    (clean(field, &text).is_some(), schema.is_valid(&json!(text)));
                // A pattern cannot name the characters beyond U+FFFF.
                let beyond = c > '\u{ffff}' && is_valid;
                assert!(is_read == is_valid || beyond, "{field:?} {text:?}: valid {is_valid}");
            }
        }
    }
}
