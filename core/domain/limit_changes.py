"""Limits as core shows them, and changes of them that wait."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct


class LimitWaiting(Struct, frozen=True, kw_only=True):
    """A change that lets more through, and takes effect when its time has come and nobody is armed."""

    name: str
    """As in the risk file."""
    old: str
    """What is in force until then."""
    new: str | None
    """None takes away what a symbol or an account says for itself."""
    by: str
    """The desk or script that asked, or the file that says so."""
    asked: datetime
    """UTC."""
    due: datetime
    """UTC."""
    from_file: bool = False
    """True if it was read from a file, False if it is written there once it is in force."""


class LimitShown(Struct, frozen=True, kw_only=True):
    """One limit or permission as it stands."""

    name: str
    """As in the risk file."""
    value: str
    """`none` is no limit."""
    source: str
    """Where it comes from, for a person; accounts masked."""
    used: Decimal | None = None
    """How much of it is used, in its own unit, where that is most; None if nobody knows or it is no budget."""


class LimitsShown(Struct, frozen=True, kw_only=True, tag="limits"):
    """Answer to every command about limits."""

    limits: tuple[LimitShown, ...]
    """All that count for the whole profile, then those of single symbols and accounts, then permissions."""
    waiting: tuple[LimitWaiting, ...] = ()
    """By their names."""
