//! Finding accounts by user ID, name and group.

use crate::accounts::users::{create, delete, patch, world};
use serde_json::{Value, json};
use std::sync::Arc;
use tests::world::Ask;
use tests::{Answer, World};

/// Percent-encodes a text for a query.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                (byte as char).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

pub fn users(admin: &str, query: &str) -> Ask {
    Ask::new("GET", format!("/v1/users?{query}")).bearer(admin)
}

pub fn ids(page: &Answer) -> Vec<String> {
    page.body["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|user| user["userId"].as_str().expect("a user ID").to_owned())
        .collect()
}

/// Returns the user IDs on all pages of a query.
pub async fn all(world: &World, admin: &str, query: &str) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.ask(users(admin, &format!("{query}{cursor}"))).await.expect(200);
        found.extend(ids(&page));
        match page.body["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

pub async fn make(world: &Arc<World>, admin: &str, people: &[(&str, &str, &[&str])]) {
    for (user_id, name, groups) in people {
        world
            .ask(create(admin, json!({ "userId": user_id, "name": name, "groups": groups })))
            .await
            .expect(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_by_user_id_name_and_group() {
    let (world, admin) = world().await;
    #[rustfmt::skip]
    make(&world, &admin, &[
        ("ann@example.com", "Ann Example", &["staff", "board"]), ("annette", "Bob Annan", &["staff"]), ("mei", "陳美", &["Taipei 台北"]), ("hua", "陳 大華", &[]), ("zoe\u{308}", "ZOË O'Brien", &["staff"]),
    ]).await;
    #[rustfmt::skip]
    let table: [(&str, Option<&str>, &[&str]); 22] = [
        ("ann", None, &["ann@example.com", "annette"]), ("ANN", None, &["ann@example.com", "annette"]), ("ａｎｎ", None, &["ann@example.com", "annette"]), ("annan", None, &["annette"]),
        ("ann@", None, &["ann@example.com"]), ("example", None, &["ann@example.com"]), ("b", None, &["annette"]), ("bob ann", None, &["annette"]), ("ann bob", None, &["annette"]), ("ann zoë", None, &[]),
        ("陳", None, &["hua", "mei"]), ("陳美", None, &["mei"]), ("大", None, &["hua"]), ("陈", None, &[]), ("zoë", None, &["zoë"]), ("zoe\u{308}", None, &["zoë"]), ("zoe", None, &[]), ("o'b", None, &["zoë"]),
        ("ann", Some("board"), &["ann@example.com"]), ("a", Some("staff"), &["ann@example.com", "annette"]), ("陳", Some("Taipei 台北"), &["mei"]), ("unknown", Some("staff"), &[]),
    ];
    for (search, group, expected) in table {
        let group = group.map(|group| format!("&group={}", encode(group))).unwrap_or_default();
        for limit in [1, 200] {
            let mut found =
                all(&world, &admin, &format!("search={}{group}&limit={limit}", encode(search)))
                    .await;
            found.sort();
            assert_eq!(found, expected, "{search:?} {group:?}");
        }
    }
    for (group, expected) in [
        ("staff", vec!["ann@example.com", "annette", "zoë"]),
        ("Staff", vec![]),
        ("sta", vec![]),
        ("board", vec!["ann@example.com"]),
    ] {
        let mut found = all(&world, &admin, &format!("group={group}&limit=1")).await;
        found.sort();
        assert_eq!(found, expected, "{group}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn search_results_and_index_rows_follow_every_change() {
    let (world, admin) = world().await;
    make(&world, &admin, &[("ann", "Ann Example", &["staff", "board"])]).await;
    let found = async |query: &str| all(&world, &admin, query).await.len();
    patch(&world, &admin, "ann", json!({ "name": "Anna Other", "groups": ["board", "night"] }))
        .await
        .expect(200);
    for (query, hits) in [
        ("search=ann", 1),
        ("search=anna", 1),
        ("search=other", 1),
        ("search=example", 0),
        ("group=staff", 0),
        ("group=board", 1),
        ("group=night", 1),
        ("group=night&search=ann", 1),
    ] {
        assert_eq!(found(query).await, hits, "{query}");
    }
    // Reads the account's index rows: one for each word and each group.
    let rows = async || {
        let items = world.items().await;
        let leads = |item: &&Value| {
            ["GROUP#", "NAME#"]
                .iter()
                .any(|p| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with(p)))
        };
        let text = |item: &Value| {
            format!(
                "{} {}",
                item["pk"]["S"].as_str().unwrap(),
                item["sk"]["S"].as_str().unwrap().split('#').next().unwrap()
            )
        };
        let of_admin = ["admin@example.com", "NAME#a ada", "NAME#a admin"];
        let mut rows: Vec<String> = items
            .iter()
            .filter(leads)
            .map(text)
            .filter(|row| !of_admin.iter().any(|a| row.ends_with(a)))
            .collect();
        rows.iter_mut()
            .filter(|row| row.starts_with("GROUP#"))
            .for_each(|row| *row = row.split(' ').next().unwrap().to_owned());
        rows.sort();
        rows
    };
    assert_eq!(
        rows().await,
        ["GROUP#board", "GROUP#night", "NAME#a ann", "NAME#a anna", "NAME#o other"]
    );
    patch(&world, &admin, "ann", json!({ "enabled": false })).await.expect(200);
    assert_eq!(rows().await.len(), 5, "disabling the account leaves its index rows");
    delete(&world, &admin, "ann").await.expect(204);
    assert_eq!(rows().await, Vec::<String>::new());
    assert_eq!(found("search=ann").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_change_does_not_change_the_index() {
    let (world, admin) = world().await;
    make(&world, &admin, &[("ann", "Ann", &["staff"]), ("bob", "Bob", &[])]).await;
    let taken = create(&admin, json!({ "userId": "ann", "name": "Eve", "groups": ["eves"] }));
    world.ask(taken).await.expect(409);
    let stale = Ask::new("PATCH", "/v1/users/bob")
        .bearer(&admin)
        .header("if-match", "\"9\"")
        .body(json!({ "name": "Eve", "groups": ["eves"] }));
    world.ask(stale).await.expect(412);
    assert_eq!(all(&world, &admin, "search=eve").await, Vec::<String>::new());
    assert_eq!(
        world.ask(Ask::new("GET", "/v1/groups").bearer(&admin)).await.expect(200).body["items"],
        json!(["staff"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a43_a_query_takes_only_known_parameters_once_each() {
    let (world, admin) = world().await;
    let long = format!("/v1/users?group={}", "g".repeat(65));
    #[rustfmt::skip]
    let refused = [
        ("/v1/users?search=a&search=b", "/search", "repeatedParameter"), ("/v1/users?group=a&group=b", "/group", "repeatedParameter"), ("/v1/users?limit=1&limit=1", "/limit", "repeatedParameter"),
        ("/v1/users?limit=1&%6cimit=1", "/limit", "repeatedParameter"), ("/v1/groups?limit=1&limit=2", "/limit", "repeatedParameter"), ("/v1/policy/history?cursor=a&cursor=b", "/cursor", "repeatedParameter"),
        ("/v1/users?colour=blue", "/colour", "unknownParameter"), ("/v1/users?Search=a", "/Search", "unknownParameter"), ("/v1/users?search[]=a", "/search[]", "unknownParameter"),
        ("/v1/users?search%00=a", "/search\0", "unknownParameter"), ("/v1/users?=a", "/", "unknownParameter"), ("/v1/users?a/b~c", "/a~1b~0c", "unknownParameter"), ("/v1/groups?search=a", "/search", "unknownParameter"),
        ("/v1/users?limit=many", "/limit", "wrongType"), ("/v1/users?limit=-1", "/limit", "wrongType"), ("/v1/users?limit=1,1", "/limit", "wrongType"), ("/v1/users?search=%ff", "/search", "wrongType"), ("/v1/users?search=%ed%a0%80", "/search", "wrongType"),
        ("/v1/users?limit=0", "/limit", "outOfRange"), ("/v1/users?limit=201", "/limit", "outOfRange"), ("/v1/users?limit=18446744073709551615", "/limit", "outOfRange"), ("/v1/groups?limit=0", "/limit", "outOfRange"),
        ("/v1/users?search=", "/search", "notASearch"), ("/v1/users?search", "/search", "notASearch"), ("/v1/users?search=%20%E3%80%80", "/search", "notASearch"),
        ("/v1/users?search=%00", "/search", "notASearch"), ("/v1/users?search=a%00b", "/search", "notASearch"), ("/v1/users?search=%E2%80%AE", "/search", "notASearch"), ("/v1/users?search=%E2%A0%80", "/search", "notASearch"),
        ("/v1/users?group=%E2%80%8B", "/group", "notAGroup"),
        ("/v1/users?group=", "/group", "notAGroup"), ("/v1/users?group=a%0Ab", "/group", "notAGroup"), (&long, "/group", "notAGroup"),
    ];
    for (path, pointer, code) in refused {
        let answer = world.ask(Ask::new("GET", path).bearer(&admin)).await.expect(400);
        let error = &answer.body["errors"][0];
        assert_eq!(
            (answer.code(), &error["pointer"], &error["code"]),
            ("invalidRequest", &json!(pointer), &json!(code)),
            "{path}"
        );
    }
    // These texts are searched for like any other, and match no account.
    for text in
        ["#", "a#", "NAME#a", "%", "'; drop", &"x".repeat(5000), "{\"S\":\"a\"}", "<script>"]
    {
        assert_eq!(
            all(&world, &admin, &format!("search={}", encode(text))).await,
            Vec::<String>::new(),
            "{text:?}"
        );
    }
}
