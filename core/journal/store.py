"""The journal as core sees it: rows are numbered on the loop, written by the writer's thread."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import msgspec

from core.clock import Clock
from core.domain.entries import Entry, order_ref_of
from core.errors import JournalBusyError, JournalError
from core.journal.bell import Bell
from core.journal.checkpoint import Fold
from core.journal.database import Tail
from core.journal.opened import JournalOptions
from core.journal.recovery import Recovered, read_some
from core.journal.rows import Handover, encode_entry
from core.journal.verify import QuietCheck
from core.journal.writer import Listener, Opened, Signal, Writer
from core.text import mask_accounts

SLOW_S = 3.0
"""A commit that takes longer counts as not made: nobody wants an order to leave that late."""
_ADVICE = "No order can leave until core is started again; cancels still work."
_BUSY = (
    "Another program keeps the journal locked ({}). Nothing was sent, nothing is queued. "
    "End that program, then send it again."
)

_logger = logging.getLogger(__name__)


async def open_journal(
    path: Path,
    session: str,
    clock: Clock,
    *,
    on_failure: Callable[[str], None],
    recovered: Recovered[Fold] | None = None,
    options: JournalOptions | None = None,
) -> JournalStore:
    """Open the journal at `path`, making it if need be, for this run of core.

    `on_failure` is called once, on the loop, with the text of `JournalStore.failure`. `recovered` is what was read
    from it just before: its fold is the journal's from now on, for checkpoints; without one there are none. Raises
    JournalRefusedError if this ibdesk can't have it, JournalDamagedError if it is damaged at its end, JournalError if
    the file can't be opened for durable writing.
    """
    journal = JournalStore(path, session, clock, on_failure, recovered, options or JournalOptions())
    try:
        await journal.opened()
    except asyncio.CancelledError:
        await journal.close()
        raise
    return journal


class _Waiting(NamedTuple):
    """Somebody who waits for a commit."""

    seq: int
    since: float
    done: asyncio.Future[int]


class JournalStore:
    """Implements `core.ports.Journal`. Made by `open_journal`; all methods belong to the loop's thread."""

    def __init__(
        self,
        path: Path,
        session: str,
        clock: Clock,
        on_failure: Callable[[str], None],
        recovered: Recovered[Fold] | None,
        options: JournalOptions,
    ) -> None:
        """Starts the writer's thread at once; nothing may be handed over before `opened` returned."""
        self._path = path
        self._clock = clock
        self._tell = on_failure
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[Opened] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._waiting: deque[_Waiting] = deque()
        self._instance = ""
        self._head = 0
        self._durable = 0
        self._failure = ""
        self._busy = ""
        self._closing = False
        self._last_sync_s: float | None = None
        self._check: QuietCheck | None = None
        self._bell = Bell(self._loop)
        self._writer = Writer(
            path,
            session,
            options,
            recovered.fold if recovered else None,
            recovered.since if recovered else 0,
            Listener(
                opened=partial(self._bell.call, self._on_open),
                durable=partial(self._bell.call, self._on_durable),
                busy=partial(self._bell.call, self._on_busy),
                failed=partial(self._bell.call, self._on_failure),
                closed=partial(self._bell.call, self._on_closed),
            ),
        )
        self._writer.start()

    async def opened(self) -> None:
        """Wait until the file is open. Raises JournalError."""
        found = await self._opened
        self._instance = found.tail.instance
        self._head = self._durable = found.tail.seq

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
    def busy(self) -> str:
        """Why nothing can be written just now; empty while it can."""
        return self._busy

    @property
    def order_ids(self) -> int:
        """Order ids up to this one may have been used by earlier runs, whatever the rows say."""
        return self._opened.result().order_ids

    @property
    def gap(self) -> str:
        """What the journal was found to have lost at its end when it was opened, in words; empty if nothing."""
        return self._opened.result().gap

    @property
    def last_sync_ms(self) -> Decimal | None:
        """How long the last durable commit took; None before the first."""
        return None if self._last_sync_s is None else Decimal(round(self._last_sync_s * 1e6)) / 1000

    def append(self, entries: Sequence[Entry]) -> int:
        """Hand rows over, to be durable within 50 ms. Returns the number of the last; never blocks, never raises."""
        if self._hand_over(entries):
            self._writer.signal(Signal.GATHER)
        return self._head

    def commit(self, entries: Sequence[Entry]) -> Awaitable[int]:
        """Hand rows over now; the awaitable gives the number of the last once it and all before it are synced to disk.

        Awaiting it raises JournalError if they are not known to be; JournalBusyError if that took so long, or is going
        to, that nothing may follow from it.
        """
        taken = self._hand_over(entries)
        if taken and self._head != self._durable:
            # At once: the writer's thread wakes while the rest is made ready here.
            self._writer.signal(Signal.COMMIT)
        done: asyncio.Future[int] = self._loop.create_future()
        if not taken:
            done.set_exception(JournalError(self._failure or f"{self._path} is closed: nothing was written."))
        elif self._head == self._durable:
            done.set_result(self._head)
        elif self._busy:
            done.set_exception(JournalBusyError(self._busy))
        else:
            self._waiting.append(_Waiting(self._head, monotonic(), done))
        return done

    async def read(self, after: int, count: int) -> Sequence[tuple[int, Entry]]:
        """At most `count` durable rows behind number `after`, with their numbers; empty if there is none.

        Read and verified in a thread of its own, beside the writer. Raises JournalError.
        """
        return await asyncio.to_thread(read_some, self._path, after, count)

    def give_up(self, damage: str) -> None:
        """Write nothing more: rows that were written before turned out to be damaged. The next start sees that too."""
        self._writer.give_up(damage)

    def check_older(self, last: int, keep: Callable[[], str]) -> None:
        """Verify the rows up to `last` in the background, once. If one is bad nothing more is written.

        `keep` is then called in a thread, to put the files in safety, and says where they are.
        """
        self._check = QuietCheck(self._path, last, lambda damage: self.give_up(f"{damage} {keep()}"))
        self._check.start()

    async def close(self) -> None:
        """Write what is queued, sync and close; returns when the file is closed. Does nothing the second time."""
        if self._check is not None:
            await asyncio.to_thread(self._check.stop)
        if not self._closing:
            self._closing = True
            self._writer.signal(Signal.CLOSE)
        await asyncio.shield(self._ended)

    def _hand_over(self, entries: Sequence[Entry]) -> bool:
        """Number and time the rows; False if they will never be written."""
        takes = not self._failure and not self._closing
        time, mono = self._clock.utc(), self._clock.mono()
        for entry in entries:
            self._head += 1
            if takes:
                self._writer.inbox.append(Handover(self._head, time, mono, entry))
        if not takes:
            log_unwritten(entries)
        return takes

    def _on_open(self, opened: Opened) -> None:
        if not self._opened.done():
            self._opened.set_result(opened)

    def _on_durable(self, seq: int, seconds: float) -> None:
        self._durable = seq
        self._busy = ""
        self._last_sync_s = seconds
        latest = monotonic() - SLOW_S
        while self._waiting and self._waiting[0].seq <= seq:
            number, since, done = self._waiting.popleft()
            if done.done():
                continue
            if since < latest:
                done.set_exception(JournalBusyError(f"The disk took {monotonic() - since:.0f} s. Send it again."))
            else:
                done.set_result(number)

    def _on_busy(self) -> None:
        if not self._busy:
            _logger.warning("the journal is locked by another program")
        self._busy = _BUSY.format(self._path)
        self._refuse_waiting(JournalBusyError(self._busy))

    def _on_failure(self, error: JournalError, entries: Sequence[Entry]) -> None:
        self._end_writer()
        if not self._opened.done():
            self._opened.set_exception(type(error)(f"The journal can't be opened. {error}"))
            self._ended.set_result(None)
            return
        log_unwritten(entries)
        self._failure = f"The journal can't be written any more. {error} {_ADVICE}"
        self._refuse_waiting(JournalError(self._failure))
        self._ended.set_result(None)
        self._tell(self._failure)

    def _refuse_waiting(self, error: JournalError) -> None:
        while self._waiting:
            done = self._waiting.popleft().done
            if not done.done():
                done.set_exception(error)

    def _on_closed(self) -> None:
        self._end_writer()
        self._ended.set_result(None)

    def _end_writer(self) -> None:
        # Its last call may still be ringing: a descriptor closed under it could by then be another file's.
        self._writer.join()
        self._bell.close()


class SealedJournal:
    """Implements `core.ports.Journal` for a core that only looks: rows are numbered and go to the log alone."""

    def __init__(self, path: Path, tail: Tail, why: str) -> None:
        """`why` is what a person is told; `tail` is where the journal ends, as far as it can be read."""
        self._path = path
        self.instance = tail.instance
        self.head = self.durable = tail.seq
        self.failure = why
        self.busy = ""
        self.order_ids = 0
        self.gap = ""
        self.last_sync_ms: Decimal | None = None

    def append(self, entries: Sequence[Entry]) -> int:
        """Number the rows."""
        self.head += len(entries)
        log_unwritten(entries)
        return self.head

    def commit(self, entries: Sequence[Entry]) -> Awaitable[int]:
        """Number the rows; awaiting it raises JournalError."""
        self.append(entries)
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        done.set_exception(JournalError(self.failure))
        return done

    async def read(self, after: int, count: int) -> Sequence[tuple[int, Entry]]:
        """As `JournalStore.read`, as far as the file can be read."""
        return await asyncio.to_thread(read_some, self._path, after, count)

    async def close(self) -> None:
        """Nothing is open."""


def log_unwritten(entries: Sequence[Entry]) -> None:
    """What the journal can't take stands in the log, accounts masked; the broker can tell most of it again."""
    for entry in entries:
        try:
            text = mask_accounts(encode_entry(entry).decode())
        except (msgspec.MsgspecError, TypeError, ValueError):
            text = "it can't be encoded"
        _logger.error("not in the journal: %s %s %s", type(entry).__name__, order_ref_of(entry), text)
