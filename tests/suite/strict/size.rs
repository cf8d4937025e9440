//! Sizes: oversized requests are refused before they cause any AWS call.

use super::{ask, bodies, errors, operations, raw};
use crate::house::contract::routes;
use serde_json::json;
use tests::World;
use tests::world::{Ask, FUNCTIONS, event};

#[tokio::test(flavor = "multi_thread")]
async fn a44_a_body_is_at_most_64_kib() {
    let world = World::new().await;
    let most = 64 * 1024;
    for (method, path, body) in bodies() {
        let padded = |size: usize| format!("{}{body}", " ".repeat(size - body.to_string().len()));
        for size in [most + 1, 65 * 1024 + 1, 6 << 20] {
            for ask in [
                raw(method, path, padded(size)),
                raw(method, path, padded(size)).header("idempotency-key", "a-key-for-a-body"),
            ] {
                assert_eq!(
                    world.ask(ask).await.expect(413).code(),
                    "bodyTooLarge",
                    "{path}: {size}"
                );
            }
        }
        assert_eq!(operations(&world), Vec::<String>::new(), "{path}");
        assert_ne!(
            world.ask(raw(method, path, padded(most))).await.status,
            413,
            "{path}: a body of the exact limit is read"
        );
        operations(&world);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a44_a_long_password_or_user_id_costs_no_hash_and_no_call() {
    let world = World::new().await;
    let long = |size: usize| "p".repeat(size);
    // Neither a megabyte as a body nor sixty thousand letters as a password are accepted.
    for (method, path, field) in [
        ("POST", "/v1/sign-in", "password"),
        ("POST", "/v1/sign-in", "userId"),
        ("POST", "/v1/resets", "userId"),
        ("POST", "/v1/users", "userId"),
        ("POST", "/v1/session/confirm", "password"),
        ("PUT", "/v1/me/password", "currentPassword"),
        ("PUT", "/v1/resets/{resetId}/password", "newPassword"),
    ] {
        for size in [64 * 1024, 1 << 20] {
            let mut body = bodies().into_iter().find(|(_, of, _)| *of == path).expect("a body").2;
            body[field] = json!(long(size));
            assert_eq!(
                world.ask(ask(method, path).body(body)).await.expect(413).code(),
                "bodyTooLarge",
                "{path}"
            );
        }
    }
    for size in [257, 60_000] {
        for body in [
            json!({ "userId": "ann", "password": long(size) }),
            json!({ "userId": long(size), "password": "a ptarmigan of ann" }),
        ] {
            assert_eq!(
                world.ask(Ask::new("POST", "/v1/sign-in").body(body)).await.expect(401).code(),
                "signInFailed"
            );
        }
        let body =
            json!({ "currentPassword": long(size), "newPassword": "another ptarmigan of ann" });
        assert_eq!(
            world.ask(ask("PUT", "/v1/me/password").body(body)).await.expect(422).code(),
            "currentPasswordWrong"
        );
        let body = json!({ "password": long(size) });
        assert_eq!(
            world.ask(ask("POST", "/v1/session/confirm").body(body)).await.expect(422).code(),
            "currentPasswordWrong"
        );
        let answer = world
            .ask(Ask::new("POST", "/v1/resets").body(json!({ "userId": long(size) })))
            .await
            .expect(400);
        assert_eq!(errors(&answer), [("/userId", "notAUserId")], "{size}");
    }
    assert_eq!(operations(&world), Vec::<String>::new());
    // The longest possible user ID is looked up.
    world
        .ask(Ask::new("POST", "/v1/resets").body(json!({ "userId": format!(" {} ", long(254)) })))
        .await
        .expect(403);
    assert!(!operations(&world).is_empty());
}

/// Adds a header to this request, so that all headers together have this many bytes.
fn with_headers_of(ask: Ask, size: usize) -> Ask {
    let given = event(&ask, 1);
    let has: usize = given["headers"]
        .as_object()
        .expect("headers")
        .iter()
        .map(|(name, value)| name.len() + value.as_str().unwrap().len())
        .sum();
    ask.header("x-padding", "p".repeat(size - has - "x-padding".len()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a44_all_headers_have_at_most_10_240_bytes_together() {
    let world = World::new().await;
    let asks = routes()
        .into_iter()
        .map(|(function, method, path)| (function, ask(super::method(&method), &path)));
    let nowhere =
        FUNCTIONS.iter().map(|(function, _)| ((*function).to_owned(), Ask::new("GET", "/nowhere")));
    for (function, ask) in asks.chain(nowhere) {
        let what = format!("{} {}", ask.method, ask.path);
        for too_large in [
            with_headers_of(ask.clone(), 10_241),
            with_headers_of(ask.clone(), 200_000),
            ask.clone().cookie(&"c".repeat(10_240)),
        ] {
            let answer = world
                .ask_function(&function, too_large.header("accept-language", "zh-TW"))
                .await
                .expect(431);
            assert_eq!(
                (answer.code(), answer.text("title").as_str()),
                ("headersTooLarge", "標頭太大"),
                "{what}"
            );
        }
        assert_eq!(operations(&world), Vec::<String>::new(), "{what}");
        let answer = world.ask_function(&function, with_headers_of(ask, 10_240)).await;
        assert_ne!(answer.status, 431, "{what}: headers of the exact limit are read");
        operations(&world);
    }
}
