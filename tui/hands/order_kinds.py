"""Order types as a ticket offers them: which fields each has, what its second field is called, what it waits for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.domain.instructions import Trail
from core.domain.instruments import PriceBand
from core.domain.order_types import AUCTIONS, RULES, STOPS, TOUCHED, Need
from core.domain.orders import OrderType, TimeInForce
from core.domain.prices import step_ticks
from tui.hands.numbers import parse_number
from tui.hands.pricing import price_text


class Field(StrEnum):
    """What the keys of a ticket act on, in the order of Tab; a type has only some of them."""

    PRICE = "price"
    QUANTITY = "quantity"
    TIF = "TIF"
    TILL = "date"
    """Until when, for GTD."""
    TYPE = "type"
    TRIGGER = "stop"
    """Stop price, touch price, trailing distance or offset."""
    RTH = "hours"
    ACCOUNT = "account"
    """Only where the login has several."""


CHOICES = frozenset({Field.TIF, Field.TYPE, Field.RTH, Field.ACCOUNT})
"""Fields that are chosen from a list, not typed."""
KINDS = (
    OrderType.LMT,
    OrderType.MKT,
    OrderType.STP,
    OrderType.STP_LMT,
    OrderType.TRAIL,
    OrderType.TRAIL_LIMIT,
    OrderType.MIT,
    OrderType.LIT,
    OrderType.MOC,
    OrderType.LOC,
    OrderType.REL,
    OrderType.MIDPRICE,
    OrderType.MTL,
)
"""Types that a ticket offers; MKT and LMT at the opening are had by OPG."""
TIFS = (
    TimeInForce.DAY,
    TimeInForce.GTC,
    TimeInForce.IOC,
    TimeInForce.FOK,
    TimeInForce.GTD,
    TimeInForce.OPG,
)
"""Times in force that a ticket offers."""
DISTANCES = frozenset({OrderType.TRAIL, OrderType.TRAIL_LIMIT, OrderType.REL})
"""Types whose second field is a distance, not a price."""
_NEW_YORK = "America/New_York"


def has_price(kind: OrderType) -> bool:
    """True for types whose price field means something; of a TRAIL LIMIT it is the offset of its limit."""
    rule = RULES[kind]
    return rule.limit is not Need.NONE or rule.limit_offset is not Need.NONE


def needs_price(kind: OrderType) -> bool:
    """True for types that can't be sent without it."""
    return Need.NEEDED in (RULES[kind].limit, RULES[kind].limit_offset)


def price_name(kind: OrderType) -> str:
    """What the price field of a type holds."""
    return "limit offset" if kind is OrderType.TRAIL_LIMIT else "limit price"


def trigger_name(kind: OrderType) -> str:
    """What the second field of a type holds; empty for a type that has none."""
    rule = RULES[kind]
    if kind in TOUCHED:
        return "touch price"
    named = ((rule.stop, "stop price"), (rule.trail, "trailing distance"), (rule.offset, "offset"))
    return next((name for need, name in named if need is Need.NEEDED), "")


def fields_of(kind: OrderType, tif: TimeInForce, *, several_accounts: bool = False) -> tuple[Field, ...]:
    """The fields of a ticket, in the order of Tab."""
    there = {
        Field.PRICE: has_price(kind) or kind is OrderType.MKT,
        Field.TILL: tif is TimeInForce.GTD,
        Field.TRIGGER: bool(trigger_name(kind)),
        Field.ACCOUNT: several_accounts,
    }
    return tuple(field for field in Field if there.get(field, True))


def parse_trail(text: str, limit_offset: Decimal | None) -> Trail | None:
    """A trailing distance: `2%` of the price, or an amount; None for what is neither."""
    plain = text.strip()
    number = parse_number(plain.removesuffix("%"))
    if number is None:
        return None
    if plain.endswith("%"):
        return Trail(percent=number, limit_offset=limit_offset)
    return Trail(amount=number, limit_offset=limit_offset)


def parse_till(text: str, time_zone: str) -> datetime | None:
    """The end of a day that is given as 2026-12-31, in the exchange's zone, else New York's; None for no date."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    try:
        zone = ZoneInfo(time_zone or _NEW_YORK)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo(_NEW_YORK)
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=zone)


def stepped_trigger(kind: OrderType, text: str, steps: int, mark: Decimal | None, bands: Sequence[PriceBand]) -> str:
    """A stop some ticks on, from the market where none is typed; a distance from 0. Empty where no tick leads on."""
    number = parse_number(text)
    if kind in DISTANCES:
        distance = Decimal(0) if not text else number
        return "" if distance is None else price_text(max(distance + steps * bands[0].increment, Decimal(0)), bands)
    price = mark if not text else number
    return "" if price is None or price <= 0 else price_text(step_ticks(price, steps, bands), bands)


def waits_for(kind: OrderType, tif: TimeInForce, trigger: str) -> str:
    """What an order waits for before it trades, as the end of `WAITS …`; empty for one that works at once."""
    if tif is TimeInForce.OPG:
        return "for the open"
    if kind in AUCTIONS:
        return "for the close"
    if kind in STOPS and kind in DISTANCES:
        return f"trailing by {trigger.strip()}"
    return f"for {trigger.strip()}" if kind in STOPS or kind in TOUCHED else ""
