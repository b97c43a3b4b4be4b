"""Readings of the books: each list by name, at the right times, and what they find different."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from core.domain.connection import FarmStatus, LinkState
from core.domain.events import Reconciled, Severity
from core.domain.limits import Limits
from core.domain.orders import OrderState, Pending
from core.domain.reconciliation import Book, Difference, Reading
from core.domain.reports import ErrorClass, RequestKind
from core.errors import BrokerError, DeskError, RequestTimeoutError
from core.execution.comparing import FILLS_NAMED
from tests.execution.clockwork import START, jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import D, buy, completed, error, filled, open_order, ref, session_error, status
from tests.execution.rig import Rig, rig

ASKS = {
    Book.OPEN_ORDERS: "open_orders",
    Book.COMPLETED_ORDERS: "completed_orders",
    Book.EXECUTIONS: "executions",
    Book.POSITIONS: "positions",
}


def failing(book: Book, error: DeskError, times: int) -> Callable[[FakeBroker], None]:
    """A broker that does not bring one list to its end, so many times."""

    def prepare(broker: FakeBroker) -> None:
        real = getattr(broker, ASKS[book])
        left = [times]

        async def ask() -> object:
            if left[0]:
                left[0] -= 1
                raise error
            return await real()

        setattr(broker, ASKS[book], ask)

    return prepare


def last(desk: Rig) -> Reading:
    """The last reading that was told."""
    return [event.reading for event in desk.events if isinstance(event, Reconciled)][-1]


def differences(desk: Rig) -> list[Difference]:
    """Every difference that any reading told."""
    readings = [event.reading for event in desk.events if isinstance(event, Reconciled)]
    return [one for reading in readings for one in reading.differences]


@pytest.mark.row(46)
@pytest.mark.parametrize("book", Book)
@jumping
async def test_a_list_without_its_end_keeps_orders_back_is_named_and_is_read_again(book: Book) -> None:
    timeout = RequestTimeoutError(f"The gateway did not send the {book} within 10 s.")
    async with rig(ready=False, prepare=failing(book, timeout, 1)) as desk:
        await desk.until(lambda: bool(desk.connection.problem))

        assert desk.connection.state is LinkState.SYNCING
        assert desk.connection.problem == (
            f"Not reconciled ({book}): The gateway did not send the {book} within 10 s. Orders wait; cancels are sent."
        )
        assert last(desk).failed == (book,)
        assert not (await desk.place()).ok
        assert desk.broker.placed == []
        await desk.until_state(LinkState.READY)
        assert (last(desk).failed, last(desk).problem, desk.connection.problem) == ((), "", "")
        assert len(desk.broker.opened) == 1, "the connection was kept"


@pytest.mark.row(46)
@jumping
async def test_a_list_that_never_ends_has_the_connection_opened_again() -> None:
    error = RequestTimeoutError("The gateway did not send the list of fills within 10 s.")
    async with rig(ready=False, prepare=failing(Book.EXECUTIONS, error, 2)) as desk:
        await desk.until_state(LinkState.READY)

        assert len(desk.broker.opened) == 2


@pytest.mark.row(46)
@jumping
async def test_a_reading_that_fails_later_keeps_new_orders_back_and_lets_cancels_through() -> None:
    async with rig() as desk:
        await desk.working()
        desk.broker.book_open = [open_order()]
        desk.broker.book_error = BrokerError(321, "The API is read-only.")
        await desk.until(lambda: desk.connection.state is LinkState.SYNCING)

        assert not (await desk.place(buy(2))).ok
        assert (await desk.cancel()).ok
        assert desk.broker.cancelled == [1]
        assert desk.order().state is OrderState.WORKING, "nothing was concluded from a list that is missing"
        desk.broker.book_error = None
        await desk.until_state(LinkState.READY)


@jumping
async def test_the_books_are_read_every_minute_and_more_often_while_an_order_is_in_doubt() -> None:
    async with rig() as desk:
        before = desk.broker.readings
        await desk.pass_time(601)
        assert desk.broker.readings == before + 10
        assert last(desk).next_due is not None

        await desk.place()
        await desk.until(lambda: desk.order().state is OrderState.UNKNOWN)
        before = desk.broker.readings
        await desk.pass_time(150)
        assert before + 9 <= desk.broker.readings <= before + 11


@pytest.mark.row(29, 30)
@pytest.mark.parametrize("error_class", [ErrorClass.LINK_UP_DATA_LOST, ErrorClass.LINK_UP_DATA_KEPT])
@jumping
async def test_fills_in_a_gap_of_ibkrs_link_are_found_named_and_counted_once(error_class: ErrorClass) -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(session_error(1100, ErrorClass.LINK_DOWN))
        assert desk.connection.ibkr is FarmStatus.DOWN
        desk.broker.book_executions = [filled(live=False)]
        desk.say(session_error(1102, error_class))
        await desk.until(lambda: desk.connection.can_trade)

        assert (desk.order().state, desk.order().filled) == (OrderState.FILLED, D(100))
        found = [one for one in differences(desk) if one.where is Book.EXECUTIONS]
        assert [(one.what, one.ours, one.theirs, one.order_ref) for one in found] == [
            ("BUY 100 AAPL at 233.30", "nothing", "filled 15:00:00 UTC", ref(1))
        ]
        await desk.pass_time(120)
        assert len([one for one in differences(desk) if one.where is Book.EXECUTIONS]) == 1
        assert len(desk.executions()) == 1


@jumping
async def test_a_day_of_fills_that_core_did_not_know_is_counted_and_its_first_are_named() -> None:
    async with rig() as desk:
        await desk.working()
        fills = FILLS_NAMED + 7
        desk.broker.book_executions = [
            filled(f"0001.{number}.01", "1", order_ref="theirs", order_id=0, perm_id=5, client_id=0, live=False)
            for number in range(fills)
        ]
        desk.say(session_error(1102, ErrorClass.LINK_UP_DATA_KEPT))
        await desk.until(lambda: bool(last(desk).further))

        assert len(desk.executions()) == fills
        assert len([one for one in last(desk).differences if one.where is Book.EXECUTIONS]) == FILLS_NAMED
        assert last(desk).further == 7


@jumping
async def test_what_the_books_know_better_is_named() -> None:
    async with rig() as desk:
        await desk.working(buy(1))
        await desk.working(buy(2))
        desk.say(status(1, "Cancelled", perm_id=900_001))
        desk.broker.book_open = [
            open_order(),
            open_order(ref(2), order_id=2, perm_id=900_002, quantity="60"),
            open_order("theirs", perm_id=5, client_id=0, order_id=0),
        ]
        desk.broker.book_completed = [completed("other", perm_id=77)]
        desk.say(session_error(1102, ErrorClass.LINK_UP_DATA_KEPT))
        await desk.until(lambda: bool(differences(desk)))

        assert [(one.what, one.where, one.ours, one.theirs) for one in differences(desk)] == [
            ("#1 BUY 100 AAPL @ 233.33", Book.OPEN_ORDERS, "CANCELLED", "Submitted"),
            ("#2 BUY 60 AAPL @ 233.33", Book.OPEN_ORDERS, "BUY 100 AAPL @ 233.33", "BUY 60 AAPL @ 233.33"),
            ("EXT BUY 100 AAPL @ 233.33", Book.OPEN_ORDERS, "nothing", "Submitted"),
        ]


@jumping
async def test_agreement_is_no_difference() -> None:
    async with rig() as desk:
        await desk.working()
        desk.broker.book_open = [open_order()]
        await desk.pass_time(200)

        assert differences(desk) == []
        assert last(desk).counts == (
            (Book.OPEN_ORDERS, 1),
            (Book.COMPLETED_ORDERS, 0),
            (Book.EXECUTIONS, 0),
            (Book.POSITIONS, 0),
        )


@pytest.mark.row(31)
@jumping
async def test_a_link_that_flaps_alarms_once_and_resubscribes_seldom() -> None:
    async with rig(limits=Limits(breaker_failures=None)) as desk:
        for _ in range(100):
            desk.say(session_error(1100, ErrorClass.LINK_DOWN), session_error(1101, ErrorClass.LINK_UP_DATA_LOST))
            await desk.pass_time(0.1)
        await desk.until_state(LinkState.READY)

        assert [text for text in desk.told(Severity.ALARM) if "own link is down" in text] == desk.told(Severity.ALARM)
        assert len(desk.told(Severity.ALARM)) == 1
        assert len(desk.broker.dropped) <= 2 * 5, "two instruments, at most every three seconds"


@jumping
async def test_a_login_used_elsewhere_is_said_aloud_and_touches_nothing() -> None:
    async with rig() as desk:
        await desk.working()
        before = desk.order()
        for kind in (RequestKind.MARKET_DATA, RequestKind.CONNECTION, RequestKind.MARKET_DATA):
            desk.say(error(7, 10197, ErrorClass.COMPETING_SESSION, kind=kind))

        (told,) = desk.told()
        assert told.startswith("Market data has stopped: this login is in use elsewhere")
        assert told.endswith("[10197]")
        assert desk.order() == before
        assert desk.connection.can_trade


@pytest.mark.row(59)
@pytest.mark.parametrize(
    ("start", "reaches"),
    [(START + timedelta(hours=13), True), (START + timedelta(hours=14, minutes=5), False)],
)
@jumping
async def test_a_doubt_from_before_midnight_stays_one_and_says_that_the_lists_do_not_reach_back(
    start: datetime, reaches: bool
) -> None:
    """START is 10:00 in New York."""
    async with rig() as first:
        await first.place()
        rows = list(first.journal.rows)

    async with rig(entries=rows, start=start) as desk:
        await desk.pass_time(600)

        order = desk.order()
        assert (order.state, order.remaining) == (OrderState.UNKNOWN, D(100))
        assert ("sent before midnight: IBKR's lists no longer reach back" in order.note) is not reaches
        assert desk.broker.placed == []


@pytest.mark.covers("D1.6")
@pytest.mark.parametrize("asked", [Pending.MODIFY, Pending.CANCEL])
@jumping
async def test_a_change_or_cancel_that_nobody_answers_is_looked_up_and_never_sent_again(asked: Pending) -> None:
    async with rig() as desk:
        await desk.working()
        if asked is Pending.MODIFY:
            await desk.modify(price="233.00")
        else:
            await desk.cancel()
        desk.broker.book_open = [open_order()]
        frames = list(desk.trace)
        await desk.until(lambda: desk.order().pending is Pending.NONE)

        order = desk.order()
        assert (order.state, order.limit_price) == (OrderState.WORKING, D("233.33"))
        what = "change" if asked is Pending.MODIFY else "cancel"
        assert order.note == f"the {what} that nobody answered was not made"
        assert desk.trace == frames


@pytest.mark.covers("D1.6")
@pytest.mark.row(44)
@jumping
async def test_an_order_that_nobody_answers_is_unknown_in_time_and_never_refused_or_sent_again() -> None:
    async with rig() as desk:
        await desk.place()
        await desk.pass_time(9)
        assert desk.order().state is OrderState.SENT
        await desk.pass_time(2)
        assert desk.order().state is OrderState.UNKNOWN
        await desk.pass_time(3600)

        assert desk.states() == ["INTENT", "SENT", "UNKNOWN"]
        assert len(desk.broker.placed) == 1
