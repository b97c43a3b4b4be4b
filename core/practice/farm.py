"""The market data farm: while its connection is broken no quote moves, though the line to IBKR stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.practice import wire
from core.practice.timers import Timers

if TYPE_CHECKING:
    from core.practice.hub import Hub

_FAULT: Final = "farm-lost"
_BROKEN: Final = 2103, "Market data farm connection is broken:usfarm"
_RESTORED: Final = 2104, "Market data farm connection is OK:usfarm"


class Farm:
    """Connected, or broken until somebody restores it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._timers = Timers()

    def lose(self) -> None:
        """Break the connection: 2103 to every client. Breaking it twice is harmless."""
        if self._hub.feed.connected:
            self._hub.feed.connected = False
            self._tell(*_BROKEN)

    def restore(self) -> None:
        """Bring it back: 2104, then what changes, and the market of those who asked for it meanwhile."""
        if not self._hub.feed.connected:
            self._hub.feed.connected = True
            self._hub.feed.quotes.tell_late(int(self._hub.market_now()))
            self._tell(*_RESTORED)

    def plan(self, argument: str) -> None:
        """Break the connection after the first of two numbers of seconds and restore it after the second."""
        after, lasting = argument.split(",")
        self._timers.after(float(after), lambda: self._lose_for(float(lasting)))

    def stop(self) -> None:
        """Give up what was planned."""
        self._timers.stop()

    def _lose_for(self, seconds: float) -> None:
        if self._hub.faults.take(_FAULT) is not None:
            self.lose()
            self._timers.after(seconds, self._end_loss)

    def _end_loss(self) -> None:
        self.restore()
        again = self._hub.faults.armed(_FAULT)
        if again is not None:
            self.plan(again)

    def _tell(self, code: int, text: str) -> None:
        for session in self._hub.clients.values():
            session.send(wire.error(-1, code, text))
        self._hub.end_turn()
