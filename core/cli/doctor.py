"""`ibdesk doctor`: everything that must be right before an order can leave, and what to click where it is not."""

from __future__ import annotations

import asyncio

import click

from core.cli.doctor_core import look_at_core
from core.cli.doctor_machine import look_at_machine
from core.cli.findings import Finding, Grade, said
from core.cli.reaching import Reach, told, with_reach
from core.errors import DeskError

NAME = "ibdesk doctor"

_EPILOG = """\b
Examples:
  ibdesk doctor --profile paper
  ibdesk doctor --port 4002 --json

\b
Exit status:
  0  an order could leave now
  1  none would: FAIL says why and what to do
  2  wrong options

Sends no order. A live port is never connected to: whether something listens there is seen without. Of a live profile
only a person at a desk opens the connection, so do that first.
"""


@click.command(epilog=_EPILOG)
@click.option("--symbol", default="SPY", show_default=True, help="By which contract, data and permissions are tried.")
@with_reach
def command(*, reach: Reach, symbol: str) -> None:
    """Find TWS and look at its settings, the clock, accounts, permissions and market data; say what to click."""
    told(said(asyncio.run(_examine(reach, symbol))), as_json=reach.as_json)


async def _examine(reach: Reach, symbol: str) -> list[Finding]:
    from core.scripting.connecting import connected, leave
    from core.settings import read_layers

    try:
        layers = read_layers(reach.arguments)
        findings, settings = look_at_machine(layers)
    except DeskError as error:
        return [Finding("settings", Grade.FAIL, str(error), "Mend that, then call it again.")]
    if settings is None:
        return findings
    try:
        client = await connected(settings.profile, NAME, arguments=reach.arguments, timeout=reach.timeout)
    except DeskError as error:
        return [*findings, Finding("core", Grade.FAIL, str(error), "`ibdesk config path` says where its log is.")]
    try:
        findings += [finding async for finding in look_at_core(client, settings, symbol, reach.timeout)]
    except DeskError as error:
        findings.append(Finding("core", Grade.FAIL, str(error), "`ibdesk config path` says where its log is."))
    finally:
        await leave(client)
    return findings
