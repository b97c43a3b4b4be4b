"""A recorded market in the gateway: what was quoted and traded, what own orders make of it, at every tempo."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from core.practice.catalogue import build_catalogue
from core.practice.options import GatewayOptions
from core.practice.replay_errors import ReplayError
from core.practice.replay_file import ReplayFile
from core.practice.replay_market import with_recorded
from core.practice.server import PracticeGateway
from core.practice.tables import Value
from tests.practice.raw_client import RawClient
from tests.practice.stage import AAPL_ID, TEN

Recording = Callable[..., Path]

INSTRUMENT: dict[str, object] = {
    "con_id": AAPL_ID,
    "symbol": "AAPL",
    "sec_type": "STK",
    "currency": "USD",
    "increments": [["0", "0.01"]],
    "bid": "100.00",
    "ask": "100.02",
    "bid_size": 300,
    "ask_size": 200,
    "last": "100.01",
    "close": "99.50",
}
HEADING: dict[str, object] = {
    "format": "ibdesk-replay",
    "version": 1,
    "begin": TEN,
    "end": TEN + 60,
    "instruments": [INSTRUMENT],
}


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """Writes a file: lines of milliseconds, kind and the rest, all of the one instrument."""

    def write(*lines: str, **heading: object) -> Path:
        path = tmp_path / "market.replay"
        rows = [line.replace(" ", "\t0\t", 1).replace(" ", "\t") for line in lines]
        path.write_bytes(gzip.compress("\n".join([json.dumps(HEADING | heading), *rows, ""]).encode()))
        return path

    return write


@asynccontextmanager
async def played(path: Path, speed: float = 1.0) -> AsyncIterator[PracticeGateway]:
    """A gateway that plays a file and is paused at its beginning."""
    async with PracticeGateway(GatewayOptions(replay=path, paused=True, speed=speed)) as gateway:
        yield gateway


def go(gateway: PracticeGateway, seconds: float) -> None:
    """Let market time pass at once."""
    for _ in range(round(seconds * 10)):
        gateway.hub.advance()


async def test_the_market_stands_as_it_stood_and_goes_as_it_went(recording: Recording) -> None:
    path = recording("1000 Q 100.01 100.03 400 500", "1500 T 100.03 150 ARCA", "61000 Q 1.00 1.01 1 1")
    async with played(path) as gateway:
        quote = gateway.market.quotes[AAPL_ID]
        assert (quote.bid, quote.ask, quote.bid_size, quote.ask_size) == (100_0000, 100_0200, 300, 200)
        assert (quote.last, quote.close, gateway.market_time) == (100_0100, 99_5000, TEN)

        go(gateway, 0.9)
        assert quote.bid == 100_0000
        go(gateway, 0.1)
        assert (quote.bid, quote.ask, quote.bid_size, quote.ask_size) == (100_0100, 100_0300, 400, 500)
        go(gateway, 0.5)
        (trade,) = gateway.market.prints(AAPL_ID)
        assert (trade.time, trade.price, trade.size, trade.venue, trade.buys) == (
            TEN + 1.5,
            100_0300,
            150,
            "ARCA",
            True,
        )
        assert (quote.last, quote.volume, quote.high, quote.low) == (100_0300, 150, 100_0300, 100_0100)
        assert not gateway.market.is_over


async def test_what_was_before_its_start_is_its_past(recording: Recording) -> None:
    path = recording("1000 T 100.03 150 ARCA", "7000 Q 100.01 100.03 400 500", "9000 Q 90 91 1 1", start=TEN + 8)
    async with played(path) as gateway:
        quote = gateway.market.quotes[AAPL_ID]

        assert (gateway.market_time, quote.bid, quote.last, quote.volume) == (TEN + 8, 100_0100, 100_0300, 150)
        (bar,) = gateway.hub._recorder.bars(AAPL_ID, 5)
        assert (bar.time, bar.close, bar.volume) == (TEN, 100_0300, 150)


async def test_what_was_not_recorded_stands_still(recording: Recording) -> None:
    async with played(recording("1000 Q 100.01 100.03 400 500")) as gateway:
        before = {con_id: (quote.bid, quote.ask, quote.last) for con_id, quote in gateway.market.quotes.items()}
        go(gateway, 30)
        after = {con_id: (quote.bid, quote.ask, quote.last) for con_id, quote in gateway.market.quotes.items()}

    assert {con_id for con_id in before if before[con_id] != after[con_id]} == {AAPL_ID}


@asynccontextmanager
async def trading(path: Path) -> AsyncIterator[tuple[PracticeGateway, RawClient]]:
    """A client at a gateway that plays a file, paused at its beginning."""
    async with played(path) as gateway:
        client = await RawClient.connect(gateway.port)
        try:
            yield gateway, client
        finally:
            await client.close()


async def sent(client: RawClient, action: str, quantity: int, limit: str = "") -> None:
    """Send an order and wait until the gateway has said how it stands."""
    terms: dict[str, Value] = {"orderType": "LMT", "lmtPrice": Decimal(limit)} if limit else {"orderType": "MKT"}
    order_id = client.place_terms({"action": action, "totalQuantity": Decimal(quantity), "tif": "DAY", **terms})
    await client.until(order_id, "Submitted", "PreSubmitted", "Filled")


def fills(gateway: PracticeGateway) -> list[tuple[str, int, str]]:
    """Side, quantity and price of what filled."""
    return [(fill.side, fill.shares, f"{fill.price:.2f}") for fill in gateway.ledger.executions]


async def test_orders_fill_against_what_was_shown_and_no_more_of_it(recording: Recording) -> None:
    async with trading(recording("5000 Q 100.00 100.02 300 900", "6000 Q 100.00 100.02 300 100")) as (gateway, client):
        await sent(client, "BUY", 150)
        await sent(client, "SELL", 100, "100.00")
        assert fills(gateway) == [("BOT", 150, "100.02"), ("SLD", 100, "100.00")]

        # Of 200 shown 150 are gone, until the recording shows new ones.
        await sent(client, "BUY", 100, "100.02")
        assert fills(gateway)[2:] == [("BOT", 50, "100.02")]
        go(gateway, 5)
        assert fills(gateway)[3:] == [("BOT", 50, "100.02")]


async def test_a_resting_order_waits_behind_its_queue_for_recorded_trades(recording: Recording) -> None:
    path = recording("1000 T 100.00 200 ARCA", "1001 T 100.00 150 ARCA", "1002 T 100.00 100 ARCA")
    async with trading(path) as (gateway, client):
        await sent(client, "BUY", 120, "100.00")
        go(gateway, 2)

    # 300 stood before it: 200 of the first trade and 100 of the second go to them.
    assert fills(gateway) == [("BOT", 50, "100.00"), ("BOT", 70, "100.00")]


async def test_no_quote_is_missed_between_two_steps(recording: Recording) -> None:
    path = recording("1010 Q 99.95 99.97 100 100", "1020 Q 100.00 100.02 100 100")
    async with trading(path) as (gateway, client):
        await sent(client, "BUY", 40, "99.98")
        go(gateway, 2)

    assert fills(gateway) == [("BOT", 40, "99.98")]


async def test_it_goes_to_a_moment_at_speed_and_pauses_there_and_at_its_end(recording: Recording) -> None:
    path = recording("1000 Q 100.01 100.03 400 500", end=TEN + 12)
    async with played(path) as gateway:
        paused = asyncio.Event()
        gateway.hub.on_pause = paused.set

        gateway.play(60, TEN + 6)
        await asyncio.wait_for(paused.wait(), 5)
        assert gateway.market_time == TEN + 6
        paused.clear()
        gateway.play()
        await asyncio.wait_for(paused.wait(), 5)
        assert (gateway.market_time, gateway.market.is_over) == (TEN + 12, True)

        paused.clear()
        gateway.play()
        assert paused.is_set(), "it goes no further"


async def test_a_simulated_market_goes_faster_on_its_own_clock() -> None:
    async with PracticeGateway(GatewayOptions(speed=60), now=lambda: TEN) as gateway:
        paused = asyncio.Event()
        gateway.hub.on_pause = paused.set
        gateway.play(until=TEN + 12)
        await asyncio.wait_for(paused.wait(), 5)

        assert gateway.market.step == 120
        assert gateway.market_time == TEN + 12
        assert gateway.hub.now() == TEN


@pytest.mark.parametrize(
    ("lines", "heading", "words"),
    [
        ([], {"format": "else"}, "is else 1, wanted ibdesk-replay 1"),
        ([], {"version": 2}, "is ibdesk-replay 2, wanted"),
        ([], {"instruments": []}, "has no instruments"),
        ([], {"begin": "noon"}, "is no recorded market"),
        (["5 Q 1.00 1.01 1"], {}, "line 2: .* is no quote and no trade"),
        (["5 T many 1 ARCA"], {}, "line 2: .* is no quote and no trade"),
        (["5 T 1 1 ARCA", "4 T 1 1 ARCA"], {}, "line 3: goes back in time"),
    ],
)
async def test_a_file_that_can_not_be_played_is_named(
    recording: Recording, lines: list[str], heading: dict[str, object], words: str
) -> None:
    path = recording(*lines, **heading)

    with pytest.raises(ReplayError, match=words) as raised:
        list(ReplayFile(path).moments())
    assert str(path) in str(raised.value)


def test_a_file_that_is_cut_short_is_named(recording: Recording) -> None:
    path = recording(*(f"{place} T {100 + place % 7}.01 {place + 1} ARCA" for place in range(2000)))
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(ReplayError, match="can't be read to its end"):
        list(ReplayFile(path).moments())


async def test_a_recording_that_breaks_off_ends_there_and_says_why(recording: Recording) -> None:
    async with played(recording("1000 Q 100.01 100.03 4 5", "2000 nonsense", "3000 Q 1 2 3 4")) as gateway:
        go(gateway, 5)

        assert gateway.market.quotes[AAPL_ID].bid == 100_0100
        assert "line 3" in gateway.market.problem
        assert gateway.market.is_over


async def test_an_instrument_of_elsewhere_is_known_by_its_name_and_number(recording: Recording) -> None:
    spy = INSTRUMENT | {"con_id": 7_000_001, "increments": [["0", "0.0001"], ["1", "0.005"]]}
    async with played(recording(instruments=[spy])) as gateway:
        (found,) = gateway.hub.catalogue.search("AAPL", 1)
        assert (found.con_id, found.decimals, gateway.market.quotes[7_000_001].bid) == (7_000_001, 4, 100_0000)
        assert AAPL_ID not in gateway.hub.catalogue.by_id


def test_an_option_can_not_be_replayed_and_is_named(recording: Recording) -> None:
    option = INSTRUMENT | {"con_id": 7_000_002, "sec_type": "OPT"}

    with pytest.raises(ReplayError, match="AAPL is a OPT, which can't be replayed"):
        with_recorded(build_catalogue(date(2026, 11, 20)), ReplayFile(recording(instruments=[option])))
