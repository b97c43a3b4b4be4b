"""The process that keeps ledger and audit log up to date, beside core: started, told of new rows, started again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from core.private import open_file
from core.text import clean

log = logging.getLogger(__name__)

FIRST_SECONDS = 0.5
"""It is started this long after desks can attach: nothing waits for it then."""
TELL_SECONDS = 0.2
"""So often it is told how far the journal is durable, if that has changed."""
PAUSES = (5.0, 30.0, 300.0)
"""Before it is started again; the last one from then on."""
END_SECONDS = 3.0
"""For its last look at the journal, once core ends."""
_LINE = 500


class RecordsProcess:
    """One process for the whole run of core. All methods belong to the loop's thread."""

    def __init__(
        self,
        journal: Path,
        folder: Path,
        durable: Callable[[], int],
        tell: Callable[[str], None],
        *,
        command: tuple[str, ...] = ("-P", "-m", "core.records"),
    ) -> None:
        """`folder` is where days are kept, `durable` the number of the last durable row, `tell` tells every desk."""
        self._words = (sys.executable, *command, str(journal), str(folder))
        self._errors = journal.parent / "records.stderr"
        self._durable = durable
        self._tell = tell
        self._process: subprocess.Popen[bytes] | None = None
        self._left_alone: subprocess.Popen[bytes] | None = None
        self._told = 0
        self._begun = 0.0
        self._failures = 0
        """Starts that failed one soon after the other."""
        self._heard = b""

    @property
    def pid(self) -> int | None:
        """The process; None while there is none."""
        return None if self._process is None else self._process.pid

    async def run(self) -> None:
        """Start it and tell it of new rows, without end; one that fails is started again, and desks are told."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            if self._process is None:
                self._begun = asyncio.get_running_loop().time()
                try:
                    await asyncio.to_thread(self._start)
                except OSError as error:
                    await self._failed(f"can't be started: {error}")
                    continue
            self._say()
            self._listen()
            status = None if self._process is None else self._process.poll()
            if status is not None:
                self._forget()
                await self._failed(f"ended with status {status}, its last words are in {self._errors}")
                continue
            await asyncio.sleep(TELL_SECONDS)

    async def close(self, *, wanted: bool) -> None:
        """Once nothing more is written: let it look a last time, and wait a moment for it.

        Where core ends too soon for it to have been started, and `wanted` says that there is something to keep, it is
        started now and left alone: it ends by itself, and the next start of core waits for nothing.
        """
        if self._process is None and wanted:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self._start)
            self._left_alone = self._process
            self._forget()
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.to_thread(process.wait, END_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning("ledger and audit log are still being written: process %d ends by itself", process.pid)
        self._listen()
        self._forget()

    def _start(self) -> None:
        with os.fdopen(open_file(self._errors, os.O_WRONLY | os.O_TRUNC), "wb") as errors:
            process = subprocess.Popen(
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                bufsize=0,
                start_new_session=True,
            )
        for pipe in filter(None, (process.stdin, process.stdout)):
            os.set_blocking(pipe.fileno(), False)
        self._process, self._told = process, 0

    def _say(self) -> None:
        number = self._durable()
        process = self._process
        if number == self._told or process is None or process.stdin is None:
            return
        # A pipe that is full, or that nobody reads any more: the next word says as much.
        with contextlib.suppress(OSError):
            if process.stdin.write(b"%d\n" % number):
                self._told = number

    def _listen(self) -> None:
        process = self._process
        if process is None or process.stdout is None:
            return
        *lines, self._heard = (self._heard + (process.stdout.read() or b"")).split(b"\n")
        for line in lines:
            self._tell(clean(line.decode(errors="replace"), _LINE))

    async def _failed(self, how: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._begun > PAUSES[-1]:
            self._failures = 0
        pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
        self._failures += 1
        self._tell(
            f"Ledger and audit log are not kept up to date: their process {how}. It is started again in {pause:.0f} s. "
            "Nothing is lost: ibdesk ledger build makes them from the journal."
        )
        await asyncio.sleep(pause)

    def _forget(self) -> None:
        process, self._process, self._heard = self._process, None, b""
        for pipe in (process.stdin, process.stdout) if process is not None else ():
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
