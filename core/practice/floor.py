"""The floor: accepted orders on their way to the exchange, at work there, and at their end, with all that follows.

A fill may let children work, cancel or reduce the rest of a group; an end may take children along. What time, the
market or conditions start and end is looked at in every step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from core.practice import algos, groups, revisions, wire
from core.practice.exchange import Exchange
from core.practice.groups import Groups, reduction, share_of
from core.practice.holding import Holding, Regular
from core.practice.ledger import Ledger
from core.practice.margins import Margins
from core.practice.orders import CLOSE_TYPES, Order, Status
from core.practice.terms import RefusedError

_CANCELLED: Final = "Order Canceled - reason:"
_AT_ONCE: Final = frozenset({"IOC", "FOK"})


class Outbox(Protocol):
    """Where the desk's messages go."""

    def to_client(self, client_id: int, data: bytes) -> None:
        """Queue a message for a client; nothing happens if it is not connected."""

    def position_changed(self, account: str, con_id: int) -> None:
        """Note that cash and this position changed."""


class Floor:
    """The live orders and the exchange; tells clients what becomes of their orders."""

    def __init__(self, ledger: Ledger, outbox: Outbox, now: Callable[[], float], regular: Regular | None) -> None:
        """Take over the working orders; `regular` tells an instrument's regular hours, None is a market always on."""
        self._ledger = ledger
        self._outbox = outbox
        self._now = now
        self.exchange = Exchange(ledger.market, self.fill, self._triggered, ledger.save_order)
        self.margins = Margins(ledger, self.exchange)
        self.holding = Holding(ledger, now, regular)
        self.groups = Groups(ledger.live_orders())
        #: Orders that time or the market may start, end or change, by permanent id.
        self._attended: dict[int, Order] = {}
        #: Triggered orders of this step that may not wait, and parents that filled.
        self._at_once: list[Order] = []
        self._parents: list[Order] = []
        for order in ledger.live_orders():
            if order.status is not Status.HELD_BACK:
                if not self.holding.holds(order):
                    self.exchange.restore(order)
                self._attend(order)

    @property
    def busy(self) -> bool:
        """Whether any order needs the market's clock."""
        return self.exchange.busy or bool(self._attended)

    def activate(self, order: Order) -> None:
        """Send a new order on: to the exchange, or to wait for what holds it."""
        terms, stop = order.terms, order.waits_for_stop
        held = self.holding.holds(order)
        try:
            if not order.parent_perm_id:
                self.margins.check(order)
        except RefusedError as refusal:
            self._reject(order, refusal)
            return
        if terms.tif == "FOK" and not stop and not held and self.exchange.fillable(order) < order.remaining:
            self._kill(order)
            return
        if terms.outside_rth and (terms.order_type == "MKT" or terms.for_auction):
            self.error(order.client_id, order.order_id, revisions.OUTSIDE_IGNORED)
        if self.holding.is_closed(order) and not terms.for_auction:
            self.error(order.client_id, order.order_id, revisions.not_yet(order, self.holding.opens(order)))
        waits = stop or held
        order.status = Status.PRE_SUBMITTED if waits or order.is_buy or order.limit is not None else Status.SUBMITTED
        self._explain(order)
        self._attend(order)
        self.tell(order)
        if not held:
            self._enter(order)
            if not stop and order.is_live and not order.filled and order.status is Status.PRE_SUBMITTED:
                order.status = Status.SUBMITTED
                self.tell(order)
        self._ledger.save_order(order)

    def _reject(self, order: Order, refusal: RefusedError) -> None:
        self.exchange.remove(order)
        self._ledger.finish(order, Status.INACTIVE, f"Rejected by System: {refusal.text}", self._now())
        self.error(order.client_id, order.order_id, refusal)
        self.tell(order)
        self._ended(order)

    def _kill(self, order: Order) -> None:
        self._ledger.finish(order, Status.INACTIVE, "Cancelled by System: fill or kill", self._now())
        self.tell(order)
        self._ended(order)

    def _explain(self, order: Order) -> None:
        """Say why an order is held: for its parent, for its price."""
        child = order.parent_perm_id and not order.filled and not order.available
        words = ["child"] if child else []
        if order.waits_for_stop:
            words.append("trigger")
        order.why_held = ",".join(words)

    def _attend(self, order: Order) -> None:
        if self.holding.needs_look(order):
            self._attended[order.perm_id] = order

    def _enter(self, order: Order) -> None:
        algo = order.terms.algo
        if algo is not None:
            self._release(order)
        self.exchange.enter(order)
        if order.remaining > 0 and order.is_live and order.terms.tif in _AT_ONCE and not order.waits_for_stop:
            self.end(order, "Cancelled by System: immediate or cancel", pending=True)

    def end(
        self, order: Order, reason: str, canceller: int | None = None, *, pending: bool = False, told: bool = False
    ) -> None:
        """Cancel an order; `pending` says PendingCancel before, `told` says error 202 after."""
        self.exchange.remove(order)
        clients = sorted({order.client_id, order.client_id if canceller is None else canceller})
        words = wire.order_status(order, Status.PENDING_CANCEL, canceller) if pending else b""
        self._ledger.finish(order, Status.CANCELLED, reason, self._now())
        words += wire.order_status(order, None, canceller)
        if told:
            words += wire.error(order.order_id, 202, _CANCELLED)
        for client_id in clients:
            self._outbox.to_client(client_id, words)
        self._ended(order)

    def _ended(self, order: Order) -> None:
        """Do what follows from the end of an order that did not fill completely."""
        self._attended.pop(order.perm_id, None)
        for child in self.groups.children(order):
            if not order.filled:
                self.end(child, "Cancelled by System: parent cancelled", told=True)
            else:
                self._shrink(child, child.remaining - child.available)
        self.groups.discard(order)
        parent = self._ledger.orders.get(order.parent_perm_id)
        if parent is not None and parent.is_live and order.sent.flag("autoCancelParent"):
            self.end(parent, "Cancelled by System: child cancelled", told=True)

    def _shrink(self, order: Order, quantity: int) -> None:
        """Take something off an order's size; nothing left ends it."""
        if quantity <= 0:
            return
        order.cut += quantity
        if order.remaining <= 0:
            self.end(order, "Cancelled by System: OCA group or parent", told=True)
            return
        self._ledger.save_order(order)
        if order.status is not Status.HELD_BACK:
            self.tell(order)

    def step(self) -> None:
        """Match what works against the market's new step, after what time and conditions started or ended."""
        for order in list(self._attended.values()):
            if not order.is_live:
                del self._attended[order.perm_id]
            elif order.status is not Status.HELD_BACK:
                self._look(order)
        self.exchange.step()
        for order in self._at_once:
            if order.is_live:
                self.end(order, "Cancelled by System: immediate or cancel", pending=True)
        self._at_once.clear()
        self.settle()

    def _look(self, order: Order) -> None:
        """Look at an order that time or the market may start, end or change."""
        if self.holding.is_over(order):
            self.end(order, "Cancelled by System: its time is over or its conditions are met", told=True)
        elif order.terms.for_auction:
            if self._now() >= self.holding.auction_at(order):
                self._auction(order)
        elif self.exchange.works(order):
            if self.holding.is_closed(order):
                self.exchange.remove(order)
            elif order.terms.algo is not None and not order.waits_for_stop:
                self._release(order)
        elif not self.holding.holds(order):
            self._start(order)

    def _release(self, order: Order) -> None:
        """Let an algorithm decide how much of an order may fill."""
        algo, quote = order.terms.algo, self.holding.quote(order.instrument.con_id)
        if algo is not None and quote is not None and self._now() >= algo.start:
            algos.release(order, algo, quote, self._ledger.market.step, self.holding.session_end(order))
            self.exchange.touch(order)
        elif order.released is None:
            order.released = 0

    def resume(self, order: Order, *, keeps_place: bool) -> None:
        """Let an order go on with new terms, in its place in the queue or at its end."""
        held = self.holding.holds(order)
        order.status = Status.PRE_SUBMITTED if held or order.waits_for_stop else Status.SUBMITTED
        self._explain(order)
        self._attend(order)
        self._ledger.save_order(order)
        self.tell(order)
        if keeps_place:
            self.exchange.restore(order)
        elif not held:
            self._enter(order)
            self._ledger.save_order(order)

    def _start(self, order: Order) -> None:
        """Let an order work that had to wait."""
        if not self.holding.needs_look(order):
            self._attended.pop(order.perm_id, None)
        try:
            self.margins.check(order)
        except RefusedError as refusal:
            self._reject(order, refusal)
            return
        stop = order.waits_for_stop
        if order.terms.tif == "FOK" and not stop and self.exchange.fillable(order) < order.remaining:
            self._kill(order)
            return
        order.status = Status.PRE_SUBMITTED if stop else Status.SUBMITTED
        self._explain(order)
        self.tell(order)
        self._enter(order)
        self._ledger.save_order(order)

    def _auction(self, order: Order) -> None:
        """Fill an order in its auction at one price, or end it if its limit does not accept that."""
        quote = self._ledger.market.quotes[order.instrument.con_id]
        limit, price = order.limit, min(max(quote.last, quote.bid), quote.ask)
        if limit is None or (price <= limit if order.is_buy else price >= limit):
            self.fill(order, price, order.remaining, waited=False)
        else:
            place = "closing" if order.terms.order_type in CLOSE_TYPES else "opening"
            self.end(order, f"Cancelled by System: not filled in the {place} auction", told=True)

    def tell(self, order: Order) -> None:
        """Tell the client of an order how it stands: openOrder, then orderStatus."""
        self._outbox.to_client(order.client_id, wire.open_order(order) + wire.order_status(order))

    def error(self, client_id: int, order_id: int, refusal: RefusedError) -> None:
        """Tell a client of a refusal or a warning."""
        self._outbox.to_client(client_id, wire.error(order_id, refusal.code, refusal.text))

    def _triggered(self, order: Order) -> None:
        order.status = Status.SUBMITTED
        self._explain(order)
        if order.terms.tif in _AT_ONCE:
            self._at_once.append(order)
        self._ledger.save_order(order)
        self.tell(order)

    def fill(self, order: Order, units: int, quantity: int, waited: bool) -> None:
        """Book a fill at a price in units and tell the client; `waited` is whether the order stood in a queue."""
        fill = self._ledger.fill(order, units, quantity, waited=waited, now=self._now())
        self._outbox.to_client(
            order.client_id,
            wire.execution(fill, order.instrument)
            + wire.open_order(order)
            + wire.order_status(order)
            + wire.commission(fill),
        )
        for leg in self._ledger.legs_of(fill):
            instrument = self._ledger.instrument(leg)
            self._outbox.to_client(order.client_id, wire.execution(leg, instrument) + wire.commission(leg))
            self._outbox.position_changed(order.account, leg.con_id)
        if not order.instrument.legs:
            self._outbox.position_changed(order.account, order.instrument.con_id)
        self._reduce_others(order, quantity)
        self._parents.append(order)

    def _reduce_others(self, order: Order, quantity: int) -> None:
        """Cancel or reduce the rest of an OCA group; at once, so that no other of them fills in the same step."""
        for other in self.groups.others(order):
            if order.remaining <= 0 or order.terms.oca_type == groups.CANCEL_REST:
                self.end(other, "Cancelled by System: OCA group", told=True)
            else:
                self._shrink(other, reduction(other, order, quantity))

    def settle(self) -> None:
        """Let children work as far as their parents filled, until nothing follows any more."""
        while self._parents:
            parents, self._parents = self._parents, []
            for parent in parents:
                for child in self.groups.children(parent):
                    child.released = max(child.released or 0, share_of(child, parent))
                    if child.status is Status.HELD_BACK:
                        continue
                    if self.exchange.works(child):
                        self.exchange.touch(child)
                    elif not self.holding.holds(child):
                        self._start(child)
                if not parent.is_live:
                    self._attended.pop(parent.perm_id, None)
                    self.groups.discard(parent)
