//! Methods of an account, as they are shown.

use domain::account::Account;
use domain::kind::Kind;
use domain::method::{Method, Pending};
use domain::policy::Policy;
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
        let verified = |m: &Method| MethodView {
            destination: m.destination.masked(),
            verified_at: Some(m.verified_at.to_string()),
            undeliverable_since: m.undeliverable.as_ref().map(|u| u.since.to_string()),
        };
        let pending = |p: &Pending| MethodView {
            destination: p.destination.masked(),
            verified_at: None,
            undeliverable_since: None,
        };
        MethodsResponse {
            allowed: policy.kinds(),
            needed: account.kinds_to_register(policy),
            registered: account.registered_kinds(policy),
            methods: account
                .methods
                .iter()
                .map(|(kind, method)| (*kind, verified(method)))
                .collect(),
            pending: account
                .pending
                .iter()
                .map(|(kind, waiting)| (*kind, pending(waiting)))
                .collect(),
        }
    }
}
