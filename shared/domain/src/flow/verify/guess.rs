//! What a user typed for a challenge, and what it proved.

use crate::audit::{Event, SupportCode};
use crate::challenge::{ChallengeId, Purpose};
use crate::code::TypedCode;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::audit_entry::AuditEntry;
use crate::kind::Kind;
use crate::language::Language;
use crate::port::{Snapshot, Store, Want};
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

/// A code that a user typed.
#[derive(Clone, Copy)]
pub struct Guess<'a> {
    /// The bearer of the reset or of the session.
    pub bearer: &'a Bearer,
    /// The challenge that the code is for.
    pub challenge: &'a ChallengeId,
    /// The code.
    pub typed: &'a TypedCode,
}

impl<'a> Guess<'a> {
    pub(super) fn purpose(self) -> Purpose {
        match self.bearer.kind {
            BearerKind::Reset => Purpose::Reset,
            BearerKind::Session => Purpose::Registration,
        }
    }

    pub(super) fn event(self, ctx: &RequestContext, event: Event) -> AuditEntry<'a> {
        AuditEntry {
            kind: Some(self.challenge.kind),
            support_code: support_code(ctx, self.bearer),
            ..AuditEntry::new(ctx, &self.bearer.handle, event)
        }
    }

    /// Reads what decides whether a right code still counts for anything. None of it limits the
    /// guess: its limits are in the ledger.
    pub(super) async fn read(
        self,
        store: &impl Store,
        ctx: &RequestContext,
    ) -> Result<Snapshot, Problem> {
        let handle = &self.bearer.handle;
        match self.purpose() {
            // The account is read after the guess, so that the time of a refusal cannot depend
            // on it.
            Purpose::Reset => {
                store.read(&[Want::Policy, Want::Reset(handle, &ResetId::of(self.bearer))]).await
            }
            Purpose::Registration => {
                let wants = [Want::Policy, Want::Session(self.bearer), Want::Account(handle)];
                let read = store.read(&wants).await?;
                let both = read.session.as_ref().zip(read.account(handle));
                let lives = both.is_some_and(|(session, account)| session.lives(account, ctx.now));
                lives.then_some(read).ok_or_else(|| ProblemCode::SignInRequired.into())
            }
        }
    }
}

/// The support code of the reset or, for a registration, of the request.
pub fn support_code(ctx: &RequestContext, bearer: &Bearer) -> SupportCode {
    match bearer.kind {
        BearerKind::Reset => ResetId::of(bearer).support_code(),
        BearerKind::Session => ctx.support_code(),
    }
}
