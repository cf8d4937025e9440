//! `cargo latchkey bench`: measures the functions as they are deployed. Builds the
//! release bootstraps, lists their sizes, and times each process from its start to
//! its first response, with the embedded DynamoDB and the stand-ins. A function
//! that does nothing is timed for comparison. With `--debug` it builds nothing and
//! only checks the first response of each debug binary.

mod first;
mod runtime;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use flate2::{Compression, write::ZlibEncoder};

use super::{Data, functions, say, supervisor::Supervised, tools};
use crate::{dynamodb::Embedded, secrets, standins::Standins};
use runtime::Runtime;

/// The function that does nothing: `infra/local/hello`.
const HELLO: &str = "hello";

/// The largest allowed bootstrap, in bytes: twice the largest zip. A cold start
/// loads the whole bootstrap.
const LARGEST: u64 = 8 << 20;

/// The largest allowed zip of a bootstrap, in bytes: a deployment uploads it.
const LARGEST_ZIP: u64 = 4 << 20;

/// The number of cold starts of each function. The functions take turns, so that
/// other load on the machine affects all of them alike.
const STARTS: usize = 20;

/// The Rust target of arm64 Lambda functions.
const ARM: &str = "aarch64-unknown-linux-gnu";

/// Builds, measures and prints the results.
///
/// # Errors
/// When a build fails, a bootstrap is too large, or a function gives a wrong response.
pub(super) async fn run(root: &Path, debug: bool) -> Result<()> {
    let data = Data::open(&root.join("target/bench"), true)?;
    let mut names = functions::names(&root.join("functions")).context("cannot read functions/")?;
    names.push(HELLO.to_owned());
    if debug {
        let built: Vec<_> = names.iter().map(|name| root.join("target/debug").join(name)).collect();
        cold_starts(&data, &names, &built, 1).await?;
        say!("{} functions started alone and answered rightly", names.len());
        return Ok(());
    }
    let cargo_lambda = tools::cargo_lambda(root, &data).await?;

    let mut too_large = Vec::new();
    if let Some(reason) = why_no_arm() {
        ensure!(std::env::var("CI").as_deref() != Ok("true"), "arm64 cannot be built: {reason}");
        say!("arm64: skipped, {reason}");
    } else {
        build(root, &data, &cargo_lambda, &names, &["--arm64"]).await?;
        too_large.extend(list("arm64", &names, &sizes(root, &names)?, &zipped(root, &names)?));
    }
    // These programs run on this machine, so its own linker is enough.
    build(root, &data, &cargo_lambda, &names, &["--compiler", "cargo"]).await?;
    let sizes = sizes(root, &names)?;
    too_large.extend(list(std::env::consts::ARCH, &names, &sizes, &zipped(root, &names)?));

    let bootstraps: Vec<_> = names.iter().map(|name| bootstrap(root, name)).collect();
    let taken = cold_starts(&data, &names, &bootstraps, STARTS).await?;
    tell(&names, &sizes, &taken);
    // The sizes are checked last, so that all figures are printed even if a
    // bootstrap is too large.
    ensure!(
        too_large.is_empty(),
        "larger than {LARGEST} bytes, or {LARGEST_ZIP} as a zip: {}",
        too_large.join(", ")
    );
    Ok(())
}

/// Starts each program `starts` times, and returns for each program the times to
/// its first response.
///
/// # Errors
/// When a program does not respond, or gives a wrong response.
async fn cold_starts(
    data: &Data,
    names: &[String],
    programs: &[PathBuf],
    starts: usize,
) -> Result<Vec<Vec<Duration>>> {
    let keys = secrets::load_or_generate(&data.secrets())?;
    let embedded = Embedded::start(data.dir())?;
    let standins = Standins::start(None, keys)?;
    let runtime = Runtime::start()?;
    let environment = functions::variables(
        "https://reset.example.com",
        &standins.endpoint(),
        &embedded.endpoint(),
    );
    let mut taken: Vec<Vec<Duration>> = vec![Vec::new(); names.len()];
    for _ in 0..starts {
        for ((name, program), taken) in names.iter().zip(programs).zip(&mut taken) {
            let took = runtime
                .cold_start(program, &environment, first::event(name), |answer| {
                    first::is_right(name, answer)
                })
                .await;
            taken.push(took.with_context(|| format!("{name}: no cold start"))?);
        }
    }
    Ok(taken)
}

/// Returns the reason why this machine cannot build for arm64, if there is one.
fn why_no_arm() -> Option<String> {
    if !installed_targets().contains(ARM) {
        return Some(format!("its Rust target is not installed (rustup target add {ARM})"));
    }
    (!has_zig()).then(|| {
        "zig, which links it, is not installed (pip3 install --requirement infra/requirements.txt)"
            .to_owned()
    })
}

/// Lists the targets that `rustup` has installed; empty if there is no `rustup`.
fn installed_targets() -> String {
    let output = Command::new("rustup").args(["target", "list", "--installed"]).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

/// Whether `cargo lambda` will find Zig, as a program or as a Python package.
fn has_zig() -> bool {
    let succeeds = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        output.is_ok_and(|output| output.status.success())
    };
    succeeds("zig", &["version"]) || succeeds("python3", &["-m", "ziglang", "version"])
}

async fn build(
    root: &Path,
    data: &Data,
    cargo_lambda: &Path,
    names: &[String],
    target: &[&str],
) -> Result<()> {
    say!("Building {} release bootstraps (minutes at the first time)", names.len());
    let mut build = Command::new(cargo_lambda);
    build.current_dir(root).args(["lambda", "build", "--release", "--locked"]).args(target);
    build.args(names.iter().flat_map(|name| ["--bin", name]));
    let status = Supervised::start(&build, data.dir())?.ended().await?;
    ensure!(status.success(), "the functions do not compile: the reasons stand above ({status})");
    Ok(())
}

fn bootstrap(root: &Path, name: &str) -> PathBuf {
    root.join("target/lambda").join(name).join("bootstrap")
}

/// Returns the size of each bootstrap in bytes.
fn sizes(root: &Path, names: &[String]) -> Result<Vec<u64>> {
    let size = |name: &String| -> Result<u64> {
        let file = bootstrap(root, name);
        Ok(file.metadata().with_context(|| format!("no {}", file.display()))?.len())
    };
    names.iter().map(size).collect()
}

/// Returns the size in bytes of each bootstrap compressed with zlib, which is close to its zip.
fn zipped(root: &Path, names: &[String]) -> Result<Vec<u64>> {
    let size = |name: &String| -> Result<u64> {
        let mut zip = ZlibEncoder::new(Counted(0), Compression::best());
        io::copy(&mut File::open(bootstrap(root, name))?, &mut zip)?;
        Ok(zip.finish()?.0)
    };
    names.iter().map(size).collect()
}

/// Counts the bytes written to it and discards them.
struct Counted(u64);

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prints the sizes, and returns the names of those that are too large.
fn list(architecture: &str, names: &[String], sizes: &[u64], zipped: &[u64]) -> Vec<String> {
    let mut too_large = Vec::new();
    say!(
        "\n{architecture}: bytes of each bootstrap, of {LARGEST} at most, and as a zip, of {LARGEST_ZIP}"
    );
    for ((name, size), zip) in names.iter().zip(sizes).zip(zipped) {
        say!("{name:<15} {size:>10} {zip:>10}");
        if *size > LARGEST || *zip > LARGEST_ZIP {
            too_large.push(format!("{name} ({architecture}, {size})"));
        }
    }
    too_large
}

fn tell(names: &[String], sizes: &[u64], taken: &[Vec<Duration>]) {
    say!("\nfunction          size     first answer after (median of {STARTS}; least, most)");
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let mut sum = 0.0;
    for ((name, size), taken) in names.iter().zip(sizes).zip(taken) {
        let mut taken = taken.clone();
        taken.sort();
        let median = ms(taken[taken.len() / 2]);
        sum += if name == HELLO { 0.0 } else { median };
        let megabytes = *size as f64 / f64::from(1 << 20);
        say!(
            "{name:<15} {megabytes:>5.2} MB   {median:>6.1} ms ({:.1}, {:.1})",
            ms(taken[0]),
            ms(taken[taken.len() - 1])
        );
    }
    say!("all but {HELLO}: {sum:.1} ms one after another; sign-in's holds a password hash");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_too_large_is_named() {
        let names = ["policy", "reset", "verify"].map(str::to_owned);
        assert_eq!(
            list("arm64", &names, &[LARGEST, LARGEST + 1, 9 << 20], &[LARGEST_ZIP; 3]),
            ["reset (arm64, 8388609)", "verify (arm64, 9437184)"]
        );
        assert_eq!(list("arm64", &names[..1], &[1], &[LARGEST_ZIP + 1]).len(), 1, "as a zip");
    }
}
