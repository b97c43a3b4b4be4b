"""What-ifs on the wire: no order leaves as one, none of them as an order, and nothing they bring reaches the book."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from ib_async.order import Order

from core.broker.adapter import IbBroker
from core.broker.orders import check_flag
from core.broker.outgoing import UnsendableError
from core.broker.pacer import Lane, Outgoing
from core.clock import LoopClock
from core.domain.connection import Endpoint, Mode
from core.domain.orders import OrderType
from core.domain.reports import ErrorReport, OpenOrderReport, OrderStatusReport, Report, RequestKind
from core.domain.what_ifs import Shift, WhatIf
from core.errors import BrokerError, NotConnectedError, RequestTimeoutError
from core.ports import Approved, ConnectPermit, Preview
from core.practice.server import GatewayOptions, PracticeGateway
from core.practice.tables import Record, Value
from core.practice.tables_order import PLACE_ORDER
from tests.broker.frames import UNSET, order, status
from tests.broker.scripted import AAPL, PATIENCE, Desk, Ear, approved, connected, frame, request

D = Decimal
ORDER_REPORTS = (OpenOrderReport, OrderStatusReport)
SAID: dict[str, Value] = {
    "whatIf": True,
    "status": "PreSubmitted",
    "initMarginBefore": "1000.00",
    "initMarginChange": "7000.25",
    "initMarginAfter": "8000.25",
    "maintMarginBefore": "900",
    "maintMarginChange": "6000",
    "maintMarginAfter": "6900",
    "equityWithLoanBefore": "100000",
    "equityWithLoanChange": "-1",
    "equityWithLoanAfter": "99999",
    "minCommission": D("0.9"),
    "maxCommission": D("1.3"),
    "commissionCurrency": "USD",
    "warningText": "Mind the\x07 gap",
}


def preview() -> Preview:
    """A question about 100 AAPL."""
    return Preview(request(), AAPL)


def frames(desk: Desk) -> list[Record]:
    """Every placeOrder frame that came to the gateway."""
    return [PLACE_ORDER.decode(fields) for fields in desk.peer.seen if fields[0] == "3"]


async def asked(desk: Desk, count: int = 1) -> int:
    """Wait for the next what-if at the gateway; its id."""
    await desk.peer.wait_for(lambda: len([fields for fields in desk.peer.seen if fields[0] == "3"]) >= count)
    return frames(desk)[-1].integer("orderId")


@asynccontextmanager
async def asking(desk: Desk) -> AsyncIterator[tuple[asyncio.Task[WhatIf], int]]:
    """A what-if that is at the gateway: its task and its id."""
    task = asyncio.create_task(desk.broker.what_if(preview()))
    order_id = await asked(desk, len(frames(desk)) + 1)
    try:
        yield task, order_id
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def after(desk: Desk, *said: bytes) -> list[Report]:
    """What the listener was told once the gateway has said these, and one report behind them."""
    before = len(desk.ear.reports)
    desk.peer.send(*said, frame(4, 2, -1, 2104, "farm", ""))
    await desk.ear.wait_for(lambda: len(desk.ear.reports) > before)
    return [report for report in desk.ear.reports[before:] if not _is_marker(report)]


def _is_marker(report: Report) -> bool:
    return isinstance(report, ErrorReport) and report.code == 2104


@pytest.mark.row(69)
async def test_the_frame_is_that_of_the_order_with_the_flag() -> None:
    async with connected() as desk:
        await desk.broker.place(approved(request()), desk.broker.take_order_id(), modify=False)
        async with asking(desk):
            placed, what_if = frames(desk)

        assert {name for name in placed if placed[name] != what_if[name]} == {"orderId", "whatIf"}
        assert (placed.flag("whatIf"), what_if.flag("whatIf"), what_if.flag("transmit")) == (False, True, True)
        assert what_if.integer("orderId") == placed.integer("orderId") + 1


async def test_the_answer_is_given_to_whoever_asked_and_to_nobody_else() -> None:
    async with connected() as desk, asking(desk) as (task, order_id):
        told = await after(desk, order(orderId=order_id, **SAID), status(orderId=order_id, status="PreSubmitted"))
        answer = await task

        assert told == []
        assert answer.initial == Shift(before=D("1000.00"), change=D("7000.25"), after=D("8000.25"))
        assert answer.maintenance == Shift(before=D(900), change=D(6000), after=D(6900))
        assert answer.equity == Shift(before=D(100000), change=D(-1), after=D(99999))
        assert (answer.commission, answer.commission_min, answer.commission_max) == (None, D("0.9"), D("1.3"))
        assert (answer.commission_currency, answer.warning) == ("USD", "Mind the gap")


@pytest.mark.parametrize("missing", ["", UNSET, "N/A", "NaN", "9" * 50])
async def test_a_figure_that_is_none_is_unknown_and_breaks_nothing(missing: str) -> None:
    async with connected() as desk, asking(desk) as (task, order_id):
        told = await after(desk, order(orderId=order_id, **(SAID | {"initMarginAfter": missing})))

        assert told == []
        assert (await task).initial.after is None
        assert desk.broker.bad_frames == 0


@pytest.mark.row(69)
async def test_a_second_answer_and_a_late_one_reach_nobody() -> None:
    async with connected(query_deadline=0.05) as desk:
        async with asking(desk) as (task, order_id):
            assert await after(desk, order(orderId=order_id, **SAID), order(orderId=order_id, **SAID)) == []
            await task
            assert await after(desk, order(orderId=order_id, **SAID)) == []
        async with asking(desk) as (task, order_id):
            with pytest.raises(RequestTimeoutError, match="margin is unknown"):
                await task
            late = (
                order(orderId=order_id, **SAID),
                status(orderId=order_id),
                frame(4, 2, order_id, 201, "Order rejected - reason:margin", ""),
                frame(4, 2, order_id, 4711, "no such code", ""),
            )
            assert await after(desk, *late) == []


@pytest.mark.parametrize("code", [201, 321, 103, 4711, 202])
async def test_a_refusal_ends_the_question_and_is_told_to_nobody_else(code: int) -> None:
    async with connected() as desk, asking(desk) as (task, order_id):
        assert await after(desk, frame(4, 2, order_id, code, "Not with this account", "")) == []
        with pytest.raises(BrokerError, match=rf"Not with this account \[{code}\]"):
            await task


async def test_a_warning_stands_with_the_answer() -> None:
    async with connected() as desk, asking(desk) as (task, order_id):
        held = frame(4, 2, order_id, 399, "Not before 09:30", "")
        assert await after(desk, held, order(orderId=order_id, **SAID)) == []

        assert (await task).warning == "Not before 09:30 [399] Mind the gap"


@pytest.mark.row(69)
async def test_an_order_that_came_of_a_what_if_is_an_order_and_an_alarm() -> None:
    async with connected() as desk, asking(desk) as (task, order_id):
        told = await after(desk, order(orderId=order_id), status(orderId=order_id))

        assert [type(report).__name__ for report in told] == ["ErrorReport", "OpenOrderReport", "OrderStatusReport"]
        alarm, known, _ = told
        assert isinstance(alarm, ErrorReport)
        assert isinstance(known, OpenOrderReport)
        assert (alarm.kind, known.order_id) == (RequestKind.CONNECTION, order_id)
        assert "was only asked about" in alarm.text
        with pytest.raises(BrokerError):
            await task


async def test_a_lost_connection_leaves_the_answer_unknown() -> None:
    async with connected() as desk, asking(desk) as (task, _):
        desk.peer.hang_up()
        with pytest.raises(NotConnectedError):
            await task
        with pytest.raises(NotConnectedError):
            await desk.broker.what_if(preview())


@pytest.mark.row(69)
@pytest.mark.parametrize("flag", [True, False])
def test_row_69_a_flag_that_is_not_what_the_token_allows_stops_the_frame(flag: bool) -> None:
    tokens = (preview(), approved(request()))
    right, wrong = tokens if flag else tokens[::-1]

    check_flag(Order(whatIf=flag), right)
    with pytest.raises(UnsendableError, match="Nothing was sent"):
        check_flag(Order(whatIf=flag), wrong)


@pytest.mark.row(69)
async def test_row_69_a_token_of_the_other_kind_sends_nothing() -> None:
    async with connected() as desk:
        session = desk.broker._session
        assert session is not None
        assert session.orders is not None
        for token, kind in ((preview(), RequestKind.NEW_ORDER), (approved(request()), RequestKind.WHAT_IF)):
            for flag in (True, False):
                with pytest.raises(UnsendableError, match="Nothing was sent"):
                    await session.orders._write(token, Order(whatIf=flag), 99, kind)
        for token, kind, flag in (
            (preview(), RequestKind.WHAT_IF, False),
            (approved(request()), RequestKind.NEW_ORDER, True),
            (approved(request()), RequestKind.MODIFY, True),
        ):
            with pytest.raises(UnsendableError, match="Nothing was sent"):
                await session.orders._write(token, Order(whatIf=flag), 99, kind)
        await desk.broker.cancel(5)
        await desk.peer.message(4)

        assert frames(desk) == []


async def test_a_what_if_waits_behind_everything_and_is_taken_back_when_nobody_waits() -> None:
    async with connected(messages_per_second=10, query_deadline=0.2) as desk:
        pacer = desk.broker._pacer
        for _ in range(20):
            pacer.submit(Lane.QUERY, Outgoing(frame(49, 1)))
        waiting = pacer.waiting
        task = asyncio.create_task(desk.broker.what_if(preview()))
        placing = desk.broker.place(approved(request()), desk.broker.take_order_id(), modify=False)
        with pytest.raises(RequestTimeoutError):
            await task

        assert pacer.waiting == waiting + 1
        await placing
        await desk.peer.message(3)
        assert [sent.flag("whatIf") for sent in frames(desk)] == [False]


@pytest.mark.row(69)
async def test_row_69_the_practice_gateway_says_the_margin_and_keeps_no_order() -> None:
    async with PracticeGateway(GatewayOptions(seed=7)) as gateway:
        broker, ear = await _connected(gateway)
        instrument = await broker.qualify(AAPL.con_id)
        bought = request(limit_price=D("150.00"))
        answer = await broker.what_if(Preview(bought, instrument))

        assert answer.initial.change is not None
        assert answer.initial.change > 0
        assert answer.initial.after == (answer.initial.before or D(0)) + answer.initial.change
        assert (answer.commission, answer.commission_currency) == (D("1.00"), "USD")
        assert gateway.ledger.orders == {}
        assert await broker.open_orders() == []
        assert not any(isinstance(report, ORDER_REPORTS) for report in ear.reports)
        await broker.close()


@pytest.mark.row(69)
async def test_row_69_a_gateway_that_never_answers() -> None:
    async with PracticeGateway(GatewayOptions(seed=7, faults=("lost-what-if*1",))) as gateway:
        broker, ear = await _connected(gateway, deadline=0.2)
        instrument = await broker.qualify(AAPL.con_id)
        with pytest.raises(RequestTimeoutError):
            await broker.what_if(Preview(request(), instrument))
        again = await broker.what_if(Preview(request(), instrument))

        assert again.initial.after is not None
        assert not any(isinstance(report, ORDER_REPORTS) for report in ear.reports)
        await broker.close()


async def test_a_real_order_behind_a_what_if_has_its_own_id() -> None:
    async with PracticeGateway(GatewayOptions(seed=7)) as gateway:
        broker, ear = await _connected(gateway)
        instrument = await broker.qualify(AAPL.con_id)
        terms = request(limit_price=D("150.00"))
        await broker.what_if(Preview(terms, instrument))
        order_id = broker.take_order_id()
        await broker.place(Approved(terms, instrument), order_id, modify=False)
        await ear.wait_for(lambda: any(isinstance(report, OpenOrderReport) for report in ear.reports))

        (held,) = gateway.ledger.orders.values()
        assert (held.order_id, terms.order_type) == (order_id, OrderType.LMT)
        await broker.close()


async def _connected(gateway: PracticeGateway, *, deadline: float = PATIENCE) -> tuple[IbBroker, Ear]:
    broker = IbBroker(ear := Ear(), LoopClock(), query_deadline=deadline)
    await broker.open(
        ConnectPermit(Endpoint("127.0.0.1", gateway.port), Mode.PRACTICE, "", read_only=False), 1, PATIENCE
    )
    return broker, ear
