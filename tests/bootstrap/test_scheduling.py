"""The kernel is asked for short slices, for core's thread alone."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from core.bootstrap.scheduling import ask_for_short_slices

SLICES = """
import os, threading
from pathlib import Path
from core.bootstrap.scheduling import ask_for_short_slices

def told():
    text = Path(f"/proc/self/task/{threading.get_native_id()}/sched").read_text()
    print(text.split("se.slice")[1].split()[1], os.getpriority(os.PRIO_PROCESS, 0))

os.nice(3)
told()
print(ask_for_short_slices())
told()
other = threading.Thread(target=told)
other.start()
other.join()
"""


def _slices_are_shown() -> bool:
    shown = Path("/proc/self/sched")
    return platform.machine() == "x86_64" and shown.exists() and "se.slice" in shown.read_text()


def test_other_systems_have_no_such_thing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not ask_for_short_slices()


@pytest.mark.skipif(not _slices_are_shown(), reason="this kernel does not tell slices")
def test_this_thread_gets_it_and_no_other_and_niceness_stays() -> None:
    command = [sys.executable, "-c", SLICES]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.split("\n")
    before, took, after, other = said[:4]
    assert took == "True"
    assert after == "100000 3"
    assert other == before
    assert before != after
