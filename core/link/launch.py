"""Starting a core of our own, before anything slow is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from core.errors import CoreStartError
from core.link.paths import state_dir
from core.private import open_file

_MAX_LINE = 64 << 10
_MAX_LOG_BYTES = 1 << 20

READY_FD = 3
"""The descriptor on which a new core says that it is ready."""


class CoreReady(NamedTuple):
    """A core that can be attached to."""

    socket: Path
    session: str
    pid: int
    attached: bool
    """True if it ran already: the one that was started ended in its favour."""


def begin_launch(arguments: Mapping[str, str], profile: str = "practice") -> PendingCore:
    """Start `python -m core` with `key=value` arguments in a session of its own and return at once.

    Its output goes to `core.stderr` in the profile's state folder. Raises CoreStartError if there can be no process or
    no such file, and as `paths.state_dir` does.
    """
    log = state_dir(profile) / "core.stderr"
    pairs = [f"{key}={value}" for key, value in arguments.items()]
    # -P: a folder named core where the desk was started must not be taken for ours.
    return spawn([sys.executable, "-P", "-m", "core", "--ready-fd", str(READY_FD), *pairs], log)


def spawn(command: list[str], log: Path) -> PendingCore:
    """Start a program that says on descriptor READY_FD whether it is ready; its output is appended to `log`.

    Raises CoreStartError if there can be no process or no such file.
    """
    reader, writer = os.pipe()
    try:
        output = _open_log(log)
        try:
            pid = os.posix_spawn(
                command[0],
                command,
                _environment(),
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, output, 1),
                    (os.POSIX_SPAWN_DUP2, output, 2),
                    (os.POSIX_SPAWN_DUP2, writer, READY_FD),
                ],
                setsid=True,
            )
        finally:
            os.close(output)
    except OSError as error:
        os.close(reader)
        raise CoreStartError(f"Core can't be started: {error.strerror} ({error.filename or command[0]}).") from error
    finally:
        os.close(writer)
    return PendingCore(pid, reader, log)


class PendingCore:
    """A core that was started and has not yet said that it is ready."""

    def __init__(self, pid: int, reader: int, log: Path) -> None:
        """`reader` is the end of the pipe on which it speaks; `log` is where its output goes."""
        self.pid = pid
        self.log = log
        self._reader: int | None = reader

    async def ready(self, timeout: float) -> CoreReady:
        """Wait at most `timeout` seconds for its one line. May be called once.

        Raises CoreStartError with what core itself said, or with where to look if it said nothing. A core that is only
        slow goes on; without a desk it ends by itself.
        """
        import asyncio

        try:
            async with asyncio.timeout(timeout):
                line = await self._line()
        except TimeoutError:
            raise CoreStartError(
                f"Core did not answer within {timeout:g} s. Its own words are in {self.log}."
            ) from None
        finally:
            self.close()
        return self._understand(line)

    def close(self) -> None:
        """Listen no more. Does nothing the second time."""
        if self._reader is not None:
            os.close(self._reader)
            self._reader = None

    async def _line(self) -> bytes:
        import asyncio

        if self._reader is None:
            raise CoreStartError("This start of core was given up.")
        descriptor = self._reader
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bytes] = loop.create_future()
        heard = bytearray()

        def read() -> None:
            chunk = os.read(descriptor, _MAX_LINE)
            heard.extend(chunk)
            line, end, _ = bytes(heard).partition(b"\n")
            if (end or not chunk or len(heard) > _MAX_LINE) and not done.done():
                loop.remove_reader(descriptor)
                done.set_result(line)

        loop.add_reader(descriptor, read)
        try:
            return await done
        finally:
            loop.remove_reader(descriptor)

    def _understand(self, line: bytes) -> CoreReady:
        import json

        from core.text import clean

        if not line:
            raise CoreStartError(f"Core ended before it was ready{self._status()}. Its own words are in {self.log}.")
        try:
            match json.loads(line):
                case {
                    "ready": {"socket": str(path), "session": str(session), "pid": int(pid), "attached": bool(attached)}
                }:
                    return CoreReady(Path(path), session, pid, attached)
                case {"error": {"title": str(title), "text": str(text)}}:
                    error = CoreStartError(clean(text))
                    error.title = clean(title)
                    raise error
        except ValueError:
            pass
        said = clean(line.decode(errors="replace"), 80)
        raise CoreStartError(f"Core said something else than that it is ready: {said!r}. See {self.log}.")

    def _status(self) -> str:
        """How the process ended, as far as the kernel has it already."""
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            return ""
        return f" (exit {os.waitstatus_to_exitcode(status)})" if pid else ""


def _open_log(log: Path) -> int:
    """Append, since a core that runs may be writing there; a file that has grown large is begun anew."""
    descriptor = open_file(log, os.O_WRONLY | os.O_APPEND)
    if os.fstat(descriptor).st_size > _MAX_LOG_BYTES:
        os.ftruncate(descriptor, 0)
    return descriptor


def _environment() -> dict[str, str]:
    """Ours; where this package runs from a source tree, its folder goes first on the new interpreter's path."""
    environment = dict(os.environ)
    root = Path(__file__).resolve().parents[2]
    if not {"site-packages", "dist-packages"} & set(root.parts):
        known = environment.get("PYTHONPATH", "")
        environment["PYTHONPATH"] = f"{root}{os.pathsep}{known}" if known else str(root)
    return environment
