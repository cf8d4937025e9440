//! Adding a method: sending a code to its destination.

use crate::audit::Event;
use crate::challenge::{ChallengeId, Purpose};
use crate::context::RequestContext;
use crate::destination::Destination;
use crate::error::{Problem, ProblemCode, ViolationCode};
use crate::flow::registration::changing_methods::changing_methods;
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::idempotency::record_outcome;
use crate::flow::steps::messages::queue_code;
use crate::flow::steps::sending::{Sent, check_sms_open, count_source, refusal_of, source_full};
use crate::flow::steps::signed_in::SignedIn;
use crate::flow::steps::write::save_account;
use crate::kind::MethodId;
use crate::method::{Binding, Pending};
use crate::port::{Change, Guard, KeyRing, SourceCounter, Store};
use crate::secret::Bearer;

/// Sends a code to a new destination. The destination is used for nothing else until the code is
/// verified.
///
/// # Errors
/// `kindNotAllowed`; `countryNotAllowed` for the field `/destination`; and the refusals of every
/// send, such as `tooSoon` and `smsUnavailable`.
pub async fn start_method(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    to: &Destination,
) -> Result<Sent, Problem> {
    let wanted = |who: &SignedIn| {
        let policy = &who.policy.policy;
        if !policy.allows(to.kind()) {
            return Err(ProblemCode::KindNotAllowed.into());
        }
        match policy.reaches(to.kind(), &Binding::to(to.clone())) {
            true => Ok(to.clone()),
            false => Err(Problem::field("/destination", ViolationCode::CountryNotAllowed)),
        }
    };
    send(store, ring, ctx, bearer, wanted).await
}

/// Sends a new code to a pending method. The older code ends.
///
/// # Errors
/// `notFound` if the method is not pending; and the refusals of every send.
pub async fn resend(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    id: MethodId,
) -> Result<Sent, Problem> {
    let waiting = |who: &SignedIn| {
        let pending = who.account.pending.get(id).ok_or(ProblemCode::NotFound)?;
        let delivered = pending.binding.delivered().ok_or(ProblemCode::NotFound)?;
        Ok(delivered.destination.clone())
    };
    send(store, ring, ctx, bearer, waiting).await
}

/// Sends a code to the destination that `to` returns for the session.
async fn send(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    to: impl Fn(&SignedIn) -> Result<Destination, Problem>,
) -> Result<Sent, Problem> {
    let mut attempts = Attempts::of("send");
    loop {
        attempts.begin()?;
        let who = changing_methods(store, ctx, bearer).await?;
        let destination = to(&who)?;
        let (handle, policy) = (who.handle().clone(), &who.policy.policy);
        let kind = destination.kind();
        check_sms_open(kind, &who.read, ctx)?;
        let keys = ring.keys().await?;
        let expires = ctx.now + policy.code_lifetime();
        let challenge = ChallengeId::new(
            keys.current().kid,
            kind,
            policy.code.digits as u8,
            expires,
            ctx.random(),
        );
        let issue = who
            .read
            .ledger(Purpose::Registration)
            .issue(policy, Purpose::Registration, challenge.clone(), &who.session.digest, ctx.now)
            .map_err(|why| refusal_of(why, Purpose::Registration, ctx.now))?;
        let sent = Sent::new(&issue, policy);

        let mut account = who.account.clone();
        let pending = Pending { binding: Binding::to(destination), challenge: challenge.clone() };
        account.pending.insert(MethodId::only(kind), pending);
        let entry = AuditEntry {
            uid: Some(&account.uid),
            kind: Some(kind),
            ..AuditEntry::new(ctx, &handle, Event::MethodStarted)
        };
        let mut changes = vec![
            entry.record(ctx, policy),
            save_account(&handle, &who.account, account.revised()),
            Change::IssueChallenge {
                handle: handle.clone(),
                purpose: Purpose::Registration,
                issue: Box::new(issue),
            },
            count_source(ctx, &keys, SourceCounter::Sends),
        ];
        changes.extend(queue_code(ctx, &handle, challenge, None, None));
        changes.extend(record_outcome(ctx, &handle, sent.outcome()));
        // If another send was first, decide again, so that the answer has the exact wait.
        if attempts
            .commit(store, ctx, changes, &[Guard::Account, Guard::Ledger])
            .await
            .map_err(|error| source_full(error, ctx))?
        {
            return Ok(sent);
        }
    }
}
