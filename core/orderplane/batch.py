"""Calls that are made one by one and go over the bus together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Batch(Generic[T, R]):
    """While one call is on its way what comes is gathered, and goes with the next: in order, nothing waits longer."""

    def __init__(self, call: Callable[[Sequence[T]], Awaitable[Sequence[R]]]) -> None:
        """`call` answers each of its items, in their order; what it raises every one of them gets."""
        self._call = call
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, item: T) -> R:
        """The answer to one item."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                items, self._waiting = self._waiting, []
                called = self._call([item for item, _ in items])
                (answers,) = await asyncio.gather(called, return_exceptions=True)
                for place, (_, future) in enumerate(items):
                    if future.done():
                        continue
                    if isinstance(answers, BaseException):
                        future.set_exception(answers)
                    else:
                        future.set_result(answers[place])
        finally:
            self._running = None
