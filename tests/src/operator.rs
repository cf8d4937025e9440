//! The operator's settings in tests.

use domain::source::SourceLimits;
use platform::settings::mail_from::MailFrom;
use platform::settings::{BaseUrl, FrontDigest, Settings};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// The secret that the operator's front (such as CloudFront) sends to the API.
pub const FRONT_SECRET: &str = "the secret of the front";
static FRONT_SECRET_HASHED: LazyLock<String> = LazyLock::new(|| {
    Sha256::digest(FRONT_SECRET).iter().map(|byte| format!("{byte:02x}")).collect()
});

/// Returns an operator's settings, with no service for breached passwords.
pub fn settings(source_limits: SourceLimits) -> Settings {
    Settings {
        table: local::dynamodb::TABLE.to_owned(),
        secret_id: local::secrets::SECRET_ID.to_owned(),
        base_url: BaseUrl::parse("https://reset.example.com").expect("a base URL"),
        mail_from: MailFrom::parse("Latchkey <no-reply@example.com>").expect("a sender"),
        configuration_set: Some("latchkey".to_owned()),
        source_limits,
        front: FrontDigest::parse(&FRONT_SECRET_HASHED),
        breached: None,
    }
}
