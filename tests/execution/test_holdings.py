"""Positions and fills: what no fill explains is named, and no fill is made up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from core.domain.entries import Entry, PositionsRead
from core.domain.events import Severity
from core.domain.instruments import SecType
from core.domain.orders import OrderState
from core.domain.reconciliation import Book
from tests.execution.clockwork import START, jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import AAPL, TSLA, D, buy, filled, open_order, position, ref, status
from tests.execution.rig import Rig, rig

SURPRISE = (
    "IBKR holds 150 AAPL in DU…567; by the fills that are known it would be 100. +50 came without a fill: an "
    "assignment, a split, a transfer, or a fill that IBKR's lists no longer show. Look into TWS."
)


def holding(*quantities: str) -> Callable[[FakeBroker], None]:
    """A broker that holds AAPL."""
    return lambda broker: broker.book_positions.extend(position(quantity) for quantity in quantities)


async def read_twice(desk: Rig) -> None:
    """Two further readings of the books."""
    readings = desk.broker.readings
    await desk.until(lambda: desk.broker.readings >= readings + 2)
    await desk.pass_time(1)


def executions(desk: Rig) -> int:
    """Fills that core knows."""
    return len(desk.snapshot.executions)


@pytest.mark.row(58)
@jumping
async def test_a_position_that_changed_without_a_fill_is_named_once_and_no_fill_is_invented() -> None:
    async with rig(prepare=holding("100")) as desk:
        desk.broker.book_positions = [position("150")]
        await read_twice(desk)

        assert desk.told(Severity.ALARM) == [SURPRISE]
        reading = desk.snapshot.reading
        assert reading is not None
        assert [(one.what, one.where, one.ours, one.theirs) for one in reading.differences] == [
            ("position AAPL", Book.POSITIONS, "100", "150")
        ]
        assert executions(desk) == 0
        await read_twice(desk)
        assert desk.told(Severity.ALARM) == [SURPRISE], "told once"


@pytest.mark.row(58)
@jumping
async def test_a_position_that_vanished_is_named_too() -> None:
    async with rig(prepare=holding("100")) as desk:
        desk.broker.book_positions = []
        await read_twice(desk)

        (told,) = desk.told(Severity.ALARM)
        assert told.startswith("IBKR holds 0 AAPL in DU…567; by the fills that are known it would be 100. -100 came")


@jumping
async def test_what_fills_explain_is_no_surprise() -> None:
    async with rig(prepare=holding("100")) as desk:
        await desk.working()
        desk.say(filled(quantity="40"), filled("0002.01.01", "10"), filled("0001.01.02", "30"))
        desk.broker.book_positions = [position("140")]
        desk.broker.book_open = [open_order()]
        await read_twice(desk)

        assert not [text for text in desk.told(Severity.ALARM) if text.startswith("IBKR holds")]


@jumping
async def test_one_reading_between_a_fill_and_its_position_names_nothing() -> None:
    async with rig(prepare=holding("100")) as desk:
        await desk.working()
        desk.broker.book_open = [open_order()]
        desk.broker.book_positions = [position("130")]
        readings = desk.broker.readings
        await desk.until(lambda: desk.broker.readings > readings)
        desk.say(filled(quantity="30"))
        await read_twice(desk)

        assert desk.told(Severity.ALARM) == []


@jumping
async def test_the_first_reading_of_all_is_where_it_begins() -> None:
    async with rig(prepare=holding("100")) as desk:
        await read_twice(desk)

        assert desk.told(Severity.ALARM) == []
        (row,) = [row for row in desk.journal.rows if isinstance(row, PositionsRead)]
        assert [quantity for _, _, quantity in row.held] == [D(100)]


async def a_day(quantity: str = "100") -> Sequence[Entry]:
    """The journal of a run that read a position and heard a fill of 20 behind it."""
    async with rig(prepare=holding(quantity)) as desk:
        await desk.working(buy(1, quantity="20"))
        desk.say(filled(quantity="20"))
        return list(desk.journal.rows)


@pytest.mark.row(58)
@pytest.mark.parametrize(("theirs", "told"), [("120", 0), ("170", 1)])
@jumping
async def test_a_later_run_goes_on_from_what_the_journal_says(theirs: str, told: int) -> None:
    async with rig(entries=await a_day(), start=START + timedelta(days=3), prepare=holding(theirs)) as desk:
        await read_twice(desk)

        assert len(desk.told(Severity.ALARM)) == told
        assert executions(desk) == 0, "the fill of an earlier day is not shown again"


@pytest.mark.row(58)
@jumping
async def test_fills_that_a_later_run_is_told_of_count_once() -> None:
    news = [
        filled(quantity="20", live=False),
        filled("0007.01.01", "5", order_ref="", order_id=0, perm_id=7, client_id=0, live=False),
    ]

    def prepare(broker: FakeBroker) -> None:
        broker.book_positions.append(position("125"))
        broker.book_executions.extend(news)

    async with rig(entries=await a_day(), start=START + timedelta(minutes=5), prepare=prepare) as desk:
        await read_twice(desk)

        assert desk.told(Severity.ALARM) == []


@pytest.mark.row(40)
@jumping
async def test_a_fill_of_an_order_that_ended_on_an_earlier_day_counts_and_alarms() -> None:
    async with rig() as first:
        await first.working()
        await first.cancel()
        first.say(status(1, "Cancelled"))
        rows = list(first.journal.rows)

    later = START + timedelta(days=1)
    async with rig(entries=rows, start=later) as desk:
        assert ref(1) not in {order.order_ref for order in desk.snapshot.orders}, "yesterday's is not shown"
        desk.say(filled(time=later))

        assert (desk.order().state, desk.order().filled) == (OrderState.FILLED, D(100))
        assert desk.told(Severity.ALARM) == ["#1 BUY 100 AAPL @ 233.33: filled 100 after it was cancelled."]


@jumping
async def test_other_instruments_are_judged_by_themselves() -> None:
    async with rig(prepare=holding("100")) as desk:
        desk.broker.book_positions = [position("100"), position("-5", instrument=TSLA)]
        await read_twice(desk)

        (told,) = desk.told(Severity.ALARM)
        assert told.startswith("IBKR holds -5 TSLA")


@jumping
async def test_a_currency_pair_is_cash_and_no_position() -> None:
    pair = replace(AAPL, con_id=12087792, symbol="EUR", sec_type=SecType.CASH)

    def trades(broker: FakeBroker) -> None:
        broker.instruments[pair.con_id] = pair
        broker.book_positions.append(position("0", instrument=pair))

    async with rig(prepare=trades) as desk:
        fill = filled("0009.01.01", "20000", order_ref="", order_id=0, perm_id=9)
        desk.say(replace(fill, execution=replace(fill.execution, con_id=pair.con_id)))
        await read_twice(desk)
        await read_twice(desk)

        assert desk.told(Severity.ALARM) == []
