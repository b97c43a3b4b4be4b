"""The state of the way to the broker, and the modes of trading."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct


class Mode(StrEnum):
    """Whose money an order moves. It is the profile's, and the accounts must agree with it."""

    PRACTICE = "practice"
    """The practice gateway that core starts itself."""
    PAPER = "paper"
    LIVE = "live"


class Endpoint(Struct, frozen=True):
    """Where the gateway listens."""

    host: str
    port: int

    def __str__(self) -> str:
        """As a person writes it: `127.0.0.1:7497`."""
        return f"{self.host}:{self.port}"


class LinkState(StrEnum):
    """The socket to the gateway."""

    CLOSED = "CLOSED"
    """Not connected and not trying."""
    AWAITING_CONFIRMATION = "AWAITING_CONFIRMATION"
    """A live profile that nobody has confirmed yet: no socket is opened."""
    CONNECTING = "CONNECTING"
    SYNCING = "SYNCING"
    """Accounts verified; open orders, executions and positions are being read."""
    READY = "READY"
    """Synchronised: orders may be sent."""
    WAITING = "WAITING"
    """The last attempt failed; another follows by itself."""
    REFUSED = "REFUSED"
    """The live guard cut the connection; nothing follows until a person acts."""


class Pulse(NamedTuple):
    """What the gateway's answer to a heartbeat says."""

    round_trip_ms: Decimal
    clock_offset_s: Decimal | None
    """How far the gateway's clock is ahead of ours, right to half a second: it tells whole ones. None if untold."""


class FarmStatus(StrEnum):
    """IBKR's own link, behind the gateway (codes 1100, 1101, 1102)."""

    UP = "UP"
    DOWN = "DOWN"
    UNKNOWN = "UNKNOWN"


class Connection(Struct, frozen=True, kw_only=True):
    """Everything that a connection pane shows."""

    mode: Mode
    profile: str
    endpoint: Endpoint
    client_id: int
    state: LinkState = LinkState.CLOSED
    server_version: int | None = None
    """The negotiated version of the TWS API; None before the handshake."""
    accounts: tuple[str, ...] = ()
    """The managed accounts that the guard verified, in full; empty before that."""
    account: str = ""
    """The account that orders go to; empty before verification."""
    verified: datetime | None = None
    """UTC of the guard's verification; None before it."""
    verified_by: str = ""
    """Why the accounts are believed to be what they are: `paper prefix` or `pinned account`."""
    ibkr: FarmStatus = FarmStatus.UNKNOWN
    farms: tuple[tuple[str, bool], ...] = ()
    """Data farms by name, True while connected."""
    since: datetime | None = None
    """UTC when this state began."""
    reconciled: datetime | None = None
    """UTC of the last successful full synchronisation; None if there was none."""
    attempt: int = 0
    """Failed attempts since the last success."""
    problem: str = ""
    """What is wrong and what to do next; empty when nothing is."""
    restarting: str = ""
    """Why no new order leaves around the gateway's daily restart, for a person; empty at all other times."""

    @property
    def can_trade(self) -> bool:
        """True when new orders may be sent: synchronised, IBKR's own link not known to be down, no restart near."""
        return self.state is LinkState.READY and self.ibkr is not FarmStatus.DOWN and not self.restarting


def on_disconnect() -> str:
    """What becomes of working orders when the connection goes, for a person.

    Source: the TWS API has no request to cancel on disconnect, as venues have (FIA, CME); a native order stays.
    """
    return "orders stay: IBKR offers no cancel-on-disconnect"
