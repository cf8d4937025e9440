//! The attacker: sixteen requests in flight to each function, all about one account.

use domain::time::{Span, Time};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tests::world::Ask;
use tests::{Answer, World};
use tokio::runtime::Handle;
use tokio::sync::{Notify, RwLock, Semaphore};
use tokio::task::JoinSet;

/// Requests in flight to each function.
pub const IN_FLIGHT: u32 = 16;
/// How many challenges the attacker keeps to guess at: the newest.
const KEPT: usize = 64;
/// From this hour on the attacker guesses at codes that may have been sent. Before, only at those
/// for numbers that are made up: guesses close reset, and the owner would get few mails.
const GUESSES_FROM: i64 = 3;

/// The functions under attack. `send-code` runs behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    SignIn,
    Reset,
    Verify,
}

impl Function {
    pub const ALL: [Function; 3] = [Function::SignIn, Function::Reset, Function::Verify];
}

/// What the attacker knows and does.
pub struct Plan {
    pub user_id: String,
    /// The owner's phone number, if the attacker knows it.
    pub number: Option<String>,
    /// The address of all requests in every second hour. In the others each request has another.
    pub address: &'static str,
    /// Whether repeated passwords are tried too. Only new ones lock sign-in.
    pub repeats: bool,
    pub seed: u64,
}

/// The attacker's requests in flight, and what they were answered.
pub struct Strangers {
    pub plan: Plan,
    world: Arc<World>,
    /// When the attack began.
    begun: Time,
    /// Each request holds it for reading. The stage holds it for writing while the clock moves.
    pub turn: RwLock<()>,
    /// Permits: the requests that were answered.
    answered: [Semaphore; 3],
    /// Wakes the pump.
    pub queued: Notify,
    told: Mutex<BTreeMap<(Function, String), u64>>,
    /// Bearers of resets, each with the ID of a challenge, and whether its number is made up.
    challenges: Mutex<VecDeque<(String, String, bool)>>,
    stop: AtomicBool,
}

/// A generator of pseudo-random numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

impl Strangers {
    pub fn new(world: Arc<World>, plan: Plan) -> Arc<Strangers> {
        Arc::new(Strangers {
            plan,
            begun: world.now(),
            world,
            turn: RwLock::default(),
            answered: [(); 3].map(|()| Semaphore::new(0)),
            queued: Notify::new(),
            told: Mutex::default(),
            challenges: Mutex::default(),
            stop: AtomicBool::new(false),
        })
    }

    /// Starts the requests and the pump. They go on until [`Strangers::stop`].
    pub fn begin(self: &Arc<Strangers>) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for function in Function::ALL {
            for n in 0..IN_FLIGHT {
                let it = self.clone();
                let lane = u64::from(n) + 100 * function as u64;
                let mut random = Random(self.plan.seed.wrapping_mul(1_000).wrapping_add(lane));
                tasks.spawn(async move {
                    while !it.stop.load(Ordering::SeqCst) {
                        it.act(function, &mut random).await;
                    }
                });
            }
        }
        let it = self.clone();
        let runtime = Handle::current();
        // On a thread of its own, since the pump's future may not move between threads.
        tasks.spawn_blocking(move || {
            runtime.block_on(async {
                while !it.stop.load(Ordering::SeqCst) {
                    it.queued.notified().await;
                    it.world.pump().await;
                }
            });
        });
        tasks
    }

    pub fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.queued.notify_one();
    }

    /// Waits until each function has answered this many requests from now on.
    pub async fn answered(&self, requests: u32) {
        for answered in &self.answered {
            answered.forget_permits(usize::MAX);
        }
        for answered in &self.answered {
            answered.acquire_many(requests).await.expect("never closed").forget();
        }
    }

    /// How many requests each function answered, by status and problem code.
    pub fn told(&self) -> BTreeMap<(Function, String), u64> {
        self.told.lock().expect("no panic").clone()
    }

    async fn act(&self, function: Function, random: &mut Random) {
        match function {
            Function::SignIn => {
                let password = self.password(random);
                let body = json!({ "userId": self.plan.user_id, "password": password });
                self.ask(function, Ask::new("POST", "/v1/sign-in").body(body), random).await;
            }
            Function::Reset => self.reset(random).await,
            Function::Verify => {
                let challenge = {
                    let challenges = self.challenges.lock().expect("no panic");
                    let any = random.below(KEPT as u64) as usize;
                    any.checked_rem(challenges.len()).map(|any| challenges[any].clone())
                };
                let guessed = |made_up: &bool| *made_up || self.hour() >= GUESSES_FROM;
                let challenge = challenge.filter(|(_, _, made_up)| guessed(made_up));
                let Some((bearer, challenge, _)) = challenge else {
                    return tokio::task::yield_now().await;
                };
                let code = format!("{:08}", random.below(100_000_000));
                let guess = Ask::new("POST", format!("/v1/challenges/{challenge}/verify"));
                let guess = guess.bearer(&bearer).body(json!({ "code": code }));
                self.ask(function, guess, random).await;
            }
        }
    }

    /// One wrong password in the first of four hours, one of three in the second, then new ones.
    fn password(&self, random: &mut Random) -> String {
        match self.hour() % 4 {
            0 if self.plan.repeats => "the same wrong password".to_owned(),
            1 if self.plan.repeats => format!("one of three wrong passwords: {}", random.below(3)),
            _ => format!("a password never typed before: {}", random.below(u64::MAX)),
        }
    }

    /// Starts a reset, and asks for a code in three of four.
    async fn reset(&self, random: &mut Random) {
        let start = Ask::new("POST", "/v1/resets").body(json!({ "userId": self.plan.user_id }));
        let started = self.ask(Function::Reset, start, random).await;
        if started.status != 201 {
            return;
        }
        let sms = |number: String| json!({ "kind": "mobilePhone", "destination": number });
        let (body, made_up): (Value, bool) = match (random.below(4), &self.plan.number) {
            (0, _) => return,
            (1, _) => (json!({ "kind": "email" }), false),
            (2, Some(number)) => (sms(number.clone()), false),
            (_, _) => (sms(format!("+6149157{:04}", 1_000 + random.below(9_000))), true),
        };
        let (id, bearer) = (started.text("resetId"), started.text("bearer"));
        let send = Ask::new("POST", format!("/v1/resets/{id}/challenges")).bearer(&bearer);
        let sent = self.ask(Function::Reset, send.body(body), random).await;
        if sent.status == 202 {
            let mut challenges = self.challenges.lock().expect("no panic");
            challenges.push_back((bearer, sent.text("challengeId"), made_up));
            if challenges.len() > KEPT {
                challenges.pop_front();
            }
            self.queued.notify_one();
        }
    }

    async fn ask(&self, function: Function, ask: Ask, random: &mut Random) -> Answer {
        let _turn = self.turn.read().await;
        let address = match self.hour() % 2 {
            0 => self.plan.address.to_owned(),
            _ => Ipv4Addr::from_bits(random.below(1 << 32) as u32).to_string(),
        };
        let answer = self.world.ask(ask.source(&address)).await;
        let told = format!("{} {}", answer.status, answer.code());
        *self.told.lock().expect("no panic").entry((function, told)).or_default() += 1;
        self.answered[function as usize].add_permits(1);
        answer
    }

    /// Hours since the attack began.
    fn hour(&self) -> i64 {
        (self.world.now() - self.begun).0 / Span::hours(1).0
    }
}
