"""What keeps orders back, and the kill switch: who pulled it, what it asked for, what has come of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct

from core.domain.orders import Order, OrderState


class Cause(StrEnum):
    """What keeps orders back, the severest first."""

    JOURNAL = "JOURNAL"
    """Nothing can be recorded; lasts as long as this run of core."""
    TAIL_LOST = "TAIL_LOST"
    """The journal has lost its end, and nobody has accepted that."""
    KILL = "KILL"
    """The kill switch; until a person types `resume`."""
    INCIDENT = "INCIDENT"
    """Something that should never happen; until a person types `resume`."""
    DAILY_LOSS = "DAILY_LOSS"
    """The day's loss reached its limit; until the trading day ends."""
    BREAKER = "BREAKER"
    """Orders or the connection failed too often lately; until a pause without a failure has passed."""


HALTING = (Cause.JOURNAL, Cause.TAIL_LOST, Cause.KILL)
"""They let no order through; the others let those through that reduce a position."""
LASTING = (Cause.KILL, Cause.INCIDENT, Cause.DAILY_LOSS)
"""They outlive a run of core by their own record."""


class KillScope(StrEnum):
    """How much the kill switch cancels, each more than the one before."""

    ENTRIES = "ENTRIES"
    """Every order of ours but those that only reduce a position."""
    OURS = "OURS"
    """Every order of ours."""
    EVERYTHING = "EVERYTHING"
    """Every order of ours, then whatever the broker has: of TWS, of the phone, of other programs."""


class Block(Struct, frozen=True, kw_only=True):
    """One reason why orders are kept back."""

    cause: Cause
    reason: str
    """For a person: the fact, and how it ends."""
    by: str = ""
    """The desk or script that wanted it; empty if it was core."""
    since: datetime | None = None
    """UTC; None if an earlier version of ibdesk has not recorded it."""
    day: date | None = None
    """The trading day whose loss it was; None for all but DAILY_LOSS."""
    scope: KillScope = KillScope.ENTRIES
    """Of KILL."""
    everything_sent: bool = False
    """Of KILL: the broker has been sent the word to cancel everything."""


class BreakerState(StrEnum):
    """Whether a breaker lets through."""

    CLOSED = "CLOSED"
    """Everything, as ever."""
    OPEN = "OPEN"
    """Only what reduces a position."""
    HALF_OPEN = "HALF_OPEN"
    """Everything again; the next outcome closes it or opens it for longer."""


BREAKER_REASON = "Breaker on"
"""How the reason of a breaker begins; the reason of what is severer stands before it."""


class BreakerShown(Struct, frozen=True, kw_only=True):
    """One breaker, for a person."""

    name: str
    """`orders` or `connection`."""
    state: BreakerState
    until: datetime | None
    """UTC, when it is half open or since when; None while it is closed."""
    last: str
    """The last failure, in words; empty if there was none."""


class Killed(Struct, frozen=True, kw_only=True, tag="killed"):
    """The kill switch since it was pulled."""

    scope: KillScope
    by: str
    since: datetime | None
    asked: tuple[str, ...] = ()
    """References of the orders that it wants cancelled, in this run of core."""
    kept: tuple[str, ...] = ()
    """References of the live orders that it spares, for they only reduce a position."""
    problem: str = ""
    """Why cancels wait, in words; empty if none does."""
    everything_sent: bool = False
    """True once the word to cancel everything has left."""
    closing: tuple[str, ...] = ()
    """References of the orders that close positions by the word of a person, in this run of core."""
    unclosed: tuple[str, ...] = ()
    """What each position that is to be closed waits for, or why it is not closed, in words."""


class KillProgress(Struct, frozen=True, kw_only=True):
    """How far the cancels are."""

    asked: int
    confirmed: int
    """Orders of those that the broker says to have ended, filled ones too."""
    waiting: tuple[Order, ...]
    """Orders of those that may still fill."""
    filled: int
    """Orders of those that filled instead."""
    kept: tuple[Order, ...]


def progress(killed: Killed, orders: Mapping[str, Order]) -> KillProgress:
    """What has come of the cancels, by the orders as they stand."""
    asked = [orders[ref] for ref in killed.asked if ref in orders]
    waiting = tuple(order for order in asked if order.is_live)
    return KillProgress(
        asked=len(asked),
        confirmed=len(asked) - len(waiting),
        waiting=waiting,
        filled=sum(order.state is OrderState.FILLED for order in asked),
        kept=tuple(order for order in map(orders.get, killed.kept) if order is not None and order.is_live),
    )


def kill_in_words(killed: Killed, orders: Mapping[str, Order]) -> list[str]:
    """The same in sentences, one a line, the fact first."""
    far = progress(killed, orders)
    cancels = f"{far.asked} cancel{'' if far.asked == 1 else 's'} {'wanted' if killed.problem else 'sent'}"
    told = f"{cancels}, {far.confirmed} confirmed, {len(far.waiting)} waiting."
    lines = [f"KILL: new orders blocked. {told if far.asked else 'No order of ours had to be cancelled.'}"]
    if killed.problem:
        lines.append(f"Cancels wait: {killed.problem}")
    if far.filled:
        lines.append(f"{far.filled} filled before the cancel came: look at the positions.")
    if far.waiting:
        lines.append(f"Not confirmed: {_named(far.waiting)}.")
    if far.kept:
        positions = len({(order.account, order.con_id) for order in far.kept})
        what = "1 position" if positions == 1 else f"{positions} positions"
        stays = "stays: it only reduces" if len(far.kept) == 1 else "stay: they only reduce"
        lines.append(f"{_named(far.kept)} on {what} {stays}.")
    closing = [order for order in map(orders.get, killed.closing) if order is not None]
    if closing:
        filled = sum(order.state is OrderState.FILLED for order in closing)
        several = f"{len(closing)} closing order{'' if len(closing) == 1 else 's'}"
        lines.append(f"Close all: {several} sent, {filled} filled.")
    lines += [f"Close all: {text}." if not text.endswith(".") else f"Close all: {text}" for text in killed.unclosed]
    if killed.scope is KillScope.EVERYTHING:
        sent = "was sent to" if killed.everything_sent else "has not left yet for"
        lines.append(f"The word to cancel everything, of TWS and phone too, {sent} the broker.")
    return lines


_NAMED = 6


def _named(orders: Iterable[Order]) -> str:
    found = [f"#{order.number} {order.text}" for order in orders]
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return ", ".join(found[:_NAMED]) + more
