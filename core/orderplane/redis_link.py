"""A connection to Redis or Valkey, whose every failure is a `BusError` that names the server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.orderplane.bus import BusError

if TYPE_CHECKING:
    from redis.commands.core import AsyncScript

log = logging.getLogger(__name__)

OLDEST = 7
"""The major version from which on the scripts run as they are meant."""
ANSWER_SECONDS = 10.0
"""How long the server may take to answer; one that waits for a message answers sooner."""

Value = bytes | str | int


class RedisLink:
    """One client of a server. Nothing is repeated by itself: whoever asks knows what may be asked twice."""

    def __init__(self, url: str) -> None:
        """Connects with the first command.

        Args:
            url: `redis://host:6379/0`, `rediss://` with TLS, or `unix:///path`. Raises BusError for any other.
        """
        from redis.asyncio import from_url
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        self.address = _without_password(url)
        """As a person may see it."""
        try:
            self._client = from_url(
                url,
                protocol=2,
                retry=Retry(NoBackoff(), 0),
                socket_timeout=ANSWER_SECONDS,
                socket_connect_timeout=ANSWER_SECONDS,
            )
        except ValueError:
            # Its text may have a part of the password.
            raise BusError(
                f"{self.address} is no address of Redis or Valkey. Write redis://127.0.0.1:6379/0; in a password write "
                "%2F for /, %23 for #, %3F for ?."
            ) from None

    def script(self, text: str) -> AsyncScript:
        """Something to be given to `run`."""
        return self._client.register_script(text)

    async def run(self, script: AsyncScript, keys: Sequence[str], arguments: Sequence[Value]) -> list[object]:
        """Have the server run a script; its answer, an empty list for nothing. Raises BusError."""
        with self._named():
            answer: object = await script(keys, arguments)
        return answer if isinstance(answer, list) else [] if answer is None else [answer]

    async def ask(self, *words: Value) -> object:
        """One command. Raises BusError."""
        with self._named():
            answer: object = await self._client.execute_command(*words)
        return answer

    async def ask_all(self, commands: Sequence[Sequence[Value]]) -> list[object]:
        """Several commands, one behind the other, in one turn. Raises BusError."""
        with self._named():
            pipeline = self._client.pipeline(transaction=False)
            for words in commands:
                pipeline.execute_command(*words)
            answers: list[object] = await pipeline.execute()
        return answers

    async def check(self) -> None:
        """Raise BusError where the server can't be reached or is too old; warn where it may forget."""
        with self._named():
            server = await self._client.info("server")
            kept = await self._client.info("persistence")
            memory = await self._client.info("memory")
        version = str(server.get("redis_version", ""))
        major = version.partition(".")[0]
        if not major.isdigit() or int(major) < OLDEST:
            raise BusError(f"{self.address} is version {version or 'unknown'}; Redis {OLDEST} or Valkey is needed.")
        if not kept.get("aof_enabled"):
            log.warning(
                "%s does not write what it is told to a file: a restart of it loses intents that nobody has taken. "
                "Set appendonly yes, and appendfsync always.",
                self.address,
            )
        if memory.get("maxmemory") and memory.get("maxmemory_policy") != "noeviction":
            log.warning(
                "%s forgets what it was told when its memory is full: intents, and which of them were refused. "
                "Set maxmemory-policy noeviction.",
                self.address,
            )

    async def close(self) -> None:
        """Close the connections; harmless the second time."""
        await self._client.aclose()

    @contextmanager
    def _named(self) -> Iterator[None]:
        from redis.exceptions import RedisError

        try:
            yield
        except (RedisError, OSError, asyncio.IncompleteReadError) as error:
            said = str(error).rstrip(".") or type(error).__name__
            raise BusError(
                f"The bus at {self.address}: {said}. Is the server running, and the address right?"
            ) from error


def _without_password(url: str) -> str:
    """Also where the password has characters that end the part of an address in which it stands."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2].partition('?')[0]}"
