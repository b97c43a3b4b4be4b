"""Participation of volume: an order is made smaller where ours would be too large a part of what the market trades.

Measured is what was traded in the last minutes: the day's volume of each quote, sampled, and before the first sample
bars of a minute. Against it counts what was placed of ours in the same minutes, filled or not, by every client. Two
order planes that decide in the same instant don't see each other's order yet: together they may exceed it by that one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from msgspec import Struct

from core.domain.charts import Bar
from core.domain.instruments import Instrument
from core.domain.orders import Order
from core.domain.quotes import Quote

_APART = timedelta(seconds=1)
"""Between samples of one instrument."""
_BAR = timedelta(minutes=1)


class PovLimit(Struct, frozen=True, kw_only=True):
    """How much of the market's volume ours may be."""

    percent: Decimal
    """Above 0, at most 100."""
    window: timedelta = timedelta(minutes=5)
    """How far back volume is measured."""


class Scaled(Struct, frozen=True, kw_only=True):
    """What may be placed of a quantity."""

    quantity: Decimal
    """0 if nothing may be."""
    why: str
    """Empty if all of it may be."""


class _Volume(Struct):
    samples: deque[tuple[datetime, Decimal]]
    """Moment and the day's volume then, oldest first; one of them at the window's beginning or before."""
    bars: list[tuple[datetime, Decimal]] = []
    """Beginning and volume of each bar of a minute before the first sample."""
    seeded: bool = False
    """True once they were asked for: a market without any is not asked for them with every order."""


class Participation:
    """Knows what was traded and what was placed. Times are UTC."""

    def __init__(self, limit: PovLimit) -> None:
        """`limit` holds for each instrument by itself."""
        self.limit = limit
        self._volumes: dict[int, _Volume] = {}
        self._placed: dict[int, dict[str, tuple[datetime, Decimal]]] = {}

    def heard(self, quote: Quote) -> None:
        """A quote: its volume is one more sample."""
        moment = quote.updated
        if quote.volume is None or moment is None:
            return
        known = self._volumes.setdefault(quote.con_id, _Volume(deque()))
        samples = known.samples
        if samples and quote.volume < samples[-1][1]:
            # A new day begins with none.
            samples.clear()
            known.bars.clear()
        if len(samples) > 1 and moment - samples[-2][0] < _APART:
            samples[-1] = moment, quote.volume
        else:
            samples.append((moment, quote.volume))
        while len(samples) > 2 and samples[1][0] <= moment - self.limit.window:
            samples.popleft()

    def lacks_bars(self, con_id: int, now: datetime) -> bool:
        """True if the samples do not reach back far enough and no bars were given."""
        known = self._volumes.get(con_id)
        if known is None:
            return True
        return not known.seeded and (not known.samples or known.samples[0][0] > now - self.limit.window)

    def seed(self, con_id: int, bars: Iterable[Bar]) -> None:
        """Bars of a minute, for the time before the first sample."""
        known = self._volumes.setdefault(con_id, _Volume(deque()))
        known.bars = [(bar.time, bar.volume) for bar in bars if bar.volume is not None]
        known.seeded = True

    def placed(self, order: Order) -> None:
        """An order of ours, from whoever; each counts once, with the most that it ever asked for."""
        if order.external:
            return
        mine = self._placed.setdefault(order.con_id, {})
        known = mine.get(order.order_ref)
        mine[order.order_ref] = order.created, max(order.whole, Decimal(0) if known is None else known[1])

    def forget(self, order: Order) -> None:
        """An order of ours that was never sent counts no more."""
        self._placed.get(order.con_id, {}).pop(order.order_ref, None)

    def reserve(self, con_id: int, order_ref: str, quantity: Decimal, now: datetime) -> None:
        """An order that is about to be placed, until core tells of it; one that counts for more already goes on so."""
        mine = self._placed.setdefault(con_id, {})
        if order_ref not in mine or mine[order_ref][1] < quantity:
            mine[order_ref] = now, quantity

    def give_up(self, con_id: int, order_ref: str) -> None:
        """Nothing came of what was reserved."""
        self._placed.get(con_id, {}).pop(order_ref, None)

    def scale(self, instrument: Instrument, order_ref: str, quantity: Decimal, now: datetime) -> Scaled:
        """How much of `quantity` the order `order_ref` may be now; what is counted of itself is no hindrance."""
        minutes = f"{self.limit.window.total_seconds() / 60:g} min"
        percent = f"{self.limit.percent.normalize():f} %"
        traded = self._traded(instrument.con_id, now)
        if traded is None:
            why = f"PARTICIPATION: no volume of {instrument.label} is known, of which {percent} may be ours"
            return Scaled(quantity=Decimal(0), why=why)
        used = self._used(instrument.con_id, order_ref, now)
        room = max(Decimal(0), traded * self.limit.percent / 100 - used)
        fits = (room / instrument.size_increment).to_integral_value(ROUND_FLOOR) * instrument.size_increment
        if quantity <= fits:
            return Scaled(quantity=quantity, why="")
        why = (
            f"PARTICIPATION: {percent} of the {traded:.0f} {instrument.label} that traded in the last "
            f"{minutes}, less {used.normalize():f} of ours"
        )
        return Scaled(quantity=fits if fits >= instrument.min_size else Decimal(0), why=why)

    def _traded(self, con_id: int, now: datetime) -> Decimal | None:
        """Units traded within the window; None if nobody told."""
        known = self._volumes.get(con_id)
        if known is None or not (known.samples or known.bars):
            return None
        begin = now - self.limit.window
        if not known.samples:
            return _within(known.bars, begin, now)
        first, last = known.samples[0], known.samples[-1]
        if first[0] > begin:
            return last[1] - first[1] + _within(known.bars, begin, first[0])
        base = next(volume for moment, volume in reversed(known.samples) if moment <= begin)
        return last[1] - base

    def _used(self, con_id: int, apart_from: str, now: datetime) -> Decimal:
        mine, begin = self._placed.get(con_id, {}), now - self.limit.window
        for order_ref in [ref for ref, (moment, _) in mine.items() if moment <= begin]:
            del mine[order_ref]
        return sum((quantity for ref, (_, quantity) in mine.items() if ref != apart_from), Decimal(0))


def _within(bars: Iterable[tuple[datetime, Decimal]], begin: datetime, end: datetime) -> Decimal:
    """What bars of a minute traded between two moments; of one that lies across a moment its part."""
    total = Decimal(0)
    for start, volume in bars:
        overlap = min(end, start + _BAR) - max(begin, start)
        if overlap > timedelta(0):
            total += volume * Decimal(overlap / _BAR)
    return total
