//! Requests and answers as the API writes them.

mod methods;
mod policy;
pub mod standing;
mod terms;

pub use methods::MethodsAnswer;
pub use policy::{JudgedAnswer, LimitsAnswer, OrganisationAnswer, PolicyAnswer};
pub use terms::{SaveTerms, TermsAnswer};

use crate::http::request::cookie::Carrier;
use domain::account::{Account, GroupName, Language, Role};
use domain::flow::reset_password::ResetView;
use domain::flow::sending::Sent;
use domain::flow::sign_in::SignedInAnswer;
use domain::flow::start_reset::StartedReset;
use domain::flow::users::CreatedUser;
use domain::method::Kind;
use domain::secret::{ExposeSecret, SecretString};
use domain::session::{Next, Reach};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignIn {
    pub user_id: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub password: SecretString,
    #[serde(default)]
    pub session: Carrier,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfirmPassword {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub password: SecretString,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangePassword {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub current_password: SecretString,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub new_password: SecretString,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddMethod {
    pub kind: Kind,
    pub destination: String,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyCode {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub code: SecretString,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartReset {
    pub user_id: String,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendCode {
    pub kind: Kind,
    /// The address in full, where the policy asks for it.
    pub destination: Option<String>,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetPassword {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub new_password: SecretString,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateUser {
    pub user_id: String,
    pub name: String,
    pub language: Option<Language>,
    pub role: Option<Role>,
    #[serde(default)]
    pub groups: Vec<String>,
}

/// A merge patch (RFC 7396): what is absent stays, `null` takes away. Only a
/// language can be taken away; `null` for anything else is refused, not passed
/// over.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PatchUser {
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = false))]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Language>))]
    pub language: Option<Option<Language>>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Role, required = false))]
    pub role: Option<Role>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>, required = false))]
    pub groups: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = bool, required = false))]
    pub enabled: Option<bool>,
}

/// A value, and not `null`.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

/// Tells `null` from absent.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    value: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// A session that was just made. `bearer` is shown this once, and not at all
/// where it lies in a cookie.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    bearer: Option<String>,
    reach: Reach,
    next: Option<Next>,
    /// Until when `next` may be put off.
    postpone_until: Option<String>,
    expires_at: String,
    user: Me,
    /// Kinds whose address messages come back from.
    undeliverable: BTreeSet<Kind>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Me {
    user_id: String,
    name: String,
    role: Role,
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

impl SessionAnswer {
    pub fn with_bearer(answer: &SignedInAnswer) -> SessionAnswer {
        SessionAnswer {
            bearer: Some(answer.bearer.reveal()),
            ..SessionAnswer::without_bearer(answer)
        }
    }
    pub fn without_bearer(answer: &SignedInAnswer) -> SessionAnswer {
        SessionAnswer {
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

/// Who is signed in, and what comes next.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MeAnswer {
    pub user: Me,
    pub reach: Reach,
    pub next: Option<Next>,
    /// Until when `next` may be put off.
    pub postpone_until: Option<String>,
    pub expires_at: String,
    /// Kinds whose address messages come back from.
    pub undeliverable: BTreeSet<Kind>,
}

/// A code that is on its way, if the address is right.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChallengeAnswer {
    challenge_id: String,
    kind: Kind,
    digits: u8,
    expires_at: String,
    /// Seconds until another may be asked for.
    resend_after: u32,
}

impl From<Sent> for ChallengeAnswer {
    fn from(sent: Sent) -> ChallengeAnswer {
        ChallengeAnswer {
            challenge_id: sent.challenge.to_string(),
            kind: sent.challenge.kind,
            digits: sent.challenge.digits,
            expires_at: sent.expires.to_string(),
            resend_after: sent.resend_after.whole_seconds(),
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct VerifiedAnswer {
    pub verified: Kind,
}

/// A reset that was started. `bearer` is shown this once.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StartedAnswer {
    reset_id: String,
    bearer: String,
    kinds: BTreeSet<Kind>,
    /// Kinds whose address must be typed in full for a code.
    typed: BTreeSet<Kind>,
    /// Kinds that nobody can use now.
    unavailable: BTreeSet<Kind>,
    expires_at: String,
    support_code: String,
}

impl From<StartedReset> for StartedAnswer {
    fn from(started: StartedReset) -> StartedAnswer {
        StartedAnswer {
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

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResetAnswer {
    /// `method`: prove one (more) kind. `password`: set the new one.
    next: &'static str,
    verified: BTreeSet<Kind>,
    expires_at: String,
    support_code: String,
}

impl From<ResetView> for ResetAnswer {
    fn from(view: ResetView) -> ResetAnswer {
        ResetAnswer {
            next: if view.ready { "password" } else { "method" },
            verified: view.verified,
            expires_at: view.expires.to_string(),
            support_code: view.support_code.as_str().to_owned(),
        }
    }
}

/// An account, to administrators.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UserAnswer {
    user_id: String,
    name: String,
    language: Option<Language>,
    role: Role,
    groups: BTreeSet<GroupName>,
    enabled: bool,
    temporary_password_until: Option<String>,
    registered_at: Option<String>,
    created_at: String,
    revision: u64,
}

impl From<&Account> for UserAnswer {
    fn from(account: &Account) -> UserAnswer {
        UserAnswer {
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

/// A new account. `temporaryPassword` is shown this once.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreatedAnswer {
    user: UserAnswer,
    temporary_password: String,
    temporary_password_expires_at: String,
}

impl From<&CreatedUser> for CreatedAnswer {
    fn from(created: &CreatedUser) -> CreatedAnswer {
        CreatedAnswer {
            user: UserAnswer::from(&created.account),
            temporary_password: created.temporary_password.expose_secret().to_owned(),
            temporary_password_expires_at: created.expires.to_string(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PageAnswer<T> {
    pub items: Vec<T>,
    /// Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
