"""What becomes of frames about orders on their way out: handed to the kernel, never sent, or nobody knows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from core.clock import Clock
from core.domain.commands import Ack, Denial
from core.domain.events import OrderChanged, Severity
from core.domain.orders import Order, OrderState, Pending
from core.domain.transitions import Trigger, transition
from core.errors import NotConnectedError, SendUnknownError
from core.execution.hearing import Hearing
from core.execution.lifecycle import settle_fills, with_old_terms
from core.execution.publisher import Publisher
from core.execution.state import DeskState, lose_touch

log = logging.getLogger(__name__)


def begun(write: Callable[[], Awaitable[None]]) -> asyncio.Future[None]:
    """A frame on its way. What fails in an unforeseen way fails there: nobody knows how far it came.

    Raises ValueError for what can't stand in a frame, of which nothing was made.
    """
    try:
        return asyncio.ensure_future(write())
    except ValueError:
        raise
    except Exception as error:
        log.exception("a frame could not be made")
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        failed.set_exception(error)
        return failed


class Sends:
    """Concludes from how a sending ended."""

    def __init__(self, state: DeskState, publisher: Publisher, hearing: Hearing, clock: Clock) -> None:
        """All parts are those of the one service."""
        self._state = state
        self._publisher = publisher
        self._hearing = hearing
        self._clock = clock
        self._sending: set[asyncio.Future[None]] = set()

    def follow(
        self, order_ref: str, sending: Awaitable[None], conclude: Callable[[str, BaseException | None], None]
    ) -> None:
        """Have `conclude` told how the sending ended, at once where it has ended already."""
        future = asyncio.ensure_future(sending)

        def done(finished: asyncio.Future[None]) -> None:
            self._sending.discard(finished)
            # Whoever gives up waiting knows nothing of what has left.
            problem = SendUnknownError("core is stopping") if finished.cancelled() else finished.exception()
            conclude(order_ref, problem)

        if future.done():
            done(future)
        else:
            self._sending.add(future)
            future.add_done_callback(done)

    def sent(self, order_ref: str, problem: BaseException | None) -> None:
        """A new order's frame: `problem` None means that the kernel has all of it."""
        order = self._state.book.get(order_ref)
        if order is None:
            return
        if problem is None:
            self.move(order, Trigger.SENT)
        elif isinstance(problem, NotConnectedError):
            moved = self.move(order, Trigger.NOT_SENT, f"not sent: {problem}")
            if moved.state is OrderState.DENIED and order.pending is not Pending.CANCEL:
                # Whoever sent it was told that it is on its way.
                text = f"{order.name} was not sent: {problem}"
                self._publisher.facts([self._hearing.incident(text, Severity.WARNING, order_ref)])
        else:
            self.update(lose_touch(order, self._clock.utc(), "the connection broke while it was being sent"))
            self._report_surprise(order, problem)

    def modify_sent(self, order_ref: str, problem: BaseException | None) -> None:
        """A modification's frame."""
        order = self._state.book.get(order_ref)
        if order is None or problem is None:
            return
        if isinstance(problem, NotConnectedError):
            self.old_terms(order_ref, f"the change was not sent: {problem}")
        else:
            self._report_surprise(order, problem)

    def cancel_sent(self, order_ref: str, problem: BaseException | None) -> None:
        """A cancel's frame."""
        order = self._state.book.get(order_ref)
        if order is None or problem is None:
            return
        if isinstance(problem, NotConnectedError) and order.is_live:
            self.update(replace(order, pending=Pending.NONE, note=f"the cancel was not sent: {problem}"))
        self._report_surprise(order, problem)

    def _report_surprise(self, order: Order, problem: BaseException) -> None:
        if isinstance(problem, SendUnknownError):
            text = f"{order.text}: the connection broke while a message about it was leaving; it is being looked up."
        else:
            text = f"{order.text}: {problem}"
        self._publisher.facts([self._hearing.incident(text, Severity.ALARM, order.order_ref)])

    def never_sent(self, order_ref: str, denial: Denial) -> Ack:
        """A new order was recorded and no frame of it was made."""
        order = self._state.book.get(order_ref)
        return Ack(ok=False, denied=denial, order=order and self.move(order, Trigger.NOT_SENT, denial.message))

    def never_changed(self, order_ref: str, denial: Denial) -> Ack:
        """A modification was recorded and no frame of it was made."""
        return Ack(ok=False, denied=denial, order=self.old_terms(order_ref, denial.message))

    def old_terms(self, order_ref: str, note: str) -> Order | None:
        """A modification will never reach the broker: the order as it was before."""
        order = self._state.book.get(order_ref)
        if order is None or order.previous is None:
            return order
        settled = settle_fills(replace(with_old_terms(order), note=note, code=None), self._clock.utc())
        self.update(settled.order)
        if settled.incident is not None:
            self._state.incidents.append(settled.incident)
            self._publisher.facts([settled.incident])
        return settled.order

    def move(self, order: Order, trigger: Trigger, note: str = "") -> Order:
        """The order moved by one trigger and published; unchanged where the table has no row."""
        state = transition(order.state, trigger)
        if state is None or state is order.state:
            return order
        moved = replace(order, state=state, changed=self._clock.utc(), note=note or order.note)
        return self.update(moved if moved.is_live else replace(moved, pending=Pending.NONE, previous=None))

    def update(self, order: Order) -> Order:
        """Keep and publish an order."""
        self._state.book.put(order)
        self._publisher.facts([OrderChanged(order=order)])
        return order
