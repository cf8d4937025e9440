"""Starts `cargo latchkey`, the local system, for a test and stops it afterwards."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tools import ROOT

# The time limits for start and stop, in seconds. A start compiles the functions if
# `tests/run` has not done so.
START, END = 900, 60


def free_port(begin: int = 29_000) -> int:
    """Returns the first of three consecutive free ports, at or above `begin`."""
    for port in range(begin, 60_000, 7):
        with ExitStack() as held, suppress(OSError):
            for i in range(3):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port + i))
            return port
    sys.exit("found no three consecutive free ports")


@contextmanager
def laptop(port: int, data: Path, *options: str) -> Iterator[None]:
    """Runs the local system on `port` and the next two ports, and stops it on exit."""
    program = ROOT / "target/debug/latchkey"
    if not program.exists():
        sys.exit("run `cargo build --workspace --bins` first")
    log = data.with_suffix(".log")
    command = [program, "--port", str(port), "--fresh", "--no-reload", "--data", data, *options]
    # All requests come from one address, so its limits are raised.
    env = os.environ | {"LATCHKEY_SOURCE_LIMIT": "100000", "LATCHKEY_FAILED_SIGN_IN_LIMIT": "100000"}
    with log.open("w") as stderr:
        child = subprocess.Popen(command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=stderr)
    # Ends a child that starts too slowly; its output then ends, and so does the loop below.
    late = threading.Timer(START, child.terminate)
    late.start()
    try:
        if not any(line.startswith("Latchkey is ready") for line in child.stdout):
            sys.exit(f"the local system did not start. The end of {log}:\n{log.read_text()[-2000:]}")
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
