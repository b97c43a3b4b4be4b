"""`ibdesk config`: where the files of a profile are, what its settings are and why, and what is wrong with them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping

import click

from core.cli.config_report import Report, files, problems, settings_shown
from core.cli.output import say, say_json
from core.errors import DeskError
from core.settings import read_layers

_OPTIONS = (
    click.option("--profile", help="Whose settings: practice, paper, or one of your own."),
    click.option("--host", help="As if the desk were started with it."),
    click.option("--port", help="As if the desk were started with it."),
    click.option("--client-id", help="As if the desk were started with it."),
    click.option("--account", help="As if the desk were started with it."),
)
_json = click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")


def _epilog(example: str) -> str:
    return f"\b\nExample:\n  {example}\n\nExit status: 0 done, 2 the settings can't be used."


@click.group(epilog=_epilog("ibdesk config check --profile paper"))
def command() -> None:
    """Where settings are, what they are and where each comes from, and whether they can be used."""


@command.command("path", epilog=_epilog("ibdesk config path --profile paper"))
@click.option("--profile", help="Whose files: practice, paper, or one of your own.")
@_json
def show_path(*, as_json: bool, **given: str | None) -> None:
    """Say where the files of a profile are."""
    _run(given, as_json=as_json, report=lambda arguments: files(read_layers(arguments, os.environ)))


def _with_options(function: Callable[..., None]) -> Callable[..., None]:
    for option in reversed((*_OPTIONS, _json)):
        function = option(function)
    return function


@command.command("show", epilog=_epilog("ibdesk config show --json"))
@_with_options
def show(*, as_json: bool, **given: str | None) -> None:
    """Show every setting with its value and its source.

    The source is an option, a variable, a file or the default.
    """
    _run(given, as_json=as_json, report=lambda arguments: settings_shown(read_layers(arguments, os.environ)))


@command.command("check", epilog=_epilog("ibdesk config check --port 7497"))
@_with_options
def check(*, as_json: bool, **given: str | None) -> None:
    """Name everything that is wrong.

    The exit status is 0 if the desk would start, else 2.
    """
    _run(given, as_json=as_json, report=lambda arguments: problems(read_layers(arguments, os.environ)))


def _run(given: Mapping[str, str | None], *, as_json: bool, report: Callable[[Mapping[str, str]], Report]) -> None:
    try:
        said = report({key: value for key, value in given.items() if value is not None})
    except DeskError as error:
        said = Report([], [str(error)])
    if as_json:
        say_json({"ok": not said.wrong, "problem": " ".join(said.wrong), **said.figures})
    for line in [] if as_json else said.lines:
        say(line)
    for line in [] if as_json else said.wrong:
        say(line, err=True)
    sys.exit(2 if said.wrong else 0)
