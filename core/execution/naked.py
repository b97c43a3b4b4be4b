"""Positions that were guarded and have lost their stop, or a part of it."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from core.clock import Clock
from core.domain.alerts import AlertKind, Severity
from core.domain.orders import Order
from core.execution.alert_book import Occurrence
from core.execution.alert_rules import State
from core.execution.holdings import Key
from core.execution.protection import missing, naked_cause
from core.execution.state import DeskState

NAKED_SECONDS = 3.0
"""A stop may be missing for so long: fills, statuses and the stop of a bracket come one after the other."""


class Naked:
    """Compares guarded positions with the stops that work, once a second while the books are known."""

    def __init__(self, state: DeskState, clock: Clock) -> None:
        """All parts are those of the one service."""
        self._state = state
        self._clock = clock
        self._since: dict[Key, float] = {}

    def look(self) -> list[State]:
        """Which positions lack a stop for long enough, and which do so no longer."""
        state, now = self._state, self._clock.mono()
        guarded = dict.fromkeys(state.guarded)
        live: defaultdict[Key, list[Order]] = defaultdict(list)
        for order in state.book.live() if guarded else ():
            live[order.account, order.con_id].append(order)
        found = []
        for key in guarded:
            held = (state.holdings.expected or {}).get(key, Decimal(0))
            lacks = missing(held, live[key], state.book)
            if not lacks:
                self._since.pop(key, None)
                found.append(State(self._met(key, held, lacks), False))
            elif self._since.setdefault(key, now) <= now - NAKED_SECONDS:
                found.append(State(self._met(key, held, lacks), True))
        for key in self._since.keys() - guarded.keys():
            del self._since[key]
        return found + self._no_longer_held(guarded)

    def _no_longer_held(self, guarded: dict[Key, None]) -> list[State]:
        causes = {naked_cause(*key) for key in guarded}
        return [
            State(Occurrence(alert.kind, alert.cause, alert.severity, alert.text), False)
            for alert in self._state.alerts
            if alert.kind is AlertKind.POSITION and alert.holds and alert.cause not in causes
        ]

    def _met(self, key: Key, held: Decimal, lacks: Decimal) -> Occurrence:
        account, con_id = key
        instrument = self._state.instruments.get(con_id)
        what = f"{con_id if instrument is None else instrument.label} {_signed(held)}"
        covered = abs(held) - lacks
        text = f"{what} has no stop any more: add one, or close the position ( x )."
        if covered:
            text = f"{what}: its stops cover {covered.normalize():f} only. Add one, or close a part ( p )."
        return Occurrence(AlertKind.POSITION, naked_cause(account, con_id), Severity.ALARM, text, con_id)


def _signed(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}".replace("-", "−")
