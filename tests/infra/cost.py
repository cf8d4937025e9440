"""Counts the reads and writes of a reset from tests/golden/calls.txt.
`python3 tests/infra/cost.py` prints the rows for infra/README.md."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The steps of one reset by mail, with the sign-in after it.
STEPS = ["start reset", "send challenge", "send-code, reset", "verify, reset", "set password", "send-code, notice", "sign-in after the reset"]

# Index rows that a write adds: an audit event is in both indexes, and so is a
# message until it is sent.
INDEXED = {"Put AUDIT": 2, "Put OUTBOX": 2}
UNSENT_NO_MORE = "REMOVE #bucket"


def sections() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (ROOT / "tests/golden/calls.txt").read_text().splitlines():
        if line.startswith(" "):
            found[list(found)[-1]].append(line)
        else:
            found[line] = []
    return found


def units(lines: list[str]) -> tuple[int, int]:
    """Read units (one for a consistent read of at most 4 KB) and write units (one
    for an item of at most 1 KB, two in a transaction, checks included; one for an
    index row)."""
    read = sum(len(line.split()) - 1 for line in lines if line.startswith("  Read "))
    alone = sum(line.startswith("  Put ") for line in lines)
    members = [line.strip() for line in lines if line.startswith("    ")]
    indexed = sum(count for one in members for begin, count in INDEXED.items() if one.startswith(begin))
    return read, alone + 2 * len(members) + indexed + sum(UNSENT_NO_MORE in one for one in members)


def rows() -> Iterator[str]:
    calls, all_read, all_written = sections(), 0, 0
    for step in STEPS:
        read, written = units(calls[step])
        all_read, all_written = all_read + read, all_written + written
        yield f"| {step} | {read} | {written} |"
    yield f"| one reset | {all_read} | {all_written} |"


if __name__ == "__main__":
    print("\n".join(rows()))
