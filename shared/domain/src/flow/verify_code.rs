//! A code comes back. The guess is charged first, in a write that tests
//! everything it is judged by; only then is anything compared.

use super::{ATTEMPTS, Told, drop_challenges, fence_for_method, notices, save_account};
use crate::account::Language;
use crate::audit::{Event, SupportCode};
use crate::challenge::{ChallengeId, Purpose};
use crate::code::{Code, TypedCode};
use crate::error::{Problem, ProblemCode};
use crate::flow::sending::refused;
use crate::flow::signed_in::signed_in;
use crate::limit::{Ledger, Refused, Stamp};
use crate::method::{Kind, Method};
use crate::notice::Notice;
use crate::port::{Call, Change, CommitError, Entropy, Guard, KeyRing, Store, Want};
use crate::repeat::Outcome;
use crate::reset::ResetId;
use crate::secret::{Bearer, BearerKind};
use crate::session::Reach;

/// A kind that was proved, and by what message. The caller is told the kind
/// alone.
#[derive(Clone)]
pub struct Verified {
    pub kind: Kind,
    pub purpose: Purpose,
    pub language: Language,
    /// Of a phone: its ISO 3166 country.
    pub country: Option<String>,
}

/// The kind that was proved before, for whoever asks again.
pub fn verified_again(outcome: Outcome) -> Option<Kind> {
    match outcome {
        Outcome::Verified(kind) => Some(kind),
        Outcome::Done | Outcome::Sent { .. } | Outcome::Refused(_) => None,
    }
}

/// Judges a code. Every wrong, dead, superseded, fenced or decoy code is one
/// problem, which does not tell how many guesses are left.
pub async fn verify_code(
    store: &impl Store,
    ring: &impl KeyRing,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    challenge: &ChallengeId,
    typed: &TypedCode,
) -> Result<Verified, Problem> {
    let purpose = match bearer.kind {
        BearerKind::Reset => Purpose::Reset,
        BearerKind::Session => Purpose::Registration,
    };
    // An unknown generation is refused here, before any charge.
    let keys = ring.keys_with(challenge.kid).await?;
    let generation = keys.generation(challenge.kid).ok_or_else(Problem::unavailable)?;
    let stamp = Stamp::new(call.now, &call.id);
    let event = |event| Told {
        kind: Some(challenge.kind),
        support_code: support_code(call, bearer),
        ..Told::new(call, &bearer.handle, event)
    };
    // How long the rows of a guess are kept, and whom a right one is counted
    // for. They judge nothing: what a guess is judged by was written with its
    // challenge.
    let read = store.read(&[Want::Policy, Want::Account(&bearer.handle)]).await?;
    let policy = read.policy().policy;

    let mut charge = vec![
        event(Event::CodeAttempted).record(call, &policy, entropy),
        Change::ChargeGuess {
            handle: bearer.handle.clone(),
            purpose,
            challenge: challenge.clone(),
            sec: bearer.digest(),
            stamp: stamp.clone(),
            now: call.now,
        },
    ];
    if purpose == Purpose::Registration {
        charge.push(Change::CheckSession {
            handle: bearer.handle.clone(),
            digest: bearer.digest(),
            now: call.now,
        });
    }
    charge.extend(call.remember(&bearer.handle, Outcome::Refused(ProblemCode::CodeNotAccepted)));
    store.commit(call, "charge", charge).await.map_err(|error| match error {
        // Whoever has no session learns nothing of the ledger.
        error if error.by(Guard::Session) => ProblemCode::SignInRequired.into(),
        CommitError::Refused { ledger, .. } => not_charged(ledger.as_deref(), purpose, call),
        CommitError::Unavailable => Problem::unavailable(),
    })?;

    if !Code::derive(&generation.codes, challenge, purpose).matches(typed) {
        return Err(ProblemCode::CodeNotAccepted.into());
    }
    match purpose {
        Purpose::Reset => {
            let reset = ResetId::of(bearer);
            let mut changes = vec![
                event(Event::CodeAccepted).record(call, &policy, entropy),
                Change::ProveKind {
                    handle: bearer.handle.clone(),
                    reset,
                    sec: bearer.digest(),
                    kind: challenge.kind,
                    now: call.now,
                },
                Change::UseChallenge {
                    handle: bearer.handle.clone(),
                    purpose,
                    challenge: challenge.clone(),
                    stamp,
                },
            ];
            changes.extend(call.conclude(&bearer.handle, Outcome::Verified(challenge.kind)));
            store.commit(call, "accept", changes).await.map_err(not_accepted)?;
        }
        Purpose::Registration => {
            keep_method(store, entropy, call, bearer, challenge, &stamp).await?
        }
    }
    let account = read.account(&bearer.handle);
    let country = account.and_then(|account| match purpose {
        Purpose::Reset => account.methods.get(&challenge.kind)?.country.clone(),
        Purpose::Registration => account.pending.get(&challenge.kind)?.destination.country(),
    });
    let language =
        account.and_then(|account| account.language).unwrap_or(policy.organisation.language);
    Ok(Verified { kind: challenge.kind, purpose, language, country })
}

/// The address that got the accepted code becomes the account's.
async fn keep_method(
    store: &impl Store,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    challenge: &ChallengeId,
    stamp: &Stamp,
) -> Result<(), Problem> {
    for attempt in 0..ATTEMPTS {
        let who =
            signed_in(store, call, bearer, &[]).await?.reaching(&[Reach::Full, Reach::Register])?;
        let (handle, policy) = (who.handle(), &who.policy.policy);
        let pending =
            who.account.pending.get(&challenge.kind).filter(|p| p.challenge == *challenge);
        let destination = pending.ok_or(ProblemCode::CodeNotAccepted)?.destination.clone();

        // The same address once more keeps its version: nothing changed, so
        // nobody is told, and what it proved before counts on.
        let older = who.account.methods.get(&challenge.kind).cloned();
        let same = older.as_ref().filter(|older| older.destination == destination);
        // A method that takes the place of another ends what the other opened.
        let changes_one = older.is_some() && same.is_none();
        let mut account =
            if changes_one { who.account.clone().fenced() } else { who.account.clone().revised() };
        account.pending.remove(&challenge.kind);
        let version = same.map_or(account.revision, |same| same.version);
        account.methods.insert(challenge.kind, Method::new(destination, version, call.now));
        let notice = match (&older, same) {
            (_, Some(_)) => None,
            (Some(_), None) => Some(Notice::MethodChanged),
            (None, None) => Some(Notice::MethodAdded),
        };
        let told = Told {
            uid: Some(&account.uid),
            kind: Some(challenge.kind),
            ..Told::new(call, handle, Event::MethodVerified)
        };
        let mut changes = vec![
            told.record(call, policy, entropy),
            save_account(handle, &who.account, account.clone()),
            Change::UseChallenge {
                handle: handle.clone(),
                purpose: Purpose::Registration,
                challenge: challenge.clone(),
                stamp: stamp.clone(),
            },
        ];
        if changes_one {
            changes.extend(fence_for_method(call, &who.session, &account));
        } else {
            // A code under way to an address removed before is worth nothing.
            changes.push(drop_challenges(call, handle, Purpose::Reset, &[challenge.kind], false));
        }
        changes.extend(
            notice
                .into_iter()
                .flat_map(|notice| notices(call, handle, &who.account, notice, policy, entropy)),
        );
        changes.extend(call.conclude(handle, Outcome::Verified(challenge.kind)));
        match store.commit(call, &format!("keep-{attempt}"), changes).await {
            Ok(()) => return Ok(()),
            Err(error) if error.by(Guard::Ledger) => return Err(not_accepted(error)),
            Err(error) if error.by(Guard::Account) || error.by(Guard::Session) => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::unavailable())
}

/// The reset's support code or, for a registration, the request's.
pub fn support_code(call: &Call, bearer: &Bearer) -> SupportCode {
    match bearer.kind {
        BearerKind::Reset => ResetId::of(bearer).support_code(),
        BearerKind::Session => call.support_code(),
    }
}

/// A guess that was not charged was not compared. The ledger tells whether
/// the account's count is full; all else is one answer.
fn not_charged(ledger: Option<&Ledger>, purpose: Purpose, call: &Call) -> Problem {
    let closed = ledger.and_then(|ledger| ledger.closed_until(ledger.cap, call.now));
    match closed {
        Some(until) => refused(Refused::Closed(until), purpose, call.now),
        None => ProblemCode::CodeNotAccepted.into(),
    }
}

fn not_accepted(error: CommitError) -> Problem {
    match error {
        CommitError::Refused { .. } => ProblemCode::CodeNotAccepted.into(),
        CommitError::Unavailable => Problem::unavailable(),
    }
}
