"""Every benchmark still works and speaks the agreed format; no time is asserted."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT
from tests.bench.__main__ import names
from tests.redis_server import needs_server

LIMIT = 110
PROVES = {"connect": pytest.mark.covers("D4.12")}
"""Rows of the documents that are figures; the benchmark's own README has the latest."""
NEEDS = {"order_plane": needs_server}
"""Programs without which a benchmark has nothing to measure."""


def _marks(name: str) -> list[pytest.MarkDecorator]:
    return [table[name] for table in (PROVES, NEEDS) if name in table]


@pytest.mark.timeout(LIMIT + 10)
@pytest.mark.parametrize("name", [pytest.param(name, marks=_marks(name)) for name in names()])
def test_short_form_gives_figures(name: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench", name, "--json", "--short"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )

    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout.splitlines()[-1])
    assert set(report) == {"bench", "values", "baseline", "machine"}
    assert report["bench"] == name
    assert report["values"]
    figures = [*report["values"].values(), *report["baseline"].values()]
    assert all(isinstance(figure, int | float) and math.isfinite(figure) for figure in figures)
    assert report["machine"]["cores"] > 0


def test_the_benchmarks_of_a_session_exist() -> None:
    assert {"startup", "order_path", "core_lag", "connect", "link", "idle"} <= set(names())
