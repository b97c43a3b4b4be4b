"""Positions that no fill explains: named once, written down, never explained away."""

from __future__ import annotations

from core.clock import Clock
from core.domain.entries import PositionsRead
from core.domain.events import Fact, Severity
from core.domain.instruments import SecType
from core.domain.reconciliation import Book, Difference
from core.execution.holdings import Surprise
from core.execution.incidents import incident
from core.execution.publisher import Publisher
from core.execution.state import DeskState


class Surprises:
    """Compares each reading of the positions with the fills, and records what later runs begin from."""

    def __init__(self, state: DeskState, publisher: Publisher, clock: Clock) -> None:
        """All parts are those of the one service."""
        self._state = state
        self._publisher = publisher
        self._clock = clock
        self._recorded: PositionsRead | None = None

    def look(self) -> tuple[tuple[Difference, ...], bool]:
        """The differences of a reading that has just ended, and whether another one should confirm some."""
        now = self._clock.utc()
        held = {key: one.quantity for key, one in (self._state.positions or {}).items() if key[1] > 0}
        named, again = self._state.holdings.read(held, now)
        named = [one for one in named if not self._is_currency(one)]
        facts: list[Fact] = [incident(self._state, self._clock, self._text(one), Severity.ALARM) for one in named]
        entry = PositionsRead(held=self._state.holdings.recorded(), time=now)
        new = self._recorded is None or entry.held != self._recorded.held
        if new:
            self._recorded = entry
        self._publisher.facts(facts, heard=[entry] if new else [])
        return tuple(
            Difference(
                what=f"position {self._label(one)}",
                where=Book.POSITIONS,
                ours=f"{one.ours.normalize():f}",
                theirs=f"{one.theirs.normalize():f}",
            )
            for one in named
        ), again

    def _is_currency(self, one: Surprise) -> bool:
        """True for a currency pair: what it trades is cash, which IBKR does not list among the positions."""
        instrument = self._state.instruments.get(one.con_id)
        return instrument is not None and instrument.sec_type is SecType.CASH

    def _label(self, one: Surprise) -> str:
        instrument = self._state.instruments.get(one.con_id)
        return str(one.con_id) if instrument is None else instrument.label

    def _text(self, one: Surprise) -> str:
        change = one.theirs - one.ours
        return (
            f"IBKR holds {one.theirs.normalize():f} {self._label(one)} in {one.account}; by the fills that are known "
            f"it would be {one.ours.normalize():f}. {change.normalize():+f} came without a fill: an assignment, a "
            "split, a transfer, or a fill that IBKR's lists no longer show. Look into TWS."
        )
