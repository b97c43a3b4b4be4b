"""Streams of single ticks, depth and bars: asked for once however many want them, told to each whole and in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

from msgspec import Struct

from core.clock import Clock
from core.domain.charts import BookChange, BookReset, Streamed, StreamKind
from core.domain.depth import DepthBook
from core.domain.events import StreamEvent
from core.domain.instruments import Instrument
from core.domain.streams import StreamChanged, StreamData, StreamState
from core.errors import BrokerError, DeskError, NotConnectedError, StreamLimitError
from core.ports import Ended

log = logging.getLogger(__name__)

TICKS_APART = 15.0
"""Seconds: IBKR takes one request for tick-by-tick data of an instrument within so many."""
BARS_WINDOW = 600.0
MOST_BARS_ASKED = 60
"""IBKR takes so many new requests for real-time bars within BARS_WINDOW seconds."""
ASK_AGAIN = frozenset({316, 317, 10182})
"""Codes that end a stream which is to be asked for anew: depth halted, depth reset, live updates disconnected."""
AGAIN_AFTER = 15.0
"""Seconds from one request until it is made again where the broker ended it so."""
NO_CONNECTION_WAIT = 1.0
"""Seconds until a request is made again for which there was no connection."""

Hear = Callable[[StreamEvent], None]
"""Told of everything at once, in order; whoever raises is told no more."""

_Key = tuple[int, StreamKind]


class StreamLimits(Struct, frozen=True, kw_only=True):
    """How many streams may be open at once, all desks together."""

    depths: int = 3
    """Of market depth."""
    ticks: int = 3
    """Of tick-by-tick data, all its kinds together."""
    bars: int = 50
    """Of bars of five seconds."""


def limits_for(lines: int) -> StreamLimits:
    """What an account with so many market data lines is given.

    Of market depth and of tick-by-tick data each one for every 100 lines, at least 3 and at most 60 (TWS API, Market
    Depth and Tick-by-Tick Data). Each bar takes a line (Real Time Bars), and half of them stay for quotes.
    """
    deep = min(60, max(3, lines // 100))
    return StreamLimits(depths=deep, ticks=deep, bars=max(1, lines // 2))


class Follower(Protocol):
    """What the room needs of the broker."""

    async def follow(
        self, instrument: Instrument, kind: StreamKind, hear: Callable[[Streamed], None], ended: Ended
    ) -> Callable[[], None]:
        """See `core.ports.Broker.follow`."""


class _Stream:
    """One stream and who wants it."""

    def __init__(self, instrument: Instrument, kind: StreamKind) -> None:
        self.instrument = instrument
        self.kind = kind
        self.viewers: dict[str, Hear] = {}
        self.state = StreamState.ASKED
        self.round = 0
        """Counts up with each request: what an earlier one still brings is not heard."""
        self.asking: asyncio.Task[None] | None = None
        self.stop: Callable[[], None] | None = None
        """How to end it at the broker; None while it does not run there."""
        self.not_before = 0.0
        self.told_to_wait = False
        self.problem = ""
        self.book = DepthBook()

    @property
    def key(self) -> _Key:
        return self.instrument.con_id, self.kind

    @property
    def waits(self) -> bool:
        """True if it is to be asked for."""
        return self.stop is None and self.asking is None

    def tell(self, event: StreamEvent) -> None:
        for hear in tuple(self.viewers.values()):
            hear(event)

    def change(self, state: StreamState, problem: str = "") -> None:
        self.state, self.problem = state, problem
        self.tell(self.as_it_stands())

    def as_it_stands(self) -> StreamChanged:
        return StreamChanged(con_id=self.instrument.con_id, kind=self.kind, state=self.state, problem=self.problem)

    def bring(self, *items: Streamed) -> None:
        for item in items:
            if isinstance(item, BookChange | BookReset):
                self.book.apply(item)
        self.tell(StreamData(con_id=self.instrument.con_id, kind=self.kind, items=items))

    def end_request(self) -> None:
        """Whatever was asked for is wanted no more."""
        self.round += 1
        if self.asking is not None:
            self.asking.cancel()
            self.asking = None
        if self.stop is not None:
            self.stop()
            self.stop = None


class StreamRoom:
    """Opens a stream with its first viewer and closes it with its last; asks again when the broker lost it.

    Viewers are desks and parts of core alike: each is told of every item, in order and before any conflation.
    """

    def __init__(
        self, broker: Follower, clock: Clock, limits: StreamLimits, on_count: Callable[[int], None] = lambda _: None
    ) -> None:
        """`on_count` is told how many streams there are, which take market data lines, before one is asked for."""
        self._broker = broker
        self._clock = clock
        self._limits = limits
        self._on_count = on_count
        self._streams: dict[_Key, _Stream] = {}
        self._online = False
        self._changed = asyncio.Event()
        self._ticks_asked: dict[int, float] = {}
        self._bars_asked: deque[float] = deque()

    @property
    def count(self) -> int:
        """Streams that somebody wants."""
        return len(self._streams)

    async def run(self) -> None:
        """Ask for what is wanted, as IBKR's pacing lets us; for ever."""
        for stream in self._streams.values():
            # Where this failed before, its requests were cancelled.
            stream.asking = None
        async with asyncio.TaskGroup() as group:
            while True:
                wait = self._ask_due(group)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._changed.wait()
                self._changed.clear()

    def open(self, viewer: str, instrument: Instrument, kind: StreamKind, hear: Hear) -> None:
        """Tell `hear` everything of a stream from now on; one that `viewer` has already goes on as it does.

        A book that is known already comes first. Raises StreamLimitError where the broker would give no more streams.
        """
        key = instrument.con_id, kind
        stream = self._streams.get(key)
        if stream is None:
            self._check_limit(instrument, kind)
            stream = self._streams[key] = _Stream(instrument, kind)
            self._on_count(self.count)
            self._changed.set()
        elif viewer in stream.viewers:
            return
        hear = stream.viewers[viewer] = partial(self._tell, viewer, hear)
        hear(stream.as_it_stands())
        if kind is StreamKind.DEPTH:
            hear(StreamData(con_id=instrument.con_id, kind=kind, items=stream.book.whole()))

    def close(self, viewer: str, con_id: int, kind: StreamKind) -> None:
        """Tell a viewer no more, behind a last CLOSED; does nothing for what it did not open."""
        stream = self._streams.get((con_id, kind))
        hear = stream.viewers.pop(viewer, None) if stream is not None else None
        if stream is None or hear is None:
            return
        hear(StreamChanged(con_id=con_id, kind=kind, state=StreamState.CLOSED))
        self._drop_unwanted(stream)

    def leave(self, viewer: str) -> None:
        """A viewer is gone, with all that it had opened."""
        for stream in tuple(self._streams.values()):
            if stream.viewers.pop(viewer, None) is not None:
                self._drop_unwanted(stream)

    def online(self) -> None:
        """There is a connection: everything is asked for."""
        self._online = True
        self._changed.set()

    def lost(self) -> None:
        """The connection is gone, and every stream with it: they are asked for over the next one."""
        self._online = False
        for stream in tuple(self._streams.values()):
            self._begin_anew(stream, "The connection to the broker was lost; it is asked for again.")

    def renew(self) -> None:
        """The broker lost what it was asked for: everything is asked for again."""
        for stream in tuple(self._streams.values()):
            self._begin_anew(stream, "IBKR lost its market data; it is asked for again.")
        self._changed.set()

    def _tell(self, viewer: str, hear: Hear, event: StreamEvent) -> None:
        try:
            hear(event)
        except Exception:
            # It must not reach whoever reads the socket, nor the other viewers.
            log.exception("%s failed over what a stream brought and hears of none any more", viewer)
            self.leave(viewer)

    def _begin_anew(self, stream: _Stream, problem: str) -> None:
        stream.end_request()
        if stream.kind is StreamKind.DEPTH and (stream.book.bids or stream.book.asks):
            stream.bring(BookReset())
        stream.change(StreamState.ASKED, problem)

    def _drop_unwanted(self, stream: _Stream) -> None:
        if not stream.viewers:
            stream.end_request()
            self._remove(stream)

    def _remove(self, stream: _Stream) -> None:
        if self._streams.pop(stream.key, None) is not None:
            self._on_count(self.count)
            self._changed.set()

    def _check_limit(self, instrument: Instrument, kind: StreamKind) -> None:
        if kind is StreamKind.DEPTH:
            most, words = self._limits.depths, "of market depth"
        elif kind is StreamKind.BARS:
            most, words = self._limits.bars, "of bars of five seconds"
        else:
            most, words = self._limits.ticks, "of single ticks"
        alike = [one for one in self._streams.values() if _sort(one.kind) is _sort(kind)]
        if len(alike) >= most:
            open_now = dict.fromkeys(one.instrument.label for one in alike)
            raise StreamLimitError(
                f"{kind.words.capitalize()} for {instrument.label} can't be opened: {most} streams {words} are open "
                f"({', '.join(open_now)}), and IBKR gives no more. Close one first."
            )

    def _ask_due(self, group: asyncio.TaskGroup) -> float | None:
        """Ask for what may be asked for now; the seconds until more may be, None if nothing waits for time."""
        if not self._online:
            return None
        waits: list[float] = []
        now = self._clock.mono()
        for stream in tuple(self._streams.values()):
            if not stream.waits:
                continue
            due = self._due(stream, now)
            if due > now:
                waits.append(due - now)
                if not stream.told_to_wait:
                    stream.told_to_wait = True
                    stream.change(StreamState.ASKED, f"IBKR's pacing: it is asked for in {due - now:.0f} s.")
                continue
            self._note_asked(stream, now)
            stream.asking = group.create_task(self._ask(stream, stream.round), name="stream")
        return max(0.001, min(waits)) if waits else None

    def _due(self, stream: _Stream, now: float) -> float:
        due = stream.not_before
        if stream.kind.tick_by_tick:
            due = max(due, self._ticks_asked.get(stream.instrument.con_id, float("-inf")) + TICKS_APART)
        elif stream.kind is StreamKind.BARS:
            while self._bars_asked and self._bars_asked[0] + BARS_WINDOW <= now:
                self._bars_asked.popleft()
            if len(self._bars_asked) >= MOST_BARS_ASKED:
                due = max(due, self._bars_asked[0] + BARS_WINDOW)
        return due

    def _note_asked(self, stream: _Stream, now: float) -> None:
        stream.not_before, stream.told_to_wait = now, False
        if stream.kind.tick_by_tick:
            self._ticks_asked = {
                con_id: asked for con_id, asked in self._ticks_asked.items() if asked + TICKS_APART > now
            }
            self._ticks_asked[stream.instrument.con_id] = now
        elif stream.kind is StreamKind.BARS:
            self._bars_asked.append(now)

    async def _ask(self, stream: _Stream, number: int) -> None:
        """Make one request; whoever cancels this wants it no more."""
        try:
            stop = await self._broker.follow(
                stream.instrument,
                stream.kind,
                partial(self._heard, stream, number),
                partial(self._ended, stream, number),
            )
        except DeskError as error:
            self._ended(stream, number, error)
            return
        if stream.round != number:
            stop()
            return
        stream.asking, stream.stop = None, stop
        if stream.state is StreamState.ASKED:
            stream.change(StreamState.OPEN)

    def _heard(self, stream: _Stream, number: int, item: Streamed) -> None:
        if stream.round == number:
            if stream.state is StreamState.ASKED:
                stream.change(StreamState.OPEN)
            stream.bring(item)

    def _ended(self, stream: _Stream, number: int, error: DeskError) -> None:
        """The broker refused or ended a request, or it went with the connection."""
        if stream.round != number:
            return
        stream.round += 1
        stream.asking = stream.stop = None
        if isinstance(error, NotConnectedError):
            # `lost` follows, and `online` after it.
            stream.not_before = self._clock.mono() + NO_CONNECTION_WAIT
            self._changed.set()
            return
        if isinstance(error, BrokerError) and error.code in ASK_AGAIN:
            stream.not_before += AGAIN_AFTER
            self._begin_anew(stream, str(error))
            self._changed.set()
            return
        log.warning("%s of %s: %s", stream.kind.words, stream.instrument.label, error)
        stream.change(StreamState.ENDED, str(error))
        self._remove(stream)


def _sort(kind: StreamKind) -> StreamKind:
    """Kinds that share a limit have the same."""
    return StreamKind.TRADES if kind.tick_by_tick else kind
