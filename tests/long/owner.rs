//! The owner: signs in at every step of the attack, and resets the password some times a day.

use crate::stage::{DAY, HOUR, MAIL, NUMBER, Stage, account};
use crate::stranger::{IN_FLIGHT, Plan};
use domain::time::Span;
use serde_json::{Value, json};
use std::time::Duration;
use tests::Answer;
use tests::world::Ask;

/// The header with a device token.
const DEVICE: &str = "latchkey-device";
/// Steps between two resets. A known device may ask for ten mails a day.
const RESET_EVERY: u32 = 10;
/// The numbers of the steps in which the owner first resets by mail, and first by SMS.
const FIRST_MAIL: u32 = 3;
const FIRST_SMS: u32 = 8;

/// A part of this length, or longer, lasts a simulated day at least.
const A_DAY_FITS: Duration = Duration::from_secs(30);

const READ: &str = "BatchGetItem";
const WRITE: &str = "TransactWriteItems";

/// The owner on a known device, in a network that the attacker shares. Every request succeeds at
/// the first try, by the calls that it makes without an attack.
pub async fn known_device(length: Duration, seed: u64) {
    let (world, ann, limits) = account().await;
    let first = sign_in(&ann.user_id, &ann.password).header(DEVICE, "new");
    let mut device = world.ask(first).await.expect(200).headers[DEVICE].clone();
    let plan = Plan {
        user_id: ann.user_id.clone(),
        number: Some(NUMBER.to_owned()),
        address: "192.0.2.1",
        repeats: true,
        seed,
    };
    let mut stage = Stage::begin((world, ann, limits), "known device", plan).await;
    while stage.goes_on(length, DAY) {
        signs_in(&mut stage, &device, Value::Null).await;
        if stage.step % RESET_EVERY == FIRST_MAIL {
            device = resets(&mut stage, &device).await;
            let bearer = signs_in(&mut stage, &device, json!("review")).await;
            let review = Ask::new("POST", "/v1/me/registration/reconfirm").bearer(&bearer);
            expect(&mut stage, review, 200, &[READ, WRITE]).await;
        }
        stage.end_step().await;
    }
    stage.end().await;
}

/// Sends a request whose answer must have this status, after these calls.
async fn expect(stage: &mut Stage, ask: Ask, status: u16, usual: &[&str]) -> Answer {
    let what = format!("{} {} at step {}", ask.method, ask.path, stage.step);
    let (answer, calls) = stage.ask(ask).await;
    assert_eq!((answer.status, calls), (status, strings(usual)), "{what}: {}", answer.body);
    answer
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Signs in on a known device, and returns the session's bearer.
async fn signs_in(stage: &mut Stage, device: &str, next: Value) -> String {
    let ask = sign_in(&stage.ann.user_id, &stage.ann.password).header(DEVICE, device);
    let answer = expect(stage, ask, 200, &[READ, WRITE]).await;
    assert_eq!(answer.body["next"], next);
    let now = stage.world.now();
    stage.figures.sign_ins.push((now, true));
    answer.text("bearer")
}

/// Resets the password by mail on a known device. Returns the device's new token.
async fn resets(stage: &mut Stage, device: &str) -> String {
    let start = start(&stage.ann.user_id).header(DEVICE, device);
    let started = expect(stage, start, 201, &[READ, WRITE]).await;
    let (id, bearer) = (started.text("resetId"), started.text("bearer"));
    let send = send(&id, &bearer, json!({ "kind": "email" }));
    let challenge = expect(stage, send, 202, &[READ, WRITE]).await.text("challengeId");
    let code = arrived(stage, &challenge, MAIL).await.expect("the mail arrives");
    let verify = verify(&challenge, &bearer, &code);
    // The charge of the guess, and then its outcome.
    expect(stage, verify, 200, &[READ, WRITE, READ, WRITE]).await;
    let password = new_password(stage);
    let set = set_password(&id, &bearer, &password).header(DEVICE, device);
    // The reset, the account, and the slot of the new token.
    let done = expect(stage, set, 204, &[READ, READ, READ, WRITE]).await;
    stage.ann.password = password;
    stage.figures.by_mail.push(Ok(()));
    done.headers[DEVICE].clone()
}

/// The owner on a new device, in a network of its own. The test measures what succeeds.
pub async fn new_device(length: Duration, seed: u64, knows_number: bool) {
    let (world, ann, limits) = account().await;
    let plan = Plan {
        user_id: ann.user_id.clone(),
        number: knows_number.then(|| NUMBER.to_owned()),
        address: "192.0.2.99",
        repeats: false,
        seed,
    };
    let title = match knows_number {
        true => "new device",
        false => "new device, secret number",
    };
    let mut stage = Stage::begin((world, ann, limits), title, plan).await;
    // A short test measures this for some hours only.
    let steps = if length < A_DAY_FITS { 6 * HOUR } else { DAY };
    while stage.goes_on(length, steps) {
        tries_to_sign_in(&mut stage).await;
        for (first, mail) in [(FIRST_MAIL, true), (FIRST_SMS, false)] {
            if stage.step % RESET_EVERY == first {
                let outcome = tries_to_reset(&mut stage, mail).await;
                let outcomes = match mail {
                    true => &mut stage.figures.by_mail,
                    false => &mut stage.figures.by_sms,
                };
                outcomes.push(outcome);
            }
        }
        stage.end_step().await;
    }
    stage.end().await;
}

async fn tries_to_sign_in(stage: &mut Stage) {
    let (answer, _) = stage.ask(sign_in(&stage.ann.user_id, &stage.ann.password)).await;
    assert!([200, 429, 503].contains(&answer.status), "{answer:?}");
    let now = stage.world.now();
    stage.figures.sign_ins.push((now, answer.status == 200));
    if answer.body["next"] == "review" {
        let review = Ask::new("POST", "/v1/me/registration/reconfirm");
        let (reviewed, _) = stage.ask(review.bearer(&answer.text("bearer"))).await;
        reviewed.expect(200);
    }
}

/// Resets the password by mail or by SMS.
///
/// # Errors
/// Why it failed.
async fn tries_to_reset(stage: &mut Stage, mail: bool) -> Result<(), String> {
    let (to, body) = match mail {
        true => (MAIL, json!({ "kind": "email" })),
        false => (NUMBER, json!({ "kind": "mobilePhone", "destination": NUMBER })),
    };
    let (started, _) = stage.ask(start(&stage.ann.user_id)).await;
    let started = succeeded(stage, started)?;
    let (id, bearer) = (started.text("resetId"), started.text("bearer"));
    let (sent, _) = stage.ask(send(&id, &bearer, body)).await;
    let challenge = succeeded(stage, sent)?.text("challengeId");
    let code = arrived(stage, &challenge, to).await.ok_or("the code did not arrive")?;
    let (verified, _) = stage.ask(verify(&challenge, &bearer, &code)).await;
    succeeded(stage, verified)?;
    let password = new_password(stage);
    let (set, _) = stage.ask(set_password(&id, &bearer, &password)).await;
    succeeded(stage, set)?;
    stage.ann.password = password;
    Ok(())
}

/// The answer, if it is a success.
///
/// # Errors
/// The problem code. The longest wait that an answer names is noted.
fn succeeded(stage: &mut Stage, answer: Answer) -> Result<Answer, String> {
    if answer.status < 300 {
        return Ok(answer);
    }
    let code = answer.code().to_owned();
    let seconds = answer.headers.get("retry-after").and_then(|wait| wait.parse::<i64>().ok());
    if let Some(seconds) = seconds.filter(|_| code == "resetClosed") {
        let closed = &mut stage.figures.closed;
        *closed = (*closed).max(Span::seconds(seconds));
    }
    Err(code)
}

/// The code of a challenge, if it arrives. Before it does, and again before the owner enters it,
/// the attacker gets sixteen answers from each function.
async fn arrived(stage: &mut Stage, challenge: &str, to: &str) -> Option<String> {
    stage.strangers.answered(IN_FLIGHT).await;
    let code = stage.code_of(challenge, to).await;
    stage.strangers.answered(IN_FLIGHT).await;
    code
}

fn sign_in(user_id: &str, password: &str) -> Ask {
    Ask::new("POST", "/v1/sign-in").body(json!({ "userId": user_id, "password": password }))
}

fn start(user_id: &str) -> Ask {
    Ask::new("POST", "/v1/resets").body(json!({ "userId": user_id }))
}

fn send(id: &str, bearer: &str, body: Value) -> Ask {
    Ask::new("POST", format!("/v1/resets/{id}/challenges")).bearer(bearer).body(body)
}

fn verify(challenge: &str, bearer: &str, code: &str) -> Ask {
    let path = format!("/v1/challenges/{challenge}/verify");
    Ask::new("POST", path).bearer(bearer).body(json!({ "code": code }))
}

fn set_password(id: &str, bearer: &str, password: &str) -> Ask {
    let path = format!("/v1/resets/{id}/password");
    Ask::new("PUT", path).bearer(bearer).body(json!({ "newPassword": password }))
}

/// A password that the owner did not have before.
fn new_password(stage: &Stage) -> String {
    format!("a heron in the fog of morning {}", stage.step)
}
