//! How a session travels between Latchkey and a client.

use serde::Deserialize;

/// How a session travels: as a bearer, or in a cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum SessionTransport {
    /// As a bearer, in the response body and the `Authorization` header.
    #[default]
    Bearer,
    /// In a cookie, for pages of the configured address only.
    Cookie,
}
