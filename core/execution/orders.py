"""New orders, modifications and cancels: the controls, the journal, then the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from core.clock import Clock
from core.domain.commands import Ack, CancelEntries, Cancelled, CancelOrder, Denial, DenialCode, ModifyOrder, PlaceOrder
from core.domain.entries import CancelAsked, Intent, ModifyIntent, Refused
from core.domain.events import OrderChanged, Severity, TradingState
from core.domain.limits import Limits
from core.domain.orders import Order, OrderRequest, OrderState, Pending, Terms, Trigger, transition
from core.errors import JournalError, NotConnectedError, SendUnknownError
from core.execution.hearing import Hearing
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

    def gate(self) -> Denial | None:
        """Why no order may leave now, whatever it is; None when one may."""
        if self._options.read_only:
            return _deny(DenialCode.READ_ONLY, "This profile is read-only: orders are not sent. Set readonly = false.")
        if self._state.trading_state is not TradingState.ACTIVE:
            return _deny(DenialCode.HALTED, f"Trading is halted: {self._state.trading_reason}")
        connection = self._state.connection
        if connection.can_trade:
            return None
        reason = connection.problem or f"the connection is {connection.state.lower().replace('_', ' ')}"
        return _deny(DenialCode.NOT_CONNECTED, f"Not sent, nothing is queued: {reason}")

    def judge(self, request: OrderRequest) -> Approved[OrderRequest] | Denial:
        """Put a request through every control as things stand."""
        return judge(
            request,
            Circumstances(
                instrument=self._state.instruments.get(request.con_id),
                quote=self._feed.get(request.con_id),
                accounts=self._state.connection.accounts,
                limits=self._options.limits,
            ),
        )

    async def place(self, command: PlaceOrder) -> Ack:
        """Send a new order; the Ack comes when its intent is durable."""
        request = command.request
        async with self._turn:
            known = self._state.book.get(request.order_ref)
            if known is not None:
                return self._again(known, request)
            denial = self.gate()
            judged = denial or self.judge(request)
            if isinstance(judged, Approved):
                quote = self._feed.get(request.con_id)
                judged = has_moved(command.seen, quote, request.side, judged.instrument) or judged
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
            limit_price=request.limit_price,
            tif=request.tif,
            outside_rth=request.outside_rth,
            state=OrderState.INTENT,
            order_id=self._broker.take_order_id(),
            client_id=self._options.client_id,
            created=now,
            changed=now,
        )
        verified = self._state.connection.verified
        self._state.book.put(order)
        self._state.highest_order_id = max(self._state.highest_order_id, order.order_id)
        committing = self._journal.commit([Intent(order=order, request=request)])
        self._publisher.journalled(self._journal.head, OrderChanged(order=order))
        try:
            await committing
        except JournalError as error:
            denied = _deny(DenialCode.HALTED, f"Not sent: {error}")
            return Ack(ok=False, denied=denied, order=self._never_sent(order, denied.message))
        denial = self.gate()
        if denial is not None or self._state.connection.verified != verified:
            text = denial.message if denial else "Not sent: the connection changed while the order was being recorded."
            denied = denial or _deny(DenialCode.NOT_CONNECTED, text)
            return Ack(ok=False, denied=denied, order=self._never_sent(order, text))
        self._follow(order.order_ref, self._broker.place(approved, order.order_id, modify=False), self._sent)
        return Ack(ok=True, order=order)

    async def modify(self, command: ModifyOrder) -> Ack:
        """Change price or quantity of a live order; all controls judge the result."""
        async with self._turn:
            order = self._state.book.get(command.order_ref)
            denial = _modifiable(order, command) or self.gate()
            if order is None or denial is not None:
                return Ack(ok=False, denied=denial, order=order)
            changed = _with_terms(order, command)
            if (changed.quantity, changed.limit_price) == (order.quantity, order.limit_price):
                nothing = f"{order.text} has these terms already. Change the price or the quantity."
                return Ack(ok=False, denied=_deny(DenialCode.NOTHING_TO_CHANGE, nothing), order=order)
            judged = self.judge(_request_of(changed))
            if isinstance(judged, Denial):
                return Ack(ok=False, denied=judged, order=order)
            previous = Terms(quantity=order.quantity, limit_price=order.limit_price)
            pending = replace(changed, pending=Pending.MODIFY, previous=previous, revision=order.revision + 1)
            self._state.book.put(pending)
            committing = self._journal.commit([ModifyIntent(order=pending, previous=previous)])
            self._publisher.journalled(self._journal.head, OrderChanged(order=pending))
            try:
                await committing
            except JournalError as error:
                denied = _deny(DenialCode.HALTED, f"Not sent: {error}")
                return Ack(ok=False, denied=denied, order=self._old_terms(order.order_ref, denied.message))
            current = self._state.book.get(order.order_ref) or pending
            denial = self.gate() or (None if current.is_live else _ended(current))
            if denial is not None:
                return Ack(ok=False, denied=denial, order=self._old_terms(order.order_ref, denial.message))
            sending = self._broker.place(judged, order.order_id, modify=True)
            self._follow(order.order_ref, sending, self._modify_sent)
            return Ack(ok=True, order=current)

    async def cancel(self, command: CancelOrder) -> Ack:
        """Ask for one cancel; it passes every gate but the connection."""
        order = self._state.book.get(command.order_ref)
        if order is None:
            text = f"No order {command.order_ref} is known here. Look at the orders pane and choose one."
            return Ack(ok=False, denied=_deny(DenialCode.UNKNOWN_ORDER, text))
        denial = self._cancellable(order)
        if denial is not None:
            return Ack(ok=False, denied=denial, order=order)
        return Ack(ok=True, order=self._ask_cancel(order))

    async def cancel_entries(self, command: CancelEntries) -> Ack:
        """Cancel every live order of ours that opens or adds; what reduces a position stays and is named."""
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
            return _ended(order)
        if self._options.read_only:
            return _deny(DenialCode.READ_ONLY, "This profile is read-only: cancels are not sent. Set readonly = false.")
        if not self._state.connection.accounts:
            reason = self._state.connection.problem or "there is no connection to the broker"
            return _deny(DenialCode.NOT_CONNECTED, f"The cancel of {order.text} was not sent: {reason}")
        return None

    def _ask_cancel(self, order: Order) -> Order:
        sending = self._broker.cancel(order.order_id)
        asked = replace(order, pending=Pending.CANCEL, revision=order.revision + 1)
        self._state.book.put(asked)
        self._publisher.facts([OrderChanged(order=asked)], heard=[CancelAsked(order_ref=order.order_ref)])
        self._follow(order.order_ref, sending, self._cancel_sent)
        return asked

    def _again(self, known: Order, request: OrderRequest) -> Ack:
        same = (known.account, known.con_id, known.side) == (request.account, request.con_id, request.side)
        if same:
            return Ack(ok=True, order=known)
        text = f"The reference {request.order_ref} stands for {known.text}. Not sent; mint a new one."
        return Ack(ok=False, denied=_deny(DenialCode.DUPLICATE_REF, text), order=known)

    def _follow(
        self, order_ref: str, sending: Awaitable[None], conclude: Callable[[str, BaseException | None], None]
    ) -> None:
        """Have `conclude` told how the sending ended, at once where it has ended already."""
        future = asyncio.ensure_future(sending)

        def done(finished: asyncio.Future[None]) -> None:
            self._sending.discard(finished)
            problem = NotConnectedError("core is stopping") if finished.cancelled() else finished.exception()
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
            self._never_sent(order, f"not sent: {problem}")
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

    def _never_sent(self, order: Order, note: str) -> Order:
        return self._move(order, Trigger.NOT_SENT, note)

    def _old_terms(self, order_ref: str, note: str) -> Order | None:
        order = self._state.book.get(order_ref)
        if order is None or order.previous is None:
            return order
        terms = order.previous
        return self._update(
            replace(
                order,
                quantity=terms.quantity,
                limit_price=terms.limit_price,
                pending=Pending.NONE,
                previous=None,
                note=note,
            )
        )

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


def _modifiable(order: Order | None, command: ModifyOrder) -> Denial | None:
    if order is None:
        text = f"No order {command.order_ref} is known here. Look at the orders pane and choose one."
        return _deny(DenialCode.UNKNOWN_ORDER, text)
    if order.external:
        return _deny(DenialCode.EXTERNAL, f"{order.text} belongs to another client. Change it where it was placed.")
    if not order.is_live:
        return _ended(order)
    if order.state not in (OrderState.WORKING, OrderState.HELD) or order.pending is not Pending.NONE:
        text = f"{order.text} waits for an answer of IBKR. Change it when the answer is there."
        return _deny(DenialCode.NOT_LIVE, text)
    if command.revision != order.revision:
        text = f"{order.text} was changed at another screen meanwhile. Look at it, then change it again."
        return _deny(DenialCode.REVISION, text)
    if command.quantity is not None and command.quantity <= order.filled:
        text = f"{order.filled:f} of {order.text} is filled already. Type a larger quantity, or cancel the rest."
        return _deny(DenialCode.QUANTITY, text)
    return None


def _with_terms(order: Order, command: ModifyOrder) -> Order:
    return replace(
        order,
        quantity=order.quantity if command.quantity is None else command.quantity,
        limit_price=order.limit_price if command.limit_price is None else command.limit_price,
    )


def _request_of(order: Order) -> OrderRequest:
    return OrderRequest(
        order_ref=order.order_ref,
        account=order.account,
        con_id=order.con_id,
        side=order.side,
        quantity=order.quantity,
        order_type=order.order_type,
        limit_price=order.limit_price,
        tif=order.tif,
        outside_rth=order.outside_rth,
    )


def _ended(order: Order) -> Denial:
    filled = f", {order.filled.normalize():f} filled" if order.filled > Decimal(0) else ""
    return _deny(DenialCode.NOT_LIVE, f"#{order.number} {order.text} has ended: {order.state.lower()}{filled}.")


def _deny(code: DenialCode, message: str) -> Denial:
    return Denial(code=code, message=message)
