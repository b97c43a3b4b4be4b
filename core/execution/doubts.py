"""Orders whose outcome nobody knows: when a doubt begins, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core.clock import Clock
from core.domain.alerts import AlertKind
from core.domain.events import Fact, OrderChanged, Severity
from core.domain.orders import Order, OrderState, Pending, Side
from core.execution.incidents import incident
from core.execution.publisher import Publisher
from core.execution.state import DeskState, lose_touch

ACK_SECONDS = 10.0
"""An order, a change or a cancel without any answer for this long is looked up; a new order is UNKNOWN."""
NOT_HEARD = "no answer from IBKR"


class Doubts:
    """Moves orders into doubt and publishes every change that a look at them made."""

    def __init__(self, state: DeskState, publisher: Publisher, clock: Clock, withdraw: Callable[[int], bool]) -> None:
        """`withdraw` takes back the order of an id that waits for its turn; True if it never left."""
        self._withdraw = withdraw
        self._state = state
        self._publisher = publisher
        self._clock = clock
        self._waiting: dict[str, tuple[int, float]] = {}
        """Since when a change or cancel is pending, monotonic, by order and its revision."""

    def change(self, orders: Iterable[Order]) -> None:
        """Keep and publish what is different; an order of ours that became UNKNOWN alarms."""
        facts: list[Fact] = []
        for order in orders:
            before = self._state.book.get(order.order_ref)
            if order == before:
                continue
            self._state.book.put(order)
            facts.append(OrderChanged(order=order))
            newly = before is None or before.state is not order.state
            if newly and order.state is OrderState.UNKNOWN and not order.external:
                told = incident(
                    self._state,
                    self._clock,
                    _doubt(order),
                    Severity.ALARM,
                    order.order_ref,
                    kind=AlertKind.ORDER,
                    cause=OrderState.UNKNOWN,
                )
                facts.append(told)
        self._publisher.facts(facts)

    def in_flight(self, note: str) -> None:
        """Whatever hangs on an answer of the broker hangs in the air now: UNKNOWN, with the reason."""
        now = self._clock.utc()
        self.change(lose_touch(order, now, note) for order in self._state.in_flight())

    def overdue(self) -> bool:
        """Doubt new orders that nobody has answered in time. True if the books should be read for something.

        One that still waits for its turn is taken back instead: whoever sent it hears that it never left.
        """
        now = self._clock.utc()
        late = [
            order
            for order in self._state.in_flight()
            if (now - order.changed).total_seconds() >= ACK_SECONDS
            and not (order.state is OrderState.INTENT and self._withdraw(order.order_id))
        ]
        self.change(lose_touch(order, now, NOT_HEARD) for order in late)
        return bool(late) or bool(self.unanswered())

    def unanswered(self) -> list[Order]:
        """Live orders of ours of which a change or a cancel has waited for its answer for too long."""
        now = self._clock.mono()
        asked = [o for o in self._state.book.live() if o.pending is not Pending.NONE and not o.external]
        waiting: dict[str, tuple[int, float]] = {}
        for order in asked:
            revision, since = self._waiting.get(order.order_ref, (order.revision, now))
            waiting[order.order_ref] = order.revision, since if revision == order.revision else now
        self._waiting = waiting
        return [order for order in asked if now - waiting[order.order_ref][1] >= ACK_SECONDS]


def _doubt(order: Order) -> str:
    done = "bought" if order.side is Side.BUY else "sold"
    return (
        f"#{order.number} {order.text}: {order.note}. It may be working. It counts as {order.remaining.normalize():f} "
        f"{done}. Don't send it again; it is being looked up."
    )
