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
    """Values with the time at which they came, oldest first for each key. Times never go back.

    What is older than the moment that is asked about is forgotten, so that moment is no earlier the next time.
    """

    def __init__(self, most: int | None = None) -> None:
        """Starts empty. `most` newest values of each key are kept; None keeps all since the moment asked about last."""
        self._most = most
        self._of: dict[K, deque[tuple[float, V]]] = {}
        self._full = _FEW

    def add(self, key: K, value: V, at: float) -> None:
        """Keep a value that came `at` a time of the loop."""
        if len(self._of) >= self._full:
            self._of = {one: kept for one, kept in self._of.items() if kept[-1][0] > at - LONGEST}
            self._full = max(_FEW, 2 * len(self._of))
        self._of.setdefault(key, deque(maxlen=self._most)).append((at, value))

    def first(self, key: K, moment: float) -> tuple[float, V] | None:
        """The first value of a key after a moment, and its time. None without one."""
        kept = self._since(key, moment)
        return None if kept is None else kept[0]

    def newest(self, key: K, moment: float) -> Iterator[tuple[float, V]]:
        """The values of a key after a moment with their times, newest first."""
        return reversed(self._since(key, moment) or ())

    def _since(self, key: K, moment: float) -> deque[tuple[float, V]] | None:
        """What a key has after a moment, the rest forgotten; None for nothing."""
        kept = self._of.get(key)
        while kept and kept[0][0] <= moment:
            kept.popleft()
        if not kept:
            self._of.pop(key, None)
            return None
        return kept
