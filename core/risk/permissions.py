"""Control 18: only what the profile trades: symbols, classes, exchanges, currencies, accounts, and short or not.

What at most closes a position passes all of it but the account: a list that was changed locks nobody in.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.domain.denials import Denial, DenialCode
from core.domain.instruments import Instrument, SecType
from core.domain.orders import OrderRequest, Side
from core.risk.circumstances import Circumstances, deny
from core.risk.closing import closes, wanted
from core.text import mask_account

_NEVER_SHORT = (SecType.CASH, SecType.BAG)
"""Selling one currency buys another, and a combination has two sides."""


def permitted(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """No list of the profile keeps the order out."""
    permissions, instrument = circumstances.permissions, circumstances.instrument
    why = _why_not((request.account,), permissions.allowed_accounts, permissions.forbidden_accounts, "accounts")
    if why:
        return _refused(f"account {mask_account(request.account)}", why)
    if instrument is None or closes(request, circumstances.exposure):
        return None
    kinds: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...] | None, tuple[str, ...]], ...] = (
        ("symbols", "symbol", (instrument.symbol,), permissions.allowed_symbols, permissions.forbidden_symbols),
        (
            "sec_types",
            "class",
            (instrument.sec_type.value,),
            permissions.allowed_sec_types,
            permissions.forbidden_sec_types,
        ),
        (
            "exchanges",
            "exchange",
            _exchanges(instrument),
            permissions.allowed_exchanges,
            permissions.forbidden_exchanges,
        ),
        (
            "currencies",
            "currency",
            (instrument.currency,),
            permissions.allowed_currencies,
            permissions.forbidden_currencies,
        ),
    )
    for name, word, found, allowed, forbidden in kinds:
        why = _why_not(found, allowed, forbidden, name)
        if why:
            return _refused(f"{instrument.label}, {word} {' or '.join(filter(None, found)) or 'unknown'},", why)
    return None


def not_short(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """Where the profile sells nothing short, no sale goes beyond what is held with the other sales on their way.

    A closing order that core computes sells at most what is held: a target that rests does not keep it back.
    """
    instrument, exposure = circumstances.instrument, circumstances.exposure
    if circumstances.permissions.short or request.side is not Side.SELL:
        return None
    if instrument is None or instrument.sec_type in _NEVER_SHORT:
        return None
    closing = closes(request, exposure)
    if closing and circumstances.asked.computed:
        return None
    held = exposure.expected if exposure.held is None else min(exposure.held, exposure.expected)
    if wanted(request, exposure) + exposure.same_side_taking <= held:
        return None
    first = f"Cancel {exposure.taking_name} first, or type" if closing and exposure.taking_name else "Type"
    return deny(
        DenialCode.PERMISSION,
        f"SELL {request.quantity.normalize():,f} {instrument.label} would go short: you hold "
        f"{held.normalize():,f}, {exposure.same_side_taking.normalize():,f} of it on sale. The profile sells nothing "
        f"short (permissions.short). Not sent. {first} a smaller quantity.",
        limit="permissions.short",
    )


def _why_not(found: Iterable[str], allowed: tuple[str, ...] | None, forbidden: tuple[str, ...], name: str) -> str:
    """The list that keeps it out; empty if none does. Of several names one that is allowed is enough."""
    names = {one.upper() for one in found if one}
    if names & set(forbidden):
        return f"forbidden_{name}"
    return "" if allowed is None or names & set(allowed) else f"allowed_{name}"


def _exchanges(instrument: Instrument) -> tuple[str, ...]:
    return instrument.primary_exchange, instrument.exchange


def _refused(what: str, by: str) -> Denial:
    is_not = "is forbidden" if by.startswith("forbidden") else "is not among what is allowed"
    return deny(
        DenialCode.PERMISSION,
        f"Not sent: {what} {is_not} in this profile (permissions.{by}). Change the list with `ibdesk limits`, or trade "
        "something else.",
        limit=f"permissions.{by}",
    )
