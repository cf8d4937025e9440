//! Building audit entries.

use crate::audit::{AuditEvent, Event, Reason, SupportCode};
use crate::context::RequestContext;
use crate::identity::{Handle, Uid};
use crate::kind::Kind;
use crate::policy::Policy;
use crate::port::Change;
use crate::time::{Span, Time};
use sha2::{Digest, Sha256};

/// The fields of an [`AuditEvent`], except its time and request ID.
pub(in crate::flow) struct AuditEntry<'a> {
    pub handle: &'a Handle,
    pub uid: Option<&'a Uid>,
    pub actor: Option<&'a Uid>,
    pub event: Event,
    pub reason: Reason,
    pub kind: Option<Kind>,
    pub changed: Vec<String>,
    pub version: Option<u64>,
    pub support_code: SupportCode,
}

impl<'a> AuditEntry<'a> {
    /// Creates an entry with the support code of the request and no other field set.
    pub(crate) fn new(ctx: &RequestContext, handle: &'a Handle, event: Event) -> AuditEntry<'a> {
        AuditEntry {
            handle,
            uid: None,
            actor: None,
            event,
            reason: Reason::None,
            kind: None,
            changed: Vec::new(),
            version: None,
            support_code: ctx.support_code(),
        }
    }

    /// Returns the change that appends the entry to the audit trail.
    pub(crate) fn record(self, ctx: &RequestContext, policy: &Policy) -> Change {
        self.at(ctx, policy, ctx.now, ctx.random())
    }

    /// Returns the change that appends the entry to the audit trail at the beginning of the
    /// minute, or of another period. The table refuses a second entry of the account and event
    /// for the same period.
    pub(crate) fn record_once(self, period: Span, ctx: &RequestContext, policy: &Policy) -> Change {
        let begin = Time(ctx.now.0 - ctx.now.0.rem_euclid(period.0));
        // The same for each such entry, and as good as random.
        let name = Sha256::digest(format!("{:?} {}", self.event, self.handle.as_str()));
        let same = std::array::from_fn(|i| name[i]);
        self.at(ctx, policy, begin, same)
    }

    fn at(self, ctx: &RequestContext, policy: &Policy, at: Time, random: [u8; 6]) -> Change {
        Change::RecordEvent(Box::new(AuditEvent {
            handle: self.handle.clone(),
            uid: self.uid.cloned(),
            actor: self.actor.cloned(),
            event: self.event,
            reason: self.reason,
            kind: self.kind,
            changed: self.changed,
            version: self.version,
            support_code: self.support_code,
            request_id: ctx.id.clone(),
            at,
            keep_until: at + policy.audit_kept(),
            random,
        }))
    }
}
