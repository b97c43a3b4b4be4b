"""Order type × time in force × class of instrument: every cell through core and gateway, or refused by both.

`python -m tests.orders.test_matrix` prints the matrix.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import DenialCode
from core.domain.instructions import Trail
from core.domain.instruments import Instrument, SecType
from core.domain.order_types import STOPS, TOUCHED
from core.domain.orders import OrderRequest, OrderState, OrderType, Side, Terms, TimeInForce, terms_of
from core.domain.prices import floor_tick, increment_at
from tests.orders.floor import Floor, floor
from tests.orders.listed import combine, con_id_of, vertical
from tests.orders.wanted import said, wanted

TYPES = tuple(one for one in OrderType if one is not OrderType.OTHER)
TIMES = tuple(one for one in TimeInForce if one is not TimeInForce.OTHER)
CLASSES = (SecType.STK, SecType.FUT, SecType.OPT, SecType.CASH, SecType.BAG)
AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)
WAIT = (*STOPS, *TOUCHED)
FILLS = (OrderType.MKT, OrderType.MTL)
RESTED, FILLED, KILLED = "ok", "fill", "kill"
"""What became of an accepted cell: it rested and was modified, or there was no time for that."""
TAKEN = {RESTED, FILLED, KILLED}
UNTIL = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)


def cell(desk: Floor, instrument: Instrument, kind: OrderType, tif: TimeInForce) -> OrderRequest:
    """A request of a type and a time in force that rests where it can."""
    bands = instrument.price_bands
    low, high = desk.near(instrument, "0.95"), desk.near(instrument, "1.05", Side.SELL)
    tick = increment_at(low, bands)
    terms: dict[str, object] = {"tif": tif, "good_till": UNTIL if tif is TimeInForce.GTD else None}
    match kind:
        case OrderType.LMT | OrderType.LOC | OrderType.LOO | OrderType.MIDPRICE:
            terms |= {"limit_price": low}
        case OrderType.STP:
            terms |= {"stop_price": high}
        case OrderType.STP_LMT:
            terms |= {"stop_price": high, "limit_price": high + 2 * tick}
        case OrderType.TRAIL:
            terms |= {"trail": Trail(percent=Decimal("5.5"))}
        case OrderType.TRAIL_LIMIT:
            terms |= {"trail": Trail(amount=floor_tick(low / 20, bands), stop_price=high, limit_offset=2 * tick)}
        case OrderType.MIT:
            terms |= {"stop_price": low}
        case OrderType.LIT:
            terms |= {"stop_price": low, "limit_price": low - 2 * tick}
        case OrderType.REL:
            terms |= {"offset": tick, "limit_price": low}
        case _:
            pass
    quantity = {SecType.FUT: 2, SecType.OPT: 2, SecType.BAG: 2, SecType.CASH: 25_000}.get(instrument.sec_type, 100)
    return desk.request(instrument, kind, quantity=Decimal(quantity), **terms)


def change(desk: Floor, instrument: Instrument, request: OrderRequest) -> dict[str, object]:
    """What a modification of a resting order changes: its price where it has one, else its quantity."""
    tick = increment_at(request.limit_price or request.stop_price or Decimal(1), instrument.price_bands)
    if request.trail is not None:
        where = desk.state.book.get(request.order_ref)
        stop = where.trail.stop_price if where and where.trail else None
        wider = Trail(percent=Decimal(6)) if request.trail.percent else replace(request.trail, limit_offset=3 * tick)
        return {"trail": replace(wider, stop_price=stop), "quantity": request.quantity * 2}
    if request.limit_price is not None:
        return {"limit_price": request.limit_price - tick}
    if request.stop_price is not None:
        return {"stop_price": request.stop_price + (tick if request.order_type is OrderType.STP else -tick)}
    return {"quantity": request.quantity * 2}


def agreed(order: Terms, asked: Terms) -> bool:
    """True if the gateway holds what was asked for; where a trailing stop stands, the market says."""
    if order.trail is None or asked.trail is None:
        return terms_of(order) == terms_of(asked)
    return terms_of(order) == replace(terms_of(asked), trail=replace(asked.trail, stop_price=order.trail.stop_price))


async def accepted(desk: Floor, instrument: Instrument, request: OrderRequest) -> str:
    """Place, compare every field, modify, compare again, cancel; says whether there was time for that."""
    order = await desk.placed(request)
    assert said(desk.frames(request)[0]) == wanted(request, instrument, order.order_id)
    assert agreed(order, request)
    at_once = request.order_type in FILLS or (request.tif in AT_ONCE and request.order_type not in WAIT)
    if at_once and request.tif is not TimeInForce.OPG:
        await desk.until(lambda: not desk.order(request).is_live)
        ended = desk.order(request)
        assert len(desk.frames(request)) == 1
        if ended.state is OrderState.FILLED:
            assert request.order_type in FILLS
            assert ended.filled == request.quantity
            return FILLED
        # A market-to-limit order asks for what is shown at one price, which may be less than its size.
        assert ended.state is OrderState.CANCELLED, ended
        assert request.order_type is OrderType.MTL or (request.order_type not in FILLS and not ended.filled), ended
        return KILLED
    assert order.state is OrderState.WORKING, (order.text, order.note)
    changes = change(desk, instrument, request)
    changed = await desk.modified(request, **changes)
    after = replace(request, **changes)
    frames = desk.frames(request)
    assert len(frames) == 2
    assert said(frames[1]) == wanted(after, instrument, order.order_id)
    assert changed.code is None, (changed.text, changed.note, changed.code)
    assert agreed(changed, after)
    kept = desk.at_gateway(request)
    assert (Decimal(kept.quantity), kept.is_live) == (after.quantity, True)
    ended = await desk.cancelled(request)
    assert ended.state is OrderState.CANCELLED
    assert not desk.at_gateway(request).is_live
    return RESTED


async def run(kind: SecType) -> dict[tuple[OrderType, TimeInForce], str]:
    """Every cell of one class: what became of it, or the words of its refusal, which the gateway shares."""
    verdicts: dict[tuple[OrderType, TimeInForce], str] = {}
    async with floor() as desk, desk.stranger() as other:
        if kind is SecType.BAG:
            instrument = await combine(desk, *vertical(desk, 2))
        else:
            instrument = await desk.watch(con_id_of(desk, kind))
        for order_type in TYPES:
            for tif in TIMES:
                request = cell(desk, instrument, order_type, tif)
                ack_denied = (await desk.place(request)).denied if await desk.refuses(request) else None
                if ack_denied is None:
                    verdicts[order_type, tif] = await accepted(desk, instrument, request)
                    continue
                assert ack_denied.code in (DenialCode.ORDER_TYPE, DenialCode.TIF), ack_denied
                # Their name says when they trade; and what details list, a gateway need not check.
                if order_type not in (OrderType.MOO, OrderType.LOO) and (kind, tif) != (SecType.BAG, TimeInForce.FOK):
                    code = await other.place(request, instrument)
                    assert code is not None, (request.order_type, tif, ack_denied)
                    assert f"[{code}]" in ack_denied.message, (code, ack_denied)
                if order_type in (OrderType.MOO, OrderType.LOO) and tif is TimeInForce.OPG:
                    assert await other.place(request, instrument) is not None
                verdicts[order_type, tif] = ack_denied.message
        assert list(desk.gateway.ledger.live_orders()) == []
        replayed = await desk.replayed()
        for order in desk.state.book.orders():
            assert replayed.book.get(order.order_ref) == order
    return verdicts


@pytest.mark.covers("D4.14")
@pytest.mark.parametrize("kind", CLASSES)
async def test_every_type_with_every_time_in_force(kind: SecType) -> None:
    verdicts = await run(kind)

    assert len(verdicts) == len(TYPES) * len(TIMES)
    taken = {one for (one, _), verdict in verdicts.items() if verdict in TAKEN}
    everywhere = {"MKT", "LMT", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT"}
    beside = {
        SecType.STK: {"MOC", "LOC", "MOO", "LOO", "REL", "MIDPRICE", "MTL"},
        SecType.FUT: {"MTL"},
        SecType.OPT: {"MTL", "REL"},
        SecType.CASH: set[str](),
    }
    if kind is SecType.BAG:
        assert {one.value for one in taken} == {"MKT", "LMT"}
        assert verdicts[OrderType.LMT, TimeInForce.GTD] == RESTED
        return
    assert {one.value for one in taken} == everywhere | beside[kind]
    assert verdicts[OrderType.STP, TimeInForce.GTD] == RESTED


def _print() -> None:
    for kind in CLASSES:
        verdicts = asyncio.run(run(kind))
        print(f"{kind:12}", *(f"{tif:>5}" for tif in TIMES))
        for one in TYPES:
            print(f"{one:12}", *(f"{verdicts[one, tif] if verdicts[one, tif] in TAKEN else '-':>5}" for tif in TIMES))
        for text in sorted(set(verdicts.values()) - TAKEN):
            print(f"  - {text}")


if __name__ == "__main__":
    _print()
