"""What a script does again and again limits its orders: through core and the practice gateway, frames looked at."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import Ack, ClosePosition, DenialCode, EnableScript, PlaceOrder
from core.domain.limits import Limits
from core.domain.orders import OrderRequest, OrderState, OrderType, Side
from core.link.inproc import InProcessClient
from tests.orders.floor import AAPL, ACCOUNT, Floor, floor
from tests.wide import WIDE

D = Decimal


def limits(**own: object) -> Limits:
    """Limits that nothing meets but these."""
    return replace(WIDE, **own)


def denied(ack: Ack) -> DenialCode | None:
    """Why core refused it; None if it did not."""
    return None if ack.denied is None else ack.denied.code


def at_gateway(desk: Floor) -> int:
    """Order frames that the gateway has read."""
    return sum(frame.fields[0] == "3" for frame in desk.gateway.received)


async def far(desk: Floor, quantity: str = "100") -> OrderRequest:
    """A bid for AAPL that rests far from the market, the same each time."""
    instrument = await desk.watch(AAPL)
    return desk.request(instrument, limit_price=D("200.00"), quantity=D(quantity))


@pytest.mark.covers("D2.2")
async def test_a_script_that_sends_the_same_twice_sends_it_once_unless_it_says_so() -> None:
    async with floor(limits=limits(duplicate_seconds=60)) as desk:
        assert (await desk.placed(await far(desk))).state is OrderState.WORKING
        before = at_gateway(desk)
        again = await far(desk)

        assert denied(await desk.place(again)) is DenialCode.DUPLICATE
        assert at_gateway(desk) == before
        said = PlaceOrder(
            request=replace(again, order_ref=(await far(desk)).order_ref), confirms=(DenialCode.DUPLICATE,)
        )
        assert (await desk.client.send(said)).ok
        await desk.until(lambda: desk.order(said.request).state is OrderState.WORKING)
        assert at_gateway(desk) == before + 1


async def test_a_runaway_script_ends_at_its_limit_and_goes_on_by_a_word_at_a_desk() -> None:
    async with floor(limits=limits(script_repeats=3)) as desk:
        for _ in range(3):
            await desk.placed(await far(desk))
        before = at_gateway(desk)
        for _ in range(5):
            assert denied(await desk.place(await far(desk))) is DenialCode.SCRIPT_DISABLED
        assert at_gateway(desk) == before

        person = InProcessClient(desk.service, "desk")
        assert denied(await desk.client.send(EnableScript(script="script"))) is DenialCode.SCRIPT_DISABLED
        assert denied(await person.send(EnableScript(script="scrip"))) is DenialCode.NOTHING_TO_CHANGE
        assert (await person.send(EnableScript(script="script"))).ok
        assert (await desk.placed(await far(desk))).state is OrderState.WORKING


async def test_the_days_budget_ends_entries_and_never_the_way_out() -> None:
    async with floor(limits=limits(day_orders=2, ask_short=True)) as desk:
        instrument = await desk.watch(AAPL)
        bought = desk.request(instrument, OrderType.MKT)
        await desk.placed(bought)
        await desk.until(lambda: desk.order(bought).state is OrderState.FILLED)
        await desk.placed(await far(desk))
        assert denied(await desk.place(await far(desk))) is DenialCode.DAY_ORDERS
        replayed = await desk.replayed()
        used = replayed.usage.of(ACCOUNT, desk.snapshot.time)
        assert used == desk.state.usage.of(ACCOUNT, desk.snapshot.time)
        assert used.orders == 2
        assert used.trades >= 1

        await desk.until(lambda: any(held.quantity == D(100) for held in desk.snapshot.positions or ()))
        over = desk.request(instrument, side=Side.SELL, quantity=D(101), limit_price=desk.near(instrument, "1.05"))
        assert denied(await desk.place(over)) is DenialCode.DAY_ORDERS
        close = ClosePosition(
            order_ref=over.order_ref, account=ACCOUNT, con_id=AAPL, quantity=D(100), fraction=D(1), side=Side.SELL
        )
        assert (await desk.client.send(close)).ok


async def test_a_short_sale_leaves_with_its_word_alone() -> None:
    async with floor(limits=limits(ask_short=True)) as desk:
        instrument = await desk.watch(AAPL)
        sale = desk.request(instrument, side=Side.SELL, limit_price=desk.near(instrument, "1.05", Side.SELL))
        before = at_gateway(desk)
        assert denied(await desk.place(sale)) is DenialCode.SHORT_SALE
        assert at_gateway(desk) == before
        assert (await desk.client.send(PlaceOrder(request=sale, short=True))).ok
        await desk.until(lambda: desk.order(sale).state is OrderState.WORKING)
