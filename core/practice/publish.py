"""The account to those who watch it: positions after each fill, values with the next step and now and then."""

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


def _account(session: Session) -> Account:
    return session.hub.ledger.account


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


def send_position(session: Session, position: Position) -> None:
    """Send one position to those of this session's subscriptions that want positions."""
    record = position_record(_account(session), position)
    if session.watching.positions:
        session.send(out.POSITION.encode(record))
    for request_id in session.watching.positions_multi:
        session.send(out.POSITION_MULTI.encode({**record, "reqId": request_id}))


def send_values(session: Session, rows: Iterable[AccountRow]) -> None:
    """Send account values and the time they are of."""
    name = _account(session).name
    for tag, value, currency in rows:
        session.send(out.ACCOUNT_VALUE.encode({"tag": tag, "value": value, "currency": currency, "account": name}))


def send_time(session: Session) -> None:
    """Send the time that the account values are of."""
    session.send(out.ACCOUNT_TIME.encode({"time": strftime("%H:%M", gmtime(session.hub.now()))}))


def send_portfolio(session: Session, positions: Iterable[Position]) -> None:
    """Send positions with their market values."""
    account = _account(session)
    for position in positions:
        session.send(out.PORTFOLIO.encode(portfolio_record(account, position)))


def send_multi(session: Session, request_id: int, rows: Iterable[AccountRow]) -> None:
    """Send account values for one reqAccountUpdatesMulti."""
    name = _account(session).name
    for tag, value, currency in rows:
        record = Record(reqId=request_id, account=name, tag=tag, value=value, currency=currency)
        session.send(out.ACCOUNT_MULTI.encode(record))


def send_summary(session: Session, request_id: int, tags: frozenset[str]) -> None:
    """Send the values of one reqAccountSummary; `$LEDGER` asks for the values by currency."""
    account = _account(session)
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


def send_pnl(session: Session, request_id: int) -> None:
    """Send the account's profit of the day."""
    totals = _account(session).totals()
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


def send_pnl_single(session: Session, request_id: int, con_id: int) -> None:
    """Send the profit of one position; an instrument that was never held has none."""
    account = _account(session)
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


def publish_positions(session: Session, changed: Iterable[int]) -> None:
    """Tell a session which positions fills changed."""
    watching, account = session.watching, _account(session)
    positions = [account.positions[con_id] for con_id in changed]
    for position in positions:
        send_position(session, position)
    if watching.account:
        send_portfolio(session, positions)
    publish_profits(session)


def publish_profits(session: Session) -> None:
    """Send a session the profits it watches."""
    watching = session.watching
    for request_id in watching.pnl:
        send_pnl(session, request_id)
    for request_id, con_id in watching.pnl_single.items():
        send_pnl_single(session, request_id, con_id)


def publish_values(session: Session) -> None:
    """Send a session the account values it watches."""
    watching, account = session.watching, _account(session)
    if watching.account or watching.account_multi:
        rows = all_rows(account)
        if watching.account:
            send_values(session, rows)
            send_portfolio(session, (position for position in account.positions.values() if position.quantity))
            send_time(session)
        for request_id, balances_only in watching.account_multi.items():
            send_multi(session, request_id, balances(account) if balances_only else rows)
    for request_id, tags in watching.summaries.items():
        send_summary(session, request_id, tags)
