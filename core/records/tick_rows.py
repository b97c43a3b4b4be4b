"""What is recorded of a market and of the desk's own orders, row by row, as it is heard."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

from msgspec import Struct, structs

from core.domain.instruments import Instrument

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl


class TickKind(IntEnum):
    """What a row tells."""

    QUOTE = 1
    TRADE = 2
    MARK = 3
    """Nothing, but that the recorder heard the market up to here."""


class TickRow(Struct, frozen=True, array_like=True, gc=False):
    """One thing heard of one instrument. Prices and sizes are None where the row does not tell them."""

    con_id: int
    time: int
    """Microseconds since 1970 by the broker's clock, which tells single ticks to the second."""
    received: int
    """Microseconds since 1970 by our own clock."""
    kind: TickKind
    gap: bool
    """True if something may be missing between the row before it and this one."""
    conflated: bool
    """True if it came as last values a few times a second, not tick by tick."""
    bid: float | None = None
    ask: float | None = None
    bid_size: float | None = None
    ask_size: float | None = None
    price: float | None = None
    size: float | None = None
    exchange: str = ""
    conditions: str = ""
    unreported: bool = False
    """True for a trade that sets no last price: no bar counts it."""


class OwnRow(Struct, frozen=True, array_like=True, gc=False):
    """What became of an order of ours, or a fill of one. None for what it does not have."""

    received: int
    """Microseconds since 1970 by our own clock."""
    sequence: int
    """The number of the row of the journal that tells it."""
    event: str
    """ORDER or FILL."""
    order_ref: str
    con_id: int
    label: str
    side: str
    state: str
    """The order's; empty for a fill."""
    order_type: str
    quantity: str
    """Of the order, or of this fill; a decimal number, as the prices are."""
    limit_price: str | None
    stop_price: str | None
    filled: str | None
    """Units of the order that had filled; None for a fill."""
    price: str | None
    """Of the fill, or the order's average so far."""
    exec_id: str = ""


class Heading(Struct, frozen=True, tag="heading"):
    """What the rows of a segment are of."""

    instruments: tuple[Instrument, ...]
    closes: dict[int, float]
    """The previous session's close, by contract number, where it was known."""


class Rows(Struct, frozen=True, tag="rows"):
    """What was heard in one turn."""

    ticks: tuple[TickRow, ...] = ()
    own: tuple[OwnRow, ...] = ()


Part = Heading | Rows
"""What a segment consists of."""

_PLACE: Final = ("segment", "row")
TICK_COLUMNS: Final = tuple(field.name for field in structs.fields(TickRow))[1:]


def tick_schema() -> dict[str, pl.DataType]:
    """The columns of recorded ticks: the segment and the place in it that a row came from, then those of TickRow."""
    import polars as pl

    kinds: dict[str, pl.DataType] = {
        "segment": pl.String(),
        "row": pl.UInt32(),
        "time": pl.Datetime("us", "UTC"),
        "received": pl.Datetime("us", "UTC"),
        "kind": pl.UInt8(),
        "gap": pl.Boolean(),
        "conflated": pl.Boolean(),
        "exchange": pl.String(),
        "conditions": pl.String(),
        "unreported": pl.Boolean(),
    }
    return {name: kinds.get(name, pl.Float64()) for name in (*_PLACE, *TICK_COLUMNS)}


def tick_frame(segment: str, rows: Iterable[tuple[int, TickRow]]) -> pl.DataFrame:
    """Rows of one instrument with their places in a segment, as a table."""
    import polars as pl

    table = [(segment, place, *structs.astuple(row)[1:]) for place, row in rows]
    return pl.DataFrame(table, schema=tick_schema(), orient="row")


def own_frame(segment: str, rows: Iterable[tuple[int, OwnRow]]) -> pl.DataFrame:
    """Rows of our own orders, as a table."""
    import polars as pl

    kinds: dict[str, pl.DataType] = {
        "segment": pl.String(),
        "row": pl.UInt32(),
        "received": pl.Datetime("us", "UTC"),
        "sequence": pl.Int64(),
        "con_id": pl.Int64(),
    }
    names = (*_PLACE, *(field.name for field in structs.fields(OwnRow)))
    schema = {name: kinds.get(name, pl.String()) for name in names}
    return pl.DataFrame([(segment, place, *structs.astuple(row)) for place, row in rows], schema=schema, orient="row")
