//! Mails: in both languages, as text and as HTML, and without any text that an attacker
//! could insert.

use serde_json::json;
use tests::World;
use tests::world::Ask;

/// Returns the mails of a registration and a reset, to a user with this language in an
/// organisation with this name.
async fn mails(language: &str, organisation: &str) -> Vec<local::inbox::Message> {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    let saved = world
        .save_policy(&admin, |policy| {
            policy["scope"] = json!({ "type": "all" });
            policy["organisation"]["name"] = organisation.into();
            policy["organisation"]["helpDesk"] = "https://help.example.com/?a=1&b=2".into();
        })
        .await;
    saved.expect(200);
    let user = json!({ "userId": "ann@example.com", "name": "Ann", "language": language });
    let ann = world.user(&admin, user).await;
    world.register(&ann, "ann.private@example.com").await;
    let reset = world.start_reset(&ann.user_id).await;
    world.prove(&reset, "email", "ann.private@example.com").await;
    world.set_password(&reset, "a new and longer ptarmigan").await.expect(204);
    world.pump().await;
    world.standins.inbox().to("ann.private@example.com")
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_come_in_the_language_of_the_account() {
    let subjects = |mails: &[local::inbox::Message]| {
        mails.iter().map(|m| m.subject.clone().unwrap_or_default()).collect::<Vec<_>>()
    };
    let english = mails("en", "Example").await;
    assert_eq!(
        subjects(&english),
        [
            "Your code to confirm this address for Example",
            "Your code to reset your Example password",
            "Your Example password was reset"
        ]
    );
    let chinese = mails("zh-TW", "範例").await;
    assert_eq!(
        subjects(&chinese),
        ["範例 電子郵件驗證碼", "範例 重設密碼驗證碼", "範例 通知：您的密碼已重設"]
    );
    for mail in english.iter().chain(&chinese) {
        let html = mail.html.as_deref().expect("HTML too");
        assert_eq!(mail.from.as_deref(), Some("\"Latchkey\" <no-reply@example.com>"));
        if let Some(code) = &mail.code {
            assert!(mail.text.contains(code.as_str()) && html.contains(code.as_str()));
            assert!(mail.text.contains('5'), "it says how long the code works");
            // A mail with a code has no link, and no code in its subject.
            assert!(!mail.text.contains("://") && !html.contains("href"));
            assert!(!mail.subject.as_deref().unwrap_or_default().contains(code.as_str()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a49_an_organisations_name_is_text_and_never_markup_header_or_placeholder() {
    let name = "A<b>\"x\"</b> & {code} {minutes}";
    for mail in mails("en", name).await {
        let html = mail.html.expect("HTML too");
        assert!(!html.contains("<b>"), "{html}");
        assert!(
            html.contains("A&lt;b&gt;&quot;x&quot;&lt;/b&gt; &amp; {code} {minutes}"),
            "{html}"
        );
        assert!(mail.subject.expect("a subject").contains(name));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a52_a_message_holds_nothing_of_a_requests_headers() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let headers =
        ["host", "x-forwarded-host", "forwarded", "origin", "referer", "x-forwarded-proto"];
    let poison = |mut ask: Ask| {
        for name in headers {
            ask = ask.header(name, "evil.example");
        }
        ask
    };
    let started = world
        .ask(poison(Ask::new("POST", "/v1/resets").body(json!({ "userId": ann.user_id }))))
        .await
        .expect(201);
    let path = format!("/v1/resets/{}/challenges", started.text("resetId"));
    let send =
        Ask::new("POST", path).bearer(&started.text("bearer")).body(json!({ "kind": "email" }));
    world.ask(poison(send)).await.expect(202);
    world.pump().await;
    let mail = world.standins.inbox().to("ann.private@example.com").pop().expect("a mail");
    assert!(!mail.text.contains("evil") && !mail.html.expect("HTML").contains("evil"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a15_only_the_address_that_the_gateway_saw_is_counted() {
    let world = World::with_source_limit(10).await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on(&admin).await;
    let start = |source: &str, forged: usize| {
        Ask::new("POST", "/v1/resets")
            .body(json!({ "userId": format!("unknown{forged}@example.com") }))
            .source(source)
            .header("x-forwarded-for", format!("198.51.100.{forged}"))
            .header("forwarded", format!("for=198.51.100.{forged}"))
    };
    for n in 0..10 {
        world.ask(start("203.0.113.7", n)).await.expect(201);
    }
    let refused = world.ask(start("203.0.113.7", 11)).await;
    assert_eq!(
        (refused.code(), refused.headers["retry-after"].as_str()),
        ("tooManyFromAddress", "4200")
    );
    // One IPv6 subscriber has a whole /64 prefix.
    for n in 0..10 {
        world.ask(start(&format!("2001:db8:1:2::{n}"), n)).await.expect(201);
    }
    assert_eq!(world.ask(start("2001:db8:1:2:ffff::1", 1)).await.code(), "tooManyFromAddress");
    world.ask(start("2001:db8:1:3::1", 1)).await.expect(201);
    world.pass(domain::time::Span::minutes(70));
    world.ask(start("203.0.113.7", 1)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a54_one_account_and_one_address_get_ten_mails_in_ten_minutes() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let before = world.standins.inbox().to("ann.private@example.com").len();
    let mut asked = 0;
    // Each code is requested in a new reset, so that no wait between codes applies.
    for _ in 0..15 {
        let reset = world.start_reset(&ann.user_id).await;
        asked += usize::from(world.ask_code(&reset).await.status == 202);
        world.pump().await;
        world.pass(domain::time::Span::seconds(31));
    }
    let sent = world.standins.inbox().to("ann.private@example.com").len() - before;
    assert_eq!(asked, 10, "the account's limit");
    // The mail of the registration also counts for the destination, while it is in the window.
    assert!(sent <= 10, "{sent} mails");
    assert!(sent >= 9, "{sent} mails");
}
