"""Core's place in the queue for a processor: before the desks, on a machine where they share few."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from typing import Final

_SLICE_NS: Final = 100_000
"""The shortest slice that Linux grants."""
_SYSCALL: Final = {"x86_64": 314, "aarch64": 274, "riscv64": 274}
"""The number of sched_setattr, which the C library does not wrap everywhere."""
_RESET_ON_FORK: Final = 0x01
_ATTRIBUTES: Final = struct.Struct("=IIQiIQQQ")
"""``struct sched_attr`` in its first version: size, policy, flags, nice, priority, runtime, deadline, period.

Source: sched_setattr(2). For the normal policy the runtime is the length of a slice, from Linux 6.12 on.
"""


def ask_for_short_slices() -> bool:
    """Ask the kernel to run this thread in short slices; returns whether it will.

    A thread with a short slice that wakes up runs at once, where it would otherwise wait until a busy desk's slice is
    over: 3 ms in the 99th percentile with two processors. It gets no more time in all, needs no rights, and passes
    nothing on to threads and processes that it starts. A thread with a policy of its own is left alone; kernels before
    6.12 take it and change nothing; other systems have no such thing.
    """
    number = _SYSCALL.get(platform.machine()) if sys.platform == "linux" else None
    if number is None or os.sched_getscheduler(0) != os.SCHED_OTHER:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    attributes = _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_OTHER, _RESET_ON_FORK, nice, 0, _SLICE_NS, 0, 0)
    this_thread, no_flags = 0, 0
    call = ctypes.CDLL(None).syscall
    return bool(call(number, this_thread, ctypes.create_string_buffer(attributes, len(attributes)), no_flags) == 0)
