"""The answers to requests about the account: positions, values, profits."""

from __future__ import annotations

from core.practice import publish
from core.practice import tables_out as out
from core.practice.account import Position
from core.practice.session import Session
from core.practice.tables import Record
from core.practice.terms import NO_SECURITY, RefusedError, invalid
from core.practice.values import position_record


def _held(session: Session) -> list[Position]:
    return [position for position in session.hub.ledger.account.positions.values() if position.quantity]


def _check_account(session: Session, request: Record) -> None:
    account = request.text("account")
    if account not in {"", "All", session.hub.ledger.account.name}:
        raise invalid(f"Invalid account code '{account}'.")


def positions(session: Session, request: Record) -> None:
    """Answer reqPositions: all now, then each change."""
    session.watching.positions = True
    for position in _held(session):
        session.send(out.POSITION.encode(position_record(session.hub.ledger.account, position)))
    session.send(out.POSITION_END.encode({}))


def cancel_positions(session: Session, request: Record) -> None:
    """End reqPositions."""
    session.watching.positions = False


def positions_multi(session: Session, request: Record) -> None:
    """Answer reqPositionsMulti: all now, then each change."""
    _check_account(session, request)
    request_id = request.integer("reqId")
    session.watching.positions_multi.add(request_id)
    for position in _held(session):
        record = position_record(session.hub.ledger.account, position)
        session.send(out.POSITION_MULTI.encode({**record, "reqId": request_id}))
    session.send(out.POSITION_MULTI_END.encode({"reqId": request_id}))


def cancel_positions_multi(session: Session, request: Record) -> None:
    """End reqPositionsMulti."""
    session.watching.positions_multi.discard(request.integer("reqId"))


def account_updates(session: Session, request: Record) -> None:
    """Answer reqAccountUpdates: values and portfolio now, then what changes; or end it."""
    session.watching.account = request.flag("subscribe")
    if not session.watching.account:
        return
    try:
        _check_account(session, request)
    except RefusedError:
        session.watching.account = False
        raise
    account = session.hub.ledger.account
    publish.send_values(session, publish.all_rows(account))
    publish.send_portfolio(session, _held(session))
    publish.send_time(session)
    session.send(out.ACCOUNT_DOWNLOAD_END.encode({"account": account.name}))


def account_multi(session: Session, request: Record) -> None:
    """Answer reqAccountUpdatesMulti: values now, then what changes."""
    _check_account(session, request)
    request_id = request.integer("reqId")
    balances = session.watching.account_multi[request_id] = request.flag("ledgerAndNlv")
    account = session.hub.ledger.account
    publish.send_multi(session, request_id, publish.balances(account) if balances else publish.all_rows(account))
    session.send(out.ACCOUNT_MULTI_END.encode({"reqId": request_id}))


def cancel_account_multi(session: Session, request: Record) -> None:
    """End reqAccountUpdatesMulti."""
    session.watching.account_multi.pop(request.integer("reqId"), None)


def account_summary(session: Session, request: Record) -> None:
    """Answer reqAccountSummary: the values of the tags now, then what changes."""
    request_id = request.integer("reqId")
    tags = frozenset(tag.strip() for tag in request.text("tags").split(",") if tag.strip())
    if not tags:
        raise invalid("No account summary tags were given")
    session.watching.summaries[request_id] = tags
    publish.send_summary(session, request_id, tags)
    session.send(out.ACCOUNT_SUMMARY_END.encode({"reqId": request_id}))


def cancel_account_summary(session: Session, request: Record) -> None:
    """End reqAccountSummary."""
    session.watching.summaries.pop(request.integer("reqId"), None)


def pnl(session: Session, request: Record) -> None:
    """Answer reqPnL: the profit now and every second."""
    _check_account(session, request)
    request_id = request.integer("reqId")
    session.watching.pnl.add(request_id)
    publish.send_pnl(session, request_id)


def cancel_pnl(session: Session, request: Record) -> None:
    """End reqPnL."""
    session.watching.pnl.discard(request.integer("reqId"))


def pnl_single(session: Session, request: Record) -> None:
    """Answer reqPnLSingle: the profit of one position now and every second."""
    _check_account(session, request)
    request_id, con_id = request.integer("reqId"), request.integer("conId")
    if con_id not in session.hub.catalogue.by_id:
        raise RefusedError(200, NO_SECURITY)
    session.watching.pnl_single[request_id] = con_id
    publish.send_pnl_single(session, request_id, con_id)


def cancel_pnl_single(session: Session, request: Record) -> None:
    """End reqPnLSingle."""
    session.watching.pnl_single.pop(request.integer("reqId"), None)
