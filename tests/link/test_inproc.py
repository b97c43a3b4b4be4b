"""The client in core's own loop keeps the promises of the one on the socket."""

from __future__ import annotations

import asyncio

import pytest

from core.api import DeskClient
from core.domain.commands import CancelOrder, PlaceOrder
from core.domain.events import Health
from core.errors import LinkError
from core.link.inproc import InProcessClient
from tests.journal.values import request
from tests.link.fake_host import INSTANCE, SESSION, FakeHost, take


async def test_commands_snapshot_and_events(host: FakeHost) -> None:
    client: DeskClient = InProcessClient(host, "cli")
    host.publish_facts(2)
    snapshot = await client.snapshot()
    host.publish_facts(1)
    events = client.events(snapshot.number)
    host.publish(Health(lines=1))
    host.publish(Health(lines=2))
    host.publish_facts(1)
    got = await take(events, 3)

    assert client.instance == INSTANCE
    assert [envelope.number for envelope in got] == [3, 4, None]
    assert got[2].event == Health(lines=2)
    assert got[2].session == SESSION
    assert (await client.send(CancelOrder(order_ref="1"))).ok
    assert host.commands == [("cli", CancelOrder(order_ref="1"))]
    await client.close()
    assert [event async for event in events] == []
    assert (host.sinks, host.seen) == ([], ["+cli", "-cli"])


async def test_commands_wait_for_each_other(host: FakeHost) -> None:
    client = InProcessClient(host, "cli")
    host.gate = asyncio.Event()
    sends = [asyncio.ensure_future(client.send(PlaceOrder(request=request(1))))]
    sends.append(asyncio.ensure_future(client.send(CancelOrder(order_ref="1"))))
    await asyncio.wait_for(host.came.wait(), 5)
    assert len(host.commands) == 1
    host.gate.set()
    await asyncio.wait_for(asyncio.gather(*sends), 5)

    assert len(host.ended) == 2


async def test_old_events_are_a_gap_and_a_closed_client_says_so(host: FakeHost) -> None:
    host.oldest = host.journal_begins = 5
    client = InProcessClient(host, "cli")
    with pytest.raises(LinkError, match="Take a snapshot"):
        await take(client.events(1), 1)
    await client.close()
    await client.close()

    with pytest.raises(LinkError, match="Nothing was sent"):
        await client.send(CancelOrder(order_ref="1"))
    with pytest.raises(LinkError, match="closed"):
        await client.snapshot()
    assert host.seen == ["+cli", "-cli"]
