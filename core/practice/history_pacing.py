"""Pacing of requests for bars of a real gateway, by the rules that IBKR publishes for historical data."""

from __future__ import annotations

from collections import deque
from typing import Final

from core.practice.tables import Record
from core.practice.terms import RefusedError

#: Seconds in which the same request may not come again.
_SAME: Final = 15
#: So many requests of one contract, exchange and kind in so many seconds are too many.
_BURST, _BURST_SECONDS = 6, 2
#: Requests in ten minutes; those of bid and ask together count twice.
_MOST, _SPAN = 60, 600

_CONTRACT: Final = ("conId", "symbol", "secType", "lastTradeDate", "strike", "right", "exchange", "whatToShow")
_WHOLE: Final = (*_CONTRACT, "end", "barSize", "duration", "useRth", "formatDate")


class HistoryRate:
    """The requests for bars of one client."""

    def __init__(self) -> None:
        #: Time, contract and kind, and the whole of each request of the last ten minutes, oldest first.
        self._past: deque[tuple[float, str, str]] = deque()

    def note(self, now: float, request: Record) -> None:
        """Note a request. Raises RefusedError 162 if it comes too soon; it counts all the same."""
        past = self._past
        while past and past[0][0] <= now - _SPAN:
            past.popleft()
        contract, whole = (repr([request.get(name) for name in names]) for names in (_CONTRACT, _WHOLE))
        same = any(text == whole and at > now - _SAME for at, _, text in past)
        burst = sum(text == contract and at > now - _BURST_SECONDS for at, text, _ in past) + 1
        for _ in range(2 if request.text("whatToShow") == "BID_ASK" else 1):
            past.append((now, contract, whole))
        if same or burst >= _BURST or len(past) > _MOST:
            text = "Historical Market Data Service error message:Historical data request pacing violation"
            raise RefusedError(162, text)
