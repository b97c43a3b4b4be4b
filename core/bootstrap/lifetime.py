"""How long one run of core lasts: while it is wanted, until it is told to end, or until a part of it fails."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping

from core.clock import Clock
from core.domain.orders import OrderState, Pending
from core.execution.service import ExecutionService
from core.link.tenure import Standing

log = logging.getLogger(__name__)

FIRST_DESK_SECONDS = 60.0
"""Core ends if no desk came within this time of its start, and nothing works at the broker."""
DESERTED_SECONDS = 30.0
"""Core ends this long after its last desk was lost, unless something works at the broker; a goodbye ends it now."""
_LOOK_SECONDS = 1.0

_IN_FLIGHT = (OrderState.INTENT, OrderState.SENT, OrderState.UNKNOWN)


def _nothing() -> None:
    """For who has nothing to do when core ends."""


class PartFailedError(Exception):
    """A part without which core can't go on raised; core has halted and ends with a status that says so."""


class Lifetime:
    """Implements `core.link.tenure.Tenure`; `over` returns when core should end."""

    def __init__(self, service: ExecutionService, clock: Clock) -> None:
        self._service = service
        self._clock = clock
        self._end = asyncio.Event()
        self._failure: BaseException | None = None
        self.farewell = "Core has ended."
        """What clients are told when the link closes."""

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """End on SIGTERM and SIGINT; a lost terminal (SIGHUP) is no reason. Hear what fails on the loop itself."""
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop, number)
        loop.add_signal_handler(signal.SIGHUP, log.info, "SIGHUP: core stays; SIGTERM ends it")
        loop.set_exception_handler(self._on_loop_error)

    def standing(self) -> Standing:
        """What hangs on core now."""
        ours = [order for order in self._service.snapshot().orders if order.is_live and not order.external]
        flying = [order for order in ours if order.state in _IN_FLIGHT or order.pending is not Pending.NONE]
        return Standing(len(ours), len(flying))

    def retire(self, client_name: str) -> None:
        """A client of another build takes over."""
        log.warning("%s of another build restarts core", client_name)
        self.farewell = "Core was restarted for another build of ibdesk."
        self._end.set()

    def fail(self, part: str, error: BaseException) -> None:
        """A part without which core can't go on raised: halt, say so, end. Only the first failure counts."""
        if self._failure is not None:
            return
        first = _first_of(error)
        self._failure = error
        log.critical("%s failed; core ends", part, exc_info=error)
        what = f"{part} failed ({type(first).__name__}: {first})"
        self._service.halt(
            f"{what}. Core ends; orders stay at the broker. Start it again: it reads what became of them."
        )
        self.farewell = f"Core has ended: {what}."
        self._end.set()

    async def over(self, running: asyncio.Task[None], ending: Callable[[], None] = _nothing) -> None:
        """Wait until core should end, with `running`, the service. Raises PartFailedError if a part failed.

        `ending` is called in the same turn of the loop in which that is decided: whoever comes before it is still
        served, and keeps core; whoever comes after it must be turned away.
        """
        while True:
            await self._ends(running)
            if self._end.is_set() or not self._is_wanted_again():
                break
            log.info("a client came while core was about to end: it goes on")
        ending()
        if self._failure is not None:
            raise PartFailedError(self.farewell) from self._failure

    async def _ends(self, running: asyncio.Task[None]) -> None:
        wanted = asyncio.create_task(self._until_unwanted(), name="lifetime")
        try:
            await asyncio.wait({running, wanted}, return_when=asyncio.FIRST_COMPLETED)
            if running.done() and not running.cancelled():
                self.fail("The service", running.exception() or RuntimeError("it ended by itself"))
            elif wanted.done():
                wanted.result()
        finally:
            wanted.cancel()
            await asyncio.gather(wanted, return_exceptions=True)

    def _is_wanted_again(self) -> bool:
        service = self._service
        return not service.told_to_stop and bool(service.desks or service.has_live_orders)

    def _stop(self, number: signal.Signals) -> None:
        log.info("%s: ending", number.name)
        self._end.set()

    def _on_loop_error(self, loop: asyncio.AbstractEventLoop, context: Mapping[str, object]) -> None:
        """What nobody caught: in a callback of a reader, a timer or a socket it ends core; a lost task is logged."""
        loop.default_exception_handler(dict(context))
        error = context.get("exception")
        if isinstance(error, Exception) and not isinstance(error, OSError) and {"handle", "protocol"} & set(context):
            self.fail(str(context.get("message", "A callback")).split("\n")[0], error)

    async def _until_unwanted(self) -> None:
        """Return when core should end: told to, or nobody is there and nothing works at the broker."""
        service, clock = self._service, self._clock
        deadline = clock.mono() + FIRST_DESK_SECONDS
        while not self._end.is_set():
            if service.told_to_stop:
                log.info("the last desk left")
                return
            if service.desks or service.has_live_orders:
                deadline = clock.mono() + DESERTED_SECONDS
            elif clock.mono() >= deadline:
                log.info("no desk and no working order: ending")
                return
            service.desks_changed.clear()
            waiting = {asyncio.ensure_future(self._end.wait()), asyncio.ensure_future(service.desks_changed.wait())}
            await asyncio.wait(waiting, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in waiting:
                task.cancel()


def _first_of(error: BaseException) -> BaseException:
    """The exception at the bottom of groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
