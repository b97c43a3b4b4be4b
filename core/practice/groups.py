"""Which orders belong together: children to their parents, and orders of which one cancels or reduces the others."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from core.practice.orders import Order, Status

#: OCA type 1; 2 and 3 reduce, which are the same where no order fills while another is on its way.
CANCEL_REST: Final = 1


class Groups:
    """Families and OCA groups of the live orders."""

    def __init__(self, orders: Iterable[Order]) -> None:
        self._children: dict[int, list[Order]] = {}
        self._groups: dict[str, list[Order]] = {}
        for order in orders:
            self.add(order)

    def add(self, order: Order) -> None:
        """Note what an order belongs to."""
        if order.parent_perm_id:
            self._children.setdefault(order.parent_perm_id, []).append(order)
        if order.oca_name:
            self._groups.setdefault(order.oca_name, []).append(order)

    def discard(self, order: Order) -> None:
        """Forget an order that ended."""
        for members in (self._children.get(order.parent_perm_id, []), self._groups.get(order.oca_name, [])):
            if order in members:
                members.remove(order)
        if not self._children.get(order.parent_perm_id, True):
            del self._children[order.parent_perm_id]
        if not self._groups.get(order.oca_name, True):
            del self._groups[order.oca_name]

    def children(self, order: Order) -> list[Order]:
        """Return the live orders that are attached to an order, in the order of their arrival."""
        return [child for child in self._children.get(order.perm_id, ()) if child.is_live]

    def others(self, order: Order) -> list[Order]:
        """Return the other live orders of an order's OCA group that were sent on."""
        group = self._groups.get(order.oca_name, ()) if order.oca_name else ()
        return [one for one in group if one is not order and one.is_live and one.status is not Status.HELD_BACK]


def share_of(child: Order, parent: Order) -> int:
    """Return how much of a child its parent's fills let go, in parts of the child's own size."""
    if parent.remaining <= 0:
        return child.terms.quantity
    return child.terms.quantity * parent.filled // parent.quantity


def reduction(other: Order, filled: Order, quantity: int) -> int:
    """Return by how much a fill reduces another order of its group: in proportion to their sizes."""
    before = filled.remaining + quantity
    part = Decimal(other.remaining * quantity) / max(before, 1)
    return min(int(part.quantize(Decimal(1), ROUND_HALF_UP)), other.remaining)
