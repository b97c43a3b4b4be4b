"""What the product's owner asked of the repository itself: its top level, and the packages that it is built on."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib

import pytest

from tests.architecture.sources import PRODUCT, ROOT, nodes

TOP_LEVEL = {"pyproject.toml", "tui", "core", "themes", "tests", "screenshots", "README.md"}
MAY_STAND_BESIDE = {"LICENSE", "CHANGELOG.md"}
"""And what begins with a dot."""
REQUIRED = {"textual", "ib_async", "rich", "pydantic-settings", "platformdirs"}


@pytest.mark.covers("D5.5")
def test_the_top_level_is_as_named() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    entries = {path.partition("/")[0] for path in listed.splitlines()}

    assert {entry for entry in entries if not entry.startswith(".")} - MAY_STAND_BESIDE == TOP_LEVEL


@pytest.mark.covers("D5.4")
def test_the_required_packages_are_depended_on_and_used() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    depended = {re.split(r"[^\w-]", dependency, maxsplit=1)[0] for dependency in project["dependencies"]}
    imported = {
        name.partition(".")[0]
        for _, node in nodes(*PRODUCT)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert depended >= REQUIRED
    assert imported >= {name.replace("-", "_") for name in REQUIRED}
