"""A request as the order of a placeOrder frame.

Sources: TWS API, "Basic Orders" and "Advanced Orders" for which field holds which price; IBKR Algos for parameters.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ib_async.contract import TagValue
from ib_async.order import (
    ExecutionCondition,
    MarginCondition,
    Order,
    OrderCondition,
    PercentChangeCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)

from core.broker.outgoing import UnsendableError, wire_number, wire_text
from core.domain import instructions as ours
from core.domain.order_types import misfit
from core.domain.orders import OrderRequest, OrderType, TimeInForce

_AT_OPEN = {OrderType.MOO: OrderType.MKT, OrderType.LOO: OrderType.LMT}


def wire_order(request: OrderRequest, *, parent_id: int, transmit: bool) -> Order:
    """The order with every field that must not be left to a preset of TWS. Raises UnsendableError.

    Without a time in force TWS takes the one of its presets and says so with code 10349.
    """
    if request.order_type is OrderType.OTHER or request.tif is TimeInForce.OTHER:
        raise UnsendableError(f"ibdesk does not send {request.order_type} orders with {request.tif}. Nothing was sent.")
    _check(request)
    return Order(
        action=request.side.value,
        orderType=_AT_OPEN.get(request.order_type, request.order_type).value,
        tif=request.tif.value,
        account=wire_text(request.account),
        orderRef=wire_text(request.order_ref),
        outsideRth=request.outside_rth,
        hidden=request.hidden,
        allOrNone=request.all_or_none,
        goodAfterTime=_moment(request.good_after),
        goodTillDate=_moment(request.good_till),
        ocaGroup=wire_text(request.oca.group) if request.oca else "",
        ocaType=request.oca.kind.value if request.oca else 0,
        parentId=parent_id,
        transmit=transmit,
        **_exact(request),
        **_algo(request.algo),
        **_conditions(request.conditions),
    )


def _check(request: OrderRequest) -> None:
    wrong = misfit(request)
    at_open = request.order_type in _AT_OPEN and request.tif is not TimeInForce.OPG
    if wrong or at_open or (request.good_till is not None) is not (request.tif is TimeInForce.GTD):
        why = wrong or f"not with {request.tif} until {request.good_till}"
        raise UnsendableError(f"A {request.order_type} order can't be sent: {why}. Nothing was sent.")


def _exact(request: OrderRequest) -> dict[str, Any]:
    """The numbers as texts: ib_async types them as floats, and 0.3 must never be 0.30000000000000004."""
    trail = request.trail
    aux = request.stop_price if request.stop_price is not None else request.offset
    numbers = {
        "totalQuantity": request.quantity,
        "lmtPrice": request.limit_price,
        "auxPrice": aux if trail is None else trail.amount,
        "displaySize": request.display_size,
    }
    if trail is not None:
        numbers["trailingPercent"] = trail.percent
        numbers["trailStopPrice"] = trail.stop_price
        numbers["lmtPriceOffset"] = trail.limit_offset
    return {name: wire_number(value) for name, value in numbers.items() if value is not None}


def _moment(time: datetime | None) -> str:
    """UTC, in the one spelling of the TWS API that needs no name of a zone."""
    if time is None:
        return ""
    if time.tzinfo is None:
        raise UnsendableError(f"{time} has no time zone. Nothing was sent.")
    return f"{time.astimezone(UTC):%Y%m%d-%H:%M:%S}"


def _algo(algo: ours.Algo | None) -> dict[str, Any]:
    if algo is None:
        return {}
    match algo:
        case ours.Adaptive(priority=priority):
            given = {"adaptivePriority": priority.value}
        case ours.Twap():
            given = {**_span(algo), "allowPastEndTime": _flag(algo.past_end)}
        case ours.Vwap():
            share = {} if algo.max_percent is None else {"maxPctVol": _share(algo.max_percent)}
            given = {**share, **_span(algo), "allowPastEndTime": _flag(algo.past_end), "noTakeLiq": _flag(algo.passive)}
        case ours.PctVol():
            given = {"pctVol": _share(algo.percent), **_span(algo), "noTakeLiq": _flag(algo.passive)}
    parameters = [TagValue(tag, value) for tag, value in given.items()]
    return {"algoStrategy": str(algo.__struct_config__.tag), "algoParams": parameters}


def _span(algo: ours.Twap | ours.Vwap | ours.PctVol) -> dict[str, str]:
    named = {"startTime": _moment(algo.start), "endTime": _moment(algo.end)}
    return {tag: text for tag, text in named.items() if text}


def _share(percent: Decimal) -> str:
    return wire_number((percent / 100).normalize())


def _flag(value: bool) -> str:
    return "1" if value else "0"


def _conditions(conditions: ours.Conditions | None) -> dict[str, Any]:
    if conditions is None:
        return {}
    return {
        "conditions": [_condition(one) for one in conditions.items],
        "conditionsCancelOrder": conditions.cancels,
        "conditionsIgnoreRth": conditions.outside_rth,
    }


def _condition(one: ours.Condition) -> OrderCondition:
    # ib_async types prices as floats; a text goes out as it is.
    price: Any
    join = one.join.value
    match one:
        case ours.PriceCondition():
            price = wire_number(one.price)
            return PriceCondition(1, join, one.above, price, one.con_id, wire_text(one.exchange), one.method)
        case ours.TimeCondition():
            return TimeCondition(3, join, one.above, _moment(one.time))
        case ours.MarginCondition():
            return MarginCondition(4, join, one.above, one.percent)
        case ours.ExecutionCondition():
            names = (wire_text(one.sec_type), wire_text(one.exchange), wire_text(one.symbol))
            return ExecutionCondition(5, join, *names)
        case ours.VolumeCondition():
            return VolumeCondition(6, join, one.above, one.volume, one.con_id, wire_text(one.exchange))
        case ours.ChangeCondition():
            price = wire_number(one.percent)
            return PercentChangeCondition(7, join, one.above, price, one.con_id, wire_text(one.exchange))
