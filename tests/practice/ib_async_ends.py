"""ib_async's own encoder and decoder without a socket between them."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from datetime import UTC
from types import SimpleNamespace
from typing import cast

from ib_async.client import Client
from ib_async.connection import Connection
from ib_async.decoder import Decoder
from ib_async.wrapper import Wrapper

from core.practice.session import SERVER_VERSION


class Spy:
    """Takes every callback of the decoder and remembers what it was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[object, ...]]] = []

    def __getattr__(self, name: str) -> object:
        if name == "defaultTimezone":
            return UTC

        def call(*arguments: object) -> None:
            self.calls.append((name, arguments))

        return call

    def values(self) -> set[str]:
        """Return every value in every callback, spelled alike whether it came as text or number."""
        return {spelled(leaf) for _, arguments in self.calls for argument in arguments for leaf in _leaves(argument)}


def decode(fields: list[str]) -> Spy:
    """Let ib_async decode one message at our server version."""
    spy = Spy()
    Decoder(cast("Wrapper", spy), SERVER_VERSION).interpret(fields)
    return spy


def requested(method: str, *arguments: object) -> list[str]:
    """Return the fields that ib_async's client sends for a call of one of its methods."""
    client = Client(Spy())
    client.connState = Client.CONNECTED
    client._serverVersion = SERVER_VERSION
    frames: list[bytes] = []
    client.conn = cast("Connection", SimpleNamespace(sendMsg=frames.append))

    async def ask() -> None:
        getattr(client, method)(*arguments)

    # The client would make itself a loop, and never close it, if none ran.
    asyncio.run(ask())
    return frames[0][4:].decode().split("\0")[:-1]


def spelled(value: object) -> str:
    """Spell a value so that 5, 5.0 and "5" are the same."""
    try:
        return str(float(str(value)))
    except ValueError:
        return str(value)


def _leaves(value: object) -> Iterator[object]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _leaves(getattr(value, field.name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    else:
        yield value
