"""Reconciliation as one path: at the start, after every loss, when something asks for it, and once a minute."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from datetime import timedelta
from decimal import Decimal

from core.clock import Clock
from core.domain.connection import FarmStatus, LinkState
from core.domain.events import PositionsUpdated, Reconciled
from core.domain.orders import OrderState, Pending
from core.domain.reconciliation import Book, Difference, Reading
from core.execution.comparing import Before, compare
from core.execution.doubts import Doubts
from core.execution.link_status import LinkStatus
from core.execution.publisher import Publisher
from core.execution.reconcile import Books, BooksUnreadError, counted, read_books, settle_missing, settle_pending
from core.execution.state import DeskState
from core.execution.surprises import Surprises
from core.ports import Broker

log = logging.getLogger(__name__)

READ_SECONDS = 3.0
"""Readings of the broker's books are at least this far apart: what they show may ask for another one."""
RECHECK_SECONDS = 15.0
"""How often the books are read while an order is UNKNOWN."""
ROUTINE_SECONDS = 60.0
"""How often they are read when nothing asks for it."""
COUNT_SECONDS = 30.0
"""Readings that count as checks of an order in doubt are at least this far apart."""
_FIRST_RETRY, _LONGEST_RETRY = 1.0, 4.0
_FAILURES_TO_RECONNECT = 2
_EARLIER = "asked for before the connection was lost"
_UNHEARD = "that nobody answered"


class Reconciler:
    """Reads the broker's books, settles what they settle, and lets orders leave once they are read."""

    def __init__(
        self,
        broker: Broker,
        state: DeskState,
        publisher: Publisher,
        clock: Clock,
        link: LinkStatus,
        doubts: Doubts,
    ) -> None:
        """All parts are those of the one service."""
        self._broker = broker
        self._state = state
        self._publisher = publisher
        self._clock = clock
        self._link = link
        self._doubts = doubts
        self._ask = asyncio.Event()
        self._unread = False
        self._over = True
        self._earlier: dict[str, int] = {}
        """Revisions of the orders about which something was asked over an earlier connection."""
        self._counted_at: dict[str, float] = {}
        self._surprises = Surprises(state, publisher, clock)
        self.after: list[Callable[[], None]] = []
        """Called after each reading that succeeded."""
        self.last: Reading | None = None
        """The last reading, failed ones too; None before any."""

    def ask(self) -> None:
        """Have the books read again soon."""
        self._ask.set()

    def distrust(self) -> None:
        """Something about orders was missed: no new order until the books are read."""
        self._unread = True
        self.ask()
        if self._link.connection.state is LinkState.READY:
            self._link.set(state=LinkState.SYNCING)

    def end(self) -> None:
        """The connection is over: what a reading still brings lets no order leave."""
        self._over = True

    async def run(self) -> None:
        """Read for as long as one connection lasts. Raises DeskError when it must be opened again."""
        # What was asked over an earlier connection is not answered over this one.
        self._earlier = {o.order_ref: o.revision for o in self._state.book.live() if o.pending is not Pending.NONE}
        self._over = False
        self._ask.clear()
        retry, failures = _FIRST_RETRY, 0
        while True:
            begun = self._clock.mono()
            try:
                await self.read()
            except BooksUnreadError as error:
                failures += 1
                if failures >= _FAILURES_TO_RECONNECT:
                    raise
                log.warning("reconciliation: %s", error)
                self._refuse(error)
                await asyncio.sleep(retry)
                retry = min(retry * 2, _LONGEST_RETRY)
                continue
            retry, failures = _FIRST_RETRY, 0
            self._trust()
            await self._next_turn(begun)

    async def read(self) -> Books:
        """Read all books; every order that stood still meanwhile must be in them. Raises what `read_books` raises."""
        self._unread = False
        self._ask.clear()
        begun = self._clock.mono()
        flying = {order.order_ref for order in self._state.in_flight()}
        changed = {o.order_ref: o.changed for o in self._state.book.live() if o.order_ref not in flying}
        unanswered = {order.order_ref: order.revision for order in self._doubts.unanswered()}
        before = Before(self._state)
        self._state.begin_positions()
        self._state.holdings.begin()
        try:
            books = await read_books(self._broker)
        except BaseException as error:
            self._state.abandon_positions()
            if isinstance(error, BooksUnreadError):
                self._failed(error, begun)
            raise
        self._state.finish_positions()
        self._publisher.state(PositionsUpdated(positions=self._state.all_positions()))
        now = self._clock.utc()
        still = [order for order in self._state.book.live() if changed.get(order.order_ref) == order.changed]
        self._doubts.change(settle_missing(order, books, now) for order in still)
        self._settle_asked(books, self._earlier, _EARLIER)
        self._earlier = {}
        self._settle_asked(books, unanswered, _UNHEARD)
        self._count(books, changed.keys())
        surprising, again = self._surprises.look()
        if again:
            self.ask()
        found, further = compare(before, self._state, books)
        self._finish(begun, books.counts, (*found, *surprising), further)
        # Desks have the time from the reading itself: a fact a minute would fill the journal with nothing.
        self._link.note(reconciled=now)
        for follow in self.after:
            follow()
        return books

    def _settle_asked(self, books: Books, asked: dict[str, int], why: str) -> None:
        waiting = [o for o in self._state.book.live() if asked.get(o.order_ref) == o.revision]
        self._doubts.change(settle_pending(order, books, why) for order in waiting)

    def _count(self, books: Books, begun_with: Collection[str]) -> None:
        """Let this reading count as a check of each order in doubt, while IBKR's own link stands.

        What left while it went on may be missing for that alone: it counts only for orders that it began with.
        """
        if self._link.connection.ibkr is FarmStatus.DOWN:
            return
        now = self._clock.mono()
        doubted = [o for o in self._state.book.live() if o.state is OrderState.UNKNOWN]
        known = [o for o in doubted if o.order_ref in begun_with]
        due = [o for o in known if o.checks == 0 or now - self._counted_at.get(o.order_ref, now) >= COUNT_SECONDS]
        self._counted_at = {o.order_ref: self._counted_at.get(o.order_ref, now) for o in doubted}
        self._counted_at |= {order.order_ref: now for order in due}
        self._doubts.change(counted(order, books) for order in due)

    def _failed(self, error: BooksUnreadError, begun: float) -> None:
        self._finish(begun, tuple((book, error.counts.get(book)) for book in Book), (), problem=str(error))

    def _finish(
        self,
        begun: float,
        counts: tuple[tuple[Book, int | None], ...],
        differences: tuple[Difference, ...],
        further: int = 0,
        problem: str = "",
    ) -> None:
        now = self._clock.utc()
        took = Decimal(round((self._clock.mono() - begun) * 1000, 1))
        wait = _FIRST_RETRY if problem else self._pause()
        self.last = Reading(
            time=now,
            took_ms=took.quantize(Decimal("0.1")),
            counts=counts,
            differences=differences,
            further=further,
            problem=problem,
            next_due=now + timedelta(seconds=wait),
        )
        self._publisher.state(Reconciled(reading=self.last))

    def _pause(self) -> float:
        """Seconds to the next reading if nothing asks for one before."""
        doubted = any(order.state is OrderState.UNKNOWN for order in self._state.book.live())
        return RECHECK_SECONDS if doubted else ROUTINE_SECONDS

    async def _next_turn(self, begun: float) -> None:
        """Wait until the books are due, or asked for and not read a moment ago."""
        while (left := begun + self._pause() - self._clock.mono()) > 0:
            try:
                async with asyncio.timeout(min(left, 1.0)):
                    await self._ask.wait()
                break
            except TimeoutError:
                continue
        await asyncio.sleep(max(0.0, begun + READ_SECONDS - self._clock.mono()))

    def _refuse(self, error: BooksUnreadError) -> None:
        """No new order while a book is not read; what is missing is named."""
        names = ", ".join(error.failed)
        problem = f"Not reconciled ({names}): {error} Orders wait; cancels are sent."
        if self._link.connection.state in (LinkState.READY, LinkState.SYNCING):
            self._link.set(state=LinkState.SYNCING, problem=problem)

    def _trust(self) -> None:
        """The books are read: orders may leave, unless something was missed or lost meanwhile."""
        connection = self._link.connection
        if connection.state is LinkState.SYNCING and not self._unread and not self._over:
            down = connection.ibkr is FarmStatus.DOWN
            self._link.set(state=LinkState.READY, attempt=0, problem=connection.problem if down else "")
