"""What an openOrder message says that was asked for: type, prices, times, groups, conditions and algorithms."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ib_async import order as wire
from ib_async.contract import Contract

from core.broker import translate
from core.broker.exec_time import parse_exec_time
from core.domain import instructions as ours
from core.domain.orders import OrderType, TimeInForce
from core.domain.reports import OpenOrderReport
from core.text import clean

_TYPES = {one.value: one for one in OrderType}
_AT_OPEN = {OrderType.MKT: OrderType.MOO, OrderType.LMT: OrderType.LOO}
_TIMES = {one.value: one for one in TimeInForce}
_STOPPED = frozenset({OrderType.STP, OrderType.STP_LMT, OrderType.MIT, OrderType.LIT})
_TRAILING = frozenset({OrderType.TRAIL, OrderType.TRAIL_LIMIT})
_LIMITLESS = frozenset({OrderType.MKT, OrderType.STP, OrderType.MIT, OrderType.MOC, OrderType.MOO, *_TRAILING})
_INT_UNSET = 2**31 - 1
_YES = frozenset({"1", "true", "True"})


def open_order(contract: Contract, order: wire.Order, state: wire.OrderState) -> OpenOrderReport:
    """An openOrder message. Times that can't be read are left out; what is neither ours nor known is OTHER."""
    kind, tif = order_type(order.orderType), time_in_force(order.tif)
    if tif is TimeInForce.OPG:
        kind = _AT_OPEN.get(kind, kind)
    aux = translate.number(_sent(order.auxPrice))
    return OpenOrderReport(
        order_id=order.orderId,
        client_id=order.clientId,
        perm_id=order.permId,
        order_ref=clean(order.orderRef),
        account=clean(order.account),
        instrument=translate.instrument(contract),
        parent_id=order.parentId,
        side=translate.side(order.action),
        quantity=translate.quantity(order.totalQuantity),
        order_type=kind,
        type_text=clean(order.orderType),
        limit_price=_limit_price(order, kind),
        stop_price=aux if kind in _STOPPED or (kind is OrderType.OTHER and aux) else None,
        trail=_trail(order, kind, aux),
        offset=(aux or translate.ZERO) if kind is OrderType.REL else None,
        tif=tif,
        good_till=moment(order.goodTillDate) if tif is TimeInForce.GTD else None,
        outside_rth=order.outsideRth,
        display_size=Decimal(order.displaySize) if 0 < order.displaySize < _INT_UNSET else None,
        hidden=order.hidden,
        all_or_none=order.allOrNone,
        good_after=moment(order.goodAfterTime),
        oca=_oca(order),
        conditions=_conditions(order),
        algo=_algo(order),
        status=clean(state.status),
    )


def order_type(text: str) -> OrderType:
    """The type as far as ibdesk sends it, else OTHER."""
    return _TYPES.get(text, OrderType.OTHER)


def time_in_force(text: str) -> TimeInForce:
    """The time in force as far as ibdesk sends it, else OTHER."""
    return _TIMES.get(text, TimeInForce.OTHER)


def moment(text: str) -> datetime | None:
    """A time of the wire in UTC; None for an empty text and for one that is no time or has an unknown zone."""
    if not text:
        return None
    time, guess = parse_exec_time(text, datetime.now(UTC), live=False)
    return None if guess else time


def _sent(value: Any) -> Any:
    """The decoder has made a float of it, whatever ib_async's annotation allows."""
    return value


def _limit_price(order: wire.Order, kind: OrderType) -> Decimal | None:
    """None where the type has no limit: the wire then says 0, empty or unset."""
    price = translate.number(_sent(order.lmtPrice))
    if kind in _LIMITLESS or (not price and "LMT" not in order.orderType and kind is not OrderType.LIT):
        return None
    return price


def _trail(order: wire.Order, kind: OrderType, aux: Decimal | None) -> ours.Trail | None:
    if kind not in _TRAILING:
        return None
    percent = translate.number(_sent(order.trailingPercent))
    offset = translate.number(_sent(order.lmtPriceOffset))
    return ours.Trail(
        amount=None if percent else aux,
        percent=percent or None,
        stop_price=translate.number(_sent(order.trailStopPrice)),
        limit_offset=offset if kind is OrderType.TRAIL_LIMIT else None,
    )


def _oca(order: wire.Order) -> ours.Oca | None:
    # The orders attached to a parent are a group of the broker's own making.
    if not order.ocaGroup or order.parentId:
        return None
    known = order.ocaType in tuple(ours.OcaType)
    return ours.Oca(group=clean(order.ocaGroup), kind=ours.OcaType(order.ocaType) if known else ours.OcaType.REDUCE)


def _algo(order: wire.Order) -> ours.Algo | None:
    """None without an algorithm and for one that ibdesk does not send."""
    given = {clean(one.tag): clean(one.value) for one in order.algoParams}
    start, end = moment(given.get("startTime", "")), moment(given.get("endTime", ""))
    past_end, passive = given.get("allowPastEndTime") in _YES, given.get("noTakeLiq") in _YES
    match order.algoStrategy:
        case "Adaptive":
            known = given.get("adaptivePriority") in tuple(ours.AdaptivePriority)
            return (
                ours.Adaptive(priority=ours.AdaptivePriority(given["adaptivePriority"])) if known else ours.Adaptive()
            )
        case "Twap":
            return ours.Twap(start=start, end=end, past_end=past_end)
        case "Vwap":
            share = _percent(given.get("maxPctVol", ""))
            return ours.Vwap(max_percent=share, start=start, end=end, past_end=past_end, passive=passive)
        case "PctVol":
            share = _percent(given.get("pctVol", "")) or translate.ZERO
            return ours.PctVol(percent=share, start=start, end=end, passive=passive)
        case _:
            return None


def _percent(text: str) -> Decimal | None:
    share = translate.number(text)
    return None if share is None else share * 100


def _conditions(order: wire.Order) -> ours.Conditions | None:
    items = tuple(one for one in map(_condition, order.conditions) if one is not None)
    if not items:
        return None
    return ours.Conditions(items=items, cancels=order.conditionsCancelOrder, outside_rth=order.conditionsIgnoreRth)


def _condition(one: wire.OrderCondition) -> ours.Condition | None:
    """None for a time that can't be read."""
    match one:
        case wire.PriceCondition():
            return ours.PriceCondition(
                con_id=one.conId,
                price=translate.quantity(one.price),
                above=one.isMore,
                exchange=clean(one.exch),
                method=one.triggerMethod,
                join=_join(one.conjunction),
            )
        case wire.TimeCondition():
            time = moment(one.time)
            return (
                None if time is None else ours.TimeCondition(time=time, above=one.isMore, join=_join(one.conjunction))
            )
        case wire.MarginCondition():
            return ours.MarginCondition(percent=one.percent, above=one.isMore, join=_join(one.conjunction))
        case wire.ExecutionCondition():
            return ours.ExecutionCondition(
                symbol=clean(one.symbol),
                sec_type=clean(one.secType),
                exchange=clean(one.exch),
                join=_join(one.conjunction),
            )
        case wire.VolumeCondition():
            return ours.VolumeCondition(
                con_id=one.conId,
                volume=one.volume,
                above=one.isMore,
                exchange=clean(one.exch),
                join=_join(one.conjunction),
            )
        case wire.PercentChangeCondition():
            return ours.ChangeCondition(
                con_id=one.conId,
                percent=translate.quantity(one.changePercent),
                above=one.isMore,
                exchange=clean(one.exch),
                join=_join(one.conjunction),
            )
        case _:
            return None


def _join(text: str) -> ours.Join:
    return ours.Join.OR if text.lower().startswith("o") else ours.Join.AND
