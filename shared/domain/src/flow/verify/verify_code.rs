//! Verifying a code.
//!
//! The guess is charged first, by a write whose guards check everything that the guess depends on.
//! Only then is the code compared.

use crate::audit::{Event, SupportCode};
use crate::challenge::{ChallengeId, LedgerId, Purpose};
use crate::code::{Code, TypedCode};
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::attempts_notice::tell_of_attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::idempotency::{record_outcome, update_outcome};
use crate::flow::steps::sending::refusal_of;
use crate::flow::steps::write::save_account;
use crate::flow::verify::keep_method::{keep_method, not_accepted};
use crate::idempotency::Outcome;
use crate::kind::{Class, Kind, MethodId};
use crate::language::Language;
use crate::ledger::{Ledger, Refused, Stamp};
use crate::method::{Binding, Method};
use crate::port::{Change, CommitError, Guard, KeyRing, Store, Want};
use crate::reset::ResetId;
use crate::secret::{Bearer, BearerKind};

/// A kind that was proved, and the message that it was proved by. The answer shows the kind only;
/// metrics use the rest.
#[derive(Clone)]
pub struct Verified {
    /// The kind.
    pub kind: Kind,
    /// What the code was for.
    pub purpose: Purpose,
    /// The language of the account.
    pub language: Language,
    /// The ISO 3166 country of a phone.
    pub country: Option<String>,
}

/// The kind that an earlier request proved, from its recorded outcome, for its repetition.
pub fn verified_again(outcome: Outcome) -> Option<Kind> {
    match outcome {
        Outcome::Verified(kind) => Some(kind),
        Outcome::Done | Outcome::Sent { .. } | Outcome::Refused(_) => None,
    }
}

/// Verifies a code.
///
/// # Errors
/// `codeNotAccepted` for a code that is wrong, expired, used, replaced, dropped or of a decoy; the
/// problem does not say which, or how many guesses are left. `resetClosed`, or `tooSoon` for a
/// registration, after too many failed guesses.
pub async fn verify_code(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    challenge: &ChallengeId,
    typed: &TypedCode,
) -> Result<Verified, Problem> {
    let purpose = match bearer.kind {
        BearerKind::Reset => Purpose::Reset,
        BearerKind::Session => Purpose::Registration,
    };
    if challenge.purpose() != purpose {
        return Err(ProblemCode::CodeNotAccepted.into());
    }
    // A challenge of an unknown key generation is refused here, before any charge.
    let keys = ring.keys_with(challenge.kid).await?;
    let generation = keys.generation(challenge.kid).ok_or_else(Problem::unavailable)?;
    let stamp = Stamp::new(ctx.now, &ctx.id);
    let event = |event| AuditEntry {
        kind: Some(challenge.kind),
        support_code: support_code(ctx, bearer),
        ..AuditEntry::new(ctx, &bearer.handle, event)
    };
    // None of these limits the guess: its limits are in the ledger. They decide whether a right
    // code still counts for anything.
    let reset = ResetId::of(bearer);
    let account = Want::Account(&bearer.handle);
    let mut read = match purpose {
        // The account is read after the guess, so that the time of a refusal cannot depend on it.
        Purpose::Reset => store.read(&[Want::Policy, Want::Reset(&bearer.handle, &reset)]).await?,
        Purpose::Registration => {
            store.read(&[Want::Policy, Want::Session(bearer), account.clone()]).await?
        }
    };
    let policy = read.policy().policy;
    if purpose == Purpose::Registration {
        let owner = read.account(&bearer.handle);
        let lives = read.session.as_ref().zip(owner).is_some_and(|(s, a)| s.lives(a, ctx.now));
        lives.then_some(()).ok_or(ProblemCode::SignInRequired)?;
    }

    let mut charge = vec![
        event(Event::CodeAttempted).record(ctx, &policy),
        Change::ChargeGuess {
            handle: bearer.handle.clone(),
            challenge: challenge.clone(),
            owner: bearer.digest(),
            stamp: stamp.clone(),
            now: ctx.now,
        },
    ];
    if purpose == Purpose::Registration {
        charge.push(Change::CheckSession {
            handle: bearer.handle.clone(),
            digest: bearer.digest(),
            now: ctx.now,
        });
    }
    charge.extend(record_outcome(
        ctx,
        &bearer.handle,
        Outcome::Refused(ProblemCode::CodeNotAccepted),
    ));
    let tell = || tell_of_attempts(store, ctx, &bearer.handle, support_code(ctx, bearer), &policy);
    match store.commit(ctx, "charge", charge).await {
        Ok(()) => {}
        // A caller without a session learns nothing about the ledger.
        Err(error) if error.by(Guard::Session) => return Err(ProblemCode::SignInRequired.into()),
        Err(CommitError::Refused { ledger, .. }) => {
            let problem = not_charged(ledger.as_deref(), challenge.ledger, ctx);
            if problem.code == ProblemCode::ResetClosed {
                tell().await;
            }
            return Err(problem);
        }
        Err(CommitError::Unavailable) => return Err(Problem::unavailable()),
    }

    // `None` if only what the account's owner holds can tell.
    let right = match challenge.kind.class() {
        Class::Delivered(_) => Some(Code::derive(&generation.codes, challenge).matches(typed)),
        Class::Held(_) => None,
    };
    if purpose == Purpose::Reset && right != Some(false) {
        read.accounts = store.read(&[account]).await?.accounts;
    }
    let account = read.account(&bearer.handle);
    let id = MethodId::only(challenge.kind);
    let binding = account.and_then(|account| match purpose {
        Purpose::Reset => account.methods.get(id).map(|method| &method.binding),
        Purpose::Registration => account.pending.get(id).map(|pending| &pending.binding),
    });
    let held = binding.and_then(Binding::held).and_then(|held| held.proved(&keys, typed, ctx.now));
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
        if purpose == Purpose::Reset
            && let Ok(after) = store.read(&wants).await
        {
            let ledger = after.ledger(challenge.ledger);
            if ledger.closed_until(ledger.cap, ctx.now).is_some() {
                tell().await;
            }
        }
        return Err(ProblemCode::CodeNotAccepted.into());
    }
    match purpose {
        Purpose::Reset => {
            let open = read.reset.as_ref().ok_or(ProblemCode::CodeNotAccepted)?;
            let mut changes = vec![
                event(Event::CodeAccepted).record(ctx, &policy),
                Change::ProveKind {
                    handle: bearer.handle.clone(),
                    reset,
                    owner: bearer.digest(),
                    kind: challenge.kind,
                    ledger: challenge.ledger,
                    now: ctx.now,
                },
                Change::UseChallenge {
                    handle: bearer.handle.clone(),
                    challenge: challenge.clone(),
                    stamp,
                },
            ];
            changes.extend(update_outcome(ctx, &bearer.handle, Outcome::Verified(challenge.kind)));
            let kept = account.zip(held).and_then(|(account, held)| {
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
            store.commit(ctx, "accept", changes).await.map_err(not_accepted)?;
        }
        Purpose::Registration => {
            keep_method(store, ctx, bearer, challenge, &stamp, held.as_ref()).await?;
        }
    }
    let country = binding.and_then(|binding| binding.delivered()?.country.clone());
    let language =
        account.and_then(|account| account.language).unwrap_or(policy.organisation.language);
    Ok(Verified { kind: challenge.kind, purpose, language, country })
}

/// The support code of the reset or, for a registration, of the request.
pub fn support_code(ctx: &RequestContext, bearer: &Bearer) -> SupportCode {
    match bearer.kind {
        BearerKind::Reset => ResetId::of(bearer).support_code(),
        BearerKind::Session => ctx.support_code(),
    }
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
