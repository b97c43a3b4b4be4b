"""Combinations of two to four legs: made, quoted, ordered, changed, filled leg by leg, refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.commands import Combine, DenialCode
from core.domain.instruments import ComboLeg, SecType
from core.domain.orders import OrderState, OrderType, Side, TimeInForce
from tests.orders.floor import AAPL, EUR_USD, floor
from tests.orders.listed import AMD, combine, vertical
from tests.orders.test_instructions import same
from tests.orders.test_matrix import UNTIL
from tests.orders.wanted import said

D = Decimal


@pytest.mark.parametrize("count", [2, 3, 4])
async def test_every_leg_is_named_and_the_order_comes_back_as_it_went(count: int) -> None:
    async with floor() as desk:
        legs = vertical(desk, count)
        made = await combine(desk, *legs)
        assert (made.sec_type, made.multiplier, len(made.legs)) == (SecType.BAG, D(100), count)
        assert made.con_id < 0
        quote = desk.quote(made.con_id)
        assert quote.bid is not None
        price = quote.bid - 1
        request = desk.request(made, limit_price=price, quantity=D(2))
        order = await desk.placed(request)
        frame = desk.frames(request)[0]

        assert [
            (row.integer("conId"), row.integer("ratio"), row.text("action"), row.text("exchange"))
            for row in frame.rows("comboLegs")
        ] == [(con_id, abs(ratio), "BUY" if ratio > 0 else "SELL", "SMART") for con_id, ratio in legs]
        assert {name: value for name, value in said(frame).items() if name != "comboLegs"} == {
            "orderId": order.order_id,
            "symbol": "AAPL",
            "secType": "BAG",
            "exchange": "SMART",
            "currency": "USD",
            "action": "BUY",
            "totalQuantity": D(2),
            "orderType": "LMT",
            "lmtPrice": price,
            "tif": "DAY",
            "account": request.account,
            "orderRef": request.order_ref,
            "transmit": True,
        }
        (told,) = await desk.open_orders()
        assert (told.instrument.con_id, same(told, request)) == (made.con_id, True)
        changed = await desk.modified(request, limit_price=price - D("0.05"), quantity=D(3))
        assert (changed.limit_price, changed.quantity, changed.note) == (price - D("0.05"), D(3), "")
        assert (await desk.cancelled(request)).state is OrderState.CANCELLED


async def test_a_fill_counts_once_and_its_legs_are_held() -> None:
    async with floor() as desk:
        legs = vertical(desk, 2)
        made = await combine(desk, *legs)
        request = desk.request(made, OrderType.MKT, quantity=D(2))
        await desk.placed(request)
        await desk.until(lambda: desk.order(request).state is OrderState.FILLED)
        await desk.until(lambda: len(desk.snapshot.positions or ()) == 2)

        order = desk.order(request)
        quote = desk.quote(made.con_id)
        assert order.filled == 2
        assert order.average_price is not None
        assert quote.ask is not None
        assert abs(order.average_price - quote.ask) < 1
        assert {held.con_id: held.quantity for held in desk.snapshot.positions or ()} == {
            con_id: 2 * ratio for con_id, ratio in legs
        }
        assert [one.text for one in desk.snapshot.incidents] == []
        assert (await desk.replayed()).book.get(order.order_ref) == order
        assert (await desk.replayed()).book.filled(order.order_ref) == (D(2), order.average_price)


async def test_a_pair_of_stocks_may_cost_less_than_nothing() -> None:
    async with floor() as desk:
        for leg in (AMD, AAPL):
            await desk.watch(leg)
        made = await combine(desk, (AMD, 1), (AAPL, -1))
        quote = desk.quote(made.con_id)
        assert quote.bid is not None
        assert quote.bid < 0
        request = desk.request(made, limit_price=quote.bid - 5, quantity=D(10))

        assert (await desk.placed(request)).limit_price == quote.bid - 5
        assert made.label == "+AMD -AAPL"
        far = await desk.place(desk.request(made, limit_price=D("-1.00"), quantity=D(10)))
        assert far.denied is not None
        assert far.denied.code is DenialCode.COLLAR


@pytest.mark.parametrize(
    ("legs", "reason"),
    [
        (((AAPL, 1),), "2 to 4 legs"),
        (((AAPL, 1), (AAPL, -1)), "the same contract"),
        (((AAPL, 2), (AMD, -2)), "can be reduced"),
        (((AAPL, 1), (EUR_USD, -1)), "not all stocks and options"),
    ],
)
async def test_what_makes_no_combination(legs: tuple[tuple[int, int], ...], reason: str) -> None:
    async with floor() as desk:
        ack = await desk.client.send(
            Combine(legs=tuple(ComboLeg(con_id=con_id, ratio=ratio) for con_id, ratio in legs))
        )

        assert ack.denied is not None
        assert reason in ack.denied.message


@pytest.mark.parametrize("tif", [one for one in TimeInForce if one is not TimeInForce.OTHER])
@pytest.mark.parametrize("kind", [OrderType.MKT, OrderType.LMT, OrderType.STP, OrderType.MOC])
async def test_types_and_times_of_combinations(kind: OrderType, tif: TimeInForce) -> None:
    async with floor() as desk:
        made = await combine(desk, *vertical(desk, 2))
        low = desk.quote(made.con_id).bid
        assert low is not None
        request = desk.request(
            made,
            kind,
            side=Side.BUY,
            quantity=D(1),
            tif=tif,
            limit_price=low - 1 if kind is OrderType.LMT else None,
            stop_price=low + 2 if kind is OrderType.STP else None,
            good_till=UNTIL if tif is TimeInForce.GTD else None,
        )
        taken = kind in (OrderType.MKT, OrderType.LMT) and tif not in (TimeInForce.FOK, TimeInForce.OPG)
        if not taken:
            ack = await desk.place(request)
            assert ack.denied is not None
            assert ack.denied.code in (DenialCode.ORDER_TYPE, DenialCode.TIF)
            return
        order = await desk.placed(request)
        assert order.state is not OrderState.REJECTED
        assert desk.frames(request)[0].text("tif") == tif.value


async def test_a_combination_survives_a_lost_connection() -> None:
    async with floor() as desk:
        made = await combine(desk, *vertical(desk, 2))
        low = desk.quote(made.con_id).bid
        assert low is not None
        request = desk.request(made, limit_price=low - 1, quantity=D(1))
        await desk.placed(request)
        desk.gateway.drop_clients()
        await desk.until(lambda: not desk.service.connection.can_trade)
        await desk.until(lambda: desk.service.connection.can_trade)
        await desk.until(lambda: desk.order(request).state is OrderState.WORKING)

        assert desk.order(request).con_id == made.con_id
        await desk.cancelled(request)
