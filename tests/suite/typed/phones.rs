//! Phone numbers and mail addresses as people write them.

use crate::reset::equal::{Seen, all_alike, calls, face};
use domain::time::Span;
use serde_json::{Value, json};
use tests::world::Ask;
use tests::{Answer, Person, World};

/// A world that allows phones in these countries, with a user who has a session.
async fn world() -> (World, Person, String) {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on_phones(&admin, 1).await;
    let countries = json!(["AU", "BJ", "CG", "CI", "TW"]);
    world.save_policy(&admin, |policy| policy["smsCountries"] = countries).await.expect(200);
    let ann =
        world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann Example" })).await;
    let session = world.session(&ann).await;
    (world, ann, session)
}

async fn add(world: &World, session: &str, body: Value) -> Answer {
    world.ask(Ask::new("POST", "/v1/me/methods").bearer(session).body(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_registered_however_it_is_written() {
    #[rustfmt::skip]
    let table = [
        (json!({ "destination": "+2250712345678" }), "+2250712345678", "+225 07 12 34 5678"),
        (json!({ "destination": "+2290197123456" }), "+2290197123456", "+229 01 97 12 34 56"),
        (json!({ "destination": "+242061234567" }), "+242061234567", "+242 06 123 4567"),
        (json!({ "destination": "＋８８６９１２９９８８８８" }), "+886912998888", "+886 912 998 888"),
        (json!({ "destination": "\u{202d}+886\u{fe0d} 912-998–888\u{202c}" }), "+886912998888", "+886 912 998 888"),
        (json!({ "destination": "+٨٨٦٩١٢٩٩٨٨٨٨" }), "+886912998888", "+886 912 998 888"),
        (json!({ "destination": "0912-998-888", "country": "TW" }), "+886912998888", "+886 912 998 888"),
        (json!({ "destination": "００８８６９１２９９８８８８", "country": "TW" }), "+886912998888", "+886 912 998 888"),
        (json!({ "destination": "0491 570 156", "country": "AU" }), "+61491570156", "+61 491 570 156"),
        (json!({ "destination": "+61 491 570 156", "country": "TW" }), "+61491570156", "+61 491 570 156"),
    ];
    let (world, ann, _) = world().await;
    for (mut body, number, shown) in table {
        world.pass(Span::hours(25));
        let session = world.session(&ann).await;
        body["kind"] = json!("mobilePhone");
        let sent = add(&world, &session, body.clone()).await.expect(202);
        assert_eq!(sent.text("destination"), shown, "{body}");
        let code = world.code_for(number).await;
        world.verify(&session, &sent.text("challengeId"), &code).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_shows_the_same_destination() {
    let (world, _, session) = world().await;
    let ask = || {
        let body = json!({ "kind": "mobilePhone", "destination": "0912 998 888", "country": "TW" });
        let ask = Ask::new("POST", "/v1/me/methods").bearer(&session).body(body);
        ask.header("idempotency-key", "a-key-of-this-request")
    };
    let first = world.ask(ask()).await.expect(202);
    assert_eq!(world.ask(ask()).await.expect(202).body, first.body);
    // A code that is sent again goes to the pending destination, which the request does not name.
    world.pass(Span::minutes(5));
    let again = Ask::new("POST", "/v1/me/methods/mobilePhone/challenges").bearer(&session);
    assert_eq!(world.ask(again).await.expect(202).body.get("destination"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_takes_the_number_as_it_is_dialled_and_answers_alike_for_every_account() {
    let (world, ann, _) = world().await;
    world.register_all(&ann, &[("mobilePhone", "+886912998888")]).await;
    #[rustfmt::skip]
    let spelled = [
        json!({ "destination": "0912-998-888", "country": "TW" }), json!({ "destination": "\u{202d}+886 912\u{a0}998 888" }), json!({ "destination": "＋８８６９１２９９８８８８", "country": "AU" }),
    ];
    for mut body in spelled {
        body["kind"] = json!("mobilePhone");
        world.pass(Span::hours(25));
        let mut seen = Vec::new();
        for (n, (state, user_id)) in
            [("known", "ann@example.com"), ("unknown", "unknown@example.com")]
                .into_iter()
                .enumerate()
        {
            world.set_source(&format!("192.0.2.{}", 10 + n));
            world.proxy.take_calls();
            let reset = world.start_reset(user_id).await;
            let sent = world.ask_code_by(&reset, body.clone()).await.expect(202);
            assert_eq!(sent.text("destination"), "+886 912 998 888");
            seen.push(Seen { state, calls: calls(&world), faces: vec![face(&sent)] });
        }
        all_alike(&seen);
    }
    world.pass(Span::hours(25));
    let reset = world.start_reset("ann@example.com").await;
    let body = json!({ "kind": "mobilePhone", "destination": "0912-998-888", "country": "TW" });
    let sent = world.ask_code_by(&reset, body).await.expect(202);
    let code = world.code_for("+886912998888").await;
    world.verify(&reset.bearer, &sent.text("challengeId"), &code).await.expect(200);
    assert_eq!(world.next_in(&reset).await, "password");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_address_is_registered_however_it_is_written() {
    #[rustfmt::skip]
    let table = [
        ("ann@bücher.example", "ann@xn--bcher-kva.example"), ("Ann@BÜCHER.example", "Ann@xn--bcher-kva.example"), ("ann@例え.jp", "ann@xn--r8jz45g.jp"), ("\u{202a}ann@example.com\u{202c}\n", "ann@example.com"),
        ("ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ann@example.com"), ("ann@example。com", "ann@example.com"), ("o’neil+tag@example.com", "o'neil+tag@example.com"), ("ann@exam\u{ad}ple.com", "ann@example.com"),
    ];
    let (world, ann, _) = world().await;
    for (typed, address) in table {
        world.pass(Span::hours(25));
        let session = world.session(&ann).await;
        let body = json!({ "kind": "email", "destination": typed });
        let sent = add(&world, &session, body).await.expect(202);
        assert_eq!(sent.text("destination"), address, "{typed}");
        let code = world.code_for(address).await;
        world.verify(&session, &sent.text("challengeId"), &code).await.expect(200);
    }
}
