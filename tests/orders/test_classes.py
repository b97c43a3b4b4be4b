"""Each class of instrument by its own rules: ticks from its market rule, lots, multiplier, currency."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.commands import DenialCode, OrderPreview, PreviewOrder
from core.domain.instruments import SecType
from core.domain.orders import OrderState, OrderType, Side
from core.domain.prices import floor_tick, increment_at, step_ticks
from tests.orders.floor import Floor, floor
from tests.orders.listed import PLAIN_CLASSES, con_id_of

D = Decimal
USD_JPY = 15016059


async def listed(desk: Floor) -> list[int]:
    """One instrument of each class, and a pair whose ticks are not those of the others."""
    return [*(con_id_of(desk, kind) for kind in PLAIN_CLASSES), USD_JPY]


async def test_prices_between_ticks_are_refused_and_both_neighbours_are_taken() -> None:
    async with floor() as desk, desk.stranger() as other:
        for con_id in await listed(desk):
            instrument = await desk.watch(con_id)
            low = desk.near(instrument, "0.95")
            off = low + increment_at(low, instrument.price_bands) / 2
            refused = await desk.place(desk.request(instrument, limit_price=off, quantity=instrument.min_size))
            assert refused.denied is not None
            assert refused.denied.code is DenialCode.TICK
            assert await other.place(desk.request(instrument, limit_price=off), instrument) == 110
            for neighbour in (low, step_ticks(low, 1, instrument.price_bands)):
                assert f"{neighbour:f}" in refused.denied.message
                request = desk.request(instrument, limit_price=neighbour)
                assert (await desk.placed(request)).state is OrderState.WORKING


async def test_a_tick_below_a_dollar() -> None:
    async with floor() as desk:
        catalogue = desk.gateway.hub.catalogue.instruments
        cheap = next(one for one in catalogue if one.sec_type == "STK" and len(one.rule.tiers) > 1)
        instrument = await desk.watch(cheap.con_id)
        bands = instrument.price_bands

        assert [(band.low_edge, band.increment) for band in bands] == [(D(0), D("0.0001")), (D(1), D("0.01"))]
        below = floor_tick(min(D("0.9"), desk.near(instrument, "0.5")), bands) + D("0.0001")
        assert (await desk.placed(desk.request(instrument, limit_price=below))).limit_price == below


@pytest.mark.parametrize("quantity", ["0.5", "1.5"])
async def test_parts_of_a_lot(quantity: str) -> None:
    async with floor() as desk:
        for con_id in await listed(desk):
            instrument = await desk.watch(con_id)
            part = D(quantity) * instrument.size_increment
            request = desk.request(instrument, limit_price=desk.near(instrument, "0.95"), quantity=part)
            ack = await desk.place(request)
            assert ack.denied is not None
            assert ack.denied.code is DenialCode.QUANTITY


async def test_values_count_the_multiplier() -> None:
    async with floor() as desk:
        for con_id in await listed(desk):
            instrument = await desk.watch(con_id)
            price = desk.near(instrument, "0.95")
            request = desk.request(instrument, limit_price=price, quantity=D(3) * instrument.min_size)
            ack = await desk.client.send(PreviewOrder(request=request))
            assert isinstance(ack.result, OrderPreview)
            assert ack.result.value == request.quantity * price * instrument.multiplier


@pytest.mark.parametrize("kind", PLAIN_CLASSES)
async def test_a_market_order_of_each_class_fills_and_is_held(kind: SecType) -> None:
    async with floor() as desk:
        instrument = await desk.watch(con_id_of(desk, kind))
        quantity = max(instrument.min_size, D(2))
        bought = desk.request(instrument, OrderType.MKT, quantity=quantity)
        await desk.placed(bought)
        await desk.until(lambda: desk.order(bought).state is OrderState.FILLED)
        await desk.until(lambda: bool(desk.snapshot.positions))
        (held,) = desk.snapshot.positions or ()

        assert (held.con_id, held.quantity) == (instrument.con_id, quantity)
        assert desk.order(bought).filled == quantity
        assert desk.at_gateway(bought).filled == quantity
        stop = desk.request(
            instrument, OrderType.STP, side=Side.SELL, quantity=quantity, stop_price=desk.near(instrument, "0.95")
        )
        assert (await desk.placed(stop)).state is OrderState.WORKING
