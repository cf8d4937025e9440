//! `cargo lambda`, fetched once into `target/tools` from where Python packages
//! come from. Nothing outside of the checkout changes.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use super::{say, supervisor::Supervised};

/// The pin, compiled in: a new one is installed at the next start.
const REQUIREMENTS: &str = include_str!("../../requirements.txt");
const PYTHON: &str = "python3";

/// The program `cargo-lambda` in the pinned version. No network is needed
/// where it was installed before.
///
/// # Errors
/// When it cannot be installed, with what to do about it.
pub(super) async fn cargo_lambda(root: &Path) -> Result<PathBuf> {
    let pin = REQUIREMENTS.trim();
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
    let installed = install(root, &draft).await;
    // The program stands alone. By a rename it is there wholly or not at all.
    let kept = installed.and_then(|()| Ok(fs::rename(draft.join("bin/cargo-lambda"), &program)?));
    let _ = fs::remove_dir_all(&draft);
    kept.with_context(|| format!("cannot install {pin}"))?;
    Ok(program)
}

/// Into a virtual environment, or where Debian's Python comes without that
/// part, into a plain directory.
async fn install(root: &Path, dir: &Path) -> Result<()> {
    let requirements = root.join("infra/local/requirements.txt");
    let own = dir.join("bin").join(PYTHON);
    let mut pip = if succeeds(Command::new(PYTHON).args(["-m", "venv"]).arg(dir)).await? {
        Command::new(own)
    } else {
        say!("No virtual environments here: trying pip without one");
        let mut python = Command::new(PYTHON);
        python.args(["-m", "pip"]);
        python
    };
    let _ = &requirements;
    let _ = &mut pip;
    ensure!(false, "unfinished");
    Ok(())
}

async fn succeeds(command: &Command) -> Result<bool> {
    Ok(Supervised::start(command)?.ended().await?.success())
}
