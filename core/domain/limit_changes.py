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


class AskLimits(Struct, frozen=True, tag="ask_limits"):
    """Show every limit. Ack carries `LimitsShown`, as for the other commands here."""


class SetLimit(Struct, frozen=True, kw_only=True, tag="set_limit"):
    """Give one limit another value: at once what is tighter, else ten minutes after the word. In the risk file too."""

    name: str
    """As in the risk file."""
    value: str
    """As there; `none` is no limit, `default` takes away what a symbol or an account says for itself."""
    word: str = ""
    """What was typed to have it looser; empty if nothing was."""


class WithdrawLimit(Struct, frozen=True, kw_only=True, tag="withdraw_limit"):
    """Let a change that waits not take effect."""

    name: str


class ReadLimits(Struct, frozen=True, kw_only=True, tag="read_limits"):
    """Read the files of the profile again: at once what is tighter, else ten minutes after the word."""

    word: str = ""


LimitCommand = AskLimits | SetLimit | WithdrawLimit | ReadLimits


class LimitsBegun(Struct, frozen=True, kw_only=True, tag="limits_begun"):
    """What the first run of core with a journal began with; it had nothing to compare with."""

    said: dict[str, str]
    """Every limit and permission by name."""
    time: datetime


class LimitChanged(Struct, frozen=True, kw_only=True, tag="limit_changed"):
    """A limit has another value from now on, and no change of it waits."""

    name: str
    old: str | None
    """None: a symbol or an account said nothing of its own, or this version of ibdesk is the first to know it."""
    new: str | None
    """None: it says nothing any more."""
    by: str
    """The desk or script that asked, or the file that says so."""
    time: datetime


class LimitAsked(Struct, frozen=True, kw_only=True, tag="limit_asked"):
    """A looser limit waits from now on."""

    waiting: LimitWaiting


class LimitWithdrawn(Struct, frozen=True, kw_only=True, tag="limit_withdrawn"):
    """A change that waited is wanted no more."""

    name: str
    by: str
    time: datetime


LimitEntry = LimitsBegun | LimitChanged | LimitAsked | LimitWithdrawn
"""What the journal holds of limits."""
