//! Checks that the ports are free, before a build that takes minutes.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, TcpListener},
};

use anyhow::{Context, Result, bail};

use super::Options;

/// Checks that the three ports are free.
///
/// # Errors
/// When a port is taken. The message has its number and what to do.
pub(super) fn check(options: &Options) -> Result<()> {
    let mut ports = vec![
        (options.standins_port(), "the inbox and the stand-ins"),
        (options.dynamodb_port(), "DynamoDB"),
    ];
    if !options.no_watch {
        ports.insert(0, (options.port, "the API"));
    }
    for (port, user) in ports {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                bail!(
                    "port {port}, for {user}, is taken: choose three free ones in a row with --port"
                )
            }
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("cannot listen on port {port}, for {user}"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn a_taken_port_is_named_with_the_option_that_helps() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let options = Options {
            port: port.saturating_sub(1).max(1),
            ..Options::parse_from(["latchkey", "--no-watch"])
        };
        let error = check(&options).unwrap_err().to_string();
        assert!(error.contains(&port.to_string()) && error.contains("--port"), "{error}");
    }
}
