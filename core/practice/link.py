"""The line between the gateway and IBKR: while it is lost the sockets stay open, orders wait, reports are lost.

What fills in the meantime is found again by asking for executions, never told by itself, as with a real gateway.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from core.practice import wire
from core.practice.timers import Timers

if TYPE_CHECKING:
    from core.practice.hub import Hub

LOST: Final = 1100
RESTORED_WITHOUT_DATA: Final = 1101
RESTORED_WITH_DATA: Final = 1102
BROKEN: Final = 2110

_TEXTS: Final = {
    LOST: "Connectivity between IBKR and Trader Workstation has been lost.",
    RESTORED_WITHOUT_DATA: "Connectivity between IBKR and Trader Workstation has been restored - data lost.",
    RESTORED_WITH_DATA: (
        "Connectivity between IBKR and Trader Workstation has been restored - data maintained. "
        "All data farms are connected: usfarm; ushmds; secdefil."
    ),
    BROKEN: "Connectivity between Trader Workstation and server is broken. It will be restored automatically.",
}


def notice(code: int) -> bytes:
    """Return the message about the connection that has this code."""
    return wire.error(-1, code, _TEXTS[code])


class Link:
    """Up, or lost until somebody restores it."""

    def __init__(self, hub: Hub) -> None:
        self.up = True
        self._hub = hub
        self._waiting: list[Callable[[], None]] = []
        self._timers = Timers()

    def carry(self, request: Callable[[], None]) -> None:
        """Do what a client asked of IBKR, now or once the line is back."""
        if self.up:
            request()
        else:
            self._waiting.append(request)

    def lose(self) -> None:
        """Lose the line: 1100 to every client. Losing it twice is harmless."""
        if self.up:
            self.up = False
            self._tell(LOST)

    def restore(self, *, data_lost: bool = False) -> None:
        """Bring the line back: 1102, or 1101 with every market data subscription gone; then do what waited."""
        if self.up:
            return
        self.up = True
        if data_lost:
            for session in self._hub.clients.values():
                self._hub.forget_market_data(session)
                session.drop_withheld()
        self._tell(RESTORED_WITHOUT_DATA if data_lost else RESTORED_WITH_DATA)
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            request()
        self._hub.end_turn()

    def plan(self, argument: str) -> None:
        """Lose the line after the first of two numbers of seconds and restore it after the second."""
        after, lasting, *words = argument.split(",")
        self._timers.after(float(after), lambda: self._lose_for(float(lasting), data_lost=words == ["lost"]))

    def stop(self) -> None:
        """Give up what was planned."""
        self._timers.stop()
        self._waiting.clear()

    def _lose_for(self, seconds: float, *, data_lost: bool) -> None:
        if self._hub.faults.take("link-lost") is not None:
            self.lose()
            self._timers.after(seconds, lambda: self._end_loss(data_lost=data_lost))

    def _end_loss(self, *, data_lost: bool) -> None:
        self.restore(data_lost=data_lost)
        again = self._hub.faults.armed("link-lost")
        if again is not None:
            self.plan(again)

    def _tell(self, code: int) -> None:
        for session in self._hub.clients.values():
            session.send(notice(code))
        self._hub.end_turn()
