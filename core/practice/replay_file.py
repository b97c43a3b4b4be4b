"""The file of a recorded market: one line of JSON about it, then a line for each quote and trade, in order of time.

The first line is a `Heading`. A line behind it is tab-separated: milliseconds since its `begin`, the instrument's place
in its list, then `Q` with bid, ask, bid size and ask size (empty: not known), or `T` with price, size and exchange. A
gzip file is read as what it holds.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from core.practice.replay_errors import ReplayError

FORMAT: Final = "ibdesk-replay"
VERSION: Final = 1
_GZIP: Final = b"\x1f\x8b"


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of an instrument. Prices and sizes are those of the beginning, None where not known."""

    con_id: int
    symbol: str
    sec_type: str
    currency: str
    exchange: str = ""
    """The listing exchange."""
    local_symbol: str = ""
    name: str = ""
    multiplier: int = 1
    last_trade_date: str = ""
    """YYYYMMDD for what expires."""
    increments: tuple[tuple[Decimal, Decimal], ...]
    """From each low edge upwards, ascending, prices move by the increment beside it."""
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: int | None = None
    ask_size: int | None = None
    last: Decimal | None = None
    close: Decimal | None = None
    """Of the session before."""


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """The first line."""

    format: str
    version: int
    begin: float
    """Seconds since the epoch, as for `end` and `start`."""
    end: float
    start: float | None = None
    """Where it begins to be played: what was before is its past. None begins with it."""
    instruments: tuple[Recorded, ...]


class Moment(NamedTuple):
    """One line: a quote, or a trade where there is a `price`. None where something is not known."""

    milliseconds: int
    place: int
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: int | None = None
    ask_size: int | None = None
    price: Decimal | None = None
    size: int = 0
    venue: str = ""


class ReplayFile:
    """A recorded market."""

    def __init__(self, path: Path) -> None:
        """Read what it is of. Raises ReplayError if it can't be read or is of another format."""
        self.path = path
        line = next(self._lines(), "")
        try:
            self.heading = msgspec.json.decode(line, type=Heading)
        except msgspec.MsgspecError as error:
            raise ReplayError(f"{path} is no recorded market: {error}") from error
        if self.heading.format != FORMAT or self.heading.version != VERSION:
            raise ReplayError(f"{path} is {self.heading.format} {self.heading.version}, wanted {FORMAT} {VERSION}")
        if not self.heading.instruments:
            raise ReplayError(f"{path} has no instruments")

    def moments(self) -> Iterator[Moment]:
        """Give every line, read as it is asked for. Raises ReplayError on one that can't be read or goes back."""
        before = 0
        lines = enumerate(self._lines(), 1)
        next(lines, None)
        for number, line in lines:
            try:
                moment = _moment(line)
            except (ValueError, InvalidOperation, KeyError) as error:
                raise ReplayError(f"{self.path}, line {number}: {line[:60]!r} is no quote and no trade") from error
            if moment.milliseconds < before or not 0 <= moment.place < len(self.heading.instruments):
                raise ReplayError(f"{self.path}, line {number}: goes back in time, or is of no listed instrument")
            before = moment.milliseconds
            yield moment

    def _lines(self) -> Iterator[str]:
        try:
            with self.path.open("rb") as file:
                is_packed = file.read(2) == _GZIP
            with gzip.open(self.path) if is_packed else self.path.open("rb") as file:
                for line in file:
                    yield line.decode().rstrip("\n")
        except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
            raise ReplayError(f"{self.path} can't be read to its end: {error}") from error


def _moment(line: str) -> Moment:
    milliseconds, place, kind, *fields = line.split("\t")
    if kind == "Q":
        bid, ask, bid_size, ask_size = fields
        return Moment(int(milliseconds), int(place), _price(bid), _price(ask), _size(bid_size), _size(ask_size))
    if kind != "T":
        raise ValueError(kind)
    price, size, venue = fields
    return Moment(int(milliseconds), int(place), price=Decimal(price), size=int(size), venue=venue)


def _price(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _size(text: str) -> int | None:
    return int(text) if text else None
