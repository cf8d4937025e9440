//! The operator's settings, read from the environment once.

pub mod mail_from;

use axum::http::Uri;
use domain::source::SourceLimits;
use mail_from::MailFrom;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// The default of `LATCHKEY_SOURCE_LIMIT`: the resets that may be started, and the codes
/// that may be requested, per source address and hour. It is high because an office shares
/// one address.
pub const SOURCE_LIMIT: u32 = 300;
/// The default of `LATCHKEY_FAILED_SIGN_IN_LIMIT`: the sign-ins that may fail per source
/// address and hour. An attacker who tries a common password on many accounts gets as far as
/// this; in an office behind one address, 100 users may mistype a password.
pub const FAILED_SIGN_IN_LIMIT: u32 = 100;
/// The range of both limits. Below it, a household could use them up; above it, they would
/// stop no attacker.
const SOURCE_LIMIT_RANGE: std::ops::RangeInclusive<u32> = 10..=100_000;

/// The longest host name of the base URL, in characters. The last line of an SMS with a
/// code contains the host; with a longer one, the Traditional Chinese text would not fit
/// one part (70 UTF-16 units).
pub const LONGEST_HOST: usize = 30;

/// The operator's settings. A function does not start if one is missing or invalid.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `LATCHKEY_TABLE`: name of the table.
    pub table: String,
    /// `LATCHKEY_SECRET_ID`: name or ARN of the secret that holds the keys.
    pub secret_id: String,
    /// `LATCHKEY_BASE_URL`: the address of Latchkey's pages. Messages contain this host,
    /// never one from a request's headers.
    pub base_url: BaseUrl,
    /// `LATCHKEY_MAIL_FROM`: the sender of mails.
    pub mail_from: MailFrom,
    /// `LATCHKEY_CONFIGURATION_SET`: the SES configuration set of all mails; `None` in
    /// local development.
    pub configuration_set: Option<String>,
    /// `LATCHKEY_SOURCE_LIMIT` and `LATCHKEY_FAILED_SIGN_IN_LIMIT`: see [`SOURCE_LIMIT`] and
    /// [`FAILED_SIGN_IN_LIMIT`].
    pub source_limits: SourceLimits,
    /// `LATCHKEY_FRONT_DIGEST`: the digest of the secret that a front, such as CloudFront,
    /// sends; `None` without a front.
    pub front: Option<FrontDigest>,
    /// `LATCHKEY_BREACHED_URL` and `LATCHKEY_BREACHED_ON_FAILURE`: the service for breached
    /// passwords; `None` without one.
    pub breached: Option<BreachedSetting>,
}

/// A service for breached passwords.
#[derive(Clone, Debug)]
pub struct BreachedSetting {
    /// The URL that the first digits of a SHA-1 are appended to, such as
    /// `https://api.pwnedpasswords.com/range/`.
    pub endpoint: String,
    /// What happens to a new password if the service does not answer.
    pub on_failure: OnFailure,
}

/// What happens to a new password if the service for breached passwords does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// It is accepted.
    Accept,
    /// It is refused with `unavailable`.
    Refuse,
}

impl BreachedSetting {
    /// Reads the setting; `None` for an endpoint that is no `https` URL with a path, or another
    /// text than `accept` and `refuse`. Only the local machine may use `http`.
    fn read(endpoint: String, on_failure: &str) -> Option<BreachedSetting> {
        let uri: Uri = endpoint.parse().ok()?;
        let loopback = LOOPBACK.contains(&uri.host()?);
        let safe = matches!((uri.scheme_str()?, loopback), ("https", _) | ("http", true));
        let on_failure = match on_failure {
            "accept" => OnFailure::Accept,
            "refuse" => OnFailure::Refuse,
            _ => return None,
        };
        let plain = uri.query().is_none() && endpoint.ends_with('/') && !endpoint.contains('#');
        (safe && plain).then_some(BreachedSetting { endpoint, on_failure })
    }
}

/// The SHA-256 digest of the secret with which the operator's front (such as CloudFront)
/// identifies itself. The environment holds this digest, not the secret.
#[derive(Clone, Copy, Debug)]
pub struct FrontDigest([u8; 32]);

impl FrontDigest {
    /// Reads 64 hexadecimal digits; `None` for other text.
    pub fn parse(hex: &str) -> Option<FrontDigest> {
        let mut digest = [0; 32];
        if hex.len() != 2 * digest.len() || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        for (i, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).ok()?;
        }
        Some(FrontDigest(digest))
    }

    /// Whether this is the front's secret, compared in constant time.
    pub fn is_of(&self, secret: &[u8]) -> bool {
        Sha256::digest(secret).ct_eq(&self.0).into()
    }
}

/// The address of Latchkey's pages: scheme, host and port, without a path.
#[derive(Clone, Debug)]
pub struct BaseUrl {
    origin: String,
    host: String,
}

/// The host names of the local machine. Only these may use `http`.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

impl BaseUrl {
    /// Parses an `https` URL without path, query and user, with a host of at most
    /// [`LONGEST_HOST`] characters. The host is converted to lower case and the scheme's
    /// default port is removed, as in the `Origin` that browsers send.
    ///
    /// # Errors
    /// If the text is anything else.
    pub fn parse(text: &str) -> Result<BaseUrl, InvalidSetting> {
        BaseUrl::read(text).ok_or(InvalidSetting {
            name: "LATCHKEY_BASE_URL",
            want: "the https URL of Latchkey's pages, without a path and with a host of at most 30 characters, \
                   such as https://reset.example.com",
        })
    }

    fn read(text: &str) -> Option<BaseUrl> {
        // The parser drops a fragment, so it is searched for here.
        let uri: Uri = text.parse().ok().filter(|_| !text.contains('#'))?;
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        let host = authority.host().to_ascii_lowercase();
        let loopback = LOOPBACK.contains(&host.as_str());
        let default_port = match scheme {
            "https" => 443,
            "http" if loopback => 80,
            _ => return None,
        };
        let with =
            |port: Option<u16>| port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        let port = authority.port_u16();
        // The authority must be host and port only, without a user.
        let plain = authority.as_str().eq_ignore_ascii_case(&with(port))
            && matches!(uri.path(), "" | "/")
            && uri.query().is_none();
        let origin = format!("{scheme}://{}", with(port.filter(|port| *port != default_port)));
        (plain && (loopback || is_host(&host))).then_some(BaseUrl { origin, host })
    }

    /// Returns the origin, such as `https://reset.example.com`, with a port if it is not
    /// the scheme's default.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the host alone, which the last line of an SMS with a code contains.
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// Whether the text is a DNS name of at most [`LONGEST_HOST`] characters, in lower case: a
/// phone compares the host in an SMS character by character.
fn is_host(host: &str) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= LONGEST_HOST && host.split('.').all(is_label)
}

/// The error for a setting that is missing or out of range.
#[derive(Debug)]
pub struct InvalidSetting {
    name: &'static str,
    want: &'static str,
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "set the environment variable {} to {}", self.name, self.want)
    }
}
impl std::error::Error for InvalidSetting {}

impl Settings {
    /// Reads the settings from the environment.
    ///
    /// # Errors
    /// If a setting is missing or invalid: the first one.
    pub fn from_env() -> Result<Settings, InvalidSetting> {
        // A value that is not Unicode counts as empty, and is refused as such.
        Settings::read(|name| {
            std::env::var_os(name).map(|value| value.into_string().unwrap_or_default())
        })
    }

    /// Reads settings from a function that returns the value of a variable.
    ///
    /// # Errors
    /// If a setting is missing or invalid: the first one.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Settings, InvalidSetting> {
        let text = |name: &'static str, want: &'static str| {
            variable(name).filter(|v| !v.is_empty()).ok_or(InvalidSetting { name, want })
        };
        let limit = |name: &'static str, default: u32| match variable(name) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .ok()
                .filter(|n| SOURCE_LIMIT_RANGE.contains(n))
                .ok_or(InvalidSetting { name, want: "a number from 10 to 100000" }),
        };
        Ok(Settings {
            table: text("LATCHKEY_TABLE", "the name of the DynamoDB table")?,
            secret_id: text("LATCHKEY_SECRET_ID", "the name of the secret that holds the keys")?,
            base_url: BaseUrl::parse(&variable("LATCHKEY_BASE_URL").unwrap_or_default())?,
            mail_from: MailFrom::parse(&variable("LATCHKEY_MAIL_FROM").unwrap_or_default()).ok_or(
                InvalidSetting {
                    name: "LATCHKEY_MAIL_FROM",
                    want: "the sender of mails, such as no-reply@example.com or Example \
                           <no-reply@example.com>, with a name of at most 60 characters",
                },
            )?,
            configuration_set: variable("LATCHKEY_CONFIGURATION_SET").filter(|set| !set.is_empty()),
            source_limits: SourceLimits {
                requests: limit("LATCHKEY_SOURCE_LIMIT", SOURCE_LIMIT)?,
                failed_sign_ins: limit("LATCHKEY_FAILED_SIGN_IN_LIMIT", FAILED_SIGN_IN_LIMIT)?,
            },
            front: match variable("LATCHKEY_FRONT_DIGEST").filter(|digest| !digest.is_empty()) {
                None => None,
                Some(digest) => Some(FrontDigest::parse(&digest).ok_or(InvalidSetting {
                    name: "LATCHKEY_FRONT_DIGEST",
                    want: "the SHA-256 of the front's secret, as 64 hexadecimal digits, or leave it out",
                })?),
            },
            breached: match variable("LATCHKEY_BREACHED_URL").filter(|url| !url.is_empty()) {
                None => None,
                Some(url) => {
                    let on_failure = variable("LATCHKEY_BREACHED_ON_FAILURE").unwrap_or_default();
                    Some(BreachedSetting::read(url, &on_failure).ok_or(InvalidSetting {
                        name: "LATCHKEY_BREACHED_URL",
                        want: "an https URL that ends with a slash, and LATCHKEY_BREACHED_ON_FAILURE to accept or refuse, or leave both out",
                    })?)
                }
            },
        })
    }
}
