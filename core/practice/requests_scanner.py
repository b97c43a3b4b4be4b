"""The answers to requests for scans of the market."""

from __future__ import annotations

from typing import Final

from core.practice import scanner
from core.practice import tables_out as out
from core.practice.session import Session
from core.practice.tables import Record
from core.practice.terms import RefusedError

#: Scans that a client may have at a time.
MAX_SCANS: Final = 10


def parameters(session: Session, request: Record) -> None:
    """Answer reqScannerParameters."""
    session.send(out.SCANNER_PARAMETERS.encode({"xml": scanner.parameters()}))


def subscribe(session: Session, request: Record) -> None:
    """Answer reqScannerSubscription: what is found now, then what is found when that has changed."""
    hub, request_id = session.hub, request.integer("reqId")
    ids = hub.feed.scans.readers.ids(session)
    if request_id in ids:
        raise RefusedError(102, "Duplicate ticker ID.")
    scan = scanner.read_scan(request)
    if len(ids) >= MAX_SCANS:
        text = f"Historical Market Data Service error message:Max number of scanner subscriptions ({MAX_SCANS}) reached"
        raise RefusedError(162, text)
    hub.feed.scans.open(session, request_id, scan, int(hub.market_now()))


def cancel(session: Session, request: Record) -> None:
    """Answer cancelScannerSubscription: gateways confirm it by error 162."""
    request_id = request.integer("reqId")
    if session.hub.feed.scans.readers.pop(session, request_id) is None:
        raise RefusedError(365, f"No scanner subscription found for ticker id:{request_id}")
    text = f"Historical Market Data Service error message:API scanner subscription cancelled: {request_id}"
    raise RefusedError(162, text)
