//! Paging through lists: while accounts are created and deleted, with cursors, and with
//! short pages.

use crate::accounts::search::{all, ids, make, users};
use crate::accounts::users::{create, delete, together, world};
use serde_json::json;
use std::collections::BTreeSet;
use tests::world::Ask;

#[tokio::test(flavor = "multi_thread")]
async fn forty_users_are_listed_page_by_page_and_none_is_lost_or_shown_twice() {
    let (world, admin) = world().await;
    let mut all: BTreeSet<String> = ["admin@example.com".to_owned()].into();
    let make = |n: usize| {
        let (world, admin) = (world.clone(), admin.clone());
        async move {
            world.ask(create(&admin, json!({ "userId": format!("user{n}@example.com"), "name": format!("User {n}") }))).await
        }
    };
    for answer in together((0..40).map(make)).await {
        all.insert(answer.expect(201).body["user"]["userId"].as_str().unwrap().to_owned());
    }
    assert_eq!(all.len(), 41);
    for limit in [1, 7, 41, 200] {
        let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = world
                .ask(Ask::new("GET", format!("/v1/users?limit={limit}{cursor}")).bearer(&admin))
                .await
                .expect(200);
            let items = page.body["items"].as_array().unwrap();
            assert!(items.len() <= limit);
            seen.extend(items.iter().map(|user| user["userId"].as_str().unwrap().to_owned()));
            pages += 1;
            if limit == 7 && pages == 2 {
                // One account is created, and one that no page has shown yet is deleted.
                make(100).await.expect(201);
                let leaver = all
                    .iter()
                    .find(|user| !seen.contains(user) && user.starts_with("user"))
                    .unwrap()
                    .clone();
                delete(&world, &admin, &leaver).await.expect(204);
                all.remove(&leaver);
            }
            let Some(next) = page.body["cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let once: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(once.len(), seen.len(), "no account twice, {limit} a page");
        let late = "user100@example.com".to_owned();
        assert!(
            once.is_superset(&all) && once.difference(&all).all(|extra| *extra == late),
            "{limit} a page"
        );
    }
    let users = world.ask(Ask::new("GET", "/v1/users?limit=1").bearer(&admin)).await.expect(200);
    let one = users.body["items"][0].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let shown = [
        "createdAt",
        "enabled",
        "groups",
        "language",
        "name",
        "registeredAt",
        "revision",
        "role",
        "temporaryPasswordUntil",
        "userId",
    ];
    assert_eq!(one, shown, "no hash, no address, no internal ID");
}

#[tokio::test(flavor = "multi_thread")]
async fn paging_while_accounts_change_loses_none_and_shows_none_twice() {
    let (world, admin) = world().await;
    // Several words and groups match each account.
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
                    // One account is created; the one at the cursor and one that no
                    // page has shown yet are deleted.
                    make(made).await.expect(201);
                    late.insert(format!("sam{made:02}"));
                    made += 1;
                    let at_the_cursor = seen.last().expect("an account").clone();
                    let to_come =
                        all.iter().find(|user| !seen.contains(user)).expect("an account").clone();
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
            assert_eq!(once.len(), seen.len(), "{query}: no account twice, {limit} a page");
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
        // Forged cursors: another position, another key ID, and other texts.
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
async fn a_filter_with_few_matches_gives_short_pages_and_finds_them_all() {
    let (world, admin) = world().await;
    // Adds 600 index rows without accounts. They are written directly, because creating
    // 600 accounts would take a minute.
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
        "a short page still has a cursor: {first:?}"
    );
    let mut found = all(&world, &admin, "group=staff&limit=2").await;
    found.sort();
    assert_eq!(found, ["ann", "bob"]);
}
