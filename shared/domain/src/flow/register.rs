//! Registration: an address, its code, how it ends or is put off; and taking
//! a method away.

use super::{
    ATTEMPTS, Told, drop_challenges, fence_for_method, notices, queue, replace_session,
    save_account,
};
use crate::account::Account;
use crate::audit::Event;
use crate::challenge::{ChallengeId, Purpose};
use crate::error::{Problem, ProblemCode, ViolationCode};
use crate::flow::sending::{Sent, count_source, refused, sms_open, source_full};
use crate::flow::sign_in::{SESSION, SignedInAnswer};
use crate::flow::signed_in::{SignedIn, signed_in};
use crate::method::{Destination, Kind, Pending};
use crate::notice::Notice;
use crate::outbox::{Message, OutboxKind};
use crate::port::{Call, Change, Entropy, Guard, KeyRing, SourceCounter, Store, Want, random};
use crate::repeat::Outcome;
use crate::secret::{Bearer, BearerKind};
use crate::session::{Next, PROOF, Reach, Session, next_step, postpone_until};

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
    send(store, ring, entropy, call, bearer, |who| {
        if !who.policy.policy.allows(wanted.kind) {
            return Err(ProblemCode::KindNotAllowed.into());
        }
        let destination = Destination::parse(wanted.kind, wanted.address)
            .ok_or_else(|| Problem::field("/destination", ViolationCode::NotAnAddress))?;
        match who.policy.policy.reaches(wanted.kind, destination.country().as_deref()) {
            true => Ok(destination),
            false => Err(Problem::field("/destination", ViolationCode::CountryNotAllowed)),
        }
    })
    .await
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
    let waiting = |who: &SignedIn| {
        Ok(who.account.pending.get(&kind).ok_or(ProblemCode::NotFound)?.destination.clone())
    };
    send(store, ring, entropy, call, bearer, waiting).await
}

/// Changing methods needs a young proof of the password.
async fn changing_methods(
    store: &impl Store,
    call: &Call,
    bearer: &Bearer,
) -> Result<SignedIn, Problem> {
    let wants = [Want::Ledger(&bearer.handle, Purpose::Registration), Want::Flags];
    let who =
        signed_in(store, call, bearer, &wants).await?.reaching(&[Reach::Full, Reach::Register])?;
    if who.session.proved_at + PROOF <= call.now {
        return Err(ProblemCode::PasswordProofRequired.into());
    }
    Ok(who)
}

/// Sends a code to the address that `to` finds for whoever is signed in.
async fn send(
    store: &impl Store,
    ring: &impl KeyRing,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    to: impl Fn(&SignedIn) -> Result<Destination, Problem>,
) -> Result<Sent, Problem> {
    for attempt in 0..ATTEMPTS {
        let who = changing_methods(store, call, bearer).await?;
        let destination = to(&who)?;
        let (handle, policy) = (who.handle().clone(), &who.policy.policy);
        let kind = destination.kind();
        sms_open(kind, &who.read, call)?;
        let keys = ring.keys().await?;
        let expires = call.now + policy.code_lifetime();
        let challenge = ChallengeId::new(
            keys.current().kid,
            kind,
            policy.code.digits as u8,
            expires,
            random(entropy),
        );
        let issue = who
            .read
            .ledger(Purpose::Registration)
            .issue(policy, Purpose::Registration, challenge.clone(), &who.session.digest, call.now)
            .map_err(|why| refused(why, Purpose::Registration, call.now))?;
        let sent = Sent::new(&issue, policy);

        let mut account = who.account.clone();
        account.pending.insert(kind, Pending { destination, challenge: challenge.clone() });
        let message = Message::Code { challenge, purpose: Purpose::Registration, typed: None };
        let told = Told {
            uid: Some(&account.uid),
            kind: Some(kind),
            ..Told::new(call, &handle, Event::MethodStarted)
        };
        let mut changes = vec![
            told.record(call, policy, entropy),
            save_account(&handle, &who.account, account.revised()),
            Change::IssueChallenge {
                handle: handle.clone(),
                purpose: Purpose::Registration,
                issue: Box::new(issue),
            },
            count_source(call, &keys, SourceCounter::Sends),
            queue(call, &handle, OutboxKind::Code(Purpose::Registration, None), message, entropy),
        ];
        changes.extend(call.remember(&handle, sent.outcome()));
        match store.commit(call, &format!("send-{attempt}"), changes).await {
            Ok(()) => return Ok(sent),
            // Another send was first: judge anew, with the exact wait.
            Err(error) if error.by(Guard::Account) || error.by(Guard::Ledger) => continue,
            Err(error) => return Err(source_full(error, call)),
        }
    }
    Err(Problem::unavailable())
}

/// Ends registration: enough kinds are verified. The session goes on in full,
/// under a new bearer.
pub async fn finish(
    store: &impl Store,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
) -> Result<SignedInAnswer, Problem> {
    let who =
        signed_in(store, call, bearer, &[]).await?.reaching(&[Reach::Full, Reach::Register])?;
    let policy = &who.policy.policy;
    if who.account.registered_kinds(policy).len() < who.account.kinds_to_register(policy) {
        return Err(ProblemCode::MethodMissing.into());
    }
    let mut account = who.account.clone();
    account.registered_at = account.registered_at.or(Some(call.now));
    if who.session.reach == Reach::Register || account.confirmed_at.is_none() {
        account.confirmed_at = Some(call.now);
    }
    account.asked_at = None;
    let account = account.revised();
    let next = next_step(&account, policy, call.now);
    let saved = save_account(who.handle(), &who.account, account.clone());
    let (mut changes, answer) = go_on(call, &who, account, next, Event::Registered, entropy);
    changes.push(saved);
    store.commit(call, "finish", changes).await?;
    Ok(answer)
}

/// Puts off what sign-in asked for, as long as the policy's days last.
pub async fn postpone(
    store: &impl Store,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
) -> Result<SignedInAnswer, Problem> {
    let who =
        signed_in(store, call, bearer, &[]).await?.reaching(&[Reach::Full, Reach::Register])?;
    let policy = &who.policy.policy;
    let asked = who.session.next(&who.account, policy, call.now).ok_or(ProblemCode::NothingDue)?;
    postpone_until(&who.account, policy, Some(asked), call.now).ok_or(ProblemCode::PostponeOver)?;
    let (changes, answer) =
        go_on(call, &who, who.account.clone(), None, Event::RegistrationPostponed, entropy);
    store.commit(call, "postpone", changes).await?;
    Ok(answer)
}

/// Confirms that the methods are still right.
pub async fn reconfirm(
    store: &impl Store,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
) -> Result<SignedInAnswer, Problem> {
    let who =
        signed_in(store, call, bearer, &[]).await?.reaching(&[Reach::Full, Reach::Register])?;
    if who.session.next(&who.account, &who.policy.policy, call.now) != Some(Next::Reconfirm) {
        return Err(ProblemCode::NothingDue.into());
    }
    let account = Account { confirmed_at: Some(call.now), ..who.account.clone() }.revised();
    let saved = save_account(who.handle(), &who.account, account.clone());
    let (mut changes, answer) =
        go_on(call, &who, account, None, Event::RegistrationConfirmed, entropy);
    changes.push(saved);
    store.commit(call, "reconfirm", changes).await?;
    Ok(answer)
}

/// The end of a step: the session goes on with what comes next, under a new
/// bearer.
fn go_on(
    call: &Call,
    who: &SignedIn,
    account: Account,
    next: Option<Next>,
    event: Event,
    entropy: &impl Entropy,
) -> (Vec<Change>, SignedInAnswer) {
    let (handle, policy) = (who.handle(), &who.policy.policy);
    let bearer = Bearer::new(BearerKind::Session, handle.clone(), call.secret(entropy, SESSION));
    let session = Session::begin(&account, &bearer, next, who.session.proved_at, call.now);
    let told = Told { uid: Some(&account.uid), ..Told::new(call, handle, event) };
    let mut changes = vec![told.record(call, policy, entropy)];
    changes.extend(replace_session(&who.session, &session));
    changes.extend(call.remember(handle, Outcome::Done));
    (changes, SignedInAnswer::of(bearer, session, account, policy, call.now))
}

/// Takes a method away, verified or waiting for its code, with the codes of
/// its kind.
pub async fn remove_method(
    store: &impl Store,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    kind: Kind,
) -> Result<(), Problem> {
    for attempt in 0..ATTEMPTS {
        let who = changing_methods(store, call, bearer).await?;
        let (handle, policy) = (who.handle(), &who.policy.policy);
        let mut account = who.account.clone();
        let (verified, pending) =
            (account.methods.remove(&kind).is_some(), account.pending.remove(&kind).is_some());
        if !verified && !pending {
            return Err(ProblemCode::NotFound.into());
        }
        let account = if verified { account.fenced() } else { account.revised() };
        let told = Told {
            uid: Some(&account.uid),
            kind: Some(kind),
            ..Told::new(call, handle, Event::MethodRemoved)
        };
        let mut changes = vec![
            told.record(call, policy, entropy),
            save_account(handle, &who.account, account.clone()),
            drop_challenges(call, handle, Purpose::Registration, &[kind], false),
        ];
        if verified {
            changes.extend(fence_for_method(call, &who.session, &account));
            changes.extend(notices(
                call,
                handle,
                &who.account,
                Notice::MethodRemoved,
                policy,
                entropy,
            ));
        } else {
            changes.push(drop_challenges(call, handle, Purpose::Reset, &[kind], false));
        }
        match store.commit(call, &format!("remove-{attempt}"), changes).await {
            Ok(()) => return Ok(()),
            Err(error) if error.by(Guard::Account) || error.by(Guard::Session) => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::unavailable())
}
