//! How a session travels between Latchkey and its client.

use serde::Deserialize;

/// How a session travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum SessionTransport {
    #[default]
    Bearer,
    Cookie,
}
