//! The main story, by mail: from the policy that allows reset to the next sign-in.

use serde_json::json;
use tests::World;
use tests::world::Ask;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_registers_an_address_and_later_resets_the_password_with_it() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let session = world.session(&ann).await;

    let reset = world.start_reset("ann@example.com").await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for("ann.private@example.com").await;
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
    let view = world
        .ask(Ask::new("GET", format!("/v1/resets/{}", reset.id)).bearer(&reset.bearer))
        .await
        .expect(200);
    assert_eq!(view.body["next"], "password");
    world.set_password(&reset, "a new and longer ptarmigan").await.expect(204);

    assert_eq!(world.sign_in("ann@example.com", &ann.password).await.code(), "signInFailed");
    let again = world.sign_in("Ann@Example.com", "a new and longer ptarmigan").await.expect(200);
    assert_eq!(again.body["next"], "review");
    world.reviewed(&again.text("bearer")).await;
    let again = world.sign_in("ann@example.com", "a new and longer ptarmigan").await.expect(200);
    assert_eq!(again.body["next"], json!(null));
    assert_eq!(
        world.ask(Ask::new("GET", "/v1/me").bearer(&session)).await.code(),
        "signInRequired"
    );
}
