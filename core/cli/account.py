"""`ibdesk account`: cash, value, buying power, margin and the day's profit."""

from __future__ import annotations

import click

from core.api import DeskClient
from core.cli.figures import fields, money
from core.cli.lookup import last_known, seen
from core.cli.reaching import Reach, Said, failed, listed, run, with_reach
from core.domain.account import Account
from core.domain.events import Snapshot
from core.domain.money import Money, Profit
from core.text import mask_account

NAME = "ibdesk account"

_EPILOG = """\b
Examples:
  ibdesk account
  ibdesk account --json

\b
Exit status:
  0  done
  1  IBKR can't be reached: they are shown as core last knew them
  2  core can't be reached, or the account's figures are not known
"""


@click.command(epilog=_EPILOG)
@with_reach
def command(*, reach: Reach) -> None:
    """Show what the account has: cash, total value, buying power, margin and profit, in its base currency."""
    run(reach, NAME, lambda client: _show(client, reach))


async def _show(client: DeskClient, reach: Reach) -> Said:
    problem = await last_known(client, reach.timeout)
    snapshot = await seen(client, _is_told, 0 if problem else reach.timeout)
    if not _is_told(snapshot):
        return failed(problem or "IBKR has not told the account's figures. Try again in a moment.")
    profits = {one.account: one for one in snapshot.money}
    lines = [line for one in snapshot.accounts for line in _lines(one, profits.get(one.account))]
    figures = [_figures(one, profits.get(one.account)) for one in snapshot.accounts]
    return listed(lines, {"accounts": figures}, problem)


def _is_told(snapshot: Snapshot) -> bool:
    return any(one.net_liquidation is not None for one in snapshot.accounts)


def _lines(account: Account, profit: Money | None) -> list[str]:
    shown = [
        ("Cash", money(account.cash)),
        ("Total value", money(account.net_liquidation)),
        ("Buying power", money(account.buying_power)),
        ("Initial margin", money(account.initial_margin)),
        ("Maintenance margin", money(account.maintenance_margin)),
        ("Unrealised P&L", money(account.unrealized_pnl)),
        ("Realised P&L today", money(account.realized_pnl)),
        ("Day's P&L, ours", _ours(None if profit is None else profit.day)),
    ]
    width = max(len(figure) for _, figure in shown)
    told = "never" if account.updated is None else f"{account.updated:%Y-%m-%d %H:%M:%S} UTC"
    return [
        f"{mask_account(account.account)} in {account.base_currency or 'an unknown currency'}, told {told}",
        *(f"  {name:<18}  {figure:>{width}}" for name, figure in shown),
    ]


def _ours(profit: Profit | None) -> str:
    """The amount, with a sign behind one of which a part is missing or old."""
    if profit is None or profit.amount is None:
        return money(None)
    return money(profit.amount) + ("" if profit.whole else "~")


def _figures(account: Account, profit: Money | None) -> dict[str, object]:
    day = None if profit is None else profit.day
    return fields(account) | {
        "total_value": None if account.net_liquidation is None else f"{account.net_liquidation:f}",
        "day_pnl": None if day is None or day.amount is None else f"{day.amount:f}",
        "day_pnl_whole": day is not None and day.whole,
    }
