//! Device tokens in the cookie of Latchkey's own pages.

use super::{DEVICE, MAIL, Owner, owner, sign_in};
use domain::time::Span;
use serde_json::json;
use tests::world::Ask;
use tests::{Answer, Person};

const NAME: &str = "__Host-latchkey-devices=";

/// Builds a request as one of Latchkey's own pages sends it.
fn from_page(method: &'static str, path: &str) -> Ask {
    Ask::new(method, path).header("sec-fetch-site", "same-origin")
}

/// A sign-in of a page, with these cookies.
fn page_sign_in(person: &Person, cookies: &[&str]) -> Ask {
    let body =
        json!({ "userId": person.user_id, "password": person.password, "session": "cookie" });
    let ask = from_page("POST", "/v1/sign-in").body(body);
    cookies.iter().fold(ask, |ask, cookie| ask.cookie(cookie))
}

/// The tokens in a cookie of devices.
fn tokens(cookie: &str) -> Vec<&str> {
    cookie.strip_prefix(NAME).expect("the cookie of devices").split('.').collect()
}

/// Whether a sign-in with this cookie is judged as one of a known device.
async fn knows(it: &Owner, ask: Ask) -> bool {
    it.lock(&it.ann.user_id).await;
    let answer = it.world.ask(ask).await;
    assert!(answer.status == 200 || answer.code() == "signInLocked", "{answer:?}");
    answer.status == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_gets_a_cookie_that_scripts_and_other_sites_cannot_use() {
    let it = owner().await;
    let signed_in = it.world.ask(page_sign_in(&it.ann, &[])).await.expect(200);
    let [session, devices] = signed_in.cookies.as_slice() else { panic!("{signed_in:?}") };
    assert!(session.starts_with("__Host-latchkey=lks_"), "{session}");
    let (pair, attributes) = devices.split_once("; ").expect("attributes");
    assert_eq!(attributes, "Path=/; Max-Age=15552000; Secure; HttpOnly; SameSite=Strict");
    assert!(tokens(pair)[0].starts_with("lkd_") && tokens(pair).len() == 1, "{pair}");
    assert!(!signed_in.headers.contains_key(DEVICE));
    // Known, so the next sign-in sets no other; a day later the same is set again.
    let again = it.world.ask(page_sign_in(&it.ann, &[pair])).await.expect(200);
    assert_eq!(again.device_cookie(), None);
    it.world.pass(Span::days(1));
    let renewed = it.world.ask(page_sign_in(&it.ann, &[pair])).await.expect(200);
    assert_eq!(renewed.device_cookie().as_deref(), Some(pair));
    // Sign-out keeps it.
    let out = from_page("DELETE", "/v1/session").cookie(&renewed.cookie()).cookie(pair);
    assert_eq!(it.world.ask(out).await.expect(204).device_cookie(), None);
    assert!(knows(&it, page_sign_in(&it.ann, &[pair])).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_of_another_sites_request_is_ignored() {
    let it = owner().await;
    let signed_in = it.world.ask(page_sign_in(&it.ann, &[])).await.expect(200);
    let cookie = signed_in.device_cookie().expect("a device");
    let by_bearer = json!({ "userId": it.ann.user_id, "password": it.ann.password });
    let ask = || Ask::new("POST", "/v1/sign-in").body(by_bearer.clone()).cookie(&cookie);
    for site in ["cross-site", "same-site", "none", "Same-Origin"] {
        assert!(!knows(&it, ask().header("sec-fetch-site", site)).await, "{site}");
    }
    for origin in ["https://evil.example.com", "null", ""] {
        let ask = ask().header("sec-fetch-site", "same-origin").header("origin", origin);
        assert!(!knows(&it, ask).await, "{origin}");
    }
    assert!(!knows(&it, ask()).await, "a client that is no browser");
    assert!(knows(&it, ask().header("origin", "https://reset.example.com")).await);
    assert!(knows(&it, ask().header("sec-fetch-site", "same-origin")).await);

    // Two cookies are none, and the header counts over the cookie.
    let page = || page_sign_in(&it.ann, &[&cookie]);
    assert!(!knows(&it, page().cookie(&cookie)).await);
    for header in ["", "new", "lkd_"] {
        assert!(!knows(&it, page().header(DEVICE, header)).await, "{header}");
    }
    let token = tokens(&cookie)[0];
    for other in [format!("latchkey-devices={token}"), format!("{NAME}{token}x"), NAME.into()] {
        assert!(!knows(&it, page_sign_in(&it.ann, &[&other])).await, "{other}");
    }
    assert!(knows(&it, page_sign_in(&it.ann, &[&format!("{NAME}x..{token}.lkd_")])).await);
    assert!(knows(&it, page()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_keeps_five_accounts_the_newest_first() {
    let it = owner().await;
    let off = |policy: &mut serde_json::Value| policy["registration"]["required"] = json!(false);
    it.world.save_policy(&it.admin, off).await.expect(200);
    let mut people = vec![it.ann.clone()];
    for n in 1..6 {
        let user = json!({ "userId": format!("user{n}"), "name": "Sample User" });
        people.push(it.world.user(&it.admin, user).await);
    }
    let mut cookie = String::new();
    for (n, person) in people.iter().enumerate() {
        let cookies: &[&str] = if n == 0 { &[] } else { &[&cookie] };
        let signed_in = it.world.ask(page_sign_in(person, cookies)).await.expect(200);
        let next = signed_in.device_cookie().expect("a device");
        assert_eq!(tokens(&next).len(), (n + 1).min(5));
        if n > 0 {
            let kept = tokens(&cookie).into_iter().take(4).collect::<Vec<_>>();
            assert_eq!(tokens(&next)[1..], kept, "the newest is the first");
        }
        cookie = next;
    }
    let signed_in = async |person: &Person| -> Answer {
        it.world.ask(page_sign_in(person, &[&cookie])).await.expect(200)
    };
    // The sixth account pushed out the first; the others are known.
    for person in &people[1..] {
        assert_eq!(signed_in(person).await.device_cookie(), None, "{}", person.user_id);
    }
    assert!(signed_in(&people[0]).await.device_cookie().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_reset_gets_a_cookie_and_its_device_starts_a_reset_as_known() {
    let it = owner().await;
    let other = json!({ "userId": "bob", "name": "Bob" });
    let other = it.world.user(&it.admin, other).await;
    let foreign = it.world.ask(page_sign_in(&other, &[])).await.expect(200);
    let foreign = foreign.device_cookie();
    let reset = it.world.start_reset(&it.ann.user_id).await;
    it.world.prove(&reset, "email", MAIL).await;
    let path = format!("/v1/resets/{}/password", reset.id);
    let set = from_page("PUT", &path).bearer(&reset.bearer);
    let set = foreign.iter().fold(set, |set, cookie| set.cookie(cookie));
    let password = "a heron in the morning fog";
    let done = it.world.ask(set.body(json!({ "newPassword": password }))).await.expect(204);
    let cookie = done.device_cookie().expect("a device");
    assert_eq!(tokens(&cookie).len(), 1 + foreign.iter().count());
    assert_eq!(done.cookies.len(), 1, "no session: {done:?}");

    let start = |cookie: &str| {
        let body = json!({ "userId": it.ann.user_id });
        from_page("POST", "/v1/resets").body(body).cookie(cookie)
    };
    for (ask, known) in [
        (start(&cookie), true),
        (start("theme=dark"), false),
        (start(&cookie).header("origin", "https://evil.example.com"), false),
    ] {
        let id = it.world.ask(ask).await.expect(201).text("resetId");
        let items = it.items("RESET#").await;
        let item = items.iter().find(|item| item["sk"]["S"] == json!(id)).expect("a reset");
        assert_eq!(item["knownDevice"]["BOOL"], known);
    }
    // By the header, no cookie is set.
    let ann = Person { password: password.into(), ..it.ann.clone() };
    it.world.reviewed(&it.world.session(&ann).await).await;
    let by_header = it.world.ask(sign_in(&ann.user_id, password, "new")).await.expect(200);
    assert!(by_header.cookies.is_empty() && by_header.headers.contains_key(DEVICE));
    let known = Owner { ann, ..it };
    assert!(knows(&known, page_sign_in(&known.ann, &[&cookie])).await);
}
