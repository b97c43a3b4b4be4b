"""`ibdesk practice`: the practice gateway by itself, for any client of the TWS API; its faults; a new beginning."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

import click

from core.cli.output import say
from core.errors import DeskError


def _epilog(example: str, statuses: str) -> str:
    return f"\b\nExample:\n  {example}\n\nExit status: {statuses}."


@click.group(
    invoke_without_command=True,
    epilog=_epilog(
        "ibdesk practice --port 7497 --latency ibkr",
        "0 ended by Ctrl+C, 2 it can't listen there or its state is in use",
    ),
)
@click.option("--port", type=click.IntRange(0, 65535), default=7497, show_default=True, help="0 takes a free one.")
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same market.")
@click.option("--account", default="DU1234567", show_default=True, help="The account number that it manages.")
@click.option("--other", "others", multiple=True, metavar="ACCOUNT", help="A further account; may be given again.")
@click.option("--cash", type=Decimal, default=Decimal(100_000), show_default=True, help="USD of each new account.")
@click.option(
    "--instruments",
    type=click.IntRange(0, 5000),
    default=0,
    help="Fill the market up to so many instruments with made-up stocks, for load.",
)
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder that keeps account and orders; without it they are forgotten at the end.",
)
@click.option(
    "--hours",
    type=click.Choice(["always", "exchange"]),
    default="always",
    show_default=True,
    help="Whether the market never closes or keeps the hours of its exchanges.",
)
@click.option(
    "--latency",
    type=click.Choice(["0", "ibkr"]),
    default="0",
    show_default=True,
    help="ibkr: an order takes about 250 ms to its report, with a tail.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[=ARG]",
    help="Misbehave as real gateways do; may be given again. `ibdesk practice faults` lists them.",
)
@click.option("--readonly", is_flag=True, help="Refuse orders, as a gateway whose API is read-only.")
@click.option(
    "--pacing",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="N",
    help="Cut a client that sends more than N messages a second; real gateways take 50. 0 is no limit.",
)
@click.option(
    "--lines",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    metavar="N",
    help="Market data lines of each client; beyond them code 101 answers.",
)
@click.option(
    "--speed",
    type=click.FloatRange(1, 60),
    default=1.0,
    show_default=True,
    help="How many seconds of the market pass in one; beyond 1 ticks bear a time of their own.",
)
@click.pass_context
def command(
    context: click.Context,
    *,
    port: int,
    seed: int,
    account: str,
    others: tuple[str, ...],
    cash: Decimal,
    instruments: int,
    state: Path | None,
    hours: str,
    latency: str,
    faults: tuple[str, ...],
    readonly: bool,
    pacing: int,
    lines: int,
    speed: float,
) -> None:
    """Serve the TWS API on 127.0.0.1 with a simulated market, until Ctrl+C."""
    if context.invoked_subcommand is not None:
        return
    from core.practice.options import GatewayOptions
    from core.practice.server import run

    sys.exit(
        run(
            GatewayOptions(
                port=port,
                seed=seed,
                account=account,
                others=others,
                cash=cash,
                instruments=instruments,
                state=state,
                hours=hours,
                latency=latency,
                faults=faults,
                readonly=readonly,
                pacing=pacing,
                lines=lines,
                speed=speed,
            )
        )
    )


@command.command("faults", epilog=_epilog("ibdesk practice faults", "0 listed"))
def list_faults() -> None:
    """List what --fault can make the gateway do."""
    from core.practice.faults import FAULTS

    width = max(len(name) for name in FAULTS)
    for fault in FAULTS.values():
        given = f" [{fault.default}]" if fault.default else ""
        say(f"{fault.name:<{width}}  {fault.says}{given}")
    say("\nNAME happens each time that it can, NAME*3 three times; what stands in brackets is ARG if none is given.")


@command.command(
    epilog=_epilog(
        "ibdesk practice reset", "0 done, 2 nothing was reset, for core or the gateway runs, or there is none"
    )
)
@click.option("--profile", default="practice", show_default=True, help="Whose practice account.")
def reset(profile: str) -> None:
    """Put a profile's practice account and its journal aside.

    Together they begin anew.
    """
    from core.cli.practice_reset import archive

    try:
        folder = archive(profile)
    except DeskError as error:
        say(str(error), err=True)
        sys.exit(2)
    say(f"The practice account of profile {profile} begins anew. The old one and its journal are in {folder}.")
