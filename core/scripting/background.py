"""Threads behind the synchronous API: one runs the event loop, one calls back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from queue import SimpleQueue
from threading import Thread, current_thread
from typing import TypeVar

_T = TypeVar("_T")

log = logging.getLogger(__name__)


class LoopThread:
    """An event loop in a thread of its own; work is handed to it and waited for."""

    def __init__(self, name: str) -> None:
        """Starts at once."""
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[None, None, _T]) -> _T:
        """What `work` returns or raises; waits for it, and ends it where the wait is ended (Ctrl+C).

        Raises RuntimeError on the loop itself, which can't wait.
        """
        if current_thread() is self._thread:
            work.close()
            raise RuntimeError("A risk check runs where orders are handled: it can't call the broker. Look before.")
        working = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return working.result()
        except BaseException:
            # What it raised itself leaves nothing to end.
            working.cancel()
            raise

    def end(self) -> None:
        """Stop, and wait for the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class CallingThread:
    """Makes calls one after another, so that a slow callback delays callbacks alone and may use the API itself."""

    def __init__(self, name: str) -> None:
        """Starts at once."""
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def call(self, call: Callable[[], None]) -> None:
        """Make this call after those before it. One that fails is logged and stops no other."""
        self._calls.put(call)

    def end(self) -> None:
        """Make the calls that wait, then stop; waits for that unless a callback itself asks for it."""
        self._calls.put(None)
        if current_thread() is not self._thread:
            self._thread.join()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            try:
                call()
            except Exception:
                log.exception("a callback failed; the others go on")
