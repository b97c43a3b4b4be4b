"""`ibdesk health`: how core and its links feel, for people and for whoever watches it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

import click

from core.api import DeskClient
from core.cli.figures import NONE, fields
from core.cli.reaching import DONE, REFUSED, Reach, Said, run, with_reach
from core.domain.connection import LinkState
from core.domain.events import Snapshot, TradingState
from core.domain.money import Money
from core.text import mask_account

NAME = "ibdesk health"

_EPILOG = """\b
Examples:
  ibdesk health
  ibdesk health --profile paper --json

\b
Exit status:
  0  connected, and new orders are taken
  1  core runs, but no new order could leave now
  2  no core of the profile runs, or it does not answer
"""


@click.command(epilog=_EPILOG)
@with_reach
def command(*, reach: Reach) -> None:
    """Say whether core runs, is connected and takes orders, and how fast its links are. Starts nothing."""
    run(reach, NAME, _show, start=False)


async def _show(client: DeskClient) -> Said:
    snapshot = await client.snapshot()
    figures = _figures(snapshot)
    takes = snapshot.connection.can_trade and snapshot.trading_state is TradingState.ACTIVE
    problem = snapshot.connection.problem or snapshot.connection.restarting or snapshot.trading_reason
    lines = [f"{name.replace('_', ' '):<18}  {shown}" for name, shown in figure_lines(figures)]
    said: dict[str, object] = {"ok": takes, "problem": "" if takes else problem, **figures}
    return Said(DONE if takes else REFUSED, lines, said, report=True)


def _figures(snapshot: Snapshot) -> dict[str, object]:
    """The fields that the document names first, then what else is known."""
    connection, health = snapshot.connection, fields(snapshot.health)
    health.pop("type", None)
    return {
        "connected": connection.state is LinkState.READY,
        "session": snapshot.session,
        "tracked_orders": sum(order.is_live for order in snapshot.orders),
        "host": connection.endpoint.host,
        "port": connection.endpoint.port,
        "client_id": connection.client_id,
        "profile": connection.profile,
        "mode": connection.mode.value,
        "state": connection.state.value,
        "since": None if connection.since is None else connection.since.isoformat(),
        "server_version": connection.server_version,
        "ibkr": connection.ibkr.value,
        "reconciled": None if connection.reconciled is None else connection.reconciled.isoformat(),
        "trading": snapshot.trading_state.value,
        "trading_reason": snapshot.trading_reason,
        "farms_down": [name for name, up in connection.farms if not up],
        **health,
        "success_rate": _percent(snapshot.health.metrics.counters.success_rate),
        "connected_percent": _percent(snapshot.health.metrics.connected_percent),
        "profit": [_profit(one) for one in snapshot.money],
    }


def _percent(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.1f}"


def _profit(money: Money) -> dict[str, object]:
    """The profit of one account by core's own reckoning; None while it is not known."""
    amounts = {"day": money.day.amount, "open": money.open.amount}
    named = {name: None if amount is None else str(amount) for name, amount in amounts.items()}
    return {"account": mask_account(money.account), "currency": money.base_currency, **named}


def figure_lines(figures: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Name and figure of each line; of a group of figures each gets its own."""
    for name, figure in figures.items():
        match figure:
            case {"account": account, **rest}:
                yield f"profit {account}", ", ".join(f"{key} {_shown(value)}" for key, value in rest.items())
            case {"name": breaker, "state": state, "until": until, "last": last}:
                since = ", ".join(f"{word} {_shown(one)}" for word, one in (("until", until), ("last", last)) if one)
                yield f"breaker {breaker}", f"{state}{since and f', {since}'}"
            case {"stage": stage, **rest}:
                yield str(stage), ", ".join(f"{str(key).replace('_', ' ')} {value}" for key, value in rest.items())
            case dict():
                yield from figure_lines(figure)
            case tuple() | list() if any(isinstance(one, dict) for one in figure):
                for one in figure:
                    yield from figure_lines({name.removesuffix("s"): one})
            case _:
                yield name, _shown(figure)


def _shown(figure: object) -> str:
    match figure:
        case None | "":
            return NONE
        case bool():
            return "yes" if figure else "no"
        case tuple() | list():
            return ", ".join(str(one) for one in figure) or "none"
        case _:
            return str(figure)
