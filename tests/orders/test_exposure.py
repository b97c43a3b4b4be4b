"""What an account has at stake limits its orders: through core and the practice gateway, frames looked at."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import Ack, CancelOrder, DenialCode, OrderPreview, PreviewOrder
from core.domain.limits import Limits
from core.domain.orders import OrderRequest, OrderState, OrderType, Side
from tests.orders.floor import AAPL, ACCOUNT, Floor, floor
from tests.wide import WIDE

D = Decimal
USD_JPY = 15016059


def refused(ack: Ack, code: DenialCode, limit: str = "") -> bool:
    """True if core refused it for that reason."""
    assert ack.denied is not None
    assert (ack.denied.code, ack.denied.limit) == (code, limit), ack.denied
    return not ack.ok


def at_gateway(desk: Floor) -> int:
    """Order frames that the gateway has read."""
    return sum(frame.fields[0] == "3" for frame in desk.gateway.received)


async def far(desk: Floor, quantity: str = "100") -> OrderRequest:
    """A bid for AAPL that rests far from the market."""
    instrument = await desk.watch(AAPL)
    return desk.request(instrument, limit_price=desk.near(instrument, "0.9"), quantity=D(quantity))


async def test_the_value_of_an_order_is_judged_in_the_base_currency() -> None:
    async with floor(limits=replace(WIDE, order_value=D(30_000))) as desk:
        pair = await desk.watch(USD_JPY)
        assert pair.currency == "JPY"
        price = desk.near(pair, "0.99")
        request = desk.request(pair, limit_price=price, quantity=D(29_000))
        assert request.quantity * price > 4_000_000, "in yen"
        assert (await desk.placed(request)).state is OrderState.WORKING
        shown = await desk.client.send(PreviewOrder(request=request))
        assert isinstance(shown.result, OrderPreview)
        assert shown.result.rate is not None
        assert (shown.result.rate.currency, shown.result.rate.time is not None) == ("JPY", True)
        before = at_gateway(desk)

        assert refused(
            await desk.place(desk.request(pair, limit_price=price, quantity=D(31_000))),
            DenialCode.VALUE_MAX,
            "order_value",
        )
        assert refused(await desk.modify(request, quantity=D(31_000)), DenialCode.VALUE_MAX, "order_value")
        assert at_gateway(desk) == before


async def test_so_many_orders_of_a_side_work_and_no_more_until_one_is_cancelled() -> None:
    async with floor(limits=replace(WIDE, open_orders_side=2, open_orders=4)) as desk:
        first, second = await far(desk), await far(desk)
        await desk.placed(first)
        await desk.placed(second)
        before = at_gateway(desk)
        assert refused(await desk.place(await far(desk)), DenialCode.OPEN_ORDERS, "open_orders_side")
        assert (await desk.modified(second, quantity=D(120))).quantity == 120, "it is one of the two"
        assert at_gateway(desk) == before + 1

        await desk.cancelled(first)
        await desk.placed(await far(desk))


async def test_every_order_of_a_bracket_counts() -> None:
    async with floor(limits=replace(WIDE, open_orders=4)) as desk:
        instrument = await desk.watch(AAPL)
        await desk.placed(await far(desk))
        await desk.placed(await far(desk))
        parent = await far(desk)
        above, below = desk.near(instrument, "1.05", Side.SELL), desk.near(instrument, "0.85")
        target = desk.request(instrument, side=Side.SELL, limit_price=above, parent_ref=parent.order_ref)
        stop = desk.request(instrument, OrderType.STP, side=Side.SELL, stop_price=below, parent_ref=parent.order_ref)
        before = at_gateway(desk)

        assert refused(await desk.place(parent, target, stop), DenialCode.OPEN_ORDERS, "open_orders")
        assert at_gateway(desk) == before
        assert (await desk.place(parent, target)).ok, "four of four"


async def test_orders_of_other_clients_count_as_value_that_has_not_traded() -> None:
    async with floor(limits=replace(WIDE, unexecuted_value=D(50_000))) as desk, desk.stranger() as other:
        instrument = await desk.watch(AAPL)
        assert await other.place(replace(await far(desk), order_ref="theirs"), instrument) is None
        desk.service._keeper.reconciler.ask()
        await desk.until(lambda: any(order.external for order in desk.snapshot.orders))
        theirs = next(order for order in desk.snapshot.orders if order.external)
        assert theirs.limit_price is not None
        room = (D(50_000) - theirs.quantity * theirs.limit_price) // theirs.limit_price
        before = at_gateway(desk)

        assert refused(await desk.place(await far(desk, str(room + 5))), DenialCode.UNEXECUTED_MAX, "unexecuted_value")
        assert at_gateway(desk) == before
        await desk.placed(await far(desk, str(room - 5)))


async def test_the_worst_position_counts_what_is_held_and_what_works() -> None:
    async with floor(limits=replace(WIDE, position_quantity=D(300))) as desk:
        instrument = await desk.watch(AAPL)
        bought = desk.request(instrument, OrderType.MKT)
        await desk.placed(bought)
        await desk.until(lambda: any(held.quantity == 100 for held in desk.snapshot.positions or ()))
        resting = await far(desk)
        await desk.placed(resting)
        before = at_gateway(desk)

        assert refused(await desk.place(await far(desk, "101")), DenialCode.POSITION_MAX, "position_quantity")
        assert refused(await desk.modify(resting, quantity=D(201)), DenialCode.POSITION_MAX, "position_quantity")
        assert at_gateway(desk) == before
        assert (await desk.modified(resting, quantity=D(200))).quantity == 200
        close = desk.request(instrument, OrderType.MKT, side=Side.SELL)
        await desk.placed(close)


async def test_margin_is_bound_by_value_until_ibkr_was_asked_and_asking_needs_no_leave() -> None:
    async with floor(cash=20_000, limits=replace(WIDE, margin_percent=D(100))) as desk:
        request = await far(desk, "100")
        assert request.limit_price is not None
        assert request.limit_price * 100 > 20_000
        ack = await desk.place(request)
        assert refused(ack, DenialCode.MARGIN, "margin_percent")
        assert at_gateway(desk) == 0

        shown = await desk.client.send(PreviewOrder(request=request))
        assert isinstance(shown.result, OrderPreview)
        assert shown.result.denied is not None
        rates = desk.service._what_ifs.rates
        await desk.client.send(PreviewOrder(request=request))
        await desk.until(lambda: bool(rates))
        assert rates[ACCOUNT, AAPL, Side.BUY].rate < 1
        assert at_gateway(desk) == 1, "the what-if"
        order = await desk.placed(request)
        assert order.state is OrderState.WORKING

        second = await desk.place(await far(desk, "300"))
        assert refused(second, DenialCode.MARGIN, "margin_percent"), "what works takes its part"
        assert (await desk.client.send(CancelOrder(order_ref=request.order_ref))).ok


@pytest.mark.parametrize("limits", [Limits()])
async def test_the_defaults_leave_a_days_trading_alone(limits: Limits) -> None:
    async with floor(limits=limits, cash=100_000) as desk:
        instrument = await desk.watch(AAPL)
        for number in range(5):
            request = desk.request(instrument, limit_price=desk.near(instrument, "0.9"), quantity=D(10 + number))
            assert (await desk.placed(request)).state is OrderState.WORKING
