"""Putting a profile's practice account and its journal aside, together: one without the other would contradict it."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ConfigError, LockHeldError
from core.link.lock import CoreLock, LockRecord, ProfileHeldError
from core.link.paths import lock_path, state_dir, state_root
from core.private import open_file

if TYPE_CHECKING:
    from collections.abc import Iterator

PRACTICE = "practice"
JOURNAL = "journal*"
ARCHIVE = "archive"
GATEWAY_LOCK = "gateway.lock"


def archive(profile: str) -> Path:
    """Move the practice account and the journal of a profile into a folder of their own; return that folder.

    Raises ConfigError where there is no practice account, LockHeldError while core or the gateway runs.
    """
    if not (state_root() / profile / PRACTICE).is_dir():
        raise ConfigError(f"Profile {profile!r} has no practice account: there is nothing to reset.")
    state = state_dir(profile)
    practice = state / PRACTICE
    with ExitStack() as locks:
        locks.enter_context(_core_lock(profile))
        locks.enter_context(_gateway_lock(practice / GATEWAY_LOCK))
        folder = _new_folder(state / ARCHIVE)
        # The account goes last: where this is interrupted, doing it again moves the rest.
        for path in (*sorted(state.glob(JOURNAL)), practice):
            path.rename(folder / path.name)
    return folder


def _new_folder(archive_root: Path) -> Path:
    archive_root.mkdir(mode=0o700, exist_ok=True)
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    number = 1
    while True:
        folder = archive_root / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            number += 1
        else:
            return folder


@contextmanager
def _core_lock(profile: str) -> Iterator[None]:
    lock = CoreLock(lock_path(profile))
    try:
        lock.acquire(LockRecord(pid=os.getpid(), session="", endpoint="", socket=""))
    except ProfileHeldError as held:
        who = f"core {held.holder.pid}" if held.holder else "a core"
        raise LockHeldError(
            f"Profile {profile!r} is in use by {who}; nothing was reset. Quit its desk first, then try again."
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _gateway_lock(path: Path) -> Iterator[None]:
    descriptor = open_file(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LockHeldError(
            f"A practice gateway still uses {path.parent}; nothing was reset. "
            "It ends 30 seconds after its last client: disconnect, then try again."
        ) from None
    else:
        yield
    finally:
        os.close(descriptor)
