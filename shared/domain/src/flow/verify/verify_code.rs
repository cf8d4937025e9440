//! Verifying a code. The guess is charged first, in a write that checks
//! everything it is judged by; only then is the code compared.

use crate::audit::{Event, SupportCode};
use crate::challenge::{ChallengeId, Purpose};
use crate::code::{Code, TypedCode};
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::idempotency::{record_outcome, update_outcome};
use crate::flow::steps::sending::refusal_of;
use crate::flow::verify::keep_method::{keep_method, not_accepted};
use crate::idempotency::Outcome;
use crate::kind::{Class, Kind, MethodId};
use crate::language::Language;
use crate::limit::{Ledger, Refused, Stamp};
use crate::port::{Change, CommitError, Guard, KeyRing, Store, Want};
use crate::reset::ResetId;
use crate::secret::{Bearer, BearerKind};

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
    ctx: &RequestContext,
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
    let stamp = Stamp::new(ctx.now, &ctx.id);
    let event = |event| AuditEntry {
        kind: Some(challenge.kind),
        support_code: support_code(ctx, bearer),
        ..AuditEntry::new(ctx, &bearer.handle, event)
    };
    // How long the rows of a guess are kept, and whom a right one is counted
    // for. They judge nothing: what a guess is judged by was written with its
    // challenge.
    let read = store.read(&[Want::Policy, Want::Account(&bearer.handle)]).await?;
    let policy = read.policy().policy;

    let mut charge = vec![
        event(Event::CodeAttempted).record(ctx, &policy),
        Change::ChargeGuess {
            handle: bearer.handle.clone(),
            purpose,
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
    store.commit(ctx, "charge", charge).await.map_err(|error| match error {
        // Whoever has no session learns nothing of the ledger.
        error if error.by(Guard::Session) => ProblemCode::SignInRequired.into(),
        CommitError::Refused { ledger, .. } => not_charged(ledger.as_deref(), purpose, ctx),
        CommitError::Unavailable => Problem::unavailable(),
    })?;

    let accepted = match challenge.kind.class() {
        Class::Delivered(_) => Code::derive(&generation.codes, challenge, purpose).matches(typed),
        Class::Held(held) => match held {},
    };
    if !accepted {
        return Err(ProblemCode::CodeNotAccepted.into());
    }
    match purpose {
        Purpose::Reset => {
            let reset = ResetId::of(bearer);
            let mut changes = vec![
                event(Event::CodeAccepted).record(ctx, &policy),
                Change::ProveKind {
                    handle: bearer.handle.clone(),
                    reset,
                    owner: bearer.digest(),
                    kind: challenge.kind,
                    now: ctx.now,
                },
                Change::UseChallenge {
                    handle: bearer.handle.clone(),
                    purpose,
                    challenge: challenge.clone(),
                    stamp,
                },
            ];
            changes.extend(update_outcome(ctx, &bearer.handle, Outcome::Verified(challenge.kind)));
            store.commit(ctx, "accept", changes).await.map_err(not_accepted)?;
        }
        Purpose::Registration => keep_method(store, ctx, bearer, challenge, &stamp).await?,
    }
    let account = read.account(&bearer.handle);
    let id = MethodId::only(challenge.kind);
    let country = account.and_then(|account| match purpose {
        Purpose::Reset => account.methods.get(id)?.binding.delivered()?.country.clone(),
        Purpose::Registration => account.pending.get(id)?.binding.delivered()?.country.clone(),
    });
    let language =
        account.and_then(|account| account.language).unwrap_or(policy.organisation.language);
    Ok(Verified { kind: challenge.kind, purpose, language, country })
}

/// The reset's support code or, for a registration, the request's.
pub fn support_code(ctx: &RequestContext, bearer: &Bearer) -> SupportCode {
    match bearer.kind {
        BearerKind::Reset => ResetId::of(bearer).support_code(),
        BearerKind::Session => ctx.support_code(),
    }
}

/// A guess that was not charged was not compared. The ledger tells whether
/// the account's count is full; all else is one answer.
fn not_charged(ledger: Option<&Ledger>, purpose: Purpose, ctx: &RequestContext) -> Problem {
    let closed = ledger.and_then(|ledger| ledger.closed_until(ledger.cap, ctx.now));
    match closed {
        Some(until) => refusal_of(Refused::Closed(until), purpose, ctx.now),
        None => ProblemCode::CodeNotAccepted.into(),
    }
}
