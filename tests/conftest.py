"""What holds for every test: an exception that a task kept to itself fails the test that made it; shared fixtures."""

from __future__ import annotations

import gc
import logging
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says something about the machine, which may be busy.
settings.register_profile("ibdesk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ibdesk")

_YOUNG = 1
"""Garbage generations collected after each test: what a test left behind is young, and a full pass is slow."""


class _LoopComplaints(logging.Handler):
    """Keeps what asyncio logs at ERROR: never-retrieved exceptions, failed callbacks, pending tasks destroyed."""

    def __init__(self) -> None:
        super().__init__(level=logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(logging.Formatter().format(record))

    def take(self, generation: int) -> str:
        """Collect garbage up to `generation`, then return and forget every complaint so far; empty when none."""
        gc.collect(generation)
        text = "\n".join(self.lines)
        self.lines.clear()
        return text


@pytest.fixture(scope="session")
def _loop_complaints() -> Iterator[_LoopComplaints]:
    handler = _LoopComplaints()
    logger = logging.getLogger("asyncio")
    logger.addHandler(handler)
    yield handler
    left = handler.take(2)
    logger.removeHandler(handler)
    if left:
        pytest.fail(f"asyncio complained after the last test:\n{left}", pytrace=False)


@pytest.fixture(autouse=True)
def _no_lost_exceptions(_loop_complaints: _LoopComplaints) -> Iterator[None]:
    yield
    complaints = _loop_complaints.take(_YOUNG)
    if complaints:
        pytest.fail(f"asyncio complained during the test:\n{complaints}", pytrace=False)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can reach."""
    folder = Path(tempfile.mkdtemp(prefix="ibd"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
