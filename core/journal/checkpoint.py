"""Summaries of the journal: what stands for all rows up to one of them, beside the journal and in a further file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from core.domain.entries import Entry
from core.errors import JournalDamagedError
from core.journal.database import Tail
from core.journal.files import create_private, sync_folder
from core.journal.rows import DAMAGED, SCHEMA, decode_entry, encode_entry, upcast


class Fold(Protocol):
    """The state that the rows make, one after the other: the same rows, the same state."""

    def apply(self, entry: Entry) -> None:
        """Take one more entry in."""

    def entries(self) -> Iterable[Entry]:
        """Entries that make this state of an empty fold."""


class Summary(Struct, frozen=True, kw_only=True):
    """What a summary says of itself."""

    instance: str
    seq: int
    """Number of the last row that is in it."""
    hash: bytes
    """Of that row."""
    schema: int = SCHEMA
    """Of its entries."""

    @property
    def tail(self) -> Tail:
        """Where the summary ends."""
        return Tail(self.instance, self.seq, self.hash)


def encode_summary(tail: Tail, entries: Iterable[Entry]) -> bytes:
    """A digest, the summary of itself, and each entry, one a line. Raises what `encode_entry` raises."""
    head = msgspec.json.encode(Summary(instance=tail.instance, seq=tail.seq, hash=tail.hash))
    content = b"\n".join([head, *map(encode_entry, entries)])
    return sha256(content).hexdigest().encode() + b"\n" + content


def decode_summary(data: bytes) -> tuple[Summary, Iterator[Entry]]:
    """The summary, and its entries as they are asked for. Raises JournalDamagedError."""
    digest, _, content = data.partition(b"\n")
    if digest != sha256(content).hexdigest().encode():
        raise JournalDamagedError(f"A summary of earlier rows isn't what was written. {DAMAGED}")
    first, *lines = content.split(b"\n")
    try:
        summary = msgspec.json.decode(first, type=Summary)
        if summary.schema > SCHEMA:
            raise JournalDamagedError(f"A summary of earlier rows has schema {summary.schema}, newer than its journal.")
    except msgspec.MsgspecError as error:
        raise JournalDamagedError(f"A summary of earlier rows can't be read: {error}. {DAMAGED}") from error
    return summary, (decode_entry(upcast(line.decode(), summary.schema)) for line in lines)


def write_checkpoint(path: Path, summary: bytes) -> None:
    """Replace the checkpoint at `path`, durably and whole. Raises OSError."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    create_private(fresh)
    with fresh.open("r+b") as file:
        file.write(summary)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    sync_folder(path.parent)


def read_checkpoint(path: Path) -> bytes | None:
    """The checkpoint at `path`; None without one. Raises OSError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
