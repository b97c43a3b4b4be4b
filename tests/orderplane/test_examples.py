"""The document's examples about the order plane run as written."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT
from tests.core_process import PATIENCE
from tests.desk_home import DeskHome
from tests.orderplane.examples import order_plane


@pytest.mark.covers("D0.12", "D0.14", "D0.11")
def test_integration_with_the_orchestrator() -> None:
    with DeskHome() as home:
        run = subprocess.run(
            [sys.executable, "-P", order_plane.__file__, "AAPL", "10"],
            env={**home.env, "PYTHONPATH": str(ROOT)},
            cwd=home.folder,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )

    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[:2] == ["Status: PENDING", "Status: SUBMITTED"]
    assert re.fullmatch(r"Filled 10 of 10 @ \$2\d\d\.\d+", lines[-5])
    for line, name in zip(lines[-4:], ("Intent → Submit", "Submit → Ack", "Ack → Fill", "Total"), strict=True):
        assert re.fullmatch(rf"{name}: \d+\.\d+ms", line)
