"""``python -m core.practice``: run the practice gateway alone."""

from __future__ import annotations

import argparse
import gc
import sys
from decimal import Decimal
from pathlib import Path

from core.practice.options import DEFAULT_ACCOUNT, DEFAULT_CASH, DEFAULT_LINES, GatewayOptions
from core.practice.tempo import FASTEST


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments, run until told to end, return the exit code."""
    # Nothing that the imports make is garbage; the gateway turns the collector on again once it listens.
    gc.disable()
    from core.practice.server import run

    parser = argparse.ArgumentParser(prog="python -m core.practice", description=__doc__)
    parser.add_argument("--port", type=int, default=7497, help="port on 127.0.0.1, 0 for any (default 7497)")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same market (default 1)")
    parser.add_argument("--instruments", type=int, default=0, help="fill the market up to so many, for load")
    parser.add_argument("--account", default=DEFAULT_ACCOUNT, help="account to play (default %(default)s)")
    parser.add_argument(
        "--other", action="append", default=[], dest="others", metavar="ACCOUNT", help="play this account too"
    )
    parser.add_argument("--cash", type=Decimal, default=DEFAULT_CASH, help="USD of a new account (default %(default)s)")
    parser.add_argument("--state", type=Path, help="folder to keep orders and account in (default: memory only)")
    parser.add_argument("--idle-exit", type=float, help="end this many seconds after the last client left")
    parser.add_argument("--ready-fd", type=int, help="file descriptor that gets a line of JSON once it listens")
    parser.add_argument(
        "--hours",
        choices=("always", "exchange"),
        default="always",
        help="whether the market never closes or keeps the hours of its exchanges (default always)",
    )
    parser.add_argument("--latency", default="0", help="0 or ibkr: about 250 ms from order to report (default 0)")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        dest="faults",
        metavar="NAME[=ARG][*TIMES]",
        help="misbehave as real gateways do, see core.practice.faults; may be given again",
    )
    parser.add_argument("--readonly", action="store_true", help="refuse orders, as a read-only API does")
    parser.add_argument("--pacing", type=int, default=0, help="messages a second from one client, 0 without limit")
    parser.add_argument(
        "--lines", type=int, default=DEFAULT_LINES, help="market data lines of each client (default %(default)s)"
    )
    parser.add_argument("--speed", type=float, default=1.0, help="seconds of the market in one, 1 to 60 (default 1)")
    given = vars(parser.parse_args(arguments))
    if not 1 <= given["speed"] <= FASTEST:
        parser.error(f"--speed is from 1 to {FASTEST:g}")
    return run(GatewayOptions(**(given | {name: tuple(given[name]) for name in ("faults", "others")})))


if __name__ == "__main__":
    sys.exit(main())
