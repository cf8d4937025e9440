//! What the operator sets, read from the environment once.

use axum::http::Uri;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// Resets started, and sends asked for, per source address and clock hour:
/// offices share an address.
pub const SOURCE_LIMIT: u32 = 300;
const SOURCE_LIMIT_RANGE: std::ops::RangeInclusive<u32> = 10..=100_000;

/// Characters of the base URL's host. The last line of a code's SMS names it,
/// and with a longer one the Traditional Chinese text would take two parts
/// (70 UTF-16 units hold one).
pub const LONGEST_HOST: usize = 30;

/// An operator's settings. A function does not start without them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `LATCHKEY_TABLE`: name of the table.
    pub table: String,
    /// `LATCHKEY_SECRET_ID`: name or ARN of the secret that holds the keys.
    pub secret_id: String,
    /// `LATCHKEY_BASE_URL`: where people reach Latchkey; the only link a
    /// message may hold, whatever a request's headers say.
    pub base_url: BaseUrl,
    /// `LATCHKEY_MAIL_FROM`: the sender of mails.
    pub mail_from: String,
    /// `LATCHKEY_CONFIGURATION_SET`: the set of SES that mails go through; none
    /// where there is no SES, as on a laptop.
    pub configuration_set: Option<String>,
    /// `LATCHKEY_SOURCE_LIMIT`: see [`SOURCE_LIMIT`].
    pub source_limit: u32,
    /// `LATCHKEY_FRONT_DIGEST`: what the secret of a front, such as CloudFront,
    /// hashes to; none where there is no front.
    pub front: Option<FrontDigest>,
}

/// SHA-256 of the secret by which a front shows that it is ours. The secret
/// itself need not lie in an environment.
#[derive(Clone, Copy, Debug)]
pub struct FrontDigest([u8; 32]);

impl FrontDigest {
    /// Reads 64 hexadecimal digits.
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

    /// Whether this is the front's secret.
    pub fn is_of(&self, secret: &[u8]) -> bool {
        Sha256::digest(secret).ct_eq(&self.0).into()
    }
}

/// Where people reach Latchkey: scheme, host and port, without a path.
#[derive(Clone, Debug)]
pub struct BaseUrl {
    origin: String,
    host: String,
}

/// Hosts that never leave the machine: only for these may it be `http`.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

impl BaseUrl {
    /// Reads an `https` URL without path, query and user, with a host that
    /// fits every SMS ([`LONGEST_HOST`]). Upper case and the default port are
    /// written as browsers do.
    pub fn parse(text: &str) -> Result<BaseUrl, InvalidSetting> {
        BaseUrl::read(text).ok_or(InvalidSetting {
            name: "LATCHKEY_BASE_URL",
            want: "the https URL people reach Latchkey at, without a path and with a host of at most 30 characters, \
                   such as https://reset.example.com",
        })
    }

    fn read(text: &str) -> Option<BaseUrl> {
        // A URI of a request has no fragment: the parser passes over one.
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
        // A user would be more than these.
        let plain = authority.as_str().eq_ignore_ascii_case(&with(port))
            && matches!(uri.path(), "" | "/")
            && uri.query().is_none();
        let origin = format!("{scheme}://{}", with(port.filter(|port| *port != default_port)));
        (plain && (loopback || is_host(&host))).then_some(BaseUrl { origin, host })
    }

    /// `https://host`, with a port where it is not the scheme's.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What the last line of a code's SMS names.
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// A name as DNS has it: what a phone matches an SMS with, character by
/// character.
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

/// A setting that is missing or out of range.
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
    /// Reads the environment.
    pub fn from_env() -> Result<Settings, InvalidSetting> {
        // What is not Unicode is not absent: it is empty, and refused.
        Settings::read(|name| {
            std::env::var_os(name).map(|value| value.into_string().unwrap_or_default())
        })
    }

    /// Reads what `variable` says of each name.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Settings, InvalidSetting> {
        let text = |name: &'static str, want: &'static str| {
            variable(name).filter(|v| !v.is_empty()).ok_or(InvalidSetting { name, want })
        };
        let source_limit = match variable("LATCHKEY_SOURCE_LIMIT") {
            None => SOURCE_LIMIT,
            Some(text) => text.parse().ok().filter(|n| SOURCE_LIMIT_RANGE.contains(n)).ok_or(
                InvalidSetting {
                    name: "LATCHKEY_SOURCE_LIMIT",
                    want: "a number from 10 to 100000",
                },
            )?,
        };
        Ok(Settings {
            table: text("LATCHKEY_TABLE", "the name of the DynamoDB table")?,
            secret_id: text("LATCHKEY_SECRET_ID", "the name of the secret that holds the keys")?,
            base_url: BaseUrl::parse(&variable("LATCHKEY_BASE_URL").unwrap_or_default())?,
            mail_from: text("LATCHKEY_MAIL_FROM", "the sender of mails")?,
            configuration_set: variable("LATCHKEY_CONFIGURATION_SET").filter(|set| !set.is_empty()),
            source_limit,
            front: match variable("LATCHKEY_FRONT_DIGEST").filter(|digest| !digest.is_empty()) {
                None => None,
                Some(digest) => Some(FrontDigest::parse(&digest).ok_or(InvalidSetting {
                    name: "LATCHKEY_FRONT_DIGEST",
                    want: "the SHA-256 of the front's secret, as 64 hexadecimal digits, or leave it out",
                })?),
            },
        })
    }
}
