"""The answers to requests for live market data."""

from __future__ import annotations

from typing import Final

from core.practice.session import Session
from core.practice.tables import Record
from core.practice.terms import RefusedError, resolve

#: Market data lines of an account.
MAX_LINES: Final = 100


def market_data(session: Session, request: Record) -> None:
    """Answer reqMktData."""
    request_id = request.integer("reqId")
    if request_id in session.watching.quotes:
        raise RefusedError(102, "Duplicate ticker ID.")
    instrument = resolve(session.hub.catalogue, request)
    snapshot = request.flag("snapshot") or request.flag("regulatorySnapshot")
    if not snapshot and len(session.watching.quotes) >= MAX_LINES:
        raise RefusedError(101, "Max number of tickers has been reached.")
    session.hub.feed.open(session, request_id, instrument, int(session.hub.now()), snapshot=snapshot)


def cancel_market_data(session: Session, request: Record) -> None:
    """Answer cancelMktData."""
    request_id = request.integer("reqId")
    if not session.hub.feed.close(session, request_id):
        raise RefusedError(300, f"Can't find EId with tickerId:{request_id}")
