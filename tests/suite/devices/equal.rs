//! Device tokens tell nothing: with any token that is not known, every state of an account is
//! answered alike, by the same calls.

use super::{DEVICE, sign_in, token};
use crate::reset::equal::{STATES, Seen, States, all_alike, calls, face, states_in};
use domain::device::{DeviceSlot, DeviceToken};
use domain::identity::TypedUserId;
use domain::time::Span;
use serde_json::json;
use tests::World;
use tests::world::Ask;

/// A token that a caller made up for a user ID, whether or not it has an account.
fn made_up(world: &World, user_id: &str) -> String {
    let handle = world.keys.handle(&TypedUserId::new(user_id.to_owned()));
    format!("lkd_{}0{}", handle.as_str(), "A".repeat(43 + 22))
}

/// Two starts of a reset and wrong passwords until sign-in is locked, with this token.
async fn seen(it: &States, state: &'static str, user_id: &str, device: &str, n: usize) -> Seen {
    let world = &it.world;
    world.set_source(&format!("192.0.2.{n}"));
    // An account that signed in before has a lock. A first wrong password makes all equal.
    world.sign_in(user_id, "the first wrong password").await;
    calls(world);
    let mut faces = Vec::new();
    for _ in 0..2 {
        let start = Ask::new("POST", "/v1/resets").body(json!({ "userId": user_id }));
        faces.push(face(&world.ask(start.header(DEVICE, device)).await));
    }
    for n in 1..=10 {
        let wrong = sign_in(user_id, &format!("wrong password number {n}"), device);
        faces.push(face(&world.ask(wrong).await));
    }
    assert!(faces.last().expect("ten").starts_with("429"), "{state}: {:?}", faces.last());
    Seen { state, calls: calls(world), faces }
}

#[tokio::test(flavor = "multi_thread")]
async fn a36_a_token_that_is_not_known_tells_nothing_of_an_account() {
    let it = states_in(World::new().await).await;
    let ann = &it.people[0];
    let foreign = it.world.ask(sign_in(&it.people[1].user_id, &it.people[1].password, "new")).await;
    let foreign = token(&foreign.expect(200));
    let mut answers = Vec::new();
    for (n, kind) in ["none", "new", "made up", "of another account"].into_iter().enumerate() {
        let mut of_kind = Vec::new();
        for (i, (state, user_id)) in STATES.into_iter().enumerate() {
            let device = match kind {
                "none" => String::new(),
                "new" => "new".to_owned(),
                "made up" => made_up(&it.world, user_id),
                _ if user_id == it.people[1].user_id => made_up(&it.world, &ann.user_id),
                _ => foreign.clone(),
            };
            of_kind.push(seen(&it, state, user_id, &device, 10 * n + i + 1).await);
        }
        all_alike(&of_kind);
        answers.push((kind, of_kind.swap_remove(0)));
        it.world.pass(Span::days(2));
    }
    for (kind, seen) in &answers {
        assert_eq!(seen.faces, answers[0].1.faces, "{kind}");
        // A made-up token, and one of another account, is none: no device is read.
        assert!(!seen.calls.iter().any(|call| call.contains("DEVICE")), "{kind}");
        assert_eq!(seen.calls.len(), answers[0].1.calls.len(), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a36_an_outdated_token_is_judged_like_one_of_an_unknown_account() {
    let it = states_in(World::new().await).await;
    let (ann, uma) = (&it.people[0], "unknown@example.com");
    let world = &it.world;
    let like_unknown = async |what: &'static str, device: &str, n: usize| {
        let mut known = seen(&it, what, &ann.user_id, device, n).await;
        // Only keys make such a token. Who has an outdated one knows that there was an account, so
        // the item of its slot may be found or not.
        let handle = world.keys.handle(&TypedUserId::new(uma.to_owned()));
        let genuine = DeviceToken::new(handle, DeviceSlot::ALL[0], [7; 32]).reveal(&world.keys);
        let unknown = seen(&it, "unknown", uma, &genuine, n + 1).await;
        for call in &mut known.calls {
            let found = call.find("(\"DEVICE\", ");
            if let Some((at, end)) = found.and_then(|at| Some((at, call[at..].find("), ")?))) {
                call.replace_range(at..at + end + 3, "");
            }
        }
        all_alike(&[known, unknown]);
        world.pass(Span::days(2));
    };
    let new = async || world.ask(sign_in(&ann.user_id, &ann.password, "new")).await.expect(200);
    let (first, second) = (new().await, new().await);
    let (forgotten, session) = (token(&first), second.text("bearer"));
    world.ask(Ask::new("DELETE", "/v1/sessions").bearer(&session)).await.expect(204);
    like_unknown("forgotten by a sign-out everywhere", &forgotten, 1).await;

    let expired = token(&new().await);
    world.pass(Span::days(180));
    like_unknown("not used for 180 days", &expired, 11).await;

    let admin = world.session(&it.administrator).await;
    let never = |policy: &mut serde_json::Value| policy["registration"]["reconfirmDays"] = json!(0);
    world.save_policy(&admin, never).await.expect(200);
    let disabled = token(&new().await);
    let path = format!("/v1/users/{}", ann.user_id);
    let seen_now = world.ask(Ask::new("GET", &path).bearer(&admin)).await.expect(200);
    let disable = Ask::new("PATCH", &path).bearer(&admin).body(json!({ "enabled": false }));
    let disable = disable.header("if-match", &seen_now.headers["etag"]);
    world.ask(disable).await.expect(200);
    like_unknown("of a disabled account", &disabled, 21).await;
}
