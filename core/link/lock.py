"""One core a profile: a lock that the kernel releases when core ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import msgspec
from msgspec import Struct

from core.domain.connection import Endpoint
from core.errors import LinkError, LockHeldError
from core.private import open_file

_MAX_BYTES = 4096


class LockRecord(Struct, frozen=True, kw_only=True):
    """Who holds a profile."""

    pid: int
    session: str
    endpoint: str
    """Where its gateway is, as a person writes it."""
    socket: str
    """Where it listens for desks."""


class ProfileHeldError(LockHeldError):
    """A core runs for this profile already."""

    def __init__(self, path: Path, holder: LockRecord | None) -> None:
        """`holder` is None while the other core has not yet written who it is."""
        who = f"Core {holder.pid}, connected to {holder.endpoint}," if holder else "Another core"
        super().__init__(f"{who} runs for this profile already ({path}). Attach to it, or end it first.")
        self.holder = holder


def running(path: Path) -> LockRecord | None:
    """Who holds the profile whose lock is `path`; None if nobody does, or it has not said yet who it is."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return _read(descriptor)
    finally:
        os.close(descriptor)


def check_endpoint(profile: str, holder: LockRecord, wanted: Endpoint) -> None:
    """Raise LockHeldError if the core that holds `profile` has another gateway than `wanted`; port 0 wants any."""
    if wanted.port and holder.endpoint != str(wanted):
        has = f"connected to {holder.endpoint}" if holder.endpoint else "with its own practice gateway"
        raise LockHeldError(
            f"Profile {profile!r} is in use by core {holder.pid}, {has}; you asked for {wanted}. "
            "Quit that desk first, or choose another profile."
        )


class CoreLock:
    """The lock on a profile. It belongs to this process and is not inherited by those that it starts."""

    def __init__(self, path: Path) -> None:
        """`path` is `paths.lock_path(profile)`; its folder must exist."""
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, record: LockRecord) -> None:
        """Take the lock and write `record` into it. Raises ProfileHeldError, or OSError without such a file."""
        descriptor = open_file(self._path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read(descriptor)
            os.close(descriptor)
            raise ProfileHeldError(self._path, holder) from None
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        self.write(record)

    def write(self, record: LockRecord) -> None:
        """Replace what others read about the holder. Only while the lock is held."""
        if self._descriptor is None:
            raise LinkError(f"{self._path} is not locked.")
        data = msgspec.json.encode(record)
        os.pwrite(self._descriptor, data.ljust(_MAX_BYTES), 0)

    def release(self) -> None:
        """Give it back; the file stays. Does nothing when not held."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            # Closing would not do while a process that is just being started still has its copy.
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None


def _read(descriptor: int) -> LockRecord | None:
    """What the holder wrote; None if it has not yet, and the file still names one that ended."""
    try:
        record = msgspec.json.decode(os.pread(descriptor, _MAX_BYTES, 0), type=LockRecord)
        os.kill(record.pid, 0)
    except (msgspec.MsgspecError, ProcessLookupError):
        return None
    return record
