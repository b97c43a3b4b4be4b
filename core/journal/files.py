"""The files of one journal: `journal.db`, further ones once that is full, and what stands beside them."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from core.private import make_folder, open_file

_FURTHER = re.compile(r"-([1-9][0-9]*)")


def segment_path(path: Path, number: int) -> Path:
    """The `number`th database of the journal at `path`: `journal.db`, `journal-2.db`, `journal-3.db`."""
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def segment_paths(path: Path) -> list[Path]:
    """The databases that exist, oldest first; empty for a journal that doesn't."""
    numbered = [(1, path)] if path.exists() else []
    for other in path.parent.glob(f"{path.stem}-*{path.suffix}"):
        found = _FURTHER.fullmatch(other.stem.removeprefix(path.stem))
        if found and int(found[1]) > 1:
            numbered.append((int(found[1]), other))
    return [one for _, one in sorted(numbered)]


def following_path(path: Path) -> Path:
    """The next database that the journal at `path` would get."""
    last = segment_paths(path)[-1]
    found = _FURTHER.fullmatch(last.stem.removeprefix(path.stem))
    return segment_path(path, int(found[1]) + 1 if found else 2)


def head_path(path: Path) -> Path:
    """The side file of the journal at `path`."""
    return path.with_suffix(".head")


def checkpoint_path(path: Path) -> Path:
    """The checkpoint of the journal at `path`."""
    return path.with_suffix(".checkpoint")


class Identity(NamedTuple):
    """Which file a path leads to."""

    device: int
    inode: int


def identity(path: Path) -> Identity:
    """The file that `path` leads to now. Raises OSError."""
    found = path.stat()
    return Identity(found.st_dev, found.st_ino)


def create_private(path: Path) -> None:
    """Make the file (0600) and its folder (0700) if they are missing; nobody else may open an existing one.

    SQLite gives its -wal and -shm files the mode of the database. Raises OSError, where the folder is read-only too.
    """
    make_folder(path.parent)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        # Files that exist could be written for a while; what SQLite and we make beside them could not.
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path.parent))
    new = not path.exists()
    descriptor = open_file(path, os.O_RDWR)
    try:
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        if mode & 0o077:
            os.fchmod(descriptor, mode & 0o700)
    finally:
        os.close(descriptor)
    if new:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make durable which names the folder has. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
