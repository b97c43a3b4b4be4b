"""Copies of the journal: backups that can take its place, and damaged files put in safety as they are."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from core.errors import JournalError
from core.journal.database import UNREADABLE, problem, reading
from core.journal.files import create_private, identity, segment_paths, sync_folder
from core.private import make_folder

_logger = logging.getLogger(__name__)

BACKUPS = "backups"
QUARANTINE = "quarantine"


def back_up(path: Path, folder: Path) -> list[Path]:
    """Copy every file of the journal into a new `folder`, whole, also while core writes; returns the copies.

    By SQLite's backup API (sqlite.org/backup.html): what is still in a WAL is in the copy. Raises JournalError if there
    is no journal or it can't be read, OSError if the copies can't be written.
    """
    files = segment_paths(path)
    if not files:
        raise JournalError(f"There is no journal at {path}.")
    make_folder(folder.parent)
    folder.mkdir(mode=0o700)
    return [_copy(file, folder / file.name) for file in files]


def back_up_one(path: Path, note: str) -> Path:
    """Copy one file of a journal into the folder of backups beside it, `note` in its name. Raises as `back_up` does."""
    return _copy(path, path.parent / BACKUPS / f"{path.stem}-{note}-{stamp()}{path.suffix}")


def _copy(file: Path, copy: Path) -> Path:
    create_private(copy)
    try:
        with reading(file) as source, closing(sqlite3.connect(copy, isolation_level=None)) as target:
            source.backup(target)
            # One file is easier to keep than one with a WAL; core sets its own mode when it opens it.
            target.execute("PRAGMA journal_mode=DELETE").fetchone()
    except UNREADABLE as error:
        copy.unlink(missing_ok=True)
        raise problem(error, f"{file} can't be copied to {copy}") from error
    sync_folder(copy.parent)
    return copy


def put_in_quarantine(path: Path) -> Path | None:
    """Keep the files of a damaged journal as they are, once for each state of them; None where nothing can be written.

    Returns the folder with the copies.
    """
    files = segment_paths(path)
    if not files:
        return None
    last = files[-1]
    found = last.stat()
    folder = path.parent / QUARANTINE / f"{identity(last).inode}-{found.st_mtime_ns}"
    if folder.exists():
        return folder
    begun = folder.with_name(f"{folder.name}.part")
    try:
        shutil.rmtree(begun, ignore_errors=True)
        make_folder(begun)
        for file in sorted(path.parent.glob(f"{path.stem}*")):
            if file.is_file():
                create_private(begun / file.name)
                shutil.copyfile(file, begun / file.name)
        begun.rename(folder)
    except OSError:
        _logger.exception("the journal could not be copied into quarantine")
        return None
    return folder


def stamp() -> str:
    """The time, for the name of a file: `20261120T170000Z`."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
