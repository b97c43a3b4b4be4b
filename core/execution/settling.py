"""Orders of unknown outcome that a person settles: only after enough looking, and never against evidence."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from core.clock import Clock
from core.domain.commands import Ack, Denial, DenialCode, SettleOrder, Verdict
from core.domain.entries import Settled
from core.domain.events import OrderChanged, Severity
from core.domain.orders import Order, OrderState, Pending
from core.domain.transitions import Trigger, transition
from core.errors import JournalError
from core.execution.cancels import unknown
from core.execution.incidents import incident
from core.execution.publisher import Publisher
from core.execution.reconcile import CHECKS_TO_SETTLE
from core.execution.state import DeskState
from core.ports import Journal

_TRIGGERS = {Verdict.NOT_PLACED: Trigger.PRESUMED, Verdict.ENDED: Trigger.CANCELLED}
_WORDS = {Verdict.NOT_PLACED: "never placed", Verdict.ENDED: "ended"}


class Settling:
    """Takes a trader's word, writes it down, and lets the order count no longer."""

    def __init__(self, state: DeskState, journal: Journal, publisher: Publisher, clock: Clock) -> None:
        """All parts are those of the one service."""
        self._state = state
        self._journal = journal
        self._publisher = publisher
        self._clock = clock

    async def settle(self, command: SettleOrder, client: str) -> Ack:
        """Settle an order by the word of whoever is at `client`."""
        order = self._state.book.get(command.order_ref)
        if order is None:
            return unknown(command.order_ref)
        denial = why_not_settled(order, command.verdict)
        if denial is not None:
            return Ack(ok=False, denied=denial, order=order)
        said = Settled(
            order_ref=order.order_ref,
            verdict=command.verdict,
            client=client,
            checks=order.checks,
            time=self._clock.utc(),
        )
        try:
            await self._journal.commit([said])
        except JournalError as error:
            return Ack(ok=False, denied=Denial(code=DenialCode.HALTED, message=f"Not settled: {error}"), order=order)
        # What was heard while it was written down outranks a word.
        order = self._state.book.get(command.order_ref) or order
        denial = why_not_settled(order, command.verdict)
        if denial is not None:
            return Ack(ok=False, denied=denial, order=order)
        return Ack(ok=True, order=self._move(order, command.verdict, client))

    def _move(self, order: Order, verdict: Verdict, client: str) -> Order:
        state = transition(order.state, _TRIGGERS[verdict]) or order.state
        note = f"{_WORDS[verdict]}, by your word; {order.note}"
        settled = replace(
            order,
            state=state,
            changed=self._clock.utc(),
            pending=Pending.NONE,
            previous=None,
            by_word=True,
            note=note,
            code=None,
        )
        self._state.book.put(settled)
        text = (
            f"{order.name} was settled as {_WORDS[verdict]} at {client} after {order.checks} full "
            "checks. It counts no longer. If it fills after all, the fill counts."
        )
        told = incident(self._state, self._clock, text, Severity.INFO, order.order_ref)
        self._publisher.facts([OrderChanged(order=settled), told])
        return settled


def why_not_settled(order: Order, verdict: Verdict) -> Denial | None:
    """Why a person's word does not settle the order as it stands; None if it does."""
    name = order.name
    if order.external:
        text = f"{name} belongs to another client, which knows what became of it. Look there."
        return Denial(code=DenialCode.EXTERNAL, message=text)
    if order.state is not OrderState.UNKNOWN:
        return _deny(f"{name} is {order.state.lower().replace('_', ' ')}, not unknown: there is nothing to settle.")
    if verdict is Verdict.NOT_PLACED and (order.perm_id is not None or order.filled > Decimal(0)):
        shown = f"{order.filled.normalize():f} filled" if order.filled else f"IBKR's number {order.perm_id}"
        return _deny(
            f"{name} was placed ({shown}). Look into TWS; once it works no longer there, type: ended. Not settled."
        )
    if order.checks < CHECKS_TO_SETTLE:
        return _deny(
            f"{name}: {order.checks} of {CHECKS_TO_SETTLE} full checks have found nothing of it so far. Wait for the "
            "rest, and look into TWS meanwhile. Not settled."
        )
    return None


def _deny(message: str) -> Denial:
    return Denial(code=DenialCode.NOT_SETTLED, message=message)
