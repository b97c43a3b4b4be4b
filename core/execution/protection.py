"""Whether a position that was to have a stop has one.

Only positions are looked at that were guarded: ones with a stop of ours since they were opened, be it attached to the
entry or sent later. A trader who works without stops is not told that there are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from core.domain.order_types import STOPS
from core.domain.orders import Order, OrderState, Pending
from core.execution.book import OrderBook
from core.execution.holdings import Holdings, Key

_ZERO = Decimal(0)


def naked_cause(account: str, con_id: int) -> str:
    """What alerts about the missing stop of one position are folded by."""
    return f"{account} {con_id}"


class Guarded:
    """Which positions have had a stop of ours since they were opened, by the orders and fills that were heard.

    The same news give the same answer, so that the journal alone brings it back.
    """

    def __init__(self, recorded: Iterable[tuple[str, int, int]] = ()) -> None:
        """`recorded` is what an earlier one knew."""
        self._signs: dict[Key, int] = {(account, con_id): sign for account, con_id, sign in recorded}

    def __contains__(self, key: Key) -> bool:
        return key in self._signs

    def __iter__(self) -> Iterator[Key]:
        """Account and contract of each."""
        return iter(tuple(self._signs))

    def recorded(self) -> tuple[tuple[str, int, int], ...]:
        """Account and contract of each, and 1 for a long one, -1 for a short one."""
        return tuple((account, con_id, sign) for (account, con_id), sign in sorted(self._signs.items()))

    def order(self, order: Order, book: OrderBook, holdings: Holdings) -> None:
        """An order stands as it does in `book`: it may be the stop of a position, or the entry of a bracket."""
        if order.external:
            return
        key = order.account, order.con_id
        held = _held(holdings, key)
        if not held or key in self._signs:
            return
        stops = [order, *book.attached(order.order_ref)] if order.filled else [order]
        if any(_guards(stop, held) and _was_wanted(stop, order) for stop in stops):
            self._signs[key] = _sign(held)

    def position(self, key: Key, holdings: Holdings) -> None:
        """What is held of one instrument may have changed: flat or turned round it is no longer what was guarded."""
        held = _held(holdings, key)
        if key in self._signs and held is not None and _sign(held) != self._signs[key]:
            del self._signs[key]


def missing(quantity: Decimal, orders: Iterable[Order], book: OrderBook) -> Decimal:
    """Units of a position that no stop among these live orders of its account and instrument would close.

    Another client's stop counts. One whose outcome is not known does not, nor one that IBKR holds back, nor one that is
    being cancelled; one that waits for its entry counts as far as that has filled. Of a group in which one cancels the
    others the largest counts.
    """
    groups: dict[str, Decimal] = {}
    for order in orders:
        if _guards(order, quantity) and order.state is OrderState.WORKING and order.pending is not Pending.CANCEL:
            group = order.oca.group if order.oca is not None else order.order_ref
            groups[group] = max(groups.get(group, _ZERO), _closes(order, book))
    return max(_ZERO, abs(quantity) - sum(groups.values(), _ZERO))


def _closes(stop: Order, book: OrderBook) -> Decimal:
    """Units that a working stop would close now; the fewer while a change of it is pending."""
    whole = stop.quantity if stop.previous is None else min(stop.quantity, stop.previous.quantity)
    entry = book.get(stop.parent_ref) if stop.parent_ref else None
    left = max(_ZERO, whole - stop.filled)
    return left if entry is None or not entry.is_live else min(left, entry.filled)


def _guards(order: Order, held: Decimal) -> bool:
    return order.order_type in STOPS and held * order.side.sign < 0


def _was_wanted(stop: Order, order: Order) -> bool:
    """True for a stop that was meant to stand: attached to what filled, or live while the position is held."""
    return stop is not order or stop.is_live


def _held(holdings: Holdings, key: Key) -> Decimal | None:
    return None if holdings.expected is None else holdings.expected.get(key, _ZERO)


def _sign(held: Decimal) -> int:
    return (held > 0) - (held < 0)
