"""How much of a market's volume an order may be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from core.domain.charts import Bar
from core.domain.instruments import Instrument, SecType
from core.domain.quotes import Quote
from core.orderplane.participation import Participation, PovLimit

NOW = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
AAPL = Instrument(con_id=1, symbol="AAPL", sec_type=SecType.STK, exchange="SMART")
LOTS = Instrument(con_id=1, symbol="AAPL", sec_type=SecType.STK, exchange="SMART", size_increment=Decimal(10))
MINUTES = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return NOW + minutes * MINUTES


def participation(percent: int = 10) -> Participation:
    return Participation(PovLimit(percent=Decimal(percent)))


def tell(told: Participation, minutes: float, volume: int) -> None:
    told.heard(Quote(con_id=1, volume=Decimal(volume), updated=at(minutes)))


def fits(told: Participation, minutes: float, instrument: Instrument = AAPL) -> Decimal:
    return told.scale(instrument, "new", Decimal(1_000_000), at(minutes)).quantity


def bar(minutes: float, volume: int) -> Bar:
    price = Decimal(1)
    return Bar(
        time=at(minutes),
        open=price,
        high=price,
        low=price,
        close=price,
        volume=Decimal(volume),
        average=None,
        count=None,
    )


def test_a_part_of_what_traded_within_the_window() -> None:
    told = participation()
    for minutes, volume in ((0, 1000), (4, 3000), (6, 5000), (9, 9000)):
        tell(told, minutes, volume)

    assert fits(told, 9) == 600
    assert fits(told, 11) == 400


def test_what_fits_passes_whole_and_in_silence() -> None:
    told = participation()
    tell(told, 0, 1000)
    tell(told, 6, 3000)

    scaled = told.scale(AAPL, "new", Decimal(200), at(6))

    assert (scaled.quantity, scaled.why) == (Decimal(200), "")


def test_bars_tell_of_the_time_before_the_first_quote() -> None:
    told = participation()
    tell(told, 10, 50_000)
    tell(told, 11, 50_700)
    assert told.lacks_bars(1, at(11))
    told.seed(1, [bar(4, 9000), bar(5, 9000), bar(6, 1000), bar(7, 1000), bar(8, 1000), bar(9, 1000), bar(10, 700)])

    assert not told.lacks_bars(1, at(11))
    assert fits(told, 11) == (4000 + 700) // 10


def test_a_market_without_bars_is_asked_for_them_once() -> None:
    told = participation()
    told.seed(1, [])

    assert not told.lacks_bars(1, at(0))
    assert fits(told, 0) == 0


def test_a_new_day_begins_with_none() -> None:
    told = participation()
    tell(told, 0, 1_000_000)
    tell(told, 6, 2_000_000)
    tell(told, 7, 100)
    tell(told, 8, 600)

    assert fits(told, 8) == 50


def test_what_was_placed_counts_until_it_is_old_or_nothing_came_of_it() -> None:
    told = participation()
    tell(told, 0, 0)
    tell(told, 6, 10_000)
    told.reserve(1, "one", Decimal(600), at(5))
    assert fits(told, 6) == 400

    told.give_up(1, "one")
    assert fits(told, 6) == 1000

    told.reserve(1, "two", Decimal(600), at(1))
    assert fits(told, 6.5) == 1000


def test_its_own_reservation_is_no_hindrance() -> None:
    told = participation()
    tell(told, 0, 0)
    tell(told, 6, 10_000)
    told.reserve(1, "new", Decimal(600), at(6))

    assert fits(told, 6) == 1000


def test_whole_lots_and_nothing_below_the_smallest() -> None:
    told = participation()
    tell(told, 0, 0)
    tell(told, 6, 1990)
    assert fits(told, 6, LOTS) == 190

    scaled = participation(1)
    tell(scaled, 0, 0)
    tell(scaled, 6, 90)
    refused = scaled.scale(AAPL, "new", Decimal(5), at(6))
    assert refused.quantity == 0
    assert refused.why == "PARTICIPATION: 1 % of the 90 AAPL that traded in the last 5 min, less 0 of ours"


def test_an_unknown_volume_lets_nothing_pass() -> None:
    refused = participation().scale(AAPL, "new", Decimal(1), NOW)

    assert (refused.quantity, refused.why) == (
        Decimal(0),
        "PARTICIPATION: no volume of AAPL is known, of which 10 % may be ours",
    )


def test_an_order_that_is_decided_again_counts_as_it_was_placed() -> None:
    """Its message came once more: what it is decided to be now is of no account."""
    told = participation()
    tell(told, 0, 1000)
    tell(told, 6, 2000)
    told.reserve(1, "one", told.scale(AAPL, "one", Decimal(100), at(6)).quantity, at(6))
    told.reserve(1, "of a desk", Decimal(50), at(6))

    again = told.scale(AAPL, "one", Decimal(100), at(6)).quantity
    told.reserve(1, "one", again, at(6))
    tell(told, 6.5, 2600)
    assert again == 50
    assert fits(told, 6.5) == 160 - 150

    told.reserve(1, "of a desk", Decimal(200), at(6))
    assert told.scale(AAPL, "one", Decimal(100), at(6.5)).quantity == 0
    tell(told, 7, 4100)
    assert fits(told, 7) == 310 - 300
