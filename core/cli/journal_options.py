"""What commands share that read a profile's journal: options, and how they end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import click

from core.cli.output import say, say_json
from core.clock import trading_day
from core.errors import DeskError, JournalDamagedError
from core.link.paths import state_root

EXITS = """\b
Exit status:
  0  done
  1  the journal is not what was written
  2  it could not be done: no journal or no such order, a file that can't be read or written, wrong options
"""


def example(line: str) -> str:
    """The end of a command's help."""
    return f"\b\nExample:\n  {line}\n\n{EXITS}"


class Day(click.ParamType[date]):
    """A trading day: `2026-11-20`, `today`, `yesterday`."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day. Fails on anything else."""
        if isinstance(value, date):
            return value
        today = trading_day(datetime.now(UTC))
        named = {"today": today, "yesterday": date.fromordinal(today.toordinal() - 1)}
        try:
            return named.get(str(value)) or date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no day: write it as 2026-11-20, or today.", param, ctx)


profile_option = click.option("--profile", help="Whose: practice, paper, or one of your own.")
day_option = click.option(
    "--day", type=Day(), default="today", show_default=True, help="The trading day; it ends at 17:00 in New York."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")


def out_dir_option(text: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Where ledgers go, in both spellings; `text` is its help."""
    return click.option(
        "--out_dir",
        "--out-dir",
        "out_dir",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("data/exec"),
        show_default=True,
        help=text,
    )


def folder_of(profile: str | None) -> Path:
    """The state folder of a profile, None for the one that environment and defaults choose; it need not be there."""
    if profile is None:
        from core.settings import read_layers

        profile = read_layers({}, os.environ).profile
    return state_root() / profile


def no_such_order(wanted: str, day: date | None) -> DeskError:
    """What to say where an order was asked for that the records do not have; `day` is None for a file of its own."""
    where = "in this file" if day is None else f"on {day:%Y-%m-%d}"
    todo = "Look at all of it without one." if day is None else "`ibdesk history` lists the day's; --day takes another."
    return DeskError(f"There is no order {wanted} {where}. {todo}")


def run(do: Callable[[], None], *, as_json: bool) -> None:
    """Do it, or say why not and end with a status that says so."""
    try:
        do()
    except (DeskError, OSError) as error:
        if as_json:
            say_json({"ok": False, "problem": str(error)})
        else:
            say(str(error), err=True)
        sys.exit(1 if isinstance(error, JournalDamagedError) else 2)
