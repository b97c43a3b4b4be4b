"""A recorder at work: follows core, writes what it hears into segments, and merges those that are finished."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from core.api import DeskClient
from core.clock import trading_day, trading_day_span
from core.domain.charts import StreamKind
from core.domain.commands import OpenStream, SetViewers
from core.domain.connection import LinkState
from core.domain.events import ConnectionChanged, Envelope, ExecutionAdded, OrderChanged, QuotesUpdated
from core.domain.instruments import Instrument
from core.domain.streams import StreamChanged, StreamData, StreamState
from core.errors import DeskError, LinkError, RecordsError
from core.link.scripts import followed
from core.private import make_folder, open_file
from core.records.hearing_ticks import TICK_STREAMS, TickHearing, micros, own_fill, own_order
from core.records.live_folder import segments_folder
from core.records.market_clock import MarketTime
from core.records.merging import Merged, merge_day
from core.records.segments import SegmentWriter
from core.records.tick_rows import Heading, OwnRow, Rows, TickRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from core.domain.quotes import Quote

SEGMENT_SECONDS = 600.0
SEGMENT_BYTES = 64 << 20
"""A segment that is older or larger is finished, and merged while the next one grows."""
MARK_SECONDS = 1.0
"""How often what was heard is synced to the disk and marked as heard."""
SETTLE_SECONDS = 2.0
"""How long last values wait for a first tick: in a replay only ticks tell what time the market has."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds until core is looked for again after the link to it broke."""

Attach = Callable[[], Awaitable[DeskClient]]


@contextmanager
def only_recorder(folder: Path) -> Iterator[None]:
    """Be the one recorder of a folder. Raises RecordsError if there is another, or if it takes no file."""
    try:
        make_folder(folder)
        file = open_file(folder / ".recorder", os.O_RDWR)
    except OSError as error:
        raise RecordsError(f"{folder} can't be written: {error.strerror}. Record elsewhere (--out-dir).") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        text = (
            f"Another recorder writes to {folder}. End it, name all symbols at once, or record elsewhere (--out-dir)."
        )
        raise RecordsError(text) from None
    finally:
        os.close(file)


class Recording:
    """Instruments and the segment that grows."""

    def __init__(
        self,
        client: DeskClient,
        instruments: tuple[Instrument, ...],
        folder: Path,
        say: Callable[[str], None],
        *,
        by_tick: bool = True,
        apart: bool = False,
        segment_seconds: float = SEGMENT_SECONDS,
    ) -> None:
        """`folder` is `data/live`; `say` hears what a person should know; a segment lasts `segment_seconds`.

        `by_tick` False asks for no stream of single ticks and records last values.

        `apart` says that the market recorded last had a time of its own: then nothing counts before the first tick.
        """
        self.client = client
        """The client of now; whoever made this closes it at the end."""
        self._instruments = instruments
        self._folder = folder
        self._say = say
        self._clock = MarketTime()
        self._heard = {one.con_id: TickHearing(one.con_id, self._clock) for one in instruments}
        self._labels = {one.con_id: one.label for one in instruments}
        self._closes: dict[int, float] = {}
        self._writer: SegmentWriter | None = None
        self._day: date | None = None
        self._span, self._span_day = (0, 0), date.min
        self._begun = 0.0
        self._merging: asyncio.Task[None] | None = None
        self._connected = False
        self._streams = TICK_STREAMS if by_tick else ()
        self._apart = apart
        self._segment_seconds = segment_seconds
        self._awaited: set[tuple[int, StreamKind]] = set()
        self._waiting: dict[int, Quote] = {}
        self._settled_at = 0.0
        self.ticks = 0
        """Rows of markets written so far."""
        self.days: set[date] = set()
        """Trading days that were written to."""

    async def run(self, attach: Attach) -> None:
        """Record until cancelled; `attach` again where the link breaks. Raises RecordsError if it can't write."""
        keeping = asyncio.create_task(self._keep_time())
        following = asyncio.create_task(self._follow_always(attach))
        try:
            done, _ = await asyncio.wait((keeping, following), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            keeping.cancel()
            following.cancel()
            await asyncio.gather(keeping, following, return_exceptions=True)

    async def _follow_always(self, attach: Attach) -> None:
        while True:
            try:
                await self._follow(self.client)
            except LinkError as error:
                self._lose(f"The link to core broke: {error} What follows is marked as a gap.")
            await self.client.close()
            self.client = await self._again(attach)
            self._say("Core is there again.")

    async def finish(self) -> Merged:
        """Close the segment and merge what is finished. Raises RecordsError; the segments are all there then."""
        if self._merging is not None:
            await self._merging
        self._close_segment()
        done = Merged()
        for day in sorted(self.days):
            done = await asyncio.to_thread(merge_day, self._folder, day)
            self._tell(done)
        return done

    async def _again(self, attach: Attach) -> DeskClient:
        pause = FIRST_PAUSE
        while True:
            await asyncio.sleep(pause)
            try:
                return await attach()
            except DeskError:
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _follow(self, client: DeskClient) -> None:
        snapshot = await client.snapshot()
        self._connected = snapshot.connection.state is LinkState.READY
        async with followed(client, snapshot.number) as events:
            await client.send(SetViewers(con_ids=tuple(self._heard)))
            for con_id in self._heard:
                for kind in self._streams:
                    self._awaited.add((con_id, kind))
                    ack = await client.send(OpenStream(con_id=con_id, kind=kind))
                    if ack.denied is not None:
                        self._awaited.discard((con_id, kind))
                        text = f"{kind.words} can't be had; last values are recorded. {ack.denied.message}"
                        self._say(f"{self._labels[con_id]}: {text}")
            self._settled_at = time.monotonic() + SETTLE_SECONDS
            self._hear_quotes(snapshot.quotes, _now())
            async for envelope in events:
                self._hear(envelope, _now())

    def _hear(self, envelope: Envelope, received: int) -> None:
        match envelope.event:
            case StreamData(con_id=con_id) as event if con_id in self._heard:
                self._write(self._heard[con_id].ticks(event, received))
            case QuotesUpdated(quotes=quotes):
                self._hear_quotes(quotes, received)
            case StreamChanged(con_id=con_id) as event if con_id in self._heard:
                self._heard[con_id].change(event)
                if event.state is StreamState.ENDED:
                    self._awaited.discard((con_id, event.kind))
                if event.problem and event.state is not StreamState.OPEN:
                    self._say(f"{self._labels[con_id]}, {event.kind.words}: {event.problem}")
            case ConnectionChanged(connection=connection):
                self._connect(is_ready=connection.state is LinkState.READY, problem=connection.problem)
            case OrderChanged(order=order) if envelope.number is not None and not order.external:
                self._write([], (own_order(order, envelope.number, received),))
            case ExecutionAdded(execution=fill) if envelope.number is not None:
                self._write([], (own_fill(fill, envelope.number, received),))

    def _hear_quotes(self, quotes: Iterable[Quote], received: int) -> None:
        for quote in quotes:
            if quote.con_id in self._heard:
                self._waiting[quote.con_id] = quote
        if not self._clock.is_known and self._awaited and (self._apart or time.monotonic() < self._settled_at):
            return
        rows: list[TickRow] = []
        for con_id, quote in self._waiting.items():
            if quote.close is not None:
                self._closes[con_id] = float(quote.close)
            rows += self._heard[con_id].quote(quote, received)
        self._waiting.clear()
        self._write(rows)

    def _connect(self, *, is_ready: bool, problem: str) -> None:
        if self._connected and not is_ready:
            self._lose(f"IBKR is not connected: {problem or 'it is tried again'}. What follows is marked as a gap.")
        self._connected = is_ready

    def _lose(self, text: str) -> None:
        self._connected = False
        for hearing in self._heard.values():
            hearing.forget_streams()
        self._say(text)

    def _write(self, ticks: list[TickRow], own: tuple[OwnRow, ...] = ()) -> None:
        """Append rows to the segment of their trading day; in one turn of the loop it may roll."""
        for day, rows in groupby(ticks, lambda row: self._day_of(row.time)):
            self._append(day, Rows(ticks=tuple(rows)))
        self.ticks += len(ticks)
        if own:
            self._append(self._day or trading_day(datetime.now(UTC)), Rows(own=own))

    def _append(self, day: date, rows: Rows) -> None:
        writer = self._writer
        if writer is None or day != self._day:
            over = self._day
            self._close_segment()
            writer = self._begin_segment(day)
            if over is not None:
                self._merge_soon(over)
        writer.write(rows)

    def _day_of(self, time: int) -> date:
        """The trading day of a moment in microseconds since 1970."""
        begin, end = self._span
        if not begin <= time < end:
            day = trading_day(datetime.fromtimestamp(time / 1_000_000, UTC))
            first, last = trading_day_span(day)
            self._span = micros(first), micros(last)
            self._span_day = day
        return self._span_day

    def _begin_segment(self, day: date) -> SegmentWriter:
        heading = Heading(self._instruments, dict(self._closes))
        writer = self._writer = SegmentWriter(segments_folder(self._folder, day), datetime.now(UTC), heading)
        self._day, self._begun = day, time.monotonic()
        self.days.add(day)
        return writer

    def _close_segment(self) -> None:
        if self._writer is not None:
            self._writer.sync()
            self._writer.close()
            self._writer = None

    async def _keep_time(self) -> None:
        """Once a second: mark what was heard, sync it; in time finish the segment and have it merged."""
        while True:
            await asyncio.sleep(MARK_SECONDS)
            if self._writer is None or self._day is None:
                continue
            if self._connected:
                self._write([one.mark(_now()) for one in self._heard.values() if one.is_heard])
            self._writer.sync()
            if time.monotonic() - self._begun > self._segment_seconds or self._writer.size > SEGMENT_BYTES:
                self._close_segment()
                self._merge_soon(self._day)

    def _merge_soon(self, day: date) -> None:
        """Merge beside the recording, unless that is being done; what is left over is merged at the end."""
        if self._merging is None or self._merging.done():
            self._merging = asyncio.create_task(self._merge(day))

    async def _merge(self, day: date) -> None:
        """What can't be merged now stays in its segments."""
        try:
            self._tell(await asyncio.to_thread(merge_day, self._folder, day))
        except RecordsError as error:
            self._say(f"Not merged yet, nothing is lost: {error}")

    def _tell(self, done: Merged) -> None:
        for problem in done.problems:
            self._say(problem)


def _now() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000
