"""What doesn't fit one message: a day's snapshot in pages, and events that only the journal still has."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.domain.commands import CancelOrder
from core.domain.events import Incident, Snapshot
from core.domain.executions import Execution
from core.domain.orders import Order, Side
from core.domain.positions import Position
from core.errors import LinkError
from core.link.inproc import InProcessClient
from core.link.pages import PAGE_ROWS, join, split
from core.link.server import LinkServer
from core.link.wire import AskSnapshot, Reply, Request, SnapshotPage, frame
from tests.journal.values import NOON, order
from tests.link.fake_host import FakeHost, attached, incident, take
from tests.link.raw import RawClient

BUSY = 20_000
LONGEST_PAGE = 1 << 20


def orders(count: int) -> tuple[Order, ...]:
    """So many different orders."""
    return tuple(order(number, f"note {number}") for number in range(1, count + 1))


def executions(count: int) -> tuple[Execution, ...]:
    """So many different fills."""
    return tuple(
        Execution(
            exec_id=f"0000e0d5.{number:08x}.01.01",
            order_ref=f"ibd-ABCDEF-{number:026d}",
            perm_id=number,
            order_id=number,
            client_id=1,
            label="AAPL",
            account="DU1234567",
            con_id=265598,
            side=Side.BUY,
            quantity=order(1).quantity,
            price=order(1).quantity,
            time=NOON,
        )
        for number in range(1, count + 1)
    )


def positions(count: int) -> tuple[Position, ...]:
    """So many different positions."""
    price = order(1).quantity
    return tuple(
        Position(account="DU1234567", con_id=number, label="AAPL", quantity=price, average_price=price)
        for number in range(1, count + 1)
    )


@pytest.fixture
def busy(host: FakeHost) -> FakeHost:
    """A host with a very busy day behind it."""
    host.orders, host.executions, host.positions = orders(BUSY), executions(BUSY), positions(BUSY)
    return host


@pytest.mark.usefixtures("server")
async def test_a_busy_day_comes_whole_in_pages_and_events_go_on_where_it_ends(path: Path, busy: FakeHost) -> None:
    busy.publish_facts(3)
    async with attached(path) as client:
        asked = asyncio.ensure_future(client.snapshot())
        await asyncio.sleep(0)
        acked = await asyncio.wait_for(client.send(CancelOrder(order_ref="1")), 5)
        before = asked.done()
        busy.publish_facts(2)
        snapshot = await asyncio.wait_for(asked, 20)
        events = await take(client.events(snapshot.number), 2)

    assert (acked.ok, before) == (True, False)
    assert (snapshot.orders, snapshot.executions, snapshot.number) == (busy.orders, busy.executions, 3)
    assert snapshot.positions == busy.positions
    assert [event.number for event in events] == [4, 5]


@pytest.mark.usefixtures("server", "busy")
async def test_no_page_is_long_and_other_answers_go_between(path: Path) -> None:
    client = await RawClient.connect(path)
    await client.greet()
    await client.say(frame(Request(id=1, body=AskSnapshot())) + frame(Request(id=2, body=CancelOrder(order_ref="1"))))
    sizes, order_of_answers = [], []
    while 1 not in order_of_answers:
        message = await client.hear()
        assert isinstance(message, SnapshotPage | Reply)
        sizes.append(len(frame(message)))
        if isinstance(message, Reply):
            order_of_answers.append(message.id)
    client.connection.close()

    assert len(sizes) == 3 * BUSY // PAGE_ROWS + 2
    assert max(sizes) < LONGEST_PAGE
    assert order_of_answers == [2, 1]


@pytest.mark.parametrize("count", [0, 1, PAGE_ROWS - 1, PAGE_ROWS, PAGE_ROWS + 1, 2 * PAGE_ROWS])
def test_what_is_split_is_joined_again(host: FakeHost, count: int) -> None:
    host.orders, host.executions, host.positions = orders(count), executions(count), positions(count)
    whole: Snapshot = host.snapshot()
    pages, rest = split(whole, 7)
    parts = list(pages)

    assert join(parts, rest) == whole
    assert (rest.orders, rest.executions, rest.positions) == ((), (), ())
    assert {part.id for part in parts} <= {7}


def test_positions_that_are_not_known_stay_unknown(host: FakeHost) -> None:
    host.orders = orders(PAGE_ROWS + 1)
    pages, rest = split(host.snapshot(), 7)

    assert join(pages, rest).positions is None


async def test_a_client_that_leaves_amid_its_snapshot_leaves_nothing_behind(
    path: Path, busy: FakeHost, server: LinkServer
) -> None:
    client = await RawClient.connect(path)
    await client.greet()
    await client.say(frame(Request(id=1, body=AskSnapshot())))
    assert isinstance(await client.hear(), SnapshotPage)
    client.connection.close()
    await asyncio.wait_for(busy.gone.wait(), 5)

    await asyncio.wait_for(server.idle(), 5)


@pytest.mark.usefixtures("server")
async def test_old_events_are_read_back_and_joined_to_those_at_hand(path: Path, host: FakeHost) -> None:
    host.publish_facts(1000)
    host.oldest = 900
    async with attached(path) as client:
        events = client.events(5)
        first = await take(events, 1)
        host.publish_facts(20)
        got = first + await take(events, 1014)

    assert [envelope.number for envelope in got] == list(range(6, 1021))
    assert [envelope.event for envelope in got] == [incident(number) for number in range(6, 1021)]
    assert host.read_back[0] == 5
    assert max(host.read_back) < 900


@pytest.mark.usefixtures("server")
async def test_a_journal_that_fails_on_the_way_ends_the_link(path: Path, host: FakeHost) -> None:
    host.publish_facts(1000)
    host.oldest = 900
    async with attached(path) as client:
        events = client.events(5)
        await take(events, 1)
        host.journal_begins = 950
        with pytest.raises(LinkError, match="Attach again"):
            await take(events, 2000)


async def test_in_process_old_events_are_read_back_too(host: FakeHost) -> None:
    host.publish_facts(500)
    host.oldest = 400
    client = InProcessClient(host, "cli")
    events = client.events(0)
    first = await take(events, 1)
    host.publish_facts(10)
    got = first + await take(events, 509)

    assert [envelope.number for envelope in got] == list(range(1, 511))
    assert all(isinstance(envelope.event, Incident) for envelope in got)
    await client.close()
