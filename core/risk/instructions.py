"""Controls of what an order carries beside its prices: type, time in force, times, size shown, groups, algorithms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from core.domain.commands import Denial, DenialCode
from core.domain.instructions import (
    Adaptive,
    Algo,
    ChangeCondition,
    ExecutionCondition,
    PctVol,
    PriceCondition,
    TimeCondition,
    Twap,
    VolumeCondition,
    Vwap,
)
from core.domain.instruments import SecType
from core.domain.order_types import RULES
from core.domain.orders import OrderRequest, OrderType, TimeInForce
from core.risk.circumstances import Circumstances, deny, is_plain, short
from core.text import is_wire_safe

_ALGO_TYPES = frozenset({OrderType.MKT, OrderType.LMT})
_ALGO_TIMES = frozenset({TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD})
_NO_ALGOS = frozenset({SecType.CASH, SecType.BAG})
_SHARES = (Decimal(1), Decimal(50))
"""IBKR takes parts of the volume between these, in per cent."""


def known_type(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """A type and a time in force that ibdesk sends, that go together, and that the contract's details list."""
    kind, tif, instrument = request.order_type, request.tif, circumstances.instrument
    rule = RULES.get(kind)
    if rule is None:
        return deny(DenialCode.ORDER_TYPE, "This order type can't be sent from here. Use LMT or MKT.")
    if tif is TimeInForce.OTHER:
        return deny(DenialCode.TIF, "This time in force can't be sent from here. Use DAY, GTC, IOC or FOK.")
    listed = instrument.order_types if instrument else ()
    if listed and rule.listed not in listed:
        named = [one.value for one, other in RULES.items() if other.listed in listed]
        return deny(
            DenialCode.ORDER_TYPE,
            f"{kind} orders are not taken for this instrument. Use one of {', '.join(named[:8])}. [387]",
        )
    if tif not in rule.times:
        taken = ", ".join(one for one in TimeInForce if one in rule.times)
        code = 113 if rule.listed in ("MOC", "LOC") else 111
        return deny(DenialCode.TIF, f"A {rule.words} does not go with {tif}. Use {taken}. [{code}]")
    # Details that list no time in force at all say nothing about them.
    if listed and TimeInForce.DAY in listed and tif not in listed:
        taken = ", ".join(one for one in TimeInForce if one in listed)
        return deny(DenialCode.TIF, f"{tif} is not taken for this instrument. Use one of {taken}. [111]")
    return None


def listed_instructions(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """Every instruction is one that the contract's details list."""
    listed = circumstances.instrument.order_types if circumstances.instrument else ()
    if TimeInForce.DAY not in listed:
        return None
    asked = (
        ("AON", request.all_or_none, "All-or-none"),
        ("ICE", request.display_size is not None, "A display size"),
        ("OCA", request.oca is not None, "An OCA group"),
        ("COND", request.conditions is not None, "A condition"),
        ("GAT", request.good_after is not None, "A start time"),
    )
    for name, wanted, words in asked:
        if wanted and name not in listed:
            return deny(DenialCode.INSTRUCTION, f"{words} is not taken for this instrument. Leave it out.")
    return None


def times(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """Times have a zone and lie ahead; an end time stands exactly with GTD."""
    for time in _times_of(request):
        if time.tzinfo is None:
            return deny(DenialCode.TIME, f"The time {time:%Y-%m-%d %H:%M} has no time zone. Give it one.")
    till, after, now = request.good_till, request.good_after, circumstances.now
    if (till is not None) is not (request.tif is TimeInForce.GTD):
        text = "GTD needs a date." if till is None else f"{request.tif} has no end date, and one is given. Use GTD."
        return deny(DenialCode.TIME, text)
    if till is not None and now is not None and till <= now:
        return deny(DenialCode.TIME, f"GTD {till:%Y-%m-%d %H:%M %Z} has passed. Type a later one. [334]")
    if till is not None and after is not None and after >= till:
        return deny(DenialCode.TIME, "The order would start after its end. Type another time.")
    return None


def _times_of(request: OrderRequest) -> Iterator[datetime]:
    algo = request.algo
    spans = () if algo is None or isinstance(algo, Adaptive) else (algo.start, algo.end)
    conditions = request.conditions.items if request.conditions else ()
    waited = [one.time for one in conditions if isinstance(one, TimeCondition)]
    for time in (request.good_till, request.good_after, *spans, *waited):
        if time is not None:
            yield time


def shown_size(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """The shown part of an iceberg is a size of its own, smaller than the whole."""
    shown = request.display_size
    if shown is None:
        return None
    step = circumstances.instrument.size_increment if circumstances.instrument else Decimal(1)
    if not is_plain(shown) or shown <= 0 or shown % 1 or shown % step:
        text = f"Display size {short(shown)} can't be sent: it must be above 0, in steps of {max(step, Decimal(1)):f}."
        return deny(DenialCode.INSTRUCTION, text)
    if shown >= request.quantity:
        text = f"Display size {shown:f} must be smaller than the quantity, {request.quantity:f}. [10020]"
        return deny(DenialCode.INSTRUCTION, text)
    if request.hidden:
        return deny(DenialCode.INSTRUCTION, "A hidden order shows nothing, and a display size is given. Leave one out.")
    return None


def group(request: OrderRequest, _: Circumstances) -> Denial | None:
    """An OCA group has a name that can be sent; what is attached to a parent is grouped by the broker."""
    if request.oca is None:
        return None
    name = request.oca.group
    if not name or not is_wire_safe(name):
        text = "The OCA group's name is empty or has characters outside printable ASCII. Give it another."
        return deny(DenialCode.INSTRUCTION, text)
    if request.parent_ref:
        text = "What is attached to an order cancels each other already. Leave the OCA group out."
        return deny(DenialCode.INSTRUCTION, text)
    return None


def conditions(request: OrderRequest, _: Circumstances) -> Denial | None:
    """Every condition names what it watches, in numbers and texts that can be sent."""
    if request.conditions is None:
        return None
    if not request.conditions.items:
        return deny(DenialCode.INSTRUCTION, "The order's list of conditions is empty. Leave it out.")
    for one in request.conditions.items:
        numbers = {PriceCondition: "price", ChangeCondition: "percent"}.get(type(one))
        value = getattr(one, numbers) if numbers else Decimal(0)
        if not is_plain(value) or (isinstance(one, PriceCondition) and one.method not in (0, 1, 2, 3, 4, 7, 8)):
            return deny(DenialCode.INSTRUCTION, "A condition's number can't be sent. Type it again.")
        if isinstance(one, PriceCondition | VolumeCondition | ChangeCondition) and one.con_id <= 0:
            return deny(DenialCode.INSTRUCTION, "A condition needs the contract that it watches. [147]")
        texts = (one.symbol, one.sec_type) if isinstance(one, ExecutionCondition) else ("all",)
        if not all(texts) or not all(map(is_wire_safe, (*texts, getattr(one, "exchange", "")))):
            return deny(DenialCode.INSTRUCTION, "A condition's symbol or exchange can't be sent. Type it again. [147]")
    return None


def algorithm(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """An algorithm stands with a type, a class and a time in force that it works for, its parameters in range."""
    algo, instrument = request.algo, circumstances.instrument
    if algo is None:
        return None
    name = str(algo.__struct_config__.tag)
    if request.order_type not in _ALGO_TYPES or (instrument is not None and instrument.sec_type in _NO_ALGOS):
        text = f"{name} works with MKT and LMT orders for stocks, options and futures. Leave it out. [442]"
        return deny(DenialCode.INSTRUCTION, text)
    if request.tif not in _ALGO_TIMES:
        return deny(DenialCode.TIF, f"{name} does not go with {request.tif}. Use DAY, GTC or GTD. [111]")
    if not isinstance(algo, Adaptive) and algo.end is not None:
        begins = algo.start or circumstances.now
        if (begins is not None and algo.end <= begins) or (circumstances.now and algo.end <= circumstances.now):
            return deny(DenialCode.TIME, f"{name} would end before it starts, or has ended. Type a later end. [441]")
    share = _share(algo)
    if share is not None and not (is_plain(share) and _SHARES[0] <= share <= _SHARES[1]):
        return deny(DenialCode.INSTRUCTION, f"{name} takes 1 to 50 % of the volume, not {short(share)} %. [441]")
    return None


def _share(algo: Algo) -> Decimal | None:
    match algo:
        case Vwap(max_percent=percent):
            return percent
        case PctVol(percent=percent):
            return percent
        case Adaptive() | Twap():
            return None
