"""`ibdesk config`: where the files of a profile are, what its settings are and why, and what is wrong with them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping

import click

from core.cli.config_report import Report, files, problems, settings_shown
from core.cli.output import say
from core.errors import DeskError
from core.settings import read_layers

_OPTIONS = (
    click.option("--profile", help="Whose settings: practice, paper, or one of your own."),
    click.option("--host", help="As if the desk were started with it."),
    click.option("--port", help="As if the desk were started with it."),
    click.option("--client-id", help="As if the desk were started with it."),
    click.option("--account", help="As if the desk were started with it."),
)


@click.group()
def command() -> None:
    """Where settings are, what they are and where each comes from, and whether they can be used."""


@command.command("path")
@click.option("--profile", help="Whose files: practice, paper, or one of your own.")
def show_path(**given: str | None) -> None:
    """Say where the files of a profile are."""
    _run(given, lambda arguments: files(read_layers(arguments, os.environ)))


def _with_options(function: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@command.command("show")
@_with_options
def show(**given: str | None) -> None:
    """Show every setting with its value and its source: option, variable, file or default."""
    _run(given, lambda arguments: settings_shown(read_layers(arguments, os.environ)))


@command.command("check")
@_with_options
def check(**given: str | None) -> None:
    """Name everything that is wrong; the exit status is 0 if the desk would start, else 2."""
    _run(given, lambda arguments: problems(read_layers(arguments, os.environ)))


def _run(given: Mapping[str, str | None], report: Callable[[Mapping[str, str]], Report]) -> None:
    try:
        said = report({key: value for key, value in given.items() if value is not None})
    except DeskError as error:
        say(str(error), err=True)
        sys.exit(2)
    for line in said.lines:
        say(line)
    for line in said.wrong:
        say(line, err=True)
    sys.exit(2 if said.wrong else 0)
