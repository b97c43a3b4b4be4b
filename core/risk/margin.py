"""Control 11: the margin that an order could come to take, against what is free. A bound of our own: it never waits.

IBKR was asked about the instrument before (a ticket that rests asks): then its rate counts, with a tenth on top. If it
was not, an order counts with its whole value, an option that is sold with its strike, a combination with its legs.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from core.domain.commands import Denial, DenialCode
from core.domain.instruments import Instrument, SecType
from core.domain.orders import OrderRequest, Side
from core.risk.circumstances import Circumstances, deny
from core.risk.closing import closes, wanted
from core.risk.exposure import cannot_value
from core.risk.facts import Exposure
from core.risk.value import no_rate, worst_price
from core.text import mask_account

AGE_SECONDS = 600
"""Figures of an account that holds something are too old after this; IBKR tells them every three minutes."""
RATE_SECONDS = 86_400
"""A what-if says nothing after this any more."""
CUSHION = Decimal("1.1")
"""What a larger order or another moment may add to the rate of a what-if."""


class MarginBound(Struct, frozen=True):
    """What an account may need at most, in its base currency."""

    taken: Decimal
    """By its positions, and by what works in other instruments."""
    added: Decimal
    """By what works in the instrument of the order, and the order; 0 if that makes it no more."""
    most: Decimal
    """What may be taken by all together."""


def within_margin(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """What the order could add to the initial margin is free; one that closes, or is attached, adds none."""
    exposure, funds = circumstances.exposure, circumstances.funds
    if circumstances.attached or closes(request, exposure) or not _units_added(request, exposure):
        return None
    missing = _missing(request, circumstances)
    if missing is not None:
        return missing
    if funds.reserved is None:
        return cannot_value(exposure)
    bound = margin_bound(request, circumstances)
    if bound is None:
        return _not_known(request)
    return None if bound.taken + bound.added <= bound.most else _too_much(request, circumstances, bound)


def margin_bound(request: OrderRequest, circumstances: Circumstances) -> MarginBound | None:
    """What the account may need with the order; None where that is not known."""
    funds, units = circumstances.funds, _units_added(request, circumstances.exposure)
    unit = _unit_margin(request, circumstances) if units else Decimal(0)
    if unit is None or funds.equity is None or funds.initial_margin is None or funds.reserved is None:
        return None
    most = funds.equity * circumstances.limits.margin_percent / 100
    return MarginBound(funds.initial_margin + funds.reserved, units * unit, most)


def unit_bound(instrument: Instrument, side: Side, price: Decimal, legs: Decimal | None) -> Decimal | None:
    """The most margin that one unit can take by its value alone, in the instrument's currency; None if nobody knows.

    `legs` is the same for the legs of a combination together.
    """
    if instrument.sec_type is SecType.BAG:
        return None if legs is None else max(legs, price * instrument.multiplier)
    if instrument.sec_type is SecType.OPT and side is Side.SELL:
        return None if instrument.strike is None else (instrument.strike + price) * instrument.multiplier
    return price * instrument.multiplier


def units_beyond(held: Decimal, buys: Decimal, sells: Decimal) -> Decimal:
    """By how many units a position could grow, to either side, if these orders filled; 0 if it could only shrink."""
    return max(abs(held + buys), abs(held - sells), abs(held)) - abs(held)


def _units_added(request: OrderRequest, exposure: Exposure) -> Decimal:
    """Units in the instrument that would take margin with the order; 0 if it makes them no more."""
    held = exposure.expected * request.side.sign
    others = exposure.same_side_standing, exposure.other_side_standing
    without = units_beyond(held, *others)
    with_it = units_beyond(held, others[0] + wanted(request, exposure), others[1])
    return with_it if with_it > without else Decimal(0)


def _unit_margin(request: OrderRequest, circumstances: Circumstances) -> Decimal | None:
    """The most that one unit can take, in the base currency."""
    instrument, rate = circumstances.instrument, circumstances.exposure.rate
    price = worst_price(request, circumstances)
    if instrument is None or rate is None or price is None:
        return None
    if _is_asked(circumstances):
        told = circumstances.funds.rate
        return None if told is None else price * instrument.multiplier * told.rate * CUSHION
    bound = unit_bound(instrument, request.side, price, circumstances.funds.legs_bound)
    return None if bound is None else bound * rate.value


def _is_asked(circumstances: Circumstances) -> bool:
    """True if IBKR said lately what the instrument takes."""
    told, now = circumstances.funds.rate, circumstances.now
    return told is not None and (now is None or (now - told.time).total_seconds() <= RATE_SECONDS)


def _missing(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """What is not known of the account, if anything."""
    exposure, funds, now = circumstances.exposure, circumstances.funds, circumstances.now
    account = mask_account(request.account)
    if exposure.rate is None:
        currency = "" if circumstances.instrument is None else circumstances.instrument.currency
        return no_rate(request.account, currency, exposure.base_currency)
    if funds.equity is None or funds.initial_margin is None or funds.told is None:
        text = f"IBKR has not told equity and margin of {account} yet. Not sent. Try again in a moment."
        return deny(DenialCode.NO_MARGIN, text)
    age = 0.0 if now is None else (now - funds.told).total_seconds()
    if funds.holds and age > AGE_SECONDS:
        text = (
            f"IBKR's figures of {account} are {age / 60:.0f} min old, so its margin can't be judged. Not sent. "
            "Wait for new ones, or look at the account in TWS."
        )
        return deny(DenialCode.NO_MARGIN, text)
    return None


def _not_known(request: OrderRequest) -> Denial:
    text = (
        f"Nobody knows what margin this could take in {mask_account(request.account)}. Not sent. Leave it in the "
        "ticket for a moment: IBKR is asked about it then."
    )
    return deny(DenialCode.NO_MARGIN, text)


def _too_much(request: OrderRequest, circumstances: Circumstances, bound: MarginBound) -> Denial:
    exposure, instrument = circumstances.exposure, circumstances.instrument
    step = Decimal(1) if instrument is None else instrument.size_increment
    free = max(bound.most - bound.taken, Decimal(0))
    unit = bound.added / _units_added(request, exposure)
    fits = (wanted(request, exposure) - (bound.added - free) / unit) // step * step
    label = "" if instrument is None else f" {instrument.label}"
    by_value = "" if _is_asked(circumstances) else ", by its whole value as IBKR was not asked about it yet"
    advice = f"{fits.normalize():f} would fit." if fits > 0 else "None would fit."
    text = (
        f"{request.side} {request.quantity.normalize():f}{label} could take {bound.added:,.2f} "
        f"{exposure.base_currency} of margin{by_value}; {free:,.2f} is free. {advice}"
    )
    return deny(DenialCode.MARGIN, text, limit="margin_percent")
