"""Who may trade: the desk that is armed, the clients that were granted live trading, and what is asked about that."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

DESK = "desk"
"""What a desk calls itself when it attaches: a program with a screen, at which a person sits."""


def program_of(client: str) -> str:
    """The name of a client without the number that core gave it: the same for each of its connections."""
    name, dash, number = client.rpartition("-")
    return name if dash and number.isdigit() else client


def is_desk(client: str) -> bool:
    """True for the name of a desk, with or without its number; every other client is a script."""
    return program_of(client) == DESK


class Armed(Struct, frozen=True, kw_only=True):
    """One desk is armed: its sending keys act at once, without a ticket."""

    client: str
    until: datetime
    """UTC: when it ends unless a person presses a key there before."""


class Grant(Struct, frozen=True, kw_only=True):
    """A person's word that one client, which is no desk, may trade live."""

    client: str
    by: str
    """The desk at which it was given; it ends with that desk."""
    until: datetime
    """UTC: when it ends unless the client orders something before."""


class Authority(Struct, frozen=True, kw_only=True):
    """Who may trade, as it stands."""

    armed: Armed | None = None
    """At most one desk; None for none."""
    grants: tuple[Grant, ...] = ()
    others: tuple[str, ...] = ()
    """The clients that are attached and no desks, granted or not, in the order in which they came."""

    def is_armed(self, client: str, now: datetime) -> bool:
        """True while this client is armed."""
        return self.armed is not None and self.armed.client == client and now < self.armed.until


class ConfirmLive(Struct, frozen=True, kw_only=True, tag="confirm_live"):
    """The phrase that a person typed to trade live at this desk. Never stored, never logged."""

    phrase: str


class Arm(Struct, frozen=True, kw_only=True, tag="arm"):
    """Let the sending keys of this desk act at once; no other desk is armed any more."""

    phrase: str = ""
    """The live phrase, typed again; a live profile takes nothing else. Never stored, never logged."""


class Disarm(Struct, frozen=True, tag="disarm"):
    """End that; does nothing for a desk that is not armed."""


class AtDesk(Struct, frozen=True, tag="at_desk"):
    """A person has just pressed a key at this desk: what ends when nobody is there goes on."""


class GrantLive(Struct, frozen=True, kw_only=True, tag="grant_live"):
    """Let one client that is no desk trade live. Given at a desk that has confirmed live trading itself."""

    client: str
    """Its whole name, as core gave it."""
    phrase: str
    """The live phrase, typed again. Never stored, never logged."""


class EndGrant(Struct, frozen=True, kw_only=True, tag="end_grant"):
    """End a client's grant; does nothing for one that has none."""

    client: str


AuthorityCommand = ConfirmLive | Arm | Disarm | AtDesk | GrantLive | EndGrant
"""What is asked about it."""
