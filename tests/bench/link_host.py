"""A core with nothing behind its link, run as a process: `python -m tests.bench.link_host SOCKET`.

A PreviewClose is answered at once: the round trip of a command without a commit. `Unwatch(con_id=N)` tells that a
client has N facts; facts are published as long as no client is too far behind, once each of the clients has told of 0.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from core.domain.commands import Ack, Command, Unwatch
from core.domain.events import Envelope, OrderChanged
from tests.journal.values import order
from tests.link.fake_host import FakeHost, serving

CLIENTS = 3
AT_ONCE = 250
MOST_BEHIND = 4000
TOLD_EVERY = 1000


class Host(FakeHost):
    """Publishes orders to clients that say how far they are."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[str, int] = {}
        self.news = asyncio.Event()

    async def execute(self, command: Command, client: str) -> Ack:
        if isinstance(command, Unwatch):
            self.told[client] = command.con_id
            self.news.set()
        return Ack(ok=True)

    async def publish_orders(self, count: int) -> None:
        """As fast as the slowest client reads."""
        while len(self.told) < CLIENTS:
            await self._more_news()
        event = OrderChanged(order=order(1))
        for number in range(1, count + 1):
            envelope = Envelope(session=self.session, number=number, event=event)
            for sink in self.sinks:
                sink.publish(envelope)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
                while number - min(self.told.values()) > MOST_BEHIND:
                    await self._more_news()

    async def _more_news(self) -> None:
        self.news.clear()
        await self.news.wait()


async def main() -> None:
    """Serve until standard input ends; each line of it is a number of facts to publish."""
    host = Host()
    async with serving(host, Path(sys.argv[1])):
        print("ready", flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            await host.publish_orders(int(line))


if __name__ == "__main__":
    asyncio.run(main())
