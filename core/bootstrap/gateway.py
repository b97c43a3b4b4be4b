"""Where the gateway is: one that runs already, or the practice gateway that core starts itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from core.domain.connection import Endpoint
from core.errors import ConnectError
from core.private import make_folder, open_file
from core.text import clean, mask_accounts

log = logging.getLogger(__name__)

IDLE_EXIT_SECONDS = 30
"""A practice gateway that core started ends this long after its last client."""
MOST_RESTARTS = 5
RESTARTS_WITHIN = 600.0
"""Seconds within which a practice gateway is started again at most MOST_RESTARTS times."""
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0
_START_SECONDS = 10.0
_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.01


class OutsideGateway:
    """TWS or IB Gateway, started by the user."""

    pid: int | None = None
    """Never known: it is not ours."""

    def __init__(self, endpoint: Endpoint) -> None:
        """`endpoint` is the profile's."""
        self._endpoint = endpoint

    async def endpoint(self) -> Endpoint:
        """Where the profile says it is."""
        return self._endpoint

    async def stop(self) -> None:
        """It is not ours to stop."""


class PracticeGateway:
    """The practice gateway of one profile, in a process of its own; one left running by an earlier core is adopted."""

    def __init__(
        self,
        port: int,
        seed: int,
        state_dir: Path,
        lines: int = 100,
        *,
        tell: Callable[[str], None] = log.warning,
    ) -> None:
        """`port` 0 takes a free one; `state_dir` keeps its account and market beside the profile's journal.

        `lines` is how many instruments it quotes to a client at a time; `tell` hears that it had to be started again.
        """
        self._tell = tell
        self._restarts: deque[float] = deque(maxlen=MOST_RESTARTS)
        self._port = port
        self._lines = lines
        self._seed = seed
        self._state_dir = state_dir
        self._words = state_dir / "gateway.stderr"
        self._process: subprocess.Popen[bytes] | None = None
        self._ready_fd: int | None = None
        self._endpoint: Endpoint | None = None
        self.pid: int | None = None

    def begin(self) -> None:
        """Start the process, if none is running, and return at once; `endpoint` waits for it.

        One that runs with another number of lines is ended first: it keeps orders and market on the disk.
        """
        adopted = self._running_already()
        if adopted is not None:
            self.pid, self._endpoint, lines = adopted
            self._process = None
            if lines == self._lines:
                return
            self._tell(f"The practice gateway is started again: it is to quote {self._lines} instruments at a time.")
            self._end()
        make_folder(self._state_dir)
        ready, theirs = os.pipe()
        arguments = {
            "--port": self._port,
            "--seed": self._seed,
            "--lines": self._lines,
            "--state": self._state_dir,
            "--idle-exit": IDLE_EXIT_SECONDS,
            "--ready-fd": theirs,
        }
        command = [
            sys.executable,
            "-P",
            "-m",
            "core.practice",
            *(str(part) for pair in arguments.items() for part in pair),
        ]
        with os.fdopen(open_file(self._words, os.O_WRONLY | os.O_TRUNC), "wb") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                pass_fds=(theirs,),
                start_new_session=True,
            )
        os.close(theirs)
        self._ready_fd = ready
        self.pid, self._endpoint = self._process.pid, None

    async def endpoint(self) -> Endpoint:
        """Where it listens; starts it first, or again, where it does not run. Raises ConnectError if it can't."""
        if self.pid is not None and self._ready_fd is None and not self._is_alive():
            await self._prepare_restart()
            self._endpoint, self.pid = None, None
        if self._endpoint is None:
            if self._ready_fd is None:
                await asyncio.to_thread(self.begin)
            if self._endpoint is None:
                self._endpoint = await self._wait_ready()
        return self._endpoint

    async def _prepare_restart(self) -> None:
        """Wait a while before it is started again. Raises ConnectError when that happened too often."""
        now = time.monotonic()
        while self._restarts and now - self._restarts[0] >= RESTARTS_WITHIN:
            self._restarts.popleft()
        count = len(self._restarts)
        if count == MOST_RESTARTS:
            minutes = max(1, round((RESTARTS_WITHIN - (now - self._restarts[0])) / 60))
            raise ConnectError(
                f"The practice gateway ended {count + 1} times within {RESTARTS_WITHIN / 60:g} minutes. It is started "
                f"again in {minutes} min at the earliest, at once with a new core. Its words are in {self._words}."
            )
        words = self._last_words()
        last = f"its last words: {words}" if words else "it said nothing"
        self._tell(f"The practice gateway ended by itself ({last}). It is started again.")
        self._restarts.append(now)
        await asyncio.sleep(min(_FIRST_PAUSE * 2**count, _LONGEST_PAUSE) if count else 0)

    async def stop(self) -> None:
        """End the process and wait until it is gone; its state stays on disk."""
        if self.pid is not None:
            await asyncio.to_thread(self._end)

    def _end(self) -> None:
        if self.pid is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
            if self._is_gone_within(_STOP_SECONDS):
                return

    def _is_gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._is_alive():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    async def _wait_ready(self) -> Endpoint:
        ready, self._ready_fd = self._ready_fd, None
        if ready is None:
            raise ConnectError("The practice gateway was not started. Restart ibdesk.")
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[bytes] = loop.create_future()

        def read() -> None:
            if not answered.done():
                answered.set_result(os.read(ready, 4096))

        loop.add_reader(ready, read)
        try:
            line = await asyncio.wait_for(answered, _START_SECONDS)
        except TimeoutError:
            line = b""
        finally:
            loop.remove_reader(ready)
            os.close(ready)
        if not line:
            words = self._last_words() or f"it said nothing. See {self._words}, and try again."
            raise ConnectError(f"The practice gateway did not start: {words}")
        return Endpoint("127.0.0.1", json.loads(line)["port"])

    def _last_words(self) -> str:
        """The last line that it wrote of an error; empty if it wrote none."""
        with contextlib.suppress(OSError):
            lines = self._words.read_text(errors="replace").strip().splitlines()
            if lines:
                return mask_accounts(clean(lines[-1]))
        return ""

    def _is_alive(self) -> bool:
        if self._process is not None:
            return self._process.poll() is None
        return self.pid is not None and _exists(self.pid)

    def _running_already(self) -> tuple[int, Endpoint, int | None] | None:
        """Process, address and lines of the gateway that has the state folder; lines None if it does not say."""
        try:
            record = json.loads((self._state_dir / "endpoint.json").read_bytes())
            pid, port, lines = int(record["pid"]), int(record["port"]), record.get("lines")
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        wanted = self._port in (0, port)
        return (pid, Endpoint("127.0.0.1", port), lines) if wanted and _exists(pid) and _listens(port) else None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
