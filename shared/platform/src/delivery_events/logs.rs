//! Unpacks events of a CloudWatch Logs subscription: JSON, compressed with gzip, encoded as
//! base64.

use super::Malformed;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::read::GzDecoder;
use serde::Deserialize;
use std::io::Read;

/// The most bytes that one event may unpack to. CloudWatch Logs packs about a megabyte into
/// one event, but a small hostile event could unpack to more than fits into memory.
const MOST_UNPACKED: u64 = 8 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Logs {
    message_type: String,
    #[serde(default)]
    log_events: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    message: String,
}

/// Returns the log lines of an event; none for a `CONTROL_MESSAGE`, which only tests that
/// the function can be reached.
pub(super) fn lines(packed: &str) -> Result<Vec<String>, Malformed> {
    let packed = BASE64.decode(packed).map_err(|_| Malformed)?;
    let mut text = Vec::new();
    let mut unpacked = GzDecoder::new(packed.as_slice()).take(MOST_UNPACKED + 1);
    unpacked.read_to_end(&mut text).map_err(|_| Malformed)?;
    if text.len() as u64 > MOST_UNPACKED {
        return Err(Malformed);
    }
    let logs: Logs = serde_json::from_slice(&text).map_err(|_| Malformed)?;
    match logs.message_type == "DATA_MESSAGE" {
        true => Ok(logs.log_events.into_iter().map(|line| line.message).collect()),
        false => Ok(Vec::new()),
    }
}
