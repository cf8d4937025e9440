//! Installs `cargo lambda` once into `target/tools`, from the Python package index.
//! Changes nothing outside the checkout.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use super::{Data, say, supervisor::Supervised};

/// The pinned version, compiled in. After a change, the next start installs it.
const REQUIREMENTS: &str = include_str!("../../requirements.txt");
const PYTHON: &str = "python3";

/// Returns the path of the program `cargo-lambda` in the pinned version. Needs no
/// network if that version is installed.
///
/// # Errors
/// When it cannot be installed. The message says what to do.
pub(super) async fn cargo_lambda(root: &Path, data: &Data) -> Result<PathBuf> {
    // The first word is the version; the hashes of its files follow.
    let pin = REQUIREMENTS.split_whitespace().next().unwrap_or_default();
    let tools = root.join("target/tools");
    let program = tools.join(pin.replace("==", "-"));
    if program.exists() {
        return Ok(program);
    }
    say!("Installing {pin} into target/tools (only once)");
    match Command::new(PYTHON).arg("--version").output() {
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "{PYTHON} is missing: `cargo lambda` is installed with it. Install Python 3 and start again, \
             or put cargo-lambda of that version at {}",
            program.display()
        ),
        answer => answer.with_context(|| format!("cannot start {PYTHON}"))?,
    };
    let draft = tools.join(format!("draft-{}", std::process::id()));
    let installed = install(root, data, &draft).await;
    // The program needs no other file. The rename installs it completely or not at all.
    let kept = installed.and_then(|()| Ok(fs::rename(draft.join("bin/cargo-lambda"), &program)?));
    let _ = fs::remove_dir_all(&draft);
    kept.with_context(|| format!("cannot install {pin}"))?;
    Ok(program)
}

/// Installs into a virtual environment, or into a plain directory if Python has no
/// `venv` module (as on Debian).
async fn install(root: &Path, data: &Data, dir: &Path) -> Result<()> {
    let mut pip = if succeeds(Command::new(PYTHON).args(["-m", "venv"]).arg(dir), data).await? {
        let mut pip = Command::new(dir.join("bin").join(PYTHON));
        pip.args(["-m", "pip", "install"]);
        pip
    } else {
        say!("No virtual environments here: trying without");
        let mut pip = Command::new(PYTHON);
        pip.args(["-m", "pip", "install", "--target"]).arg(dir);
        pip
    };
    pip.args(["--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"]);
    let done = succeeds(pip.arg(root.join("infra/local/requirements.txt")), data).await?;
    ensure!(
        done,
        "{PYTHON} needs the module venv or pip, and the network this once; what it said stands above"
    );
    Ok(())
}

async fn succeeds(command: &Command, data: &Data) -> Result<bool> {
    Ok(Supervised::start(command, data.dir())?.ended().await?.success())
}
