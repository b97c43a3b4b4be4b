"""The one timer of the desk: it paces what is painted and makes ages count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tui.bridge import Bridge
from tui.messages import DeskMessage, SecondPassed

PERIOD = 1 / 15
"""Seconds between two beats: how often changed quotes, money and positions are shown at most."""


class Pulse:
    """Announces changed state each beat, and each second that the clock moved on."""

    def __init__(self, bridge: Bridge, post: Callable[[DeskMessage], object], utc: Callable[[], datetime]) -> None:
        self._bridge = bridge
        self._post = post
        self._utc = utc
        self._second: datetime | None = None

    def beat(self) -> None:
        """Do what is due now; called every `PERIOD` seconds."""
        self._bridge.flush()
        now = self._utc()
        second = now.replace(microsecond=0)
        if second != self._second:
            self._second = second
            self._post(SecondPassed(now))
