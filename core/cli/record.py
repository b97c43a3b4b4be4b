"""`ibdesk record`: bars of one second, and every quote and trade behind them, from live ticks."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from core.api import DeskClient, ensure_connected
from core.cli.lookup import find_instrument
from core.cli.output import say, say_json
from core.cli.reaching import DONE, NOT_REACHED, Reach, with_reach
from core.cli.recording import Attach, Recording, only_recorder
from core.domain.commands import Unwatch
from core.domain.instruments import Instrument
from core.errors import DeskError, LinkError
from core.records.live_folder import LIVE, bars_path
from core.records.market_clock import was_apart
from core.records.merging import Merged, days_with_segments, merge_day, recorded_days, remake_bars

NAME = "ibdesk record"

_EPILOG = """\b
Examples:
  ibdesk record SPY
  ibdesk record SPY AAPL --for 3600 --out-dir ~/markets
  ibdesk record --merge

\b
Files, by trading day (until 17:00 New York), in data/live/YYYY-MM-DD:
  bars1s_SPY.parquet   one row a second, gaps marked
  ticks_SPY.parquet    every quote and trade
  orders.parquet       own orders and fills
  segments/            what is being recorded; a kill loses nothing of it

\b
Exit status:
  0  recorded until it was told to stop, or merged
  2  nothing can be recorded: no such symbol, no core, no folder
"""


@click.command(epilog=_EPILOG)
@click.argument("symbols", nargs=-1)
@click.option(
    "--out-dir",
    "--out_dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=LIVE,
    show_default=True,
    help="Folder of the recorded days.",
)
@click.option("--for", "seconds", type=click.FloatRange(0, min_open=True), help="Stop after so many seconds.")
@click.option(
    "--ticks/--no-ticks", default=True, help="Whether it takes streams of single ticks, of which desks have few."
)
@click.option("--merge", is_flag=True, help="Only merge what an earlier recorder left, and make bars anew of ticks.")
@with_reach
def command(
    *, symbols: tuple[str, ...], out_dir: Path, seconds: float | None, ticks: bool, merge: bool, reach: Reach
) -> None:
    """Record SYMBOLS until Ctrl+C: tick by tick as far as IBKR gives it, else as last values."""
    if not symbols and not merge:
        raise click.UsageError("Name what to record: ibdesk record SPY")
    try:
        with only_recorder(out_dir):
            figures = _merged(out_dir, remakes=merge, as_json=reach.as_json)
            if not merge:
                figures = asyncio.run(_record(reach, symbols, out_dir, seconds, by_tick=ticks))
    except (DeskError, OSError) as error:
        if reach.as_json:
            say_json({"ok": False, "problem": str(error)})
        else:
            say(str(error), err=True)
        sys.exit(NOT_REACHED)
    if reach.as_json:
        say_json(figures)
    sys.exit(DONE)


def _merged(folder: Path, *, remakes: bool, as_json: bool) -> Mapping[str, object]:
    """Merge what a recorder that was killed has left behind; `remakes` makes bars anew that are missing or damaged."""
    merged: list[str] = []
    files: list[str] = []
    for day in recorded_days(folder) if remakes else days_with_segments(folder):
        for done in (merge_day(folder, day), remake_bars(folder, day) if remakes else Merged()):
            for problem in done.problems:
                say(f"[record] {problem}", err=True)
            if done.segments:
                merged.append(f"{day}")
                say(f"[record] {day}: {done.ticks} ticks of {done.segments} segments merged.", err=as_json)
            elif done.files:
                say(f"[record] made anew: {', '.join(str(path) for path in done.files)}.", err=as_json)
            files += [str(path) for path in done.files]
    if remakes and not files:
        say("[record] There is nothing to merge.", err=as_json)
    return {"ok": True, "merged_days": merged, "files": files}


async def _record(
    reach: Reach, symbols: tuple[str, ...], folder: Path, seconds: float | None, *, by_tick: bool
) -> Mapping[str, object]:
    from core.scripting.connecting import connected, leave

    async def attach(*, start: bool = False) -> DeskClient:
        # Whoever ends core while it is recorded means it: then it is waited for, and not started.
        return await connected(reach.profile, NAME, arguments=reach.arguments, timeout=reach.timeout, start=start)

    def tell(text: str) -> None:
        say(f"[record] {text}", err=reach.as_json)

    client = await attach(start=True)
    watched: tuple[int, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    try:
        await ensure_connected(client, reach.timeout)
        watched = (await client.snapshot()).watchlist
        for symbol in dict.fromkeys(symbols):
            instruments += (await find_instrument(client, symbol),)
        recording = Recording(client, instruments, folder, tell, by_tick=by_tick, apart=was_apart(folder))
        tell(f"{', '.join(one.label for one in instruments)} to {folder}; Ctrl+C ends it.")
        try:
            await _until_told(recording, attach, seconds)
        finally:
            done = await recording.finish()
            client = recording.client
    finally:
        with contextlib.suppress(LinkError):
            for one in instruments:
                if one.con_id not in watched:
                    await client.send(Unwatch(con_id=one.con_id))
        await leave(client)
    files = [bars_path(folder, day, one.label) for day in sorted(recording.days) for one in instruments]
    written = [str(path) for path in files if path.exists()]
    tell(f"{recording.ticks} ticks recorded: {', '.join(written) or 'nothing was heard'}.")
    return {"ok": True, "ticks": recording.ticks, "segments": done.segments, "bars": written}


async def _until_told(recording: Recording, attach: Attach, seconds: float | None) -> None:
    """Record until a signal, or until the time is over. Raises RecordsError."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    running = asyncio.create_task(recording.run(attach))
    stopping = asyncio.create_task(told.wait())
    try:
        await asyncio.wait((running, stopping), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended = running.done()
        for task in (running, stopping):
            task.cancel()
        results = await asyncio.gather(running, stopping, return_exceptions=True)
    if ended and isinstance(results[0], BaseException):
        raise results[0]
