"""Work that core can be without for a while: started again when it fails, and a person is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0
CALM = 300.0
"""Seconds after which work that failed once counts as healthy again."""


async def kept_up(name: str, work: Callable[[], Awaitable[None]], alert: Callable[[str], None]) -> None:
    """Run `work` until it returns or is cancelled; after an exception again, after pauses that double to a minute."""
    loop = asyncio.get_running_loop()
    wait = FIRST_WAIT
    while True:
        begun = loop.time()
        try:
            await work()
        except Exception as error:
            log.exception("%s failed", name)
            if loop.time() - begun >= CALM:
                wait = FIRST_WAIT
            alert(
                f"{name} failed ({type(error).__name__}) and starts again in {wait:g} s. Orders go on; see core's log."
            )
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
        else:
            return
