"""`python -m tests.faults.killing_core`: core, but SIGKILL strikes it at the moment that FAULTS_KILL names.

The product knows nothing of this: the broker and the journal's connection are wrapped where core is put together.

K0 an INTENT is about to be written, K1 it is on disk; K2 the order's frame is in the kernel; K3 the row that it is sent
is on disk; K4 the acknowledgement came and nobody was told; K5 a fill came and nobody was told; K6 the row of the fill
is on disk; K7a a cancel is about to leave, K7b it is in the kernel; K8a, K8b the same of a change; K8c a change is on
disk; K9a the broker's books are being read; K9b=N the Nth write of this run is done, K9c=N it is about to be.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence

from core.bootstrap.main import main
from core.clock import Clock
from core.domain.reports import ExecutionReport, OpenOrderReport, OrderStatusReport, Report
from core.ports import Broker, BrokerListener
from tests.faults.disk import Disk, journal_on
from tests.placing_broker import PlacingBroker

POINT, _, _NUMBER = os.environ.get("FAULTS_KILL", "").partition("=")
NUMBER = int(_NUMBER or 1)
"""At which time the moment is the one."""


class Fuse:
    """Kills this process when a moment comes for the so-manieth time."""

    def __init__(self) -> None:
        self._times = 0

    def at(self, point: str) -> None:
        """This moment is here."""
        if point == POINT:
            self._times += 1
            if self._times == NUMBER:
                os.kill(os.getpid(), signal.SIGKILL)


FUSE = Fuse()


class _Listener:
    """The real listener, behind one that may be the last to hear."""

    def __init__(self, inner: BrokerListener) -> None:
        self._inner = inner
        self.on_ticks = inner.on_ticks
        self.on_disconnected = inner.on_disconnected

    def on_reports(self, reports: Sequence[Report]) -> None:
        for report in reports:
            if isinstance(report, ExecutionReport) and report.live:
                FUSE.at("K5")
            if isinstance(report, OpenOrderReport | OrderStatusReport):
                FUSE.at("K4")
        self._inner.on_reports(reports)


class _Broker(PlacingBroker):
    """The real adapter, with a fuse before and behind what it sends."""

    def before_place(self, *, modify: bool) -> None:
        FUSE.at("K8a" if modify else "K2a")

    def after_place(self, sent: Awaitable[None], *, modify: bool) -> Awaitable[None]:
        return _then("K8b" if modify else "K2", sent)

    def cancel(self, order_id: int) -> Awaitable[None]:
        FUSE.at("K7a")
        sent = super().cancel(order_id)
        return _then("K7b", sent)

    async def executions(self) -> Sequence[ExecutionReport]:
        told = await super().executions()
        FUSE.at("K9a")
        return told


def _then(point: str, sent: Awaitable[None]) -> Awaitable[None]:
    """A moment that comes when the kernel has a frame, before anybody concludes from it."""
    future = asyncio.ensure_future(sent)
    if future.done():
        FUSE.at(point)
    else:
        future.add_done_callback(lambda _: FUSE.at(point))
    return future


def _make(listener: BrokerListener, clock: Clock, pace: int) -> Broker:
    return _Broker.make(_Listener(listener), clock, pace)


def _holds(kind: str, *parts: str) -> Callable[[Sequence[object]], bool]:
    """True for the values of a row of this kind whose payload has all of these parts."""

    def look(values: Sequence[object]) -> bool:
        texts = [value for value in values if isinstance(value, str)]
        return kind in texts and any(all(part in text for part in parts) for text in texts)

    return look


_ROWS: dict[str, Callable[[Sequence[object]], bool]] = {
    "K0": _holds("intent"),
    "K1": _holds("intent"),
    "K3": _holds("fact", '"state":"SENT"'),
    "K6": _holds("fact", '"execution_added"'),
    "K8c": _holds("modify_intent"),
}


def _disk() -> Disk:
    disk = Disk()

    def before(_: str, values: Sequence[object]) -> None:
        if _ROWS["K0"](values):
            FUSE.at("K0")
        FUSE.at("K9c")

    def after(_: str, values: Sequence[object]) -> None:
        for point in ("K1", "K3", "K6", "K8c"):
            if _ROWS[point](values):
                FUSE.at(point)
        FUSE.at("K9b")

    disk.before_write, disk.after_write = before, after
    return disk


if __name__ == "__main__":
    with journal_on(_disk().connect):
        sys.exit(main(sys.argv[1:], _make))
