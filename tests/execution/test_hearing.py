"""What the broker says, in the orders and disorders in which it says it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.entries import Heard
from core.domain.events import ConnectionChanged, ExecutionAdded, OrderChanged, Severity
from core.domain.orders import OrderState
from core.domain.reports import (
    ErrorClass,
    Report,
    RequestKind,
)
from tests.execution.clockwork import jumping
from tests.execution.reports import (
    D,
    buy,
    commission,
    completed,
    error,
    filled,
    open_order,
    session_error,
    status,
)
from tests.execution.rig import rig


@jumping
async def test_an_order_from_its_first_word_to_its_commission() -> None:
    async with rig() as desk:
        await desk.place()
        desk.say(open_order(word="PreSubmitted"), status(1, "PreSubmitted"))
        desk.say(status(1), filled("0001.01.01", "40"), status(1))
        desk.say(filled("0002.01.01", "60", price="233.40"), status(1, "Filled"), open_order(word="Filled"))
        desk.say(commission("0001.01.01", "0.40"), commission("0002.01.01", "0.60"))

        order = desk.order()
        assert desk.states() == ["INTENT", "SENT", "WORKING", "FILLED"]
        assert (order.filled, order.average_price, order.perm_id) == (D(100), D("233.36"), 900_001)
        assert [fill.commission for fill in desk.snapshot.executions] == [D("0.40"), D("0.60")]
        assert desk.told() == []


@jumping
async def test_filled_says_a_status_and_only_executions_prove_it() -> None:
    async with rig() as desk:
        await desk.place()

        desk.say(status(1, "Filled"))
        assert (desk.order().state, desk.order().filled) == (OrderState.SENT, D(0))
        desk.broker.book_executions = [filled(live=False)]
        await desk.until(lambda: desk.order().state is OrderState.FILLED)

        assert desk.order().filled == 100


@jumping
async def test_executions_without_any_status_fill() -> None:
    async with rig() as desk:
        await desk.place()
        desk.say(filled(quantity="30"))
        assert (desk.order().state, desk.order().remaining) == (OrderState.WORKING, D(70))
        desk.say(filled("0002.01.01", "70"))

        assert desk.order().state is OrderState.FILLED


@jumping
async def test_a_late_status_does_not_reopen_a_filled_order() -> None:
    async with rig() as desk:
        await desk.place()
        desk.say(filled())

        desk.say(status(1), status(1, "PreSubmitted"), status(1, "Cancelled"), open_order())

        assert (desk.order().state, desk.order().filled) == (OrderState.FILLED, D(100))


@pytest.mark.row(37, 38)
@pytest.mark.covers("D2.1")
@given(st.data())
def test_repeated_and_reordered_news_end_the_same(data: st.DataObject) -> None:
    news: list[Report] = [
        open_order(),
        status(1, "PreSubmitted"),
        status(1),
        filled("0001.01.01", "40"),
        filled("0001.01.02", "50"),
        filled("0002.01.01", "50"),
        status(1, "Filled"),
        completed(word="Filled"),
    ]
    repeats = data.draw(st.lists(st.sampled_from(news), max_size=6))
    order = data.draw(st.permutations(news + repeats))

    @jumping
    async def play() -> None:
        async with rig() as desk:
            await desk.place()
            for report in order:
                desk.say(report)
            assert (desk.order().state, desk.order().filled) == (OrderState.FILLED, D(100))
            assert sum(fill.quantity for fill in desk.snapshot.executions) == 100

    play()


@jumping
async def test_a_correction_replaces_what_it_corrects() -> None:
    async with rig() as desk:
        await desk.place()
        desk.say(filled("0001.01.01", "40"), commission("0001.01.01"))

        desk.say(filled("0001.01.02", "60", price="233.00"))

        (execution,) = desk.snapshot.executions
        assert (execution.exec_id, execution.commission) == ("0001.01.02", None)
        assert (desk.order().filled, desk.order().average_price) == (D(60), D("233.00"))
        desk.say(filled("0001.01.01", "40"), commission("0001.01.01"))
        assert desk.snapshot.executions == (execution,), "the first report comes too late"


@pytest.mark.row(41)
@pytest.mark.parametrize("left", ["60", "0"])
@jumping
async def test_a_fill_that_is_taken_back_alarms(left: str) -> None:
    async with rig() as desk:
        await desk.place()
        desk.say(filled())

        desk.say(filled("0001.01.02", left))

        assert desk.order().filled == D(left)
        assert desk.told(Severity.ALARM) == [
            f"#1 BUY 100 AAPL @ 233.33: IBKR corrected its fills from 100 to {left}. Check the position in TWS."
        ]


@jumping
async def test_too_much_filled_alarms() -> None:
    async with rig() as desk:
        await desk.place()

        desk.say(filled(), filled("0002.01.01", "30"))

        assert (desk.order().state, desk.order().filled, desk.order().remaining) == (OrderState.FILLED, D(130), D(0))
        assert desk.told(Severity.ALARM) == [
            "OVERFILL: #1 BUY 100 AAPL @ 233.33 filled 130 of 100, 30 too many. Look into TWS.",
            "Only reducing orders are sent from now on: "
            "OVERFILL: #1 BUY 100 AAPL @ 233.33 filled 130 of 100, 30 too many. Look into TWS.",
        ]


@pytest.mark.parametrize(
    ("end", "quantity", "state"),
    [
        (status(1, "Cancelled"), "100", OrderState.FILLED),
        (status(1, "Cancelled"), "40", OrderState.CANCELLED),
        (error(1, 201, ErrorClass.REJECTED), "100", OrderState.FILLED),
        (error(1, 201, ErrorClass.REJECTED), "40", OrderState.UNKNOWN),
    ],
)
@jumping
async def test_a_late_fill_always_wins_and_alarms(end: Report, quantity: str, state: OrderState) -> None:
    async with rig() as desk:
        await desk.place()
        desk.say(end)
        was = desk.order().state.lower()

        desk.say(filled(quantity=quantity))

        assert (desk.order().state, desk.order().filled) == (state, D(quantity))
        assert desk.told(Severity.ALARM) == [f"#1 BUY 100 AAPL @ 233.33: filled {quantity} after it was {was}."]


@pytest.mark.row(51)
@jumping
async def test_a_refused_order() -> None:
    async with rig() as desk:
        await desk.place()

        desk.say(error(1, 201, ErrorClass.REJECTED, text="needs 48,200 margin of U1234567, you have 31,900"))
        desk.say(status(1, "Inactive"), completed(word="Inactive"))

        order = desk.order()
        assert (order.state, order.code) == (OrderState.REJECTED, 201)
        assert order.note == "needs 48,200 margin of U…567, you have 31,900"
        assert desk.told() == [
            "IBKR refused #1 BUY 100 AAPL @ 233.33: needs 48,200 margin of U…567, you have 31,900 [201]"
        ]


@pytest.mark.row(51)
@jumping
async def test_inactive_alone_is_held_not_rejected() -> None:
    async with rig() as desk:
        await desk.place()

        desk.say(status(1, "Inactive"))
        assert (desk.order().state, desk.order().remaining) == (OrderState.HELD, D(100))
        desk.say(status(1))
        assert desk.order().state is OrderState.WORKING
        desk.say(status(1, "PreSubmitted", why="locate"))
        assert (desk.order().state, desk.order().note) == (OrderState.HELD, "locate")


@pytest.mark.row(51)
@jumping
async def test_a_hold_by_code() -> None:
    async with rig() as desk:
        await desk.place()

        desk.say(error(1, 404, ErrorClass.HELD, text="Shares for this order are not immediately available"))
        assert (desk.order().state, desk.order().code) == (OrderState.HELD, 404)
        desk.say(status(1))

        order = desk.order()
        assert (order.state, order.note, order.code) == (OrderState.WORKING, "", None)


@jumping
async def test_a_fill_of_a_part_keeps_a_refusal_from_ending_the_order() -> None:
    async with rig() as desk:
        await desk.place()
        desk.say(filled(quantity="40"))
        readings = desk.broker.readings

        desk.say(error(1, 201, ErrorClass.REJECTED))

        assert desk.order().state is OrderState.WORKING
        await desk.until(lambda: desk.broker.readings > readings)


@jumping
async def test_an_order_that_is_open_although_a_code_had_ended_it_counts_again() -> None:
    async with rig() as desk:
        await desk.place()
        desk.say(error(1, 110, ErrorClass.REJECTED))
        desk.broker.book_open = [open_order()]

        desk.say(open_order())
        assert (desk.order().state, desk.order().remaining) == (OrderState.UNKNOWN, D(100))
        await desk.until(lambda: desk.order().state is OrderState.WORKING)

        assert len(desk.told(Severity.ALARM)) == 1


@pytest.mark.parametrize("kind", [RequestKind.NEW_ORDER, RequestKind.UNKNOWN])
@jumping
async def test_codes_in_no_table_change_nothing_and_are_told(kind: RequestKind) -> None:
    async with rig() as desk:
        await desk.working()
        readings = desk.broker.readings
        desk.broker.book_open = [open_order()]

        desk.say(error(1, 9999, ErrorClass.UNLISTED, kind=kind))

        assert desk.order().state is OrderState.WORKING
        assert desk.told() == ["IBKR about #1 BUY 100 AAPL @ 233.33: the reason [9999]"]
        await desk.until(lambda: desk.broker.readings > readings)


@jumping
async def test_an_ambiguous_answer_to_a_new_order_is_unknown_at_once() -> None:
    async with rig() as desk:
        await desk.place()

        desk.say(error(1, 10328, ErrorClass.AMBIGUOUS))

        assert desk.order().state is OrderState.UNKNOWN


@pytest.mark.parametrize("error_class", [ErrorClass.INFO, ErrorClass.DATA_ONLY])
@jumping
async def test_codes_that_mean_nothing_for_an_order(error_class: ErrorClass) -> None:
    async with rig() as desk:
        await desk.working()
        before = desk.order()

        desk.say(error(1, 10349, error_class))

        assert desk.order() == before
        assert desk.told() == []


@jumping
async def test_a_warning_is_shown_on_the_order() -> None:
    async with rig() as desk:
        await desk.working()

        desk.say(error(1, 399, ErrorClass.WARNING, text="held until the open"))

        order = desk.order()
        assert (order.state, order.note, order.code) == (OrderState.WORKING, "held until the open", 399)


@jumping
async def test_an_unknown_status_changes_nothing_and_is_told_once() -> None:
    async with rig() as desk:
        await desk.working()

        desk.say(status(1, "Dreaming"), status(1, "Dreaming"))

        assert desk.order().state is OrderState.WORKING
        assert desk.told() == ["#1 BUY 100 AAPL @ 233.33: unknown status 'Dreaming'."]


@jumping
async def test_a_contradiction_that_every_reading_repeats_is_told_once() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(status(1, "Cancelled"))
        desk.broker.book_open = [open_order()]

        desk.say(open_order())
        readings = desk.broker.readings
        await desk.until(lambda: desk.broker.readings > readings)
        await desk.pass_time(30)

        assert desk.order().state is OrderState.CANCELLED
        assert desk.told() == [
            "#1 BUY 100 AAPL @ 233.33 was cancelled outside ibdesk: in TWS, or by IBKR.",
            "#1 BUY 100 AAPL @ 233.33: the broker reports accepted after cancelled; the state stays.",
        ]
        assert desk.broker.readings == readings + 1


@jumping
async def test_everything_about_orders_is_recorded_before_it_is_concluded() -> None:
    async with rig() as desk:
        await desk.place()
        head = len(desk.journal.rows)
        reports: list[Report] = [status(1), filled(quantity="40")]

        desk.say(*reports)

        rows = desk.journal.rows[head:]
        assert rows[:2] == [Heard(report=report) for report in reports]
        assert not any(isinstance(row, Heard) for row in rows[2:])


@jumping
async def test_facts_come_out_in_the_order_of_the_wire() -> None:
    """The status belongs before the loss of the link that follows it in the same read."""
    async with rig() as desk:
        await desk.place()
        begin = len(desk.events)

        desk.say(status(1, "Filled"), session_error(1100, ErrorClass.LINK_DOWN), filled())

        facts = [
            event
            for event in desk.events[begin:]
            if isinstance(event, (OrderChanged, ConnectionChanged, ExecutionAdded))
        ]
        told = [event.order.state.value if isinstance(event, OrderChanged) else type(event).__name__ for event in facts]
        assert told == ["SENT", "ConnectionChanged", "ExecutionAdded", "FILLED"]


@jumping
async def test_errors_about_ids_that_nobody_used() -> None:
    async with rig() as desk:
        desk.say(error(555, 200, ErrorClass.REJECTED, kind=RequestKind.NEW_ORDER))
        desk.say(error(556, 200, ErrorClass.REJECTED, kind=RequestKind.UNKNOWN))
        desk.say(error(557, 200, ErrorClass.REJECTED, kind=RequestKind.QUERY))
        desk.say(error(558, 354, ErrorClass.DATA_ONLY, kind=RequestKind.MARKET_DATA))

        assert desk.told() == ["IBKR about order id 555, unknown here: the reason [200]"]


@jumping
async def test_nothing_is_said_twice() -> None:
    async with rig() as desk:
        await desk.working(buy())
        desk.say(filled(quantity="40"), commission())
        begin = len(desk.envelopes)

        desk.say(status(1), open_order(), filled(quantity="40"), filled(quantity="40", live=False), commission())

        assert desk.envelopes[begin:] == []
