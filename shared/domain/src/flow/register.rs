//! Registration: an address, its code, and `finish`.

use super::{Told, queue, save_account};
use crate::audit::Event;
use crate::challenge::{ChallengeId, Purpose};
use crate::error::{Problem, ProblemCode, ViolationCode};
use crate::flow::send_code::{Sent, count_send, refused, too_soon};
use crate::flow::sign_in::SignedInAnswer;
use crate::flow::signed_in::{SignedIn, signed_in};
use crate::method::{Destination, Kind, Pending};
use crate::outbox::{Message, OutboxKind};
use crate::port::{Call, Change, Entropy, Guard, KeyRing, Store, Want, random};
use crate::secret::{Bearer, BearerKind};
use crate::session::{PROOF, Reach, Session, next_step};

/// What `POST /v1/me/methods` asks for.
pub struct NewMethod<'a> {
    pub kind: Kind,
    pub address: &'a str,
}

/// Sends a code to a new address of a kind. The address is used for nothing
/// until that code has come back.
pub async fn start_method(
    store: &impl Store,
    ring: &impl KeyRing,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    wanted: NewMethod<'_>,
) -> Result<Sent, Problem> {
    let who = changing_methods(store, call, bearer).await?;
    if !who.policy.policy.allows(wanted.kind) {
        return Err(ProblemCode::KindNotAllowed.into());
    }
    let destination =
        Destination::parse(wanted.kind, wanted.address).ok_or_else(|| Problem::field("/destination", ViolationCode::NotAnAddress))?;
    send(store, ring, entropy, call, who, destination).await
}

/// Sends a new code to the address that is waiting for one; the older code
/// dies.
pub async fn resend(
    store: &impl Store,
    ring: &impl KeyRing,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    kind: Kind,
) -> Result<Sent, Problem> {
    let who = changing_methods(store, call, bearer).await?;
    let pending = who.account.pending.get(&kind).ok_or(ProblemCode::NotFound)?;
    let destination = pending.destination.clone();
    send(store, ring, entropy, call, who, destination).await
}

/// Changing methods needs a young proof of the password.
async fn changing_methods(store: &impl Store, call: &Call, bearer: &Bearer) -> Result<SignedIn, Problem> {
    let wants = [Want::Ledger(&bearer.handle, Purpose::Registration)];
    let who = signed_in(store, call, bearer, &wants).await?.reaching(&[Reach::Full, Reach::Register])?;
    if who.session.proved_at + PROOF <= call.now {
        return Err(ProblemCode::PasswordProofRequired.into());
    }
    Ok(who)
}

async fn send(
    store: &impl Store,
    ring: &impl KeyRing,
    entropy: &impl Entropy,
    call: &Call,
    who: SignedIn,
    destination: Destination,
) -> Result<Sent, Problem> {
    let (handle, policy) = (who.handle().clone(), &who.policy.policy);
    let kind = destination.kind();
    let keys = ring.keys().await?;
    let expires = call.now + policy.code_lifetime();
    let challenge = ChallengeId::new(keys.current().kid, kind, policy.code.digits as u8, expires, random(entropy));
    let issue = who
        .read
        .ledger(Purpose::Registration)
        .issue(policy, Purpose::Registration, challenge.clone(), &who.session.digest, call.now)
        .map_err(|why| refused(why, Purpose::Registration, call.now))?;
    let sent = Sent::new(&issue, policy);

    let mut account = who.account.clone();
    account.pending.insert(kind, Pending { destination, challenge: challenge.clone() });
    let message = Message::Code { challenge, purpose: Purpose::Registration, typed: None };
    let told = Told { uid: Some(&account.uid), kind: Some(kind), ..Told::new(call, &handle, Event::MethodStarted) };
    let changes = vec![
        told.record(call, policy, entropy),
        save_account(&handle, &who.account, account.revised()),
        Change::IssueChallenge { handle: handle.clone(), purpose: Purpose::Registration, issue: Box::new(issue) },
        count_send(call, &keys),
        queue(call, &handle, OutboxKind::Code(Purpose::Registration, None), message, entropy),
    ];
    match store.commit(call, "send", changes).await {
        Ok(()) => Ok(sent),
        // Two at once: the other one was just sent.
        Err(error) if error.by(Guard::Account) => Err(too_soon(policy)),
        Err(error) => Err(crate::flow::send_code::not_sent(error, call, policy)),
    }
}

/// Ends registration: enough kinds are verified. The session goes on in full,
/// under a new bearer.
pub async fn finish(store: &impl Store, entropy: &impl Entropy, call: &Call, bearer: &Bearer) -> Result<SignedInAnswer, Problem> {
    let who = signed_in(store, call, bearer, &[]).await?.reaching(&[Reach::Full, Reach::Register])?;
    let (handle, policy) = (who.handle().clone(), &who.policy.policy);
    if who.account.registered_kinds(policy).len() < who.account.kinds_to_register(policy) {
        return Err(ProblemCode::MethodMissing.into());
    }
    let mut account = who.account.clone();
    account.registered_at = account.registered_at.or(Some(call.now));
    if who.session.reach == Reach::Register || account.confirmed_at.is_none() {
        account.confirmed_at = Some(call.now);
    }
    let account = account.revised();
    let bearer = Bearer::new(BearerKind::Session, handle.clone(), random(entropy));
    let next = next_step(&account, policy, call.now);
    let session = Session::begin(&account, &bearer, next, who.session.proved_at, call.now);
    let told = Told { uid: Some(&account.uid), ..Told::new(call, &handle, Event::Registered) };
    let changes = vec![
        save_account(&handle, &who.account, account.clone()),
        Change::DeleteSession { handle: handle.clone(), digest: who.session.digest.clone() },
        Change::CreateSession(Box::new(session.clone())),
        told.record(call, policy, entropy),
    ];
    store.commit(call, "finish", changes).await?;
    Ok(SignedInAnswer { bearer, next, session, account })
}
