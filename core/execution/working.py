"""What works in each account, instrument and on each side: sums that follow every change of an order."""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal

from msgspec import Struct

from core.domain.orders import Order, Side, Terms, with_terms
from core.risk.circumstances import is_plain
from core.risk.closing import takes

_ZERO = Decimal(0)
_EXACT = Context(prec=160, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
"""Sums that numbers are taken out of again must not be rounded."""

Key = tuple[str, int, Side]
"""Account, contract number and side."""


class Tally(Struct, frozen=True):
    """Orders that may still fill, together; of one whose change is pending the worse of both terms."""

    orders: int = 0
    ours: int = 0
    """Those of them that this profile placed."""
    units: Decimal = _ZERO
    """What they may still fill."""
    standing: Decimal = _ZERO
    """The part of `units` that is not attached to another order."""
    taking: Decimal = _ZERO
    """The part of `standing` that is no stop and in no group."""
    priced: Decimal = _ZERO
    """Units times their own worst price, of orders that have one; no multiplier."""
    unpriced: Decimal = _ZERO
    """Units of orders that have none."""

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        add = _EXACT.add
        return Tally(
            self.orders + other.orders,
            self.ours + other.ours,
            add(self.units, other.units),
            add(self.standing, other.standing),
            add(self.taking, other.taking),
            add(self.priced, other.priced),
            add(self.unpriced, other.unpriced),
        )

    def less(self, other: Tally) -> Tally:
        """Without a part of it."""
        subtract = _EXACT.subtract
        return Tally(
            self.orders - other.orders,
            self.ours - other.ours,
            subtract(self.units, other.units),
            subtract(self.standing, other.standing),
            subtract(self.taking, other.taking),
            subtract(self.priced, other.priced),
            subtract(self.unpriced, other.unpriced),
        )


NOTHING = Tally()


class Working:
    """The tallies of one book of orders."""

    def __init__(self) -> None:
        """Starts with nothing."""
        self._tallies: dict[Key, Tally] = {}
        self._ours: dict[str, int] = {}
        self._instruments: dict[str, dict[int, int]] = {}
        self._touched: dict[str, set[int]] = {}
        self._parts: dict[str, tuple[Key, Tally]] = {}
        """What each order counts for now, and where; none of those that have ended."""
        self._moved: dict[str, set[int]] = {}

    def put(self, order: Order) -> None:
        """Count an order as it stands now, instead of as it stood."""
        key, part = key_of(order), part_of(order)
        old_key, old = self._parts.pop(order.order_ref, (key, NOTHING))
        if part is not NOTHING:
            self._parts[order.order_ref] = key, part
        if old_key != key:
            self._change(old_key, NOTHING.less(old))
            old = NOTHING
        if old != part:
            self._change(key, part.less(old))

    def _change(self, key: Key, change: Tally) -> None:
        account, con_id, _ = key
        tally = self._tallies.get(key, NOTHING).plus(change)
        instruments = self._instruments.setdefault(account, {})
        count = instruments.get(con_id, 0) + change.orders
        if tally.orders:
            self._tallies[key] = tally
        else:
            self._tallies.pop(key, None)
        if count:
            instruments[con_id] = count
        else:
            instruments.pop(con_id, None)
        self._ours[account] = self._ours.get(account, 0) + change.ours
        for changed in (self._touched, self._moved):
            changed.setdefault(account, set()).add(con_id)

    def tally(self, account: str, con_id: int, side: Side) -> Tally:
        """What works there; nothing where no order does."""
        return self._tallies.get((account, con_id, side), NOTHING)

    def ours(self, account: str) -> int:
        """Orders of ours that work in an account."""
        return self._ours.get(account, 0)

    def instruments(self, account: str) -> tuple[int, ...]:
        """Contracts in which orders of an account work."""
        return tuple(self._instruments.get(account, ()))

    def take_touched(self, account: str) -> set[int]:
        """Contracts of which a tally changed since this was asked last."""
        return self._touched.pop(account, set())

    def take_moved(self, account: str) -> set[int]:
        """The same for who reckons positions: each of the two is asked by one alone."""
        return self._moved.pop(account, set())


def key_of(order: Order) -> Key:
    """Where an order counts."""
    return order.account, order.con_id, order.side


def part_of(order: Order) -> Tally:
    """What one order counts for: nothing once it has ended."""
    if not order.is_live:
        return NOTHING
    units, price = order.remaining, _worst_price(order)
    before = order if order.previous is None else with_terms(order, order.previous)
    return Tally(
        orders=1,
        ours=0 if order.external else 1,
        units=units,
        standing=_ZERO if order.parent_ref else units,
        taking=units if takes(order) or takes(before) else _ZERO,
        priced=_ZERO if price is None else _EXACT.multiply(units, price),
        unpriced=units if price is None else _ZERO,
    )


def _worst_price(order: Order) -> Decimal | None:
    """The higher of the own prices of both terms; None if one of them has none."""
    price = _own_price(order)
    if order.previous is None or price is None:
        return price
    before = _own_price(order.previous)
    return None if before is None else max(price, before)


def _own_price(terms: Terms) -> Decimal | None:
    trailing = terms.trail.stop_price if terms.trail is not None else None
    for price in (terms.limit_price, terms.stop_price, trailing):
        if price is not None and is_plain(price):
            return abs(price)
    return None
