"""Waiting for a bus that is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from core.orderplane.bus import BusError

R = TypeVar("R")

_PAUSES = (0.1, 0.25, 0.5, 1.0)
"""Seconds between attempts; the last one for ever."""

log = logging.getLogger(__name__)


class Patience:
    """What all that use one bus share, so that each outage is logged once."""

    def __init__(self) -> None:
        """The bus is there."""
        self._away = False

    async def __call__(self, call: Callable[[], Awaitable[R]]) -> R:
        """What `call` gives once the bus does it: every call of a bus may be made again."""
        attempt = 0
        while True:
            try:
                result = await call()
            except BusError as error:
                if not self._away:
                    self._away = True
                    log.warning("%s Trying again.", error)
                await asyncio.sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
                attempt += 1
            else:
                if self._away:
                    self._away = False
                    log.warning("The bus is back.")
                return result
