"""What core refuses, the gateway would refuse with the same code: nothing is forbidden that IBKR takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.domain.instructions import (
    Adaptive,
    Algo,
    Conditions,
    PctVol,
    PriceCondition,
    Trail,
    Twap,
    VolumeCondition,
    Vwap,
)
from core.domain.instruments import SecType
from core.domain.orders import OrderState, OrderType, TimeInForce
from tests.orders.floor import AAPL, floor
from tests.orders.listed import PLAIN_CLASSES, con_id_of

D = Decimal
PAST = datetime.now(UTC) - timedelta(hours=1)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"display_size": D(100)}, 10020),
        ({"tif": TimeInForce.GTD, "good_till": PAST}, 334),
        ({"algo": Adaptive(), "tif": TimeInForce.IOC}, 111),
        ({"algo": Twap(end=PAST)}, 441),
        ({"algo": Vwap(max_percent=D(51))}, 441),
        ({"algo": PctVol(percent=D("0.5"))}, 441),
        ({"conditions": Conditions(items=(PriceCondition(con_id=0, price=D(1), above=True),))}, 147),
        ({"conditions": Conditions(items=(VolumeCondition(con_id=0, volume=1),))}, 147),
    ],
)
async def test_both_refuse_with_one_code(terms: dict[str, object], code: int) -> None:
    async with floor() as desk, desk.stranger() as other:
        instrument = await desk.watch(AAPL)
        request = desk.request(instrument, OrderType.LMT, limit_price=desk.near(instrument, "0.95"), **terms)
        ack = await desk.place(request)

        assert ack.denied is not None
        assert ack.denied.message.endswith(f"[{code}]")
        assert await other.place(request, instrument) == code


async def test_a_trailing_percentage_beyond_all_prices() -> None:
    async with floor() as desk, desk.stranger() as other:
        instrument = await desk.watch(AAPL)
        request = desk.request(instrument, OrderType.TRAIL, trail=Trail(percent=D(100)))
        ack = await desk.place(request)

        assert ack.denied is not None
        assert ack.denied.message.endswith("[159]")
        assert await other.place(request, instrument) == 159


@pytest.mark.parametrize("kind", PLAIN_CLASSES)
@pytest.mark.parametrize("algo", [Adaptive(), Twap(), Vwap(), PctVol(percent=D(10))])
async def test_algorithms_by_class(kind: SecType, algo: Algo) -> None:
    async with floor() as desk, desk.stranger() as other:
        instrument = await desk.watch(con_id_of(desk, kind))
        request = desk.request(
            instrument,
            OrderType.LMT,
            limit_price=desk.near(instrument, "0.95"),
            quantity=instrument.min_size,
            algo=algo,
        )
        if kind is SecType.CASH:
            ack = await desk.place(request)
            assert ack.denied is not None
            assert ack.denied.message.endswith("[442]")
            assert await other.place(request, instrument) == 442
            return
        assert (await desk.placed(request)).state is OrderState.WORKING
        assert desk.at_gateway(request).terms.algo is not None


@pytest.mark.parametrize("kind", PLAIN_CLASSES)
async def test_instructions_by_class(kind: SecType) -> None:
    async with floor() as desk:
        instrument = await desk.watch(con_id_of(desk, kind))
        quantity = max(instrument.min_size * 4, D(4))
        for terms in (
            {"all_or_none": True},
            {"display_size": quantity / 2},
            {"hidden": True},
            {"outside_rth": True},
            {"good_after": datetime.now(UTC) + timedelta(hours=1)},
        ):
            given: dict[str, object] = dict(terms)
            price = desk.near(instrument, "0.95")
            request = desk.request(instrument, OrderType.LMT, limit_price=price, quantity=quantity, **given)
            assert (await desk.placed(request)).state is OrderState.WORKING
            assert (await desk.cancelled(request)).state is OrderState.CANCELLED
