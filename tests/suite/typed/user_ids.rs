//! All spellings of a user ID that clean alike are one account: at sign-in, in a reset, in a path
//! and in a search.

use crate::accounts::search::all;
use serde_json::json;
use tests::World;
use tests::world::Ask;

/// Percent-encodes a text for a path or a query.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[rustfmt::skip]
const SPELLINGS: [&str; 20] = [
    "o'malley@example.com", "o’malley@example.com", "O‘Malley@Example.com", "o\u{2bc}malley@example.com", "o´malley@example.com", "ｏ＇malley＠example.com",
    "\u{200b}o'malley@example.com", "o'malley@example.com\u{200e}", "\u{202a}o'malley@example.com\u{202c}", "o'mal\u{ad}ley@example.com", "o'malley\u{2060}@example.com", "\u{feff}o'malley@example.com", "o'malley@exa\u{fe0f}mple.com",
    "o'malley@example.com\u{e007f}", "\u{2066}o'malley@example.com\u{2069}", "o'mal\u{200d}ley@example.com", "\to'malley@example.com", "o'malley@example.com\u{a0}", "\u{3000}o'malley@example.com\r\n", "\u{a0}\u{200b} O’MALLEY@example.com \u{200b}\n",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_spelling_leads_to_the_one_account() {
    let world = World::new().await;
    let (admin, _) = world.ready().await;
    let user = json!({ "userId": "\u{200b}o’malley@example.com ", "name": "Owen Malley" });
    let created = world.ask(Ask::new("POST", "/v1/users").bearer(&admin).body(user)).await;
    assert_eq!(created.expect(201).body["user"]["userId"], "o'malley@example.com");
    let temporary = Ask::new(
        "POST",
        format!("/v1/users/{}/temporary-password", encoded("O’Malley@example.com\u{200b}")),
    );
    let password = world.ask(temporary.bearer(&admin)).await.expect(200).text("temporaryPassword");
    for spelling in SPELLINGS {
        let signed_in = world.sign_in(spelling, &password).await.expect(200);
        assert_eq!(signed_in.body["user"]["userId"], "o'malley@example.com", "{spelling:?}");
        let view = Ask::new("GET", format!("/v1/users/{}", encoded(spelling))).bearer(&admin);
        assert_eq!(world.ask(view).await.expect(200).text("name"), "Owen Malley", "{spelling:?}");
        let found = all(&world, &admin, &format!("search={}", encoded(spelling))).await;
        assert_eq!(found, ["o'malley@example.com"], "{spelling:?}");
        let taken = json!({ "userId": spelling, "name": "Another" });
        let taken = world.ask(Ask::new("POST", "/v1/users").bearer(&admin).body(taken)).await;
        assert_eq!(taken.expect(409).code(), "userExists", "{spelling:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_with_invisible_characters_in_the_user_id_sets_the_password() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    for (n, spelling) in [
        "\u{202a}ann@example.com\u{202c}",
        "ann@exam\u{ad}ple.com\u{200b}",
        "\t\u{a0}Ann@example.com\n",
    ]
    .into_iter()
    .enumerate()
    {
        world.pass(domain::time::Span::hours(1));
        let reset = world.start_reset(spelling).await;
        world.prove(&reset, "email", "ann.private@example.com").await;
        let password = format!("a new and longer password {n}");
        world.set_password(&reset, &password).await.expect(204);
        world.sign_in(&ann.user_id, &password).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_taken_with_digits_of_any_script_and_what_a_copy_brings_along() {
    let world = World::new().await;
    world.ready().await;
    let spelled = |code: &str, zero: char| -> String {
        let digit = |b: u8| char::from_u32(zero as u32 + u32::from(b - b'0')).expect("a digit");
        code.bytes().map(digit).collect()
    };
    for zero in ['０', '٠', '۰', '०', '๐', '𝟎'] {
        world.pass(domain::time::Span::hours(1));
        let reset = world.start_reset("ann@example.com").await;
        let challenge = world.send_code(&reset).await;
        let code = spelled(&world.code_for("ann.private@example.com").await, zero);
        let half = code.char_indices().nth(4).expect("digits").0;
        let typed =
            format!("\u{202a}{}\u{a0}-\u{200b} {}\u{202c}\r\n", &code[..half], &code[half..]);
        world.verify(&reset.bearer, &challenge, &typed).await.expect(200);
    }
}
