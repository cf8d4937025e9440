//! Methods of an account, as they are shown.

use domain::account::Account;
use domain::kind::Kind;
use domain::method::{Binding, Delivered};
use domain::policy::Policy;
use domain::time::Time;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Methods of an account, masked.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MethodsResponse {
    allowed: BTreeSet<Kind>,
    /// How many kinds must be verified before `finish`.
    needed: usize,
    /// Kinds that count as verified for it.
    registered: BTreeSet<Kind>,
    methods: BTreeMap<Kind, MethodView>,
    pending: BTreeMap<Kind, MethodView>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct MethodView {
    destination: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified_at: Option<String>,
    /// Since when messages to this address come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    undeliverable_since: Option<String>,
}

impl MethodsResponse {
    pub fn of(account: &Account, policy: &Policy) -> MethodsResponse {
        let methods = account.methods.iter();
        let pending = account.pending.iter();
        MethodsResponse {
            allowed: policy.kinds(),
            needed: account.kinds_to_register(policy),
            registered: account.registered_kinds(policy),
            methods: methods
                .filter_map(|(id, m)| Some((id.kind(), view(&m.binding, Some(m.verified_at))?)))
                .collect(),
            pending: pending
                .filter_map(|(id, p)| Some((id.kind(), view(&p.binding, None)?)))
                .collect(),
        }
    }
}

/// A method as its owner is shown it: with its destination masked.
fn view(binding: &Binding, verified_at: Option<Time>) -> Option<MethodView> {
    let Delivered { destination, undeliverable, .. } = binding.delivered()?;
    Some(MethodView {
        destination: destination.masked(),
        verified_at: verified_at.map(|at| at.to_string()),
        undeliverable_since: undeliverable.as_ref().map(|u| u.since.to_string()),
    })
}
