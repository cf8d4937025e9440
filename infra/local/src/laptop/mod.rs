//! The program `cargo latchkey`: runs DynamoDB, the stand-ins and the stream pump
//! in this process, and the functions in a child process, `cargo lambda watch`.
//!
//! A start has these steps: [lock the data directory](data), check the ports, open
//! DynamoDB and the stand-ins, [install `cargo lambda`](tools) if it is missing,
//! [build the functions](functions) and start them, [create the first administrator
//! and sample users](accounts), [print all addresses](report). A signal, an error
//! or the end of the child process stops everything in reverse order, at any step.

mod accounts;
mod bench;
mod data;
mod functions;
mod lambda;
mod log;
mod options;
mod ports;
mod report;
mod reports;
mod supervisor;
mod tools;

use std::{
    convert::Infallible,
    ffi::OsString,
    future::pending,
    io,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::{dynamodb::Embedded, pump::Pump, secrets, standins::Standins};
use data::Data;
use functions::Functions;
use lambda::Lambda;
use log::Printer;
use supervisor::Supervised;

pub use options::Options;
pub use supervisor::supervise;

/// The time between deletions of expired items. On AWS a deletion may take days.
const BETWEEN_SWEEPS: Duration = Duration::from_secs(60);

/// The role that this process was started in.
pub enum Role {
    /// Local development, started by a developer.
    Laptop(Options),
    /// The supervisor of this command, started by this program.
    Supervisor(Vec<OsString>),
}

impl Role {
    /// Reads the command line. Ends the process if the command line asks for help or is wrong.
    pub fn of(arguments: impl Iterator<Item = OsString>) -> Self {
        let all: Vec<OsString> = arguments.collect();
        match all.split_at_checked(2) {
            Some(([_, role], command)) if role == supervisor::ROLE => {
                Self::Supervisor(command.to_vec())
            }
            _ => Self::Laptop(Options::parse_from(all)),
        }
    }
}

/// Prints a line on standard error. If the reader has closed the pipe (`| head
/// -1`), the process continues.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}
use say;

/// Runs the local system until a signal stops it or it fails.
pub fn run(options: Options) -> ExitCode {
    let serving = || tokio::runtime::Runtime::new()?.block_on(serve(&options));
    match serving() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: &Options) -> Result<()> {
    let stopped = stopped()?;
    let root = root();
    if let Some(options::Command::Bench { debug }) = options.command {
        return tokio::select! {
            end = bench::run(&root, debug) => end,
            signal = stopped => bail!("{signal}: stopped"),
        };
    }
    let data = Data::open(&options.data_dir(&root)?, options.fresh)?;
    // Processes may be left over if this process and its supervisor were both killed.
    supervisor::end_all(data.dir().as_os_str());
    ports::check(options)?;
    let keys = secrets::load_or_generate(&data.secrets())?;
    let embedded = Embedded::start_on(data.dir(), options.dynamodb_port())?;
    let mut standins = Standins::start(Some(options.standins_port()), keys)?;
    standins.keep_secret_in(data.secrets());
    let reports = standins.reports();
    let mut pump = Pump::new(&embedded)?;
    let lambda = Lambda::at(options.port)?;
    let functions =
        Functions::new(root, options, &data, &standins.endpoint(), &embedded.endpoint())?;

    let outcome = tokio::select! {
        end = work(options, &data, &functions, &lambda) => end.map(|never| match never {}),
        end = pump.run(async |event| lambda.invoke(functions::SEND_CODE, &event).await) => end.map(|never| match never {}),
        end = reports::run(reports, &lambda) => match end {},
        end = sweep(&embedded) => end.map(|never| match never {}),
        signal = stopped => {
            say!("\n{signal}: stopped. The data stays in {}", data.shown());
            Ok(())
        }
    };
    standins.shutdown().await;
    embedded.shutdown().await;
    outcome
}

/// Starts the functions, sends each its first request so that the first page is quick, and
/// waits until `cargo lambda watch` ends.
async fn work(
    options: &Options,
    data: &Data,
    functions: &Functions,
    lambda: &Lambda,
) -> Result<Infallible> {
    let start = Instant::now();
    if options.no_watch {
        report::print_without_functions(options, data, functions, accounts::load(data)?.as_deref());
        return pending().await;
    }
    let cargo_lambda = tools::cargo_lambda(functions.root(), data).await?;
    functions.build(data).await?;
    let printer = Printer::new(options.json);
    let watch = functions.watch(&cargo_lambda, &printer);
    let mut watch = Supervised::start_lines(&watch, data.dir(), move |line| printer.print(line))?;
    let ready = async {
        functions.warm_up(lambda).await?;
        let accounts = accounts::ensure(lambda, data).await?;
        report::print(options, data, functions, &accounts, start.elapsed());
        pending().await
    };
    tokio::select! {
        end = ready => end,
        status = watch.ended() => bail!("cargo lambda watch has ended ({})", status?),
    }
}

async fn sweep(embedded: &Embedded) -> Result<Infallible> {
    loop {
        embedded.database().sweep_ttl()?;
        tokio::time::sleep(BETWEEN_SWEEPS).await;
    }
}

/// Resolves to the name of the signal that asks this process to stop.
fn stopped() -> io::Result<impl Future<Output = &'static str>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => "Ctrl-C",
            _ = terminate.recv() => "SIGTERM",
            _ = hangup.recv() => "SIGHUP",
        }
    })
}

/// Returns the root of the checkout that this program was built in.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("/")).to_owned()
}
