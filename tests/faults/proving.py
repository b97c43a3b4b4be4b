"""Breaks one guarded line at a time, in a copy of the tree, and demands that a test of its row fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.faults.mutation import Mutation
from tests.faults.table import ROOT, pytest_command

_ROOMS = ("core", "tui", "themes", "tests")
_SECONDS = 150
_FAILED_TESTS = 1
"""Pytest's status when it ran, and tests failed."""


def broken(text: str, mutation: Mutation) -> str:
    """The file's text with the mutation. Raises ValueError unless every guarded text stands in it exactly once."""
    for old, new in mutation.changes:
        if text.count(old) != 1:
            raise ValueError(f"{mutation.file} has {text.count(old)} times: {old!r}")
        text = text.replace(old, new)
    return text


@contextmanager
def _copy() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ibm") as folder:
        root = Path(folder)
        for room in _ROOMS:
            shutil.copytree(ROOT / room, root / room, ignore=shutil.ignore_patterns("__pycache__", "*.svg"))
        shutil.copy(ROOT / "pyproject.toml", root)
        yield root


def _pytest(root: Path, mutation: Mutation) -> int:
    selected = ["-k", mutation.only] if mutation.only else []
    command = pytest_command(
        f"--faults-rows={mutation.row}", "-x", "-p", "no:cacheprovider", "-o", "timeout=60", *selected, mutation.tests
    )
    env = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "FAULTS": "table"}
    try:
        ended = subprocess.run(command, cwd=root, env=env, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return _FAILED_TESTS
    return ended.returncode


def _prove(mutation: Mutation) -> tuple[Mutation, bool, str]:
    began = time.monotonic()
    with _copy() as root:
        file = root / mutation.file
        try:
            file.write_text(broken(file.read_text(encoding="utf-8"), mutation), encoding="utf-8")
        except ValueError as error:
            return mutation, False, str(error)
        status = _pytest(root, mutation)
    red = status == _FAILED_TESTS
    verdict = "red" if red else "still green" if status == 0 else f"pytest ended with {status}"
    return mutation, red, f"{verdict}, {time.monotonic() - began:.0f} s"


def prove(mutations: Sequence[Mutation], workers: int) -> bool:
    """Break each in turn, and say what became of it; True if every one turned a test of its row red."""
    with ThreadPoolExecutor(workers) as pool:
        found = []
        for mutation, red, words in pool.map(_prove, mutations):
            print(f"row {mutation.row:>2}: core that {mutation.what}: {words}", flush=True)
            found.append(red)
    rows = {mutation.row for mutation in mutations}
    print(f"{sum(found)} of {len(found)} broken lines in {len(rows)} rows turned a test red")
    return all(found)
