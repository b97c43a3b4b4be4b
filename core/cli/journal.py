"""`ibdesk journal`: verify it, read it, replay it, keep a copy of it; also while core runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from core.cli.journal_report import Form, Said, back_up_to, export_to, replayed, verified
from core.cli.output import say, say_json
from core.errors import DeskError, JournalDamagedError
from core.link.paths import state_root

_EXIT = "\n\nExit status: 0 all is well, 1 the journal is not what was written, 2 it could not be done."


def _example(line: str) -> str:
    return f"\b\nExample:\n  {line}{_EXIT}"


def _with_options(function: Callable[..., None]) -> Callable[..., None]:
    options = (
        click.option("--profile", help="Whose journal: practice, paper, or one of your own."),
        click.option(
            "--file",
            type=click.Path(dir_okay=False, path_type=Path),
            help="This one instead: a journal.db, of a backup for instance.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Say it as JSON."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.group(epilog=_example("ibdesk journal verify"))
def command() -> None:
    """The record of every order: verify it, read it, replay it, keep a copy of it. Core may run meanwhile."""


@command.command("verify", epilog=_example("ibdesk journal verify --profile paper"))
@_with_options
def verify(*, profile: str | None, file: Path | None, as_json: bool) -> None:
    """Look at every row: is it what was written, and is none missing?"""
    _run(lambda: verified(_path(profile, file)), as_json=as_json)


@command.command("export", epilog=_example("ibdesk journal export --after 1200 --json --to rows.jsonl"))
@_with_options
@click.option("--after", type=click.IntRange(0), default=0, show_default=True, help="From the row behind this one on.")
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV, for spreadsheets.")
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    help="A new file, yours alone, or the folder for one; without it the rows are shown.",
)
@click.option("--accounts", is_flag=True, help="Show account numbers in full; otherwise they are masked.")
def export(
    *, profile: str | None, file: Path | None, as_json: bool, after: int, as_csv: bool, to: Path | None, accounts: bool
) -> None:
    """Write rows as text, a line each; with --json as JSON lines, whole."""
    if as_json and as_csv:
        raise click.UsageError("Rows are written as JSON or as CSV, not as both.")
    form = Form.JSON if as_json else Form.CSV if as_csv else Form.TEXT
    _run(
        lambda: export_to(_path(profile, file), after, to, form, accounts=accounts),
        as_json=as_json and to is not None,
    )


@command.command("replay", epilog=_example("ibdesk journal replay --json"))
@_with_options
def replay(*, profile: str | None, file: Path | None, as_json: bool) -> None:
    """Bring the state back from the rows, and compare.

    It is made twice and by way of the last checkpoint: is it the same each time?
    """
    _run(lambda: replayed(_path(profile, file)), as_json=as_json)


@command.command("backup", epilog=_example("ibdesk journal backup --to ~/journal-of-today"))
@_with_options
@click.option("--to", type=click.Path(path_type=Path), help="A new folder; without it one below `backups`.")
def backup(*, profile: str | None, file: Path | None, as_json: bool, to: Path | None) -> None:
    """Copy the journal, whole, and verify the copy."""
    _run(lambda: back_up_to(_path(profile, file), to), as_json=as_json)


def _path(profile: str | None, file: Path | None) -> Path:
    if file is not None:
        return file
    if profile is None:
        from core.settings import read_layers

        profile = read_layers({}, os.environ).profile
    return state_root() / profile / "journal.db"


def _run(do: Callable[[], Said], *, as_json: bool) -> None:
    try:
        said = do()
    except (DeskError, OSError) as error:
        status = 1 if isinstance(error, JournalDamagedError) else 2
        said = Said([], {"ok": False, "problem": str(error)}, str(error), status)
    if as_json:
        say_json(said.figures)
    for line in [] if as_json else said.lines:
        say(line)
    if said.problem and not as_json:
        say(said.problem, err=True)
    sys.exit(said.status)
