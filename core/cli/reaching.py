"""How commands reach core: options that say which one, a client for the work, an exit status that says how it went."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, NoReturn

import click

from core.api import DeskClient
from core.cli.output import say, say_json
from core.errors import DeskError, OrderUnknownError

DONE, REFUSED, NOT_REACHED, IN_DOUBT = 0, 1, 2, 3
"""Exit statuses: it is done; core or IBKR refused; nothing was sent, for core or IBKR can't be reached or what was
typed is wrong; what was sent has no known outcome."""

EXITS = """\b
Exit status:
  0  done
  1  refused, or it ended otherwise than asked
  2  not done: wrong options or values, or core or IBKR can't be reached
  3  sent, and its outcome is not known
"""
"""For the help of commands that send something."""


class Reach(NamedTuple):
    """Which core, and how to speak."""

    arguments: Mapping[str, str]
    """Settings by key, as far as they were given."""
    as_json: bool
    timeout: float
    """Seconds to wait for core and IBKR."""

    @property
    def profile(self) -> str:
        """The profile that was named; empty for the one that environment and defaults choose."""
        return self.arguments.get("profile", "")


class Said(NamedTuple):
    """How a command went."""

    status: int
    lines: list[str]
    """For a person."""
    figures: Mapping[str, object]
    """For programs, the same."""
    report: bool = False
    """True for lines that are what was asked for, whatever the status: they go to standard output."""


Work = Callable[[DeskClient], Awaitable[Said]]

_OPTIONS = (
    click.option("--profile", help="Whose core: practice, paper, or one of your own."),
    click.option("--host", help="Where TWS or IB Gateway runs, for a core that is started now."),
    click.option("--port", help="Its API port, for a core that is started now."),
    click.option("--client-id", help="The API client number, for a core that is started now."),
    click.option(
        "--timeout",
        type=click.FloatRange(0, 600, min_open=True),
        default=20.0,
        show_default=True,
        help="Seconds to wait for core and IBKR.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Say it as one line of JSON."),
    click.option("--debug", is_flag=True, help="Log all that is asked and answered, also of a core that is started."),
)


def with_reach(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say which core it is for, as one `reach`.

    It stands below the options of the command itself, which come first in its help then.
    """

    def called(
        *,
        profile: str | None,
        host: str | None,
        port: str | None,
        client_id: str | None,
        timeout: float,
        as_json: bool,
        debug: bool,
        **own: object,
    ) -> None:
        given = {"profile": profile, "host": host, "port": port, "client_id": client_id}
        given["debug"] = "true" if debug else None
        arguments = {key: value for key, value in given.items() if value is not None}
        function(reach=Reach(arguments, as_json, timeout), **own)

    called.__doc__ = function.__doc__
    called.__name__ = function.__name__
    wrapped: Callable[..., None] = called
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def run(reach: Reach, name: str, work: Work, *, start: bool = True) -> NoReturn:
    """Do `work` with a client of the core that `reach` means, say how it went, and end with its status.

    `name` is what core and the person who grants live trading know the command by. `start` False starts no core.
    """
    try:
        told(asyncio.run(_with_client(reach, name, work, start=start)), as_json=reach.as_json)
    except KeyboardInterrupt:
        text = "Stopped waiting. What was sent goes on: look at it with `ibdesk orders`."
        told(failed(text, IN_DOUBT), as_json=reach.as_json)
    except OrderUnknownError as error:
        told(failed(str(error), IN_DOUBT), as_json=reach.as_json)
    except (DeskError, OSError) as error:
        told(failed(str(error)), as_json=reach.as_json)


def told(said: Said, *, as_json: bool) -> NoReturn:
    """Say how it went, and end with its status."""
    if as_json:
        say_json(said.figures)
    for line in [] if as_json else said.lines:
        say(line, err=said.status != DONE and not said.report)
    sys.exit(said.status)


def listed(lines: list[str], figures: Mapping[str, object], problem: str) -> Said:
    """What was asked for; `problem` says why it is only what core last knew, empty where it is how things are."""
    if problem:
        say(problem, err=True)
    return Said(REFUSED if problem else DONE, lines, {"ok": not problem, "problem": problem, **figures}, report=True)


def failed(text: str, status: int = NOT_REACHED) -> Said:
    """A command that did not do what was asked; `text` says why and what to do next."""
    return Said(status, [text], {"ok": False, "problem": text})


def table(head: tuple[str, ...], rows: list[tuple[str, ...]], left: frozenset[str] = frozenset()) -> list[str]:
    """Lines with aligned columns: those in `left` to the left, all others, figures, to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return [
        "  ".join(
            f"{cell:<{width}}" if title in left else f"{cell:>{width}}"
            for cell, width, title in zip(row, widths, head, strict=True)
        ).rstrip()
        for row in (head, *rows)
    ]


async def _with_client(reach: Reach, name: str, work: Work, *, start: bool) -> Said:
    from core.scripting.connecting import connected, leave
    from core.settings import contradictions, load_settings

    for line in contradictions(os.environ):
        say(f"Warning: {line}", err=True)
    if "debug" in reach.arguments:
        from core.link.paths import state_dir
        from core.logs import COMMANDS, log_to

        log_to(state_dir(load_settings(reach.arguments, os.environ).profile) / COMMANDS, debug=True)
    client = await connected(reach.profile, name, arguments=reach.arguments, timeout=reach.timeout, start=start)
    try:
        return await work(client)
    finally:
        await leave(client)
