"""New orders, modifications and cancels: the controls, the journal, then the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from core.clock import Clock, trading_day
from core.domain.commands import (
    Ack,
    CancelEntries,
    CancelOrder,
    Command,
    Denial,
    DenialCode,
    ModifyOrder,
    PlaceOrder,
    Seen,
)
from core.domain.connection import LinkState
from core.domain.entries import Intent, ModifyIntent, Refused
from core.domain.events import OrderChanged, TradingState
from core.domain.orders import Order, OrderRequest, Pending, Side, Terms, request_of, terms_of, with_terms
from core.errors import JournalBusyError, JournalError
from core.execution.asking import asked_by
from core.execution.cancels import Cancels, unknown
from core.execution.changes import changed, drafted, not_repeated, overtaken, too_late, unchangeable, why_not
from core.execution.deadlines import Deadlines, deadline, why_no_deadline, why_too_late
from core.execution.hearing import Hearing
from core.execution.judging import Judging
from core.execution.publisher import Publisher
from core.execution.reducing import why_not_reducing
from core.execution.refusals import called_off_early, deny
from core.execution.scripts import Scripts
from core.execution.sends import Sends, begun
from core.execution.state import DeskState
from core.execution.turns import Turns
from core.execution.withdrawing import Withdrawing
from core.market.feed import QuoteFeed
from core.ports import Approved, Broker, Journal
from core.risk.behaviour import PERSON, Asked
from core.risk.controls import has_moved
from core.risk.live_guard import why_not_verified


class OrderOptions(Struct, frozen=True, kw_only=True):
    """What the profile says about orders."""

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
        self._turns = Turns()
        publisher.add_sink(Withdrawing(broker, state, self.take_back))
        self._sends = Sends(state, publisher, hearing, clock)
        self._recording: set[str] = set()
        """New orders whose intent is being committed: no frame of them exists yet."""
        self.cancels = Cancels(
            broker, state, publisher, self._sends, self._recording, clock, read_only=options.read_only
        )
        """Asks for cancels, those of the kill switch too."""
        self.deadlines = Deadlines(state, publisher, clock, self.cancels)
        self.judging = Judging(state, feed, clock, lambda: broker.order_wait)
        """Puts requests through the controls."""
        publisher.add_sink(self.judging.behaviour)
        self.scripts = Scripts(state, journal, publisher, clock)
        """Which scripts may not trade."""

    def gate(self, asked: Asked = PERSON) -> Denial | None:
        """Why no order may leave now, whatever it is; None when one may. KILL alone lets pass what goes past it."""
        if self._options.read_only:
            return deny(DenialCode.READ_ONLY, "This profile is read-only: orders are not sent. Set readonly = false.")
        past_kill = asked.past_kill and self._state.only_killed
        if self._state.trading_state is TradingState.HALTED and not past_kill:
            code = DenialCode.JOURNAL_TAIL_LOST if self._state.tail_lost else DenialCode.HALTED
            return deny(code, f"Trading is halted: {self._state.trading_reason}")
        if self._journal.busy:
            return deny(DenialCode.JOURNAL_BUSY, self._journal.busy)
        connection = self._state.connection
        if connection.can_trade:
            return None
        if connection.state is LinkState.SYNCING:
            text = "Not sent, nothing is queued: the orders at IBKR are being read. Try again in a moment."
            return deny(DenialCode.NOT_RECONCILED, text)
        reason = (
            connection.restarting
            or connection.problem
            or f"the connection is {connection.state.lower().replace('_', ' ')}"
        )
        return deny(DenialCode.NOT_CONNECTED, f"Not sent, nothing is queued: {reason}")

    async def place(self, command: PlaceOrder, client: str) -> Ack:
        """Send a new order; the Ack comes when its intent is durable. `client` is the desk or script that asks."""
        request = command.request
        async with self._turns.of(request.order_ref, request) as called_off:
            again = self._again(request.order_ref, request.account, request.con_id, request.side)
            if again is not None or called_off:
                return again or Ack(ok=False, denied=called_off_early())
            return await self._submit(
                request,
                command.seen,
                command.children,
                command.ttl,
                asked=asked_by(command, client),
                not_after=command.not_after,
            )

    async def place_computed(
        self, order_ref: str, account: str, con_id: int, compute: Callable[[], OrderRequest | Denial], *, asked: Asked
    ) -> Ack:
        """As `place`, for a request that `compute` makes when its turn has come, from how things stand then."""
        async with self._turns.of(order_ref) as called_off:
            again = self._again(order_ref, account, con_id, None)
            if again is not None or called_off:
                return again or Ack(ok=False, denied=called_off_early())
            request = compute()
            if isinstance(request, Denial):
                return Ack(ok=False, denied=request)
            return await self._submit(request, None, asked=asked)

    async def _submit(
        self,
        request: OrderRequest,
        seen: Seen | None,
        children: Sequence[OrderRequest] = (),
        ttl: Decimal | None = None,
        *,
        asked: Asked,
        not_after: datetime | None = None,
    ) -> Ack:
        late = why_too_late(not_after, self._clock.utc())
        judged = late or self.gate(asked) or why_no_deadline(ttl) or self.judging.family(request, children, asked)
        if not isinstance(judged, Denial):
            moved = has_moved(seen, self._feed.get(request.con_id), request.side, judged[0].instrument)
            judged = moved or judged
        if isinstance(judged, Denial):
            self._journal.append([Refused(request=one, denial=judged) for one in (request, *children)])
            return Ack(ok=False, denied=judged)
        return await self._intend(judged, ttl, asked)

    async def _intend(self, legs: Sequence[Approved[OrderRequest]], ttl: Decimal | None, asked: Asked) -> Ack:
        """Record all legs in one batch, parent first; send them once it is durable. The last one sends all on.

        After `ttl` seconds the first is cancelled, and with it what is attached to it.
        """
        now, verified = self._clock.utc(), self._state.connection.verified
        orders = [
            drafted(
                leg.value,
                leg.instrument,
                now,
                number=self._state.next_number(now),
                order_id=self._broker.take_order_id(),
                client_id=self._options.client_id,
                quote=self._feed.get(leg.value.con_id),
            )
            for leg in legs
        ]
        orders[0] = replace(orders[0], cancel_at=deadline(now, ttl))
        first = legs[0].value
        value = self.judging.behaviour.placed(first, self.judging.circumstances(first, asked=asked))
        values = [value, *(Decimal(0) for _ in legs[1:])]
        for order in orders:
            self._state.admit(order)
        self.deadlines.follow(orders[0])
        entries = [
            Intent(order=order, request=leg.value, script=asked.script, value=value)
            for order, leg, value in zip(orders, legs, values, strict=True)
        ]
        for entry in entries:
            self._state.usage.apply(entry)
        committing = self._journal.commit(entries)
        for number, order in enumerate(orders, start=self._journal.head - len(orders) + 1):
            self._publisher.journalled(number, OrderChanged(order=order))
        self.scripts.look(asked.script, legs[0].value)
        refs = [order.order_ref for order in orders]
        self._recording.update(refs)
        try:
            await committing
        except JournalError as error:
            return self._none_sent(refs, _unrecorded(error))
        except asyncio.CancelledError:
            self._none_sent(refs, deny(DenialCode.BAD_COMMAND, "Not sent: whoever asked for it went away."))
            raise
        finally:
            self._recording.difference_update(refs)
        denial = self.gate(asked) or self._changed_since(verified)
        for order, leg in zip(orders, legs, strict=True):
            denial = denial or why_not_verified(leg.value, self._state.connection.accounts)
            attached, past_kill = bool(leg.value.parent_ref), asked.past_kill
            denial = denial or why_not_reducing(self._state, leg.value, attached=attached, past_kill=past_kill)
            denial = denial or too_late(self._state.book.get(order.order_ref) or order)
        if denial is not None:
            return self._none_sent(refs, denial)
        return self._send_legs(orders, legs)

    def _none_sent(self, refs: Sequence[str], denial: Denial) -> Ack:
        acks = [self._sends.never_sent(order_ref, denial) for order_ref in refs]
        return acks[0]

    def _send_legs(self, orders: Sequence[Order], legs: Sequence[Approved[OrderRequest]]) -> Ack:
        refs = [order.order_ref for order in orders]
        for place, (order, leg) in enumerate(zip(orders, legs, strict=True)):
            last = place == len(orders) - 1
            try:
                sending = self._frame(order, leg, modify=False, transmit=last)
            except ValueError as error:
                denial = deny(DenialCode.BAD_COMMAND, f"Not sent: {error}")
            else:
                self._sends.follow(order.order_ref, sending, self._sends.sent)
                problem = sending.exception() if sending.done() and not sending.cancelled() else None
                if problem is None or len(orders) == 1:
                    continue
                denial = deny(DenialCode.NOT_CONNECTED, f"Not sent: {problem}")
            # Nothing is sent on before the last leg: what the broker has of the others is taken back.
            self._none_sent(refs[place:], denial)
            for earlier in refs[:place]:
                kept = self._state.book.get(earlier)
                if kept is not None and kept.is_live:
                    self.cancels.ask(kept)
            return Ack(ok=False, denied=denial, order=self._state.book.get(refs[0]))
        return Ack(ok=True, order=self._state.book.get(refs[0]))

    def _frame(
        self, order: Order, leg: Approved[OrderRequest], *, modify: bool, transmit: bool = True
    ) -> asyncio.Future[None]:
        parent = self._state.book.get(order.parent_ref) if order.parent_ref else None
        parent_id = 0 if parent is None else parent.order_id
        place = partial(self._broker.place, leg, order.order_id, modify=modify, parent_id=parent_id, transmit=transmit)
        return begun(place)

    def _changed_since(self, verified: datetime | None) -> Denial | None:
        if self._state.connection.verified == verified:
            return None
        text = "Not sent: the connection changed while the order was being recorded. Look at it, then send it again."
        return deny(DenialCode.NOT_CONNECTED, text)

    async def modify(self, command: ModifyOrder, client: str) -> Ack:
        """Change price or quantity of a live order; all controls judge the result. `client` as for `place`."""
        asked = asked_by(command, client)
        async with self._turns.next():
            order = self._state.book.get(command.order_ref)
            if order is None:
                return unknown(command.order_ref)
            denial = why_not(order, command) or self.gate()
            if denial is not None:
                return Ack(ok=False, denied=denial, order=order)
            terms = changed(order, command)
            if terms == terms_of(order):
                nothing = f"{order.text} has these terms already. Change the price or the quantity."
                return Ack(ok=False, denied=deny(DenialCode.NOTHING_TO_CHANGE, nothing), order=order)
            attached = self._resized_with(order, terms)
            denial = unchangeable(order, terms, attached)
            if denial is not None:
                return Ack(ok=False, denied=denial, order=order)
            resized = [(child, replace(child, quantity=terms.quantity)) for child in attached]
            wanted = [(order, with_terms(order, terms)), *resized]
            approved: list[Approved[OrderRequest]] = []
            for old, new in wanted:
                parent = self._state.book.get(old.parent_ref) if old.parent_ref else None
                waits_for = parent if parent is not None and parent.is_live and not parent.filled else None
                judged = self.judging.judge(request_of(new), before=terms_of(old), parent=waits_for, asked=asked)
                if isinstance(judged, Denial):
                    return Ack(ok=False, denied=judged, order=order)
                approved.append(judged)
            return await self._intend_change(wanted, approved)

    def _resized_with(self, parent: Order, terms: Terms) -> list[Order]:
        """Orders attached for all of `parent`: a new quantity is theirs too, or they would do more than close it."""
        if terms.quantity == parent.quantity:
            return []
        return [child for child in self._state.book.children(parent.order_ref) if child.quantity == parent.quantity]

    async def _intend_change(
        self, wanted: Sequence[tuple[Order, Order]], legs: Sequence[Approved[OrderRequest]]
    ) -> Ack:
        """Record the changes of an order and of what is attached to it in one batch, then send them."""
        verified = self._state.connection.verified
        entries = []
        now = self._clock.utc()
        for old, new in wanted:
            previous = terms_of(old)
            asked_for = request_of(new)
            around = self.judging.circumstances(asked_for, before=previous)
            value = self.judging.behaviour.changed(asked_for, around)
            pending = replace(new, pending=Pending.MODIFY, previous=previous, revision=old.revision + 1)
            self._state.book.put(pending)
            entries.append(ModifyIntent(order=pending, previous=previous, value=value, time=now))
            self._state.usage.apply(entries[-1])
        committing = self._journal.commit(entries)
        for number, entry in enumerate(entries, start=self._journal.head - len(entries) + 1):
            self._publisher.journalled(number, OrderChanged(order=entry.order))
        refs = [entry.order.order_ref for entry in entries]
        try:
            await committing
        except JournalError as error:
            return self._none_changed(refs, _unrecorded(error))
        except asyncio.CancelledError:
            for order_ref in refs:
                self._sends.old_terms(order_ref, "the change was not sent: whoever asked for it went away")
            raise
        denial = self.gate() or self._changed_since(verified)
        for entry, leg in zip(entries, legs, strict=True):
            denial = denial or why_not_verified(leg.value, self._state.connection.accounts)
            denial = denial or why_not_reducing(self._state, leg.value, attached=False)
            denial = denial or overtaken(self._state.book.get(entry.order.order_ref) or entry.order)
        if denial is not None:
            return self._none_changed(refs, denial)
        for place, (entry, leg) in enumerate(zip(entries, legs, strict=True)):
            order = entry.order
            try:
                sending = self._frame(order, leg, modify=True)
            except ValueError as error:
                return self._none_changed(refs[place:], deny(DenialCode.BAD_COMMAND, f"Not sent: {error}"))
            self._sends.follow(order.order_ref, sending, self._sends.modify_sent)
        return Ack(ok=True, order=self._state.book.get(refs[0]))

    def _none_changed(self, refs: Sequence[str], denial: Denial) -> Ack:
        acks = [self._sends.never_changed(order_ref, denial) for order_ref in refs]
        return acks[0]

    async def cancel(self, command: CancelOrder) -> Ack:
        """Ask for one cancel; it passes every gate but the connection."""
        if self._state.book.get(command.order_ref) is None and self._turns.call_off(command.order_ref):
            return Ack(ok=True)
        return self.cancels.cancel(command)

    def take_back(self, order: Order) -> None:
        """Ask for the cancel of a live order, by core's own decision."""
        self.cancels.ask(order)

    def call_off(self, command: Command, by: CancelEntries) -> Ack | None:
        """The answer to a command that waits for its turn elsewhere and that `by` cancels; None if it stays."""
        covered = isinstance(command, PlaceOrder) and self.cancels.covers(by, command.request)
        return Ack(ok=False, denied=called_off_early()) if covered else None

    async def cancel_entries(self, command: CancelEntries) -> Ack:
        """Cancel every live order of ours that opens or adds."""
        called_off = self._turns.call_off_where(lambda request: self.cancels.covers(command, request))
        return self.cancels.cancel_entries(command, called_off)

    def _again(self, order_ref: str, account: str, con_id: int, side: Side | None) -> Ack | None:
        """The answer for a reference that was used before; None for a new one. A `side` of None fits both."""
        known = self._state.book.get(order_ref)
        if known is None and order_ref not in self._state.used_refs:
            return None
        if known is not None and not known.is_live and trading_day(known.changed) != trading_day(self._clock.utc()):
            known = None
        denial = not_repeated(known, order_ref, account, con_id, side)
        return Ack(ok=denial is None, denied=denial, order=known)


def _unrecorded(error: JournalError) -> Denial:
    code = DenialCode.JOURNAL_BUSY if isinstance(error, JournalBusyError) else DenialCode.HALTED
    return deny(code, f"Not sent: {error}")
