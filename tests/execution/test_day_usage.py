"""What a day has used where a time is wrong: another day is counted besides, and none is lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from core.domain.entries import Entry, FactRecorded, Intent, ScriptEnabled
from core.domain.events import ExecutionAdded
from core.domain.usage import Usage
from core.execution.day_usage import DayUsage
from core.risk.behaviour import Day
from tests.execution.clockwork import START
from tests.execution.reports import filled
from tests.journal.values import order, request

TOMORROW, LATER = START + timedelta(days=1), START + timedelta(days=2)
AHEAD = START + timedelta(days=30)
ACCOUNT = request(1).account


def sent(number: int, time: datetime) -> Intent:
    """An order of the script runner, which adds 10 to the day's value."""
    made = replace(order(number), created=time, changed=time)
    return Intent(order=made, request=request(number), script="runner", value=Decimal(10))


def traded(number: int, time: datetime) -> FactRecorded:
    """One execution of an order of ours."""
    execution = filled(f"{number}.01", order_id=number).execution
    made = replace(execution, account=ACCOUNT, order_ref=order(number).order_ref, time=time)
    return FactRecorded(fact=ExecutionAdded(execution=made))


def counted(*entries: Entry) -> DayUsage:
    """All of them counted, and each time written down and read back."""
    usage = DayUsage()
    for entry in entries:
        usage.apply(entry)
        read_back = msgspec.json.decode(msgspec.json.encode(usage.recorded()), type=Usage)
        assert read_back == usage.recorded() == DayUsage(read_back).recorded() == usage.copy().recorded()
    return usage


def used(orders: int, trades: int = 0) -> Day:
    """So much of a day, each order worth 10."""
    return Day(orders=orders, trades=trades, value=Decimal(10 * orders))


def test_an_execution_that_is_dated_ahead_takes_nothing_from_today() -> None:
    usage = counted(sent(1, START), traded(1, TOMORROW), sent(2, START), traded(2, START))

    assert usage.of(ACCOUNT, START) == used(2, trades=1)
    assert usage.fired("runner", request(3), START) == 2
    assert usage.of(ACCOUNT, TOMORROW) == used(0, trades=1)
    assert usage.recorded().day == START.date()


def test_a_fill_counts_on_a_day_on_which_nothing_was_sent() -> None:
    assert counted(sent(1, START), traded(1, TOMORROW)).of(ACCOUNT, TOMORROW) == used(0, trades=1)


def test_a_clock_that_ran_ahead_and_was_put_right_takes_nothing_from_today_nor_from_the_days_after() -> None:
    usage = counted(sent(1, START), traded(1, START), sent(2, AHEAD), sent(3, START))
    assert usage.of(ACCOUNT, START) == used(2, trades=1)
    assert usage.fired("runner", request(4), START) == 2

    for number, day in ((4, TOMORROW), (5, LATER), (6, LATER)):
        usage.apply(sent(number, day))
    assert usage.of(ACCOUNT, TOMORROW) == used(1)
    assert usage.of(ACCOUNT, LATER) == used(2)
    assert usage.of(ACCOUNT, AHEAD) == used(0), "two days are kept"


def test_a_script_that_is_enabled_begins_anew_on_every_day() -> None:
    usage = counted(
        sent(1, AHEAD), sent(2, START), ScriptEnabled(script="runner", client="desk", time=START), sent(3, START)
    )

    assert usage.fired("runner", request(4), START) == 1
    assert usage.fired("runner", request(4), AHEAD) == 0
