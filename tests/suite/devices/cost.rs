//! What a reset costs in the worst case: its ledger is full, and it makes a new device.

use super::{DEVICE, owner, sign_in, token};
use domain::time::Span;
use tests::proxy::Call;

/// The most write units of such a reset by mail with sign-in, from an IPv4 address; indexes,
/// notice and `send-code` included.
const MOST_WRITE_UNITS: f64 = 82.0;

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_beside_three_others_on_a_new_device_takes_at_most_82_write_units() {
    let it = owner().await;
    for _ in 0..3 {
        let reset = it.world.start_reset(&it.ann.user_id).await;
        let challenge = it.world.send_code(&reset).await;
        for guess in 0..3 {
            let guess = format!("{guess:08}");
            it.world.verify(&reset.bearer, &challenge, &guess).await.expect(422);
        }
    }
    it.world.pump().await;
    it.world.pass(Span::minutes(1));
    it.world.proxy.take_calls();

    let new = "a heron in the morning fog";
    let device = token(&it.reset(new, Some("new")).await);
    it.world.pump().await;
    let signed_in = it.world.ask(sign_in(&it.ann.user_id, new, &device)).await.expect(200);
    assert_eq!(signed_in.headers.get(DEVICE), None, "the device is known");
    let units: f64 = it.world.proxy.take_calls().iter().map(Call::write_units).sum();
    eprintln!("write units of a reset in the worst case: {units}");
    assert!(units > 0.0 && units <= MOST_WRITE_UNITS, "{units} write units");
}
