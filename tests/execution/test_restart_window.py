"""Around the gateway's daily restart no order leaves, cancels do, and nobody gives up connecting."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.domain.commands import DenialCode
from core.domain.connection import LinkState
from core.domain.orders import OrderState
from core.errors import ConnectError
from tests.execution.clockwork import START, jumping
from tests.execution.reports import buy, open_order
from tests.execution.rig import rig

# START is 10:00 in New York.
RESTART = "10:05"
WORDS = (
    "Not sent, nothing is queued: the gateway restarts every day at 10:05: new orders wait from 60 s before it until "
    "180 s after. What works at IBKR goes on working."
)


@pytest.mark.row(32)
@jumping
async def test_no_new_order_around_the_restart_but_cancels() -> None:
    async with rig(restart=RESTART) as desk:
        await desk.working()
        desk.broker.book_open = [open_order()]
        await desk.pass_time(230)
        assert (await desk.place(buy(2))).ok
        await desk.pass_time(20)

        ack = await desk.place(buy(3))
        assert ack.denied is not None
        assert (ack.denied.code, ack.denied.message) == (DenialCode.NOT_CONNECTED, WORDS)
        assert desk.connection.restarting
        assert (await desk.cancel()).ok
        await desk.pass_time(240)
        desk.quote()
        await desk.until(lambda: desk.connection.can_trade)
        assert (await desk.place(buy(4))).ok


@jumping
async def test_attempts_within_the_window_are_not_counted() -> None:
    async with rig(restart=RESTART, start=START + timedelta(minutes=5), max_attempts=2) as desk:
        desk.broker.open_error = ConnectError("Nothing listens on 127.0.0.1:7497.")
        desk.broker.lose()
        await desk.pass_time(120)
        assert desk.connection.state in (LinkState.WAITING, LinkState.CONNECTING)
        assert len(desk.broker.opened) > 4

        desk.broker.open_error = None
        await desk.until_state(LinkState.READY)


@jumping
async def test_without_a_timetable_nothing_is_kept_back() -> None:
    async with rig(start=START + timedelta(minutes=5)) as desk:
        assert (await desk.place()).ok
        assert desk.order().state is OrderState.SENT
