"""The thread behind the synchronous API."""

from __future__ import annotations

import asyncio
import signal
import threading

import pytest

from core.scripting.background import LoopThread

PATIENCE = 15.0


def test_ctrl_c_ends_the_work_that_is_waited_for() -> None:
    """An order that a person no longer waits for must not go out at its next attempt."""
    begun, ended = threading.Event(), threading.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.sleep(4 * PATIENCE)
        finally:
            ended.set()

    def press() -> None:
        begun.wait(PATIENCE)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    loop, pressing = LoopThread("test"), threading.Thread(target=press)
    # Where the tests were started in the background the shell had it ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    pressing.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            loop.run(work())
        assert ended.wait(PATIENCE)
    finally:
        pressing.join()
        loop.end()
        signal.signal(signal.SIGINT, before)
