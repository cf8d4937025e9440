//! Verifying a code.
//!
//! The guess is charged first, by a write whose guards check everything that the guess depends on.
//! Only then is the code compared.

use crate::audit::Event;
use crate::challenge::{LedgerId, Purpose};
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::attempts_notice::tell_of_attempts;
use crate::flow::steps::idempotency::record_outcome;
use crate::flow::steps::sending::refusal_of;
use crate::flow::verify::guess::{Guess, Verified, support_code};
use crate::flow::verify::judge::judge;
use crate::idempotency::Outcome;
use crate::ledger::{Ledger, Refused, Stamp};
use crate::port::{Change, CommitError, Guard, KeyRing, Store};

/// Verifies a code. Returns `None` if another request with the same idempotency key had it
/// accepted.
///
/// # Errors
/// `codeNotAccepted` for a code that is wrong, expired, used, replaced, dropped or of a decoy; the
/// problem does not say which, or how many guesses are left. `resetClosed`, or `tooSoon` for a
/// registration, after too many failed guesses.
pub async fn verify_code(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    guess: Guess<'_>,
) -> Result<Option<Verified>, Problem> {
    let Guess { bearer, challenge, .. } = guess;
    if challenge.purpose() != guess.purpose() {
        return Err(ProblemCode::CodeNotAccepted.into());
    }
    // A challenge of an unknown key generation gets the answer and the calls of every other
    // challenge that is in no ledger.
    let keys = ring.keys_with(challenge.kid).await?;
    let read = guess.read(store, ctx).await?;
    let policy = read.policy().policy;
    let stamp = Stamp::new(ctx.now, &ctx.id);
    let mut charge = vec![
        guess.event(ctx, Event::CodeAttempted).record(ctx, &policy),
        Change::ChargeGuess {
            handle: bearer.handle.clone(),
            challenge: challenge.clone(),
            owner: bearer.digest(),
            stamp: stamp.clone(),
            now: ctx.now,
        },
    ];
    if guess.purpose() == Purpose::Registration {
        charge.push(Change::CheckSession {
            handle: bearer.handle.clone(),
            digest: bearer.digest(),
            now: ctx.now,
        });
    }
    charge.extend(record_outcome(ctx, &bearer.handle, Outcome::Guessed(stamp.clone())));
    match store.commit(ctx, "charge", charge).await {
        Ok(()) => {}
        // A caller without a session learns nothing about the ledger.
        Err(error) if error.by(Guard::Session) => return Err(ProblemCode::SignInRequired.into()),
        Err(CommitError::Refused { ledger, .. }) => {
            let problem = not_charged(ledger.as_deref(), challenge.ledger, ctx);
            if problem.code == ProblemCode::ResetClosed {
                let code = support_code(ctx, bearer);
                tell_of_attempts(store, ctx, &bearer.handle, code, &policy).await;
            }
            return Err(problem);
        }
        Err(CommitError::Unavailable) => return Err(Problem::unavailable()),
    }
    // The ledger holds the challenge, so its generation exists: a process with newer keys issued
    // it less than a minute ago.
    let keys = keys.ok_or_else(Problem::unavailable)?;
    // In a box, because the future of the caller holds this one and that of a repetition.
    Box::pin(judge(store, &keys, ctx, guess, &stamp, read)).await
}

/// Repeats the comparison of a guess that an earlier request with the same idempotency key charged
/// and, if the code is right, tries to have it accepted. So a right code counts even if the first
/// request could not finish, and one code is charged once, however often it is sent. Returns `None`
/// if it was accepted before.
///
/// # Errors
/// Those of [`verify_code`].
pub async fn verify_again(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    guess: Guess<'_>,
    first: Outcome,
) -> Result<Option<Verified>, Problem> {
    let stamp = match first {
        Outcome::Guessed(stamp) => stamp,
        Outcome::Verified(_) => return Ok(None),
        Outcome::Done | Outcome::Sent { .. } | Outcome::Refused(_) => {
            return Err(Problem::unavailable());
        }
    };
    let keys = ring.keys_with(guess.challenge.kid).await?.ok_or_else(Problem::unavailable)?;
    let read = guess.read(store, ctx).await?;
    Box::pin(judge(store, &keys, ctx, guess, &stamp, read)).await
}

/// The problem for a guess that was not charged, and so not compared. If the ledger's count of
/// failed guesses is full, the answer says until when; every other reason gets one answer.
fn not_charged(ledger: Option<&Ledger>, id: LedgerId, ctx: &RequestContext) -> Problem {
    let closed = ledger.and_then(|ledger| ledger.closed_until(ledger.cap, ctx.now));
    match closed {
        Some(until) => refusal_of(Refused::Closed(until), id, ctx.now),
        None => ProblemCode::CodeNotAccepted.into(),
    }
}
