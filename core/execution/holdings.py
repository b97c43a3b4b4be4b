"""What positions must be by the fills that were heard, beside what the broker says that they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from core.domain.executions import Execution

Key = tuple[str, int]
"""Account and contract."""
_ZERO = Decimal(0)


class Surprise(Struct, frozen=True):
    """A position that no fill explains."""

    account: str
    con_id: int
    ours: Decimal
    """What the fills make of the last reading."""
    theirs: Decimal
    """What the broker says."""


class Holdings:
    """The positions of the last reading, carried on by every fill since. No fill is ever made up to explain one.

    Fills and positions come in two messages, in either order: what filled while positions were read is judged by the
    next reading, and a difference is believed when two readings in a row show it.
    """

    def __init__(self) -> None:
        """Knows nothing before the first reading."""
        self.expected: dict[Key, Decimal] | None = None
        self.since: datetime | None = None
        """UTC of the reading that they were carried on from; None before any."""
        self._touched: set[Key] = set()
        self._suspected: dict[Key, Decimal] = {}

    def restore(self, held: Iterable[tuple[str, int, Decimal]], time: datetime) -> None:
        """What a reading recorded."""
        self.expected = {(account, con_id): quantity for account, con_id, quantity in held}
        self.since = time

    def recorded(self) -> tuple[tuple[str, int, Decimal], ...]:
        """What is expected, for the record; flat positions left out."""
        expected = self.expected or {}
        return tuple(
            (account, con_id, quantity) for (account, con_id), quantity in sorted(expected.items()) if quantity
        )

    def filled(self, before: Execution | None, now: Execution) -> None:
        """A fill was heard, or `before` was corrected to `now`. A combination is held as its legs, which fill too."""
        for execution, sign in ((before, -1), (now, 1)):
            if execution is None or execution.con_id <= 0:
                continue
            key = execution.account, execution.con_id
            change = sign * execution.side.sign * execution.quantity
            if self.expected is not None and change:
                self.expected[key] = self.expected.get(key, _ZERO) + change
                self._touched.add(key)

    def begin(self) -> None:
        """Positions are asked for."""
        self._touched.clear()

    def read(self, held: Mapping[Key, Decimal], now: datetime) -> tuple[list[Surprise], bool]:
        """All positions were told: those that two readings show and no fill explains, and whether to look again.

        What is named is taken over: it is told once.
        """
        if self.expected is None:
            self.expected, self.since = dict(held), now
            return [], False
        self.since = now
        differing = {
            key: held.get(key, _ZERO)
            for key in {*held, *self.expected}
            if key not in self._touched and held.get(key, _ZERO) != self.expected.get(key, _ZERO)
        }
        named = [
            Surprise(*key, self.expected.get(key, _ZERO), theirs)
            for key, theirs in sorted(differing.items())
            if self._suspected.get(key) == theirs
        ]
        for one in named:
            self.expected[one.account, one.con_id] = one.theirs
        self._suspected = {key: theirs for key, theirs in differing.items() if theirs != self.expected.get(key, _ZERO)}
        return named, bool(self._suspected)

    def copy(self) -> Holdings:
        """One that shares nothing with this."""
        made = Holdings()
        made.expected = None if self.expected is None else dict(self.expected)
        made.since = self.since
        return made
