"""The running system as a child of a test."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tools import ROOT

# Seconds. A start builds nothing that `tests/run` has not built before.
START, END = 900, 60


def free_port() -> int:
    """The first of three neighbouring ports that are free."""
    for port in range(29_000, 60_000, 7):
        with ExitStack() as held, suppress(OSError):
            for i in range(3):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port + i))
            return port
    sys.exit("no three neighbouring ports are free")


@contextmanager
def laptop(port: int, data: Path, *options: str) -> Iterator[None]:
    """The running system, ended whatever happens."""
    program = ROOT / "target/debug/latchkey"
    if not program.exists():
        sys.exit("run `cargo build --workspace --bins` first")
    log = data.with_suffix(".log")
    command = [program, "--port", str(port), "--fresh", "--no-reload", "--data", data, *options]
    # One address asks for everything here.
    env = os.environ | {"LATCHKEY_SOURCE_LIMIT": "100000", "LATCHKEY_FAILED_SIGN_IN_LIMIT": "100000"}
    with log.open("w") as stderr:
        child = subprocess.Popen(command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=stderr)
    # The line that is waited for does not come after its end, either.
    late = threading.Timer(START, child.terminate)
    late.start()
    try:
        if not any(line.startswith("Latchkey is ready") for line in child.stdout):
            sys.exit(f"the laptop did not become ready. The end of {log}:\n{log.read_text()[-2000:]}")
        late.cancel()
        yield
    finally:
        late.cancel()
        child.terminate()
        try:
            child.wait(END)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
