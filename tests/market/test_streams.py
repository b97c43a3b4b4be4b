"""When streams are asked for, how often and how many; what their viewers are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from core.domain.charts import BookChange, BookOperation, BookReset, Print, Streamed, StreamKind
from core.domain.events import StreamEvent
from core.domain.instruments import Instrument, SecType
from core.domain.streams import StreamChanged, StreamData, StreamState
from core.errors import BrokerError, DeskError, NotConnectedError, StreamLimitError
from core.market.streams import BARS_WINDOW, MOST_BARS_ASKED, TICKS_APART, StreamLimits, StreamRoom, limits_for
from core.ports import Ended
from tests.execution.clockwork import START, JumpingClock, jumping

BEST = BookChange(place=0, operation=BookOperation.INSERT, is_bid=True, price=Decimal(10), size=Decimal(1))
TRADE = Print(time=START, price=Decimal(10), size=Decimal(1), exchange="", conditions="", unreported=False)


def stock(con_id: int) -> Instrument:
    """One of many."""
    return Instrument(con_id=con_id, symbol=f"S{con_id}", sec_type=SecType.STK, exchange="SMART")


class Request:
    """One that the source was asked."""

    def __init__(self, con_id: int, kind: StreamKind, hear: Callable[[Streamed], None], ended: Ended) -> None:
        self.con_id = con_id
        self.kind = kind
        self.hear = hear
        self.ended = ended
        self.at = asyncio.get_running_loop().time()
        self.stopped = 0

    def stop(self) -> None:
        """No more of it."""
        self.stopped += 1


class Source:
    """A broker that takes every stream and is silent; with `refusal` it refuses, with `silent` it never answers."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.refusal: DeskError | None = None
        self.silent = False

    async def follow(
        self, instrument: Instrument, kind: StreamKind, hear: Callable[[Streamed], None], ended: Ended
    ) -> Callable[[], None]:
        request = Request(instrument.con_id, kind, hear, ended)
        self.requests.append(request)
        try:
            await (asyncio.Event().wait() if self.silent else asyncio.sleep(0.1))
        except asyncio.CancelledError:
            request.stop()
            raise
        if self.refusal is not None:
            raise self.refusal
        return request.stop

    @property
    def running(self) -> list[int]:
        """Contracts of those that were not stopped."""
        return [one.con_id for one in self.requests if not one.stopped]


class Viewer:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[StreamEvent] = []

    @property
    def states(self) -> list[StreamState]:
        """How its streams stood, one after the other."""
        return [one.state for one in self.told if isinstance(one, StreamChanged)]

    @property
    def items(self) -> list[Streamed]:
        """All that came."""
        return [item for one in self.told if isinstance(one, StreamData) for item in one.items]


class Desk:
    """A room that runs, its source, and how many streams it said there are."""

    def __init__(self, limits: StreamLimits | None = None) -> None:
        self.source = Source()
        self.counts: list[int] = []
        self.room = StreamRoom(self.source, JumpingClock(), limits or StreamLimits(), self.counts.append)
        self.room.online()

    def open(self, con_id: int, kind: StreamKind, name: str = "desk") -> Viewer:
        """One more viewer."""
        viewer = Viewer()
        self.room.open(name, stock(con_id), kind, viewer.told.append)
        return viewer


@asynccontextmanager
async def desk(limits: StreamLimits | None = None) -> AsyncIterator[Desk]:
    """One that ends with the block."""
    made = Desk(limits)
    running = asyncio.create_task(made.room.run())
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@jumping
async def test_every_item_is_told_at_once_in_order_to_everyone() -> None:
    async with desk() as made:
        recorder, screen = made.open(1, StreamKind.TRADES, "recorder"), made.open(1, StreamKind.TRADES, "screen")
        await asyncio.sleep(1)
        (request,) = made.source.requests
        for _ in range(3):
            request.hear(TRADE)

        assert recorder.told == screen.told
        assert recorder.states == [StreamState.ASKED, StreamState.OPEN]
        assert [one for one in recorder.told if isinstance(one, StreamData)] == [
            StreamData(con_id=1, kind=StreamKind.TRADES, items=(TRADE,))
        ] * 3
        made.room.leave("recorder")
        assert made.source.running == [1]
        made.room.close("screen", 1, StreamKind.TRADES)
        assert (made.source.running, made.counts, screen.states[-1]) == ([], [1, 0], StreamState.CLOSED)
        told = len(screen.told)
        request.hear(TRADE)
        assert len(screen.told) == told


@jumping
async def test_who_comes_later_gets_the_book_as_it_is() -> None:
    async with desk() as made:
        made.open(1, StreamKind.DEPTH)
        await asyncio.sleep(1)
        made.source.requests[0].hear(BEST)

        assert made.open(1, StreamKind.DEPTH, "late").items == [BookReset(), BEST]


@jumping
async def test_a_viewer_that_fails_is_told_no_more_and_nobody_else_is_hurt() -> None:
    told: list[StreamEvent] = []

    def fail(event: StreamEvent) -> None:
        told.append(event)
        if len(told) == 5:
            raise OSError("the recorder's disk is full")

    async with desk() as made:
        made.room.open("recorder", stock(1), StreamKind.TRADES, fail)
        made.room.open("recorder", stock(2), StreamKind.TRADES, fail)
        screen = made.open(1, StreamKind.TRADES)
        await asyncio.sleep(1)
        for _ in range(2):
            made.source.requests[0].hear(TRADE)

        assert (screen.items, len(told)) == ([TRADE, TRADE], 5)
        assert (made.source.running, made.room.count) == ([1], 1)


@pytest.mark.parametrize(("lines", "most"), [(1, (3, 1)), (100, (3, 50)), (500, (5, 250)), (10_000, (60, 5000))])
def test_more_lines_give_more_streams(lines: int, most: tuple[int, int]) -> None:
    limits = limits_for(lines)

    assert (limits.depths, limits.bars) == most
    assert limits.ticks == limits.depths


@jumping
async def test_a_viewer_that_goes_while_it_is_asked_for_leaves_nothing_behind() -> None:
    async with desk() as made:
        made.source.silent = True
        made.open(1, StreamKind.DEPTH)
        await asyncio.sleep(1)
        made.room.leave("desk")
        await asyncio.sleep(1)

        assert (len(made.source.requests), made.source.running, made.room.count) == (1, [], 0)


@jumping
async def test_nothing_is_asked_without_a_connection_and_all_of_it_with_the_next() -> None:
    async with desk() as made:
        made.room.lost()
        viewer = made.open(1, StreamKind.DEPTH)
        await asyncio.sleep(100)
        assert made.source.requests == []
        made.room.online()
        await asyncio.sleep(1)
        (request,) = made.source.requests
        request.hear(BEST)
        request.ended(NotConnectedError("gone"))
        made.room.lost()
        await asyncio.sleep(100)
        assert len(made.source.requests) == 1
        made.room.online()
        await asyncio.sleep(1)

        assert (len(made.source.requests), request.stopped) == (2, 0)
        assert viewer.items[-2:] == [BEST, BookReset()]
        assert viewer.states[-2:] == [StreamState.ASKED, StreamState.OPEN]
        request.hear(BEST)
        assert viewer.items[-1] == BookReset(), "the old request is not heard any more"


@jumping
async def test_after_a_loss_each_is_stopped_and_asked_for_once_even_if_it_is_told_twice() -> None:
    async with desk() as made:
        for con_id in (1, 2):
            made.open(con_id, StreamKind.DEPTH)
        await asyncio.sleep(1)
        made.room.renew()
        made.room.renew()
        await asyncio.sleep(1)

        assert [one.con_id for one in made.source.requests] == [1, 2, 1, 2]
        assert [one.stopped for one in made.source.requests] == [1, 1, 0, 0]


@jumping
async def test_ticks_of_one_instrument_are_asked_for_fifteen_seconds_apart() -> None:
    async with desk() as made:
        made.open(1, StreamKind.TRADES)
        made.open(1, StreamKind.BID_ASK)
        made.open(2, StreamKind.TRADES)
        made.open(1, StreamKind.DEPTH)
        await asyncio.sleep(100)
        first = made.source.requests[0].at

        assert [(one.con_id, round(one.at - first)) for one in made.source.requests] == [
            (1, 0),
            (2, 0),
            (1, 0),
            (1, TICKS_APART),
        ]


@jumping
async def test_bars_are_asked_for_sixty_times_in_ten_minutes_at_most() -> None:
    async with desk(StreamLimits(bars=MOST_BARS_ASKED + 5)) as made:
        for con_id in range(MOST_BARS_ASKED + 5):
            made.open(con_id, StreamKind.BARS)
        await asyncio.sleep(BARS_WINDOW - 1)
        assert len(made.source.requests) == MOST_BARS_ASKED
        await asyncio.sleep(2)
        assert len(made.source.requests) == MOST_BARS_ASKED + 5


@jumping
async def test_each_sort_has_its_own_limit() -> None:
    async with desk(StreamLimits(depths=1, ticks=2, bars=1)) as made:
        made.open(1, StreamKind.DEPTH)
        made.open(1, StreamKind.TRADES)
        made.open(1, StreamKind.MIDPOINT)
        made.open(1, StreamKind.BARS)
        for kind in (StreamKind.DEPTH, StreamKind.LAST, StreamKind.BARS):
            with pytest.raises(StreamLimitError, match=r"IBKR gives no more. Close one first."):
                made.open(2, kind)
        assert made.room.count == 4
        made.room.close("desk", 1, StreamKind.MIDPOINT)
        made.open(2, StreamKind.LAST)


@jumping
async def test_a_refusal_ends_a_stream_which_may_be_opened_again() -> None:
    async with desk() as made:
        made.source.refusal = BrokerError(354, "Requested market data is not subscribed.")
        viewer = made.open(1, StreamKind.DEPTH)
        await asyncio.sleep(1)
        assert viewer.told[-1] == StreamChanged(
            con_id=1,
            kind=StreamKind.DEPTH,
            state=StreamState.ENDED,
            problem="Requested market data is not subscribed. [354]",
        )
        assert made.counts == [1, 0]
        made.source.refusal = None
        made.open(1, StreamKind.DEPTH)
        await asyncio.sleep(1)
        assert made.source.requests[-1].stopped == 0


@pytest.mark.parametrize("code", [316, 10182])
def test_what_ibkr_says_to_ask_for_again_is_asked_for_again(code: int) -> None:
    @jumping
    async def play() -> None:
        async with desk() as made:
            viewer = made.open(1, StreamKind.DEPTH)
            await asyncio.sleep(1)
            made.source.requests[0].ended(BrokerError(code, "Market depth data has been HALTED."))
            assert viewer.states[-1:] == [StreamState.ASKED]
            await asyncio.sleep(30)

            assert len(made.source.requests) == 2
            assert viewer.states[-1:] == [StreamState.OPEN]

    play()


@jumping
async def test_a_room_that_failed_asks_again_when_it_is_started_again() -> None:
    made = Desk()
    made.source.refusal = DeskError("odd")
    made.source.silent = True
    running = asyncio.create_task(made.room.run())
    made.open(1, StreamKind.DEPTH)
    await asyncio.sleep(1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert made.source.running == []
    made.source.silent, made.source.refusal = False, None
    running = asyncio.create_task(made.room.run())
    await asyncio.sleep(1)

    assert made.source.running == [1]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
