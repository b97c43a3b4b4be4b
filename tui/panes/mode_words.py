"""The mode in words: the same in the first row, the previews, the ticket, the window title and the connection pane."""

from __future__ import annotations

from core.domain.connection import Connection, LinkState, Mode
from core.text import mask_account

GATEWAY = {Mode.PRACTICE: "practice", Mode.PAPER: "TWS", Mode.LIVE: "TWS"}
"""What is at the other end, by mode."""


def mode_word(mode: Mode | None) -> str:
    """`PRACTICE`, `PAPER` or `LIVE`; `ibdesk` while nobody knows."""
    return "ibdesk" if mode is None else mode.upper()


def account_word(connection: Connection | None) -> str:
    """The account that orders go to, masked; `no account` while none is verified."""
    return mask_account("" if connection is None else connection.account)


def link_dot(connection: Connection | None, *, lost: bool) -> str:
    """`●` while orders may pass, `◐` on the way there, `○` while there is no way."""
    if connection is None:
        return "◐"
    if lost or connection.state in {LinkState.CLOSED, LinkState.REFUSED, LinkState.AWAITING_CONFIRMATION}:
        return "○"
    return "●" if connection.can_trade else "◐"


def link_words(connection: Connection | None, *, lost: bool) -> str:
    """What the link does while it is not up: `starting core…`, `connecting`, `core lost`; empty while it is up."""
    if connection is None:
        return "starting core…"
    if lost:
        return "core lost"
    if connection.can_trade:
        return ""
    if connection.state is LinkState.READY and connection.restarting:
        return "restart near"
    return _LINK_WORDS[connection.state]


def link_summary(connection: Connection | None, *, lost: bool) -> str:
    """Both, for a title: `● ready`, `◐ connecting…`, `○ core lost`."""
    return f"{link_dot(connection, lost=lost)} {link_words(connection, lost=lost) or 'ready'}"


_LINK_WORDS = {
    LinkState.CLOSED: "not connected",
    LinkState.AWAITING_CONFIRMATION: "not confirmed",
    LinkState.CONNECTING: "connecting…",
    LinkState.SYNCING: "syncing…",
    LinkState.READY: "IBKR down",
    LinkState.WAITING: "waiting",
    LinkState.REFUSED: "refused",
}
"""A link that is ready and yet not good to trade on is one behind which IBKR's own link is down."""
