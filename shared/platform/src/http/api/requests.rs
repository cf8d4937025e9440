//! Bodies of requests.

use super::transport::SessionTransport;
use domain::account::{Role, display_name, group_names};
use domain::destination::Destination;
use domain::error::{Problem, Violation, ViolationCode};
use domain::flow::directory::change_user::UserPatch;
use domain::flow::directory::create_user::NewUser;
use domain::flow::reset::issue_challenge::WantedChallenge;
use domain::identity::UserId;
use domain::kind::Kind;
use domain::language::Language;
use domain::secret::SecretString;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignIn {
    pub user_id: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub password: SecretString,
    #[serde(default)]
    pub session: SessionTransport,
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

impl AddMethod {
    /// The destination to add.
    ///
    /// # Errors
    /// `notAnAddress` for text that is no destination of the kind.
    pub fn parsed(&self) -> Result<Destination, Problem> {
        destination(self.kind, &self.destination)
    }
}

fn destination(kind: Kind, text: &str) -> Result<Destination, Problem> {
    Destination::parse(kind, text)
        .ok_or_else(|| Problem::field("/destination", ViolationCode::NotAnAddress))
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

impl SendCode {
    /// The challenge that is asked for.
    ///
    /// # Errors
    /// `notAnAddress` for text that is no destination of the kind.
    pub fn parsed(&self) -> Result<WantedChallenge, Problem> {
        let typed = self.destination.as_deref().map(|text| destination(self.kind, text));
        Ok(WantedChallenge { kind: self.kind, destination: typed.transpose()? })
    }
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

impl CreateUser {
    /// The account to create.
    ///
    /// # Errors
    /// `invalidRequest` with every field that is not what it should be.
    pub fn parsed(self) -> Result<NewUser, Problem> {
        let user_id = UserId::parse(self.user_id.trim_matches(' '));
        let user_id = user_id.ok_or(Violation::new("/userId", ViolationCode::NotAUserId));
        match (user_id, display_name(&self.name), group_names(&self.groups)) {
            (Ok(user_id), Ok(name), Ok(groups)) => Ok(NewUser {
                user_id,
                name,
                language: self.language,
                role: self.role.unwrap_or(Role::User),
                groups,
            }),
            (user_id, name, groups) => {
                let violations = [user_id.err(), name.err(), groups.err()];
                Err(Problem::invalid(violations.into_iter().flatten().collect()))
            }
        }
    }
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

impl PatchUser {
    /// What to change of the account.
    ///
    /// # Errors
    /// `invalidRequest` with every field that is not what it should be.
    pub fn parsed(self) -> Result<UserPatch, Problem> {
        let name = self.name.as_deref().map(display_name).transpose();
        let groups = self.groups.as_deref().map(group_names).transpose();
        match (name, groups) {
            (Ok(name), Ok(groups)) => Ok(UserPatch {
                name,
                language: self.language,
                role: self.role,
                groups,
                enabled: self.enabled,
            }),
            (name, groups) => {
                Err(Problem::invalid([name.err(), groups.err()].into_iter().flatten().collect()))
            }
        }
    }
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
