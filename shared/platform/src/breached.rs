//! Asks a service for breached passwords whether it knows a new password, if the operator has
//! configured one (NIST 800-63B-4 3.1.1.2, ASVS 5.0 6.2.12).
//!
//! The service speaks the range API of Pwned Passwords. It learns the first five hexadecimal
//! digits of the password's SHA-1, which some thousand of its passwords share, and returns the
//! rest of each of theirs. Padding hides from the network how many there are.

use crate::connect;
use crate::settings::{BreachedSetting, OnFailure};
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use axum::body::{Body, to_bytes};
use domain::error::Problem;
use domain::password::Password;
use domain::port::BreachedPasswords;
use sha1::{Digest, Sha1};
use std::sync::OnceLock;
use std::time::Duration;

/// How long the service may take to answer. A person waits for it, and a request has 20 s.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// The most bytes of an answer. Pwned Passwords sends 40,000, padding included.
pub const LARGEST: usize = 1 << 20;
/// The hexadecimal digits of the SHA-1 that the service learns.
const PREFIX: usize = 5;
/// The hexadecimal digits of a SHA-1.
const DIGITS: usize = 40;

/// The service, or none.
pub struct RangeService {
    setting: Option<BreachedSetting>,
    /// Made by the first request, since it reads the system's root certificates.
    connector: OnceLock<SharedHttpConnector>,
}

impl RangeService {
    /// Creates the service with the operator's setting. Connects to nothing.
    pub fn new(setting: Option<BreachedSetting>) -> RangeService {
        RangeService { setting, connector: OnceLock::new() }
    }

    /// The rows for a prefix.
    async fn rows(&self, setting: &BreachedSetting, prefix: &str) -> Result<String, &'static str> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request
            .set_uri(format!("{}{prefix}", setting.endpoint))
            .map_err(|_| "the endpoint is not a URL")?;
        request.headers_mut().insert("add-padding", "true");
        request.headers_mut().insert("user-agent", "latchkey");
        let connector = self.connector.get_or_init(connect::connector);
        let answer = connector.call(request).await.map_err(|_| "no connection")?;
        if answer.status().as_u16() != 200 {
            return Err("another status than 200");
        }
        let body = to_bytes(Body::new(answer.into_body()), LARGEST).await;
        let body = body.map_err(|_| "the answer broke off, or is too large")?;
        String::from_utf8(body.into()).map_err(|_| "the answer is not text")
    }

    async fn ask(&self, setting: &BreachedSetting, text: &Password) -> Result<bool, &'static str> {
        let digits =
            Sha1::digest(text.expose()).into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let digits = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
        let digest: String = digits.map(|digit| digit.to_ascii_uppercase()).collect();
        let (prefix, rest) = digest.split_at(PREFIX);
        let answer = tokio::time::timeout(PATIENCE, self.rows(setting, prefix)).await;
        let rows = answer.map_err(|_| "no answer in time")??;
        let mut found = false;
        for row in rows.lines().filter(|row| !row.is_empty()) {
            let (digits, count) = read(row).ok_or("the answer has other rows")?;
            // A row of padding has the count 0.
            found |= digits.eq_ignore_ascii_case(rest) && count > 0;
        }
        Ok(found)
    }
}

/// Reads a row: the rest of a SHA-1, and how often it was breached.
fn read(row: &str) -> Option<(&str, u64)> {
    let (digits, count) = row.split_once(':')?;
    let is_rest =
        digits.len() == DIGITS - PREFIX && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    count.parse().ok().filter(|_| is_rest).map(|count| (digits, count))
}

impl BreachedPasswords for RangeService {
    async fn has(&self, password: &Password) -> Result<bool, Problem> {
        let Some(setting) = &self.setting else { return Ok(false) };
        match (self.ask(setting, password).await, setting.on_failure) {
            (Ok(found), _) => Ok(found),
            (Err(cause), OnFailure::Accept) => {
                tracing::warn!(event = "breachedUnavailable", outcome = "accepted", cause);
                Ok(false)
            }
            (Err(cause), OnFailure::Refuse) => {
                tracing::warn!(event = "breachedUnavailable", outcome = "unavailable", cause);
                Err(Problem::unavailable())
            }
        }
    }
}
