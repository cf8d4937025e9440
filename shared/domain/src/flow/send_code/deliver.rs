//! Handling one outbox row: sending its message, or dropping it for a reason.
//!
//! Only this flow sends messages. It derives the code just before it sends it.

use crate::challenge::ChallengeId;
use crate::code::Code;
use crate::context::RequestContext;
use crate::error::Problem;
use crate::flow::send_code::charge::charge_notice;
use crate::flow::send_code::judge::{Verdict, judge};
use crate::flow::send_code::row::{Fate, Row};
use crate::flow::send_code::spread::{notify_administrators, notify_owner};
use crate::identity::Handle;
use crate::notice::MethodsNow;
use crate::outbox::{Handled, Message, OutboxId, OutboxKind, OutboxState, Round};
use crate::port::{Content, KeyRing, Outgoing, Sender, Snapshot, Store, Want};
use crate::time::Span;

/// Handles a row. `Err` and [`Handled::Left`] both mean: handle it again later.
///
/// # Errors
/// `unavailable` if the channel did not confirm the message, or a port did not answer. The problem
/// has the support code of the row if it was read.
pub async fn deliver(
    store: &impl Store,
    ring: &impl KeyRing,
    sender: &impl Sender,
    ctx: &RequestContext,
    handle: &Handle,
    id: &OutboxId,
    round: Round,
) -> Result<Handled, Problem> {
    let mut wants = vec![Want::Outbox(handle, id), Want::Account(handle), Want::Policy];
    match &id.what {
        OutboxKind::Code(ledger, reset) => {
            wants.push(Want::Ledger(handle, *ledger));
            wants.extend(reset.as_ref().map(|reset| Want::Reset(handle, reset)));
        }
        OutboxKind::ToAdministrators => wants.push(Want::Administrators),
        OutboxKind::Notice | OutboxKind::ToOwner => {}
    }
    let read = store.read(&wants).await?;
    let policy = read.policy().policy;
    let Some(row) = &read.outbox else { return Ok(Handled::Nothing) };
    let one = Row { store, ring, ctx, policy: &policy, row, round };
    one.deliver(sender, &read).await.map_err(|problem| problem.with_support_code(&row.support_code))
}

impl<S: Store, R: KeyRing> Row<'_, S, R> {
    async fn deliver(&self, sender: &impl Sender, read: &Snapshot) -> Result<Handled, Problem> {
        match self.fate() {
            Fate::Open => {}
            Fate::End(handled) => return Ok(handled),
            Fate::Close(state, reason) => return self.close(state, reason).await,
        }
        match &self.row.message {
            Message::ToAdministrators { notice, about } => {
                notify_administrators(self, *notice, about, read).await
            }
            Message::ToOwner { notice } => notify_owner(self, *notice, read).await,
            Message::Notice { notice, recipient, language, about } => {
                // The keys are read before the claim, so that missing keys cost no try.
                let name = self.ring.keys().await?.destination_name(recipient);
                if !self.claim(charge_notice(recipient, self.ctx)).await? {
                    return Ok(self.left());
                }
                let methods = &MethodsNow::of(read.account(&self.row.handle), self.policy);
                let content = Content::Notice {
                    notice: *notice,
                    about: about.as_deref(),
                    methods,
                    support_code: &self.row.support_code,
                };
                self.send(
                    sender,
                    Outgoing {
                        to: recipient,
                        language: *language,
                        organisation: &self.policy.organisation,
                        content,
                    },
                    name,
                )
                .await
            }
            Message::Code { challenge } => {
                let keys = self.ring.keys_with(challenge.kid).await?;
                let keys = keys.ok_or_else(Problem::unavailable)?;
                let address = match judge(self, read, &keys, challenge) {
                    Verdict::Send(address) => address,
                    Verdict::Drop(reason) => {
                        return self.close(OutboxState::Dropped, reason).await;
                    }
                    Verdict::Wait => return Ok(self.left()),
                };
                // Derived before the claim, for the same reason.
                let generation = keys.generation(challenge.kid).ok_or_else(Problem::unavailable)?;
                let code = Code::derive(&generation.codes, challenge);
                let name = keys.destination_name(&address.to);
                if let Some(ended) = self.claim_code(&name, &address, challenge).await? {
                    return Ok(ended);
                }
                let content = Content::Code {
                    code: &code,
                    purpose: challenge.purpose(),
                    minutes: minutes_left(challenge, self.ctx),
                };
                let language = address.language;
                self.send(
                    sender,
                    Outgoing {
                        to: &address.to,
                        language,
                        organisation: &self.policy.organisation,
                        content,
                    },
                    name,
                )
                .await
            }
        }
    }
}

/// How many minutes the code is still valid, rounded up.
fn minutes_left(challenge: &ChallengeId, ctx: &RequestContext) -> u32 {
    let left = challenge.expires - ctx.now;
    (left.0 as u64).div_ceil(Span::minutes(1).0 as u64) as u32
}
