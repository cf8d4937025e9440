//! Comparing a guess that was charged, and accepting the code if it is right.

use crate::audit::Event;
use crate::challenge::Purpose;
use crate::code::Code;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::attempts_notice::tell_of_attempts;
use crate::flow::steps::idempotency::update_outcome;
use crate::flow::steps::write::save_account;
use crate::flow::verify::guess::{Guess, Verified, support_code};
use crate::flow::verify::keep_method::{keep_method, not_accepted};
use crate::held::Held;
use crate::idempotency::Outcome;
use crate::key::Keys;
use crate::kind::{Class, MethodId};
use crate::ledger::Stamp;
use crate::method::{Binding, Method};
use crate::port::{Change, Snapshot, Store, Want};
use crate::reset::ResetId;

/// Compares a guess that was charged as `stamp`, and accepts the code if it is right. `read` is
/// what [`Guess::read`] found. Returns `None` if another request with the same idempotency key had
/// the code accepted meanwhile.
///
/// # Errors
/// `codeNotAccepted` if the code is wrong, or may not be accepted any more. `unavailable` if that
/// is not known.
pub(super) async fn judge(
    store: &impl Store,
    keys: &Keys,
    ctx: &RequestContext,
    guess: Guess<'_>,
    stamp: &Stamp,
    mut read: Snapshot,
) -> Result<Option<Verified>, Problem> {
    let Guess { bearer, challenge, typed } = guess;
    let generation = keys.generation(challenge.kid).ok_or_else(Problem::unavailable)?;
    let policy = read.policy().policy;
    // `None` if only what the account's owner holds can tell.
    let right = match challenge.kind.class() {
        Class::Delivered(_) => Some(Code::derive(&generation.codes, challenge).matches(typed)),
        Class::Held(_) => None,
    };
    if guess.purpose() == Purpose::Reset && right != Some(false) {
        read.accounts = store.read(&[Want::Account(&bearer.handle)]).await?.accounts;
    }
    let account = read.account(&bearer.handle);
    let id = MethodId::only(challenge.kind);
    let binding = account.and_then(|account| match guess.purpose() {
        Purpose::Reset => account.methods.get(id).map(|method| &method.binding),
        Purpose::Registration => account.pending.get(id).map(|pending| &pending.binding),
    });
    // Compared as of the charge, so that a repetition cannot become right later.
    let held = binding.and_then(Binding::held);
    let held = held.and_then(|held| held.proved(keys, typed, stamp.at()));
    // A code for a typed destination other than the account's was never sent. It is not accepted:
    // each typed destination has a ledger of its own, so together they have no limit of guesses.
    let is_own = match (challenge.typed, binding.and_then(Binding::delivered)) {
        (Some(typed), Some(own)) => typed == keys.typed_name(&bearer.handle, &own.destination),
        (None, _) | (_, None) => true,
    };
    if !(right.unwrap_or(held.is_some()) && is_own) {
        // The charge does not tell how many guesses are left, so the ledger is read again. If the
        // table does not answer, the next guess finds the ledger closed and tells the owner.
        let wants = [Want::Ledger(&bearer.handle, challenge.ledger)];
        if guess.purpose() == Purpose::Reset
            && let Ok(after) = store.read(&wants).await
        {
            let ledger = after.ledger(challenge.ledger);
            if ledger.closed_until(ledger.cap, ctx.now).is_some() {
                let code = support_code(ctx, bearer);
                tell_of_attempts(store, ctx, &bearer.handle, code, &policy).await;
            }
        }
        return Err(ProblemCode::CodeNotAccepted.into());
    }
    let accepted = match guess.purpose() {
        Purpose::Reset => prove_kind(store, ctx, guess, stamp, &read, held).await,
        Purpose::Registration => {
            keep_method(store, ctx, bearer, challenge, stamp, held.as_ref()).await
        }
    };
    match accepted {
        Ok(()) => {}
        Err(problem) if problem.code == ProblemCode::CodeNotAccepted => {
            let same = accepted_by_another(store, ctx, guess).await?;
            return if same { Ok(None) } else { Err(problem) };
        }
        Err(problem) => return Err(problem),
    }
    let country = binding.and_then(|binding| binding.delivered()?.country.clone());
    let language =
        account.and_then(|account| account.language).unwrap_or(policy.organisation.language);
    Ok(Some(Verified { kind: challenge.kind, purpose: guess.purpose(), language, country }))
}

/// Adds the kind of the challenge to those that the reset has proved. `held` is what to store of a
/// held method.
///
/// # Errors
/// `codeNotAccepted` if the challenge was used, dropped or expired, or the reset or account ended,
/// meanwhile.
async fn prove_kind(
    store: &impl Store,
    ctx: &RequestContext,
    guess: Guess<'_>,
    stamp: &Stamp,
    read: &Snapshot,
    held: Option<Held>,
) -> Result<(), Problem> {
    let Guess { bearer, challenge, .. } = guess;
    let open = read.reset.as_ref().ok_or(ProblemCode::CodeNotAccepted)?;
    let mut changes = vec![
        guess.event(ctx, Event::CodeAccepted).record(ctx, &read.policy().policy),
        Change::ProveKind {
            handle: bearer.handle.clone(),
            reset: ResetId::of(bearer),
            owner: bearer.digest(),
            kind: challenge.kind,
            ledger: challenge.ledger,
            now: ctx.now,
        },
        Change::UseChallenge {
            handle: bearer.handle.clone(),
            challenge: challenge.clone(),
            stamp: stamp.clone(),
            now: ctx.now,
        },
    ];
    changes.extend(update_outcome(ctx, &bearer.handle, Outcome::Verified(challenge.kind)));
    let kept = read.account(&bearer.handle).zip(held).and_then(|(account, held)| {
        let id = MethodId::only(challenge.kind);
        let method = account.methods.get(id)?.clone();
        let mut after = account.clone().revised();
        after.methods.insert(id, Method { binding: Binding::Held(held), ..method });
        Some(save_account(&bearer.handle, account, after))
    });
    // The reset ends when the account's generation moves. A decoy has no account.
    changes.push(kept.unwrap_or_else(|| Change::CheckAccount {
        handle: bearer.handle.clone(),
        uid: open.uid.clone(),
        generation: open.generation,
    }));
    store.commit(ctx, "accept", changes).await.map_err(not_accepted)
}

/// Whether another request with the same idempotency key had this guess accepted.
///
/// # Errors
/// `unavailable` if the table does not answer.
async fn accepted_by_another(
    store: &impl Store,
    ctx: &RequestContext,
    guess: Guess<'_>,
) -> Result<bool, Problem> {
    let Some(request) = &ctx.idempotency else { return Ok(false) };
    let wants = [Want::IdempotencyRecord(&guess.bearer.handle, &request.name)];
    let record = store.read(&wants).await?.idempotency;
    Ok(record.is_some_and(|record| matches!(record.outcome, Outcome::Verified(_))))
}
