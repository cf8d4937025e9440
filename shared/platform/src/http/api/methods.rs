//! The methods of an account, with their destinations masked.

use domain::account::Account;
use domain::kind::Kind;
use domain::method::{Binding, Method};
use domain::policy::Policy;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The methods of an account, with their destinations masked.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({
    "allowed": ["email", "mobilePhone"], "needed": 1, "registered": ["email"],
    "methods": {
        "email": {
            "destination": "k•••@example.com", "verifiedAt": "2026-11-25T09:30:00Z",
            "addedAt": "2026-11-25T09:30:00Z", "unreviewed": false,
            "undeliverableSince": "2026-11-25T09:45:00Z"
        }
    },
    "pending": { "mobilePhone": { "destination": "•••56", "unreviewed": false } },
    "reviewSince": null
}))))]
#[serde(rename_all = "camelCase")]
pub struct MethodsResponse {
    /// Kinds that the policy allows.
    allowed: BTreeSet<Kind>,
    /// How many kinds must be verified to finish registration.
    needed: usize,
    /// Kinds that are verified and count for registration.
    registered: BTreeSet<Kind>,
    /// Verified methods.
    methods: BTreeMap<Kind, MethodView>,
    /// Methods that wait for their code.
    pending: BTreeMap<Kind, MethodView>,
    /// When a reset last set the password, if its owner has not reviewed the methods since.
    review_since: Option<String>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct MethodView {
    /// The masked address or number. Absent for a method that gets no messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    destination: Option<String>,
    /// When its owner entered the code. Absent for a pending method.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    verified_at: Option<String>,
    /// When it was added, or last changed to another destination. Absent for a pending method.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    added_at: Option<String>,
    /// Whether it cannot reset the password until its owner has reviewed the methods: it was
    /// less than 7 days old when a reset set the password, and did not prove that reset.
    unreviewed: bool,
    /// Since when messages to this destination are not delivered. Absent if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    undeliverable_since: Option<String>,
}

impl MethodsResponse {
    /// The methods of an account, as this policy counts them.
    pub fn of(account: &Account, policy: &Policy) -> MethodsResponse {
        let methods = account.methods.iter();
        let pending = account.pending.iter();
        MethodsResponse {
            allowed: policy.kinds(),
            needed: account.kinds_to_register(policy),
            registered: account.registered_kinds(policy),
            methods: methods.map(|(id, it)| (id.kind(), view(&it.binding, Some(it)))).collect(),
            pending: pending.map(|(id, it)| (id.kind(), view(&it.binding, None))).collect(),
            review_since: account.review_since.map(|at| at.to_string()),
        }
    }
}

/// A method with its destination masked; `verified` is absent for a pending method.
fn view(binding: &Binding, verified: Option<&Method>) -> MethodView {
    let delivered = binding.delivered();
    let undeliverable = delivered.and_then(|delivered| delivered.undeliverable.as_ref());
    MethodView {
        destination: delivered.map(|delivered| delivered.destination.masked()),
        verified_at: verified.map(|method| method.verified_at.to_string()),
        added_at: verified.map(|method| method.added_at.to_string()),
        unreviewed: verified.is_some_and(|method| method.unreviewed),
        undeliverable_since: undeliverable.map(|it| it.since.to_string()),
    }
}
