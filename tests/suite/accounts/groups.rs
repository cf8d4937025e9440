//! Groups: the list of groups with a member, and how they are stored.

use crate::accounts::search::all;
use crate::accounts::users::{create, delete, patch, world};
use serde_json::json;
use tests::world::Ask;

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_groups_holds_those_with_a_member() {
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
async fn a_group_is_stored_once_and_not_again_for_each_member() {
    let (world, admin) = world().await;
    world.proxy.take_calls();
    for n in 0..5 {
        world
            .ask(create(
                &admin,
                json!({ "userId": format!("user{n}"), "name": "Sample User", "groups": ["staff"] }),
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
async fn a_change_of_all_groups_the_name_and_the_role_is_one_transaction() {
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
        [41, 92],
        "one transaction for the new groups, one for the change; each has at most 100 members"
    );
    assert_eq!(all(&world, &admin, "group=group%2079&search=eight").await, ["boss"]);
    assert_eq!(all(&world, &admin, "group=group%2000").await, Vec::<String>::new());
    let deleted = delete(&world, &admin, "boss").await;
    deleted.expect(204);
}
