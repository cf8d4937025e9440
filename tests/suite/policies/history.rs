//! The history of the policy, and paging through it.

use super::policy::{read, versions, world};
use serde_json::json;
use tests::world::Ask;

#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_newest_first_and_paged_by_a_cursor_that_cannot_be_forged() {
    let (world, admin) = world().await;
    let history = async |query: &str| {
        world.ask(Ask::new("GET", format!("/v1/policy/history{query}")).bearer(&admin)).await
    };
    assert_eq!(history("").await.expect(200).body, json!({ "items": [] }));
    // More than nine versions, so that sorting them as text would give another order.
    for minutes in 10..22 {
        world
            .save_policy(&admin, |policy| policy["resetLifetimeMinutes"] = json!(minutes))
            .await
            .expect(200);
    }
    let all = history("").await.expect(200);
    assert_eq!(versions(&all), (1..=12).rev().collect::<Vec<_>>());
    assert_eq!(all.body["items"][0], read(&world, &admin).await.body);

    let (mut paged, mut query) = (Vec::new(), "?limit=5".to_owned());
    let mut cursors = Vec::new();
    loop {
        let page = history(&query).await.expect(200);
        paged.extend(versions(&page));
        // A save between two pages: no version is lost or shown twice.
        world.save_policy(&admin, |policy| policy["auditDays"] = json!(40)).await.expect(200);
        let Some(cursor) = page.body["cursor"].as_str() else { break };
        cursors.push(cursor.to_owned());
        query = format!("?limit=5&cursor={cursor}");
    }
    assert_eq!(paged, (1..=12).rev().collect::<Vec<_>>());

    let cursor = &cursors[0];
    let users = world
        .ask(
            Ask::new("POST", "/v1/users")
                .bearer(&admin)
                .body(json!({ "userId": "ann", "name": "Ann" })),
        )
        .await
        .expect(201);
    assert_eq!(users.status, 201);
    let of_users = world
        .ask(Ask::new("GET", "/v1/users?limit=1").bearer(&admin))
        .await
        .expect(200)
        .text("cursor");
    let mut bad = vec![
        String::new(),
        "x".into(),
        "..".into(),
        of_users,
        cursor[..cursor.len() - 1].into(),
        format!("{cursor}A"),
        format!("{cursor}.x"),
        cursor.replacen('1', "2", 1),
    ];
    let flipped = |place: usize| {
        let mut text = cursor.clone().into_bytes();
        text[place] = if text[place] == b'A' { b'B' } else { b'A' };
        String::from_utf8(text).unwrap()
    };
    bad.extend((2..cursor.len()).filter(|place| cursor.as_bytes()[*place] != b'.').map(flipped));
    for cursor in bad {
        let answer = history(&format!("?cursor={cursor}")).await.expect(400);
        let error = &answer.body["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!("/cursor"), &json!("notACursor")),
            "{cursor:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_holds_one_to_two_hundred_rows() {
    let (world, admin) = world().await;
    for list in ["/v1/policy/history", "/v1/users"] {
        let ask = async |query: &str| {
            world.ask(Ask::new("GET", format!("{list}?{query}")).bearer(&admin)).await
        };
        for query in ["limit=1", "limit=200", ""] {
            ask(query).await.expect(200);
        }
        for query in ["limit=0", "limit=201"] {
            let answer = ask(query).await.expect(400);
            let expected = json!({ "pointer": "/limit", "code": "outOfRange", "detail": "Must be from 1 to 200.", "min": 1, "max": 200 });
            assert_eq!(answer.body["errors"], json!([expected]), "{list} {query}");
        }
        for query in [
            "limit=-1",
            "limit=ten",
            "limit=",
            "limit=01",
            "limit=%2B5",
            "limit=+5",
            "limit=5.0",
            "limit=0x5",
            "limit=1,2",
            "limit=%EF%BC%95",
        ] {
            let answer = ask(query).await.expect(400);
            let error = &answer.body["errors"][0];
            assert_eq!(
                (&error["pointer"], &error["code"]),
                (&json!("/limit"), &json!("wrongType")),
                "{list} {query}"
            );
        }
    }
}
