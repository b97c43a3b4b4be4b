"""A home of its own for a desk under test, and the end of every process that was started in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_DROPPED = ("IBKR_", "IB_", "IBDESK_", "XDG_", "TEXTUAL", "NO_COLOR", "COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE")
"""Variables of whoever runs the tests that would change what is tested, by their beginnings."""


class DeskHome:
    """Settings, state and sockets below one short temporary folder; leaving the `with` block ends all who use it.

    Processes are found by the folder's name in their environment, so that one which left its parent's session is
    found too. That needs /proc; elsewhere only the processes that the caller holds are ended, by the caller.
    """

    def __init__(self, *, records: bool = False) -> None:
        """`records` lets core keep ledger and audit log, which most tests do without: that is one more process."""
        self.folder = Path(tempfile.mkdtemp(prefix="ibd"))  # short: the path of a Unix socket has 108 bytes
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}
        for name in ("CONFIG_HOME", "STATE_HOME", "DATA_HOME", "CACHE_HOME", "RUNTIME_DIR"):
            place = self.folder / name.lower()
            place.mkdir(mode=0o700)
            self.env[f"XDG_{name}"] = str(place)
        if not records:
            self.env["IBDESK_RECORDS"] = "false"
        self.env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}

    def __enter__(self) -> Self:
        """The home itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what still runs in it, then remove the folder."""
        self.close()

    def processes(self) -> list[int]:
        """The pids of living processes whose environment names the folder; empty where there is no /proc."""
        mark = f"={self.folder}/".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes() and int(entry.name) != os.getpid():
                    found.append(int(entry.name))
        return found

    def wait_empty(self, timeout: float) -> list[int]:
        """Wait until no process is left; returns those that are, after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return left

    def close(self) -> None:
        """SIGTERM to whoever is left, SIGKILL after five seconds, then remove the folder."""
        for number, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 2.0)):
            for pid in self.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            if not self.wait_empty(patience):
                break
        shutil.rmtree(self.folder, ignore_errors=True)
