"""`ibdesk order-plane`: places what strategies put on a bus, and reports what becomes of it."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, NamedTuple

import click

from core.cli.output import say, say_json
from core.cli.reaching import NOT_REACHED
from core.errors import DeskError

if TYPE_CHECKING:
    from core.orderplane.counts import Counts

NAME = "order-plane"
"""What core, and a person who grants live trading, knows it by."""
_LEASE = 0.8
"""Of the time until others take over: a claim has ended by then."""

_EPILOG = """\b
Example:
  ibdesk order-plane --profile paper --bus redis://127.0.0.1:6379/0 --pov 10

Strategies put an OrderIntent as JSON into the field `body` of a message of the stream order_intents, and read
ExecutionReports from exec_reports: `ibdesk schema` has both contracts. What can't be read stands in
order_intents:aside with the reason. A bus or a core that is away is waited for.

Live trading has to be granted to it at a desk: Ctrl+P, grant, then the name that it says when it attaches.

SIGTERM or Ctrl+C: it takes nothing more, ends what it has begun, and publishes what is known.

Exit status: 0 it was asked to stop and did, 2 it can't work: the text says why.
"""


class _Percentage(click.ParamType[Decimal]):
    name = "percentage"

    def convert(self, value: str | Decimal, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """A percentage above 0, at most 100."""
        try:
            percent = Decimal(value)
        except InvalidOperation:
            percent = Decimal(0)
        if not (percent.is_finite() and 0 < percent <= 100):
            self.fail(f"{value!r} is no percentage above 0 and at most 100.", param, ctx)
        return percent


class _Asked(NamedTuple):
    profile: str
    bus: str
    pov: Decimal | None
    pov_minutes: float
    max_age: float
    in_flight: int
    takeover: float
    debug: bool


@click.command(epilog=_EPILOG)
@click.option("--profile", default="", help="Whose core: practice, paper, or one of your own.")
@click.option(
    "--bus",
    envvar="IBDESK_BUS",
    default="redis://127.0.0.1:6379/0",
    show_default=True,
    help="Redis or Valkey. A password belongs into the variable IBDESK_BUS: options are seen by everybody.",
)
@click.option(
    "--pov",
    type=_Percentage(),
    help="Per cent of the measured volume that orders may come to; larger ones are made smaller. Left out: any.",
)
@click.option(
    "--pov-minutes",
    type=click.FloatRange(1, 120),
    default=5.0,
    show_default=True,
    help="How far back volume is measured.",
)
@click.option(
    "--max-age",
    type=click.FloatRange(0, 86_400, min_open=True),
    default=60.0,
    show_default=True,
    help="Seconds after its timestamp from which on an intent is refused.",
)
@click.option(
    "--in-flight", type=click.IntRange(1, 256), default=64, show_default=True, help="Intents worked on at once."
)
@click.option(
    "--takeover",
    type=click.FloatRange(1, 600),
    default=5.0,
    show_default=True,
    help="Seconds after which others go on with what an order plane had begun that is not heard of.",
)
@click.option("--json", "as_json", is_flag=True, help="Say at the end what was done as one line of JSON.")
@click.option(
    "--debug", is_flag=True, help="Log every command in commands.log, and every frame in a core that is started now."
)
def command(
    *,
    profile: str,
    bus: str,
    pov: Decimal | None,
    pov_minutes: float,
    max_age: float,
    in_flight: int,
    takeover: float,
    as_json: bool,
    debug: bool,
) -> None:
    """Place the intents of a bus through every control, and publish what becomes of each. Any number may run at once.

    An intent is placed once, whoever of them takes it and however often its message comes; or it is refused with the
    reason.
    """
    try:
        _begin_logging(profile, debug=debug)
        counts = asyncio.run(_run(_Asked(profile, bus, pov, pov_minutes, max_age, in_flight, takeover, debug)))
    except (DeskError, OSError) as error:
        say(str(error), err=True)
        sys.exit(NOT_REACHED)
    figures = {name: getattr(counts, name) for name in counts.__struct_fields__}
    if as_json:
        say_json(figures)
    else:
        say(", ".join(f"{name} {count:,}" for name, count in figures.items()))


async def _run(asked: _Asked) -> Counts:
    from core.api import DeskClient
    from core.orderplane.orchestrator import OrderPlane, OrderPlaneOptions
    from core.orderplane.participation import PovLimit
    from core.orderplane.placing import PlacingOptions
    from core.orderplane.redis_bus import RedisBus
    from core.scripting.connecting import connected, leave

    async def connect() -> DeskClient:
        return await connected(asked.profile, NAME, arguments={"debug": "true"} if asked.debug else {})

    window = timedelta(minutes=asked.pov_minutes)
    options = OrderPlaneOptions(
        pov=None if asked.pov is None else PovLimit(percent=asked.pov, window=window),
        placing=PlacingOptions(max_age=timedelta(seconds=asked.max_age), lease=asked.takeover * _LEASE),
        in_flight=asked.in_flight,
    )
    plane = OrderPlane(RedisBus(asked.bus, abandoned=asked.takeover), connect, leave, options)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, plane.stop)
    await plane.run()
    return plane.counts


class _Said(logging.Handler):
    """Log records as lines of this command."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write it, but for the orders that went their way: they are in the file."""
        if record.levelno > logging.INFO or not getattr(record, "order_ref", ""):
            say(self.format(record), err=True)


def _begin_logging(profile: str, *, debug: bool) -> None:
    """All into the file of commands, and what an operator reads to standard error."""
    from core.link.paths import state_dir
    from core.logs import COMMANDS, log_to
    from core.settings import read_layers

    log_to(state_dir(read_layers({"profile": profile} if profile else {}).profile) / COMMANDS, debug=debug)
    handler = _Said()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.getLogger("core.orderplane").addHandler(handler)
    if not debug:
        # Core's own log has every order.
        logging.getLogger("core.link").setLevel(logging.WARNING)
