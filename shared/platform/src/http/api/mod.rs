//! Request and response bodies of the API. A response of one function only is
//! beside its routes.

pub mod can_reset;
mod methods;
mod policy;
mod requests;
mod terms;
pub mod transport;

pub use methods::MethodsResponse;
pub use policy::{LimitsResponse, OrganisationResponse, PolicyResponse, PolicySaveResponse};
pub use requests::{
    AddMethod, ChangePassword, ConfirmPassword, CreateUser, PatchUser, SendCode, SetPassword,
    SignIn, StartReset, VerifyCode,
};
pub use terms::{SaveTerms, TermsResponse};

use domain::account::{Account, Role};
use domain::destination::Destination;
use domain::flow::steps::new_session::NewSession;
use domain::flow::steps::sending::Sent;
use domain::kind::Kind;
use domain::language::Language;
use domain::session::{Next, Reach};
use serde::Serialize;
use std::collections::BTreeSet;

/// A new session, or the same one under a new bearer. `bearer` is shown only here,
/// and is absent if the session is in a cookie.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({
    "bearer": "lks_…", "reach": "register", "next": "register",
    "postponeUntil": "2026-11-25T09:45:00Z", "expiresAt": "2026-11-25T09:45:00Z",
    "user": { "userId": "kim@example.com", "name": "Kim Example", "role": "user", "language": null },
    "undeliverable": []
}))))]
#[serde(rename_all = "camelCase")]
pub struct SessionResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    bearer: Option<String>,
    reach: Reach,
    /// What the user must do next, if anything.
    next: Option<Next>,
    /// Until when `next` may be postponed.
    postpone_until: Option<String>,
    expires_at: String,
    user: Me,
    /// Kinds whose messages are not delivered.
    undeliverable: BTreeSet<Kind>,
}

/// The user of a session.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Me {
    user_id: String,
    name: String,
    role: Role,
    /// The language that an administrator chose for the account.
    language: Option<Language>,
}

impl From<&Account> for Me {
    fn from(account: &Account) -> Me {
        Me {
            user_id: account.user_id.as_str().to_owned(),
            name: account.name.clone(),
            role: account.role,
            language: account.language,
        }
    }
}

impl SessionResponse {
    /// The response with the bearer in its body.
    pub fn with_bearer(answer: &NewSession) -> SessionResponse {
        SessionResponse {
            bearer: Some(answer.bearer.reveal()),
            ..SessionResponse::without_bearer(answer)
        }
    }

    /// The response without the bearer, which is in a cookie.
    pub fn without_bearer(answer: &NewSession) -> SessionResponse {
        SessionResponse {
            bearer: None,
            reach: answer.session.reach,
            next: answer.next,
            postpone_until: answer.postpone_until.map(|t| t.to_string()),
            expires_at: answer.session.exp.to_string(),
            user: Me::from(&answer.account),
            undeliverable: answer.account.undeliverable_kinds(),
        }
    }
}

/// A code was requested. It is sent only if the destination is right.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({
    "challengeId": "c…", "kind": "mobilePhone", "digits": 8,
    "expiresAt": "2026-11-25T09:45:00Z", "resendAfter": 30, "destination": "+61 491 570 156"
}))))]
#[serde(rename_all = "camelCase")]
pub struct ChallengeResponse {
    challenge_id: String,
    kind: Kind,
    /// Digits of the code.
    digits: u8,
    /// When the code stops working.
    expires_at: String,
    /// Seconds until another code may be requested.
    resend_after: u32,
    /// The destination of the request, as it was read: a number with its country code. Absent if
    /// the request had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    destination: Option<String>,
}

impl ChallengeResponse {
    /// The response to a request with this destination.
    pub fn of(sent: &Sent, destination: Option<&Destination>) -> ChallengeResponse {
        ChallengeResponse {
            challenge_id: sent.challenge.to_string(),
            kind: sent.challenge.kind,
            digits: sent.challenge.digits,
            expires_at: sent.expires.to_string(),
            resend_after: sent.resend_after.whole_seconds(),
            destination: destination.map(Destination::spaced),
        }
    }
}

/// A page of a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PageResponse<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl<T> PageResponse<T> {
    /// The same page, with each item turned into what the API shows.
    pub fn map<U>(self, of: impl Fn(T) -> U) -> PageResponse<U> {
        PageResponse { items: self.items.into_iter().map(of).collect(), cursor: self.cursor }
    }
}
