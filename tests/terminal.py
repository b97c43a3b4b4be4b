"""A program in a real pseudo-terminal, and the screen that a person in front of it would see."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_ESCAPES = re.compile(
    r"\x1b\[(?P<params>[0-9;:?<>=]*)[ -/]*(?P<final>[@-~])"  # control sequences
    r"|\x1b[\]P_^X].*?(?:\x07|\x1b\\)"  # strings: titles and answers
    r"|\x1b[ -/]*[0-Z\\^-~]",
    re.DOTALL,
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-9;:?<>=]*[ -/]*|[\]P_^X][^\x07\x1b]*\x1b?)?$")


class Screen:
    """The characters of a terminal, from the bytes a program wrote; colours are dropped, every character is one cell.

    Knows what Textual writes: absolute and relative cursor moves, line breaks, erasing, the alternate screen.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._cells = [[" "] * columns for _ in range(rows)]
        self._x = self._y = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._held = ""

    def feed(self, data: bytes) -> None:
        """Apply what the program wrote; a character or sequence cut in two is kept for the next call."""
        text = self._held + self._decoder.decode(data)
        cut = _UNFINISHED.search(text)
        self._held = text[cut.start() :] if cut else ""
        text = text[: cut.start()] if cut else text
        position = 0
        for match in _ESCAPES.finditer(text):
            self._write(text[position : match.start()])
            if match["final"]:
                self._control(match["params"], match["final"])
            position = match.end()
        self._write(text[position:])

    def text(self) -> str:
        """What stands on the screen, one line a row, blanks at the ends of lines cut."""
        return "\n".join("".join(row).rstrip() for row in self._cells)

    def _write(self, text: str) -> None:
        for character in text:
            if character == "\r":
                self._x = 0
            elif character == "\n":
                self._y = min(self._y + 1, self.rows - 1)
            elif character == "\b":
                self._x = max(self._x - 1, 0)
            elif character >= " ":
                if self._x < self.columns:
                    self._cells[self._y][self._x] = character
                self._x += 1

    def _control(self, params: str, final: str) -> None:
        private = params[:1] in {"?", "<", ">", "="}
        numbers = [int(number) if number.isdigit() else 0 for number in params.lstrip("?<>=").split(";")]
        first = numbers[0]
        step = max(first, 1)
        if final in "Hf":
            self._move(step - 1, (max(numbers[1], 1) if len(numbers) > 1 else 1) - 1)
        elif final in "AB":
            self._move(self._y + (step if final == "B" else -step), self._x)
        elif final in "CD":
            self._move(self._y, self._x + (step if final == "C" else -step))
        elif final == "G":
            self._move(self._y, step - 1)
        elif final == "d":
            self._move(step - 1, self._x)
        elif final == "K" and not private:
            self._cells[self._y][self._x :] = [" "] * max(self.columns - self._x, 0)
        elif (final == "J" and first == 2) or (final in "hl" and private and 1049 in numbers):
            self._cells = [[" "] * self.columns for _ in range(self.rows)]

    def _move(self, y: int, x: int) -> None:
        self._y, self._x = min(max(y, 0), self.rows - 1), min(max(x, 0), self.columns - 1)


class Terminal:
    """One program in a pseudo-terminal of its own session; leaving the `with` block ends it by its pid."""

    def __init__(
        self, arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, columns: int = 120, rows: int = 40
    ) -> None:
        self.screen = Screen(columns, rows)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.started = time.monotonic()
        """When the process was asked for, in seconds of `time.monotonic`."""
        try:
            self.process = subprocess.Popen(
                arguments,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                cwd=cwd,
                env=dict(env),
                start_new_session=True,
            )
        except OSError:
            os.close(self._master)
            raise
        finally:
            os.close(slave)

    def __enter__(self) -> Self:
        """The terminal itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the program: SIGTERM, then SIGKILL after two seconds; then hang up."""
        self.end()

    def send(self, keys: str) -> None:
        """Type `keys` as a keyboard would."""
        os.write(self._master, keys.encode("utf-8"))

    def wait_for(self, pattern: str, timeout: float) -> float:
        """Seconds from the start of the process until `pattern` (a regular expression) stood on the screen.

        Raises TimeoutError with the screen when it does not within `timeout` seconds of now, or when the program
        ended before.
        """
        wanted = re.compile(pattern, re.MULTILINE)
        deadline = time.monotonic() + timeout
        while not wanted.search(self.screen.text()):
            if not self._read(deadline - time.monotonic()):
                state = "is running" if self.process.poll() is None else f"ended with {self.process.returncode}"
                raise TimeoutError(f"no {pattern!r} on the screen; the program {state}.\n{self.screen.text()}")
        return time.monotonic() - self.started

    def linger(self, seconds: float) -> None:
        """Go on reading for a time, as a person looks before acting: a ticket only sends what has stood a while."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._read(left)

    def wait_end(self, timeout: float) -> bool:
        """Keep reading until the program has ended; False if it has not within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while self.process.poll() is None and time.monotonic() < deadline:
            if not self._read(min(0.1, deadline - time.monotonic())):
                time.sleep(0.01)
        return self.process.poll() is not None

    def end(self) -> None:
        """End the program and close the terminal; harmless when it has ended already."""
        if self._master < 0:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is None:
                self.process.send_signal(number)
                self.wait_end(2.0)
        os.close(self._master)
        self._master = -1
        self.process.wait(timeout=5)

    def hang_up(self, timeout: float) -> int:
        """Close the terminal under the program; its exit status. Raises TimeoutExpired if it goes on."""
        os.close(self._master)
        self._master = -1
        try:
            return self.process.wait(timeout)
        finally:
            self.process.kill()

    def _read(self, timeout: float) -> bool:
        """Feed the screen with what arrives within `timeout` seconds; False when nothing did or the end was read."""
        ready, _, _ = select.select([self._master], [], [], max(timeout, 0))
        if not ready:
            return False
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:  # the other side is closed: Linux says EIO
            return False
        self.screen.feed(data)
        return bool(data)
