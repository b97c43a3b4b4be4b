"""The answers to requests about the accounts: positions, values, profits."""

from __future__ import annotations

from core.practice import publish
from core.practice import tables_out as out
from core.practice.account import Account, Position
from core.practice.session import Session
from core.practice.tables import Record
from core.practice.terms import NO_SECURITY, RefusedError, invalid
from core.practice.values import position_record


def _held(account: Account) -> list[Position]:
    return [position for position in account.positions.values() if position.quantity]


def _accounts(session: Session, request: Record) -> list[Account]:
    """Return the accounts that a request names: one, or all of them."""
    known, name = session.hub.ledger.accounts, request.text("account")
    if name in {"", "All"}:
        return list(known.values())
    if name not in known:
        raise invalid(f"Invalid account code '{name}'.")
    return [known[name]]


def _account(session: Session, request: Record) -> Account:
    """Return the account of a request that is about one."""
    found = _accounts(session, request)
    if len(found) > 1:
        raise invalid("The account code is required for this operation.")
    return found[0]


def _names(accounts: list[Account]) -> tuple[str, ...]:
    return tuple(account.name for account in accounts)


def positions(session: Session, request: Record) -> None:
    """Answer reqPositions: those of every account now, then each change."""
    session.watching.positions = True
    for account in session.hub.ledger.accounts.values():
        if _held(account) and (units := session.hub.faults.take("assignment")) is not None:
            _held(account)[0].quantity += int(units)
        for position in _held(account):
            session.send(out.POSITION.encode(position_record(account, position)))
    session.send(out.POSITION_END.encode({}))


def cancel_positions(session: Session, request: Record) -> None:
    """End reqPositions."""
    session.watching.positions = False


def positions_multi(session: Session, request: Record) -> None:
    """Answer reqPositionsMulti: all now, then each change."""
    accounts, request_id = _accounts(session, request), request.integer("reqId")
    session.watching.positions_multi[request_id] = _names(accounts)
    for account in accounts:
        for position in _held(account):
            record = position_record(account, position)
            session.send(out.POSITION_MULTI.encode({**record, "reqId": request_id}))
    session.send(out.POSITION_MULTI_END.encode({"reqId": request_id}))


def cancel_positions_multi(session: Session, request: Record) -> None:
    """End reqPositionsMulti."""
    session.watching.positions_multi.pop(request.integer("reqId"), None)


def account_updates(session: Session, request: Record) -> None:
    """Answer reqAccountUpdates: values and portfolio now, then what changes; or end it. One account at a time."""
    session.watching.account = ""
    if not request.flag("subscribe"):
        return
    account = _account(session, request)
    session.watching.account = account.name
    publish.send_values(session, account.name, publish.all_rows(account))
    publish.send_portfolio(session, account, _held(account))
    publish.send_time(session)
    session.send(out.ACCOUNT_DOWNLOAD_END.encode({"account": account.name}))


def account_multi(session: Session, request: Record) -> None:
    """Answer reqAccountUpdatesMulti: values now, then what changes."""
    accounts, request_id = _accounts(session, request), request.integer("reqId")
    balances = request.flag("ledgerAndNlv")
    session.watching.account_multi[request_id] = _names(accounts), balances
    for account in accounts:
        rows = publish.balances(account) if balances else publish.all_rows(account)
        publish.send_multi(session, request_id, account.name, rows)
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
    account, request_id = _account(session, request), request.integer("reqId")
    session.watching.pnl[request_id] = account.name
    publish.send_pnl(session, request_id, account)


def cancel_pnl(session: Session, request: Record) -> None:
    """End reqPnL."""
    session.watching.pnl.pop(request.integer("reqId"), None)


def pnl_single(session: Session, request: Record) -> None:
    """Answer reqPnLSingle: the profit of one position now and every second."""
    account = _account(session, request)
    request_id, con_id = request.integer("reqId"), request.integer("conId")
    if con_id not in session.hub.catalogue.by_id:
        raise RefusedError(200, NO_SECURITY)
    session.watching.pnl_single[request_id] = account.name, con_id
    publish.send_pnl_single(session, request_id, account, con_id)


def cancel_pnl_single(session: Session, request: Record) -> None:
    """End reqPnLSingle."""
    session.watching.pnl_single.pop(request.integer("reqId"), None)
