//! Blocks requests from web pages of other sites: the inbox holds valid codes.

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Refuses a request whose `Host` is not a loopback name (a site may resolve its own name to
/// 127.0.0.1), or whose `Origin` differs from its `Host`. Tools send no `Origin`.
pub(super) async fn own_pages_and_tools_only(request: Request, next: Next) -> Response {
    if !is_own(request.headers()) {
        let why = "only for this machine's own pages and tools\n";
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    next.run(request).await
}

fn is_own(headers: &HeaderMap) -> bool {
    let header = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = header(header::HOST).unwrap_or_default();
    let own = format!("http://{host}");
    is_loopback(host) && header(header::ORIGIN).is_none_or(|origin| origin == own)
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_and_no_others() {
        for host in ["localhost", "LOCALHOST:9001", "127.0.0.1:9001", "[::1]:9001"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "example.com", "127.0.0.1.example.com:9001", "10.0.0.1", "localhost.evil"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
