"""A client that says whatever a test wants, byte by byte."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from core.link.wire import BUILD, FrameReader, FromCore, Hello, Refusal, Welcome, core_decoder, frame, schema_digest


class RawClient:
    """One end of a socket and a decoder."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._loop = asyncio.get_running_loop()
        self._reader = FrameReader()
        self._messages: list[FromCore] = []

    @classmethod
    async def connect(cls, path: Path) -> Self:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, str(path))
        return cls(connection)

    async def say(self, data: bytes) -> None:
        await self._loop.sock_sendall(self.connection, data)

    async def hear(self) -> FromCore | None:
        """The next message, or None at the end of the connection."""
        async with asyncio.timeout(10):
            while not self._messages:
                data = await self._loop.sock_recv(self.connection, 1 << 20)
                if not data:
                    return None
                self._messages += [core_decoder().decode(message) for message in self._reader.feed(data)]
        return self._messages.pop(0)

    async def greet(self) -> None:
        await self.say(hello())
        assert isinstance(await self.hear(), Welcome)

    async def refused(self) -> str:
        """The reason of the Refusal that comes next and last."""
        message = await self.hear()
        assert isinstance(message, Refusal)
        assert await self.hear() is None
        return message.reason


def hello(build: str = BUILD, digest: str | None = None, name: str = "raw") -> bytes:
    """A Hello, ready to be sent; the right digest if none is given."""
    return frame(Hello(build=build, schema_digest=digest or schema_digest(), client_name=name))


@asynccontextmanager
async def raw(path: Path) -> AsyncIterator[RawClient]:
    """A raw client on `path`, closed at the end."""
    client = await RawClient.connect(path)
    try:
        yield client
    finally:
        client.connection.close()
