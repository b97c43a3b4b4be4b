"""The command line with its options and commands, for every start but the bare one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from tui.cli import open_desk

LAZY: Mapping[str, tuple[str, str]] = {
    "account": ("core.cli.account", "What the account has: cash, value, buying power, margin, profit."),
    "alerts": ("core.cli.alerts", "Alerts and price alerts: see them, set one, remove one."),
    "cancel": ("core.cli.cancel", "Cancel orders by number or reference, or all of them."),
    "completion": ("core.cli.completion", "What bash, zsh or fish read to complete commands and options."),
    "config": ("core.cli.config", "Where settings are, what they are and why, and whether they can be used."),
    "doctor": ("core.cli.doctor", "Find TWS, look at all that an order needs, and say what to click."),
    "health": ("core.cli.health", "Whether core runs, is connected and takes orders, and how fast its links are."),
    "history": ("core.cli.history", "What became of an order, or of all orders of a day, line by line."),
    "ib-handshake": ("core.cli.handshake", "Whether IBKR answers, and whose accounts it has."),
    "journal": ("core.cli.journal", "The record of every order: verify it, read it, replay it, keep a copy of it."),
    "kill": ("core.cli.kill", "KILL: block new orders at once and cancel all but what protects a position."),
    "ledger": ("core.cli.ledger", "Every event of every order, as Parquet: make it, see it, find it."),
    "limits": ("core.cli.limits", "Every limit, how much of it is used, and changes of it."),
    "one-shot": ("core.cli.one_shot", "One order with a time limit, its arrival price and its ledger."),
    "order-plane": ("core.cli.order_plane", "Place what strategies put on a bus, and report what becomes of it."),
    "orders": ("core.cli.orders", "The orders that work, and those of today that have ended."),
    "place": ("core.cli.place", "Send one order, through every control."),
    "positions": ("core.cli.positions", "What is held, with price and profit."),
    "practice": ("core.cli.practice", "The practice gateway by itself, for any client of the TWS API."),
    "record": ("core.cli.record", "Record a market: bars of one second, and every quote and trade behind them."),
    "replay": ("core.cli.replay", "Play a recorded market, or the sample day, into a practice gateway."),
    "sanity-cancel": ("core.cli.sanity_cancel", "Place and cancel one order that can't fill, to see that both work."),
    "schema": ("core.cli.schema", "The order plane's contracts as JSON Schema."),
    "summary": ("core.cli.summary", "What became of a day's orders, in numbers."),
    "tca": ("core.cli.tca", "What the fills of a day cost against the market, and how long they took."),
}
"""Commands without a screen: the module of each, whose `command` it is, and its line of help."""

DESK = "desk"


class LazyGroup(click.Group):
    """Imports a command of core when it is called; options without a command are the desk's."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the help."""
        return [*self.commands, *LAZY]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import what is asked for; None for a name that is none."""
        if cmd_name not in LAZY:
            return super().get_command(ctx, cmd_name)
        command = import_module(LAZY[cmd_name][0]).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{LAZY[cmd_name][0]}.command is no click command")
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the desk's name before options that stand alone."""
        if not args:
            # A shell that asks what may come here has not said that it is the desk.
            args = [] if ctx.resilient_parsing else [DESK]
        elif args[0].startswith("-") and args[0] not in {"--help", "--version"}:
            args = [DESK, *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names of commands without importing them; where options stand alone, those of the desk."""
        if incomplete.startswith("-"):
            return [*super().shell_complete(ctx, incomplete), *self.commands[DESK].shell_complete(ctx, incomplete)]
        own = {name: command.get_short_help_str() for name, command in self.commands.items()}
        known = own | {name: text for name, (_, text) in LAZY.items()}
        return [CompletionItem(name, help=text) for name, text in known.items() if name.startswith(incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        own = [(name, command.get_short_help_str()) for name, command in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl([*own, *((name, text) for name, (_, text) in LAZY.items())])


_EPILOG = """\b
Examples:
  ibdesk
  ibdesk --profile paper --port 4002
  ibdesk place BUY 100 AAPL --limit 233.33

`ibdesk COMMAND --help` has an example and the exit statuses of each.
"""
_DESK_EPILOG = """\b
Example:
  ibdesk desk --profile paper

Exit status: 0 the desk was closed, 1 it ended by an error, 2 it could not be opened, 129 its terminal went away.
"""


@click.group(cls=LazyGroup, epilog=_EPILOG)
@click.version_option(package_name="ibdesk", prog_name="ibdesk")
def cli() -> None:
    """A terminal trading workstation for Interactive Brokers. Alone it opens the desk on the practice gateway.

    Options of the desk need no command: `ibdesk --port 7497`, `ibdesk --profile paper`; `ibdesk desk --help` has all.
    """


@cli.command(DESK, epilog=_DESK_EPILOG)
@click.option("--profile", help="Settings to use: practice, paper, or one of your own.")
@click.option("--host", help="Where TWS or IB Gateway runs.")
@click.option("--port", help="Its API port: 7497 for TWS paper, 4002 for Gateway paper.")
@click.option("--client-id", help="The API client number of this desk.")
@click.option("--account", help="The account that orders go to.")
@click.option("--theme", help="Colours: ibdesk-dark, ibdesk-light, or any other that Ctrl+P lists.")
@click.option("--debug", is_flag=True, help="Log every command and frame of this desk, and of a core it starts.")
def desk(theme: str | None, *, debug: bool, **settings: str | None) -> None:
    """Open the desk, as `ibdesk` alone does."""
    given = {key: value for key, value in settings.items() if value is not None}
    sys.exit(open_desk({**given, **({"debug": "true"} if debug else {})}, theme))
