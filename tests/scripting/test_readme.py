"""What README says of scripts runs as it stands there."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys

import pytest

from core import Broker
from tests.architecture.sources import ROOT

_README = (ROOT / "README.md").read_text(encoding="utf-8")
_BLOCKS = re.findall(r"^```python\n(.*?)^```$", _README, re.MULTILINE | re.DOTALL)


def test_both_ways_are_shown() -> None:
    assert ["Desk" in block for block in _BLOCKS] == [True, False]


@pytest.mark.covers("D2.7", "D0.14")
@pytest.mark.parametrize(
    ("block", "said"), zip(_BLOCKS, ("FILLED 10 ", "True Cancelled"), strict=True), ids=["Desk", "Broker"]
)
async def test_block_runs(practice: Broker, block: str, said: str) -> None:
    command = [sys.executable, "-W", "error", "-c", block]
    run = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=30, check=False)

    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1].startswith(said)


async def test_a_second_run_is_refused_by_name(practice: Broker) -> None:
    """For `practice` keeps the core of the first run."""
    command = [sys.executable, "-c", _BLOCKS[0]]
    runs = [
        await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=30, check=False)
        for _ in range(2)
    ]

    assert "RiskCheckError: " in runs[1].stderr.splitlines()[-1]
