"""When Enter may send (rules 3 and 5)."""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum
from typing import NamedTuple

STAND = 0.15
"""Seconds for which a ticket must have stood unchanged, in sight and in focus, before Enter sends it."""
DEAD = 0.7
"""Seconds without a sending key after which it lives again."""
NEVER = float("inf")


class Verdict(Enum):
    """What a sending key may do."""

    SEND = "send"
    DEAD = "dead"
    """It has just acted: held down or pressed twice, it does nothing."""
    TOO_EARLY = "too early"
    """What it would send has not been in sight long enough to be read."""


class SendGate(NamedTuple):
    """What was painted and since when, and the key that has just acted."""

    painted: Hashable = None
    """What the ticket in sight would send; None when nothing is."""
    since: float = NEVER
    """Loop time since which it stands there, in seconds."""
    dead_key: str = ""
    """The key that acted last; empty if another one was pressed since."""
    dead_at: float = 0.0
    """Loop time of its last press."""


def paint(gate: SendGate, content: Hashable, now: float) -> SendGate:
    """A ticket was drawn; `content` is everything of it that a send would carry, None for no ticket."""
    if content == gate.painted:
        return gate
    return gate._replace(painted=content, since=NEVER if content is None else now)


def refocus(gate: SendGate, now: float) -> SendGate:
    """The ticket got the focus: what it says counts as read from now on."""
    return gate if gate.painted is None else gate._replace(since=now)


def press(gate: SendGate, key: str, content: Hashable, now: float) -> tuple[SendGate, Verdict]:
    """A sending key was pressed at `now` while the ticket held `content`. The caller says `acted` if it sends."""
    if is_dead(gate, key, now):
        return gate._replace(dead_at=now), Verdict.DEAD
    if content is None or content != gate.painted or now - gate.since < STAND:
        return gate, Verdict.TOO_EARLY
    return gate, Verdict.SEND


def acted(gate: SendGate, key: str, now: float) -> SendGate:
    """The key has sent something: from now on it is dead."""
    return gate._replace(dead_key=key, dead_at=now)


def is_dead(gate: SendGate, key: str, now: float) -> bool:
    """True while `key` has just acted and was pressed again and again since."""
    return gate.dead_key == key and now - gate.dead_at < DEAD


def other_key(gate: SendGate, key: str, now: float) -> SendGate:
    """Any key was pressed: another one than the dead key ends the wait, the same one prolongs it."""
    if not gate.dead_key:
        return gate
    return gate._replace(dead_at=now) if is_dead(gate, key, now) else gate._replace(dead_key="")
