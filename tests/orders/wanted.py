"""What a placeOrder frame must say for a request: every field that is not at its default."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from core.domain.instruments import Instrument, SecType
from core.domain.orders import OrderRequest, OrderType
from core.practice.tables import Record, Value

_PLAIN: dict[str, Value] = {"openClose": "O", "exemptCode": -1}
_AT_OPEN = {OrderType.MOO: "MKT", OrderType.LOO: "LMT"}


def stamp(time: datetime | None) -> str:
    """A time as the wire has it."""
    return "" if time is None else f"{time.astimezone(UTC):%Y%m%d-%H:%M:%S}"


def said(record: Mapping[str, Value]) -> dict[str, Value]:
    """The fields of a frame that are neither empty nor at their default."""
    plain = {
        name: [Record(said(one)) for one in value] if isinstance(value, list) else value
        for name, value in record.items()
    }
    return {
        name: value
        for name, value in plain.items()
        if value not in (None, "", False, []) and value != 0 and _PLAIN.get(name) != value
    }


def wanted(
    request: OrderRequest, instrument: Instrument, order_id: int, *, parent_id: int = 0, transmit: bool = True
) -> dict[str, Value]:
    """The fields that the frame of `request` must have, and no others."""
    trail = request.trail
    aux = trail.amount if trail else request.stop_price if request.stop_price is not None else request.offset
    derivative = instrument.sec_type in (SecType.FUT, SecType.OPT)
    fields: dict[str, Value] = {
        "orderId": order_id,
        "conId": instrument.con_id,
        "symbol": instrument.symbol,
        "secType": instrument.sec_type.value,
        "lastTradeDate": instrument.last_trade_date,
        "strike": instrument.strike,
        "right": instrument.right,
        "multiplier": f"{instrument.multiplier.normalize():f}" if derivative and instrument.multiplier != 1 else "",
        "exchange": instrument.exchange,
        "primaryExchange": instrument.primary_exchange,
        "currency": instrument.currency,
        "localSymbol": instrument.local_symbol,
        "tradingClass": instrument.trading_class,
        "action": request.side.value,
        "totalQuantity": request.quantity,
        "orderType": _AT_OPEN.get(request.order_type, request.order_type.value),
        "lmtPrice": request.limit_price,
        "auxPrice": aux,
        "tif": request.tif.value,
        "account": request.account,
        "orderRef": request.order_ref,
        "transmit": transmit,
        "parentId": parent_id,
        "displaySize": None if request.display_size is None else int(request.display_size),
        "outsideRth": request.outside_rth,
        "hidden": request.hidden,
        "allOrNone": request.all_or_none,
        "goodAfterTime": stamp(request.good_after),
        "goodTillDate": stamp(request.good_till),
        "ocaGroup": request.oca.group if request.oca else "",
        "ocaType": request.oca.kind.value if request.oca else 0,
        "trailStopPrice": trail.stop_price if trail else None,
        "trailingPercent": trail.percent if trail else None,
        "lmtPriceOffset": trail.limit_offset if trail else None,
    }
    if instrument.legs:
        # The number and the name of a combination are ours; its legs say what it is.
        fields = without(fields, "conId", "localSymbol", "multiplier")
        fields["comboLegs"] = [
            Record(conId=leg.con_id, ratio=abs(leg.ratio), action="BUY" if leg.ratio > 0 else "SELL", exchange="SMART")
            for leg in instrument.legs
        ]
    return said(fields)


def without(fields: Mapping[str, Value], *names: str) -> dict[str, Value]:
    """Fields that something else looks at left out."""
    return {name: value for name, value in fields.items() if name not in names}
