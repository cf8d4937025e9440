//! A session: what a signed-in user may do, and until when.

use crate::account::Account;
use crate::identity::{Handle, Uid};
use crate::policy::Policy;
use crate::secret::{Bearer, BearerDigest};
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// The lifetime of a session with all rights of its role (NIST 800-63B-4 2.1.3: at most 30 days
/// at AAL1).
pub const FULL: Span = Span::hours(12);
/// The lifetime of a session that may only register methods or change a temporary password.
pub const LIMITED: Span = Span::minutes(20);
/// The time without use after which a session ends.
pub const IDLE: Span = Span::hours(1);
/// The shortest time between two records of a session's use, so that most requests write nothing.
pub const SEEN_STEP: Span = Span::minutes(5);
/// How long after entering the password a user may change authentication methods (NIST 800-63B-4
/// 4.1.2.1).
pub const PROOF: Span = Span::minutes(20);

// The reach is stored with the session, so that a later change of the policy does not stop a
// user in the middle of a task.
/// What a session may do: `changePassword` change a temporary password,
/// `register` register methods, `full` everything that the role allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Reach {
    /// Change a temporary password, and nothing else.
    ChangePassword,
    /// Register, confirm or postpone methods, and nothing else.
    Register,
    /// Everything that the role allows.
    Full,
}

/// What the user must do next: `changePassword` choose a password in place of a
/// temporary one, `review` confirm after a reset that all methods are theirs,
/// `register` register methods, `reconfirm` confirm that the methods are still right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Next {
    /// Choose a password in place of a temporary one.
    ChangePassword,
    /// Confirm after a reset that all methods are the user's own.
    Review,
    /// Register methods.
    Register,
    /// Confirm that the methods are still right.
    Reconfirm,
}

impl Reach {
    /// Returns the reach of a session whose next step is `next`.
    pub const fn of(next: Option<Next>) -> Reach {
        match next {
            Some(Next::ChangePassword) => Reach::ChangePassword,
            Some(Next::Review | Next::Register | Next::Reconfirm) => Reach::Register,
            None => Reach::Full,
        }
    }

    /// The lifetime of a session of this reach, from when the password was typed or the step
    /// before ended.
    pub const fn lasts(self) -> Span {
        match self {
            Reach::Full => FULL,
            Reach::ChangePassword | Reach::Register => LIMITED,
        }
    }
}

/// One session, as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The handle of the account (keyed pseudonym of its user ID).
    pub handle: Handle,
    /// The digest of the bearer token, by which the session is found.
    pub digest: BearerDigest,
    /// The internal ID of the account.
    pub uid: Uid,
    /// The account's generation. The session ends when the account's generation increases.
    pub generation: u64,
    /// What the session may do.
    pub reach: Reach,
    /// When the session ends.
    pub exp: Time,
    /// The last recorded use, at most [`SEEN_STEP`] before the actual last use.
    pub seen: Time,
    /// When the password was last typed.
    pub proved_at: Time,
}

impl Session {
    /// Creates a new session. `account` must be the one whose hash was checked, so that the
    /// session gets the generation of that very password.
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
            // The session ends 12 hours after the password was typed, however many steps follow.
            exp: (now + reach.lasts()).min(proved_at + FULL),
            seen: now,
            proved_at,
        }
    }

    /// Returns the same session under a new bearer token, after the password was typed again.
    /// Its lifetime starts again.
    pub fn proved(&self, bearer: &Bearer, now: Time) -> Session {
        Session {
            digest: bearer.digest(),
            exp: now + self.reach.lasts(),
            seen: now,
            proved_at: now,
            ..self.clone()
        }
    }

    /// Returns the next step of the user. A step that was postponed is not asked for again in
    /// this session.
    pub fn next(&self, account: &Account, policy: &Policy, now: Time) -> Option<Next> {
        next_step(account, policy, now).filter(|next| Reach::of(Some(*next)) == self.reach)
    }

    /// Whether the session is valid now: it has not ended, is not idle, and the account is
    /// enabled and has the same generation.
    pub fn lives(&self, account: &Account, now: Time) -> bool {
        self.exp > now
            && self.seen + IDLE > now
            && self.uid == account.uid
            && self.generation == account.generation
            && account.enabled
    }

    /// Whether the use of the session now must be recorded.
    pub fn renewal_due(&self, now: Time) -> bool {
        self.seen + SEEN_STEP <= now
    }
}

/// Returns what the account's owner must do next, the most urgent step first.
pub fn next_step(account: &Account, policy: &Policy, now: Time) -> Option<Next> {
    if account.temporary_until.is_some() {
        return Some(Next::ChangePassword);
    }
    // It comes before the scope: an attacker's method would work again as soon as the account is
    // in scope again.
    if account.review_since.is_some() {
        return Some(Next::Review);
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

/// Returns when the methods must be confirmed; `None` if they need not be. The policy may
/// require it after a number of days. It is due at once when messages to a method cannot be
/// delivered, since a code sent there would not arrive.
fn reconfirmation_due(account: &Account, policy: &Policy) -> Option<Time> {
    let (required, days) = (policy.registration.required, policy.registration.reconfirm_days);
    let confirmed = account.confirmed_at.or(account.registered_at).filter(|_| required && days > 0);
    let regular = confirmed.map(|at| at + Span::days(days.into()));
    regular.into_iter().chain(account.undeliverable_since(policy)).min()
}

/// Returns the end of the time in which a step may be postponed: the policy's days from when it
/// was first asked for or, for a confirmation, was due. `None` if it may not be postponed.
pub fn postpone_until(
    account: &Account,
    policy: &Policy,
    step: Option<Next>,
    now: Time,
) -> Option<Time> {
    let asked = match step? {
        Next::ChangePassword | Next::Review => None,
        Next::Register => account.asked_at,
        Next::Reconfirm => reconfirmation_due(account, policy),
    };
    let until = asked? + Span::days(policy.registration.postpone_days.into());
    (until > now).then_some(until)
}

/// Records when registration was first asked for, if `step` asks for it now.
pub fn note_asked(account: &mut Account, step: Option<Next>, now: Time) {
    if step == Some(Next::Register) {
        account.asked_at.get_or_insert(now);
    }
}
