"""Ticks of market data as bytes: written once, then joined with the request id of each who reads them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from core.practice import tables_out as out
from core.practice.tables import Message

#: What stands before and after the request id.
Tick: TypeAlias = tuple[bytes, bytes]


def _head(message: Message) -> bytes:
    version = "" if message.version is None else f"{message.version}\0"
    return f"{message.id}\0{version}".encode()


_PRICE: Final = _head(out.TICK_PRICE)
_SIZE: Final = _head(out.TICK_SIZE)
_STRING: Final = _head(out.TICK_STRING)
_GENERIC: Final = _head(out.TICK_GENERIC)

#: The types that stand for the same in delayed market data: bid, ask, last and so on.
DELAYED: Final = {
    0: 69,
    1: 66,
    2: 67,
    3: 70,
    4: 68,
    5: 71,
    6: 72,
    7: 73,
    8: 74,
    9: 75,
    10: 80,
    11: 81,
    12: 82,
    13: 83,
    14: 76,
    45: 88,
    49: 90,
}


def price_tick(kind: int, price: str, size: int, attribs: int) -> Tick:
    """Return a tickPrice without its request id."""
    return _PRICE, f"\0{kind}\0{price}\0{size}\0{attribs}\0".encode()


def size_tick(kind: int, size: int) -> Tick:
    """Return a tickSize without its request id."""
    return _SIZE, f"\0{kind}\0{size}\0".encode()


def string_tick(kind: int, value: str) -> Tick:
    """Return a tickString without its request id."""
    return _STRING, f"\0{kind}\0{value}\0".encode()


def generic_tick(kind: int, value: str) -> Tick:
    """Return a tickGeneric without its request id."""
    return _GENERIC, f"\0{kind}\0{value}\0".encode()


def any_tick(message: Message, tail: str) -> Tick:
    """Return a message whose first field is the request id, without it; `tail` ends each field by NUL."""
    return _head(message), f"\0{tail}".encode()


def delayed(ticks: Iterable[Tick]) -> list[Tick]:
    """Return ticks of live types as delayed ones; those that have no delayed type stay away."""
    found = []
    for head, tail in ticks:
        kind, rest = tail[1:].split(b"\0", 1)
        if int(kind) in DELAYED:
            found.append((head, b"\0%d\0%b" % (DELAYED[int(kind)], rest)))
    return found


def join(ticks: Iterable[Tick], request_id: bytes) -> bytes:
    """Return ticks as frames for one request."""
    more = len(request_id)
    chunks: list[bytes] = []
    for head, tail in ticks:
        chunks += ((len(head) + more + len(tail)).to_bytes(4, "big"), head, request_id, tail)
    return b"".join(chunks)
