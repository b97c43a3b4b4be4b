"""What an order may carry beside its prices: trailing, groups, conditions, algorithms. Spelt as the TWS API spells it.

Sources: TWS API, class Order and "Order Conditioning"; IBKR Algos (Adaptive, Twap, Vwap, PctVol).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum

from msgspec import Struct


class Trail(Struct, frozen=True, kw_only=True):
    """How a trailing stop follows the market: by an amount or by a part of the price, exactly one of them."""

    amount: Decimal | None = None
    """Distance between market and stop, in the instrument's currency."""
    percent: Decimal | None = None
    """The same distance in per cent of the price."""
    stop_price: Decimal | None = None
    """Where the stop begins, and once the broker has told, where it stands; None lets the market decide."""
    limit_offset: Decimal | None = None
    """TRAIL LIMIT only: how far beyond the stop the limit lies."""


class OcaType(IntEnum):
    """What a fill of one order of a group does to the others, numbered as the TWS API numbers it."""

    CANCEL = 1
    """The others are cancelled; one order at a time is at the exchange, so that nothing fills twice."""
    REDUCE_WITH_BLOCK = 2
    """The others are reduced in proportion; one order at a time is at the exchange."""
    REDUCE = 3
    """The others are reduced in proportion; too much can fill."""


class Oca(Struct, frozen=True, kw_only=True):
    """Membership in a group of which one order cancels or reduces the others. It can't be changed later."""

    group: str
    """The group's name, never empty; it should be new for every group."""
    kind: OcaType = OcaType.CANCEL


class Join(StrEnum):
    """How a condition goes with the next one; `and` binds closer than `or`."""

    AND = "a"
    OR = "o"


class PriceCondition(Struct, frozen=True, kw_only=True, tag="price"):
    """An instrument trades at a price or beyond."""

    con_id: int
    price: Decimal
    above: bool
    """True for at or above the price, False for at or below."""
    exchange: str = "SMART"
    method: int = 0
    """Which prices count, as the TWS API's triggerMethod: 0 the default, 2 last, 4 bid and ask, 8 midpoint."""
    join: Join = Join.AND


class TimeCondition(Struct, frozen=True, kw_only=True, tag="time"):
    """A moment has come."""

    time: datetime
    """Aware."""
    above: bool = True
    """True for after, False for before."""
    join: Join = Join.AND


class MarginCondition(Struct, frozen=True, kw_only=True, tag="margin"):
    """The account's cushion over its maintenance margin."""

    percent: int
    """Of net liquidation."""
    above: bool
    join: Join = Join.AND


class VolumeCondition(Struct, frozen=True, kw_only=True, tag="volume"):
    """So much of an instrument has traded today."""

    con_id: int
    volume: int
    above: bool = True
    exchange: str = "SMART"
    join: Join = Join.AND


class ChangeCondition(Struct, frozen=True, kw_only=True, tag="change"):
    """An instrument's change since yesterday's close."""

    con_id: int
    percent: Decimal
    """In per cent, negative below the close."""
    above: bool
    exchange: str = "SMART"
    join: Join = Join.AND


class ExecutionCondition(Struct, frozen=True, kw_only=True, tag="execution"):
    """The account trades a symbol."""

    symbol: str
    sec_type: str = "STK"
    exchange: str = "SMART"
    join: Join = Join.AND


Condition = PriceCondition | TimeCondition | MarginCondition | VolumeCondition | ChangeCondition | ExecutionCondition
"""Every kind of condition."""


class Conditions(Struct, frozen=True, kw_only=True):
    """What an order waits for, or is cancelled by."""

    items: tuple[Condition, ...]
    """At least one."""
    cancels: bool = False
    """True cancels the order once they hold; False starts it."""
    outside_rth: bool = False
    """True lets them come true outside regular hours."""


class AdaptivePriority(StrEnum):
    """How eager Adaptive is to trade."""

    URGENT = "Urgent"
    NORMAL = "Normal"
    PATIENT = "Patient"


class Adaptive(Struct, frozen=True, kw_only=True, tag="Adaptive"):
    """Seeks a better price than the other side of the market."""

    priority: AdaptivePriority = AdaptivePriority.NORMAL


class Twap(Struct, frozen=True, kw_only=True, tag="Twap"):
    """Even slices over a time."""

    start: datetime | None = None
    """Aware; None for now."""
    end: datetime | None = None
    """Aware; None for the end of the session."""
    past_end: bool = False
    """True lets the rest trade after the end."""


class Vwap(Struct, frozen=True, kw_only=True, tag="Vwap"):
    """Slices that follow the day's usual volume."""

    max_percent: Decimal | None = None
    """Greatest part of the market's volume in per cent, 1 to 50; None for no bound."""
    start: datetime | None = None
    end: datetime | None = None
    past_end: bool = False
    passive: bool = False
    """True never takes the other side of the market."""


class PctVol(Struct, frozen=True, kw_only=True, tag="PctVol"):
    """A constant part of the market's volume."""

    percent: Decimal
    """1 to 50."""
    start: datetime | None = None
    end: datetime | None = None
    passive: bool = False
    """True never takes the other side of the market."""


Algo = Adaptive | Twap | Vwap | PctVol
"""Every algorithm; a struct's tag is IBKR's name of it."""
