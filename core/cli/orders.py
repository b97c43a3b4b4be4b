"""`ibdesk orders`: what works at the broker, and what has ended today."""

from __future__ import annotations

import click

from core.api import DeskClient
from core.cli.figures import average, fields, quantity, state_word
from core.cli.lookup import last_known
from core.cli.reaching import Reach, Said, listed, run, table, with_reach
from core.domain.orders import Order

NAME = "ibdesk orders"

_EPILOG = """\b
Examples:
  ibdesk orders
  ibdesk orders --all --json

\b
Exit status:
  0  done; no order is no error
  1  IBKR can't be reached: they are shown as core last knew them
  2  core can't be reached
"""
_HEAD = ("#", "STATE", "ORDER", "FILLED", "AVG", "TAG", "NOTE")
_LEFT = frozenset({"STATE", "ORDER", "TAG", "NOTE"})


@click.command(epilog=_EPILOG)
@click.option("--all", "whole", is_flag=True, help="Those that have ended, too.")
@click.option("--symbol", help="Of this instrument alone, as rows name it.")
@click.option("--tag", help="With this tag alone.")
@with_reach
def command(*, reach: Reach, whole: bool, symbol: str | None, tag: str | None) -> None:
    """List the orders that work, those of other clients of the account too; with --all those that have ended."""
    run(reach, NAME, lambda client: _list(client, reach, whole=whole, symbol=symbol, tag=tag))


async def _list(client: DeskClient, reach: Reach, *, whole: bool, symbol: str | None, tag: str | None) -> Said:
    problem = await last_known(client, reach.timeout)
    chosen = [
        order
        for order in (await client.snapshot()).orders
        if (whole or order.is_live)
        and (symbol is None or order.label.upper() == symbol.upper())
        and (tag is None or order.tag == tag)
    ]
    lines = table(_HEAD, [_row(order) for order in chosen], _LEFT) if chosen else ["No order."]
    return listed(lines, {"orders": [fields(order) for order in chosen]}, problem)


def _row(order: Order) -> tuple[str, ...]:
    filled = f"{quantity(order.filled)}/{quantity(order.quantity)}"
    number = f"{order.number}" if order.number else "EXT"
    return number, state_word(order), order.text, filled, average(order), order.tag, order.note
