"""What controls of behaviour judge by: who asks and what he has said, what was sent lately, what the day has used."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from core.domain.denials import DenialCode


class Asked(Struct, frozen=True, kw_only=True):
    """Who wants an order, and what he has said to questions beforehand."""

    script: str = ""
    """The script that asks; empty for a person at a desk."""
    computed: bool = False
    """True for a closing order that core computes itself from what is held."""
    confirms: tuple[DenialCode, ...] = ()
    """The questions that he answers."""
    typed_quantity: Decimal | None = None
    """The quantity as a person typed it once more; None if he did not."""
    short: bool = False
    """True for a sale that is meant to open a short position."""
    repeat_of: str = ""
    """The order of ours that this one repeats by a key for that; empty for any other order."""
    past_kill: bool = False
    """True for a closing order that a person asked for at KILL's panel: all of it must reduce a position."""


class Recent(Struct, frozen=True, kw_only=True):
    """What was sent lately that matters for one order."""

    first_level: Decimal | None = None
    """Where the first order of the window of control 4 met the market; None without one."""
    first_age: float = 0.0
    """Seconds since then."""
    twin: str = ""
    """The name of the last order of the same content that works or has traded; empty if there is none."""
    twin_age: float = 0.0
    """Seconds since it was sent."""
    repeats: int | None = None
    """Repeats of the account within their window; None for an order that is none."""
    usual: Decimal | None = None
    """The median quantity of the last orders in the instrument; None while there are too few to tell."""
    fired: int = 0
    """Orders of the same script for the same account, contract and side on this trading day, since a person let it."""
    disabled: str = ""
    """Why the script may not trade, in words; empty if it may."""


class Day(Struct, frozen=True, kw_only=True):
    """What one account has used of its day."""

    orders: int
    """Orders that were sent."""
    trades: int
    """Executions."""
    value: Decimal
    """Quantity times price of every order that was sent, in the base currency; a larger change counts on top."""


PERSON = Asked()
"""A person at a desk who has said nothing."""
COMPUTED = Asked(computed=True)
"""Core itself."""
PAST_KILL = Asked(computed=True, past_kill=True)
"""KILL's panel closes a position."""
