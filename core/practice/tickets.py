"""What a client asks for in a placeOrder, checked and turned into terms; what makes no sense is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from core.practice.algos import read_algo
from core.practice.conditions import BAD_TIME, read_conditions
from core.practice.instruments import Instrument
from core.practice.moments import moment
from core.practice.orders import (
    CLOSE_TYPES,
    LIMIT_TYPES,
    OPENING,
    PEGGED_TYPES,
    SNAP_TYPES,
    TRAIL_TYPES,
    TRIGGER_TYPES,
    Adjustment,
    Terms,
)
from core.practice.tables import Record
from core.practice.terms import OFF_GRID, RefusedError, invalid, rejected
from core.practice.triggers import METHODS

_EVERYWHERE: Final = frozenset({"MKT", "LMT", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT"})
#: The order types of each security type.
ORDER_TYPES: Final = {
    "STK": _EVERYWHERE | PEGGED_TYPES | SNAP_TYPES | CLOSE_TYPES | {"MTL"},
    "OPT": _EVERYWHERE | SNAP_TYPES | {"MTL", "REL", "PEG MID"},
    "FUT": _EVERYWHERE | SNAP_TYPES | {"MTL", "MKT PRT", "STP PRT"},
    "CASH": _EVERYWHERE,
    "BAG": frozenset({"MKT", "LMT"}),
}
_ALL_TYPES: Final = frozenset[str]().union(*ORDER_TYPES.values())
#: Types that TWS knows and this market does not trade.
_UNTRADED: Final = frozenset({"VOL", "PEG BENCH", "PEG STK", "PASSV REL", "BOX TOP", "LWLT", "RPI", "QUOTE", "FUNARI"})
_SPELLINGS: Final = {
    "MARKET": "MKT",
    "LIMIT": "LMT",
    "STOP": "STP",
    "STPLMT": "STP LMT",
    "STOP LIMIT": "STP LMT",
    "TRAILLMT": "TRAIL LIMIT",
    "TRAILLIMIT": "TRAIL LIMIT",
    "PEGMKT": "PEG MKT",
    "PEGMID": "PEG MID",
    "PEGBEST": "PEG BEST",
    "PEG PRIM": "REL",
}
#: Types that stand for another one at the open.
_AT_OPEN: Final = {"MOO": "MKT", "LOO": "LMT"}
_TIMES: Final = frozenset({"DAY", "GTC", "IOC", "FOK", "GTD", OPENING})
_AT_ONCE: Final = frozenset({"IOC", "FOK"})
_ADJUSTABLE: Final = frozenset({"STP", "STP LMT", "TRAIL", "TRAIL LIMIT"})
_SHARE: Final = Decimal(100)


def read_terms(order: Record, instrument: Instrument, now: float) -> Terms:
    """Check what an order asks for; times without a date are of the day of `now`. Raises RefusedError."""
    action = order.text("action")
    if action not in {"BUY", "SELL"}:
        raise invalid(f"Invalid side {action!r}" if action != "SSHORT" else "Side SSHORT is for institutions")
    order_type, tif = _type_and_time(order, instrument)
    home = instrument.time_zone
    limit, stop = _prices(order, order_type, instrument)
    trail, trail_share = _trail(order, order_type, instrument)
    offset, offset_share = _offset(order, order_type, instrument)
    quantity = _quantity(order, instrument)
    algo = read_algo(order, now, home)
    if algo is not None and (order_type not in {"MKT", "LMT"} or instrument.sec_type in {"CASH", "BAG"}):
        raise RefusedError(442, "Specified algorithm is not allowed for this order.")
    if (algo is not None or order_type in PEGGED_TYPES) and tif not in {"DAY", "GTC", "GTD"}:
        raise RefusedError(111, "The TIF (Tif type) and the order type are incompatible.")
    oca_type = order.integer("ocaType") or 3
    if oca_type not in {1, 2, 3}:
        raise invalid(f"Invalid OCA type {oca_type}")
    method = order.integer("triggerMethod")
    if method not in METHODS:
        raise RefusedError(146, "Invalid trigger method.")
    _check_untraded(order)
    return Terms(
        action=action,
        quantity=quantity,
        order_type=order_type,
        limit=limit,
        stop=stop,
        tif=tif,
        offset=offset,
        offset_share=offset_share,
        trail=trail,
        trail_share=trail_share,
        limit_offset=_limit_offset(order, order_type, instrument, stop),
        trigger_method=method,
        outside_rth=order.flag("outsideRth"),
        all_or_none=order.flag("allOrNone"),
        min_quantity=_min_quantity(order, quantity),
        display=_display(order, quantity),
        discretion=_discretion(order, order_type, instrument),
        good_after=_time(order, "goodAfterTime", now, home),
        good_till=_good_till(order, tif, now, home),
        parent_id=order.integer("parentId"),
        oca_group=order.text("ocaGroup"),
        oca_type=oca_type,
        conditions=read_conditions(order.rows("conditions"), now, home),
        conditions_cancel=order.flag("conditionsCancelOrder"),
        algo=algo,
        adjustment=_adjustment(order, order_type, instrument),
    )


def _type_and_time(order: Record, instrument: Instrument) -> tuple[str, str]:
    given, tif = order.text("orderType"), order.text("tif") or "DAY"
    order_type = _SPELLINGS.get(given, given)
    if order_type in _AT_OPEN:
        order_type, tif = _AT_OPEN[order_type], OPENING
    if order_type not in _ALL_TYPES | _UNTRADED:
        raise invalid("Invalid order type was entered")
    if order_type not in ORDER_TYPES.get(instrument.sec_type, frozenset()):
        raise RefusedError(387, "Unsupported order type for this exchange and security type.")
    if tif not in _TIMES:
        raise invalid(f"Invalid time in force {tif[:20]!r}")
    if order_type in CLOSE_TYPES and tif != "DAY":
        raise RefusedError(113, "The Tif option should be set to DAY for MOC and LOC orders.")
    if tif == OPENING and (order_type not in {"MKT", "LMT"} or instrument.sec_type != "STK"):
        raise RefusedError(111, "The TIF (Tif type) and the order type are incompatible.")
    return order_type, tif


def _check_untraded(order: Record) -> None:
    if order.text("hedgeType"):
        raise RefusedError(10007, "Invalid hedge type.")
    if order.number("scalePriceIncrement"):
        raise rejected("scale orders are not traded by the practice gateway.")


def _prices(order: Record, order_type: str, instrument: Instrument) -> tuple[int | None, int | None]:
    """Return the limit, or the cap of a pegged price, and the price that is waited for."""
    limit = stop = None
    if order_type in LIMIT_TYPES or (order_type in PEGGED_TYPES and order.number("lmtPrice")):
        limit = _price(order, "lmtPrice", instrument, "limit price")
    if order_type in TRAIL_TYPES:
        if order.number("trailStopPrice"):
            stop = _price(order, "trailStopPrice", instrument, "stop price")
    elif order_type in TRIGGER_TYPES:
        stop = _price(order, "auxPrice", instrument, "stop price")
    return limit, stop


def _trail(order: Record, order_type: str, instrument: Instrument) -> tuple[int | None, Decimal | None]:
    """Return how far a trailing stop trails: a distance, or a share of the price."""
    if order_type not in TRAIL_TYPES:
        return None, None
    percent = order.number("trailingPercent")
    if percent:
        if not percent.is_finite() or not 0 < percent < _SHARE:
            raise RefusedError(159, "The percent offset value must be between 0% and 100%.")
        return None, percent / _SHARE
    if not order.number("auxPrice"):
        raise RefusedError(158, "You must specify an offset amount or a percent offset value.")
    return _distance(order, "auxPrice", instrument), None


def _offset(order: Record, order_type: str, instrument: Instrument) -> tuple[int, Decimal | None]:
    """Return how far a pegged price is from what it follows: a distance, or a share of the price."""
    if order_type not in PEGGED_TYPES | SNAP_TYPES or order_type == "MIDPRICE":
        return 0, None
    if order_type == "PEG BEST":
        offset = order.number("competeAgainstBestOffset")
        return _distance(order, "competeAgainstBestOffset", instrument) if offset and offset.is_finite() else 0, None
    share = order.number("percentOffset")
    if order_type == "REL" and share is not None:
        # The decimal stands for the percentage: 0.04 is 4 %.
        if not share.is_finite() or not 0 <= share <= 1:
            raise RefusedError(159, "The percent offset value must be between 0% and 100%.")
        return 0, share
    if order.number("auxPrice") is None:
        if order_type == "REL":
            raise RefusedError(158, "You must specify an offset amount or a percent offset value.")
        return 0, None
    return _distance(order, "auxPrice", instrument), None


def _limit_offset(order: Record, order_type: str, instrument: Instrument, stop: int | None) -> int | None:
    if order_type != "TRAIL LIMIT":
        return None
    if order.number("lmtPriceOffset") is not None:
        return _distance(order, "lmtPriceOffset", instrument)
    limit = _price(order, "lmtPrice", instrument, "limit price")
    if stop is None:
        raise invalid("Missing stop price")
    return limit - stop if order.text("action") == "BUY" else stop - limit


def _adjustment(order: Record, order_type: str, instrument: Instrument) -> Adjustment | None:
    into = order.text("adjustedOrderType")
    if into in {"", "None"}:
        return None
    into = _SPELLINGS.get(into, into)
    if into not in _ADJUSTABLE or order_type not in _ADJUSTABLE:
        raise RefusedError(387, "Unsupported order type for this exchange and security type.")
    trail = share = None
    if into in TRAIL_TYPES:
        amount = order.number("adjustedTrailingAmount")
        if not amount or not amount.is_finite() or amount < 0:
            raise RefusedError(364, "Invalid adjusted trailing amount.")
        if order.integer("adjustableTrailingUnit") == 100:
            share = amount / _SHARE
        else:
            trail = _units(amount, instrument)
    stop = limit = None
    if into not in TRAIL_TYPES or order.number("adjustedStopPrice"):
        stop = _adjusted(order, "adjustedStopPrice", instrument, 362, "Invalid adjusted stop price.")
    if into == "STP LMT":
        limit = _adjusted(order, "adjustedStopLimitPrice", instrument, 363, "Invalid adjusted stop limit price.")
    trigger = _adjusted(order, "triggerPrice", instrument, 361, "Invalid trigger price.")
    return Adjustment(trigger, into, stop, limit, trail, share)


def _adjusted(order: Record, name: str, instrument: Instrument, code: int, text: str) -> int:
    price = order.number(name)
    units = instrument.units(price) if price is not None and price.is_finite() else None
    if units is None:
        raise RefusedError(code, text)
    return units


def _quantity(order: Record, instrument: Instrument) -> int:
    quantity = order.number("totalQuantity")
    if quantity is None or quantity == 0:
        if order.number("cashQty"):
            raise RefusedError(10244, "Cash Quantity cannot be used for this order.")
        raise RefusedError(434, "The order size cannot be zero.")
    if not quantity.is_finite() or quantity < 0:
        raise invalid("Order size must be positive")
    if quantity != quantity.to_integral_value():
        raise RefusedError(10243, "Fractional-sized order cannot be placed via API.")
    if quantity > Decimal(10) ** 12 or quantity % instrument.min_size:
        raise rejected(f"the order size does not conform to the contract {instrument.local_symbol}.")
    return int(quantity)


def _min_quantity(order: Record, quantity: int) -> int:
    least = order.integer("minQty")
    if not 0 <= least <= quantity:
        raise invalid("Minimum quantity must not be above the order size")
    return least


def _display(order: Record, quantity: int) -> int:
    shown = order.integer("displaySize")
    if shown < 0:
        raise invalid("Display size must be positive")
    if shown >= quantity:
        raise RefusedError(10020, "Display size should be smaller than order size.")
    return shown


def _discretion(order: Record, order_type: str, instrument: Instrument) -> int:
    if not order.number("discretionaryAmt"):
        return 0
    if order.integer("displaySize"):
        text = "Please remove either the Discretionary amount or the Display size."
        raise RefusedError(157, f"An order can be EITHER Iceberg or Discretionary. {text}")
    if order_type not in {"LMT", "REL"}:
        text = "Discretionary orders are not supported for this combination of exchange and order type."
        raise RefusedError(325, text)
    return _distance(order, "discretionaryAmt", instrument)


def _time(order: Record, name: str, now: float, home: str) -> float:
    text = order.text(name)
    if not text:
        return 0.0
    try:
        return moment(text, now, home, end_of_day=name == "goodTillDate")
    except ValueError:
        raise RefusedError(343, BAD_TIME) from None


def _good_till(order: Record, tif: str, now: float, home: str) -> float:
    if tif != "GTD":
        return 0.0
    until = _time(order, "goodTillDate", now, home)
    if until <= now:
        raise RefusedError(334, "Invalid Good Till Date order")
    return until


def _price(order: Record, name: str, instrument: Instrument, words: str) -> int:
    price = order.number(name)
    # A combination may cost nothing or less; for everything else clients write 0 for no price.
    if price is None or (price == 0 and name != "auxPrice" and not instrument.legs):
        raise invalid(f"Missing {words}")
    units = instrument.units(price) if price.is_finite() else None
    if units is None:
        raise RefusedError(110, OFF_GRID)
    return units


def _distance(order: Record, name: str, instrument: Instrument) -> int:
    return _units(order.number(name) or Decimal(0), instrument)


def _units(distance: Decimal, instrument: Instrument) -> int:
    """Return a distance between prices in units; it must be made of the smallest ticks."""
    scaled = distance.scaleb(instrument.decimals) if distance.is_finite() and abs(distance) < 10**8 else Decimal("0.5")
    if scaled < 0 or scaled != scaled.to_integral_value() or distance % instrument.min_tick:
        raise RefusedError(110, OFF_GRID)
    return int(scaled)
