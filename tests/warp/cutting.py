"""A link between a desk and core that breaks at a byte of the test's choice."""

from __future__ import annotations

import asyncio
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Self

_READ = 1 << 16


class Way(Enum):
    """Which bytes are counted."""

    TO_CORE = "to core"
    FROM_CORE = "from core"


class CuttingLink:
    """Passes bytes between one desk and core; once armed, it passes so many more of one way and then cuts both."""

    def __init__(self, core: Path, path: Path) -> None:
        """Listens at `path`, for core at `core`."""
        self.path = path
        self._core = core
        self._server: asyncio.Server | None = None
        self._left: dict[Way, int] = {}
        self._next: dict[Way, int] = {}
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_unix_server(self._serve, self.path)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cut everything and stop."""
        self._cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def arm(self, way: Way, count: int) -> None:
        """Cut after `count` more bytes of this way; 0 cuts now."""
        self._left = {way: count}
        if count == 0:
            self._cut()

    def arm_next(self, way: Way, count: int) -> None:
        """Cut the next connection after `count` bytes of this way, be it greeting still."""
        self._next = {way: count}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._left, self._next = self._next, {}
        theirs, ours = await asyncio.open_unix_connection(self._core)
        self._writers = [writer, ours]
        for way, source, sink in ((Way.TO_CORE, reader, ours), (Way.FROM_CORE, theirs, writer)):
            task = asyncio.create_task(self._pass(way, source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass(self, way: Way, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(_READ):
                left = self._left.get(way, len(data) + 1)
                sink.write(data[:left])
                if way in self._left:
                    self._left[way] = left - len(data)
                if left <= len(data):
                    break
        except ConnectionError:
            pass
        self._cut()

    def _cut(self) -> None:
        """Both ends; what was passed before still arrives."""
        for writer in self._writers:
            writer.close()
        self._writers = []
