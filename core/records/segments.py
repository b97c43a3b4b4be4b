"""Segments: what a recorder writes as it hears it. The kernel has each part at once, so that a kill loses none.

A part is its length, its CRC-32 and its bytes. A segment that was cut off in a part ends before it. While one is
written its recorder keeps it locked, so that nobody else takes it for finished.
"""

from __future__ import annotations

import fcntl
import os
import struct
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from core.errors import RecordsError
from core.private import make_folder, open_file
from core.records.tick_rows import Heading, OwnRow, Part, TickRow

SUFFIX: Final = ".segment"

_HEAD: Final = struct.Struct("<II")
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Part)


class SegmentWriter:
    """One segment that grows."""

    def __init__(self, folder: Path, began: datetime, heading: Heading) -> None:
        """Make a segment named by the moment in `folder`. Raises RecordsError if it can't be made."""
        self.path = folder / f"{began:%Y%m%dT%H%M%S%f}-{os.getpid()}{SUFFIX}"
        self.began = began
        self.size = 0
        """Bytes."""
        unlocked = self.path.with_suffix(".new")
        try:
            make_folder(folder)
            self._file = open_file(unlocked, os.O_WRONLY | os.O_APPEND | os.O_EXCL)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            # Under its name it is locked from the first moment on: nobody takes it for finished.
            unlocked.rename(self.path)
        except OSError as error:
            raise _not_written(self.path, error) from error
        self.write(heading)

    def write(self, part: Part) -> None:
        """Append a part; the kernel has it when this returns. Raises RecordsError if the disk takes no more."""
        data = _ENCODER.encode(part)
        whole = memoryview(_HEAD.pack(len(data), zlib.crc32(data)) + data)
        self.size += len(whole)
        try:
            while whole:
                whole = whole[os.write(self._file, whole) :]
        except OSError as error:
            raise _not_written(self.path, error) from error

    def sync(self) -> None:
        """Have the disk take what was written. Raises RecordsError."""
        try:
            os.fdatasync(self._file)
        except OSError as error:
            raise _not_written(self.path, error) from error

    def close(self) -> None:
        """Nothing more comes: it may be merged from now on."""
        os.close(self._file)


class Segment:
    """A segment as it was found."""

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        self.heading = Heading((), {})
        self.ticks: list[tuple[int, TickRow]] = []
        """With the place of each in the segment."""
        self.own: list[tuple[int, OwnRow]] = []
        self.cut_off = 0
        """Bytes at its end that are no whole part."""
        place = whole = 0
        for part, end in _parts(data):
            whole = end
            if isinstance(part, Heading):
                self.heading = part
                continue
            for tick in part.ticks:
                self.ticks.append((place, tick))
                place += 1
            for own in part.own:
                self.own.append((place, own))
                place += 1
        self.cut_off = len(data) - whole

    @property
    def name(self) -> str:
        """What its rows are known by."""
        return self.path.stem


def read_segment(path: Path) -> Segment:
    """Read a segment, one that still grows too, as far as it is whole. Raises RecordsError if it can't be read."""
    try:
        return Segment(path, path.read_bytes())
    except OSError as error:
        raise RecordsError(
            f"{path} can't be read: {error.strerror}. What it holds is not lost: make it yours."
        ) from error


def segment_paths(folder: Path) -> list[Path]:
    """The segments in a folder, oldest first, those that grow too; none where there is no such folder."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def is_finished(path: Path) -> bool:
    """Whether nobody writes a segment any more; its recorder may have been killed."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True


def _parts(data: bytes) -> Iterator[tuple[Part, int]]:
    """Each whole part with where it ends."""
    begin = 0
    while begin + _HEAD.size <= len(data):
        length, checksum = _HEAD.unpack_from(data, begin)
        end = begin + _HEAD.size + length
        body = data[begin + _HEAD.size : end]
        if end > len(data) or zlib.crc32(body) != checksum:
            return
        yield _DECODER.decode(body), end
        begin = end


def _not_written(path: Path, error: OSError) -> RecordsError:
    return RecordsError(
        f"{path} can't be written: {error.strerror}. Make room, or record to another folder (--out-dir)."
    )
