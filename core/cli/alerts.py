"""`ibdesk alerts`: what a person must look at, and price alerts, without a screen."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

import click

from core.api import DeskClient, attach
from core.cli.output import say, say_json
from core.domain.alerts import Alert, Comparison, PriceAlert
from core.domain.commands import Ack, AddAlert, RemoveAlert, SearchSymbols, SeeAlerts, SymbolMatches
from core.domain.instruments import SymbolMatch
from core.errors import DeskError
from core.link.paths import socket_path

DONE, REFUSED, NO_CORE = 0, 1, 2
"""Exit statuses."""

_EPILOG = """\b
Examples:
  ibdesk alerts
  ibdesk alerts add SPY '>' 600
  ibdesk alerts remove 3
  ibdesk alerts seen

A price alert waits for as long as core runs, over restarts of core and of the desk, and fires once. For > and >= the
last trade counts and the bid, for < and <= the last trade and the ask; old, delayed or halted prices fire nothing.

Exit status: 0 done, 1 core refused, 2 no core of the profile runs.
"""


def _example(line: str) -> str:
    return f"\b\nExample:\n  {line}\n\nExit status: 0 done, 1 core refused, 2 no core of the profile runs."


class _Said(NamedTuple):
    status: int
    lines: list[str]
    figures: dict[str, object]


_Work = Callable[[DeskClient], Awaitable[_Said]]


class _Options(NamedTuple):
    profile: str | None
    as_json: bool


@click.group(invoke_without_command=True, epilog=_EPILOG)
@click.option("--profile", help="Whose core: practice, paper, or one of your own.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@click.pass_context
def command(context: click.Context, *, profile: str | None, as_json: bool) -> None:
    """Alerts and the price alerts that wait; with a command, set or remove a price alert, or mark alerts as seen."""
    context.obj = _Options(profile, as_json)
    if context.invoked_subcommand is None:
        _run(context.obj, _list)


@command.command("add", epilog=_example("ibdesk alerts add SPY '>' 600"))
@click.argument("symbol")
@click.argument("comparison", type=click.Choice([one.value for one in Comparison]))
@click.argument("price")
@click.pass_obj
def add(options: _Options, symbol: str, comparison: str, price: str) -> None:
    """Wait for a price: SPY '>' 600. Quote the sign, or the shell takes it."""
    _run(options, lambda client: _add(client, symbol, Comparison(comparison), price))


@command.command("remove", epilog=_example("ibdesk alerts remove 3"))
@click.argument("number", type=click.IntRange(min=1))
@click.pass_obj
def remove(options: _Options, number: int) -> None:
    """Wait for the price alert of that number no longer."""
    _run(options, lambda client: _remove(client, number))


@command.command("seen", epilog=_example("ibdesk alerts seen"))
@click.argument("numbers", type=click.IntRange(min=1), nargs=-1)
@click.pass_obj
def seen(options: _Options, numbers: tuple[int, ...]) -> None:
    """Mark alerts as seen, at every desk: those of the numbers, or all."""
    _run(options, lambda client: _see(client, numbers))


def _run(options: _Options, work: _Work) -> None:
    try:
        said = asyncio.run(_at_core(options.profile or _chosen_profile(), work))
    except (DeskError, OSError) as error:
        text = f"No core could be asked: {error}"
        said = _Said(NO_CORE, [text], {"ok": False, "problem": text})
    if options.as_json:
        say_json(said.figures)
    for line in [] if options.as_json else said.lines:
        say(line, err=said.status != DONE)
    sys.exit(said.status)


def _chosen_profile() -> str:
    from core.settings import read_layers

    return read_layers({}, os.environ).profile


async def _at_core(profile: str, work: _Work) -> _Said:
    client = await attach(socket_path(profile), "ibdesk alerts")
    try:
        return await work(client)
    finally:
        await client.close()


async def _list(client: DeskClient) -> _Said:
    snapshot = await client.snapshot()
    alerts = sorted(snapshot.alerts, key=lambda alert: alert.time, reverse=True)
    lines = [f"{one.number:>4}  {one.text}  set {one.created:%Y-%m-%d %H:%M} UTC" for one in snapshot.price_alerts]
    lines = ["Price alerts that wait:", *lines] if lines else ["No price alert waits."]
    lines += ["Alerts, the latest first:", *map(_in_words, alerts)] if alerts else ["No alert."]
    figures: dict[str, object] = {
        "ok": True,
        "alerts": [_figures(alert) for alert in alerts],
        "price_alerts": [_waiting(one) for one in snapshot.price_alerts],
    }
    return _Said(DONE, lines, figures)


async def _add(client: DeskClient, symbol: str, comparison: Comparison, price: str) -> _Said:
    try:
        level = Decimal(price)
    except InvalidOperation:
        return _refused(f"{price!r} is no price: write digits and a point, such as 600.50. No alert was set.")
    found = await client.send(SearchSymbols(pattern=symbol))
    if found.denied is not None:
        return _refused(found.denied.message)
    match = _named(found, symbol)
    if match is None:
        return _refused(f"IBKR knows no {symbol.upper()}. No alert was set; look the symbol up at a desk ( / ).")
    ack = await client.send(AddAlert(con_id=match.con_id, comparison=comparison, price=level))
    where = " ".join(filter(None, (match.sec_type, match.primary_exchange, match.currency)))
    return _about(ack, f"waits, for {match.name or match.symbol} ({where}).")


def _named(found: Ack, symbol: str) -> SymbolMatch | None:
    """The first instrument of exactly that symbol: core ranks those in US dollars before others."""
    matches = found.result.matches if isinstance(found.result, SymbolMatches) else ()
    return next((one for one in matches if one.symbol.upper() == symbol.strip().upper() and one.con_id), None)


async def _remove(client: DeskClient, number: int) -> _Said:
    return _about(await client.send(RemoveAlert(number=number)), "waits no longer.")


async def _see(client: DeskClient, numbers: tuple[int, ...]) -> _Said:
    ack = await client.send(SeeAlerts(numbers=numbers))
    if ack.denied is not None:
        return _refused(ack.denied.message)
    return _Said(DONE, ["Marked as seen, at every desk."], {"ok": True})


def _about(ack: Ack, what: str) -> _Said:
    if ack.denied is not None:
        return _refused(ack.denied.message)
    if not isinstance(ack.result, PriceAlert):
        return _refused("Core did not say which price alert it was. `ibdesk alerts` lists them.")
    line = f"Price alert {ack.result.number}, {ack.result.text}, {what}"
    return _Said(DONE, [line], {"ok": True, "price_alert": _waiting(ack.result)})


def _refused(text: str) -> _Said:
    return _Said(REFUSED, [text], {"ok": False, "problem": text})


def _in_words(alert: Alert) -> str:
    return f"{alert.number:>4}  {alert.time:%Y-%m-%d %H:%M:%S} UTC  {'   ' if alert.seen else 'new'}  {alert.words}"


def _figures(alert: Alert) -> dict[str, object]:
    return {
        "number": alert.number,
        "kind": alert.kind,
        "severity": alert.severity,
        "text": alert.text,
        "since": alert.since.isoformat(),
        "time": alert.time.isoformat(),
        "count": alert.count,
        "con_id": alert.con_id,
        "order_ref": alert.order_ref,
        "over": None if alert.over is None else alert.over.isoformat(),
        "seen": alert.seen,
    }


def _waiting(one: PriceAlert) -> dict[str, object]:
    return {
        "number": one.number,
        "con_id": one.con_id,
        "symbol": one.label,
        "comparison": one.comparison,
        "price": f"{one.price:f}",
        "created": one.created.isoformat(),
        "by": one.by,
    }
