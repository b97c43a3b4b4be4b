"""How occurrences fold into alerts: never a storm, never silent. Pure: it is told the time.

One cause is one alert for as long as it keeps coming: it counts up, takes the latest words and is new again, but calls
nobody. A person is called (`Folded.rings`) by a cause that

- comes for the first time, or after it was quiet for `QUIET_SECONDS`: that begins another alert;
- comes after `CALM_SECONDS` if its alert was seen meanwhile, or had ended by itself: that too begins another one;
- got severer than when it last called.

What is only INFO calls nobody. A state of things that lasts is one occurrence from its beginning to its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from core.domain.alerts import Alert, AlertKind, Severity

KEPT = 100
"""Alerts that are remembered: those that were seen go first, those that still hold last."""
QUIET_SECONDS = 600.0
CALM_SECONDS = 60.0
"""A state of things that ended and did not come back for so long is over for good."""
_FIGURES = re.compile(r"[-+−#]?\d[\d,.:]*")


class Occurrence(NamedTuple):
    """Something that a person should look at, met once."""

    kind: AlertKind
    cause: str
    """What it is folded by, within its kind."""
    severity: Severity
    text: str
    """Cleaned, accounts masked."""
    con_id: int | None = None
    order_ref: str = ""


class Folded(NamedTuple):
    """What an occurrence made of the alerts."""

    alert: Alert
    rings: bool
    """True if a person is to be called."""


class AlertBook:
    """The alerts, by their number; the last one of each cause goes on while that keeps coming."""

    def __init__(self) -> None:
        """Starts empty."""
        self._alerts: dict[int, Alert] = {}
        self._latest: dict[tuple[AlertKind, str], int] = {}
        self.highest = 0
        """The highest number that any alert ever had."""

    def __iter__(self) -> Iterator[Alert]:
        """Every alert, oldest first."""
        return iter([self._alerts[number] for number in sorted(self._alerts)])

    def __len__(self) -> int:
        return len(self._alerts)

    def put(self, alert: Alert) -> None:
        """Take an alert over as it stands; beyond `KEPT` one is forgotten."""
        self._alerts[alert.number] = alert
        cause = alert.kind, alert.cause
        self._latest[cause] = max(alert.number, self._latest.get(cause, 0))
        self.highest = max(self.highest, alert.number)
        if len(self._alerts) > KEPT:
            self._forget(alert.number)

    def get(self, number: int) -> Alert | None:
        """The alert of that number; None if there is none, or none any more."""
        return self._alerts.get(number)

    def latest(self, kind: AlertKind, cause: str) -> Alert | None:
        """The last alert of a cause; None without any."""
        number = self._latest.get((kind, cause))
        return None if number is None else self._alerts[number]

    def happened(self, met: Occurrence, now: datetime) -> Folded:
        """Take in what has happened once."""
        return self._take(met, now, lasting=False)

    def begins(self, met: Occurrence, now: datetime) -> Folded | None:
        """Take in a state of things that lasts until `ends`; None if it does already, at that severity."""
        known = self.latest(met.kind, met.cause)
        if known is not None and known.holds and met.severity.rank <= known.severity.rank:
            return None
        return self._take(met, now, lasting=True)

    def ends(self, kind: AlertKind, cause: str, now: datetime) -> Alert | None:
        """That state is over; None if it was not told, or had ended."""
        known = self.latest(kind, cause)
        if known is None or not known.holds:
            return None
        ended = replace(known, over=now)
        self.put(ended)
        return ended

    def see(self, numbers: Iterable[int]) -> list[Alert]:
        """A person has seen these; all for none. Those that were new."""
        wanted = tuple(numbers) or tuple(self._alerts)
        seen = [
            replace(self._alerts[number], seen=True)
            for number in dict.fromkeys(wanted)
            if number in self._alerts and not self._alerts[number].seen
        ]
        for alert in seen:
            self.put(alert)
        return seen

    def copy(self) -> AlertBook:
        """One that shares nothing with this."""
        made = AlertBook()
        for alert in self:
            made.put(alert)
        made.highest = self.highest
        return made

    def _take(self, met: Occurrence, now: datetime, *, lasting: bool) -> Folded:
        known = self.latest(met.kind, met.cause)
        if known is None or not _goes_on(known, now):
            alert = Alert(
                number=self.highest + 1,
                kind=met.kind,
                cause=met.cause,
                severity=met.severity,
                text=met.text,
                since=now,
                time=now,
                con_id=met.con_id,
                order_ref=met.order_ref,
                lasting=lasting,
            )
            rings = met.severity is not Severity.INFO
        else:
            rings = met.severity.rank > known.severity.rank
            alert = replace(
                known,
                severity=met.severity if rings else known.severity,
                text=met.text,
                time=now,
                count=known.count + 1,
                con_id=met.con_id,
                order_ref=met.order_ref,
                lasting=lasting or known.holds,
                over=None,
                seen=False,
            )
        self.put(alert)
        return Folded(alert, rings)

    def _forget(self, kept: int) -> None:
        others = [alert for alert in self._alerts.values() if alert.number != kept]
        number = min(others, key=lambda one: (one.holds, not one.seen, one.number)).number
        gone = self._alerts.pop(number)
        if self._latest.get((gone.kind, gone.cause)) == number:
            del self._latest[gone.kind, gone.cause]


def cause_of(text: str) -> str:
    """What words are folded by: themselves, without figures, so that the same news with another number is the same."""
    return _FIGURES.sub("#", text)[:120]


def _goes_on(known: Alert, now: datetime) -> bool:
    """True if another occurrence belongs to what is known of its cause."""
    quiet = CALM_SECONDS if known.seen or known.over is not None else QUIET_SECONDS
    return known.holds or (now - (known.over or known.time)).total_seconds() < quiet
