"""Work that is the same many times, in as many processes as there are cores, unless pytest itself runs in several."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import TypeVar

T = TypeVar("T")


@cache
def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def spread(work: Callable[[Sequence[T]], Counter[str]], items: Sequence[T]) -> Counter[str]:
    """Do `work`, a function of some module, for all items; what it counted. Raises what it raises."""
    workers = os.cpu_count() or 1
    if workers == 1 or "PYTEST_XDIST_WORKER" in os.environ:
        return work(items)
    counted: Counter[str] = Counter()
    for part in _pool(workers).map(work, [items[number::workers] for number in range(workers)]):
        counted += part
    return counted
