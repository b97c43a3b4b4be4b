"""One command about orders at a time, and orders that are called off before their turn has come."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from core.domain.orders import OrderRequest


class Turns:
    """Gives each command its turn. A cancel waits for none, so it may come before the order that it is about."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._lock = asyncio.Lock()
        self._waiting: Counter[str] = Counter()
        self._called_off: set[str] = set()
        self._wanted: dict[str, OrderRequest] = {}

    @asynccontextmanager
    async def of(self, order_ref: str, wanted: OrderRequest | None = None) -> AsyncIterator[bool]:
        """The turn of a new order; True if it was called off while it waited, so that it must not be sent.

        `wanted` is what is to be sent; None where that is made only when the turn has come.
        """
        self._waiting[order_ref] += 1
        if wanted is not None:
            self._wanted[order_ref] = wanted
        try:
            await self._lock.acquire()
        finally:
            self._waiting[order_ref] -= 1
            called_off = order_ref in self._called_off
            if not self._waiting[order_ref]:
                del self._waiting[order_ref]
                self._wanted.pop(order_ref, None)
                self._called_off.discard(order_ref)
        try:
            yield called_off
        finally:
            self._lock.release()

    @asynccontextmanager
    async def next(self) -> AsyncIterator[None]:
        """The turn of a command that nobody calls off."""
        async with self._lock:
            yield

    def call_off(self, order_ref: str) -> bool:
        """Have an order that waits for its turn never sent; False if none of that reference waits."""
        if order_ref not in self._waiting:
            return False
        self._called_off.add(order_ref)
        return True

    def call_off_where(self, unwanted: Callable[[OrderRequest], bool]) -> list[str]:
        """Have every order that waits for its turn and is `unwanted` never sent; their references."""
        found = [order_ref for order_ref, wanted in self._wanted.items() if unwanted(wanted)]
        self._called_off.update(found)
        return found
