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


async def patiently(call: Callable[[], Awaitable[R]]) -> R:
    """What `call` gives once the bus does it: every call of a bus may be made again. Each outage is logged once."""
    attempt = 0
    while True:
        try:
            result = await call()
        except BusError as error:
            if attempt == 0:
                log.warning("%s Trying again.", error)
            await asyncio.sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
            attempt += 1
        else:
            if attempt:
                log.warning("The bus is back.")
            return result
