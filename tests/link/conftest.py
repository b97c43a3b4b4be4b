"""A host, a path and a server for each test of the link."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from core.link.server import LinkServer
from tests.link.fake_host import FakeHost, serving


@pytest.fixture
def folder() -> Iterator[Path]:
    """Ours alone, with a path short enough for a socket in it."""
    made = Path(tempfile.mkdtemp(prefix="ibd"))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "core.sock"


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
async def server(host: FakeHost, path: Path) -> AsyncIterator[LinkServer]:
    async with serving(host, path) as running:
        yield running
