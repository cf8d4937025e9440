//! A session: what a signed-in bearer reaches, and until when.

use crate::account::Account;
use crate::identity::{Handle, Uid};
use crate::policy::Policy;
use crate::secret::{Bearer, BearerDigest};
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// How long a full session lasts (NIST 800-63B-4 2.1.3: at most 30 days at AAL1).
pub const FULL: Span = Span::hours(12);
/// How long a session lasts that reaches only registration or the change of
/// a temporary password.
pub const LIMITED: Span = Span::minutes(20);
/// How long a session lives unused.
pub const IDLE: Span = Span::hours(1);
/// Use is written down in steps, so that most requests write nothing.
pub const SEEN_STEP: Span = Span::minutes(5);
/// How young a password proof must be to change methods (NIST 4.1.2.1).
pub const PROOF: Span = Span::minutes(20);

/// What a session reaches. Stored when it is made: a policy saved later does
/// not lock anybody out of what they are doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Reach {
    ChangePassword,
    Register,
    Full,
}

/// What sign-in asks for next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Next {
    ChangePassword,
    Register,
    Reconfirm,
}

impl Reach {
    pub const fn of(next: Option<Next>) -> Reach {
        match next {
            Some(Next::ChangePassword) => Reach::ChangePassword,
            Some(Next::Register | Next::Reconfirm) => Reach::Register,
            None => Reach::Full,
        }
    }

    /// How long a session of this reach lasts, from the password's proof or
    /// the end of a step.
    pub const fn lasts(self) -> Span {
        match self {
            Reach::Full => FULL,
            Reach::ChangePassword | Reach::Register => LIMITED,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    pub handle: Handle,
    pub digest: BearerDigest,
    pub uid: Uid,
    pub generation: u64,
    pub reach: Reach,
    pub exp: Time,
    /// Last use, in steps of [`SEEN_STEP`].
    pub seen: Time,
    /// Last proof of the password.
    pub proved_at: Time,
}

impl Session {
    /// A session for an account as it was read together with the hash that
    /// was checked.
    pub fn begin(
        account: &Account,
        bearer: &Bearer,
        next: Option<Next>,
        proved_at: Time,
        now: Time,
    ) -> Session {
        let reach = Reach::of(next);
        Session {
            handle: bearer.handle.clone(),
            digest: bearer.digest(),
            uid: account.uid.clone(),
            generation: account.generation,
            reach,
            // No step of a session outlives the password it began with.
            exp: (now + reach.lasts()).min(proved_at + FULL),
            seen: now,
            proved_at,
        }
    }

    /// The same session under a new bearer, after a new proof of the password:
    /// it lasts as if it began now.
    pub fn proved(&self, bearer: &Bearer, now: Time) -> Session {
        Session {
            digest: bearer.digest(),
            exp: now + self.reach.lasts(),
            seen: now,
            proved_at: now,
            ..self.clone()
        }
    }

    /// What its bearer is asked to do next. What was put off is not asked of
    /// this session again.
    pub fn next(&self, account: &Account, policy: &Policy, now: Time) -> Option<Next> {
        next_step(account, policy, now).filter(|next| Reach::of(Some(*next)) == self.reach)
    }

    /// Whether it lives: not past its end, not idle, and of this very account
    /// as it is now.
    pub fn lives(&self, account: &Account, now: Time) -> bool {
        self.exp > now
            && self.seen + IDLE > now
            && self.uid == account.uid
            && self.generation == account.generation
            && account.enabled
    }

    /// Whether this use must be written down.
    pub fn renewal_due(&self, now: Time) -> bool {
        self.seen + SEEN_STEP <= now
    }
}

/// What somebody must do next, in the order of need.
pub fn next_step(account: &Account, policy: &Policy, now: Time) -> Option<Next> {
    if account.temporary_until.is_some() {
        return Some(Next::ChangePassword);
    }
    if !account.in_scope(policy) {
        return None;
    }
    let missing = account.registered_kinds(policy).len() < account.kinds_to_register(policy)
        || account.registered_at.is_none();
    if policy.registration.required && missing {
        return Some(Next::Register);
    }
    (reconfirmation_due(account, policy)? <= now).then_some(Next::Reconfirm)
}

/// When the methods must be confirmed: after the policy's days, where it asks
/// for that, and at once where messages to one of them come back, since whoever
/// is in scope could not reset with it. `None` where it is not asked.
fn reconfirmation_due(account: &Account, policy: &Policy) -> Option<Time> {
    let (required, days) = (policy.registration.required, policy.registration.reconfirm_days);
    let confirmed = account.confirmed_at.or(account.registered_at).filter(|_| required && days > 0);
    let regular = confirmed.map(|at| at + Span::days(days.into()));
    regular.into_iter().chain(account.undeliverable_since(policy)).min()
}

/// Until when a step may be put off: the policy's days from when it was first
/// asked for or, for a reconfirmation, fell due. `None` where it may not.
pub fn postpone_until(
    account: &Account,
    policy: &Policy,
    step: Option<Next>,
    now: Time,
) -> Option<Time> {
    let asked = match step? {
        Next::ChangePassword => None,
        Next::Register => account.asked_at,
        Next::Reconfirm => reconfirmation_due(account, policy),
    };
    let until = asked? + Span::days(policy.registration.postpone_days.into());
    (until > now).then_some(until)
}

/// Writes down when registration was first asked for.
pub fn note_asked(account: &mut Account, step: Option<Next>, now: Time) {
    if step == Some(Next::Register) {
        account.asked_at.get_or_insert(now);
    }
}
