"""New orders, modifications and cancels: the controls, the journal, then the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from core.clock import Clock
from core.domain.commands import (
    Ack,
    CancelEntries,
    Cancelled,
    CancelOrder,
    Denial,
    DenialCode,
    ModifyOrder,
    PlaceOrder,
    Seen,
)
from core.domain.connection import LinkState
from core.domain.entries import CancelAsked, Intent, ModifyIntent, Refused
from core.domain.events import OrderChanged, Severity, TradingState
from core.domain.limits import Limits
from core.domain.orders import Order, OrderRequest, OrderState, Pending, Side, Terms, Trigger, transition
from core.domain.prices import as_written
from core.errors import JournalError, NotConnectedError, SendUnknownError
from core.execution.changes import ended, not_repeated, overtaken, request_of, too_late, why_not, with_terms
from core.execution.hearing import Hearing
from core.execution.lifecycle import settle_fills, with_old_terms
from core.execution.publisher import Publisher
from core.execution.state import DeskState, lose_touch
from core.market.feed import QuoteFeed
from core.ports import Approved, Broker, Journal
from core.risk.controls import Circumstances, has_moved, judge


class OrderOptions(Struct, frozen=True, kw_only=True):
    """What the profile says about orders."""

    limits: Limits
    client_id: int
    read_only: bool


class OrderDesk:
    """Carries out commands about orders, one at a time. Cancels never wait for anything."""

    def __init__(
        self,
        broker: Broker,
        journal: Journal,
        state: DeskState,
        feed: QuoteFeed,
        publisher: Publisher,
        hearing: Hearing,
        clock: Clock,
        options: OrderOptions,
    ) -> None:
        """All parts are those of the one service."""
        self._broker = broker
        self._journal = journal
        self._state = state
        self._feed = feed
        self._publisher = publisher
        self._hearing = hearing
        self._clock = clock
        self._options = options
        self._turn = asyncio.Lock()
        self._sending: set[asyncio.Future[None]] = set()
        self._recording: set[str] = set()
        """New orders whose intent is being committed: no frame of them exists yet."""

    def gate(self) -> Denial | None:
        """Why no order may leave now, whatever it is; None when one may."""
        if self._options.read_only:
            return _deny(DenialCode.READ_ONLY, "This profile is read-only: orders are not sent. Set readonly = false.")
        if self._state.trading_state is not TradingState.ACTIVE:
            return _deny(DenialCode.HALTED, f"Trading is halted: {self._state.trading_reason}")
        connection = self._state.connection
        if connection.can_trade:
            return None
        if connection.state is LinkState.SYNCING:
            text = "Not sent, nothing is queued: the orders at IBKR are being read. Try again in a moment."
            return _deny(DenialCode.NOT_RECONCILED, text)
        reason = connection.problem or f"the connection is {connection.state.lower().replace('_', ' ')}"
        return _deny(DenialCode.NOT_CONNECTED, f"Not sent, nothing is queued: {reason}")

    def judge(self, request: OrderRequest) -> Approved[OrderRequest] | Denial:
        """Put a request through every control as things stand."""
        instruments = self._state.instruments
        return judge(
            request,
            Circumstances(
                instrument=None if request.con_id in self._state.sketched else instruments.get(request.con_id),
                quote=self._feed.get(request.con_id),
                accounts=self._state.connection.accounts,
                limits=self._options.limits,
            ),
        )

    async def place(self, command: PlaceOrder) -> Ack:
        """Send a new order; the Ack comes when its intent is durable."""
        request = command.request
        async with self._turn:
            again = self._again(request.order_ref, request.account, request.con_id, request.side)
            return again or await self._submit(request, command.seen)

    async def place_computed(
        self, order_ref: str, account: str, con_id: int, compute: Callable[[], OrderRequest | Denial]
    ) -> Ack:
        """As `place`, for a request that `compute` makes when its turn has come, from how things stand then."""
        async with self._turn:
            again = self._again(order_ref, account, con_id, None)
            if again is not None:
                return again
            request = compute()
            return Ack(ok=False, denied=request) if isinstance(request, Denial) else await self._submit(request, None)

    async def _submit(self, request: OrderRequest, seen: Seen | None) -> Ack:
        judged = self.gate() or self.judge(request)
        if isinstance(judged, Approved):
            judged = has_moved(seen, self._feed.get(request.con_id), request.side, judged.instrument) or judged
        if isinstance(judged, Denial):
            self._journal.append([Refused(request=request, denial=judged)])
            return Ack(ok=False, denied=judged)
        return await self._intend(judged)

    async def _intend(self, approved: Approved[OrderRequest]) -> Ack:
        request, instrument, now = approved.value, approved.instrument, self._clock.utc()
        order = Order(
            order_ref=request.order_ref,
            number=self._state.next_number(now),
            account=request.account,
            con_id=request.con_id,
            label=instrument.label,
            side=request.side,
            quantity=request.quantity,
            order_type=request.order_type,
            type_text=request.order_type.value,
            limit_price=as_written(request.limit_price, instrument.price_bands),
            tif=request.tif,
            outside_rth=request.outside_rth,
            state=OrderState.INTENT,
            order_id=self._broker.take_order_id(),
            client_id=self._options.client_id,
            created=now,
            changed=now,
        )
        order_ref, verified = order.order_ref, self._state.connection.verified
        self._state.admit(order)
        committing = self._journal.commit([Intent(order=order, request=request)])
        self._publisher.journalled(self._journal.head, OrderChanged(order=order))
        self._recording.add(order_ref)
        try:
            await committing
        except JournalError as error:
            return self._never_sent(order_ref, _deny(DenialCode.HALTED, f"Not sent: {error}"))
        except asyncio.CancelledError:
            self._never_sent(order_ref, _deny(DenialCode.BAD_COMMAND, "Not sent: whoever asked for it went away."))
            raise
        finally:
            self._recording.discard(order_ref)
        current = self._state.book.get(order_ref) or order
        denial = self.gate() or self._changed_since(verified) or too_late(current)
        if denial is not None:
            return self._never_sent(order_ref, denial)
        try:
            sending = self._broker.place(approved, order.order_id, modify=False)
        except ValueError as error:
            return self._never_sent(order_ref, _deny(DenialCode.BAD_COMMAND, f"Not sent: {error}"))
        self._follow(order_ref, sending, self._sent)
        return Ack(ok=True, order=self._state.book.get(order_ref))

    def _changed_since(self, verified: datetime | None) -> Denial | None:
        if self._state.connection.verified == verified:
            return None
        text = "Not sent: the connection changed while the order was being recorded. Look at it, then send it again."
        return _deny(DenialCode.NOT_CONNECTED, text)

    async def modify(self, command: ModifyOrder) -> Ack:
        """Change price or quantity of a live order; all controls judge the result."""
        async with self._turn:
            order = self._state.book.get(command.order_ref)
            if order is None:
                return _unknown(command.order_ref)
            denial = why_not(order, command) or self.gate()
            if denial is not None:
                return Ack(ok=False, denied=denial, order=order)
            changed = with_terms(order, command)
            if (changed.quantity, changed.limit_price) == (order.quantity, order.limit_price):
                nothing = f"{order.text} has these terms already. Change the price or the quantity."
                return Ack(ok=False, denied=_deny(DenialCode.NOTHING_TO_CHANGE, nothing), order=order)
            judged = self.judge(request_of(changed))
            if isinstance(judged, Denial):
                return Ack(ok=False, denied=judged, order=order)
            return await self._intend_change(order, changed, judged)

    async def _intend_change(self, order: Order, changed: Order, approved: Approved[OrderRequest]) -> Ack:
        verified = self._state.connection.verified
        previous = Terms(quantity=order.quantity, limit_price=order.limit_price)
        pending = replace(changed, pending=Pending.MODIFY, previous=previous, revision=order.revision + 1)
        self._state.book.put(pending)
        committing = self._journal.commit([ModifyIntent(order=pending, previous=previous)])
        self._publisher.journalled(self._journal.head, OrderChanged(order=pending))
        try:
            await committing
        except JournalError as error:
            return self._never_changed(order.order_ref, _deny(DenialCode.HALTED, f"Not sent: {error}"))
        except asyncio.CancelledError:
            self._old_terms(order.order_ref, "the change was not sent: whoever asked for it went away")
            raise
        current = self._state.book.get(order.order_ref) or pending
        denial = self.gate() or self._changed_since(verified) or overtaken(current)
        if denial is not None:
            return self._never_changed(order.order_ref, denial)
        try:
            sending = self._broker.place(approved, order.order_id, modify=True)
        except ValueError as error:
            return self._never_changed(order.order_ref, _deny(DenialCode.BAD_COMMAND, f"Not sent: {error}"))
        self._follow(order.order_ref, sending, self._modify_sent)
        return Ack(ok=True, order=self._state.book.get(order.order_ref))

    async def cancel(self, command: CancelOrder) -> Ack:
        """Ask for one cancel; it passes every gate but the connection."""
        order = self._state.book.get(command.order_ref)
        if order is None:
            return _unknown(command.order_ref)
        denial = self._cancellable(order)
        if denial is not None:
            return Ack(ok=False, denied=denial, order=order)
        return Ack(ok=True, order=self._ask_cancel(order))

    async def cancel_entries(self, command: CancelEntries) -> Ack:
        """Cancel every live order of ours that opens or adds; what reduces a position stays and is named."""
        if self._state.positions is None:
            text = "Nothing was cancelled: positions are not read yet, so entries can't be told from exits. Try again."
            return Ack(ok=False, denied=_deny(DenialCode.NOT_RECONCILED, text))
        asked: list[str] = []
        kept: list[str] = []
        denied: Denial | None = None
        for order in self._state.book.live():
            if order.external or (command.con_id is not None and order.con_id != command.con_id):
                continue
            if self._protects(order):
                kept.append(order.order_ref)
                continue
            denial = self._cancellable(order)
            if denial is None:
                asked.append(self._ask_cancel(order).order_ref)
            denied = denied or denial
        if denied is not None and not asked:
            return Ack(ok=False, denied=denied)
        return Ack(ok=True, result=Cancelled(asked=tuple(asked), kept=tuple(kept)))

    def _protects(self, order: Order) -> bool:
        position = self._state.held(order.account, order.con_id)
        return position is not None and position.quantity * order.side.sign < 0

    def _cancellable(self, order: Order) -> Denial | None:
        if order.external:
            text = f"{order.text} belongs to another client. Cancel it where it was placed."
            return _deny(DenialCode.EXTERNAL, text)
        if not order.is_live:
            return ended(order)
        if self._options.read_only:
            return _deny(DenialCode.READ_ONLY, "This profile is read-only: cancels are not sent. Set readonly = false.")
        if not self._state.connection.accounts:
            reason = self._state.connection.problem or "there is no connection to the broker"
            return _deny(DenialCode.NOT_CONNECTED, f"The cancel of {order.text} was not sent: {reason}")
        return None

    def _ask_cancel(self, order: Order) -> Order:
        # Before its first frame exists there is nothing to cancel at the broker: it will not be sent.
        sending = None if order.order_ref in self._recording else self._broker.cancel(order.order_id)
        asked = replace(order, pending=Pending.CANCEL, revision=order.revision + 1)
        self._state.book.put(asked)
        self._publisher.facts([OrderChanged(order=asked)], heard=[CancelAsked(order_ref=order.order_ref)])
        if sending is not None:
            self._follow(order.order_ref, sending, self._cancel_sent)
        return self._state.book.get(order.order_ref) or asked

    def _again(self, order_ref: str, account: str, con_id: int, side: Side | None) -> Ack | None:
        """The answer for a reference that was used before; None for a new one. A `side` of None fits both."""
        known = self._state.book.get(order_ref)
        if known is None and order_ref not in self._state.used_refs:
            return None
        denial = not_repeated(known, order_ref, account, con_id, side)
        return Ack(ok=denial is None, denied=denial, order=known)

    def _follow(
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

    def _sent(self, order_ref: str, problem: BaseException | None) -> None:
        order = self._state.book.get(order_ref)
        if order is None:
            return
        if problem is None:
            self._move(order, Trigger.SENT)
        elif isinstance(problem, NotConnectedError):
            self._move(order, Trigger.NOT_SENT, f"not sent: {problem}")
        else:
            self._update(lose_touch(order, self._clock.utc(), "the connection broke while it was being sent"))
            self._report_surprise(order, problem)

    def _modify_sent(self, order_ref: str, problem: BaseException | None) -> None:
        order = self._state.book.get(order_ref)
        if order is None or problem is None:
            return
        if isinstance(problem, NotConnectedError):
            self._old_terms(order_ref, f"the change was not sent: {problem}")
        else:
            self._report_surprise(order, problem)

    def _cancel_sent(self, order_ref: str, problem: BaseException | None) -> None:
        order = self._state.book.get(order_ref)
        if order is None or problem is None:
            return
        if isinstance(problem, NotConnectedError) and order.is_live:
            self._update(replace(order, pending=Pending.NONE, note=f"the cancel was not sent: {problem}"))
        self._report_surprise(order, problem)

    def _report_surprise(self, order: Order, problem: BaseException) -> None:
        if isinstance(problem, SendUnknownError):
            text = f"{order.text}: the connection broke while a message about it was leaving; it is being looked up."
        else:
            text = f"{order.text}: {problem}"
        self._publisher.facts([self._hearing.incident(text, Severity.ALARM, order.order_ref)])

    def _never_sent(self, order_ref: str, denial: Denial) -> Ack:
        """A new order was recorded and no frame of it was made."""
        order = self._state.book.get(order_ref)
        return Ack(ok=False, denied=denial, order=order and self._move(order, Trigger.NOT_SENT, denial.message))

    def _never_changed(self, order_ref: str, denial: Denial) -> Ack:
        """A modification was recorded and no frame of it was made."""
        return Ack(ok=False, denied=denial, order=self._old_terms(order_ref, denial.message))

    def _old_terms(self, order_ref: str, note: str) -> Order | None:
        order = self._state.book.get(order_ref)
        if order is None or order.previous is None:
            return order
        settled = settle_fills(replace(with_old_terms(order), note=note, code=None), self._clock.utc())
        self._update(settled.order)
        if settled.incident is not None:
            self._state.incidents.append(settled.incident)
            self._publisher.facts([settled.incident])
        return settled.order

    def _move(self, order: Order, trigger: Trigger, note: str = "") -> Order:
        state = transition(order.state, trigger)
        if state is None or state is order.state:
            return order
        moved = replace(order, state=state, changed=self._clock.utc(), note=note or order.note)
        return self._update(moved if moved.is_live else replace(moved, pending=Pending.NONE, previous=None))

    def _update(self, order: Order) -> Order:
        self._state.book.put(order)
        self._publisher.facts([OrderChanged(order=order)])
        return order


def _unknown(order_ref: str) -> Ack:
    text = f"No order {order_ref} is known here. Look at the orders pane and choose one."
    return Ack(ok=False, denied=_deny(DenialCode.UNKNOWN_ORDER, text))


def _deny(code: DenialCode, message: str) -> Denial:
    return Denial(code=code, message=message)
