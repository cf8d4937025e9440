//! A temporary password is read as it was dictated. A password that its owner chose is compared
//! as it was typed.

use crate::accounts::users::{create, world};
use crate::reset::equal::{Seen, all_alike, face};
use serde_json::{Value, json};
use tests::world::Ask;
use tests::{Answer, World};

fn change(bearer: &str, current: &str, new: &str) -> Ask {
    let body = json!({ "currentPassword": current, "newPassword": new });
    Ask::new("PUT", "/v1/me/password").bearer(bearer).body(body)
}

/// Spellings of a generated password that a person may type.
fn spellings(generated: &str) -> Vec<String> {
    let wide = |c: char| char::from_u32(c as u32 + 0xfee0).expect("a full-width sign");
    vec![
        generated.to_owned(),
        format!("{generated} "),
        format!(" {generated}\n"),
        generated.replace('-', ""),
        generated.replace('-', " "),
        generated.to_uppercase(),
        generated.to_uppercase().replace('-', ""),
        generated.replace('-', "–"),
        generated.replace('-', "\u{2011}"),
        generated.replace('-', " - "),
        format!("\u{202a}{generated}\u{202c}\u{200b}"),
        generated.chars().map(wide).collect(),
    ]
}

async fn temporary(world: &World, admin: &str, user_id: &str) -> String {
    let user = json!({ "userId": user_id, "name": "Ann" });
    world.ask(create(admin, user)).await.expect(201).text("temporaryPassword")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_password_works_in_every_dictated_spelling_and_can_be_changed() {
    let (world, admin) = world().await;
    let generated = temporary(&world, &admin, "ann").await;
    let mut session = String::new();
    for spelling in spellings(&generated) {
        let signed_in = world.sign_in("ann", &spelling).await.expect(200);
        assert_eq!(signed_in.body["next"], "changePassword", "{spelling:?}");
        session = signed_in.text("bearer");
    }
    // One symbol less, more or another is wrong, and so is a symbol that is never generated.
    for wrong in [&generated[1..], &format!("{generated}k"), &generated.replacen('-', ".", 1), ""] {
        world.sign_in("ann", wrong).await.expect(401);
    }
    // The new password may not be the temporary one in another spelling.
    for spelling in spellings(&generated) {
        let answer = world.ask(change(&session, &generated, &spelling)).await.expect(422);
        assert_eq!(answer.code(), "passwordRefused", "{spelling:?}");
    }
    let dictated = generated.to_uppercase().replace('-', " ");
    world.ask(change(&session, &dictated, "seven walruses ride by")).await.expect(200);
    for spelling in spellings(&generated) {
        world.sign_in("ann", &spelling).await.expect(401);
        // Ten wrong passwords would lock sign-in.
        let unlock = Ask::new("POST", "/v1/users/ann/unlock").bearer(&admin);
        world.ask(unlock).await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_password_of_that_form_is_compared_as_it_was_typed() {
    let (world, admin) = world().await;
    let generated = temporary(&world, &admin, "ann").await;
    let session = world.sign_in("ann", &generated).await.expect(200).text("bearer");
    let chosen = "Pqrs7tuvw-xyz2ABCD3EFGH";
    let session = world.ask(change(&session, &generated, chosen)).await.expect(200).text("bearer");
    world.sign_in("ann", chosen).await.expect(200);
    for other in [
        chosen.to_lowercase(),
        chosen.replace('-', ""),
        format!("{chosen} "),
        "pqrs-7tuv-wxyz-2abc-d3ef-gh".into(),
        "pqrs-7tuv-wxyz-2abc-d3ef".into(),
    ] {
        world.sign_in("ann", &other).await.expect(401);
        let answer = world.ask(change(&session, &other, "seven walruses ride by")).await;
        assert_eq!(answer.code(), "currentPasswordWrong", "{other}");
        world.ask(Ask::new("POST", "/v1/users/ann/unlock").bearer(&admin)).await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_spellings_lock_sign_in_alike_with_a_temporary_password_a_chosen_one_and_none() {
    let (world, admin) = world().await;
    temporary(&world, &admin, "new").await;
    let generated = temporary(&world, &admin, "old").await;
    let session = world.sign_in("old", &generated).await.expect(200).text("bearer");
    world.ask(change(&session, &generated, "seven walruses ride by")).await.expect(200);
    // Twelve spellings of one password that was never issued: each counts, for every account.
    let wrong = spellings("k7mw-x2pd-9qfh-t4vb-h3ks");
    let mut seen = Vec::new();
    for (state, user_id) in [("temporary", "new"), ("chosen", "old"), ("unknown", "unknown")] {
        let mut faces = Vec::new();
        for spelling in &wrong {
            let answer: Answer = world.sign_in(user_id, spelling).await;
            faces.push(face(&answer));
        }
        assert!(faces.last().is_some_and(|face| face.starts_with("429")), "{state}: {faces:?}");
        seen.push(Seen { state, calls: Vec::new(), faces });
    }
    all_alike(&seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_hash_of_a_temporary_password_takes_every_spelling() {
    let world = World::with_production_hashes().await;
    let admin = world.session(&world.administrator().await).await;
    let generated = temporary(&world, &admin, "ann").await;
    // Another generation of keys comes into use: the next sign-in makes the hash anew.
    let mut secret: Value = serde_json::from_str(&world.secret).expect("JSON");
    let other: Value =
        serde_json::from_str(&local::secrets::generate().expect("keys")).expect("JSON");
    let second = json!({ "kid": 2, "key": other["generations"][0]["key"] });
    secret["generations"].as_array_mut().expect("a list").insert(0, second);
    let world = world.restarted(secret.to_string()).await;
    let dictated = generated.to_uppercase().replace('-', " ");
    world.sign_in("ann", &dictated).await.expect(200);
    let hash = "$argon2id$v=19$m=19456,t=2,p=1,keyid=AAI$";
    let items = world.items().await;
    let hashes = items.iter().filter_map(|item| item["hash"]["S"].as_str());
    assert!(hashes.into_iter().any(|found| found.starts_with(hash)), "the hash is a new one");
    for spelling in spellings(&generated) {
        world.sign_in("ann", &spelling).await.expect(200);
    }
}
