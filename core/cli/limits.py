"""`ibdesk limits`: what limits are in force, where each comes from, what waits; and changes of them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

import click

from core.api import attach
from core.cli.output import say, say_json
from core.domain.commands import Ack, DenialCode
from core.domain.limit_changes import (
    AskLimits,
    LimitCommand,
    LimitShown,
    LimitsShown,
    LimitWaiting,
    ReadLimits,
    SetLimit,
    WithdrawLimit,
)
from core.errors import DeskError, LinkError, OtherBuildError
from core.link.paths import socket_path

REFUSED = 2
"""Exit status where nothing has changed."""
CLIENT = "ibdesk limits"

Outer = tuple[str | None, bool]
"""What was said before the word that follows `limits`: the profile, and whether as JSON."""

_EXIT = "Exit status: 0 done, 2 core refused, or nothing could be read or asked."
_EPILOG = f"""\b
Examples:
  ibdesk limits --profile paper
  ibdesk limits set order_value 20000
  ibdesk limits set symbols.TSLA.order_quantity 50
  ibdesk limits set permissions.forbidden_symbols GME,AMC

A tighter limit counts at once. A looser one asks for a word, waits ten minutes, and is refused while a desk is armed.
Of a live profile both are changed at a confirmed desk alone.

{_EXIT}
"""


def _example(line: str) -> str:
    return f"\b\nExample:\n  {line}\n\n{_EXIT}"


_profile = click.option("--profile", help="Whose limits: practice, paper, or one of your own.")


@click.group(invoke_without_command=True, epilog=_EPILOG)
@_profile
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@click.pass_context
def command(context: click.Context, *, profile: str | None, as_json: bool) -> None:
    """Show every limit: its value, how much of it is used, where it comes from, and what waits."""
    if context.invoked_subcommand is None:
        _run(profile, AskLimits(), as_json=as_json)
    else:
        context.obj = profile, as_json


@command.command("set", epilog=_example("ibdesk limits set order_value 20000 --profile paper"))
@click.argument("name")
@click.argument("value")
@_profile
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@click.pass_obj
def set_limit(outer: Outer, /, *, name: str, value: str, profile: str | None, as_json: bool) -> None:
    """Give one limit another value, in core and in the risk file.

    NAME is as `ibdesk limits` lists it. VALUE is a number, `none` for no limit, or `default`, which takes away what a
    symbol or an account says for itself.
    """
    _run(profile or outer[0], SetLimit(name=name, value=value), as_json=as_json or outer[1])


@command.command(epilog=_example("ibdesk limits withdraw order_value"))
@click.argument("name")
@_profile
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@click.pass_obj
def withdraw(outer: Outer, /, *, name: str, profile: str | None, as_json: bool) -> None:
    """Let a change that waits not take effect."""
    _run(profile or outer[0], WithdrawLimit(name=name), as_json=as_json or outer[1])


@command.command(epilog=_example("ibdesk limits read --profile paper"))
@_profile
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@click.pass_obj
def read(outer: Outer, /, *, profile: str | None, as_json: bool) -> None:
    """Have the profile's and the risk file read again."""
    _run(profile or outer[0], ReadLimits(), as_json=as_json or outer[1])


def _run(profile: str | None, wanted: LimitCommand, *, as_json: bool) -> None:
    arguments = {} if profile is None else {"profile": profile}
    try:
        ack = asyncio.run(_carry_out(wanted, arguments))
        if ack.denied is not None and ack.denied.code is DenialCode.LIMIT_LOOSENS and not as_json:
            ack = _ask(ack.denied.message, wanted, arguments) or ack
    except (DeskError, OSError) as error:
        said = {"ok": False, "problem": str(error)}
        if as_json:
            say_json(said)
        else:
            say(str(error), err=True)
        sys.exit(REFUSED)
    _tell(ack, wanted, as_json=as_json)
    sys.exit(0 if ack.ok else REFUSED)


def _ask(question: str, wanted: LimitCommand, arguments: Mapping[str, str]) -> Ack | None:
    """The answer to the same with the word that a person types; None where nobody can or does."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    say(question)
    word = click.prompt("Word", default="", show_default=False)
    if not word or not isinstance(wanted, SetLimit | ReadLimits):
        return None
    typed: LimitCommand = ReadLimits(word=word)
    if isinstance(wanted, SetLimit):
        typed = SetLimit(name=wanted.name, value=wanted.value, word=word)
    return asyncio.run(_carry_out(typed, arguments))


async def _carry_out(wanted: LimitCommand, arguments: Mapping[str, str]) -> Ack:
    """At the core that runs, else alone under its lock."""
    from core.bootstrap.limits import carry_out_alone
    from core.settings import read_layers

    profile = read_layers(arguments, os.environ).profile
    try:
        client = await attach(socket_path(profile), CLIENT)
    except OtherBuildError:
        raise
    except LinkError:
        return await carry_out_alone(wanted, arguments, CLIENT)
    try:
        return await client.send(wanted)
    finally:
        await client.close()


def _tell(ack: Ack, wanted: LimitCommand, *, as_json: bool) -> None:
    shown = ack.result if isinstance(ack.result, LimitsShown) else LimitsShown(limits=())
    if as_json:
        say_json(_figures(ack, shown))
        return
    if ack.denied is not None:
        say(ack.denied.message, err=True)
        return
    now = datetime.now(UTC)
    touched = wanted.name.lower() if isinstance(wanted, SetLimit | WithdrawLimit) else ""
    rows = [one for one in shown.limits if touched in {"", one.name.lower()}]
    for line in [*_table(rows), *(_waits(one, now) for one in shown.waiting)]:
        say(line)


def _table(rows: list[LimitShown]) -> list[str]:
    cells = [(one.name, one.value, "" if one.used is None else f"{one.used:,f} used", one.source) for one in rows]
    widths = [max((len(row[column]) for row in cells), default=0) for column in range(3)]
    return [
        f"{name:<{widths[0]}}  {value:>{widths[1]}}  {used:<{widths[2]}}  {source}"
        for name, value, used, source in cells
    ]


def _waits(one: LimitWaiting, now: datetime) -> str:
    left = max(0, int((one.due - now).total_seconds()))
    new = "what counts for all" if one.new is None else one.new
    when = f"in {left // 60}:{left % 60:02d}" if left else "once core runs and no desk is armed"
    return f"WAITS {one.name} {one.old} -> {new} {when}, by {one.by}; `ibdesk limits withdraw {one.name}` keeps it"


def _figures(ack: Ack, shown: LimitsShown) -> dict[str, object]:
    return {
        "ok": ack.ok,
        "problem": "" if ack.denied is None else ack.denied.message,
        "limits": {
            one.name: {
                "value": one.value,
                "used": None if one.used is None else f"{one.used:f}",
                "source": one.source,
            }
            for one in shown.limits
        },
        "waiting": {
            one.name: {"old": one.old, "new": one.new, "by": one.by, "due": one.due.isoformat()}
            for one in shown.waiting
        },
    }
