"""What a recorder makes of streams, last values and silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.charts import Print, Sides, StreamKind
from core.domain.quotes import Quote
from core.domain.streams import StreamChanged, StreamData, StreamState
from core.records.hearing_ticks import TickHearing, micros
from core.records.market_clock import MarketTime
from core.records.tick_rows import TickKind, TickRow

SPY = 756733
NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
NOW = micros(NOON) + 300_000


def hearing() -> TickHearing:
    return TickHearing(SPY, MarketTime())


def stream(kind: StreamKind, state: StreamState = StreamState.OPEN) -> StreamChanged:
    return StreamChanged(con_id=SPY, kind=kind, state=state)


def sides(second: int, bid: str = "598.00", lost: int = 0) -> StreamData:
    item = Sides(
        time=NOON + timedelta(seconds=second),
        bid=Decimal(bid),
        ask=Decimal("598.02"),
        bid_size=Decimal(300),
        ask_size=Decimal(200),
    )
    return StreamData(con_id=SPY, kind=StreamKind.BID_ASK, items=(item,), lost=lost)


def trade(second: int, *, unreported: bool = False) -> StreamData:
    item = Print(
        time=NOON + timedelta(seconds=second),
        price=Decimal("598.01"),
        size=Decimal(70),
        exchange="ARCA",
        conditions="I",
        unreported=unreported,
    )
    return StreamData(con_id=SPY, kind=StreamKind.TRADES, items=(item,))


def last_values(last: str, volume: int, bid: str = "598.00", *, stale: bool = False) -> Quote:
    return Quote(
        con_id=SPY,
        bid=Decimal(bid),
        ask=Decimal("598.02"),
        last=Decimal(last),
        volume=Decimal(volume),
        last_updated=NOON + timedelta(milliseconds=volume),
        stale=stale,
    )


def told(rows: list[TickRow]) -> list[tuple[TickKind, bool, bool]]:
    """Kind, gap and whether it is conflated."""
    return [(row.kind, row.gap, row.conflated) for row in rows]


def test_ticks_bear_the_time_of_the_broker_and_what_they_tell() -> None:
    heard = hearing()

    (first,) = heard.ticks(sides(0), NOW)
    (second,) = heard.ticks(trade(1, unreported=True), NOW + 5)

    assert (first.time, first.received, first.bid, first.ask_size, first.gap) == (micros(NOON), NOW, 598.0, 200.0, True)
    assert (second.price, second.size, second.exchange, second.conditions) == (598.01, 70.0, "ARCA", "I")
    assert (second.unreported, second.gap) == (True, False)


def test_last_values_stand_in_for_the_streams_that_are_not_open() -> None:
    heard = hearing()
    assert told(heard.quote(last_values("598.01", 1000), NOW)) == [(TickKind.QUOTE, True, True)]

    quote, traded = heard.quote(last_values("598.02", 1500, "598.01"), NOW)
    assert told([quote, traded]) == [(TickKind.QUOTE, False, True), (TickKind.TRADE, False, True)]
    assert (traded.price, traded.size) == (598.02, 500.0)

    heard.change(stream(StreamKind.BID_ASK))
    assert told(heard.quote(last_values("598.03", 1600, "597.90"), NOW)) == [(TickKind.TRADE, False, True)]
    heard.change(stream(StreamKind.TRADES))
    assert heard.quote(last_values("598.04", 1700, "597.80"), NOW) == []


def test_values_that_say_nothing_new_make_no_row() -> None:
    heard = hearing()
    heard.quote(last_values("598.01", 1000), NOW)

    assert heard.quote(last_values("598.01", 1000), NOW) == []
    same_volume = Quote(
        con_id=SPY, bid=Decimal("598.00"), ask=Decimal("598.02"), last=Decimal(600), volume=Decimal(1000)
    )
    assert heard.quote(same_volume, NOW) == []


@pytest.mark.parametrize("price", ["0", "-1"])
def test_a_side_that_nobody_shows_has_no_price(price: str) -> None:
    event = sides(0)
    (item,) = event.items
    assert isinstance(item, Sides)
    none = replace(event, items=(replace(item, bid=Decimal(price), bid_size=Decimal(0)),))

    (row,) = hearing().ticks(none, NOW)

    assert (row.bid, row.bid_size, row.ask, row.ask_size) == (None, None, 598.02, 200.0)


def test_what_may_be_missing_is_marked_once() -> None:
    heard = hearing()
    heard.ticks(sides(0), NOW)
    heard.change(stream(StreamKind.BID_ASK))

    assert [row.gap for row in heard.ticks(sides(1, lost=3), NOW)] == [True]
    assert [row.gap for row in heard.ticks(sides(2), NOW)] == [False]
    heard.change(stream(StreamKind.BID_ASK, StreamState.ASKED))
    silent = heard.is_heard
    assert [row.gap for row in heard.ticks(sides(3), NOW)] == [True]
    assert (silent, heard.is_heard) == (False, True)
    heard.quote(last_values("598.01", 1000), NOW)
    assert heard.quote(last_values("598.01", 1000, stale=True), NOW) == []
    # Behind old values the first ones are a beginning: what was traded between is not known.
    assert told(heard.quote(last_values("598.05", 9000), NOW)) == [(TickKind.QUOTE, True, True)]


def test_a_market_with_a_time_of_its_own_tells_what_time_it_is() -> None:
    clock = MarketTime()
    heard = TickHearing(SPY, clock)
    assert (clock.is_known, clock.at(NOW)) == (False, NOW)

    heard.ticks(sides(2), NOW)
    assert (clock.is_known, clock.at(NOW + 7)) == (True, NOW + 7)
    assert heard.mark(NOW).time == NOW - 1_000_000

    heard.ticks(sides(900), NOW)
    later = micros(NOON + timedelta(seconds=900))
    assert clock.at(NOW + 7) == later
    assert heard.quote(last_values("598.01", 1000), NOW)[0].time == later
