"""The journal as core sees it: rows are numbered on the loop, written by the writer's thread."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from core.clock import Clock
from core.domain.entries import Entry
from core.errors import JournalError
from core.journal.database import Tail
from core.journal.recovery import read_some
from core.journal.rows import Handover
from core.journal.writer import Signal, Writer

_ADVICE = "No order can leave until core is started again; cancels still work."


async def open_journal(path: Path, session: str, clock: Clock, *, on_failure: Callable[[str], None]) -> JournalStore:
    """Open the journal at `path`, making it if need be, for this run of core.

    `on_failure` is called once, on the loop, with the text of `JournalStore.failure`. Raises JournalError if the file
    can't be opened for durable writing, is damaged at its end, or is not one that this ibdesk can write.
    """
    journal = JournalStore(path, session, clock, on_failure)
    try:
        await journal.opened()
    except asyncio.CancelledError:
        await journal.close()
        raise
    return journal


class JournalStore:
    """Implements `core.ports.Journal`. Made by `open_journal`; all methods belong to the loop's thread."""

    def __init__(self, path: Path, session: str, clock: Clock, on_failure: Callable[[str], None]) -> None:
        """Starts the writer's thread at once; nothing may be handed over before `opened` returned."""
        self._path = path
        self._clock = clock
        self._tell = on_failure
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[Tail] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._waiting: deque[tuple[int, asyncio.Future[int]]] = deque()
        self._instance = ""
        self._head = 0
        self._durable = 0
        self._failure = ""
        self._closing = False
        self._last_sync_ms: Decimal | None = None
        self._writer = Writer(
            path,
            session,
            on_open=lambda tail: self._post(self._on_open, tail),
            on_durable=lambda seq, seconds: self._post(self._on_durable, seq, seconds),
            on_failure=lambda text: self._post(self._on_failure, text),
            on_closed=lambda: self._post(self._on_closed),
        )
        self._writer.start()

    async def opened(self) -> None:
        """Wait until the file is open. Raises JournalError."""
        tail = await self._opened
        self._instance = tail.instance
        self._head = self._durable = tail.seq

    @property
    def instance(self) -> str:
        """Minted once with the journal; part of every order reference."""
        return self._instance

    @property
    def head(self) -> int:
        """The number of the last row handed over, durable or not; 0 when empty."""
        return self._head

    @property
    def durable(self) -> int:
        """The number of the last row that is known to be synced to disk; 0 when empty."""
        return self._durable

    @property
    def failure(self) -> str:
        """Why nothing can be written any more; empty while healthy. It never heals within a run."""
        return self._failure

    @property
    def last_sync_ms(self) -> Decimal | None:
        """How long the last durable commit took; None before the first."""
        return self._last_sync_ms

    def append(self, entries: Sequence[Entry]) -> int:
        """Hand rows over, to be durable within 50 ms. Returns the number of the last; never blocks, never raises."""
        if self._hand_over(entries):
            self._writer.signal(Signal.GATHER)
        return self._head

    def commit(self, entries: Sequence[Entry]) -> Awaitable[int]:
        """Hand rows over now; the awaitable gives the number of the last once it and all before it are synced to disk.

        Awaiting it raises JournalError if they are not known to be.
        """
        done: asyncio.Future[int] = self._loop.create_future()
        if not self._hand_over(entries):
            done.set_exception(JournalError(self._failure or f"{self._path} is closed: nothing was written."))
        elif self._head == self._durable:
            done.set_result(self._head)
        else:
            self._waiting.append((self._head, done))
            self._writer.signal(Signal.COMMIT)
        return done

    async def read(self, after: int, count: int) -> Sequence[tuple[int, Entry]]:
        """At most `count` durable rows behind number `after`, with their numbers; empty if there is none.

        Read and verified in a thread of its own, beside the writer. Raises JournalError.
        """
        return await asyncio.to_thread(read_some, self._path, after, count)

    async def close(self) -> None:
        """Write what is queued, sync and close; returns when the file is closed. Does nothing the second time."""
        if not self._closing:
            self._closing = True
            self._writer.signal(Signal.CLOSE)
        await asyncio.shield(self._ended)
        self._writer.join()

    def _hand_over(self, entries: Sequence[Entry]) -> bool:
        """Number and time the rows; False if they will never be written."""
        takes = not self._failure and not self._closing
        time, mono = self._clock.utc(), self._clock.mono()
        for entry in entries:
            self._head += 1
            if takes:
                self._writer.inbox.append(Handover(self._head, time, mono, entry))
        return takes

    def _post(self, callback: Callable[..., None], *arguments: object) -> None:
        """From the writer's thread to the loop; a loop that is closed has nobody left to tell."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback, *arguments)

    def _on_open(self, tail: Tail) -> None:
        if not self._opened.done():
            self._opened.set_result(tail)

    def _on_durable(self, seq: int, seconds: float) -> None:
        self._durable = seq
        self._last_sync_ms = Decimal(round(seconds * 1e6)) / 1000
        while self._waiting and self._waiting[0][0] <= seq:
            number, done = self._waiting.popleft()
            if not done.done():
                done.set_result(number)

    def _on_failure(self, text: str) -> None:
        if not self._opened.done():
            self._opened.set_exception(JournalError(f"The journal can't be opened. {text}"))
            self._ended.set_result(None)
            return
        self._failure = f"The journal can't be written any more. {text} {_ADVICE}"
        while self._waiting:
            done = self._waiting.popleft()[1]
            if not done.done():
                done.set_exception(JournalError(self._failure))
        self._ended.set_result(None)
        self._tell(self._failure)

    def _on_closed(self) -> None:
        self._ended.set_result(None)
