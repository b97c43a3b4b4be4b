"""Keys at the real desk, core and the practice gateway behind it: a working order gets another price and quantity."""

from __future__ import annotations

from decimal import Decimal

from core.domain.orders import Order, OrderState, Pending
from tests.tui.person import Person, person
from tui.panes.blotter import BlotterPane

D = Decimal


def only_order(someone: Person) -> Order:
    """The one order of the day, as core knows it."""
    (order,) = someone.behind.service.snapshot().orders
    return order


async def changed(someone: Person, *keys: str) -> None:
    """Open the change of the order, press keys and Enter; wait until IBKR has taken it."""
    revision = only_order(someone).revision
    await someone.press("m")
    await someone.see("CHANGE #1 BUY")
    await someone.press(*keys)
    await someone.see("Enter changes it")
    await someone.press("enter")
    await someone.until(lambda: only_order(someone).revision == revision + 1)
    await someone.until(lambda: only_order(someone).pending is Pending.NONE)
    await someone.until(lambda: someone.entry.ticket is None)
    seen = someone.app.replica.orders
    await someone.until(lambda: seen[only_order(someone).order_ref] == only_order(someone))


async def test_price_and_quantity_of_a_working_order_change_at_the_gateway() -> None:
    async with person() as someone:
        low, higher = (someone.behind.near(someone.instrument, part) for part in ("0.95", "0.96"))
        await someone.press("b", *f"{low}")
        await someone.send()
        await someone.until(lambda: bool(someone.app.replica.orders))
        await someone.until(lambda: only_order(someone).state is OrderState.WORKING)
        await someone.until(lambda: next(iter(someone.app.replica.orders.values())).state is OrderState.WORKING)
        placed = only_order(someone)
        blotter = someone.app.screen.query_one(BlotterPane)
        someone.app.screen.set_focus(blotter.grid)
        await someone.until(lambda: blotter.selected() is not None)

        await changed(someone, *f"{higher}")
        await changed(someone, "tab", *"60")
        await changed(someone, *f"{low}", "tab", *"70")

        order = only_order(someone)
        assert (order.order_ref, order.state, order.limit_price, order.quantity) == (
            placed.order_ref,
            OrderState.WORKING,
            low,
            D(70),
        )
        frames = [(frame.number("totalQuantity"), frame.number("lmtPrice")) for frame in someone.placed()]
        assert frames == [(D(100), low), (D(100), higher), (D(60), higher), (D(70), low)]
        (kept,) = someone.behind.gateway.ledger.live_orders()
        assert kept.order_id == order.order_id
        assert (kept.ticket.sent.number("totalQuantity"), kept.ticket.sent.number("lmtPrice")) == (D(70), low)
