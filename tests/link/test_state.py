"""Quotes and other last values on their way to desks."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.events import Health, QuotesUpdated, WatchlistUpdated
from core.link.server import QUOTES_IN_A_TURN
from core.link.wire import EventBatch, Reply, Request, Subscribe, frame
from tests.link.fake_host import FakeHost, attached, take
from tests.link.raw import raw

pytestmark = pytest.mark.usefixtures("server")


async def test_quotes_are_conflated_and_the_last_one_arrives(path: Path, host: FakeHost) -> None:
    async with raw(path) as client:
        await client.greet()
        await client.say(frame(Request(id=1, body=Subscribe(after=None))))
        assert isinstance(await client.hear(), Reply)
        started = time.monotonic()
        for price in range(1, 501):
            host.publish_quote(1, price)
            host.publish_quote(2, -price)
            await asyncio.sleep(0.0005)
        last = {1: Decimal(0), 2: Decimal(0)}
        batches = 0
        while last != {1: Decimal(500), 2: Decimal(-500)}:
            message = await client.hear()
            assert isinstance(message, EventBatch)
            [envelope] = message.envelopes
            assert isinstance(envelope.event, QuotesUpdated)
            batches += 1
            last |= {quote.con_id: quote.last or Decimal(0) for quote in envelope.event.quotes}
        passed = time.monotonic() - started

    assert batches <= passed / 0.05 + 2


async def test_many_quotes_leave_in_short_turns_and_each_arrives_once(path: Path, host: FakeHost) -> None:
    async with raw(path) as client:
        await client.greet()
        await client.say(frame(Request(id=1, body=Subscribe(after=None))))
        assert isinstance(await client.hear(), Reply)
        for con_id in range(1, 5 * QUOTES_IN_A_TURN):
            host.publish_quote(con_id, con_id)
        came: list[int] = []
        while len(came) < 5 * QUOTES_IN_A_TURN - 1:
            message = await client.hear()
            assert isinstance(message, EventBatch)
            [envelope] = message.envelopes
            assert isinstance(envelope.event, QuotesUpdated)
            assert len(envelope.event.quotes) <= QUOTES_IN_A_TURN
            came += [quote.con_id for quote in envelope.event.quotes]

    assert came == list(range(1, 5 * QUOTES_IN_A_TURN))


async def test_first_quote_after_a_pause_does_not_wait(path: Path, host: FakeHost) -> None:
    async with attached(path) as client:
        events = client.events()
        await client.snapshot()
        times = []
        for price in range(5):
            await asyncio.sleep(0.06)
            started = time.perf_counter()
            host.publish_quote(1, price)
            await take(events, 1)
            times.append(time.perf_counter() - started)

    assert min(times) < 0.02


async def test_state_that_waits_never_holds_up_a_fact(path: Path, host: FakeHost) -> None:
    async with attached(path) as client:
        events = client.events()
        await client.snapshot()
        host.publish(WatchlistUpdated(con_ids=(1,)))
        await take(events, 1)
        host.publish(WatchlistUpdated(con_ids=(2,)))
        host.publish(Health(lines=1))
        host.publish_facts(1)
        host.publish(WatchlistUpdated(con_ids=(3,)))
        host.publish(Health(lines=2))
        got = await take(events, 3)

    assert [envelope.number for envelope in got] == [1, None, None]
    assert [envelope.event for envelope in got[1:]] == [WatchlistUpdated(con_ids=(3,)), Health(lines=2)]
