//! The place of the attack: a world whose clock stands while the owner acts, and what arrives there.

use crate::figures::{Figures, Limits};
use crate::stranger::{Plan, Strangers};
use domain::challenge::{ChallengeId, LedgerId};
use domain::code::Code;
use domain::destination::Destination;
use domain::identity::TypedUserId;
use domain::kind::{Channel, Kind};
use domain::ledger::DEVICE_GUESSES;
use domain::time::{Span, Time};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tests::world::Ask;
use tests::{Answer, Person, World};
use tokio::task::JoinSet;

pub const MAIL: &str = "ann.private@example.com";
pub const NUMBER: &str = "+61491570156";
/// How far the clock moves on after each of four steps, which together make an hour. Two of them
/// are shorter than the longest wait of sign-in, and two are longer.
const STEPS: [Span; 4] =
    [Span::minutes(5), Span::minutes(10), Span::minutes(20), Span::minutes(25)];
/// Steps of a simulated hour.
pub const HOUR: u32 = STEPS.len() as u32;
/// Steps of a simulated day.
pub const DAY: u32 = 24 * HOUR;
/// How many requests each function answers to the attacker between two steps, at least.
const BETWEEN_STEPS: u32 = 8;
/// The longest wait for a message. `send-code` runs behind sixteen senders.
const PATIENCE: Duration = Duration::from_secs(120);
/// The limits of a source address that the template sets: requests, failed sign-ins.
const SOURCE_LIMITS: (u32, u32) = (300, 100);
/// What the subject of the notice of attempts has, and no other notice.
const ATTEMPTS: &str = "trying to get into";

/// An account under attack.
pub struct Stage {
    pub world: Arc<World>,
    pub ann: Person,
    pub strangers: Arc<Strangers>,
    /// Steps so far.
    pub step: u32,
    pub figures: Figures,
    limits: Limits,
    begun: Instant,
    tasks: JoinSet<()>,
    /// The challenges that the owner asked for: their codes.
    own_codes: BTreeSet<String>,
    /// The ID of the newest message that was counted.
    seen: u64,
}

/// Creates the owner: registered for eight days, so that a reset by mail leaves the phone usable.
pub async fn account() -> (World, Person, Limits) {
    let world = World::with_source_limits(SOURCE_LIMITS.0, SOURCE_LIMITS.1).await;
    // Each function is a process of its own, as in a deployment.
    let world = world.apart().await;
    let administrator = world.administrator().await;
    let admin = world.session(&administrator).await;
    world.switch_on_phones(&admin, 1).await;
    let policy = Ask::new("GET", "/v1/policy").bearer(&admin);
    let limits = Limits::of(&world.ask(policy).await.expect(200).body["policy"]["limits"]);
    let ann = json!({ "userId": "ann@example.com", "name": "Ann Example" });
    let ann = world.user(&admin, ann).await;
    world.register_all(&ann, &[("email", MAIL), ("mobilePhone", NUMBER)]).await;
    world.pass(Span::days(8));
    (world, ann, limits)
}

impl Stage {
    /// Begins the attack.
    pub async fn begin(
        (world, ann, limits): (World, Person, Limits),
        title: &'static str,
        plan: Plan,
    ) -> Stage {
        world.pump().await;
        let seen = world.standins.inbox().all().last().map_or(0, |message| message.id);
        let world = Arc::new(world);
        let strangers = Strangers::new(world.clone(), plan);
        Stage {
            tasks: strangers.begin(),
            strangers,
            step: 0,
            figures: Figures::new(title),
            limits,
            begun: Instant::now(),
            own_codes: BTreeSet::new(),
            seen,
            world,
            ann,
        }
    }

    /// Sends a request of the owner, and returns the AWS calls that read or write the table.
    pub async fn ask(&mut self, ask: Ask) -> (Answer, Vec<String>) {
        self.figures.owner_requests += 1;
        let id = format!("owner-{}", self.figures.owner_requests);
        let answer = self.world.ask(ask.id(&id)).await;
        let calls = self.world.proxy.take_calls().into_iter();
        let own = calls.filter(|call| call.request == id).map(|call| call.operation);
        // The keys are read again after a while, which no attacker causes.
        (answer, own.filter(|operation| operation != "GetSecretValue").collect())
    }

    /// Waits for the message with the code of the owner's challenge.
    pub async fn code_of(&mut self, challenge: &str, to: &str) -> Option<String> {
        let id = ChallengeId::parse(challenge).expect("an ID");
        let code = Code::derive(&self.world.keys.current().codes, &id).reveal().to_owned();
        self.own_codes.insert(code.clone());
        self.strangers.queued.notify_one();
        // A code that a stranger's replaced is not sent. The pump has handled it when it has
        // handled the whole stream, which the writers leave alone meanwhile.
        let _turn = self.strangers.turn.write().await;
        tokio::time::timeout(PATIENCE, self.world.pump()).await.expect("send-code keeps up");
        let messages = self.world.standins.inbox().to(to);
        messages.into_iter().filter_map(|message| message.code).find(|it| *it == code)
    }

    /// Ends a step: the attacker goes on, and the clock moves on.
    pub async fn end_step(&mut self) {
        self.strangers.answered(BETWEEN_STEPS).await;
        let step = STEPS[self.step as usize % STEPS.len()];
        self.step += 1;
        if self.step.is_multiple_of(HOUR) {
            self.count_messages().await;
        }
        self.world.proxy.take_calls();
        self.figures.lasted.0 += step.0;
        self.world.pass(step);
    }

    /// Counts the messages of this hour. No request is in flight meanwhile, so that none is
    /// counted in another hour than that in which it was asked for.
    async fn count_messages(&mut self) {
        let _turn = self.strangers.turn.write().await;
        self.world.pump().await;
        let now = self.world.now();
        for message in self.world.standins.inbox().all() {
            if message.id <= self.seen {
                continue;
            }
            self.seen = message.id;
            let notice = message.subject.as_ref().is_some_and(|it| it.contains(ATTEMPTS));
            match (&message.code, message.to.as_str()) {
                (Some(code), _) if self.own_codes.contains(code) => {}
                (Some(_), MAIL) => self.figures.mails.push(now),
                (Some(_), _) => self.figures.sms.push(now),
                (None, MAIL) if notice => self.figures.notices.push(now),
                (None, _) => {}
            }
        }
    }

    /// Whether the attack goes on: until it has lasted this long, and these steps.
    pub fn goes_on(&self, length: Duration, steps: u32) -> bool {
        self.step < steps || self.begun.elapsed() < length || !self.step.is_multiple_of(HOUR)
    }

    /// Ends the attack, and asserts what must hold for every account at its end.
    pub async fn end(mut self) {
        self.strangers.stop();
        while let Some(done) = self.tasks.join_next().await {
            done.expect("no panic");
        }
        self.figures.steps = self.step;
        self.figures.told = self.strangers.told();
        self.figures.seconds = self.begun.elapsed();
        self.figures.fails = self.fails().await;
        self.figures.print();
        self.figures.check(&self.limits);
        assert_eq!(self.world.dead_letters().await, 0, "send-code gave up none");
    }

    /// The failed guesses that are stored, by ledger: of those that hold codes which may be right.
    async fn fails(&self) -> BTreeMap<String, usize> {
        let handle = self.world.keys.handle(&TypedUserId::new(self.ann.user_id.clone()));
        let query = json!({
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": { ":pk": { "S": format!("LEDGER#{}", handle.as_str()) } },
        });
        let number = Destination::parse(Channel::Sms, NUMBER, None).expect("a number");
        let typed = Some(self.world.keys.typed_name(&handle, &number));
        let own = LedgerId::Reset { kind: Kind::MobilePhone, typed }.to_string();
        let found = self.world.table("Query", query).await;
        assert!(found["LastEvaluatedKey"].is_null(), "one page: {found}");
        let mut fails = BTreeMap::new();
        for item in found["Items"].as_array().expect("items") {
            let name = item["sk"]["S"].as_str().expect("a name");
            let count = item["fails"]["SS"].as_array().map_or(0, Vec::len);
            let cap = match name {
                "devices" => DEVICE_GUESSES,
                "registration" => self.limits.registration_guesses,
                _ => self.limits.guesses,
            };
            assert!(count <= cap as usize, "{count} failed guesses in {name}");
            if ["devices", "reset:email", own.as_str()].contains(&name) {
                let name = if name == own { "reset:mobilePhone" } else { name };
                fails.insert(name.to_owned(), count);
            }
        }
        fails
    }
}

/// The most of these times in any 24 hours. They are in order.
pub fn most_in_a_day(times: &[Time]) -> usize {
    let since =
        |i: usize| times[i..].iter().take_while(|at| **at - times[i] < Span::days(1)).count();
    (0..times.len()).map(since).max().unwrap_or_default()
}

/// The whole number at a field.
pub fn number(of: &Value, field: &str) -> u32 {
    of[field]
        .as_u64()
        .and_then(|n| n.try_into().ok())
        .unwrap_or_else(|| panic!("no {field} in {of}"))
}
