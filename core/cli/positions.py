"""`ibdesk positions`: what is held, at which price it stands, and what it has won or lost."""

from __future__ import annotations

from decimal import Decimal

import click

from core.api import DeskClient
from core.cli.figures import fields, money, number, quantity
from core.cli.lookup import last_known, seen
from core.cli.reaching import Reach, Said, failed, listed, run, table, with_reach
from core.domain.events import Snapshot
from core.domain.positions import Position, open_pnl
from core.text import mask_account

NAME = "ibdesk positions"
QUOTES_SECONDS = 3.0
"""How long quotes of what is held are waited for."""

_EPILOG = """\b
Examples:
  ibdesk positions
  ibdesk positions --profile paper --json

\b
Exit status:
  0  done; holding nothing is no error
  1  IBKR can't be reached: it is shown as core last knew it
  2  core can't be reached, or what is held is not known
"""
_HEAD = ("ACCOUNT", "INSTRUMENT", "QTY", "AVG", "PRICE", "OPEN P&L", "REALISED")
_LEFT = frozenset({"ACCOUNT", "INSTRUMENT"})


@click.command(epilog=_EPILOG)
@with_reach
def command(*, reach: Reach) -> None:
    """List what is held, with average price, current price and unrealised profit in the instrument's currency."""
    run(reach, NAME, lambda client: _list(client, reach))


async def _list(client: DeskClient, reach: Reach) -> Said:
    problem = await last_known(client, reach.timeout)
    snapshot = await seen(client, _is_quoted, 0 if problem else min(QUOTES_SECONDS, reach.timeout))
    if snapshot.positions is None:
        return failed(
            problem or "IBKR has not told what is held: that is not known, and not nothing. Try again in a moment."
        )
    held = [position for position in snapshot.positions if position.quantity]
    lines = table(_HEAD, [_row(snapshot, one) for one in held], _LEFT) if held else ["Nothing is held."]
    return listed(lines, {"positions": [_figures(snapshot, one) for one in held]}, problem)


def _is_quoted(snapshot: Snapshot) -> bool:
    return snapshot.positions is not None and all(
        _price(snapshot, one.con_id) is not None for one in snapshot.positions if one.quantity
    )


def _price(snapshot: Snapshot, con_id: int) -> Decimal | None:
    return next((quote.mark for quote in snapshot.quotes if quote.con_id == con_id), None)


def _open(snapshot: Snapshot, position: Position) -> Decimal | None:
    """Unrealised profit; None without a price or where the contract's multiplier is not known."""
    known = next((one for one in snapshot.instruments if one.con_id == position.con_id), None)
    return None if known is None else open_pnl(position, _price(snapshot, position.con_id), known.multiplier)


def _row(snapshot: Snapshot, position: Position) -> tuple[str, ...]:
    return (
        mask_account(position.account),
        position.label,
        quantity(position.quantity),
        number(position.average_price.quantize(Decimal("0.0001"))),
        number(_price(snapshot, position.con_id)),
        money(_open(snapshot, position)),
        money(position.realized_pnl),
    )


def _figures(snapshot: Snapshot, position: Position) -> dict[str, object]:
    price, unrealised = _price(snapshot, position.con_id), _open(snapshot, position)
    quote = next((one for one in snapshot.quotes if one.con_id == position.con_id), None)
    return fields(position) | {
        "price": None if price is None else f"{price:f}",
        "unrealized_pnl": None if unrealised is None else f"{unrealised:f}",
        "price_doubtful": quote is None or quote.doubtful,
    }
