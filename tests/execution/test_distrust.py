"""After what should never happen only orders that reduce a position leave, until a person says otherwise."""

from __future__ import annotations

import asyncio

import pytest

from core.domain.commands import Ack, CancelOrder, DenialCode, Resume
from core.domain.events import Severity, TradingState
from core.domain.orders import OrderState, Side
from core.domain.reports import ErrorClass
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import buy, error, filled, position, ref
from tests.execution.rig import Rig, rig


def long(broker: FakeBroker) -> None:
    """100 AAPL are held."""
    broker.book_positions.append(position("100"))


async def overfilled(desk: Rig) -> None:
    """An order of 10 that filled 13."""
    await desk.place(buy(1, quantity="10"))
    desk.say(filled(quantity="13"))


def trading(desk: Rig) -> TradingState:
    """What core lets through."""
    return desk.snapshot.trading_state


def code(ack: Ack) -> DenialCode | None:
    """Why it was denied."""
    return None if ack.denied is None else ack.denied.code


@pytest.mark.row(42)
@jumping
async def test_an_overfill_alarms_and_lets_only_reducing_orders_through() -> None:
    async with rig(prepare=long) as desk:
        await overfilled(desk)

        assert desk.order().state is OrderState.FILLED
        assert trading(desk) is TradingState.REDUCING
        assert desk.told(Severity.ALARM)[0] == (
            "OVERFILL: #1 BUY 10 AAPL @ 233.33 filled 13 of 10, 3 too many. Look into TWS."
        )
        assert code(await desk.place(buy(2))) is DenialCode.REDUCING
        assert code(await desk.place(buy(3, side=Side.SELL, quantity="101", price="233.40"))) is DenialCode.REDUCING
        assert (await desk.place(buy(4, side=Side.SELL, quantity="60", price="233.40"))).ok
        assert code(await desk.place(buy(5, side=Side.SELL, quantity="60", price="233.40"))) is DenialCode.REDUCING
        assert (await desk.send(CancelOrder(order_ref=ref(4)))).ok, "cancels always pass"


@pytest.mark.row(42)
@jumping
async def test_it_lasts_over_a_restart_and_ends_by_a_persons_word() -> None:
    async with rig(prepare=long) as first:
        await overfilled(first)
        rows = list(first.journal.rows)

    async with rig(entries=rows, prepare=long) as desk:
        assert trading(desk) is TradingState.REDUCING
        assert code(await desk.place(buy(2))) is DenialCode.REDUCING

        assert (await desk.send(Resume(), "desk-1")).ok
        assert trading(desk) is TradingState.ACTIVE
        assert desk.told()[-1] == "All orders are let through again, by the word of desk-1."
        assert (await desk.place(buy(3))).ok
        rows = list(desk.journal.rows)

    async with rig(entries=rows, prepare=long) as desk:
        assert trading(desk) is TradingState.ACTIVE


@jumping
async def test_a_word_ends_no_halt() -> None:
    async with rig() as desk:
        desk.service.halt("The disk is full.")

        assert code(await desk.send(Resume())) is DenialCode.HALTED
        assert trading(desk) is TradingState.HALTED


@jumping
async def test_an_order_that_opens_can_only_get_smaller() -> None:
    async with rig(prepare=long) as desk:
        await desk.working(buy(2, side=Side.SELL, quantity="50", price="233.40"))
        desk.say(error(1, 103, ErrorClass.OUR_FAULT))
        assert trading(desk) is TradingState.REDUCING
        assert desk.order(2).state is OrderState.WORKING

        assert code(await desk.modify(quantity="101", number=2)) is DenialCode.REDUCING
        assert (await desk.modify(quantity="90", number=2)).ok


@jumping
async def test_what_is_recorded_while_trust_is_lost_does_not_leave() -> None:
    async with rig(prepare=long) as desk:
        await desk.place(buy(1, quantity="10"))
        desk.journal.held = True
        placing = asyncio.ensure_future(desk.place(buy(2)))
        await asyncio.sleep(0)
        desk.say(filled(quantity="13"))
        desk.journal.release()
        ack = await placing

        assert code(ack) is DenialCode.REDUCING
        assert [placed.order_id for placed in desk.broker.placed] == [1]
