"""`ibdesk practice`: the practice gateway by itself, for any client of the TWS API."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=7497, show_default=True, help="0 takes a free one.")
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same market.")
@click.option("--account", default="DU1234567", show_default=True, help="The account number that it manages.")
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder that keeps account and orders; without it they are forgotten at the end.",
)
def command(port: int, seed: int, account: str, state: Path | None) -> None:
    """Serve the TWS API on 127.0.0.1 with a simulated market, until Ctrl+C."""
    from core.practice.server import GatewayOptions, run

    sys.exit(run(GatewayOptions(port=port, seed=seed, account=account, state=state)))
