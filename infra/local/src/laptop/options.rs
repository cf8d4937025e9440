//! The command line.

use std::{
    io,
    path::{Path, PathBuf, absolute},
};

use clap::Parser;

/// Runs Latchkey on this machine: the functions with automatic rebuilds, an
/// embedded DynamoDB, and stand-ins for SES, SNS and Secrets Manager with an inbox
/// page. Prints a line that starts with "Latchkey is ready" when everything runs.
/// Ctrl-C stops everything; the data stays.
#[derive(Debug, Clone, Parser)]
#[command(name = "cargo latchkey", bin_name = "cargo latchkey", version)]
pub struct Options {
    /// Port of the API. The next port is for the inbox and the stand-ins, the one
    /// after it for DynamoDB
    #[arg(long, default_value_t = 9000, value_parser = clap::value_parser!(u16).range(1..=65533))]
    pub port: u16,

    /// Directory of the data [default: target/local of the checkout]. If Git does
    /// not ignore the directory, each write there rebuilds the functions
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Delete the data of earlier starts first
    #[arg(long)]
    pub fresh: bool,

    /// Build the functions with optimisations: slower to build, five times faster to respond
    #[arg(long)]
    pub release: bool,

    /// Run only DynamoDB, the stand-ins and the stream's pump, and leave the
    /// functions to a `cargo lambda watch` of your own
    #[arg(long)]
    pub no_watch: bool,

    /// Do not rebuild the functions when a source file changes
    #[arg(long)]
    pub no_reload: bool,

    /// Print all output of the functions and of `cargo lambda` as it is written:
    /// JSON lines, nothing hidden. Without it each log event is one short line,
    /// with its time in UTC
    #[arg(long)]
    pub json: bool,

    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Commands that run instead of the whole system.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Build the functions as they are deployed, list their sizes, and time their cold starts
    Bench {
        /// Start each function once as `cargo build --bins` left it, and check
        /// its first answer: no release build, no sizes
        #[arg(long)]
        debug: bool,
    },
}

impl Options {
    /// The port of the stand-ins and the inbox.
    pub fn standins_port(&self) -> u16 {
        self.port + 1
    }

    /// The port of DynamoDB.
    pub fn dynamodb_port(&self) -> u16 {
        self.port + 2
    }

    /// The data directory as an absolute path.
    ///
    /// # Errors
    /// When the current directory is gone, or `--data` is empty.
    pub fn data_dir(&self, root: &Path) -> io::Result<PathBuf> {
        match &self.data {
            Some(dir) => absolute(dir),
            None => Ok(root.join("target/local")),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Options::command().debug_assert();
    }

    #[test]
    fn three_ports_fit_or_are_refused() {
        let parse = |port| Options::try_parse_from(["latchkey", "--port", port]);
        assert_eq!(parse("65533").unwrap().dynamodb_port(), 65535);
        assert!(parse("65534").is_err());
        assert!(parse("0").is_err());
    }
}
