"""`ibdesk replay`: a recorded market, played into a practice gateway for desks and scripts."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from core.cli.output import say, say_json
from core.cli.practice_reset import archive
from core.cli.replay_console import ReplayConsole, ended_by_signals, lines_heard
from core.cli.replay_control import FASTEST, HELP, SLOWEST, clock_of, moment_of
from core.errors import ConfigError, DeskError, RecordsError
from core.link.paths import state_dir, state_root
from core.private import make_folder, open_file
from core.records.live_folder import LIVE
from core.records.merging import merge_day
from core.records.replay_writing import Written, write_replay
from core.records.sample import SAMPLE_FOLDER, sample_day
from core.settings.profile import REPLAY, profile_path

if TYPE_CHECKING:
    from core.practice.server import PracticeGateway

SAMPLE = "sample"
PORT = 4010
DONE, FAILED = 0, 2

_EPILOG = f"""\b
Examples:
  ibdesk replay sample --speed 10
  ibdesk replay 2026-11-20 --from 09:30 --paused
and in another terminal
  ibdesk --profile {REPLAY}

\b
Type while it plays (times are New York's):
  {HELP}

\b
Exit status:
  0  ended by quit or Ctrl+C
  2  nothing to play, or the port is taken
"""


_PROFILE_FILE = f"""\
# Made by `ibdesk replay`: desks of this profile attach to what it plays, never to TWS.
mode = "paper"
port = {PORT}
"""


class _Options(NamedTuple):
    folder: Path
    day: date
    symbols: tuple[str, ...]
    begin: str | None
    end: str | None
    speed: float
    paused: bool
    port: int
    cash: Decimal
    profile: str
    as_json: bool


@click.command(epilog=_EPILOG)
@click.argument("day")
@click.option(
    "--in-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=LIVE,
    show_default=True,
    help="Folder of the recorded days.",
)
@click.option("--symbol", "symbols", multiple=True, metavar="SYM", help="Only this one; may be given again.")
@click.option("--from", "begin", metavar="HH:MM[:SS]", help="Begin there, New York time.")
@click.option("--to", "end", metavar="HH:MM[:SS]", help="End there, New York time.")
@click.option(
    "--speed", type=click.FloatRange(SLOWEST, FASTEST), default=1.0, show_default=True, help="Times as fast as it was."
)
@click.option("--paused", is_flag=True, help="Begin paused: type play, step or until.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 takes a free one.")
@click.option("--cash", type=Decimal, default=Decimal(100_000), show_default=True, help="USD of the account.")
@click.option("--profile", default=REPLAY, show_default=True, help="The profile whose desks attach; made if missing.")
@click.option("--json", "as_json", is_flag=True, help="Say everything as lines of JSON.")
def command(
    *,
    day: str,
    in_dir: Path,
    symbols: tuple[str, ...],
    begin: str | None,
    end: str | None,
    speed: float,
    paused: bool,
    port: int,
    cash: Decimal,
    profile: str,
    as_json: bool,
) -> None:
    """Play a recorded DAY (YYYY-MM-DD, or `sample`) into a practice gateway.

    Own orders fill against the recorded quotes and trades: the same orders at the same times fill the same way.
    """
    try:
        folder, chosen = (SAMPLE_FOLDER, sample_day()) if day == SAMPLE else (in_dir, date.fromisoformat(day))
    except ValueError:
        raise click.UsageError(f"{day!r} is no day: write 2026-11-20, or sample.") from None
    options = _Options(folder, chosen, symbols, begin, end, speed, paused, port, cash, profile, as_json)
    try:
        sys.exit(_replay(options))
    except (DeskError, OSError) as error:
        _tell(options, str(error), {"event": "failed", "problem": str(error)}, err=True)
        sys.exit(FAILED)


def _replay(options: _Options) -> int:
    begin, end = (_moment(clock, options.day) for clock in (options.begin, options.end))
    if options.folder != SAMPLE_FOLDER:
        for problem in merge_day(options.folder, options.day).problems:
            _tell(options, problem, {"event": "problem", "problem": problem}, err=True)
    _put_aside(options.profile)
    with tempfile.TemporaryDirectory(prefix="ibdesk-replay") as folder:
        file = Path(folder) / "market.replay"
        written = write_replay(options.folder, options.day, file, options.symbols, begin, end)
        return asyncio.run(_play(options, file, written))


def _moment(clock: str | None, day: date) -> datetime | None:
    if clock is None:
        return None
    try:
        return moment_of(clock, day)
    except ValueError:
        raise ConfigError(f"{clock!r} is no time of day: write 09:30 or 09:30:15.") from None


def _put_aside(profile: str) -> None:
    """Begin with an empty account and an empty journal: those of the replay before are kept in an archive."""
    if (state_root() / profile / "practice").is_dir():
        archive(profile)
    path = profile_path(profile)
    if not path.exists():
        make_folder(path.parent)
        with os.fdopen(open_file(path, os.O_WRONLY), "w") as file:
            file.write(_PROFILE_FILE)


async def _play(options: _Options, file: Path, written: Written) -> int:
    from core.practice.options import GatewayOptions
    from core.practice.replay_errors import ReplayError
    from core.practice.server import PracticeGateway
    from core.practice.state import StateError

    state = state_dir(options.profile) / "practice"
    gateway = PracticeGateway(
        GatewayOptions(
            port=options.port,
            cash=options.cash,
            state=state,
            replay=file,
            speed=options.speed,
            paused=True,
        )
    )
    try:
        async with gateway:
            await _serve(options, gateway, written)
    except (StateError, ReplayError) as error:
        raise RecordsError(f"The replay can't begin: {error}.") from error
    except OSError as error:
        raise RecordsError(
            f"Port {options.port} can't be opened ({error.strerror}). Choose another (--port)."
        ) from error
    if gateway.failure is not None:
        raise RecordsError(f"The replay ended: its state can't be written ({gateway.failure}).")
    return DONE


async def _serve(options: _Options, gateway: PracticeGateway, written: Written) -> None:
    ended = asyncio.Event()
    symbols = {one.con_id: one.local_symbol for one in gateway.hub.catalogue.instruments}

    def tell(text: str, figures: Mapping[str, object]) -> None:
        _tell(options, text, figures)

    console = ReplayConsole(
        gateway,
        options.day,
        written.end,
        options.speed,
        ended.set,
        lambda con_id: symbols.get(con_id, f"{con_id}"),
        tell,
    )
    seen = 0

    def look() -> None:
        nonlocal seen
        fills = gateway.ledger.executions
        for fill in fills[seen:]:
            console.filled(fill)
        seen = len(fills)

    def paused() -> None:
        problem = gateway.market.problem
        if problem:
            tell(f"It breaks off: {problem}", {"event": "problem", "problem": problem})
        console.paused()

    gateway.hub.after_turn.append(look)
    gateway.hub.on_pause = paused
    attach = f"ibdesk --profile {options.profile} --port {gateway.port}"
    span = f"{clock_of(written.begin)} to {clock_of(written.end)} New York"
    tell(
        f"{options.day} {span}, {', '.join(written.labels)}, {options.speed:g}x on 127.0.0.1:{gateway.port}. {HELP}\n"
        f"In another terminal: {attach}",
        {
            "event": "ready",
            "port": gateway.port,
            "begin": written.begin.isoformat(),
            "end": written.end.isoformat(),
            "symbols": list(written.labels),
            "moments": written.moments,
        },
    )
    with lines_heard(console.obey), ended_by_signals(ended.set):
        if not options.paused:
            gateway.play()
        await ended.wait()


def _tell(options: _Options, text: str, figures: Mapping[str, object], *, err: bool = False) -> None:
    if options.as_json:
        say_json(figures)
    else:
        say(f"[replay] {text}", err=err)
