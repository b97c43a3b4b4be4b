"""Streams over the link: asked for once however many screens look, whole and in order, and again after a loss."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

import pytest

from core.domain.charts import BookChange, BookReset, Print, Sides, Streamed, StreamKind
from core.domain.commands import Ack, CloseStream, DenialCode, OpenStream
from core.domain.depth import DepthBook
from core.domain.events import StreamEvent
from core.domain.streams import StreamChanged, StreamData, StreamState
from core.link.client import SocketClient
from core.link.inproc import InProcessClient
from core.practice.readers import Readers
from tests.warp.harness import WAIT, Floor, FloorOptions, trading_floor
from tests.warp.leaks import no_leaks
from tests.warp.loop import warping

SYMBOLS = ("AAPL", "SPY", "MSFT", "TSLA")
DEPTH, BARS, PNL, PNL_SINGLE, TICKS = 10, 50, 92, 94, 97
"""Numbers of requests."""
T = TypeVar("T")


class Tape:
    """A client that opens streams and keeps all that they bring."""

    def __init__(self, client: SocketClient | InProcessClient) -> None:
        self.client = client
        self.told: list[StreamEvent] = []
        self._news = asyncio.Event()
        self._following = asyncio.create_task(self._follow(), name="tape")

    @classmethod
    async def attach(cls, floor: Floor, name: str) -> Tape:
        """Over the socket."""
        return cls(await SocketClient.attach(floor.socket, name))

    async def _follow(self) -> None:
        async for envelope in self.client.events():
            if isinstance(envelope.event, StreamData | StreamChanged):
                self.told.append(envelope.event)
                self._news.set()

    async def open(self, con_id: int, kind: StreamKind) -> Ack:
        """Open one."""
        return await self.client.send(OpenStream(con_id=con_id, kind=kind))

    async def close_stream(self, con_id: int, kind: StreamKind) -> None:
        """Close one."""
        assert (await self.client.send(CloseStream(con_id=con_id, kind=kind))).ok

    def items(self, con_id: int, kind: StreamKind) -> list[Streamed]:
        """All that one brought, without a loss."""
        found = [one for one in self.told if isinstance(one, StreamData) and (one.con_id, one.kind) == (con_id, kind)]
        assert sum(one.lost for one in found) == 0
        return [item for one in found for item in one.items]

    def states(self, con_id: int, kind: StreamKind) -> list[StreamState]:
        """How one stood, one after the other."""
        return [
            one.state
            for one in self.told
            if isinstance(one, StreamChanged) and (one.con_id, one.kind) == (con_id, kind)
        ]

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until what came makes it so."""
        async with asyncio.timeout(WAIT):
            while not true():
                self._news.clear()
                await self._news.wait()

    async def close(self) -> None:
        """Go."""
        await self.client.close()
        await self._following


def con_ids(floor: Floor) -> dict[str, int]:
    """The instruments by symbol."""
    return {one.symbol: one.con_id for one in floor.snapshot.instruments}


def of(readers: Readers[T]) -> list[tuple[int, int]]:
    """The requests of one sort that the gateway serves: contract and request id."""
    return sorted((con_id, number) for con_id, found in readers.by_contract() for _, number in found)


def served(floor: Floor) -> dict[str, list[tuple[int, int]]]:
    """All of them."""
    feed = floor.gateway.hub.feed
    return {"depth": of(feed.depth.readers), "ticks": of(feed.ticks.readers), "bars": of(feed.bars.readers)}


def asked(floor: Floor, message_id: int) -> list[float]:
    """When the gateway had requests of one sort."""
    return [one.at for one in floor.gateway.received if one.message_id == message_id]


def book_of(changes: list[Streamed]) -> DepthBook:
    """The book that changes make."""
    book = DepthBook()
    for change in changes:
        assert isinstance(change, BookChange | BookReset)
        book.apply(change)
    return book


def shown(floor: Floor, con_id: int) -> list[list[tuple[Decimal, int]]]:
    """Bids and asks as the gateway has told them to core."""
    (reader,) = floor.gateway.hub.feed.depth.readers.of(con_id).values()
    instrument = floor.gateway.hub.market.quotes[con_id].instrument
    return [[(Decimal(instrument.text(row.price)), row.size) for row in side] for side in reversed(reader.shown)]


def rows(book: DepthBook) -> list[list[tuple[Decimal, int]]]:
    """Bids and asks of a book."""
    return [[(row.price, int(row.size)) for row in side] for side in (book.bids, book.asks)]


def is_part_of_the_market(floor: Floor, con_id: int, items: list[Streamed]) -> bool:
    """True if these prints are what the market printed, each once and in order."""
    quote = floor.gateway.hub.market.quotes[con_id]
    market = [(Decimal(quote.instrument.text(one.price)), Decimal(one.size)) for one in quote.prints]
    heard = [(one.price, one.size) for one in items if isinstance(one, Print)]
    return any(market[start : start + len(heard)] == heard for start in range(len(market) - len(heard) + 1))


@warping
async def test_two_screens_see_one_stream_and_it_ends_with_the_last() -> None:
    async with no_leaks(), trading_floor(FloorOptions(symbols=SYMBOLS)) as floor:
        apple = con_ids(floor)["AAPL"]
        one, two, none = [await Tape.attach(floor, name) for name in ("one", "two", "none")]
        for kind in (StreamKind.DEPTH, StreamKind.TRADES):
            assert (await one.open(apple, kind)).ok
            assert (await one.open(apple, kind)).ok
        await one.until(lambda: len(one.items(apple, StreamKind.TRADES)) > 20)
        for kind in (StreamKind.DEPTH, StreamKind.TRADES):
            assert (await two.open(apple, kind)).ok
        await two.until(lambda: len(two.items(apple, StreamKind.TRADES)) > 20)

        assert {sort: len(found) for sort, found in served(floor).items()} == {"depth": 1, "ticks": 1, "bars": 0}
        assert (len(asked(floor, DEPTH)), len(asked(floor, TICKS))) == (1, 1)
        for tape in (one, two):
            assert is_part_of_the_market(floor, apple, tape.items(apple, StreamKind.TRADES))
            assert tape.states(apple, StreamKind.DEPTH)[-1] is StreamState.OPEN
        await one.until(lambda: rows(book_of(one.items(apple, StreamKind.DEPTH))) == shown(floor, apple))
        await two.until(lambda: rows(book_of(two.items(apple, StreamKind.DEPTH))) == shown(floor, apple))
        assert none.told == []

        await one.close_stream(apple, StreamKind.DEPTH)
        await one.until(lambda: StreamState.CLOSED in one.states(apple, StreamKind.DEPTH))
        before = len(one.items(apple, StreamKind.DEPTH))
        await asyncio.sleep(5)
        assert len(one.items(apple, StreamKind.DEPTH)) == before
        assert len(served(floor)["depth"]) == 1
        await two.close()
        await asyncio.sleep(1)
        assert {sort: len(found) for sort, found in served(floor).items()} == {"depth": 0, "ticks": 1, "bars": 0}
        for tape in (one, none):
            await tape.close()
        await asyncio.sleep(1)
        assert not any(served(floor).values())


@warping
async def test_a_recorder_in_core_hears_every_print_at_once_beside_a_screen() -> None:
    async with no_leaks(), trading_floor(FloorOptions(symbols=SYMBOLS)) as floor:
        apple = next(one for one in floor.snapshot.instruments if one.symbol == "AAPL")
        heard: list[StreamEvent] = []
        room = floor.service.streaming.room
        room.open("recorder", apple, StreamKind.TRADES, heard.append)
        tape = await Tape.attach(floor, "tape")
        assert (await tape.open(apple.con_id, StreamKind.TRADES)).ok
        await tape.until(lambda: len(tape.items(apple.con_id, StreamKind.TRADES)) > 100)
        await tape.close()
        await asyncio.sleep(1)

        assert len(asked(floor, TICKS)) == 1
        assert len(served(floor)["ticks"]) == 1, "the recorder wants it still"
        pieces = [one for one in heard if isinstance(one, StreamData)]
        assert {len(one.items) for one in pieces} == {1}
        prints = [one.items[0] for one in pieces]
        assert is_part_of_the_market(floor, apple.con_id, prints)
        seen = tape.items(apple.con_id, StreamKind.TRADES)
        assert any(prints[start : start + len(seen)] == seen for start in range(len(prints)))
        room.leave("recorder")
        await asyncio.sleep(1)
        assert not any(served(floor).values())


@pytest.mark.parametrize("cut", [False, True])
@warping
async def test_what_ibkr_or_the_socket_lost_is_asked_again_once(cut: bool) -> None:
    async with no_leaks(), trading_floor(FloorOptions(symbols=SYMBOLS)) as floor:
        numbers = con_ids(floor)
        apple, spy = numbers["AAPL"], numbers["SPY"]
        await buy(floor, apple)
        tape = await Tape.attach(floor, "tape")
        wanted = [(apple, StreamKind.DEPTH), (apple, StreamKind.TRADES), (apple, StreamKind.BARS)]
        wanted += [(apple, StreamKind.BID_ASK), (spy, StreamKind.TRADES)]
        for con_id, kind in wanted:
            assert (await tape.open(con_id, kind)).ok
        await tape.until(lambda: all(tape.items(*one) for one in wanted))
        await asyncio.sleep(20)
        before, told = served(floor), len(tape.told)
        (session,) = floor.gateway.hub.clients.values()
        assert (len(session.watching.pnl), len(session.watching.pnl_single)) == (1, 1)

        if cut:
            for connection in list(floor.gateway.hub.connections):
                connection.abort()
        else:
            floor.gateway.link.lose()
            await asyncio.sleep(1)
            floor.gateway.link.restore(data_lost=True)
        await asyncio.sleep(40)

        after = served(floor)
        assert {sort: len(found) for sort, found in after.items()} == {"depth": 1, "ticks": 3, "bars": 1}
        assert [[con_id for con_id, _ in after[sort]] for sort in after] == [
            [con_id for con_id, _ in before[sort]] for sort in before
        ]
        assert all(not set(after[sort]) & set(before[sort]) for sort in after), "they are new requests"
        assert (len(asked(floor, DEPTH)), len(asked(floor, TICKS)), len(asked(floor, BARS))) == (2, 6, 2)
        (session,) = floor.gateway.hub.clients.values()
        assert (len(session.watching.pnl), len(session.watching.pnl_single)) == (1, 1)
        assert (len(asked(floor, PNL)), len(asked(floor, PNL_SINGLE))) == (2, 2)
        tape.told = tape.told[told:]
        assert all(tape.items(*one) for one in wanted)
        assert tape.states(*wanted[0])[0] is StreamState.ASKED
        assert tape.states(*wanted[0])[-1] is StreamState.OPEN
        changes = tape.items(apple, StreamKind.DEPTH)
        assert isinstance(changes[0], BookReset)
        await tape.until(lambda: rows(book_of(tape.items(apple, StreamKind.DEPTH))) == shown(floor, apple))
        assert not [one.text for one in floor.snapshot.incidents if "find EId" in one.text or "depth" in one.text]
        await tape.close()


@warping
async def test_no_instrument_is_asked_for_ticks_twice_in_fifteen_seconds() -> None:
    async with no_leaks(), trading_floor(FloorOptions(symbols=SYMBOLS)) as floor:
        apple = con_ids(floor)["AAPL"]
        tape = await Tape.attach(floor, "tape")
        assert (await tape.open(apple, StreamKind.TRADES)).ok
        assert (await tape.open(apple, StreamKind.BID_ASK)).ok
        await tape.until(lambda: bool(tape.items(apple, StreamKind.TRADES)))
        waits = [one.problem for one in tape.told if isinstance(one, StreamChanged) and one.problem]
        assert waits == ["IBKR's pacing: it is asked for in 15 s."]
        await tape.until(lambda: len(tape.items(apple, StreamKind.BID_ASK)) > 5)

        first, second = asked(floor, TICKS)
        assert 15.0 <= second - first < 15.1
        assert all(isinstance(one, Sides) for one in tape.items(apple, StreamKind.BID_ASK))
        await tape.close()


@warping
async def test_what_is_too_much_is_refused_in_words_and_what_ibkr_refuses_ends() -> None:
    async with no_leaks(), trading_floor(FloorOptions(symbols=SYMBOLS)) as floor:
        numbers = con_ids(floor)
        one, two = [await Tape.attach(floor, name) for name in ("one", "two")]
        for symbol in SYMBOLS[:3]:
            assert (await one.open(numbers[symbol], StreamKind.DEPTH)).ok
        assert (await two.open(numbers["AAPL"], StreamKind.DEPTH)).ok, "it is open already"
        refused = await two.open(numbers["TSLA"], StreamKind.DEPTH)
        assert refused.denied is not None
        assert (refused.denied.code, refused.denied.message) == (
            DenialCode.STREAMS,
            "Market depth for TSLA can't be opened: 3 streams of market depth are open (AAPL, SPY, MSFT), "
            "and IBKR gives no more. Close one first.",
        )
        await one.until(lambda: bool(one.items(numbers["MSFT"], StreamKind.DEPTH)))
        assert len(asked(floor, DEPTH)) == 3
        await one.close_stream(numbers["MSFT"], StreamKind.DEPTH)
        assert (await two.open(numbers["TSLA"], StreamKind.DEPTH)).ok

        euro = next(one.con_id for one in floor.gateway.hub.catalogue.instruments if one.sec_type == "CASH")
        assert (await two.open(euro, StreamKind.TRADES)).ok
        await two.until(lambda: StreamState.ENDED in two.states(euro, StreamKind.TRADES))
        ended = two.told[-1]
        assert isinstance(ended, StreamChanged)
        assert "not supported for CASH [10189]" in ended.problem
        assert (await two.open(1, StreamKind.TRADES)).denied is not None
        for tape in (one, two):
            await tape.close()


@warping
async def test_streams_take_lines_from_quotes_and_give_them_back() -> None:
    async with no_leaks(), trading_floor(FloorOptions(symbols=SYMBOLS, lines=4)) as floor:
        apple = con_ids(floor)["AAPL"]
        assert floor.broker.lines == 4
        tape = Tape(InProcessClient(floor.service, "script"))
        for kind in (StreamKind.DEPTH, StreamKind.BARS):
            assert (await tape.open(apple, kind)).ok
        await tape.until(lambda: bool(tape.items(apple, StreamKind.BARS) and tape.items(apple, StreamKind.DEPTH)))

        assert floor.broker.lines == 2
        await tape.close()
        await asyncio.sleep(3)
        assert floor.broker.lines == 4
        assert not any(served(floor).values())


async def buy(floor: Floor, con_id: int) -> None:
    """Hold 10 of it."""
    screen = await floor.attach()
    await screen.place(screen.buying(con_id, 10))
    await screen.until(lambda replica: replica.held(con_id) == 10)
    await asyncio.sleep(3)
    await floor.detach(screen)
