"""Installs the Python tools that tests need into target/tools."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def installed(name: str, what: str, requirements: Path) -> tuple[Path, Path, dict[str, str]]:
    """Installs the requirements once for each version of their file. Returns a Python
    that has them, their folder, and the environment variables it needs."""
    if sys.version_info < (3, 11):
        sys.exit(f"{what} needs Python 3.11 or newer")
    pin = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    home = ROOT / f"target/tools/{name}-{pin}"
    if not home.exists():
        print(f"Installing {what} into target/tools (only once)", flush=True)
        draft = home.with_name(f"draft-{os.getpid()}")
        quiet = ["--quiet", "--disable-pip-version-check", "--requirement", requirements]
        try:
            # Debian's Python may lack `venv`: then pip installs into a plain folder.
            if subprocess.run([sys.executable, "-m", "venv", draft], capture_output=True).returncode == 0:
                pip = [draft / "bin/python", "-m", "pip", "install"]
            else:
                shutil.rmtree(draft, ignore_errors=True)
                pip = [sys.executable, "-m", "pip", "install", "--target", draft]
            if subprocess.run(pip + quiet).returncode:
                sys.exit("installing needs the network and venv or pip (apt-get install python3-venv)")
            draft.rename(home)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    python = home / "bin/python"
    return (python, home, {}) if python.exists() else (Path(sys.executable), home, {"PYTHONPATH": str(home)})
