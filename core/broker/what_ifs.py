"""What-ifs of one connection: asked through the one sender, answered by an openOrder message that is no open order."""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal

from ib_async.order import OrderState

from core.broker.orders import Orders
from core.broker.reading import NOT_SENT
from core.broker.registry import Registry
from core.broker.translate import number
from core.clock import Clock
from core.domain.reports import RequestKind
from core.domain.what_ifs import Shift, WhatIf
from core.errors import BrokerError, NotConnectedError, RequestTimeoutError
from core.ports import Preview
from core.text import clean

log = logging.getLogger(__name__)

DEADLINE = 5.0
"""Seconds within which a what-if must be answered; it waits for its turn to be sent within them, too."""


class WhatIfs:
    """Asks, and gives each answer to whoever waits for it. What comes late or twice is dropped."""

    def __init__(self, orders: Orders | None, registry: Registry, clock: Clock, deadline: float = DEADLINE) -> None:
        """`orders` is None for a read-only profile; `deadline` is in seconds."""
        self._orders = orders
        self._registry = registry
        self._clock = clock
        self._deadline = deadline
        self._pending: dict[int, asyncio.Future[WhatIf]] = {}
        self._notes: dict[int, list[str]] = {}

    async def ask(self, preview: Preview) -> WhatIf:
        """What the order would do.

        Raises RequestTimeoutError after the deadline, BrokerError if the broker refuses such an order,
        NotConnectedError or SendUnknownError, or UnsendableError for what can't stand in a frame.
        """
        if self._orders is None:
            raise NotConnectedError(NOT_SENT)
        order_id = self._registry.take_for(RequestKind.WHAT_IF)
        answer: asyncio.Future[WhatIf] = asyncio.get_running_loop().create_future()
        sent = self._orders.preview(preview, order_id)
        sent.add_done_callback(lambda done: _pass_failure(done, answer))
        self._pending[order_id] = answer
        try:
            async with asyncio.timeout(self._deadline):
                return await answer
        except TimeoutError:
            raise RequestTimeoutError(
                f"The gateway did not say what the order would do within {self._deadline:g} s: margin is unknown."
            ) from None
        finally:
            del self._pending[order_id]
            self._notes.pop(order_id, None)
            self._orders.withdraw_preview(order_id)

    def answered(self, order_id: int, state: OrderState) -> None:
        """An openOrder message with the what-if flag came."""
        answer = self._pending.get(order_id)
        if answer is None or answer.done():
            log.info("a what-if was answered late or twice: %d", order_id)
            return
        noted = [*self._notes.get(order_id, ()), clean(state.warningText)]
        answer.set_result(
            WhatIf(
                time=self._clock.utc(),
                initial=_shift(state.initMarginBefore, state.initMarginChange, state.initMarginAfter),
                maintenance=_shift(state.maintMarginBefore, state.maintMarginChange, state.maintMarginAfter),
                equity=_shift(state.equityWithLoanBefore, state.equityWithLoanChange, state.equityWithLoanAfter),
                commission=_figure(state.commission),
                commission_min=_figure(state.minCommission),
                commission_max=_figure(state.maxCommission),
                commission_currency=clean(state.commissionCurrency),
                warning=" ".join(text for text in noted if text),
            )
        )

    def note(self, order_id: int, text: str) -> None:
        """The broker said something beside an answer that still comes."""
        if order_id in self._pending:
            self._notes.setdefault(order_id, []).append(text)

    def refused(self, order_id: int, error: BrokerError) -> None:
        """The broker refused the question: nothing of it is known."""
        answer = self._pending.get(order_id)
        if answer is not None and not answer.done():
            answer.set_exception(error)

    def close(self, reason: str) -> None:
        """The connection is gone: everyone who waits gets NotConnectedError."""
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(NotConnectedError(reason))


def _pass_failure(sent: asyncio.Future[None], answer: asyncio.Future[WhatIf]) -> None:
    """What did not get out is not answered."""
    error = None if sent.cancelled() else sent.exception()
    if error is not None and not answer.done():
        answer.set_exception(error)


def _shift(before: str, change: str, after: str) -> Shift:
    return Shift(before=_figure(before), change=_figure(change), after=_figure(after))


def _figure(value: float | str) -> Decimal | None:
    """A figure; None for unset, and for what is no number: a bad figure must not pass for a bad order frame."""
    try:
        return number(value)
    except ValueError:
        return None
