"""Keys at the real desk, core and the practice gateway behind it: KILL, then its word that closes every position."""

from __future__ import annotations

from decimal import Decimal

from core.domain.events import TradingState
from core.domain.orders import OrderState
from tests.tui.person import Person, person
from tui.screens.kill import KillScreen


def held(someone: Person) -> Decimal:
    """Units of the instrument in focus."""
    positions = someone.behind.service.snapshot().positions or ()
    return sum((one.quantity for one in positions if one.con_id == someone.instrument.con_id), Decimal(0))


async def test_a_position_is_closed_by_f9_three_and_the_word_and_by_nothing_less() -> None:
    async with person() as someone:
        await someone.press("n")
        await someone.send()
        await someone.until(lambda: held(someone) == 100)
        pilot, service = someone.pilot, someone.behind.service
        await pilot.press("f9")
        await someone.until(lambda: isinstance(someone.app.screen, KillScreen))
        await someone.until(lambda: service.snapshot().trading_state is TradingState.HALTED)

        await pilot.press("3", *"clos", "enter")
        await pilot.pause()
        assert held(someone) == 100
        assert len(someone.placed()) == 1
        await pilot.press("e", "enter")

        await someone.until(lambda: held(someone) == 0)
        first, second = someone.placed()
        assert (first.text("action"), second.text("action")) == ("BUY", "SELL")
        killed = service.snapshot().killed
        assert killed is not None
        orders = {order.order_ref: order for order in service.snapshot().orders}
        assert [orders[ref].state for ref in killed.closing] == [OrderState.FILLED]
        assert service.snapshot().trading_state is TradingState.HALTED, "the block stays"
