"""What tests of whole ways look for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.domain.connection import Connection, LinkState
from core.domain.events import ConnectionChanged, Envelope, OrderChanged
from core.domain.orders import Order, OrderState
from tests.desk_home import DeskHome


def journal_of(home: DeskHome, profile: str) -> Path:
    """The journal of a profile in this home."""
    return Path(home.env["XDG_STATE_HOME"]) / "ibdesk" / profile / "journal.db"


def write_profile(home: DeskHome, profile: str, text: str) -> Path:
    """Write a profile file; returns its path."""
    path = Path(home.env["XDG_CONFIG_HOME"]) / "ibdesk/profiles" / f"{profile}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


def order_in(order_ref: str, *states: OrderState) -> Callable[[Envelope], Order | None]:
    """What a watcher waits for: the order in one of the states."""

    def wanted(envelope: Envelope) -> Order | None:
        event = envelope.event
        if isinstance(event, OrderChanged) and event.order.order_ref == order_ref and event.order.state in states:
            return event.order
        return None

    return wanted


def connection_in(*states: LinkState) -> Callable[[Envelope], Connection | None]:
    """What a watcher waits for: the connection in one of the states."""

    def wanted(envelope: Envelope) -> Connection | None:
        event = envelope.event
        if isinstance(event, ConnectionChanged) and event.connection.state in states:
            return event.connection
        return None

    return wanted
