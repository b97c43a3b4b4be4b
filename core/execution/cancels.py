"""Cancels: they never wait for a control, the journal or another command."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from msgspec.structs import replace

from core.clock import Clock
from core.domain.commands import Ack, CancelEntries, Cancelled, CancelOrder, Denial, DenialCode
from core.domain.entries import CancelAsked
from core.domain.events import OrderChanged
from core.domain.orders import Order, OrderRequest, OrderState, Pending
from core.domain.positions import reduced_by
from core.execution.changes import ended
from core.execution.publisher import Publisher
from core.execution.refusals import deny, refuse
from core.execution.sends import Sends
from core.execution.state import DeskState
from core.ports import Broker
from core.text import mask_account

SURE_SECONDS = 30.0
"""Within this a cancel that may end either of two orders has to be asked for again."""


class Cancels:
    """Asks the broker to cancel orders of ours."""

    def __init__(
        self,
        broker: Broker,
        state: DeskState,
        publisher: Publisher,
        sends: Sends,
        recording: set[str],
        clock: Clock,
        *,
        read_only: bool,
    ) -> None:
        """`recording` names the new orders whose intent is being committed: no frame of them exists yet."""
        self._broker = broker
        self._state = state
        self._publisher = publisher
        self._sends = sends
        self._recording = recording
        self._read_only = read_only
        self._clock = clock
        self._asked_once: dict[str, float] = {}

    def cancel(self, command: CancelOrder) -> Ack:
        """Ask for one cancel; it passes every gate but the connection."""
        order = self._state.book.get(command.order_ref)
        if order is None:
            return unknown(command.order_ref)
        denial = self.why_not(order) or self._ambiguous(order)
        if denial is not None:
            return Ack(ok=False, denied=denial, order=order)
        return Ack(ok=True, order=self.ask(order))

    def _ambiguous(self, order: Order) -> Denial | None:
        """A cancel names an address, and two live orders may share one: then it is asked for twice."""
        shared = [
            twin
            for twin in self._state.book.twins(order)
            if (twin.client_id, twin.order_id) == (order.client_id, order.order_id)
        ]
        if not shared:
            return None
        now, asked = self._clock.mono(), self._asked_once.get(order.order_ref)
        self._asked_once[order.order_ref] = now
        if asked is not None and now - asked <= SURE_SECONDS:
            return None
        text = (
            f"#{order.number} and #{shared[0].number} are one order twice and share an address at IBKR: a cancel ends "
            f"one of them, nobody knows which. Not sent. To send it, cancel again within {SURE_SECONDS:.0f} s, then "
            "look which one is left; or cancel in TWS."
        )
        return deny(DenialCode.AMBIGUOUS, text)

    def covers(self, command: CancelEntries, order: Order | OrderRequest) -> bool:
        """True for what `command` cancels, an order that has not been sent yet too."""
        if self._state.positions is None or command.con_id not in (None, order.con_id):
            return False
        return not self._protects(order) or self.ends_with_parent(order)

    def cancel_entries(self, command: CancelEntries, called_off: Sequence[str] = ()) -> Ack:
        """Cancel every live order of ours that opens or adds; what reduces a position stays and is named.

        `called_off` are those that waited for their turn and will not be sent.
        """
        if self._state.positions is None:
            text = "Nothing was cancelled: positions are not read yet, so entries can't be told from exits. Try again."
            return refuse(DenialCode.NOT_RECONCILED, text)
        asked = list(called_off)
        kept: list[str] = []
        denied: Denial | None = None
        for order in self._state.book.live():
            if order.external or (command.con_id is not None and order.con_id != command.con_id):
                continue
            if self.ends_with_parent(order):
                continue
            if self._protects(order):
                kept.append(order.order_ref)
                continue
            denial = self.why_not(order)
            if denial is None:
                asked.append(self.ask(order).order_ref)
            denied = denied or denial
        if denied is not None and not asked:
            return Ack(ok=False, denied=denied)
        return Ack(ok=True, result=Cancelled(asked=tuple(asked), kept=tuple(kept)))

    def _protects(self, order: Order | OrderRequest) -> bool:
        position = self._state.held(order.account, order.con_id)
        return position is not None and reduced_by(position.quantity, order.side)

    def ends_with_parent(self, order: Order | OrderRequest) -> bool:
        """True for what is attached to an entry that has not traded: the broker cancels it with that."""
        parent = self._state.book.get(order.parent_ref) if order.parent_ref else None
        return parent is not None and parent.is_live and not parent.filled

    def why_not(self, order: Order) -> Denial | None:
        """Why a cancel of the order can't be sent now; None if it can."""
        if order.external:
            text = f"{order.text} belongs to another client. Cancel it where it was placed."
            return deny(DenialCode.EXTERNAL, text)
        if not order.is_live:
            return ended(order)
        if self._read_only:
            return deny(DenialCode.READ_ONLY, "This profile is read-only: cancels are not sent. Set readonly = false.")
        if not self._state.connection.accounts:
            reason = self._state.connection.problem or "there is no connection to the broker"
            return deny(DenialCode.NOT_CONNECTED, f"The cancel of {order.text} was not sent: {reason}")
        if self._is_elsewhere(order):
            text = (
                f"{order.text} belongs to {mask_account(order.account)}, which is not behind this connection. Its "
                "cancel was not sent: by its number it could end another order. Log in there, or cancel in TWS."
            )
            return deny(DenialCode.ACCOUNT, text)
        return None

    def _is_elsewhere(self, order: Order) -> bool:
        """True for an order of a login that is not the connected one: there its address names another order."""
        accounts = self._state.connection.accounts
        return bool(accounts) and order.account not in accounts

    def everything(self) -> Awaitable[None] | None:
        """Send the word to cancel every order of every client; None where no cancel can be sent now."""
        if self._read_only or not self._state.connection.accounts:
            return None
        return self._broker.cancel_everything()

    def ask(self, order: Order) -> Order:
        """Send the cancel of a live order, or see to it that an order without a frame gets none.

        For an order of another login nothing is done.
        """
        if self._is_elsewhere(order):
            return order
        # Before its first frame exists there is nothing to cancel at the broker: it will not be sent.
        sending = None if order.order_ref in self._recording else self._broker.cancel(order.order_id)
        asked = replace(order, pending=Pending.CANCEL, revision=order.revision + 1)
        self._state.book.put(asked)
        self._publisher.facts([OrderChanged(order=asked)], heard=[CancelAsked(order_ref=order.order_ref)])
        if sending is not None:
            self._sends.follow(order.order_ref, sending, self._sends.cancel_sent)
            self._withdraw_children(order)
        return self._state.book.get(order.order_ref) or asked

    def _withdraw_children(self, parent: Order) -> None:
        """What is attached and has not left yet would find no parent."""
        for child in self._state.book.children(parent.order_ref):
            if child.state is OrderState.INTENT and child.order_ref not in self._recording:
                self.ask(child)


def unknown(order_ref: str) -> Ack:
    """The answer about an order that nobody has heard of."""
    text = f"No order {order_ref} is known here. Look at the orders pane and choose one."
    return refuse(DenialCode.UNKNOWN_ORDER, text)
