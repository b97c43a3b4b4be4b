"""A pytest plugin: writes down which rows of the fault matrix each test proves, how it went and how many cases it had.

`-p tests.faults.reporting --faults-report FILE` writes a JSON object: node id -> {rows, outcome, cases, seconds}.
`--faults-rows 1,2,3` keeps the tests of these rows alone.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec import Struct, to_builtins


class Outcome(Struct):
    """What became of one test."""

    rows: list[int]
    outcome: str = "passed"
    """The worst of its phases: `passed`, `skipped` or `failed`."""
    cases: int = 1
    """How many times the fault was made in it."""
    seconds: float = 0.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two options."""
    group = parser.getgroup("faults")
    group.addoption("--faults-report", type=Path, default=None, help="write what was proven to this file")
    group.addoption("--faults-rows", default="", help="only tests of these rows, by number; empty means any row")


def pytest_configure(config: pytest.Config) -> None:
    """Report where tests are judged, not in the workers."""
    path = config.getoption("--faults-report")
    if path is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Report(path))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of the wanted rows, and have each say its rows in its report."""
    wanted = {int(word) for word in config.getoption("--faults-rows").split(",") if word}
    kept, left = [], []
    for item in items:
        rows = sorted({number for mark in item.iter_markers("row") for number in mark.args})
        if rows and (not wanted or wanted & set(rows)):
            item.user_properties.append(("rows", rows))
            kept.append(item)
        else:
            left.append(item)
    config.hook.pytest_deselected(items=left)
    items[:] = kept


class _Report:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._tests: dict[str, Outcome] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = dict(report.user_properties)
        found = self._tests.setdefault(report.nodeid, Outcome(rows=list(_numbers(told["rows"]))))
        found.seconds += report.duration
        if report.outcome == "failed" or (report.outcome == "skipped" and found.outcome == "passed"):
            found.outcome = report.outcome
        cases = told.get("cases")
        if isinstance(cases, int):
            found.cases = cases

    def pytest_sessionfinish(self) -> None:
        self._path.write_text(json.dumps(to_builtins(self._tests)), encoding="utf-8")


def _numbers(value: object) -> list[int]:
    return [number for number in value if isinstance(number, int)] if isinstance(value, list) else []
