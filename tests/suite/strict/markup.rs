//! Texts in messages, and recipient addresses: header, markup and template syntax is
//! refused or stays plain text.

use super::errors;
use serde_json::json;
use tests::World;
use tests::world::Ask;

#[tokio::test(flavor = "multi_thread")]
async fn a49_an_address_is_exactly_one_recipient() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let session = world.session(&ann).await;
    world.pump().await;
    world.standins.inbox().clear();
    let eve = "eve@example.com";
    #[rustfmt::skip]
    let refused = [
        format!("ann@example.com\r\nBcc: {eve}"), format!("ann@example.com\nBcc:{eve}"), "ann@example.com\r\n\r\nHello".into(), format!("ann@example.com%0d%0aBcc:{eve} x"), "a@example.com\0".into(),
        format!("ann@example.com,{eve}"), format!("ann@example.com, {eve}"), format!("ann@example.com;{eve}"), format!("ann@example.com {eve}"), format!("{eve}@example.com"), "a@x,b@y".into(),
        format!("Ann <{eve}>"), format!("<{eve}>"), format!("\"Ann\" <{eve}>"), format!("\"{eve}\"@example.com"), "ann@[127.0.0.1]".into(), "ann@localhost".into(), format!("mailto:{eve}?bcc=x@example.com"),
        "<a href=\"https://evil.example\">ann@example.com</a>".into(), "<a href=https://evil.example>@example.com".into(), "<script>@example.com".into(), "{{7*7}}".into(), "ann@{{7*7}}".into(), "ann@example.com{{7*7}}".into(),
        "ann@exa mple.com".into(), format!("ann@example.com\u{2028}{eve}"), "ann@example.com?subject=x".into(), "ann@example.com%20".into(), String::new(), " ".into(), "@".into(), "ann@".into(), "@example.com".into(),
    ];
    for address in refused {
        let add = Ask::new("POST", "/v1/me/methods")
            .bearer(&session)
            .body(json!({ "kind": "email", "destination": address }));
        let answer = world.ask(add).await.expect(400);
        assert_eq!(errors(&answer), [("/destination", "notAnAddress")], "{address:?}");
    }
    world.pump().await;
    assert_eq!(world.standins.inbox().all().len(), 0, "nothing was sent");
    // Braces are allowed before the @, where they have no meaning.
    let odd = "{{7*7}}@example.com";
    let add = Ask::new("POST", "/v1/me/methods")
        .bearer(&session)
        .body(json!({ "kind": "email", "destination": odd }));
    world.ask(add).await.expect(202);
    world.pump().await;
    let mails = world.standins.inbox().all();
    assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), [odd]);
    assert!(
        !mails[0].text.contains("49")
            || mails[0].code.as_ref().is_some_and(|code| code.contains("49"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a49_a_name_is_one_line_and_stays_plain_text_in_every_message() {
    let world = World::new().await;
    let (admin, _) = world.ready().await;
    let create = |n: usize, name: &str| {
        Ask::new("POST", "/v1/users")
            .bearer(&admin)
            .body(json!({ "userId": format!("n{n}@example.com"), "name": name }))
    };
    for name in [
        "Ann\r\nBcc: eve@example.com",
        "Ann\nSubject: x",
        "Ann\0",
        "Ann\u{1b}[31m",
        "Ann\u{202e}nimda",
        "Ann\u{2066}x\u{2069}",
        "Ann\u{2028}Bcc: x",
        "",
        " ",
        "\t",
    ] {
        let answer = world.ask(create(0, name)).await.expect(400);
        assert_eq!(errors(&answer), [("/name", "notAName")], "{name:?}");
    }
    let inert = [
        "<a href=\"https://evil.example\">Ann</a>",
        "{{7*7}}",
        "{organisation}{code}",
        "${7*7}",
        "a@x.example,b@y.example",
        "<img src=x onerror=alert(1)>",
        "'; drop table users --",
    ];
    for (n, name) in inert.into_iter().enumerate() {
        let user = json!({ "userId": format!("n{n}@example.com"), "name": name });
        let person = world.user(&admin, user).await;
        assert_eq!(
            world
                .ask(Ask::new("GET", format!("/v1/users/n{n}@example.com")).bearer(&admin))
                .await
                .expect(200)
                .text("name"),
            name
        );
        world.standins.inbox().clear();
        let address = format!("private{n}@example.com");
        world.register(&person, &address).await;
        // Changing the password sends a notice that contains the name.
        let change = json!({ "currentPassword": person.password, "newPassword": "another long ptarmigan, changed" });
        let session = world.session(&person).await;
        world
            .ask(Ask::new("PUT", "/v1/me/password").bearer(&session).body(change))
            .await
            .expect(200);
        world.pump().await;
        let mails = world.standins.inbox().all();
        assert!(mails.len() >= 2, "a code and a notice: {}", mails.len());
        for mail in mails {
            assert_eq!(mail.to, address);
            let html = mail.html.expect("HTML");
            // The style sheet is the same in each mail, and has braces of its own.
            let (head, rest) = html.split_once("<style>").expect("a style sheet");
            let (style, body) = rest.split_once("</style>").expect("its end");
            assert!(style.starts_with("\n:root") && style.len() < 600, "{style}");
            let shown = format!("{} {} {head} {body}", mail.subject.unwrap_or_default(), mail.text);
            assert!(
                !shown.contains("evil")
                    && !shown.contains("onerror")
                    && !shown.contains("7*7")
                    && !shown.contains("{organisation}"),
                "{name}: {shown}"
            );
        }
    }
}
