//! An attack of at least a simulated day on one account, by an attacker without the password and
//! without a device of the owner. It tries to keep the owner out of sign-in, of reset and of mail.
//!
//! On a known device the owner succeeds every time, or the test fails. On a new device the test
//! measures how often. The clock stands while the owner acts, and then moves on by 5 to 25 minutes.
//!
//! `--seconds 600` sets how long the test runs; the default is 60.

mod figures;
mod owner;
mod stage;
mod stranger;

use owner::{known_device, new_device};
use std::time::Duration;

/// Chooses what the attacker tries. The order of requests still differs from run to run.
const SEED: u64 = 20_261_127;

fn main() {
    let length = Duration::from_secs(seconds());
    eprintln!("an owner under attack: {} s, seed {SEED}", length.as_secs());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(8).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        Box::pin(known_device(length / 2, SEED)).await;
        Box::pin(new_device(length / 3, SEED + 1, true)).await;
        Box::pin(new_device(length / 6, SEED + 2, false)).await;
    });
}

/// The value of the argument `--seconds`.
fn seconds() -> u64 {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--seconds").skip(1);
    arguments.next().map_or(60, |seconds| seconds.parse().expect("--seconds takes a number"))
}
