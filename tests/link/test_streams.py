"""What a desk that reads too slowly loses of its streams, and that it loses nothing else."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.charts import BookChange, BookOperation, BookReset, Print, Streamed, StreamKind
from core.domain.commands import CloseStream, OpenStream
from core.domain.depth import DepthBook
from core.domain.events import Incident
from core.domain.streams import StreamChanged, StreamData, StreamState
from core.link.inproc import InProcessClient
from core.link.stream import EventStream
from core.link.unread import MOST_UNREAD, UnreadStreams
from core.link.wire import EventBatch, Reply, Request, Subscribe, frame
from tests.journal.values import NOON
from tests.link.fake_host import FakeHost, attached, take
from tests.link.raw import RawClient, raw

APPLE, SPY = 265598, 756733
FLOOD = 40_000
FACTS = 50


def trade(number: int) -> Print:
    """A print that can be told from others."""
    return Print(time=NOON, price=Decimal(number), size=Decimal(1), exchange="ISLAND", conditions="", unreported=False)


def tape(*numbers: int, con_id: int = APPLE, lost: int = 0) -> StreamData:
    """Prints of one stream."""
    return StreamData(con_id=con_id, kind=StreamKind.TRADES, items=tuple(map(trade, numbers)), lost=lost)


def row(place: int, price: int, operation: BookOperation = BookOperation.UPDATE) -> StreamData:
    """A change of a book."""
    change = BookChange(place=place, operation=operation, is_bid=True, price=Decimal(price), size=Decimal(1))
    return StreamData(con_id=APPLE, kind=StreamKind.DEPTH, items=(change,))


def stands(state: StreamState, kind: StreamKind = StreamKind.TRADES) -> StreamChanged:
    """How a stream of Apple stands."""
    return StreamChanged(con_id=APPLE, kind=kind, state=state)


def prices(items: tuple[Streamed, ...]) -> list[int]:
    """Of prints."""
    return [int(one.price) for one in items if isinstance(one, Print)]


def test_what_waits_comes_whole_in_order_and_its_standing_last() -> None:
    unread = UnreadStreams()
    assert not unread
    for event in (stands(StreamState.ASKED), tape(1), tape(1, con_id=SPY), tape(2, 3), stands(StreamState.OPEN)):
        unread.put(event)

    assert unread.take() == [tape(1, 2, 3), stands(StreamState.OPEN), tape(1, con_id=SPY)]
    assert not unread
    assert unread.take() == []


def test_pieces_are_taken_as_large_as_is_wanted() -> None:
    unread = UnreadStreams()
    for number in range(5):
        unread.put(tape(number))
    unread.put(stands(StreamState.ENDED))

    assert [unread.take(2) for _ in range(3)] == [[tape(0, 1)], [tape(2, 3)], [tape(4), stands(StreamState.ENDED)]]


def test_too_much_loses_the_oldest_and_says_how_many() -> None:
    unread = UnreadStreams()
    for number in range(MOST_UNREAD + 7):
        unread.put(tape(number))
    (data,) = unread.take()

    assert isinstance(data, StreamData)
    assert data.lost == 7
    assert prices(data.items) == list(range(7, MOST_UNREAD + 7))


def test_a_loss_before_stays_where_it_was() -> None:
    unread = UnreadStreams()
    for event in (tape(1), tape(5, lost=3), tape(6)):
        unread.put(event)

    assert [unread.take(), unread.take()] == [[tape(1)], [tape(5, 6, lost=3)]]


def test_a_book_that_was_lost_in_part_comes_whole() -> None:
    unread, book = UnreadStreams(), DepthBook()
    unread.put(row(0, 10, BookOperation.INSERT))
    unread.put(row(1, 9, BookOperation.INSERT))
    for number in range(MOST_UNREAD + 20):
        unread.put(row(1, number % 7))
    (data,) = unread.take()
    unread.put(row(0, 11))
    later = unread.take()

    assert isinstance(data, StreamData)
    assert isinstance(data.items[0], BookReset)
    assert data.lost == MOST_UNREAD + 22
    for item in data.items:
        assert isinstance(item, BookChange | BookReset)
        book.apply(item)
    assert [int(one.price) for one in book.bids] == [10, (MOST_UNREAD + 19) % 7]
    assert later == [row(0, 11)]


def test_of_a_closed_stream_nothing_more_comes() -> None:
    unread = UnreadStreams()
    unread.put(tape(1))
    unread.put(stands(StreamState.CLOSED))
    assert unread.take() == [stands(StreamState.CLOSED)]
    unread.put(tape(2))

    assert unread.take() == [tape(2)]


async def test_a_reader_in_the_same_process_is_bounded_too() -> None:
    host = FakeHost()
    client = InProcessClient(host, "script")
    host.hears["script"](tape(1))
    events = client.events()
    assert isinstance(events, EventStream)
    for number in range(2, MOST_UNREAD + 12):
        host.hears["script"](tape(number))
    host.publish_facts(1)
    fact, data = await take(events, 2)

    assert isinstance(fact.event, Incident)
    assert isinstance(data.event, StreamData)
    assert (data.event.lost, len(data.event.items)) == (11, MOST_UNREAD)
    await client.close()


@pytest.mark.usefixtures("server")
async def test_a_desk_gets_what_its_streams_bring_and_no_other_does(path: Path, host: FakeHost) -> None:
    async with attached(path, "one") as one, attached(path, "two") as two:
        assert (await one.send(OpenStream(con_id=APPLE, kind=StreamKind.TRADES))).ok
        # Before anybody follows events nothing is lost.
        host.hears["one-1"](stands(StreamState.OPEN))
        host.hears["one-1"](tape(1, 2))
        mine, other = one.events(), two.events()
        got = await take(mine, 2)
        host.hears["one-1"](tape(3))
        got += await take(mine, 1)
        host.publish_facts(1)
        assert isinstance((await take(other, 1))[0].event, Incident)
        assert (await one.send(CloseStream(con_id=APPLE, kind=StreamKind.TRADES))).ok

    assert [one.event for one in got] == [tape(1, 2), stands(StreamState.OPEN), tape(3)]
    assert {one.number for one in got} == {None}
    assert len(host.commands) == 2


async def follow(client: RawClient) -> None:
    """Attach and follow events."""
    await client.greet()
    await client.say(frame(Request(id=1, body=Subscribe(after=None))))
    assert isinstance(await client.hear(), Reply)


@pytest.mark.usefixtures("server")
async def test_a_slow_reader_loses_prints_with_their_number_and_no_fact(path: Path, host: FakeHost) -> None:
    async with raw(path) as slow:
        await follow(slow)
        for number in range(FLOOD):
            host.hears["raw-1"](tape(number))
            if number % (FLOOD // FACTS) == 0:
                host.publish_facts(1)
                await asyncio.sleep(0)
        # Now it reads.
        facts, heard, lost, order = 0, 0, 0, []
        while heard + lost < FLOOD or facts < FACTS:
            batch = await slow.hear()
            assert isinstance(batch, EventBatch)
            for envelope in batch.envelopes:
                facts += isinstance(envelope.event, Incident)
                if isinstance(envelope.event, StreamData):
                    lost += envelope.event.lost
                    heard += len(envelope.event.items)
                    assert len(envelope.event.items) <= MOST_UNREAD
                    order += prices(envelope.event.items)

    assert (heard + lost, facts) == (FLOOD, FACTS)
    assert lost > FLOOD // 2
    assert order == sorted(set(order))
    assert order[-1] == FLOOD - 1
