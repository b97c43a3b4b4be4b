"""`ibdesk kill`: the kill switch without a screen."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from typing import NamedTuple

import click

from core.api import DeskClient, attach
from core.cli.output import say, say_json
from core.domain.commands import Kill
from core.domain.events import KillUpdated, OrderChanged, Snapshot
from core.domain.orders import Order
from core.domain.trading import Killed, KillScope, kill_in_words, progress
from core.errors import DeskError, LinkError
from core.journal.kill_mark import KillMarkFile
from core.link.paths import socket_path, state_root

CONFIRMED, NOT_CONFIRMED, NOT_BLOCKED = 0, 1, 2
"""Exit statuses."""

_EPILOG = """\b
Example:
  ibdesk kill --profile paper --everything

Exit status: 0 new orders are blocked and every cancel is confirmed, 1 new orders are blocked but not every cancel is
confirmed, 2 no core could be told: what works at the broker goes on working.
"""


class _Outcome(NamedTuple):
    status: int
    lines: list[str]
    figures: dict[str, object]


@click.command(epilog=_EPILOG)
@click.option("--profile", help="Whose core: practice, paper, or one of your own.")
@click.option("--protective", is_flag=True, help="Cancel what protects positions too.")
@click.option("--everything", is_flag=True, help="Cancel everything at the broker, of TWS and phone too.")
@click.option(
    "--wait", type=click.FloatRange(0, 600), default=10.0, show_default=True, help="Seconds to wait for confirmations."
)
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def command(*, profile: str | None, protective: bool, everything: bool, wait: float, as_json: bool) -> None:
    """KILL: block every new order at once, then cancel all of ours but what only reduces a position.

    A person at a desk ends it: F9, then type resume.
    """
    scope = KillScope.EVERYTHING if everything else KillScope.OURS if protective else KillScope.ENTRIES
    try:
        name = profile or _chosen_profile()
        outcome = asyncio.run(_pull(name, scope, wait))
    except (DeskError, OSError) as error:
        outcome = _not_blocked(f"KILL reached no core: {error} Cancel in TWS.", marked=False)
    if as_json:
        say_json(outcome.figures)
    for line in [] if as_json else outcome.lines:
        say(line, err=outcome.status == NOT_BLOCKED)
    sys.exit(outcome.status)


def _chosen_profile() -> str:
    from core.settings import read_layers

    return read_layers({}, os.environ).profile


async def _pull(profile: str, scope: KillScope, wait: float) -> _Outcome:
    if not (state_root() / profile).is_dir():
        return _not_blocked(f"Profile {profile} has never been started here: there is nothing to kill.", marked=False)
    try:
        client = await attach(socket_path(profile), "ibdesk kill")
    except LinkError as error:
        return _without_core(profile, scope, error)
    try:
        # Block first; only then look at anything.
        ack = await client.send(Kill(scope=scope))
        if ack.denied is not None:
            return _not_blocked(ack.denied.message, marked=False)
        return await _pulled(client, scope, wait)
    except LinkError as error:
        # Whether it was heard is not known: the next core begins blocked in any case.
        return _without_core(profile, scope, error)
    finally:
        await client.close()


async def _pulled(client: DeskClient, scope: KillScope, wait: float) -> _Outcome:
    """Core blocks: what becomes of the cancels."""
    try:
        snapshot = await client.snapshot()
    except LinkError as error:
        text = f"New orders are blocked, but which cancels are confirmed is not known: {error} Look in TWS."
        return _Outcome(NOT_CONFIRMED, [text], {"blocked": True, "scope": scope, "problem": text})
    killed, orders = snapshot.killed, {order.order_ref: order for order in snapshot.orders}
    try:
        async with asyncio.timeout(wait):
            async for killed in _followed(client, snapshot, orders):
                if _is_done(killed, orders):
                    break
    except (TimeoutError, LinkError):
        pass
    if killed is None:
        return _not_blocked("KILL was ended at a desk meanwhile.", marked=False)
    done = _is_done(killed, orders)
    far = progress(killed, orders)
    figures: dict[str, object] = {
        "blocked": True,
        "scope": killed.scope,
        "cancels": far.asked,
        "confirmed": far.confirmed,
        "filled": far.filled,
        "not_confirmed": [_named(order) for order in far.waiting],
        "kept": [_named(order) for order in far.kept],
        "everything_sent": killed.everything_sent,
        "problem": killed.problem,
    }
    lines = [*kill_in_words(killed, orders), "Stays until a person at a desk presses F9 and types resume."]
    return _Outcome(CONFIRMED if done else NOT_CONFIRMED, lines, figures)


async def _followed(client: DeskClient, snapshot: Snapshot, orders: dict[str, Order]) -> AsyncIterator[Killed | None]:
    """The kill switch as it stands, now and after each event; `orders` follow along."""
    killed = snapshot.killed
    yield killed
    async for envelope in client.events(snapshot.number):
        match envelope.event:
            case OrderChanged(order=order):
                orders[order.order_ref] = order
            case KillUpdated(killed=killed):
                pass
            case _:
                continue
        yield killed


def _is_done(killed: Killed | None, orders: dict[str, Order]) -> bool:
    if killed is None:
        return True
    sent = killed.everything_sent or killed.scope is not KillScope.EVERYTHING
    return sent and not killed.problem and not progress(killed, orders).waiting


def _without_core(profile: str, scope: KillScope, error: LinkError) -> _Outcome:
    """No core runs: the next one begins blocked, and cancels as soon as it is connected."""
    mark = KillMarkFile(state_root() / profile / "journal.db")
    mark.set(scope)
    marked = mark.scope is not None
    text = (
        f"No core of profile {profile} could be told: {error} What works at the broker goes on working; cancel in TWS."
    )
    if marked:
        text += f" Or start `ibdesk --profile {profile}`: it begins blocked, and cancels once it is connected."
    return _not_blocked(text, marked=marked)


def _not_blocked(text: str, *, marked: bool) -> _Outcome:
    return _Outcome(NOT_BLOCKED, [text], {"blocked": False, "marked": marked, "problem": text})


def _named(order: Order) -> str:
    return f"#{order.number} {order.text}"
