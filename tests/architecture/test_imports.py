"""The import contracts of pyproject.toml hold, and each of them can break."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import PRODUCT, ROOT

LINT = "from importlinter.cli import lint_imports_command as m; m(['--no-cache', '--no-logo'])"

PLANTED = {
    "Rooms of core depend downwards only": ("core/errors.py", "import core.domain"),
    "core knows no screen": ("core/ids.py", "import rich"),
    "ib_async is imported by core.broker alone": ("core/ports.py", "import ib_async"),
    "The practice gateway is imported by core.cli alone": ("core/bootstrap.py", "import core.practice"),
    "The practice gateway imports nothing else of core": ("core/practice/__init__.py", "import core.text"),
    "tui sees api, domain, errors, text and order_line of core": ("tui/app.py", "import core.settings"),
    "Widgets know nothing of trading": ("tui/widgets/__init__.py", "import core.text"),
    "Themes are data": ("themes/__init__.py", "import tui"),
}
"""For each contract one file and one line that must break it."""


def _lint(root: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(root), "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-c", LINT], cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=50
    )


def test_contracts_are_kept() -> None:
    lint = _lint(ROOT)

    assert lint.returncode == 0, lint.stdout + lint.stderr
    assert f"{len(PLANTED)} kept, 0 broken" in lint.stdout


@pytest.mark.parametrize("contract", PLANTED)
def test_contract_breaks_on_a_planted_import(contract: str, tmp_path: Path) -> None:
    for room in PRODUCT:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    file, line = PLANTED[contract]
    with (tmp_path / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")

    lint = _lint(tmp_path)

    assert lint.returncode == 1
    assert f"{contract} BROKEN" in lint.stdout, lint.stdout + lint.stderr
