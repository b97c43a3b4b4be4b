"""Fills that the broker's positions do not show yet."""

from __future__ import annotations

from decimal import Decimal

from core.domain.executions import Execution

AHEAD_SECONDS = 5.0
"""How long a position that changed is taken for the sign of a fill that is still to be told."""

_Key = tuple[str, int]
_ZERO = Decimal(0)


class UnseenFills:
    """Which positions are behind: a fill was heard, and the position that must follow from it was not.

    A broker tells fill and position in two messages, in either order. Until the position is there, what is held is a
    guess, by which nothing may be closed. A reading of all positions ends every doubt that is older than its beginning.
    """

    def __init__(self) -> None:
        """Starts without any doubt."""
        self._expected: dict[_Key, Decimal] = {}
        self._ahead: dict[_Key, tuple[Decimal, float]] = {}
        self._while_reading: set[_Key] = set()
        self._is_reading = False

    def heard(self, execution: Execution, held: Decimal, now: float) -> None:
        """A fill happened; `held` is what the broker last said of its position. Corrections are not counted.

        `now` is monotonic, in seconds.
        """
        if execution.revision > 1:
            return
        key = execution.account, execution.con_id
        change = execution.quantity * execution.side.sign
        ahead = self._change_ahead(key, now)
        if ahead * change > 0 and abs(ahead) >= abs(change):
            self._ahead[key] = ahead - change, now
            return
        expected = self._expected.get(key, held) + change
        self._while_reading.add(key)
        self._expected[key] = expected
        if expected == held:
            del self._expected[key]

    def told(self, account: str, con_id: int, before: Decimal, after: Decimal, now: float) -> None:
        """The broker said what is held, `after` what it had said `before`."""
        key = account, con_id
        if key in self._expected:
            if self._expected[key] == after:
                del self._expected[key]
        elif not self._is_reading:
            # In a reading a difference may be as old as the connection.
            self._ahead[key] = self._change_ahead(key, now) + after - before, now

    def begin_reading(self) -> None:
        """All positions are asked for."""
        self._while_reading.clear()
        self._is_reading = True

    def abandon_reading(self) -> None:
        """The answer was cut short: it ends no doubt."""
        self._is_reading = False

    def finish_reading(self) -> None:
        """All positions were told: of what filled meanwhile they may or may not speak."""
        self._is_reading = False
        self._expected = {key: held for key, held in self._expected.items() if key in self._while_reading}

    def concern(self, account: str, con_id: int) -> bool:
        """True while the position is behind."""
        return (account, con_id) in self._expected

    def expected(self, account: str, con_id: int, held: Decimal) -> Decimal:
        """What is held with the fills that the position does not show yet; `held` is what the broker last said."""
        return self._expected.get((account, con_id), held)

    def _change_ahead(self, key: _Key, now: float) -> Decimal:
        """By how much the position has lately changed without a fill."""
        change, since = self._ahead.get(key, (_ZERO, now))
        return change if now - since <= AHEAD_SECONDS else _ZERO
