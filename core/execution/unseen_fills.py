"""Fills that the broker's positions do not show yet."""

from __future__ import annotations

from decimal import Decimal

from core.domain.executions import Execution

_Key = tuple[str, int]


class UnseenFills:
    """Which positions are behind: a fill was heard, and the position that must follow from it was not.

    A broker tells fill and position in two messages, in either order. Until both are there what is held is a guess, by
    which nothing may be closed. A reading of all positions ends every doubt that is older than its beginning.
    """

    def __init__(self) -> None:
        """Starts without any doubt."""
        self._expected: dict[_Key, Decimal] = {}
        self._while_reading: set[_Key] = set()

    def heard(self, execution: Execution, held: Decimal) -> None:
        """A fill happened now; `held` is what the broker last said of its position. Corrections are not counted."""
        if execution.revision > 1:
            return
        key = execution.account, execution.con_id
        expected = self._expected.get(key, held) + execution.quantity * execution.side.sign
        self._while_reading.add(key)
        self._expected[key] = expected
        if expected == held:
            del self._expected[key]

    def told(self, account: str, con_id: int, quantity: Decimal) -> None:
        """The broker said what is held."""
        if self._expected.get((account, con_id)) == quantity:
            del self._expected[account, con_id]

    def begin_reading(self) -> None:
        """All positions are asked for."""
        self._while_reading.clear()

    def finish_reading(self) -> None:
        """All positions were told: of what filled meanwhile they may or may not speak."""
        self._expected = {key: held for key, held in self._expected.items() if key in self._while_reading}

    def concern(self, account: str, con_id: int) -> bool:
        """True while the position is behind."""
        return (account, con_id) in self._expected
