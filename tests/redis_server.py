"""A Redis or Valkey of a test's own: on a socket that is its user's alone, or on a loopback port."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

PROGRAM = shutil.which("valkey-server") or shutil.which("redis-server")
_PATIENCE = 10.0

needs_server = pytest.mark.skipif(PROGRAM is None, reason="needs redis-server or valkey-server")


class RedisServer:
    """One server, which can be killed and started again; what it was told is in a file before it answers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "bus.sock"
        self.url = f"unix://{self._socket}"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it; returns once it answers."""
        assert PROGRAM is not None
        options = {
            "--port": "0",
            "--unixsocket": str(self._socket),
            "--unixsocketperm": "600",
            "--dir": str(self._folder),
            "--appendonly": "yes",
            "--appendfsync": "always",
            "--save": "",
        }
        self._process = subprocess.Popen(
            [PROGRAM, *(word for pair in options.items() for word in pair)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        await asyncio.wait_for(asyncio.to_thread(_until_ready, self._process), _PATIENCE)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it; harmless where it does not run."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.communicate(timeout=_PATIENCE)
            self._process = None
            self._socket.unlink(missing_ok=True)


@asynccontextmanager
async def running_redis() -> AsyncIterator[RedisServer]:
    """An empty server, ended at the end."""
    with TemporaryDirectory(prefix="ibd") as folder:
        server = RedisServer(Path(folder))
        await server.start()
        try:
            yield server
        finally:
            server.stop()


def _until_ready(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    said = b""
    for line in process.stdout:
        said += line
        if b"eady to accept connections" in line:
            return
    raise RuntimeError(said.decode())
