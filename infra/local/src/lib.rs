//! Runs the whole system on a developer's machine. One process replaces the AWS
//! services around the functions, and listens on the loopback interface only.
//!
//! - [`dynamodb`]: an embedded DynamoDB whose table comes from the template
//! - [`standins`]: stand-ins for SES, SNS and Secrets Manager that the AWS SDKs can call
//! - [`inbox`]: the messages that the stand-ins received, as a page and as an API
//! - [`pump`]: the event source mapping between the table's stream and `send-code`
//! - [`secrets`]: keys generated at the first start, never a default
//! - [`laptop`]: the program `cargo latchkey`, which puts these together and runs
//!   `cargo lambda watch` as a child process
//!
//! Tests use the first five in their own process, one set for each test, in
//! parallel. Nothing here is part of a deployed build.

pub mod dynamodb;
pub mod inbox;
pub mod laptop;
pub mod pump;
pub mod secrets;
pub mod standins;

/// The AWS region that all local services report.
pub const REGION: &str = "us-east-1";

/// Binds `port` of the loopback interface, or any free port for `None`.
fn listen(port: Option<u16>) -> std::io::Result<tokio::net::TcpListener> {
    let listener = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, port.unwrap_or(0)))?;
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}
