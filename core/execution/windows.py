"""What happened in the last seconds, by key: kept up and asked in the time that one event takes."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

LONGEST = 3600.0
"""Seconds after which nothing is needed any more."""
_FEW = 1000


class Window(Generic[K, V]):
    """Values with the time at which they came, oldest first for each key. Times never go back."""

    def __init__(self) -> None:
        """Starts empty."""
        self._of: dict[K, deque[tuple[float, V]]] = {}
        self._full = _FEW

    def add(self, key: K, value: V, at: float) -> None:
        """Keep a value that came `at` a time of the loop."""
        if len(self._of) >= self._full:
            self._of = {one: kept for one, kept in self._of.items() if kept[-1][0] > at - LONGEST}
            self._full = max(_FEW, 2 * len(self._of))
        self._of.setdefault(key, deque()).append((at, value))

    def first(self, key: K, moment: float) -> tuple[float, V] | None:
        """The first value of a key after a moment, and its time; what is older is forgotten. None without one."""
        kept = self._of.get(key)
        while kept and kept[0][0] <= moment:
            kept.popleft()
        if kept:
            return kept[0]
        self._of.pop(key, None)
        return None

    def newest(self, key: K, moment: float) -> Iterator[tuple[float, V]]:
        """The values of a key after a moment with their times, newest first."""
        for entry in reversed(self._of.get(key, ())):
            if entry[0] <= moment:
                return
            yield entry
