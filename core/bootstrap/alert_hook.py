"""The user's own command, run for an alert: one at a time, never for long, never in core's way."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections import deque
from collections.abc import Callable, Sequence

from core.domain.alerts import Alert, Severity
from core.execution.alert_rules import AlertLimits
from core.execution.alerts import AlertOptions
from core.settings.alerts import AlertSettings, Bell
from core.text import clean, mask_accounts

log = logging.getLogger(__name__)

RUN_SECONDS = 10.0
"""After so long a command is ended, with all that it started."""
MOST_WAITING = 20
"""Alerts that wait for their turn; what comes beyond is only counted, and the next call says how many."""


def alert_options(settings: AlertSettings, profile: str, tell: Callable[[str], None]) -> AlertOptions:
    """What the settings say, as the service takes it; `tell` tells every desk of a command that fails."""
    return AlertOptions(
        limits=AlertLimits(
            margin_percent=settings.margin_percent or None,
            cushion_percent=settings.cushion_percent or None,
            round_trip_ms=settings.round_trip_ms or None,
            journal_ms=settings.journal_ms or None,
        ),
        bell={Bell.NEVER: None, Bell.WARNING: Severity.WARNING, Bell.ALARM: Severity.ALARM}[settings.bell],
        hook=CommandHook(settings.command, profile, tell) if settings.command else None,
    )


class CommandHook:
    """Runs the command without a shell and in a session of its own, with nothing to read and nowhere to write.

    It gets title and text as its last two arguments, and all of the alert as `IBDESK_ALERT_*` in its environment.
    Implements `ports.AlertHook`.
    """

    def __init__(
        self,
        command: Sequence[str],
        profile: str,
        tell: Callable[[str], None],
        *,
        seconds: float = RUN_SECONDS,
    ) -> None:
        """`tell` is told once when the command fails, and again only after it worked."""
        self._command = tuple(command)
        self._profile = profile
        self._tell = tell
        self._seconds = seconds
        self._waiting: deque[Alert] = deque()
        self._left_out = 0
        self._working: asyncio.Task[None] | None = None
        self._failed = False

    async def idle(self) -> None:
        """Wait until no command runs and no alert waits for one."""
        while self._working is not None:
            await asyncio.wait({self._working})

    def call(self, alert: Alert) -> None:
        """Run it for an alert as soon as the one before has ended."""
        if len(self._waiting) >= MOST_WAITING:
            self._left_out += 1
            return
        self._waiting.append(alert)
        if self._working is None:
            self._working = asyncio.create_task(self._work(), name="alert command")

    async def close(self) -> None:
        """End what runs; what waits is dropped."""
        self._waiting.clear()
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)

    async def _work(self) -> None:
        try:
            while self._waiting:
                alert, (left_out, self._left_out) = self._waiting.popleft(), (self._left_out, 0)
                problem = await self._run(alert, left_out)
                if problem and not self._failed:
                    self._tell(f"The alert command {problem}. Mend alerts.command in the profile; alerts stay here.")
                self._failed = bool(problem)
        except Exception:
            log.exception("the alert command could not be run")
        finally:
            self._working = None

    async def _run(self, alert: Alert, left_out: int) -> str:
        """What went wrong, in words; empty if nothing did."""
        title, text = _words(alert, self._profile, left_out)
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                title,
                text,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, **_variables(alert, self._profile, title, text)},
            )
        except (OSError, ValueError) as error:
            return f"can't be run: {getattr(error, 'strerror', None) or error}"
        try:
            async with asyncio.timeout(self._seconds):
                status = await process.wait()
        except TimeoutError:
            return f"ran for more than {self._seconds:g} s and was ended"
        finally:
            # What it started in its session ends with it, however it ended.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.shield(process.wait())
        return f"ended with status {status}" if status else ""


def _words(alert: Alert, profile: str, left_out: int) -> tuple[str, str]:
    """Title and text: clean, accounts masked, and never to be taken for an option."""
    what = "over" if alert.over is not None else alert.severity.value
    more = f" ({left_out} more alerts were left out: look at the desk.)" if left_out else ""
    text = mask_accounts(clean(f"{alert.text}{more}"))
    return f"ibdesk {profile}: {what}, {alert.kind.lower()}", text if text[:1] != "-" else f" {text}"


def _variables(alert: Alert, profile: str, title: str, text: str) -> dict[str, str]:
    return {
        "IBDESK_ALERT_TITLE": title,
        "IBDESK_ALERT_TEXT": text,
        "IBDESK_ALERT_KIND": alert.kind.value,
        "IBDESK_ALERT_SEVERITY": alert.severity.value,
        "IBDESK_ALERT_STATE": "new" if alert.over is None else "over",
        "IBDESK_ALERT_COUNT": str(alert.count),
        "IBDESK_ALERT_TIME": alert.time.isoformat(),
        "IBDESK_ALERT_PROFILE": profile,
    }
