"""WATCH, POSITIONS and ORDERS: what each row says, above all where something is not known."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.events import OrderChanged, PositionsUpdated, QuotesUpdated
from core.domain.instructions import Trail
from core.domain.orders import Order, OrderState, OrderType, Pending, Side, TimeInForce
from core.domain.quotes import DataType, Quote
from tests.tui import sample
from tests.tui.desk_pilot import lines_of, until
from tests.tui.panes.pane_app import PaneApp
from tui import messages
from tui.panes.blotter import BlotterPane, state_cell
from tui.panes.positions import PositionsPane
from tui.panes.watchlist import WatchlistPane
from tui.widgets.line_grid import LineGrid

WIDTH = 78


def watch(*quotes: Quote) -> PaneApp:
    return PaneApp(WatchlistPane, replace(sample.TROUBLE, quotes=quotes or sample.QUOTES))


async def row_of(app: PaneApp, label: str) -> str:
    async with app.run_test(size=(WIDTH, 16)) as pilot:
        await pilot.pause()
        return next(line for line in lines_of(app) if f" {label}" in line)


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("AAPL", "▸ AAPL        233.33   233.34    233.34  ▲ +0.61  0.01 32.1M    100     +84.00"),
        ("NVDA", "  NVDA        141.19   141.20    141.20  ▼ −0.42  0.01 88.7M     0?          —"),
        ("GME", "  GME HALT         —        —  27.22~2m        —     —  9.8M      0          —"),
        ("/ESZ6", "  /ESZ6      6014.25  6014.50   6014.50  ▲ +0.22  0.25  812k      1     −50.00"),
        ("EUR.USD", "  EUR.USD    1.08412  1.08414   1.08413  ▼ −0.08  0.2p     —      0          —"),
    ],
)
async def test_watch_rows_read_as_drawn(label: str, shown: str) -> None:
    assert await row_of(watch(), label) == shown


async def test_old_delayed_frozen_and_crossed_quotes_are_marked() -> None:
    aapl, tsla, spy = sample.QUOTES[:3]
    app = watch(
        replace(aapl, stale=True, last_updated=sample.ago(9)),
        replace(tsla, data_type=DataType.DELAYED),
        replace(spy, bid=Decimal("598.05")),
        replace(sample.QUOTES[3], data_type=DataType.FROZEN),
        replace(sample.QUOTES[4], data_type=DataType.DELAYED_FROZEN),
    )
    async with app.run_test(size=(100, 16)) as pilot:
        await pilot.pause()
        rows = [line.split() for line in lines_of(app)]

    assert rows[2][1:5] == ["AAPL", "233.33~", "233.34~", "233.34~9s"]
    assert rows[3][:4] == ["TSLA", "413.70D", "413.78D", "413.78D"]
    assert rows[4][:2] == ["SPY", "CROSS"]
    assert rows[5][:4] == ["NVDA", "141.19F", "141.20F", "141.20F"]
    assert rows[7][:4] == ["/ESZ6", "6014.25D", "6014.50D", "6014.50D"]


async def test_an_age_that_does_not_fit_leaves_its_sign() -> None:
    app = watch(*(replace(quote, stale=True, last_updated=sample.ago(59)) for quote in sample.QUOTES))

    assert "6014.25~ 6014.50~  6014.50~  " in await row_of(app, "/ESZ6")


async def test_a_long_position_is_never_cut() -> None:
    position = sample.make_position(sample.EUR, "EUR.USD", "-20000", "1.08")
    app = PaneApp(WatchlistPane, replace(sample.SNAPSHOT, positions=(position,)))

    assert " −20000 " in await row_of(app, "EUR.USD")


async def test_an_instrument_without_a_quote_has_none_and_not_zero() -> None:
    app = PaneApp(WatchlistPane, replace(sample.SNAPSHOT, quotes=(), positions=None))

    assert (await row_of(app, "AAPL")).split() == ["▸", "AAPL", "—", "—", "—", "—", "—", "—", "?", "—"]


async def test_only_rows_with_new_quotes_are_formatted() -> None:
    app = watch()
    async with app.run_test(size=(WIDTH, 16)) as pilot:
        await pilot.pause()
        grid = app.query_one(LineGrid)
        tsla = dict(grid.row(str(sample.TSLA)))
        app.apply(
            QuotesUpdated(quotes=tuple(replace(quote, last=Decimal("1.00")) for quote in sample.QUOTES[:2])),
            messages.QuotesFlushed(frozenset({sample.AAPL})),
        )
        await until(pilot, lambda: grid.row(str(sample.AAPL))["last"].text == "1.00")

        assert dict(grid.row(str(sample.TSLA))) == tsla


async def test_ages_of_old_quotes_count() -> None:
    app = watch()
    async with app.run_test(size=(WIDTH, 16)) as pilot:
        await pilot.pause()
        app.moment += timedelta(hours=1)
        app.publish(messages.SecondPassed(app.moment))
        await until(pilot, lambda: any("27.22~1h" in line for line in lines_of(app)))


async def test_empty_watchlist_says_what_to_do() -> None:
    app = PaneApp(WatchlistPane, replace(sample.SNAPSHOT, watchlist=()))
    async with app.run_test(size=(WIDTH, 8)) as pilot:
        await pilot.pause()
        assert "Nothing watched yet: / finds a symbol." in lines_of(app)[2]


async def test_before_core_answers_the_watchlist_says_so() -> None:
    app = PaneApp(WatchlistPane, None)
    async with app.run_test(size=(WIDTH, 8)) as pilot:
        await pilot.pause()
        assert "starting core…" in lines_of(app)[2]


async def test_positions_read_as_drawn() -> None:
    app = PaneApp(PositionsPane)
    async with app.run_test(size=(WIDTH, 8)) as pilot:
        await pilot.pause()
        lines = lines_of(app)

    assert lines[0].endswith(" 4 ━")
    assert lines[2].split() == ["▸", "/ESZ6", "1", "6015.50", "6014.50", "−50.00", "—", "—"]
    assert lines[3].split() == ["AAPL", "100", "232.50", "233.34", "+84.00", "—", "STP", "100"]
    assert lines[5].split() == ["TSLA", "−50", "412.10", "413.78", "−84.00", "—", "—"]


@pytest.mark.parametrize(
    ("con_id", "side", "stop", "shown"),
    [
        (sample.AAPL, Side.SELL, "231.90", "+1.4R"),
        (sample.AAPL, Side.SELL, "233.00", "—"),
        (sample.AAPL, Side.BUY, "231.90", "—"),
        (sample.TSLA, Side.BUY, "413.10", "−1.7R"),
    ],
)
async def test_open_profit_in_multiples_of_what_the_stop_risks(con_id: int, side: Side, stop: str, shown: str) -> None:
    order = replace(
        sample.make_order(0, con_id, f"{side} 50 X STP"), order_type=OrderType.STP, stop_price=Decimal(stop)
    )
    app = PaneApp(PositionsPane, replace(sample.SNAPSHOT, orders=(order,)))
    async with app.run_test(size=(WIDTH, 8)) as pilot:
        await pilot.pause()
        label = "AAPL" if con_id == sample.AAPL else "TSLA"
        (row,) = [line.removeprefix("▸").split() for line in lines_of(app) if label in line]

    assert row[5] == shown


async def test_positions_of_several_accounts_are_told_apart() -> None:
    other = "DU7654321"
    first = sample.POSITIONS[0]
    connection = sample.SNAPSHOT.connection
    app = PaneApp(
        PositionsPane,
        replace(
            sample.SNAPSHOT,
            connection=replace(connection, accounts=(*connection.accounts, other)),
            positions=(first, replace(first, account=other, quantity=Decimal(7))),
        ),
    )
    async with app.run_test(size=(WIDTH, 8)) as pilot:
        await pilot.pause()
        rows = [line.removeprefix("▸").split() for line in lines_of(app)[2:4]]

    # The stop is that of the first account.
    assert [(row[0], row[1], row[2], row[-2:]) for row in rows] == [
        ("AAPL", f"…{first.account[-3:]}", "100", ["STP", "100"]),
        ("AAPL", "…321", "7", ["—", "—"]),
    ]


async def test_unknown_positions_are_not_flat() -> None:
    app = PaneApp(PositionsPane)
    async with app.run_test(size=(WIDTH, 8)) as pilot:
        await pilot.pause()
        app.apply(PositionsUpdated(positions=None), messages.PositionsUpdated())
        await until(pilot, lambda: "The broker has not said what is held." in lines_of(app)[2])
        assert "? not known yet" in lines_of(app)[0]

        app.apply(PositionsUpdated(positions=()), messages.PositionsUpdated())
        await until(pilot, lambda: "flat" in lines_of(app)[2])


async def test_orders_read_as_drawn() -> None:
    app = PaneApp(BlotterPane, sample.TROUBLE)
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.pause()
        lines = [line.split() for line in lines_of(app)]

    assert lines[1] == ["#", "SIDE", "QTY", "SYM", "TYPE", "PRICE", "FILLED", "STATE", "AGE", "NOTE"]
    assert lines[2] == [
        "▸",
        "#7",
        "BUY",
        "100",
        "NVDA",
        "LMT",
        "141.20",
        "0/100",
        "?",
        "UNKNOWN",
        "0:43",
        "no",
        "answer",
    ]
    assert lines[3] == ["#8", "SELL", "50", "TSLA", "LMT", "414.20", "0/50", "!", "HELD", "0:31", "locate"]
    assert lines[4] == ["#9", "BUY", "200", "SPY", "LMT", "597.90", "80/200", "PARTIAL", "0:12", "120", "left"]
    assert ["EXT", "SELL", "100", "AAPL", "STP", "—", "0/100", "WORKING", "4:10"] in lines
    assert lines[8][-4:] == ["FILLED", "—", "@", "232.50"]


async def test_live_orders_that_have_scrolled_away_are_counted() -> None:
    app = PaneApp(BlotterPane)
    async with app.run_test(size=(80, 4)) as pilot:
        await until(pilot, lambda: "3 live · 2 done" in lines_of(app)[0])
        grid = app.query_one(BlotterPane).grid
        assert "out of sight" not in lines_of(app)[0], "three rows, three live orders"

        grid.move_cursor(grid.row_keys[-1])
        await until(pilot, lambda: "3 live · 2 done · 2 live out of sight" in lines_of(app)[0])

        grid.move_cursor(grid.row_keys[0])
        await until(pilot, lambda: "out of sight" not in lines_of(app)[0])


async def test_a_long_fraction_leaves_the_total_to_its_own_column() -> None:
    order = sample.make_order(15, sample.EUR, "BUY 20000 EUR.USD LMT 1.08410", filled=10_000)
    app = PaneApp(BlotterPane, replace(sample.SNAPSHOT, orders=(order,)))
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.pause()
        row = lines_of(app)[2].split()

    assert row[3] == "20,000"
    assert row[7] == "10,000"


class CountingBlotter(BlotterPane):
    """Counts how often it is drawn."""

    drawn = 0

    def renew(self) -> None:
        self.drawn += 1
        super().renew()


async def test_a_flood_of_orders_is_drawn_once() -> None:
    app = PaneApp(CountingBlotter, replace(sample.SNAPSHOT, orders=()))
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.pause()
        pane = app.query_one(CountingBlotter)
        for number in range(1, 301):
            order = sample.make_order(number, sample.AMD, "BUY 1 AMD LMT 168.00")
            app.apply(OrderChanged(order=order), messages.OrderUpdated(order))
        await until(pilot, lambda: len(pane.grid.row_keys) == 300)

    assert pane.drawn < 10


STATES = [
    (OrderState.INTENT, 0, "SENDING…", "pending"),
    (OrderState.SENT, 0, "SENT…", "pending"),
    (OrderState.WORKING, 0, "WORKING", "working"),
    (OrderState.WORKING, 5, "PARTIAL", "partial"),
    (OrderState.UNKNOWN, 5, "? UNKNOWN", "unknown"),
    (OrderState.HELD, 0, "! HELD", "held"),
    (OrderState.FILLED, 10, "FILLED", "filled"),
    (OrderState.REJECTED, 0, "REJECTED", "refusal"),
    (OrderState.PRESUMED_NOT_PLACED, 0, "NOT PLACED", "ended"),
]


@pytest.mark.parametrize(("state", "filled", "word", "style"), STATES)
def test_every_state_has_a_word_and_a_style(state: OrderState, filled: int, word: str, style: str) -> None:
    assert state_cell(_order(state, filled)) == (word, style)


@pytest.mark.parametrize(
    ("state", "pending", "word", "style"),
    [
        (OrderState.WORKING, Pending.CANCEL, "CANCEL…", "pending"),
        (OrderState.WORKING, Pending.MODIFY, "MODIFY…", "pending"),
        (OrderState.UNKNOWN, Pending.CANCEL, "? UNKNOWN…", "unknown"),
        (OrderState.HELD, Pending.MODIFY, "! HELD…", "held"),
        (OrderState.FILLED, Pending.CANCEL, "FILLED", "filled"),
    ],
)
def test_a_request_under_way_never_hides_what_needs_attention(
    state: OrderState, pending: Pending, word: str, style: str
) -> None:
    assert state_cell(replace(_order(state, 0), pending=pending)) == (word, style)


def _order(state: OrderState, filled: int) -> Order:
    return sample.make_order(1, sample.AMD, "BUY 10 AMD LMT 168.00", state, filled=filled)


async def test_an_order_that_stands_till_cancelled_is_not_taken_for_one_of_the_day() -> None:
    stop = replace(sample.ORDERS[1], order_type=OrderType.STP_LMT, stop_price=Decimal("231.90"), tif=TimeInForce.GTC)
    trail = replace(
        sample.ORDERS[1],
        order_ref="trail",
        order_type=OrderType.TRAIL,
        limit_price=None,
        trail=Trail(percent=Decimal("2.0")),
        tif=TimeInForce.GTC,
    )
    shown = replace(sample.SNAPSHOT, orders=(stop, trail))
    lines = {}
    for width in (80, 130):
        async with (app := PaneApp(BlotterPane, shown)).run_test(size=(width, 10)) as pilot:
            await pilot.pause()
            lines[width] = lines_of(app)[2:4]

    assert all("GTC" in line for line in (*lines[80], *lines[130]))
    assert all(line.count("GTC") == 1 for line in lines[130])
    assert "231.90" in "".join(lines[130])
    assert "±2%" in "".join(lines[130])
