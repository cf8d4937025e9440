//! What the attack came to: figures of each part, their limits, and the table.

use crate::stage::{most_in_a_day, number};
use crate::stranger::Function;
use domain::time::{Span, Time};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// The most failed guesses in 24 hours at codes of one account that may be right
/// (NIST 800-63B-4 3.2.2, with five on known devices).
const ALL_GUESSES: usize = 95;

/// The limits of the policy that the test checks.
pub struct Limits {
    pub guesses: u32,
    pub registration_guesses: u32,
    mails_per_day: u32,
}

impl Limits {
    pub fn of(limits: &Value) -> Limits {
        Limits {
            guesses: number(limits, "failedGuesses"),
            registration_guesses: number(limits, "failedRegistrationGuesses"),
            mails_per_day: number(limits, "mailsPerDay"),
        }
    }
}

/// What one part of the attack came to.
pub struct Figures {
    title: &'static str,
    pub steps: u32,
    pub seconds: Duration,
    /// Requests of the owner.
    pub owner_requests: usize,
    /// How long the attack lasted, by the world's clock.
    pub lasted: Span,
    /// The owner's tries with the right password: when, and whether each succeeded.
    pub sign_ins: Vec<(Time, bool)>,
    /// The owner's resets: why they failed.
    pub by_mail: Vec<Result<(), String>>,
    pub by_sms: Vec<Result<(), String>>,
    /// The longest time for which an answer said that reset is closed.
    pub closed: Span,
    /// When the owner got codes that the attacker asked for.
    pub mails: Vec<Time>,
    pub sms: Vec<Time>,
    /// When the owner got notices of attempts.
    pub notices: Vec<Time>,
    /// Failed guesses at the end.
    pub fails: BTreeMap<String, usize>,
    /// Requests of the attacker.
    pub told: BTreeMap<(Function, String), u64>,
}

impl Figures {
    pub fn new(title: &'static str) -> Figures {
        Figures {
            title,
            steps: 0,
            seconds: Duration::ZERO,
            owner_requests: 0,
            lasted: Span(0),
            sign_ins: Vec::new(),
            by_mail: Vec::new(),
            by_sms: Vec::new(),
            closed: Span(0),
            mails: Vec::new(),
            sms: Vec::new(),
            notices: Vec::new(),
            fails: BTreeMap::new(),
            told: BTreeMap::new(),
        }
    }

    /// Asserts the limits that hold on known and new devices alike.
    pub fn check(&self, limits: &Limits) {
        let mails = most_in_a_day(&self.mails);
        assert!(mails <= limits.mails_per_day as usize, "{mails} mails in a day");
        let mut days: Vec<_> = self.notices.iter().map(|at| at.next_day()).collect();
        days.dedup();
        assert_eq!(days.len(), self.notices.len(), "a notice of attempts comes once a UTC day");
        let guesses: usize = self.fails.values().sum();
        assert!(guesses <= ALL_GUESSES, "{:?}", self.fails);
        for function in Function::ALL {
            assert!(self.requests(function) > u64::from(self.steps), "{function:?} was attacked");
        }
    }

    fn requests(&self, function: Function) -> u64 {
        self.told.iter().filter(|((of, _), _)| *of == function).map(|(_, count)| count).sum()
    }

    /// The rows of the table: what each is, and its figure.
    fn rows(&self) -> Vec<(&'static str, String)> {
        let tries = |outcomes: &[Result<(), String>]| match outcomes.len() {
            0 => "-".to_owned(),
            all => format!("{} of {all}", outcomes.iter().filter(|it| it.is_ok()).count()),
        };
        let signed_in = self.sign_ins.iter().filter(|(_, succeeded)| *succeeded).count();
        let requests = Function::ALL.map(|function| self.requests(function).to_string());
        let fails: Vec<_> = self.fails.iter().map(|(name, n)| format!("{name} {n}")).collect();
        vec![
            ("simulated time", duration(self.lasted)),
            ("right sign-ins that succeed", format!("{signed_in} of {}", self.sign_ins.len())),
            ("longest time kept out of sign-in", duration(self.longest_without())),
            ("resets by mail that succeed", tries(&self.by_mail)),
            ("resets by SMS that succeed", tries(&self.by_sms)),
            ("longest time that reset is closed", duration(self.closed)),
            ("mails of the attacker in a day", most_in_a_day(&self.mails).to_string()),
            ("SMS of the attacker in a day", most_in_a_day(&self.sms).to_string()),
            ("notices of attempts", self.notices.len().to_string()),
            ("attacker: sign-in, reset, verify", requests.join(", ")),
            ("failed guesses at the end", fails.join(", ")),
            ("seconds", self.seconds.as_secs().to_string()),
        ]
    }

    /// The longest time from a failed sign-in to the next that succeeded, or to the last try.
    fn longest_without(&self) -> Span {
        let (mut since, mut longest) = (None, Span(0));
        for (at, succeeded) in &self.sign_ins {
            let begun = *since.get_or_insert(*at);
            longest = longest.max(*at - begun);
            if *succeeded {
                since = None;
            }
        }
        longest
    }

    /// Prints the figures, why the owner's resets failed, and what the attacker was told.
    pub fn print(&self) {
        eprintln!("\n{}", self.title);
        for (name, figure) in self.rows() {
            eprintln!("  {name:<36} {figure}");
        }
        for (by, outcomes) in [("mail", &self.by_mail), ("SMS", &self.by_sms)] {
            let mut why: BTreeMap<&str, usize> = BTreeMap::new();
            for reason in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
                *why.entry(reason).or_default() += 1;
            }
            if !why.is_empty() {
                eprintln!("  resets by {by} failed: {why:?}");
            }
        }
        for ((function, told), count) in &self.told {
            eprintln!("  {:<10} {told:<28} {count}", format!("{function:?}"));
        }
    }
}

/// Hours and minutes.
fn duration(span: Span) -> String {
    let minutes = span.0 / Span::minutes(1).0;
    format!("{} h {:02} min", minutes / 60, minutes % 60)
}
