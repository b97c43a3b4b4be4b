"""What a script asks for, by symbol and in the words of the published contracts; checked before anything is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypedDict, TypeVar, Unpack

from msgspec.structs import replace

from core.domain.denials import DenialCode
from core.domain.instructions import Adaptive, AdaptivePriority, Algo, Trail
from core.domain.instruments import Instrument
from core.domain.order_types import RULES, misfit
from core.domain.orders import Order, OrderRequest, OrderSpec, OrderType, Side, TimeInForce
from core.errors import OrderValueError

Number = Decimal | int | float | str
"""A quantity or a price as scripts have them; a float counts as the digits that it prints."""

TYPE_WORDS: Mapping[str, OrderType] = {
    "MARKET": OrderType.MKT,
    "LIMIT": OrderType.LMT,
    "STOP": OrderType.STP,
    "STOP_LIMIT": OrderType.STP_LMT,
    **{kind.value: kind for kind in RULES},
    **{kind.name: kind for kind in RULES},
}
"""Order types by the words of the published contracts and by IBKR's; ADAPTIVE is an algorithm and none of them."""

URGENCY: Mapping[str, AdaptivePriority] = {
    "LOW": AdaptivePriority.PATIENT,
    "NORMAL": AdaptivePriority.NORMAL,
    "HIGH": AdaptivePriority.URGENT,
    **{priority.name: priority for priority in AdaptivePriority},
}
"""What an intent's urgency means to Adaptive."""

ADAPTIVE = "ADAPTIVE"

REPEAT = (DenialCode.DUPLICATE, DenialCode.REPEATED)
"""The questions that a script answers for an order that it means once more."""

_Word = TypeVar("_Word", bound=StrEnum)


class Ticket(OrderSpec, frozen=True, kw_only=True):
    """An order as a script means it. It becomes an `OrderRequest` once its symbol is a contract."""

    symbol: str
    """A ticker, a label as rows show it, or a contract number."""
    account: str = ""
    """Empty for the profile's account."""
    tag: str = ""
    """As of `OrderRequest`."""
    strategy: str = ""
    """As of `OrderRequest`."""
    ttl: Decimal | None = None
    """Seconds after which core cancels what has not filled; None never does."""
    short: bool = False
    """True for a sale that may open a short position."""
    confirms: tuple[DenialCode, ...] = ()
    """Questions that are answered beforehand, such as `DUPLICATE` for the same order once more within a minute."""

    @property
    def text(self) -> str:
        """In words, for messages: `BUY 100 AAPL`."""
        return f"{self.side} {self.quantity:f} {self.symbol}"

    def request(self, instrument: Instrument, account: str, order_ref: str, parent_ref: str = "") -> OrderRequest:
        """The request for `instrument`, for `account` if the ticket names none, attached to `parent_ref` if given."""
        shared = {name: getattr(self, name) for name in _SHARED}
        shared["account"] = self.account or account
        shared["parent_ref"] = parent_ref or self.parent_ref
        return OrderRequest(order_ref=order_ref, con_id=instrument.con_id, **shared)


_SHARED = tuple(name for name in Ticket.__struct_fields__ if name in OrderRequest.__struct_fields__)
_OF_ORDER = tuple(name for name in Ticket.__struct_fields__ if name in Order.__struct_fields__)


class Extras(TypedDict, total=False):
    """What a script may say beside symbol, side, quantity, type and limit. What is left out is empty or the usual."""

    stop_price: Number | None
    """The price that starts a stop."""
    trail_amount: Number | None
    """Distance of a TRAIL; this or `trail_percent`."""
    trail_percent: Number | None
    time_in_force: str
    """DAY, GTC, IOC, FOK, GTD or OPG."""
    good_till: datetime | None
    """For GTD; aware."""
    outside_rth: bool
    """True lets it fill outside regular hours."""
    urgency: str
    """LOW, NORMAL or HIGH: Adaptive's priority; of no meaning to other types."""
    algo: Algo | None
    """One of IBKR's algorithms."""
    account: str
    tag: str
    strategy: str
    ttl: Number | None
    short: bool
    repeat: bool
    """True says that the same order as one of the last seconds is meant once more."""
    confirms: tuple[DenialCode, ...]
    """Other questions of core's that are answered beforehand, by the code that such a refusal names."""


class Instructions(Extras, total=False):
    """All that a script may say beside symbol, side, quantity and type."""

    limit_price: Number | None
    """ADAPTIVE is a limit order with it, a market order without."""


class Changes(TypedDict, total=False):
    """What a script may change of a live order. What is left out stays."""

    quantity: Number
    """Of the whole order, what has filled included."""
    limit_price: Number
    stop_price: Number
    trail_amount: Number
    trail_percent: Number
    time_in_force: str
    good_till: datetime
    outside_rth: bool
    short: bool
    repeat: bool
    """As of `Extras`, as `short` is."""


def ticket(
    symbol: str, side: str, quantity: Number, order_type: str = "MARKET", **more: Unpack[Instructions]
) -> Ticket:
    """A ticket from the words and numbers that scripts use. Less common instructions: `msgspec.structs.replace` it.

    `side` is BUY or SELL in any case, `quantity` above 0, `order_type` MARKET, LIMIT, STOP, STOP_LIMIT, ADAPTIVE or one
    of IBKR's names (`MOC`, `TRAIL`, ...). Raises OrderValueError, a ValueError, that names what is wrong.
    """
    limit, stop, ttl = more.get("limit_price"), more.get("stop_price"), more.get("ttl")
    kind, adaptive = _kind(order_type, more.get("urgency", "NORMAL"), has_limit=limit is not None)
    made = Ticket(
        symbol=_symbol(symbol),
        side=_word(Side, side, "side"),
        quantity=positive(quantity, "quantity"),
        order_type=kind,
        limit_price=None if limit is None else decimal(limit, "limit_price"),
        stop_price=None if stop is None else decimal(stop, "stop_price"),
        trail=_trail(more.get("trail_amount"), more.get("trail_percent")),
        tif=_word(TimeInForce, more.get("time_in_force", "DAY"), "time_in_force"),
        good_till=more.get("good_till"),
        outside_rth=more.get("outside_rth", False),
        algo=adaptive or more.get("algo"),
        account=more.get("account", ""),
        tag=more.get("tag", ""),
        strategy=more.get("strategy", ""),
        ttl=None if ttl is None else positive(ttl, "ttl"),
        short=more.get("short", False),
        confirms=(*more.get("confirms", ()), *(REPEAT if more.get("repeat") else ())),
    )
    meant = type_by_prices(more)
    untyped = kind is OrderType.MKT and adaptive is None and meant != "MARKET"
    check(made, f'Write order_type="{meant}". ' if untyped else "")
    return made


def type_by_prices(given: Instructions) -> str:
    """The order type that the prices alone make, in the word of the published contracts or IBKR's."""
    limit = given.get("limit_price") is not None
    if given.get("trail_amount") is not None or given.get("trail_percent") is not None:
        return "TRAIL"
    if given.get("stop_price") is not None:
        return "STOP_LIMIT" if limit else "STOP"
    return "LIMIT" if limit else "MARKET"


def ticket_of(order: Order) -> Ticket:
    """A ticket with the terms of an order, for the same contract, attached to nothing."""
    shared = {name: getattr(order, name) for name in _OF_ORDER}
    return Ticket(symbol=str(order.con_id), **{**shared, "parent_ref": ""})


def changed(order: Order, changes: Changes) -> Ticket:
    """A ticket with the terms that a live order would have after `changes`. Raises OrderValueError."""
    fields: dict[str, object] = {
        name: decimal(changes[name], name) for name in ("limit_price", "stop_price") if name in changes
    }
    if "quantity" in changes:
        fields["quantity"] = positive(changes["quantity"], "quantity")
    if "time_in_force" in changes:
        fields["tif"] = _word(TimeInForce, changes["time_in_force"], "time_in_force")
    trail = _trail(changes.get("trail_amount"), changes.get("trail_percent"))
    if trail is not None:
        fields["trail"] = trail
    fields.update((name, changes[name]) for name in ("good_till", "outside_rth", "short") if name in changes)
    made = replace(ticket_of(order), confirms=REPEAT if changes.get("repeat") else (), **fields)
    check(made)
    return made


def check(made: Ticket, advice: str = "") -> None:
    """Raise OrderValueError for a ticket that no control of core's would let pass, whatever the market does.

    `advice` is a sentence with a space behind it: what to write where the prices do not fit the type.
    """
    wrong = misfit(made)
    if wrong:
        name = RULES[made.order_type].words if made.order_type in RULES else str(made.order_type)
        code = DenialCode.PRICE_NOT_TAKEN if wrong.endswith("not taken") else DenialCode.PRICE_MISSING
        raise OrderValueError(f"{made.text}: {wrong} for a {name}. {advice}Nothing was sent.", code)
    if made.tif not in RULES[made.order_type].times:
        takes = ", ".join(sorted(RULES[made.order_type].times))
        words = RULES[made.order_type].words
        raise OrderValueError(
            f"{made.text}: a {words} takes {takes}, not {made.tif}. Nothing was sent.", DenialCode.TIF
        )


def decimal(value: Number, name: str) -> Decimal:
    """A finite number. Raises OrderValueError that names the field."""
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, TypeError, ValueError):
        number = Decimal("NaN")
    if not number.is_finite():
        raise OrderValueError(f"{name}={value!r} is no number. Write digits and a point, such as 245.50.")
    return number


def positive(value: Number, name: str) -> Decimal:
    """A number above 0. Raises OrderValueError that names the field."""
    number = decimal(value, name)
    if number <= 0:
        raise OrderValueError(f"{name}={value!r} must be above 0. Nothing was sent.")
    return number


def _kind(word: str, urgency: str, *, has_limit: bool) -> tuple[OrderType, Adaptive | None]:
    wanted = word.strip().upper()
    if wanted == ADAPTIVE:
        priority = URGENCY.get(urgency.strip().upper())
        if priority is None:
            raise OrderValueError(f"urgency={urgency!r} is none of LOW, NORMAL, HIGH. Nothing was sent.")
        return (OrderType.LMT if has_limit else OrderType.MKT), Adaptive(priority=priority)
    kind = TYPE_WORDS.get(wanted)
    if kind is None:
        raise OrderValueError(
            f"order_type={word!r} is no order type: MARKET, LIMIT, STOP, STOP_LIMIT, ADAPTIVE, or IBKR's name of one "
            f"({', '.join(RULES)}). Nothing was sent."
        )
    return kind, None


def _trail(amount: Number | None, percent: Number | None) -> Trail | None:
    if amount is None and percent is None:
        return None
    return Trail(
        amount=None if amount is None else positive(amount, "trail_amount"),
        percent=None if percent is None else positive(percent, "trail_percent"),
    )


def _word(words: type[_Word], text: str, name: str) -> _Word:
    try:
        return words(text.strip().upper())
    except ValueError:
        known = ", ".join(word for word in words if word != "OTHER")
        raise OrderValueError(f"{name}={text!r} is none of {known}. Nothing was sent.") from None


def _symbol(symbol: str) -> str:
    if not symbol.strip():
        raise OrderValueError("An order needs a symbol. Nothing was sent.")
    return symbol.strip()
