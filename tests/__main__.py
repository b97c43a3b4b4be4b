"""Every check of the project in one go: `python -m tests`; `--quick` runs pytest alone.

Other arguments go to pytest, which runs in one process more than there are cores unless `-n` says otherwise: a third
of what tests do is waiting. It comes last, so that its summary is the last line; the exit status is that of the whole,
with 1 when an earlier check failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CHECKS: dict[str, list[str]] = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy --strict": ["-m", "mypy"],
    "import contracts": ["-c", "from importlinter.cli import lint_imports_command as m; m(['--no-logo'])"],
}
"""Arguments of the interpreter for each check that runs before pytest, by the name that is shown."""

SIDE_BY_SIDE = ["-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal"]


def _run(name: str, arguments: list[str]) -> int:
    """Run one check at the project's root with its output passed through; returns its exit status."""
    print(f"── {name}", flush=True)
    started = time.monotonic()
    status = subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False).returncode
    verdict = "ok" if status == 0 else f"FAILED ({status})"
    print(f"── {name}: {verdict}, {time.monotonic() - started:.1f} s\n", flush=True)
    return status


def main() -> int:
    """Run the checks in order, pytest last; returns the exit status of the whole."""
    parser = argparse.ArgumentParser(prog="python -m tests", description="Run every check of the project.")
    parser.add_argument("--quick", action="store_true", help="pytest alone")
    options, rest = parser.parse_known_args()
    failed = [] if options.quick else [name for name, args in CHECKS.items() if _run(name, args) != 0]
    if failed:
        print(f"── failed before pytest: {', '.join(failed)}\n", flush=True)
    print("── pytest", flush=True)
    status = subprocess.run([sys.executable, "-m", "pytest", *SIDE_BY_SIDE, *rest], cwd=ROOT, check=False).returncode
    return status or (1 if failed else 0)


if __name__ == "__main__":
    sys.exit(main())
