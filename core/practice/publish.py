"""The accounts to those who watch them: positions after each fill, values with the next step and now and then."""

from __future__ import annotations

from collections.abc import Iterable
from time import gmtime, strftime
from typing import TYPE_CHECKING

from core.practice import tables_out as out
from core.practice.account import Account, Position, cents
from core.practice.tables import Record
from core.practice.values import AccountRow, ledger_rows, portfolio_record, position_record, summary_rows

if TYPE_CHECKING:
    from core.practice.session import Session


def all_rows(account: Account) -> list[AccountRow]:
    """Return every value of the account."""
    totals = account.totals()
    return [
        ("AccountCode", account.name, ""),
        ("AccountReady", "true", ""),
        *summary_rows(account, totals),
        *ledger_rows(account, totals),
    ]


def balances(account: Account) -> list[AccountRow]:
    """Return the values by currency, which include the net liquidation in each."""
    return ledger_rows(account, account.totals())


def send_position(session: Session, account: Account, position: Position) -> None:
    """Send one position to those of this session's subscriptions that want positions."""
    record = position_record(account, position)
    if session.watching.positions:
        session.send(out.POSITION.encode(record))
    for request_id in (number for number, names in session.watching.positions_multi.items() if account.name in names):
        session.send(out.POSITION_MULTI.encode({**record, "reqId": request_id}))


def send_values(session: Session, name: str, rows: Iterable[AccountRow]) -> None:
    """Send values of an account."""
    for tag, value, currency in rows:
        session.send(out.ACCOUNT_VALUE.encode({"tag": tag, "value": value, "currency": currency, "account": name}))


def send_time(session: Session) -> None:
    """Send the time that the account values are of."""
    session.send(out.ACCOUNT_TIME.encode({"time": strftime("%H:%M", gmtime(session.hub.now()))}))


def send_portfolio(session: Session, account: Account, positions: Iterable[Position]) -> None:
    """Send positions of an account with their market values."""
    for position in positions:
        session.send(out.PORTFOLIO.encode(portfolio_record(account, position)))


def send_multi(session: Session, request_id: int, name: str, rows: Iterable[AccountRow]) -> None:
    """Send values of an account for one reqAccountUpdatesMulti."""
    for tag, value, currency in rows:
        record = Record(reqId=request_id, account=name, tag=tag, value=value, currency=currency)
        session.send(out.ACCOUNT_MULTI.encode(record))


def send_summary(session: Session, request_id: int, tags: frozenset[str]) -> None:
    """Send the values of one reqAccountSummary, account by account; `$LEDGER` asks for the values by currency."""
    for account in session.hub.ledger.accounts.values():
        _send_summary_of(session, request_id, tags, account)


def _send_summary_of(session: Session, request_id: int, tags: frozenset[str], account: Account) -> None:
    totals = account.totals()
    rows = [row for row in summary_rows(account, totals) if row[0] in tags or "All" in tags]
    for tag in tags:
        if tag.startswith("$LEDGER"):
            wanted = tag.partition(":")[2]
            rows += [
                row
                for row in ledger_rows(account, totals)
                if wanted in {"ALL", row[2]} or (not wanted and row[2] == "BASE")
            ]
    for tag, value, currency in rows:
        record = Record(reqId=request_id, account=account.name, tag=tag, value=value, currency=currency)
        session.send(out.ACCOUNT_SUMMARY.encode(record))


def send_pnl(session: Session, request_id: int, account: Account) -> None:
    """Send an account's profit of the day."""
    totals = account.totals()
    session.send(
        out.PNL.encode(
            {
                "reqId": request_id,
                "daily": cents(totals.daily),
                "unrealized": cents(totals.unrealized),
                "realized": cents(totals.realized),
            }
        )
    )


def send_pnl_single(session: Session, request_id: int, account: Account, con_id: int) -> None:
    """Send the profit of one position; an instrument that was never held has none."""
    position = account.positions.get(con_id)
    if position is None:
        session.send(out.PNL_SINGLE.encode({"reqId": request_id, "position": 0, "value": 0}))
        return
    mark = account.mark(con_id)
    session.send(
        out.PNL_SINGLE.encode(
            {
                "reqId": request_id,
                "position": position.quantity,
                "daily": cents(position.day_profit(mark)),
                "unrealized": cents(position.unrealized(mark)),
                "realized": cents(position.realized),
                "value": cents(position.value(mark)),
            }
        )
    )


def publish_positions(session: Session, changed: Iterable[tuple[str, int]]) -> None:
    """Tell a session which positions, by account and contract id, fills changed."""
    accounts = session.hub.ledger.accounts
    positions = [(accounts[name], accounts[name].positions[con_id]) for name, con_id in changed]
    for account, position in positions:
        send_position(session, account, position)
    for account, position in positions:
        if account.name == session.watching.account:
            send_portfolio(session, account, [position])
    publish_profits(session)


def publish_profits(session: Session) -> None:
    """Send a session the profits it watches."""
    watching, accounts = session.watching, session.hub.ledger.accounts
    for request_id, name in watching.pnl.items():
        send_pnl(session, request_id, accounts[name])
    for request_id, (name, con_id) in watching.pnl_single.items():
        send_pnl_single(session, request_id, accounts[name], con_id)


def publish_values(session: Session) -> None:
    """Send a session the account values it watches."""
    watching, accounts = session.watching, session.hub.ledger.accounts
    if watching.account:
        account = accounts[watching.account]
        send_values(session, account.name, all_rows(account))
        send_portfolio(session, account, (position for position in account.positions.values() if position.quantity))
        send_time(session)
    for request_id, (names, balances_only) in watching.account_multi.items():
        for name in names:
            rows = balances(accounts[name]) if balances_only else all_rows(accounts[name])
            send_multi(session, request_id, name, rows)
    for request_id, tags in watching.summaries.items():
        send_summary(session, request_id, tags)
