//! Adding a method: issuing the challenge that proves it.

use crate::audit::Event;
use crate::challenge::LedgerId;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode, ViolationCode};
use crate::flow::registration::changing_methods::changing_methods;
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::sending::{NewChallenge, Sent, check_sms_open};
use crate::flow::steps::signed_in::SignedIn;
use crate::flow::steps::source::source_name;
use crate::flow::steps::write::save_account;
use crate::held::Held;
use crate::kind::{HeldKind, Kind, MethodId};
use crate::method::{Binding, Pending};
use crate::port::{Guard, KeyRing, Store, Want};
use crate::secret::Bearer;
use crate::source::SourceCounter;

/// What a method is to be bound to.
#[derive(Clone)]
pub enum NewBinding {
    /// A destination, or something held that is pending already.
    Known(Binding),
    /// Something held that its challenge makes.
    Held(HeldKind),
}

/// Issues the challenge of a new method. The method is used for nothing else until the challenge
/// is answered.
///
/// # Errors
/// `kindNotAllowed`; `countryNotAllowed` for the field `/destination`; and the refusals of every
/// challenge, such as `tooSoon` and `smsUnavailable`.
pub async fn start_method(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    kind: Kind,
    binding: &NewBinding,
) -> Result<Sent, Problem> {
    let wanted = |who: &SignedIn| {
        let policy = &who.policy.policy;
        if !policy.allows(kind) {
            return Err(ProblemCode::KindNotAllowed.into());
        }
        match binding {
            NewBinding::Known(known) if !policy.reaches(kind, known) => {
                Err(Problem::field("/destination", ViolationCode::CountryNotAllowed))
            }
            NewBinding::Known(_) | NewBinding::Held(_) => Ok(binding.clone()),
        }
    };
    issue(store, ring, ctx, bearer, MethodId::only(kind), wanted).await
}

/// Issues a new challenge for a pending method. The older one ends.
///
/// # Errors
/// `notFound` if the method is not pending; and the refusals of every challenge.
pub async fn resend(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    id: MethodId,
) -> Result<Sent, Problem> {
    let pending = |who: &SignedIn| {
        let pending = who.account.pending.get(id).ok_or(ProblemCode::NotFound)?;
        Ok(NewBinding::Known(pending.binding.clone()))
    };
    issue(store, ring, ctx, bearer, id, pending).await
}

/// Issues the challenge of a method with the binding that `binding` returns for the session.
async fn issue(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    id: MethodId,
    binding: impl Fn(&SignedIn) -> Result<NewBinding, Problem>,
) -> Result<Sent, Problem> {
    let keys = ring.keys().await?;
    let source = source_name(ctx, &keys);
    let wants = [
        Want::Ledger(&bearer.handle, LedgerId::Registration),
        Want::Flags,
        Want::Source(&source, SourceCounter::Sends),
    ];
    let mut attempts = Attempts::counting_source("send");
    loop {
        attempts.begin()?;
        let who = changing_methods(store, ctx, bearer, &wants).await?;
        let binding = binding(&who)?;
        let (handle, policy) = (who.handle().clone(), &who.policy.policy);
        let kind = id.kind();
        check_sms_open(kind, &who.read, ctx)?;
        let challenge = NewChallenge {
            handle: &handle,
            kind,
            ledgers: &[LedgerId::Registration],
            reset: None,
            owner: &who.session.digest,
            ends: None,
            typed: None,
        };
        let (sent, issued) = challenge.issue(ctx, &keys, &who.read)?;

        let binding = match binding {
            NewBinding::Known(binding) => binding,
            NewBinding::Held(kind) => Binding::Held(Held::new(kind, &sent.challenge)),
        };
        let mut account = who.account.clone();
        account.pending.insert(id, Pending { binding, challenge: sent.challenge.clone() });
        let entry = AuditEntry {
            uid: Some(&account.uid),
            kind: Some(kind),
            ..AuditEntry::new(ctx, &handle, Event::MethodStarted)
        };
        let mut changes =
            vec![entry.record(ctx, policy), save_account(&handle, &who.account, account.revised())];
        changes.extend(issued);
        // If another request was first, decide again, so that the answer has the exact wait.
        let moved = [Guard::Account, Guard::Ledger, Guard::Source];
        if attempts.commit(store, ctx, changes, &moved).await? {
            return Ok(sent);
        }
    }
}
