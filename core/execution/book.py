"""Every order and execution that core knows of, by all the names under which the broker may speak of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec.structs import replace

from core.domain.executions import Execution, filled_and_average
from core.domain.orders import Order, Pending
from core.execution.working import Working


class OrderBook:
    """Orders by order_ref, permId and (client id, order id); executions by their stem."""

    def __init__(self) -> None:
        """Starts empty."""
        self._orders: dict[str, Order] = {}
        self._live: dict[str, Order] = {}
        """Those of them that may still fill: few among the days' thousands, and asked for all the time."""
        self._live_in: dict[tuple[str, int], dict[str, Order]] = {}
        self.working = Working()
        """What they may still fill, summed up."""
        self._by_perm_id: dict[int, str] = {}
        self._by_address: dict[tuple[int, int], str] = {}
        self._children: dict[str, list[str]] = {}
        self._executions: dict[str, Execution] = {}
        self._of_order: dict[str, dict[str, Execution]] = {}
        self._stem_of_exec_id: dict[str, str] = {}

    def put(self, order: Order) -> None:
        """Add an order, or replace what was known of it."""
        if order.parent_ref and order.order_ref not in self._orders:
            self._children.setdefault(order.parent_ref, []).append(order.order_ref)
        before = self._orders.get(order.order_ref)
        self.working.put(order)
        place = order.account, order.con_id
        if before is not None and (before.account, before.con_id) != place:
            self._live_in.get((before.account, before.con_id), {}).pop(order.order_ref, None)
        self._orders[order.order_ref] = order
        here = self._live_in.setdefault(place, {})
        if order.is_live:
            self._live[order.order_ref] = here[order.order_ref] = order
        else:
            self._live.pop(order.order_ref, None)
            here.pop(order.order_ref, None)
        if order.perm_id:
            self._by_perm_id[order.perm_id] = order.order_ref
        if order.order_id:
            self._by_address[order.client_id, order.order_id] = order.order_ref

    def get(self, order_ref: str) -> Order | None:
        """The order of that reference; None if there is none."""
        return self._orders.get(order_ref)

    def find(self, *, order_ref: str = "", perm_id: int = 0, client_id: int = -1, order_id: int = 0) -> Order | None:
        """The order by its best name: our reference, else the permanent number, else its address in this session.

        An address alone is trusted only while no other name contradicts it: order ids can be used again.
        """
        if order_ref and order_ref in self._orders:
            second = self._orders[self._by_perm_id.get(perm_id, order_ref)]
            return second if second.twin_of == order_ref else self._orders[order_ref]
        if perm_id and perm_id in self._by_perm_id:
            return self._orders[self._by_perm_id[perm_id]]
        known = self._by_address.get((client_id, order_id)) if order_id else None
        if known is None:
            return None
        order = self._orders[known]
        if order_ref and not order.external:
            return None
        return None if perm_id and order.perm_id and order.perm_id != perm_id else order

    def add_execution(self, execution: Execution) -> bool:
        """Keep an execution unless the same or a later revision is known. True if it changed anything."""
        known = self._executions.get(execution.stem)
        if known is not None and execution.revision < known.revision:
            return False
        if known is not None and execution.exec_id == known.exec_id and execution.commission is None:
            return False
        if execution == known:
            return False
        self._executions[execution.stem] = execution
        self._stem_of_exec_id[execution.exec_id] = execution.stem
        if execution.order_ref:
            self._of_order.setdefault(execution.order_ref, {})[execution.stem] = execution
        return True

    def latest(self, stem: str) -> Execution | None:
        """The revision that stands of a fill; None if it was never heard of."""
        return self._executions.get(stem)

    def adopt_executions(self, order: Order) -> list[Execution]:
        """Give an order the executions of its permanent number that came before it was known; returns those."""
        adopted = [
            replace(execution, order_ref=order.order_ref)
            for execution in self._executions.values()
            if execution.perm_id == order.perm_id and execution.order_ref != order.order_ref
        ]
        for execution in adopted:
            self._executions[execution.stem] = execution
            self._of_order.setdefault(order.order_ref, {})[execution.stem] = execution
        return adopted

    def execution(self, exec_id: str) -> Execution | None:
        """The execution that stands for `exec_id`; None if it was never heard of."""
        stem = self._stem_of_exec_id.get(exec_id)
        return None if stem is None else self._executions[stem]

    def filled(self, order_ref: str) -> tuple[Decimal, Decimal | None]:
        """Units filled of an order and their average price, from executions alone; (0, None) without any.

        Of a combination its own fills count; those of its legs, which carry the same reference, don't.
        """
        fills: Iterable[Execution] = self._of_order.get(order_ref, {}).values()
        order = self._orders.get(order_ref)
        if order is not None and order.con_id < 0:
            fills = [fill for fill in fills if fill.con_id == order.con_id]
        return filled_and_average(fills)

    def orders(self) -> Iterator[Order]:
        """Every order, in the order of arrival."""
        return iter(self._orders.values())

    def live(self) -> list[Order]:
        """Orders of which some may still fill: ours and other clients'."""
        return list(self._live.values())

    def live_in(self, account: str, con_id: int) -> list[Order]:
        """The same in one instrument of one account."""
        return list(self._live_in.get((account, con_id), {}).values())

    def attached(self, order_ref: str) -> list[Order]:
        """Every order that is or was attached to an order, in the order of arrival."""
        return [self._orders[child] for child in self._children.get(order_ref, ())]

    def children(self, order_ref: str) -> list[Order]:
        """The live orders that are attached to an order, in the order of arrival."""
        return [child for child in self.attached(order_ref) if child.is_live]

    def twins(self, order: Order) -> list[Order]:
        """The other live orders under the reference of `order`: there should never be one."""
        root = order.twin_of or order.order_ref
        return [
            other
            for other in self._live.values()
            if other.order_ref != order.order_ref and root in (other.order_ref, other.twin_of)
        ]

    def goes_with_another(self, order: Order) -> bool:
        """True if the broker ends `order` because of another: its parent was cancelled, or one of its group filled."""
        if order.parent_ref:
            parent = self._orders.get(order.parent_ref)
            if parent is not None and (not parent.is_live or parent.pending is Pending.CANCEL):
                return True
            others = [self._orders[child] for child in self._children[order.parent_ref]]
        elif order.oca is not None:
            group = order.oca.group
            others = [one for one in self._orders.values() if one.oca is not None and one.oca.group == group]
        else:
            return False
        return any(
            other.order_ref != order.order_ref and (other.filled > 0 or other.pending is Pending.CANCEL)
            for other in others
        )

    def executions(self) -> Iterable[Execution]:
        """The executions that stand."""
        return self._executions.values()
