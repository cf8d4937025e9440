//! Request and response bodies of the API.

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
use domain::flow::directory::temporary::CreatedUser;
use domain::flow::reset::start::StartedReset;
use domain::flow::reset::view::ResetView;
use domain::flow::steps::new_session::NewSession;
use domain::flow::steps::sending::Sent;
use domain::identity::GroupName;
use domain::kind::Kind;
use domain::language::Language;
use domain::secret::ExposeSecret;
use domain::session::{Next, Reach};
use serde::Serialize;
use std::collections::BTreeSet;

/// A new session, or the same one under a new bearer. `bearer` is shown only here,
/// and is absent if the session is in a cookie.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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

/// The signed-in user, and what they must do next.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MeResponse {
    /// The user of the session.
    pub user: Me,
    /// What the session may be used for.
    pub reach: Reach,
    /// What the user must do next, if anything.
    pub next: Option<Next>,
    /// Until when `next` may be postponed.
    pub postpone_until: Option<String>,
    /// When the session ends at the latest.
    pub expires_at: String,
    /// Kinds whose messages are not delivered.
    pub undeliverable: BTreeSet<Kind>,
}

/// A code was requested. It is sent only if the destination is right.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
}

impl From<Sent> for ChallengeResponse {
    fn from(sent: Sent) -> ChallengeResponse {
        ChallengeResponse {
            challenge_id: sent.challenge.to_string(),
            kind: sent.challenge.kind,
            digits: sent.challenge.digits,
            expires_at: sent.expires.to_string(),
            resend_after: sent.resend_after.whole_seconds(),
        }
    }
}

/// The code was accepted.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct VerifiedResponse {
    /// The kind that the code proved.
    pub verified: Kind,
}

/// A reset that was started. `bearer` is shown only here.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StartedResponse {
    reset_id: String,
    bearer: String,
    /// Kinds that the policy allows. They are the same for every user ID.
    kinds: BTreeSet<Kind>,
    /// Kinds whose destination must be typed in full to get a code.
    typed: BTreeSet<Kind>,
    /// Kinds that are unavailable to all users now.
    unavailable: BTreeSet<Kind>,
    expires_at: String,
    support_code: String,
}

impl From<StartedReset> for StartedResponse {
    fn from(started: StartedReset) -> StartedResponse {
        StartedResponse {
            bearer: started.bearer.reveal(),
            reset_id: started.id.0,
            kinds: started.kinds,
            typed: started.typed,
            unavailable: started.unavailable,
            expires_at: started.expires.to_string(),
            support_code: started.support_code.as_str().to_owned(),
        }
    }
}

/// The state of a reset.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResetResponse {
    /// `method`: verify a kind, or one more. `password`: set the new password.
    next: &'static str,
    /// Kinds that were verified in this reset.
    verified: BTreeSet<Kind>,
    expires_at: String,
    support_code: String,
}

impl From<ResetView> for ResetResponse {
    fn from(view: ResetView) -> ResetResponse {
        ResetResponse {
            next: if view.ready { "password" } else { "method" },
            verified: view.verified,
            expires_at: view.expires.to_string(),
            support_code: view.support_code.as_str().to_owned(),
        }
    }
}

/// An account, as the help desk and administrators see it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UserResponse {
    user_id: String,
    name: String,
    language: Option<Language>,
    role: Role,
    groups: BTreeSet<GroupName>,
    enabled: bool,
    /// When the temporary password stops working; `null` if the user chose their own.
    temporary_password_until: Option<String>,
    /// When the user finished registration; `null` before that.
    registered_at: Option<String>,
    created_at: String,
    revision: u64,
}

impl From<&Account> for UserResponse {
    fn from(account: &Account) -> UserResponse {
        UserResponse {
            user_id: account.user_id.as_str().to_owned(),
            name: account.name.clone(),
            language: account.language,
            role: account.role,
            groups: account.groups.clone(),
            enabled: account.enabled,
            temporary_password_until: account.temporary_until.map(|t| t.to_string()),
            registered_at: account.registered_at.map(|t| t.to_string()),
            created_at: account.created_at.to_string(),
            revision: account.revision,
        }
    }
}

/// An account with a new temporary password, which is shown only here.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreatedResponse {
    user: UserResponse,
    temporary_password: String,
    temporary_password_expires_at: String,
}

impl From<&CreatedUser> for CreatedResponse {
    fn from(created: &CreatedUser) -> CreatedResponse {
        CreatedResponse {
            user: UserResponse::from(&created.account),
            temporary_password: created.temporary_password.expose_secret().to_owned(),
            temporary_password_expires_at: created.expires.to_string(),
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
