"""What a script can and can't do while only what reduces a position leaves: the same as a person at a desk."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import (
    Ack,
    CancelEntries,
    CancelOrder,
    ClosePosition,
    Command,
    DenialCode,
    ModifyOrder,
    OrderPreview,
    PlaceOrder,
    PreviewOrder,
)
from core.domain.limits import Limits
from core.domain.orders import Order, OrderType, Side
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import AAPL, ACCOUNT, D, buy, position, ref
from tests.execution.rig import Rig, rig

ROOMY = Limits(duplicate_seconds=0)


def long(broker: FakeBroker) -> None:
    """100 AAPL are held."""
    broker.book_positions.append(position("100"))


def long_with_stops(broker: FakeBroker) -> None:
    """100 AAPL are held, and it takes stop orders too."""
    long(broker)
    broker.instruments[AAPL.con_id] = replace(AAPL, order_types=("LMT", "MKT", "STP"))


def sell(number: int, quantity: str) -> PlaceOrder:
    """A limit to sell above the market."""
    return PlaceOrder(request=buy(number, side=Side.SELL, quantity=quantity, price="236.00"))


async def reduced(desk: Rig) -> tuple[Order, Order]:
    """An entry and an exit work, then something happens that only a person ends."""
    entry = await desk.working(buy(1))
    exit_ = await desk.working(buy(2, side=Side.SELL, quantity="60", price="236.00"))
    desk.service._halting.reduce("OVERFILL: 3 too many.")
    return entry, exit_


def code(ack: Ack) -> DenialCode | None:
    """Why it was refused; None if it was not."""
    return None if ack.denied is None else ack.denied.code


@pytest.mark.parametrize("client", ["desk-1", "ibdesk place-2", "algo"])
@jumping
async def test_what_reduces_passes_and_what_opens_adds_or_turns_does_not(client: str) -> None:
    async with rig(prepare=long, limits=ROOMY) as desk:
        entry, exit_ = await reduced(desk)

        async def send(command: Command) -> DenialCode | None:
            return code(await desk.send(command, client))

        assert await send(PlaceOrder(request=buy(3))) is DenialCode.REDUCING
        assert await send(sell(4, "41")) is DenialCode.REDUCING, "60 are being sold already: 101 of 100"
        assert await send(sell(5, "40")) is None
        more = ModifyOrder(order_ref=exit_.order_ref, revision=desk.order(2).revision, quantity=Decimal(61))
        assert await send(more) is DenialCode.REDUCING
        nearer = ModifyOrder(order_ref=exit_.order_ref, revision=desk.order(2).revision, limit_price=Decimal("235.90"))
        assert await send(nearer) is None
        chased = ModifyOrder(order_ref=entry.order_ref, revision=desk.order(1).revision, limit_price=Decimal("233.30"))
        assert await send(chased) is DenialCode.REDUCING, "an entry stays as it is or goes"
        assert await send(CancelEntries(con_id=None)) is None
        assert entry.order_id in desk.broker.cancelled


@pytest.mark.parametrize("client", ["desk-1", "algo"])
@jumping
async def test_a_position_is_closed_and_a_preview_says_beforehand_what_would_be_refused(client: str) -> None:
    async with rig(prepare=long, limits=ROOMY) as desk:
        desk.service._halting.reduce("OVERFILL: 3 too many.")
        preview = await desk.send(PreviewOrder(request=buy(1)), client)
        assert isinstance(preview.result, OrderPreview)
        assert preview.result.denied is not None
        assert preview.result.denied.code is DenialCode.REDUCING
        close = ClosePosition(order_ref=ref(3), account=ACCOUNT, con_id=AAPL.con_id, quantity=D(100), fraction=D(1))

        assert (await desk.send(close, client)).ok
        assert (await desk.send(CancelOrder(order_ref=ref(3)), client)).ok


@jumping
async def test_a_protected_position_is_closed_and_its_stop_moved_while_only_reducing_orders_leave() -> None:
    async with rig(prepare=long_with_stops, limits=ROOMY) as desk:
        for number, price in ((1, "230.00"), (2, "229.00")):
            stop = buy(number, side=Side.SELL, price=None)
            await desk.working(replace(stop, order_type=OrderType.STP, stop_price=D(price)))
        desk.service._halting.reduce("OVERFILL: 3 too many.")

        assert code(await desk.modify(quantity="101")) is DenialCode.REDUCING
        moved = ModifyOrder(order_ref=ref(1), revision=desk.order(1).revision, stop_price=D("231.00"))
        assert (await desk.send(moved)).ok
        assert desk.broker.placed[-1].request.stop_price == D("231.00")
        close = ClosePosition(order_ref=ref(3), account=ACCOUNT, con_id=AAPL.con_id, quantity=D(100), fraction=D(1))
        assert (await desk.send(close)).ok
        assert desk.broker.placed[-1].request.quantity == 100
        assert code(await desk.send(sell(4, "1"))) is DenialCode.REDUCING, "two that take now could turn it"
