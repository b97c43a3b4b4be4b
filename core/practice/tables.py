"""The language of the field tables: one table a message decodes it, encodes it and tests it.

A table is written as text, ``name:kind`` separated by blanks. The kinds:

==== ===================== ======================= =========================
kind Python value          wire, value missing     read as None
==== ===================== ======================= =========================
i    int                   ``0``                   ``""``, ``2147483647``
I    int                   ``2147483647``          ``""``, ``2147483647``
d    Decimal               ``0``                   ``""``, the largest double
D    Decimal               ``""``                  ``""``, the largest double
M    Decimal               the largest double      ``""``, the largest double
s    str                   ``""``                  never
b    bool                  ``0``                   never
==== ===================== ======================= =========================

``name:kind=text`` sets another spelling for a missing value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from core.practice.codec import (
    UNSET_DOUBLE_TEXT,
    UNSET_INTEGER_TEXT,
    WireError,
    decimal_text,
    frame,
    parse_decimal,
    parse_flag,
    parse_integer,
)

Scalar: TypeAlias = int | Decimal | str | bool | None
Value: TypeAlias = Scalar | list["Record"]


class Record(dict[str, Value]):
    """The named values of one message; a missing name reads as nothing."""

    def text(self, name: str) -> str:
        """Return a text field, empty when missing."""
        value = self.get(name)
        return value if isinstance(value, str) else ""

    def integer(self, name: str) -> int:
        """Return an integer field, 0 when missing or unset."""
        value = self.get(name)
        return value if isinstance(value, int) else 0

    def number(self, name: str) -> Decimal | None:
        """Return a number field, None when missing or unset."""
        value = self.get(name)
        if isinstance(value, int):
            return Decimal(value)
        return value if isinstance(value, Decimal) else None

    def flag(self, name: str) -> bool:
        """Return a yes/no field, False when missing."""
        return bool(self.get(name))

    def rows(self, name: str) -> list[Record]:
        """Return the entries of a repeated group, none when missing."""
        value = self.get(name)
        return value if isinstance(value, list) else []


_MISSING = {"i": "0", "I": UNSET_INTEGER_TEXT, "d": "0", "D": "", "M": UNSET_DOUBLE_TEXT, "s": "", "b": "0"}
_PARSERS: dict[str, Callable[[str], Scalar]] = {
    "i": parse_integer,
    "I": parse_integer,
    "d": parse_decimal,
    "D": parse_decimal,
    "M": parse_decimal,
    "s": str,
    "b": parse_flag,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message."""

    name: str
    kind: str
    missing: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """A count, then that many groups of the same fields."""

    name: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class When:
    """Fields that are there only if an earlier field says so: is not empty, is above 0, or is one of `among`."""

    name: str
    parts: tuple[Part, ...]
    among: tuple[Scalar, ...] | None = None

    def holds(self, record: Mapping[str, Value]) -> bool:
        """Whether the fields are there in this message."""
        value = record.get(self.name)
        if self.among is not None:
            return value in self.among
        return value > 0 if isinstance(value, Decimal) else bool(value)


@dataclass(frozen=True, slots=True)
class Maybe:
    """Fields that not every client sends: there if more fields are left than the plain ones that follow."""

    parts: tuple[Field, ...]


Part: TypeAlias = Field | Repeat | When | Maybe


Item: TypeAlias = str | Repeat | When | Maybe


def _fields(text: str) -> Iterator[Field]:
    for word in text.split():
        name, _, rest = word.partition(":")
        kind, given, missing = rest.partition("=")
        yield Field(name, kind, missing if given else _MISSING[kind])


def parts(*items: Item) -> tuple[Part, ...]:
    """Read a table: text gives fields, groups stand for themselves."""
    found: list[Part] = []
    for item in items:
        found += _fields(item) if isinstance(item, str) else [item]
    return tuple(found)


def maybe(text: str) -> Maybe:
    """Give fields that not every client sends."""
    return Maybe(tuple(_fields(text)))


def repeat(name: str, *items: Item) -> Repeat:
    """Give a repeated group."""
    return Repeat(name, parts(*items))


def when(name: str, *items: Item, among: tuple[Scalar, ...] | None = None) -> When:
    """Give fields that depend on an earlier one."""
    return When(name, parts(*items), among)


def value_text(value: Scalar, missing: str) -> str:
    """Spell one value for the wire."""
    if value is None:
        return missing
    if isinstance(value, str):
        return value
    if value is True:
        return "1"
    if value is False:
        return "0"
    return str(value) if isinstance(value, int) else decimal_text(value)


class Message:
    """One message: its id, its version field if it has one, and its table."""

    def __init__(self, message_id: int, name: str, version: int | None, *items: Item) -> None:
        self.id = message_id
        self.name = name
        self.version = version
        self.parts = parts(*items)
        self._head = f"{message_id}\0" if version is None else f"{message_id}\0{version}\0"
        self._skip = 1 if version is None else 2

    def __repr__(self) -> str:
        return f"Message({self.id}, {self.name!r})"

    def fields(self, record: Mapping[str, Value]) -> str:
        """Return the message as text, every field ended by NUL."""
        words: list[str] = []
        _write(self.parts, record, words)
        words.append("")
        return self._head + "\0".join(words)

    def encode(self, record: Mapping[str, Value]) -> bytes:
        """Return the message as one frame."""
        return frame(self.fields(record))

    def decode(self, fields: Sequence[str]) -> Record:
        """Read a message whose id is this one. Raises WireError naming the first bad, missing or surplus field."""
        record = Record()
        end = _read(self.parts, fields, self._skip, record, self.name)
        if end != len(fields):
            raise WireError(f"{self.name}: {len(fields) - end} fields too many")
        return record


def _write(table: tuple[Part, ...], record: Mapping[str, Value], words: list[str]) -> None:
    for part in table:
        if isinstance(part, Field):
            value = record.get(part.name)
            if isinstance(value, str):
                words.append(value)
            elif value is None:
                words.append(part.missing)
            elif isinstance(value, list):
                raise TypeError(f"{part.name} is one field, not a group")
            else:
                words.append(value_text(value, part.missing))
        elif isinstance(part, When):
            if part.holds(record):
                _write(part.parts, record, words)
        elif isinstance(part, Maybe):
            if part.parts[0].name in record:
                _write(part.parts, record, words)
        else:
            rows = record.get(part.name)
            entries = rows if isinstance(rows, list) else []
            words.append(str(len(entries)))
            for row in entries:
                _write(part.parts, row, words)


def _read(table: tuple[Part, ...], fields: Sequence[str], position: int, record: Record, name: str) -> int:
    for place, part in enumerate(table):
        if isinstance(part, When):
            if part.holds(record):
                position = _read(part.parts, fields, position, record, name)
            continue
        if isinstance(part, Maybe):
            if len(fields) - position > len(table) - place - 1:
                position = _read(part.parts, fields, position, record, name)
            continue
        if position >= len(fields):
            raise WireError(f"{name}: field {part.name} is missing")
        word = fields[position]
        position += 1
        if isinstance(part, Field):
            try:
                record[part.name] = _PARSERS[part.kind](word)
            except WireError as error:
                raise WireError(f"{name}: field {part.name}: {error}") from None
            continue
        count = parse_integer(word) or 0
        if not 0 <= count <= len(fields):
            raise WireError(f"{name}: {count} entries of {part.name}")
        rows = []
        for _ in range(count):
            row = Record()
            position = _read(part.parts, fields, position, row, name)
            rows.append(row)
        record[part.name] = rows
    return position
