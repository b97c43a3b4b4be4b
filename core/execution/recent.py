"""What was sent lately: the facts by which slips, repeats and walking prices are judged."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from decimal import Decimal
from statistics import median

from core.domain.limits import Limits
from core.domain.orders import Order, OrderRequest, OrderSpec, Side
from core.execution.windows import Window
from core.risk.behaviour import Asked, Recent
from core.risk.circumstances import Circumstances
from core.risk.repeats import REPEAT_SECONDS, REPEATS
from core.risk.walking import level

USUAL_OF = 10
"""Orders in an instrument of which the median quantity is the usual one."""
FEWEST = 3
"""Nothing is usual after fewer orders."""
TWINS = 100
"""So many of the last orders of one content are looked through for one that a second would double."""

_Place = tuple[str, int, Side]


class RecentOrders:
    """Follows every order and change that core approves; time is that of the loop, so that no clock turns it back."""

    def __init__(self, order: Callable[[str], Order | None]) -> None:
        """`order` finds an order as it stands by its reference."""
        self._order = order
        self._levels: Window[_Place, Decimal] = Window()
        self._twins: Window[Hashable, str] = Window(TWINS)
        self._repeats: Window[str, None] = Window(REPEATS)
        self._quantities: dict[int, deque[Decimal]] = {}

    def recover(self, orders: Iterable[Order], now: datetime, mono: float) -> None:
        """Take in what an earlier run of core sent; `now` and `mono` are the same moment.

        Where orders met the market, and which were repeats, is not recorded: these windows begin anew.
        """
        for order in sorted(orders, key=lambda one: one.created):
            if not order.external and not order.parent_ref:
                # A clock that was put back makes an order younger, never older.
                age = max(0.0, (now - order.created).total_seconds())
                self._twins.add(_content(order, order.account, order.con_id), order.order_ref, mono - age)
                self._note_quantity(order)

    def place(self, request: OrderRequest, asked: Asked, around: Circumstances, mono: float) -> None:
        """A new order that stands alone was approved, and is about to be recorded."""
        self.change(request, around, mono)
        self._twins.add(_content(request, request.account, request.con_id), request.order_ref, mono)
        self._note_quantity(request)
        if self._repeats_one(request, asked):
            self._repeats.add(request.account, None, mono)

    def change(self, request: OrderRequest, around: Circumstances, mono: float) -> None:
        """An order was approved, or a change of one to `request`."""
        met = level(request, around)
        if met is not None:
            self._levels.add((request.account, request.con_id, request.side), met, mono)

    def facts(self, request: OrderRequest, asked: Asked, limits: Limits, mono: float) -> Recent:
        """What matters of it for a request."""
        place = request.account, request.con_id, request.side
        first = self._levels.first(place, mono - limits.walk_seconds)
        twin = self._twin(request, mono - limits.duplicate_seconds)
        repeats = None
        if self._repeats_one(request, asked):
            repeats = sum(1 for _ in self._repeats.newest(request.account, mono - REPEAT_SECONDS))
        quantities = self._quantities.get(request.con_id, ())
        return Recent(
            first_level=None if first is None else first[1],
            first_age=0.0 if first is None else mono - first[0],
            twin="" if twin is None else twin[1].name,
            twin_age=0.0 if twin is None else mono - twin[0],
            repeats=repeats,
            usual=median(quantities) if len(quantities) >= FEWEST else None,
        )

    def _twin(self, request: OrderRequest, moment: float) -> tuple[float, Order] | None:
        """The newest order of the same content that a second one would double: not one that ended without a fill."""
        for at, order_ref in self._twins.newest(_content(request, request.account, request.con_id), moment):
            order = self._order(order_ref)
            if order is not None and order_ref != request.order_ref and (order.is_live or order.filled):
                return at, order
        return None

    def _repeats_one(self, request: OrderRequest, asked: Asked) -> bool:
        """True for a repeat by a key, of an order that is known and of the same kind."""
        first = self._order(asked.repeat_of) if asked.repeat_of else None
        if first is None or first.external:
            return False
        return (first.account, first.con_id, first.side) == (request.account, request.con_id, request.side)

    def _note_quantity(self, order: Order | OrderRequest) -> None:
        kept = self._quantities.setdefault(order.con_id, deque(maxlen=USUAL_OF))
        if order.quantity.is_finite():
            kept.append(order.quantity)


def _content(spec: OrderSpec, account: str, con_id: int) -> Hashable:
    """What makes two orders the same order sent twice."""
    return (
        account,
        con_id,
        spec.side,
        spec.quantity,
        spec.order_type,
        spec.limit_price,
        spec.stop_price,
        spec.trail,
        spec.offset,
    )
