//! The ledgers of an account: how many guesses fail and how many codes are sent, for each kind,
//! for each typed number, and for all known devices together.

mod across;
mod budgets;
mod closing;
mod sends;
mod told;

use crate::devices::{DEVICE, sign_in, token};
use domain::challenge::ChallengeId;
use domain::code::Code;
use domain::time::Span;
use serde_json::{Value, json};
use std::sync::Arc;
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Answer, Person, World};

pub const ANN: &str = "ann@example.com";
pub const MAIL: &str = "ann.private@example.com";
/// The account's own number.
pub const NUMBER: &str = "+61491570156";
/// A number that is not the account's.
pub const MADE_UP: &str = "+61491570157";
pub const NEW: &str = "vellum quartz otter juniper";

/// The ledgers of the account, by their names in the table.
pub const BY_MAIL: &str = "reset:email";
pub const OF_DEVICES: &str = "devices";

/// A user with a mail address and a phone. The policy asks for one kind and for the full number.
pub struct Owner {
    pub world: Arc<World>,
    administrator: Person,
    pub ann: Person,
}

/// A code that was asked for in a reset.
#[derive(Clone)]
pub struct Asked {
    pub reset: StartedReset,
    pub challenge: String,
}

impl Owner {
    pub async fn new(limits: &[(&str, u32)]) -> Owner {
        Owner::of(World::new().await, limits).await
    }

    /// Registers the user, and sets these limits of the policy.
    pub async fn of(world: World, limits: &[(&str, u32)]) -> Owner {
        let administrator = world.administrator().await;
        let admin = world.session(&administrator).await;
        world.switch_on_phones(&admin, 1).await;
        // A new session of the administrator does not have to register first.
        let optional = |policy: &mut Value| policy["registration"]["required"] = json!(false);
        world.save_policy(&admin, optional).await.expect(200);
        let user = json!({ "userId": ANN, "name": "Ann Example" });
        let ann = world.user(&admin, user).await;
        world.register_all(&ann, &[("email", MAIL), ("mobilePhone", NUMBER)]).await;
        world.pump().await;
        world.standins.inbox().clear();
        world.pass(Span::hours(1));
        let it = Owner { world: Arc::new(world), administrator, ann };
        it.set(limits).await;
        it
    }

    /// A new session of the administrator, because sessions end as time passes.
    pub async fn admin(&self) -> String {
        self.world.session(&self.administrator).await
    }

    /// Sets numbers of the policy, each by its JSON pointer.
    pub async fn set(&self, numbers: &[(&str, u32)]) {
        let change = |policy: &mut Value| {
            for (pointer, number) in numbers {
                let place = policy.pointer_mut(pointer);
                *place.unwrap_or_else(|| panic!("the policy has no {pointer}")) = json!(number);
            }
        };
        self.world.save_policy(&self.admin().await, change).await.expect(200);
    }

    /// Signs the user in on a new device, and returns its token.
    pub async fn device(&self) -> String {
        token(&self.world.ask(sign_in(ANN, &self.ann.password, "new")).await.expect(200))
    }

    /// Starts a reset, on a known device if there is a token.
    pub async fn start(&self, device: Option<&str>) -> StartedReset {
        let ask = Ask::new("POST", "/v1/resets").body(json!({ "userId": ANN }));
        let ask = device.into_iter().fold(ask, |ask, device| ask.header(DEVICE, device));
        let started = self.world.ask(ask).await.expect(201);
        StartedReset {
            id: started.text("resetId"),
            bearer: started.text("bearer"),
            support_code: started.text("supportCode"),
        }
    }

    /// Asks for a code: to a typed number, or by mail.
    pub async fn send(&self, reset: &StartedReset, number: Option<&str>) -> Answer {
        self.world.ask_code_by(reset, wanted(number)).await
    }

    /// Starts a reset and asks for its first code.
    pub async fn asked(&self, device: Option<&str>, number: Option<&str>) -> Asked {
        let reset = self.start(device).await;
        self.asked_in(reset, number).await
    }

    /// Asks for a code in a reset.
    pub async fn asked_in(&self, reset: StartedReset, number: Option<&str>) -> Asked {
        let challenge = self.send(&reset, number).await.expect(202).text("challengeId");
        Asked { reset, challenge }
    }

    /// Computes the right code, even if it was never sent.
    pub fn code(&self, asked: &Asked) -> String {
        let id = ChallengeId::parse(&asked.challenge).expect("an id");
        Code::derive(&self.world.keys.current().codes, &id).reveal().to_owned()
    }

    pub async fn guess(&self, asked: &Asked, code: &str) -> Answer {
        self.world.verify(&asked.reset.bearer, &asked.challenge, code).await
    }

    pub async fn right(&self, asked: &Asked) -> Answer {
        self.guess(asked, &self.code(asked)).await
    }

    pub async fn wrong(&self, asked: &Asked) -> Answer {
        self.guess(asked, &nth_wrong(&self.code(asked), 0)).await
    }

    /// Makes this many wrong guesses as a stranger, five at each code.
    pub async fn fail(&self, number: Option<&str>, guesses: usize) {
        for from in (0..guesses).step_by(5) {
            let asked = self.asked(None, number).await;
            for _ in from..guesses.min(from + 5) {
                assert_eq!(self.wrong(&asked).await.code(), "codeNotAccepted");
            }
        }
    }

    /// Completes a reset on a device by the code that is delivered.
    pub async fn reset_on(&self, device: &str, number: Option<&str>) {
        let reset = self.start(Some(device)).await;
        let sent = self.send(&reset, number).await.expect(202).text("challengeId");
        let code = self.world.code_for(number.unwrap_or(MAIL)).await;
        let asked = Asked { reset, challenge: sent };
        assert_eq!(code, self.code(&asked), "the code was delivered");
        self.guess(&asked, &code).await.expect(200);
        self.world.set_password(&asked.reset, NEW).await.expect(204);
    }

    /// The account's ledgers, by name.
    pub async fn ledgers(&self) -> Vec<(String, Value)> {
        let items = self.world.items().await;
        let account = items.iter().find(|item| item["userId"]["S"] == ANN).expect("an account");
        let whose = account["pk"]["S"].as_str().expect("a key").replace("ACCT#", "LEDGER#");
        let own = items.iter().filter(|item| item["pk"]["S"] == whose.as_str());
        own.map(|item| (item["sk"]["S"].as_str().expect("a name").to_owned(), item.clone()))
            .collect()
    }

    /// How many failed guesses the account's ledger of this name counts.
    pub async fn fails(&self, name: &str) -> usize {
        let ledgers = self.ledgers().await;
        let ledger = ledgers.iter().find(|(of, _)| of == name);
        ledger.map_or(0, |(_, item)| item["fails"]["SS"].as_array().map_or(0, Vec::len))
    }

    /// The name of the ledger that a challenge is in.
    pub fn ledger_of(&self, asked: &Asked) -> String {
        ChallengeId::parse(&asked.challenge).expect("an id").ledger.to_string()
    }
}

/// The body that asks for a code: to a typed number, or by mail.
pub fn wanted(number: Option<&str>) -> Value {
    match number {
        Some(number) => json!({ "kind": "mobilePhone", "destination": number }),
        None => json!({ "kind": "email" }),
    }
}

/// The `n`-th code that is not the right one.
pub fn nth_wrong(right: &str, n: usize) -> String {
    let number: usize = right.parse().expect("digits");
    let digits = right.len();
    format!("{:0digits$}", (number + 1 + n) % 10_usize.pow(digits as u32))
}

/// The request that guesses a code.
pub fn guess(asked: &Asked, code: &str) -> Ask {
    Ask::new("POST", format!("/v1/challenges/{}/verify", asked.challenge))
        .bearer(&asked.reset.bearer)
        .body(json!({ "code": code }))
}
