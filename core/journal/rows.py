"""What one row is: its columns, its payload, and the hash that chains it to the row before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import NamedTuple

import msgspec

from core.domain.entries import Entry, order_ref_of
from core.errors import JournalDamagedError, JournalRefusedError

SCHEMA = 2
"""The schema number that new rows and files are written with; older rows are upcast when read, older files migrated.

2 added the kinds `tail_lost` and `tail_lost_accepted`, and to `meta` what a further file carries over.
"""

Upcast = Callable[[str], str]
"""Makes of the payload of one schema that of the next."""


def _as_it_is(payload: str) -> str:
    return payload


UPCASTS: Sequence[Upcast] = (_as_it_is,)
"""The first leads from schema 1 to 2, and so on."""

_encode_payload = msgspec.json.Encoder(order="deterministic", decimal_format="string").encode
_encode_header = msgspec.json.Encoder().encode


class Row(NamedTuple):
    """One row of table `event`, its columns in the table's order."""

    seq: int
    session: str
    ts_utc: str
    """ISO 8601 in UTC, when the row was handed over."""
    ts_mono: int
    """Nanoseconds of core's monotonic clock; only differences within a session mean anything."""
    kind: str
    """The entry's tag."""
    schema: int
    order_ref: str
    """The order that it is about; empty if none."""
    payload: str
    """The entry as JSON, the same text every time."""
    prev_hash: bytes
    hash: bytes
    """SHA-256 of `prev_hash`, the header as a JSON array, and the payload."""


class Handover(NamedTuple):
    """An entry on its way to the writer: numbered and timed when it was handed over."""

    seq: int
    time: datetime
    mono: float
    """Seconds."""
    entry: Entry


def genesis(instance: str) -> bytes:
    """What the first row's `prev_hash` is: rows of one journal can't be grafted onto another."""
    return sha256(f"ibdesk journal {instance}".encode()).digest()


def make_row(handover: Handover, session: str, prev_hash: bytes) -> Row:
    """The row for an entry. Raises msgspec.MsgspecError, TypeError or ValueError if it can't be encoded."""
    seq, time, mono, entry = handover
    kind = str(entry.__struct_config__.tag)
    payload = _encode_payload(entry)
    ts_utc = time.isoformat(timespec="microseconds")
    ts_mono = round(mono * 1e9)
    order_ref = order_ref_of(entry)
    header = _encode_header((seq, session, ts_utc, ts_mono, kind, SCHEMA, order_ref))
    digest = sha256(b"".join((prev_hash, header, payload))).digest()
    return Row(seq, session, ts_utc, ts_mono, kind, SCHEMA, order_ref, payload.decode(), prev_hash, digest)


def verify_row(row: Row, seq: int, prev_hash: bytes) -> None:
    """Raise JournalDamagedError unless `row` is number `seq`, follows `prev_hash`, and is what was written."""
    if row.seq != seq:
        raise JournalDamagedError(f"Row {seq} of the journal is missing: in its place stands row {row.seq}. {DAMAGED}")
    try:
        header = _encode_header(row[:7])
        digest = sha256(b"".join((row.prev_hash, header, row.payload.encode()))).digest()
    except (AttributeError, TypeError, ValueError):
        # A column of another type than it was written with.
        digest = b""
    if row.prev_hash != prev_hash or row.hash != digest:
        raise JournalDamagedError(f"Row {seq} of the journal isn't what was written. {DAMAGED}")


DAMAGED = "The file is damaged or was changed by hand: keep a copy of it, then restore a backup."
"""What a person is told about every broken row."""


@cache
def _decoder() -> msgspec.json.Decoder[Entry]:
    return msgspec.json.Decoder(Entry)


def upcast(payload: str, schema: int, steps: Sequence[Upcast] = UPCASTS) -> str:
    """The payload of a row of an older `schema`, as the last of `steps` leaves it."""
    for step in steps[schema - 1 :]:
        payload = step(payload)
    return payload


def entry_of(row: Row) -> Entry:
    """The entry in a row, upcast from its schema.

    Raises JournalRefusedError for a newer schema, JournalDamagedError for a payload that can't be read.
    """
    if row.schema > SCHEMA:
        raise JournalRefusedError(
            f"Row {row.seq} of the journal has schema {row.schema}, this ibdesk knows {SCHEMA}. Install a newer ibdesk."
        )
    try:
        return decode_entry(row.payload if row.schema == SCHEMA else upcast(row.payload, row.schema))
    except msgspec.MsgspecError as error:
        text = f"Row {row.seq} of the journal ({row.kind}) can't be read: {error}. {DAMAGED}"
        raise JournalDamagedError(text) from error


def encode_entry(entry: Entry) -> bytes:
    """The entry as JSON, the same bytes every time. Raises msgspec.MsgspecError, TypeError or ValueError."""
    return _encode_payload(entry)


def decode_entry(payload: str | bytes) -> Entry:
    """The entry that JSON of this schema stands for. Raises msgspec.MsgspecError."""
    return _decoder().decode(payload)
