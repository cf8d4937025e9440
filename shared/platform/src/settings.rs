//! What the operator sets, read from the environment once.

use axum::http::Uri;
use std::fmt;

/// Resets started, and sends asked for, per source address and clock hour:
/// offices share an address.
pub const SOURCE_LIMIT: u32 = 300;
const SOURCE_LIMIT_RANGE: std::ops::RangeInclusive<u32> = 10..=100_000;

/// An operator's settings. A function does not start without them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `LATCHKEY_TABLE`: name of the table.
    pub table: String,
    /// `LATCHKEY_SECRET_ID`: name or ARN of the secret that holds the keys.
    pub secret_id: String,
    /// `LATCHKEY_BASE_URL`: where people reach Latchkey; the only link a
    /// message may hold, whatever a request's headers say.
    pub base_url: String,
    /// `LATCHKEY_MAIL_FROM`: the sender of mails.
    pub mail_from: String,
    /// `LATCHKEY_SOURCE_LIMIT`: see [`SOURCE_LIMIT`].
    pub source_limit: u32,
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
        Settings::read(|name| std::env::var_os(name).map(|value| value.into_string().unwrap_or_default()))
    }

    /// Reads what `variable` says of each name.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Settings, InvalidSetting> {
        let text = |name: &'static str, want: &'static str| variable(name).filter(|v| !v.is_empty()).ok_or(InvalidSetting { name, want });
        let source_limit = match variable("LATCHKEY_SOURCE_LIMIT") {
            None => SOURCE_LIMIT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|n| SOURCE_LIMIT_RANGE.contains(n))
                .ok_or(InvalidSetting { name: "LATCHKEY_SOURCE_LIMIT", want: "a number from 10 to 100000" })?,
        };
        let base_url = text("LATCHKEY_BASE_URL", "the URL people reach Latchkey at")?;
        if origin_of(&base_url).is_none() {
            const WANT: &str = "an https URL with a host of at most 30 characters, such as https://reset.example.com";
            return Err(InvalidSetting { name: "LATCHKEY_BASE_URL", want: WANT });
        }
        Ok(Settings {
            table: text("LATCHKEY_TABLE", "the name of the DynamoDB table")?,
            secret_id: text("LATCHKEY_SECRET_ID", "the name of the secret that holds the keys")?,
            base_url,
            mail_from: text("LATCHKEY_MAIL_FROM", "the sender of mails")?,
            source_limit,
        })
    }

    /// The origin of the base URL, as a browser writes it (RFC 6454 6.2): what
    /// pages of our own send. Empty, and so no page's, where the URL is none.
    pub fn origin(&self) -> String {
        origin_of(&self.base_url).unwrap_or_default()
    }

    /// The host of the base URL: what a code by SMS is bound to (WebOTP).
    pub fn host(&self) -> &str {
        let (_, rest) = self.base_url.split_once("://").unwrap_or_default();
        rest.split(['/', ':', '?']).next().unwrap_or_default()
    }
}

/// The longest host of our pages, in characters: with it, the longest short
/// name and the longest code, a text message still fits one part.
pub const LONGEST_HOST: usize = 30;
/// A laptop has no certificate.
const LOOPBACK: [&str; 2] = ["127.0.0.1", "localhost"];

fn origin_of(url: &str) -> Option<String> {
    let url: Uri = url.parse().ok()?;
    let (scheme, host) = (url.scheme_str()?, url.host()?.to_ascii_lowercase());
    let usual = match scheme {
        "https" => 443,
        "http" if LOOPBACK.contains(&host.as_str()) => 80,
        _ => return None,
    };
    if host.len() > LONGEST_HOST {
        return None;
    }
    let port = url.port_u16().filter(|port| *port != usual).map(|port| format!(":{port}"));
    Some(format!("{scheme}://{host}{}", port.unwrap_or_default()))
}
