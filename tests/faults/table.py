"""Runs what proves the rows of the fault matrix, and prints the table."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.faults.reporting import Outcome
from tests.faults.rows import NOT_HERE, ROWS

ROOT = Path(__file__).resolve().parents[2]


def pytest_command(*arguments: str, workers: int = 0) -> list[str]:
    """A pytest of this interpreter that knows the rows; `workers` 0 runs in one process."""
    parallel = ["-n", str(workers), "--dist=worksteal"] if workers else []
    return [sys.executable, "-m", "pytest", "-q", "-p", "tests.faults.reporting", *parallel, *arguments]


def run(numbers: Sequence[int], *, full: bool, workers: int) -> int:
    """Prove these rows (all if empty), print the table; returns 0 if every row is proven or has a reason not to be."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ibf") as folder:
        report = Path(folder) / "report.json"
        rows = ",".join(map(str, numbers))
        command = pytest_command(
            f"--faults-report={report}", f"--faults-rows={rows}", "-o", "timeout=3600" if full else "timeout=120",
            "tests", workers=workers,
        )  # fmt: skip
        status = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "FAULTS": "full" if full else "table"}, check=False
        ).returncode
        tests = msgspec.json.decode(report.read_bytes(), type=dict[str, Outcome]) if report.exists() else {}
    proven = show(tests, numbers or sorted(ROWS))
    print(f"{time.monotonic() - began:.0f} s, pytest ended with {status}")
    return 0 if proven and status == 0 else 1


def show(tests: dict[str, Outcome], numbers: Sequence[int]) -> bool:
    """Print the table of these rows; True if none is open or failed."""
    of_row: dict[int, list[Outcome]] = defaultdict(list)
    for outcome in tests.values():
        for number in outcome.rows:
            of_row[number].append(outcome)
    verdicts = {number: _verdict(number, of_row[number]) for number in numbers}
    print(f"\n{'row':>3}  {'verdict':8} {'tests':>5} {'cases':>8}  fault → expected")
    for number in numbers:
        found, row = of_row[number], ROWS[number]
        cases = sum(outcome.cases for outcome in found)
        print(f"{number:>3}  {verdicts[number]:8} {len(found):>5} {cases:>8}  {row.fault} → {row.expected}")
    for number in numbers:
        if verdicts[number] == "not here":
            print(f"row {number} can't be proven here: {NOT_HERE[number]}")
    counts = {word: list(verdicts.values()).count(word) for word in ("proven", "not here", "open", "FAILED")}
    print("\n" + ", ".join(f"{count} {word}" for word, count in counts.items()) + f" of {len(numbers)} rows")
    return not counts["open"] and not counts["FAILED"]


def _verdict(number: int, found: Sequence[Outcome]) -> str:
    outcomes = {outcome.outcome for outcome in found}
    if "failed" in outcomes:
        return "FAILED"
    if "passed" in outcomes:
        return "proven"
    return "not here" if number in NOT_HERE else "open"
