"""The side file: how far the journal reaches, written beside it, so that a lost end is noticed.

A chain of hashes shows a row that was changed, not one that is missing at the end. So the last row's number and hash
stand here too, written with every commit and synced when there is time; and the order ids that are taken, synced before
one of them is used.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Self
from zlib import crc32

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from core.errors import JournalRefusedError
from core.journal.files import create_private

ORDER_IDS = 100
"""Order ids are taken in blocks of so many."""
_SLOT = 2048
"""Two slots are written in turn: a power cut that tears one leaves the other."""
_SIZE = 2 * _SLOT
_WORDS = 300


class Head(Struct, kw_only=True):
    """Where the journal ended when this was written."""

    generation: int = 0
    """Rises with every writing: the higher one of two slots counts."""
    instance: str
    """Of the journal."""
    seq: int
    """Number of the last row; 0 when empty."""
    hash: bytes
    """Of that row; what the first row follows when empty."""
    order_ids: int = 0
    """Order ids up to this one may have been used."""
    damage: str = ""
    """What was found to be wrong with the journal, in words; empty while nothing is known."""


_encode = msgspec.json.Encoder().encode


class HeadFile:
    """The side file, open and locked: one writer a journal.

    What was written survives a killed process, what was synced a power cut.
    """

    def __init__(self, path: Path) -> None:
        """Make it if need be, and take its lock. Raises OSError, and JournalRefusedError if another has the lock."""
        create_private(path)
        self._path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise JournalRefusedError(
                f"Another program writes the journal beside {path}. End the core that has it, then start again."
            ) from None
        self.head = _read(self._descriptor)
        """What stands in it; None when it is new or can't be read."""
        if os.fstat(self._descriptor).st_size < _SIZE:
            os.pwrite(self._descriptor, bytes(_SIZE), 0)
        found = os.fstat(self._descriptor)
        self._identity = found.st_dev, found.st_ino
        self._synced = True

    @property
    def is_replaced(self) -> bool:
        """True if its name leads to another file now, or to none, or it was cut."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return True
        return (found.st_dev, found.st_ino) != self._identity or found.st_size < _SIZE

    @property
    def is_synced(self) -> bool:
        """False while what was written may be lost in a power cut."""
        return self._synced

    def begin(self, head: Head) -> None:
        """Replace what stands in it, durably; its generation and higher order ids stay. Raises OSError."""
        if self.head is not None:
            taken = max(head.order_ids, self.head.order_ids)
            head = replace(head, generation=self.head.generation, order_ids=taken)
        self.head = head
        self._write(head)
        self.sync()

    def reach(self, seq: int, digest: bytes) -> None:
        """The journal ends at row `seq` now. Raises OSError."""
        head = self._begun
        head.seq, head.hash = seq, digest
        self._write(head)

    def take_order_ids(self, highest: int) -> None:
        """Make durable that ids up to a block behind `highest` are taken. Raises OSError."""
        head = self._begun
        head.order_ids = highest + ORDER_IDS
        self._write(head)
        self.sync()

    def mark_damage(self, text: str) -> None:
        """Make durable what is wrong with the journal: the next start looks at all of it first. Raises OSError."""
        head = self._begun
        head.damage = text[:_WORDS]
        self._write(head)
        self.sync()

    def sync(self) -> None:
        """Make durable what was written. Raises OSError."""
        os.fdatasync(self._descriptor)
        self._synced = True

    def close(self) -> None:
        """Sync, and give the lock back; the second time it does nothing. Raises OSError."""
        if self._descriptor < 0:
            return
        try:
            if not self._synced:
                self.sync()
        finally:
            # Closing would not do while a process that is just being started still has its copy.
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        """The file itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def _begun(self) -> Head:
        if self.head is None:
            raise JournalRefusedError(f"{self._path} was not begun.")
        return self.head

    def _write(self, head: Head) -> None:
        head.generation += 1
        data = _encode(head)
        slot = (b"%08x %s" % (crc32(data), data)).ljust(_SLOT)
        os.pwrite(self._descriptor, slot, head.generation % 2 * _SLOT)
        self._synced = False


def read_head(path: Path) -> Head | None:
    """What stands in a side file; None if there is none or it can't be read. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return _read(descriptor)
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> Head | None:
    slots = [os.pread(descriptor, _SLOT, place) for place in (0, _SLOT)]
    heads = [head for slot in slots if (head := _decode(slot)) is not None]
    return max(heads, key=lambda head: head.generation, default=None)


def _decode(slot: bytes) -> Head | None:
    mark, _, data = slot.partition(b" ")
    data = data.rstrip()
    try:
        return msgspec.json.decode(data, type=Head) if int(mark, 16) == crc32(data) else None
    except (msgspec.MsgspecError, ValueError):
        return None
