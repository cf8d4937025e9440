//! Finding accounts and groups, page by page, while others write.

use crate::accounts::users::{create, delete, patch, together, world};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tests::world::Ask;
use tests::{Answer, World};

/// A text as a query carries it.
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

fn users(admin: &str, query: &str) -> Ask {
    Ask::new("GET", format!("/v1/users?{query}")).bearer(admin)
}

fn ids(page: &Answer) -> Vec<String> {
    page.body["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|user| user["userId"].as_str().expect("a user ID").to_owned())
        .collect()
}

/// All pages of a query, one after another.
async fn all(world: &World, admin: &str, query: &str) -> Vec<String> {
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

async fn make(world: &Arc<World>, admin: &str, people: &[(&str, &str, &[&str])]) {
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
        ("ann", Some("board"), &["ann@example.com"]), ("a", Some("staff"), &["ann@example.com", "annette"]), ("陳", Some("Taipei 台北"), &["mei"]), ("nobody", Some("staff"), &[]),
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
async fn what_is_found_follows_every_change() {
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
    // Rows of the account: as many as it has words and groups, and no more.
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
    assert_eq!(rows().await.len(), 5, "what is not touched is not written");
    delete(&world, &admin, "ann").await.expect(204);
    assert_eq!(rows().await, Vec::<String>::new());
    assert_eq!(found("search=ann").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_refused_changes_nothing_that_is_found() {
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
async fn a_page_loses_nobody_and_shows_nobody_twice_while_others_write() {
    let (world, admin) = world().await;
    // Every one of them is found by several words.
    let make = |n: usize| {
        let (world, admin) = (world.clone(), admin.clone());
        let user = json!({ "userId": format!("sam{n:02}"), "name": format!("Sam{} Samuel Sample", n % 7), "groups": ["samples"] });
        async move { world.ask(create(&admin, user)).await }
    };
    for answer in together((0..40).map(make)).await {
        answer.expect(201);
    }
    let mut all: BTreeSet<String> = (0..40).map(|n| format!("sam{n:02}")).collect();
    let (mut late, mut made) = (BTreeSet::new(), 40);
    for query in ["search=sam", "search=samu", "group=samples", "group=samples&search=samp"] {
        for limit in [1, 7, 40, 200] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            let before = all.clone();
            let mut left = BTreeSet::new();
            loop {
                let page = world
                    .ask(users(&admin, &format!("{query}&limit={limit}{cursor}")))
                    .await
                    .expect(200);
                assert!(ids(&page).len() <= limit);
                seen.extend(ids(&page));
                if limit == 7 && left.is_empty() {
                    // Somebody joins, somebody leaves who was not shown yet, and
                    // the very row the cursor stands at goes away.
                    make(made).await.expect(201);
                    late.insert(format!("sam{made:02}"));
                    made += 1;
                    let at_the_cursor = seen.last().expect("somebody").clone();
                    let to_come =
                        all.iter().find(|user| !seen.contains(user)).expect("somebody").clone();
                    for leaver in [at_the_cursor, to_come] {
                        delete(&world, &admin, &leaver).await.expect(204);
                        all.remove(&leaver);
                        late.remove(&leaver);
                        left.insert(leaver);
                    }
                }
                let Some(next) = page.body["cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            let once: BTreeSet<String> = seen.iter().cloned().collect();
            assert_eq!(once.len(), seen.len(), "{query}: nobody twice, {limit} a page");
            let stayed: BTreeSet<String> = before.difference(&left).cloned().collect();
            assert!(
                once.is_superset(&stayed),
                "{query}, {limit} a page: {:?} are lost",
                stayed.difference(&once)
            );
            all.extend(late.iter().cloned());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_belongs_to_its_filter() {
    let (world, admin) = world().await;
    make(
        &world,
        &admin,
        &[
            ("ann", "Ann", &["staff", "board"]),
            ("anna", "Anna", &["staff", "board"]),
            ("annette", "Annette", &["staff", "board"]),
        ],
    )
    .await;
    let lists = [
        "/v1/users?",
        "/v1/users?search=ann&",
        "/v1/users?search=an&",
        "/v1/users?group=staff&",
        "/v1/users?group=board&",
        "/v1/users?group=staff&search=ann&",
        "/v1/groups?",
    ];
    let mut cursors = Vec::new();
    for list in lists {
        let page =
            world.ask(Ask::new("GET", format!("{list}limit=1")).bearer(&admin)).await.expect(200);
        cursors.push(page.text("cursor"));
    }
    for (i, list) in lists.iter().enumerate() {
        for (j, cursor) in cursors.iter().enumerate() {
            let answer = world
                .ask(Ask::new("GET", format!("{list}limit=1&cursor={cursor}")).bearer(&admin))
                .await;
            assert_eq!(
                answer.status,
                if i == j { 200 } else { 400 },
                "{list} with the cursor of {}: {answer:?}",
                lists[j]
            );
        }
        // Forged: another position, another mark, and nonsense.
        let parts: Vec<&str> = cursors[i].split('.').collect();
        for forged in [
            format!("{}.{}.{}", parts[0], parts[1], "YW5u"),
            format!("9.{}.{}", parts[1], parts[2]),
            "x".into(),
            String::new(),
            format!("{}.x", cursors[i]),
        ] {
            let answer = world
                .ask(Ask::new("GET", format!("{list}cursor={forged}")).bearer(&admin))
                .await
                .expect(400);
            assert_eq!(answer.body["errors"][0]["pointer"], "/cursor", "{list} {forged}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a43_a_query_is_known_parameters_each_once() {
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
    // Whatever is typed is looked for, and finds nobody.
    for text in [
        "#",
        "a#",
        "NAME#a",
        "%",
        "'; drop",
        "\u{0}",
        "\u{202e}",
        &"x".repeat(5000),
        "{\"S\":\"a\"}",
        "<script>",
    ] {
        assert_eq!(
            all(&world, &admin, &format!("search={}", encode(text))).await,
            Vec::<String>::new(),
            "{text:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_those_that_have_a_member() {
    let (world, admin) = world().await;
    let groups = async |limit: usize| {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = world
                .ask(Ask::new("GET", format!("/v1/groups?limit={limit}{cursor}")).bearer(&admin))
                .await
                .expect(200);
            let items = page.body["items"].as_array().expect("items").clone();
            assert!(items.len() <= limit);
            found.extend(items.into_iter().map(|name| name.as_str().expect("a name").to_owned()));
            match page.body["cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    };
    assert_eq!(groups(10).await, Vec::<String>::new());
    let many: Vec<String> = (0..40).map(|n| format!("group {n:02}")).collect();
    world
        .ask(create(&admin, json!({ "userId": "ann", "name": "Ann", "groups": many })))
        .await
        .expect(201);
    let more: Vec<String> = (40..80).map(|n| format!("group {n:02}")).collect();
    world
        .ask(create(&admin, json!({ "userId": "bob", "name": "Bob", "groups": more })))
        .await
        .expect(201);
    for limit in [1, 7, 40, 200] {
        assert_eq!(groups(limit).await, [many.clone(), more.clone()].concat(), "{limit} a page");
    }
    delete(&world, &admin, "ann").await.expect(204);
    assert_eq!(groups(3).await, more);
    patch(&world, &admin, "bob", json!({ "groups": ["台北", "group 77"] })).await.expect(200);
    assert_eq!(groups(1).await, ["group 77", "台北"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_written_down_once_and_not_by_everybody_who_joins() {
    let (world, admin) = world().await;
    world.proxy.take_calls();
    for n in 0..5 {
        world
            .ask(create(
                &admin,
                json!({ "userId": format!("user{n}"), "name": "Somebody", "groups": ["staff"] }),
            ))
            .await
            .expect(201);
    }
    patch(&world, &admin, "user0", json!({ "groups": ["board", "staff"] })).await.expect(200);
    let puts = |name: &str| {
        let key = json!({ "pk": { "S": "GROUPS" }, "sk": { "S": name } });
        move |call: &tests::Call| {
            call.body["TransactItems"]
                .as_array()
                .is_some_and(|members| members.iter().any(|m| m["Put"]["Item"] == key))
        }
    };
    let calls = world.proxy.take_calls();
    assert_eq!(calls.iter().filter(|call| puts("staff")(call)).count(), 1);
    assert_eq!(calls.iter().filter(|call| puts("board")(call)).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_all_groups_and_the_whole_name_of_an_administrator_is_one_transaction() {
    let (world, admin) = world().await;
    let groups =
        |from: usize| (from..from + 40).map(|n| format!("group {n:02}")).collect::<Vec<_>>();
    let made = json!({ "userId": "boss", "name": "One Two Three Four", "role": "administrator", "groups": groups(0) });
    world.ask(create(&admin, made)).await.expect(201);
    world.proxy.take_calls();
    let change = json!({ "name": "Five Six Seven Eight", "role": "user", "groups": groups(40) });
    patch(&world, &admin, "boss", change).await.expect(200);
    let calls = world.proxy.take_calls();
    let members: Vec<usize> = calls
        .iter()
        .filter_map(|call| Some(call.body["TransactItems"].as_array()?.len()))
        .collect();
    assert_eq!(
        members,
        [41, 94],
        "the groups that nobody knew, and the change: at most 100 a transaction"
    );
    assert_eq!(all(&world, &admin, "group=group%2079&search=eight").await, ["boss"]);
    assert_eq!(all(&world, &admin, "group=group%2000").await, Vec::<String>::new());
    let deleted = delete(&world, &admin, "boss").await;
    deleted.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_fits_few_of_many_ends_with_short_pages_and_finds_them_all() {
    let (world, admin) = world().await;
    // Rows that lead to nobody any more, as a table of 600 people would have:
    // put there directly, since 600 accounts would take a minute.
    for n in 0..600 {
        let row = json!({ "pk": { "S": "GROUP#staff" }, "sk": { "S": format!("{n:022}") } });
        world.table("PutItem", json!({ "Item": row })).await;
    }
    make(&world, &admin, &[("ann", "Ann", &["staff"]), ("bob", "Bob", &["staff"])]).await;
    world.proxy.take_calls();
    let first = world.ask(users(&admin, "group=staff&limit=2")).await.expect(200);
    let reads = world.proxy.take_calls().iter().filter(|call| call.operation == "Query").count();
    assert!(reads <= 8, "{reads} reads in one request");
    assert!(
        first.body["cursor"].is_string() && ids(&first).len() < 2,
        "a short page goes on: {first:?}"
    );
    let mut found = all(&world, &admin, "group=staff&limit=2").await;
    found.sort();
    assert_eq!(found, ["ann", "bob"]);
}
