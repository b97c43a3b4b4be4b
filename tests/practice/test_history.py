"""The past of the practice market: it adds up at every grain, repeats itself and ends where the market is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise

import pytest

from core.practice.catalogue import build_catalogue
from core.practice.days import close_hour, is_session, new_york, new_york_epoch
from core.practice.history import DAY, KINDS, MONTH, WEEK, Bar, History
from core.practice.market import Market
from core.practice.recorder import Recorder
from core.practice.sessions import last_session, session_before, session_now
from core.practice.tables import Record

APPLE, EURO = 265598, 12087792
FRIDAY = date(2026, 11, 20)
#: In the session, in the evening, on Saturday.
TIMES = [new_york_epoch(FRIDAY, 13), new_york_epoch(FRIDAY, 22), new_york_epoch(date(2026, 11, 21), 13)]
GRAINS = [1, 5, 10, 15, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 14400, 28800]


@dataclass
class Scene:
    """A market that has run for some minutes, and its history."""

    now: float
    seed: int = 1
    minutes: int = 5
    market: Market = field(init=False)
    history: History = field(init=False)

    def __post_init__(self) -> None:
        catalogue = build_catalogue(FRIDAY)
        self.market = Market.of(catalogue, self.seed)
        self.market.now = self.now
        self.history = History(self.market, Recorder(self.market, self.now), lambda: self.now)
        self.catalogue = catalogue
        self.run(self.minutes)

    def run(self, minutes: float) -> None:
        """Let time pass, a step every second."""
        for _ in range(int(minutes * 60)):
            self.now += 1.0
            self.market.advance(self.now)


@pytest.fixture(scope="module", params=TIMES, ids=["session", "evening", "weekend"])
def scene(request: pytest.FixtureRequest) -> Scene:
    """A market begun at some time of the week."""
    return Scene(request.param)


def total(bars: list[Bar]) -> tuple[Decimal, Decimal, Decimal, Decimal, Decimal]:
    """Return open, high, low, close and volume of bars taken together."""
    return (
        bars[0].open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        sum((bar.volume for bar in bars), Decimal(0)),
    )


@pytest.mark.parametrize("seconds", [*GRAINS, DAY, WEEK, MONTH])
@pytest.mark.parametrize("regular", [True, False])
def test_bars_of_every_size_are_sound(scene: Scene, seconds: int, regular: bool) -> None:
    bars = scene.history.bars(APPLE, None, max(seconds * 40, 3600), seconds, regular=regular)

    assert len(bars) > 1 or seconds > DAY
    for bar in bars:
        assert bar.low <= min(bar.open, bar.close, bar.wap)
        assert max(bar.open, bar.close, bar.wap) <= bar.high
        assert bar.volume >= 0
        assert (bar.count > 0) == (bar.volume > 0)
        for price in (bar.open, bar.high, bar.low, bar.close):
            assert scene.market.quotes[APPLE].instrument.units(price) is not None
    assert all(before.time < after.time for before, after in pairwise(bars))


def test_history_ends_in_the_live_market(scene: Scene) -> None:
    last = scene.market.quotes[APPLE].instrument.price(scene.market.quotes[APPLE].last)

    for seconds in (5, 60, 300, 3600, DAY):
        assert scene.history.bars(APPLE, None, DAY, seconds)[-1].close == last


def test_there_is_no_jump_where_the_market_began(scene: Scene) -> None:
    bars = scene.history.bars(APPLE, None, 3600, 60)
    moves = [abs(after.open / before.close - 1) for before, after in pairwise(bars)]

    assert max(moves) < Decimal("0.002")


@pytest.mark.parametrize("seconds", [60, 300, 1800, 3600, 14400])
def test_days_add_up_whatever_they_are_made_of(scene: Scene, seconds: int) -> None:
    days = scene.history.bars(APPLE, None, 3 * DAY, DAY)
    parts = scene.history.bars(APPLE, None, 3 * DAY, seconds)
    edges = [new_york_epoch(datetime.fromtimestamp(day.time, UTC).date(), 9.5) for day in days]

    for day, begin, end in zip(days, edges, [*edges[1:], math.inf], strict=True):
        assert total([bar for bar in parts if begin <= bar.time < end]) == total([day])


def test_minutes_add_up_of_seconds() -> None:
    scene = Scene(TIMES[0], minutes=0)
    end = TIMES[0] - DAY
    minutes = scene.history.bars(APPLE, end, 1800, 60)
    seconds = scene.history.bars(APPLE, end, 1800, 1)

    for minute in minutes:
        assert total([bar for bar in seconds if minute.time <= bar.time < minute.time + 60]) == total([minute])


def test_the_same_question_gets_the_same_answer_later() -> None:
    scene = Scene(TIMES[0])
    end = scene.now - 60 - scene.now % 60
    before = scene.history.bars(APPLE, end, DAY, 60), scene.history.bars(APPLE, end, 600, 5)
    scene.run(2)

    assert (scene.history.bars(APPLE, end, DAY, 60), scene.history.bars(APPLE, end, 600, 5)) == before


def test_the_past_is_the_seeds() -> None:
    one, same, other = Scene(TIMES[0]), Scene(TIMES[0]), Scene(TIMES[0], seed=2)
    mine, yours, others = (scene.history.bars(APPLE, None, 30 * DAY, DAY) for scene in (one, same, other))

    assert mine == yours
    assert mine != others


def test_yesterday_closed_where_the_quote_says(scene: Scene) -> None:
    quote = scene.market.quotes[APPLE]
    over = last_session(quote.instrument, scene.now)
    bars = scene.history.bars(APPLE, new_york_epoch(over, 16), DAY, 60)

    assert bars[-1].close == quote.instrument.price(quote.close)


def test_regular_hours_begin_at_half_past_nine() -> None:
    bars = Scene(TIMES[0]).history.bars(APPLE, None, 5 * DAY, 60)
    clocks = [new_york(bar.time) for bar in bars]

    assert {f"{clock:%H%M}" for clock in clocks} >= {"0930", "1559"}
    assert all("0930" <= f"{clock:%H%M}" < "1600" for clock in clocks)
    assert len({clock.date() for clock in clocks}) == 5


def test_hours_outside_are_there_for_who_asks() -> None:
    bars = Scene(TIMES[0]).history.bars(APPLE, None, 2 * DAY, 60, regular=False)

    assert {"0400", "1959"} <= {f"{new_york(bar.time):%H%M}" for bar in bars}


def test_volume_is_u_shaped_over_the_session() -> None:
    bars = Scene(TIMES[0]).history.bars(APPLE, new_york_epoch(date(2026, 11, 19), 16), 20 * DAY, 1800)
    by_clock: dict[str, Decimal] = {}
    for bar in bars:
        clock = f"{new_york(bar.time):%H%M}"
        by_clock[clock] = by_clock.get(clock, Decimal(0)) + bar.volume

    assert len(by_clock) == 13
    noon = by_clock["1230"]
    assert by_clock["0930"] > noon * Decimal("1.5") < by_clock["1530"]


def test_a_pause_leaves_no_hole() -> None:
    scene = Scene(TIMES[0])
    scene.now += 1800
    scene.run(3)
    bars = scene.history.bars(APPLE, None, 3600, 60)

    assert all(after.time - before.time == 60 for before, after in pairwise(bars))


@pytest.mark.parametrize("what", sorted(KINDS))
def test_every_kind_has_bars(scene: Scene, what: str) -> None:
    bars = scene.history.bars(APPLE, None, DAY, 3600, what)

    assert bars
    counted = what in {"TRADES", "ADJUSTED_LAST"}
    assert all((bar.volume == -1 and bar.wap == -1 and bar.count == -1) is not counted for bar in bars)


def test_bids_are_below_asks() -> None:
    scene = Scene(TIMES[0])
    bids, middles, asks = (scene.history.bars(APPLE, None, DAY, 60, what) for what in ("BID", "MIDPOINT", "ASK"))

    for bid, middle, ask in zip(bids, middles, asks, strict=True):
        assert bid.close < middle.close < ask.close
        assert middle.close == (bid.close + ask.close) / 2


def test_daily_returns_have_the_habits_of_real_ones() -> None:
    bars = Scene(TIMES[0], minutes=0).history.bars(APPLE, None, 8 * 365 * DAY, DAY)
    returns = [math.log(after.close / before.close) for before, after in pairwise(bars)]
    mean = sum(returns) / len(returns)
    variance = sum((value - mean) ** 2 for value in returns) / len(returns)

    assert len(returns) > 1900
    assert 0.18 < math.sqrt(variance * 252) < 0.36
    assert sum((value - mean) ** 4 for value in returns) / len(returns) / variance**2 > 4
    lagged = sum((a - mean) * (b - mean) for a, b in pairwise(returns)) / len(returns)
    assert abs(lagged / variance) < 0.06


@pytest.mark.parametrize("count", [1, 10, 300, 1000])
def test_the_last_ticks_lead_up_to_the_last_print(scene: Scene, count: int) -> None:
    ticks = scene.history.ticks(APPLE, None, None, count)

    assert len(ticks) == count
    assert ticks[-1] == scene.market.quotes[APPLE].prints[-1]
    assert all(before.time <= after.time for before, after in pairwise(ticks))


def test_ticks_from_a_start_on() -> None:
    scene = Scene(TIMES[0])
    start = TIMES[0] - 3600
    ticks = scene.history.ticks(APPLE, start, None, 100)

    assert len(ticks) == 100
    assert start <= ticks[0].time < start + 30


def test_other_instruments_have_a_past_too(scene: Scene) -> None:
    option = scene.catalogue.find(
        Record(symbol="AAPL", secType="OPT", lastTradeDate="20261218", strike=Decimal("232.5"), right="C")
    )[0]
    future = next(item for item in scene.catalogue.instruments if item.symbol == "ES")
    for con_id, what in ((EURO, "MIDPOINT"), (future.con_id, "TRADES"), (option.con_id, "TRADES")):
        bars = scene.history.bars(con_id, None, 2 * DAY, 3600, what)
        assert len(bars) > 5
        assert all(bar.low <= bar.close <= bar.high for bar in bars)


def test_history_begins_somewhere(scene: Scene) -> None:
    head = scene.history.head(APPLE)

    assert scene.history.bars(APPLE, head, DAY, 60) == []
    assert scene.history.bars(APPLE, head + 10 * DAY, DAY, 3600) != []


def test_thirteen_years_of_weeks_come_quickly() -> None:
    assert len(Scene(TIMES[0], minutes=0).history.bars(APPLE, None, 20 * 365 * DAY, WEEK)) > 600


@pytest.mark.parametrize(
    ("day", "session"),
    [
        ((2026, 11, 20), True),
        ((2026, 11, 21), False),
        ((2026, 11, 26), False),
        ((2026, 4, 3), False),
        ((2026, 7, 3), False),
        ((2027, 7, 5), False),
        ((2022, 1, 3), True),
        ((2021, 12, 31), True),
        ((2027, 12, 24), False),
    ],
)
def test_exchanges_close_on_holidays(day: tuple[int, int, int], session: bool) -> None:
    assert is_session(date(*day)) is session


def test_sessions_end_early_on_eves() -> None:
    assert [close_hour(date(2026, 11, day)) for day in (25, 27)] == [16, 13]
    assert close_hour(date(2026, 12, 24)) == 13


def test_sessions_are_found() -> None:
    apple = build_catalogue(FRIDAY).by_id[APPLE]

    assert session_now(apple, TIMES[0]) == FRIDAY
    assert session_now(apple, TIMES[1]) is None
    assert last_session(apple, TIMES[0]) == date(2026, 11, 19)
    assert last_session(apple, TIMES[2]) == FRIDAY
    assert session_before(apple, date(2026, 11, 27)) == date(2026, 11, 25)
