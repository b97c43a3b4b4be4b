"""Frames about orders that fail as nobody foresaw."""

from __future__ import annotations

from core.domain.events import Severity
from core.domain.orders import OrderState, Pending
from tests.execution.clockwork import jumping
from tests.execution.rig import rig


@jumping
async def test_a_frame_that_failed_in_an_unforeseen_way_is_unknown() -> None:
    """Its intent is recorded: whoever asks must not be told that there is no order, nor may it wait for ever."""
    async with rig() as desk:
        desk.broker.refuses = KeyError("a mistake of ours")

        ack = await desk.place()

        assert ack.ok
        assert desk.states() == ["INTENT", "UNKNOWN"]
        assert ack.order == desk.order()
        assert any("a mistake of ours" in text for text in desk.told(Severity.ALARM))


@jumping
async def test_a_change_whose_frame_failed_in_an_unforeseen_way_is_pending_until_the_broker_tells() -> None:
    async with rig() as desk:
        await desk.working()
        desk.broker.refuses = KeyError("a mistake of ours")

        ack = await desk.modify(price="233.00")

        assert ack.ok
        order = desk.order()
        assert (order.state, order.pending) == (OrderState.WORKING, Pending.MODIFY)
        assert order.previous is not None
        assert any("a mistake of ours" in text for text in desk.told(Severity.ALARM))
