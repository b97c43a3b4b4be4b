"""What the broker says about the session itself: its own link, its farms, the login."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from core.clock import Clock
from core.domain.alerts import AlertKind
from core.domain.connection import FarmStatus
from core.domain.events import Severity
from core.domain.reports import ErrorClass, ErrorReport
from core.execution.doubts import Doubts
from core.execution.link_status import LinkStatus
from core.execution.reconciler import Reconciler

log = logging.getLogger(__name__)

RESUBSCRIBE_SECONDS = 3.0
"""Market data is asked for anew at most this often, however often IBKR's link comes and goes."""
_REPEAT_SECONDS = {ErrorClass.LINK_DOWN: 60.0, ErrorClass.COMPETING_SESSION: 600.0}
"""After how long the same news is worth another alert."""
_KINDS = {ErrorClass.LINK_DOWN: AlertKind.CONNECTION, ErrorClass.COMPETING_SESSION: AlertKind.DEGRADATION}
_ALERTS = {
    ErrorClass.LINK_DOWN: (
        "IBKR's own link is down: nothing can be sent, and what is in flight is UNKNOWN. It is read once the link "
        "is back."
    ),
    ErrorClass.COMPETING_SESSION: (
        "Market data has stopped: this login is in use elsewhere (TWS, the web or a phone), which takes it. End that "
        "session to get the data back; orders work as before."
    ),
}


class SessionNews:
    """Keeps the state of IBKR's own link, and has done what its news ask for."""

    def __init__(
        self,
        link: LinkStatus,
        doubts: Doubts,
        reconciler: Reconciler,
        clock: Clock,
        *,
        aside: Callable[[Callable[[], Awaitable[None]]], None],
        on_data_lost: Callable[[], Awaitable[None]],
        on_pulse: Callable[[bool], None],
    ) -> None:
        """`aside` starts work that ends with the connection; `on_data_lost` asks for all market data anew."""
        self._link = link
        self._doubts = doubts
        self._reconciler = reconciler
        self._clock = clock
        self._aside = aside
        self._on_data_lost = on_data_lost
        self._on_pulse = on_pulse
        self._alerted: dict[ErrorClass, float] = {}
        self._resubscribed: float | None = None
        self._resubscribing = False

    def begin(self) -> None:
        """Another connection: nothing is under way any more."""
        self._resubscribing = False

    def hear(self, report: ErrorReport) -> None:
        """Take one error that is about no request, or about what all requests share."""
        match report.error_class:
            case ErrorClass.LINK_DOWN:
                problem = f"IBKR's own link is down: {report.text} [{report.code}]"
                self._link.set(ibkr=FarmStatus.DOWN, problem=problem)
                self._on_pulse(False)
                self._alert(report, Severity.ALARM)
                # Soon: what had not left yet was just taken back, and those who sent it hear that first.
                asyncio.get_running_loop().call_soon(self._doubts.in_flight, "no answer: IBKR's link was lost")
            case ErrorClass.LINK_UP_DATA_LOST | ErrorClass.LINK_UP_DATA_KEPT:
                self._link.set(ibkr=FarmStatus.UP, problem="")
                # Fills that came while the link was down may never be told.
                self._reconciler.distrust()
                if report.error_class is ErrorClass.LINK_UP_DATA_LOST and not self._resubscribing:
                    self._resubscribing = True
                    self._aside(self._resubscribe)
            case ErrorClass.FARM_UP | ErrorClass.FARM_DOWN:
                farm = report.text.rpartition(":")[2].strip() or "farm"
                farms = dict(self._link.connection.farms) | {farm: report.error_class is ErrorClass.FARM_UP}
                self._link.set(farms=tuple(farms.items()))
            case ErrorClass.COMPETING_SESSION:
                self._alert(report, Severity.WARNING)
            case ErrorClass.INFO | ErrorClass.DATA_ONLY:
                log.info("gateway: %s [%d]", report.text, report.code)
            case _:
                self._link.tell(f"IBKR: {report.text} [{report.code}]", kind=AlertKind.OTHER, cause=f"{report.code}")

    def _alert(self, report: ErrorReport, severity: Severity) -> None:
        now, last = self._clock.mono(), self._alerted.get(report.error_class)
        if last is None or now - last >= _REPEAT_SECONDS[report.error_class]:
            self._alerted[report.error_class] = now
            text = f"{_ALERTS[report.error_class]} [{report.code}]"
            self._link.tell(text, severity, _KINDS[report.error_class], f"{report.code}")

    async def _resubscribe(self) -> None:
        if self._resubscribed is not None:
            await asyncio.sleep(self._resubscribed + RESUBSCRIBE_SECONDS - self._clock.mono())
        self._resubscribed = self._clock.mono()
        self._resubscribing = False
        await self._on_data_lost()
