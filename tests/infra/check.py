"""Runs the checks in order, and then tests that they find planted faults."""

import json
import re
import subprocess
import sys
import time

import alarms  # noqa: F401 (its rules register themselves)
import front  # noqa: F401
import local
import operations  # noqa: F401
import paths  # noqa: F401
import restored
import rule
import rules  # noqa: F401
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from faults import faults, in_front
from template import FRONT, ROOT, TEMPLATE, Template, read

# Regions differ slightly in resources and values; these are far apart.
REGIONS = ["us-east-1", "eu-central-1", "ap-northeast-1"]


def linted(text: str, regions: list[str] = REGIONS) -> list[str]:
    """The findings of cfn-lint, warnings included."""
    matches = lint(text, config=ManualArgs(regions=regions))
    return [f"{it.rule.id} {it.message[:200]} ({'/'.join(map(str, it.path or []))})" for it in matches]


def sam() -> list[str]:
    """The findings of `sam validate --lint`. It needs no network, since the
    template names no managed policy of AWS that it would look up."""
    command = [sys.executable, "-m", "samcli", "validate", "--lint", "--region", "eu-central-1", "--template", TEMPLATE]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return [] if ran.returncode == 0 else [line for line in (ran.stdout + ran.stderr).splitlines() if line.strip()]


def missed(text: str) -> tuple[int, list[str]]:
    """The planted faults that their check does not find."""
    planted, bad = faults(text), []
    by_linter = [fault for fault in planted if re.fullmatch(r"[EW]\d{4}", fault.found_by)]
    # The linter names the place of each finding, so one run is enough for all faults.
    broken = text
    for fault in by_linter:
        broken = fault.plant(broken)
    found = linted(json.dumps(read(broken).translated), REGIONS[:1])
    for fault in planted:
        if fault in by_linter:
            is_found = any(it.startswith(f"{fault.found_by} ") and fault.word.lower() in it.lower() for it in found)
            findings = found
        else:
            findings = rule.broken(read(fault.plant(text)), fault.found_by)
            is_found = bool(findings)
        if not is_found:
            bad.append(f"{fault.what} is not found by {fault.found_by}; found: {findings}")
    page = FRONT.read_text()
    for fault in in_front():
        if not rule.broken(read(text, fault.plant(page)), fault.found_by):
            bad.append(f"{fault.what} is not found by {fault.found_by}")
    return len(planted) + len(in_front()), bad


def main() -> int:
    text = TEMPLATE.read_text()
    failed = 0

    def step(what: str, found: list[str], begun: float) -> None:
        nonlocal failed
        failed += bool(found)
        print(f"{'FAILED' if found else 'ok':<6} {what} ({time.monotonic() - begun:.1f} s)", flush=True)
        for it in found:
            print(f"       {it}", flush=True)

    begun = time.monotonic()
    step("cfn-lint, as written", linted(text), begun)
    begun = time.monotonic()
    t: Template = read(text)
    step("cfn-lint, as translated", linted(json.dumps(t.translated)), begun)
    begun = time.monotonic()
    step("cfn-lint, the front", linted(FRONT.read_text(), ["us-east-1"]), begun)
    begun = time.monotonic()
    step("sam validate --lint", sam(), begun)
    begun = time.monotonic()
    step(f"{len(rule.RULES)} own rules", rule.broken(t), begun)
    begun = time.monotonic()
    step("created by a local CloudFormation, with the same table as infra/local creates", list(local.unlike(t)), begun)
    begun = time.monotonic()
    step("a restore copies lost items and overwrites no live ones", restored.unlike(t), begun)
    begun = time.monotonic()
    planted, bad = missed(text)
    step(f"{planted} planted faults, each found by its check", bad, begun)
    print(f"{8 - failed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
