//! Request bodies.

use super::transport::SessionTransport;
use domain::account::{Role, display_name, group_names};
use domain::destination::Destination;
use domain::error::{Problem, Violation, ViolationCode};
use domain::flow::directory::change_user::UserPatch;
use domain::flow::directory::create_user::NewUser;
use domain::flow::reset::issue_challenge::WantedChallenge;
use domain::identity::UserId;
use domain::kind::{Channel, Class, Kind};
use domain::language::Language;
use domain::secret::SecretString;
use serde::{Deserialize, Deserializer};

/// A user ID and a password.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({ "userId": "kim@example.com", "password": "four words and a number 7" }))))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignIn {
    /// The user ID, in any spelling.
    pub user_id: String,
    /// The password, or a temporary one.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub password: SecretString,
    /// How the session is to travel.
    #[serde(default)]
    pub session: SessionTransport,
}

/// The password of the signed-in user.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({ "password": "four words and a number 7" }))))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfirmPassword {
    /// The current password.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub password: SecretString,
}

/// The current and the new password of the signed-in user.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({
    "currentPassword": "four words and a number 7", "newPassword": "five other words and an 8"
}))))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangePassword {
    /// The current password, or the temporary one.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub current_password: SecretString,
    /// The new password.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub new_password: SecretString,
}

/// A method to add to your account.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({ "kind": "mobilePhone", "destination": "+61 491 570 156" }))))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddMethod {
    /// Its kind.
    pub kind: Kind,
    /// The email address or phone number, as it was typed. A number has `+` and its country code,
    /// or is written as it is dialled in `country`.
    pub destination: String,
    /// The country that a phone number is dialled in, as an ISO 3166 code. A number with `+` needs
    /// none.
    pub country: Option<String>,
}

impl AddMethod {
    /// The destination of the new method.
    ///
    /// # Errors
    /// `invalidRequest` for text that is not a destination of the kind.
    pub fn parsed(&self) -> Result<Destination, Problem> {
        destination(self.kind, &self.destination, self.country.as_deref())
    }
}

/// Parses a destination of a kind. A kind without one has no text that is right.
fn destination(kind: Kind, text: &str, country: Option<&str>) -> Result<Destination, Problem> {
    let refuse = |pointer, code| Err(Problem::field(pointer, code));
    match (kind.class(), country) {
        (Class::Delivered(Channel::Mail), Some(_)) => {
            refuse("/country", ViolationCode::UnknownField)
        }
        (Class::Delivered(channel), country) => Destination::parse(channel, text, country)
            .map_err(|violation| Problem::invalid(vec![violation])),
        (Class::Held(_), _) => refuse("/destination", ViolationCode::NotAnAddress),
    }
}

/// A code that was received.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({ "code": "0123 4567" }))))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyCode {
    /// The digits, of any script. White space, hyphens and invisible characters are ignored.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub code: SecretString,
}

/// The user ID of the account whose password was forgotten.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({ "userId": "kim@example.com" }))))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartReset {
    /// The user ID, in any spelling.
    pub user_id: String,
}

/// The kind of method that a code is to be sent by.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({ "kind": "mobilePhone", "destination": "+61 491 570 156" }))))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendCode {
    /// The kind.
    pub kind: Kind,
    /// The destination in full, as it was typed, for a kind in `typed` of the started reset. A
    /// number has `+` and its country code, or is written as it is dialled in `country`.
    pub destination: Option<String>,
    /// The country that a phone number is dialled in, as an ISO 3166 code. A number with `+` needs
    /// none.
    pub country: Option<String>,
}

impl SendCode {
    /// The challenge to issue.
    ///
    /// # Errors
    /// `invalidRequest` for text that is not a destination of the kind.
    pub fn parsed(&self) -> Result<WantedChallenge, Problem> {
        let country = self.country.as_deref();
        let typed = self.destination.as_deref();
        let typed = typed.map(|text| destination(self.kind, text, country));
        Ok(WantedChallenge { kind: self.kind, destination: typed.transpose()? })
    }
}

/// The new password of a reset.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({ "newPassword": "five other words and an 8" }))))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetPassword {
    /// The new password.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub new_password: SecretString,
}

/// An account to create.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({
    "userId": "kim@example.com", "name": "Kim Example", "language": "zh-TW", "role": "user",
    "groups": ["Sales"]
}))))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateUser {
    /// The user ID, which never changes.
    pub user_id: String,
    /// The name to show.
    pub name: String,
    /// The language of messages; the organisation's if absent.
    pub language: Option<Language>,
    /// `user` if absent.
    pub role: Option<Role>,
    /// Names of groups.
    #[serde(default)]
    pub groups: Vec<String>,
}

impl CreateUser {
    /// The account to create.
    ///
    /// # Errors
    /// `invalidRequest` with all invalid fields.
    pub fn parsed(self) -> Result<NewUser, Problem> {
        let user_id = UserId::parse(&self.user_id);
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

/// A merge patch (RFC 7396): absent fields stay as they are. `null` removes the
/// language, and is refused for any other field.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({ "groups": ["Sales", "Night shift"], "language": null }))))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PatchUser {
    /// The new name.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = false))]
    pub name: Option<String>,
    /// The new language; `null` for the organisation's.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Language>))]
    pub language: Option<Option<Language>>,
    /// The new role.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Role, required = false))]
    pub role: Option<Role>,
    /// All groups from now on.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>, required = false))]
    pub groups: Option<Vec<String>>,
    /// Whether the user may sign in and reset.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = bool, required = false))]
    pub enabled: Option<bool>,
}

impl PatchUser {
    /// The change to make.
    ///
    /// # Errors
    /// `invalidRequest` with all invalid fields.
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

/// Reads a value, and refuses `null`.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

/// Reads a value or `null`, which thereby differs from an absent field.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    value: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}
